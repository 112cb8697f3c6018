"""Lets people in and keeps them in: sign-in, refresh, sign-out, and the end of sessions that others brought about."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import structlog

from ctid.desktop.audit_trail import AuditTrail
from ctid.desktop.identity.access_ports import AccessStores
from ctid.desktop.identity.auth import Authority, Principal
from ctid.desktop.identity.sign_in_errors import RefreshRefusedError, SignInFailedError, SignInLockedError
from ctid.desktop.identity.throttle import Throttle
from ctid.desktop.peer import Peer
from ctid.desktop.stream.hub import Hub
from ctid.desktop.uninterrupted import uninterrupted
from ctid.errors import NotFoundError, StoreError
from ctid.model.access import Grant, RefreshResult, Session
from ctid.spec.daemon import ApiSpec
from ctid.telemetry.metrics import Metrics

log = structlog.get_logger(__name__)

WATCH_SECONDS: Final = 2.0
"""So long another process's word, the command line's for one, takes to count."""
_OVERLAP_MS: Final = 60_000
_PURGE_SECONDS: Final = 3_600


@dataclass(slots=True)
class Trail:
    """Who a request turned out to be from, for the audit trail; a sign-in finds out on its way.

    Attributes:
        subject: Who.
        role: Their role.
        session_id: Of their session.
        about: Path of what it is about, where the request's own path does not tell.
    """

    subject: str = ""
    role: str = ""
    session_id: str = ""
    about: str = ""

    def are(self, grant: Grant, session_id: str = "") -> None:
        """Somebody who is known."""
        self.subject, self.role, self.session_id = grant.subject, grant.role, session_id


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What somebody who was let in is given.

    Attributes:
        access_token: For the API and the event socket.
        refresh_token: For the next ones.
        principal: Who they are; ``expires_at`` is the access token's.
        session: What it is of.
    """

    access_token: str
    refresh_token: str
    principal: Principal
    session: Session


class Access:
    """Who is signed in at the site.

    Attributes:
        stores: Users, sessions and the trail.
        trail: Writes the trail.
        origins: The other sites whose pages may ask.
        oidc: The identity provider, if there is one.
    """

    def __init__(self, stores: AccessStores, authority: Authority, hub: Hub, api: ApiSpec, metrics: Metrics) -> None:
        """Take what all of it needs.

        Args:
            stores: Users, sessions and the trail.
            authority: Issues access tokens.
            hub: Has the sockets that end with their session.
            api: Lifetimes.
            metrics: Where sign-ins are counted.
        """
        self.stores = stores
        self.trail = AuditTrail(stores.audit, metrics)
        self.origins: Final = frozenset(api.cors_origins)
        self.oidc: Final = api.oidc
        self._authority = authority
        self._hub = hub
        self._metrics = metrics
        self._throttle = Throttle()
        self._access_seconds = api.access_minutes * 60
        self._session_seconds = api.refresh_hours * 3_600
        self._looked_at = 0
        self._fault = ""

    async def sign_in(self, name: str, password: str, peer: Peer, trail: Trail) -> SignedIn:
        """Let somebody in by their password.

        Raises:
            SignInLockedError: Too many attempts failed, for this name or from this address.
            SignInFailedError: Name or password is wrong.
            OverloadedError: Too many sign in at once.
            StoreError: The database is away.
        """
        now = time.time()
        blocked = self._throttle.blocked_until(peer.address, now)
        if blocked is not None:
            raise self._locked(blocked, now)
        locked = await self.stores.attempts.begin(name)
        if locked is not None:
            await self._name(name, trail)
            raise self._locked(locked / 1_000, now)
        user = await self.stores.users.verify(name, password)
        if user is None:
            self._throttle.failed(peer.address, now)
            self._metrics.sign_in("failed")
            await self._name(name, trail)
            raise SignInFailedError("name or password is wrong")
        await self.stores.attempts.succeeded(name)
        return await self.open(user.grant, user.name, trail)

    async def open(self, grant: Grant, user: str, trail: Trail) -> SignedIn:
        """Begin a session for somebody who has proved who they are.

        Raises:
            StoreError: The database is away.
        """
        session, refresh_token = await self.stores.sessions.open(grant, user, self._session_seconds)
        trail.are(grant, session.id)
        self._metrics.sign_in("done")
        return self._signed_in(session, refresh_token)

    def sign_in_failed(self) -> None:
        """Count somebody whom an identity provider did not let in."""
        self._metrics.sign_in("failed")

    async def refresh(self, token: str, trail: Trail) -> SignedIn:
        """Give new tokens for a refresh token, which is used up by it.

        Raises:
            RefreshRefusedError: It is none of ours, its session has ended, or it came back although it was used.
            StoreError: The database is away.
        """
        refreshed = await self.stores.sessions.refresh(token)
        session = refreshed.session
        if session is not None:
            trail.are(session.grant, session.id)
        if session is None or refreshed.result is not RefreshResult.DONE:
            if session is not None:
                self.ended([session.id])
            if refreshed.result is RefreshResult.REUSED:
                log.warning("session.token_reused", session_id=trail.session_id)
                raise RefreshRefusedError("the refresh token was used before, so the session has been ended")
            raise RefreshRefusedError("the session has ended; sign in again")
        return self._signed_in(session, refreshed.token)

    async def sign_out(self, principal: Principal) -> None:
        """End the session of a token, and close its sockets.

        Raises:
            NotFoundError: It is a service token, which is of no session.
            StoreError: The database is away; the session goes on.
        """
        if not principal.session_id:
            raise NotFoundError("this token is of no session; it holds until it expires")
        await self.stores.sessions.end(principal.session_id)
        self.ended([principal.session_id])

    def ended(self, session_ids: Iterable[str]) -> None:
        """Take no token of these sessions any more, and close their sockets."""
        until = time.time() + self._access_seconds + 1
        for session_id in session_ids:
            self._authority.end_session(session_id, until)
        # All are looked at: a socket may have been let in while its session was being ended.
        self._hub.sign_out(lambda principal: self._authority.has_ended(principal.session_id))

    async def look(self) -> None:
        """Learn which sessions have been ended, by the command line or before a restart.

        Raises:
            StoreError: The database is away.
        """
        now_ms = time.time_ns() // 1_000_000
        # At first: as long ago as a token may have been issued that has not expired yet.
        since = self._looked_at or now_ms - self._access_seconds * 1_000
        self.ended(await self.stores.sessions.ended_since(since - _OVERLAP_MS))
        self._looked_at = now_ms

    async def watch(self) -> None:
        """Keep looking, until cancelled. While the database is away, tokens hold until they expire."""
        purged_at = 0.0
        while True:
            # First of all: at the start it was looked already, and a new database has no tables yet.
            await asyncio.sleep(WATCH_SECONDS)
            try:
                await uninterrupted(self.look())
                if time.monotonic() - purged_at > _PURGE_SECONDS:
                    await uninterrupted(self.stores.sessions.purge())
                    purged_at = time.monotonic()
                self._fault = ""
            except StoreError as error:
                if self._fault != error.detail:
                    log.warning("sessions.unknown", detail=error.detail)
                self._fault = error.detail

    async def _name(self, name: str, trail: Trail) -> None:
        # Not as typed: some type their password there.
        known = await self.stores.users.get(name)
        if known is not None:
            trail.are(known.grant)

    def _signed_in(self, session: Session, refresh_token: str) -> SignedIn:
        expires_at = min(time.time() + self._access_seconds, session.expires_at / 1_000)
        token = self._authority.grant(session.grant, expires_at, session.id)
        return SignedIn(token, refresh_token, self._authority.verify(token), session)

    def _locked(self, until: float, now: float) -> SignInLockedError:
        self._metrics.sign_in("locked")
        return SignInLockedError(datetime.fromtimestamp(until, UTC), datetime.fromtimestamp(now, UTC))
