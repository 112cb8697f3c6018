"""Who may come in: roles, users, sessions, and the trail of what they did."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Role(StrEnum):
    """What somebody may do at all; scopes and ownership narrow it further."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"
    INTEGRATION = "integration"


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody who signed in may do.

    Attributes:
        subject: Who they are, as the audit trail names them.
        role: What they may do at all.
        name: For people to read.
        agent_id: The agent they are; empty if they take no contacts.
        queues: The queues they see and command; empty for all.
        teams: The teams whose agents they see and command; empty for all.
    """

    subject: str
    role: Role
    name: str = ""
    agent_id: str = ""
    queues: list[str] = []
    teams: list[str] = []


class User(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who signs in with a password kept here. The password's hash is in the database only.

    Attributes:
        name: What they type to sign in; lower case.
        role: What they may do at all.
        display_name: For people to read.
        agent_id: The agent they are; empty if they take no contacts.
        queues: The queues they see and command; empty for all.
        teams: The teams whose agents they see and command; empty for all.
        disabled: Whether they are kept out.
        created_at: Milliseconds since 1970 UTC.
        signed_in_at: The last time, likewise; ``None`` if never.
    """

    name: str
    role: Role
    display_name: str = ""
    agent_id: str = ""
    queues: list[str] = []
    teams: list[str] = []
    disabled: bool = False
    created_at: int = 0
    signed_in_at: int | None = None

    @property
    def grant(self) -> Grant:
        """What they may do once signed in."""
        return Grant(
            subject=self.name,
            role=self.role,
            name=self.display_name or self.name,
            agent_id=self.agent_id,
            queues=self.queues,
            teams=self.teams,
        )


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody signed in, on one desktop.

    Attributes:
        id: Named in every access token of it.
        grant: What they may do; of a local user, as it was when the session was last refreshed.
        user: The local user whose session it is; empty if somebody else vouches for them (OpenID Connect).
        created_at: Milliseconds since 1970 UTC.
        expires_at: When it ends, however often it is refreshed; likewise.
    """

    id: str
    grant: Grant
    user: str
    created_at: int
    expires_at: int


class RefreshResult(StrEnum):
    """What became of a refresh token that came back."""

    DONE = "done"
    UNKNOWN = "unknown"
    ENDED = "ended"
    REUSED = "reused"


class Refreshed(msgspec.Struct, frozen=True):
    """What became of a refresh token that came back.

    Attributes:
        result: ``reused``: it was used long ago, so it was stolen, from us or by us; the session has been ended.
        session: The session it was of; ``None`` if it is none of ours.
        token: The next one; empty unless done.
    """

    result: RefreshResult
    session: Session | None = None
    token: str = ""


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """That somebody did something, or tried to. Holds no caller data: neither bodies nor queries.

    Attributes:
        id: Unique, so that writing it again changes nothing.
        at: Milliseconds since 1970 UTC.
        subject: Who; empty if they are not known.
        role: Their role then; empty likewise.
        operation: ``operationId`` of the API.
        target: Path of what it was about.
        status: HTTP status of the answer.
        code: Code of the problem; empty if there was none.
        command_id: Events that result carry it as ``caused_by``.
        session_id: Of the session; empty for service tokens.
        address: Where the request came from.
    """

    id: str
    at: int
    subject: str
    role: str
    operation: str
    target: str
    status: int
    code: str = ""
    command_id: str = ""
    session_id: str = ""
    address: str = ""


class AuditPage(msgspec.Struct, frozen=True):
    """Some of the trail, newest first.

    Attributes:
        entries: The entries.
        next_cursor: Where the next page begins; ``None`` at the end.
    """

    entries: list[AuditEntry]
    next_cursor: str | None
