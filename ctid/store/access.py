"""What signing in needs of the database, put together."""

from __future__ import annotations

from ctid.store.attempts import Attempts
from ctid.store.audit import AuditStore
from ctid.store.database import Database
from ctid.store.passwords import Passwords
from ctid.store.sessions import SessionStore
from ctid.store.users import UserStore


class AccessStore:
    """Users, their failed attempts, their sessions, and the trail of what they did.

    Attributes:
        users: Local users.
        attempts: Failed sign-ins by name.
        sessions: Who is signed in.
        audit: Who did what.
    """

    def __init__(self, database: Database, passwords: Passwords) -> None:
        """Take a database that is open, or will be."""
        self.users = UserStore(database, passwords)
        self.attempts = Attempts(database)
        self.sessions = SessionStore(database)
        self.audit = AuditStore(database)
