"""What the desktop API needs of the daemon around it; the runtime provides it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any, Protocol

import msgspec

from ctid.acd.floor import Floor
from ctid.engine.state import SiteState
from ctid.errors import (
    ConflictError,
    ForbiddenError,
    IllegalTransitionError,
    InTransitError,
    NotFoundError,
    OverloadedError,
    RequestError,
    VersionMismatchError,
)
from ctid.model.commands import Refuse
from ctid.model.day import Quarter
from ctid.model.events import Event, Request
from ctid.model.flow_report import FlowReport
from ctid.model.instant import Instant
from ctid.model.record import ContactRecord, RecordFilter, RecordPage
from ctid.model.recording import RecordingFilter, RecordingPage, StoredRecording
from ctid.model.webhook import DeadLetter, DeadLetterPage, WebhookState
from ctid.spec.site import SiteSpec
from ctid.spec.web_phone import WebPhonesSpec
from ctid.staffing.history import Bucket


class Component(msgspec.Struct, frozen=True, kw_only=True):
    """One part of the daemon and whether it can do its work now.

    Attributes:
        name: Bounded set: ``journal``, ``store``, ``pbx:main`` …
        ok: Whether it works.
        detail: Why not, for operators; no caller data.
    """

    name: str
    ok: bool
    detail: str = ""


class RecordQueries(Protocol):
    """Reads call-tracking records."""

    async def find(self, which: RecordFilter, *, limit: int, cursor: str | None) -> RecordPage:
        """Return the page of records that begins at the cursor.

        Raises:
            RequestError: If the cursor is none of ours.
            StoreError: If the database cannot be reached.
        """

    async def get(self, contact_id: str) -> ContactRecord | None:
        """Return the record of a contact, if there is one."""

    async def demand(self, queue: str, since: datetime, until: datetime) -> list[Bucket]:
        """Count what came into a queue from ``since`` until before ``until``, by quarters of an hour."""

    async def quarters(self, queue: str | None, since: datetime, until: datetime) -> list[Quarter]:
        """Tell what one queue or all did from ``since`` until before ``until``, by quarters of an hour, in order."""

    async def flow_report(self, flow: str, since: datetime, until: datetime) -> FlowReport:
        """Tell what became of those who entered a flow from ``since`` until before ``until``."""


class RecordingQueries(Protocol):
    """Reads what is known of recordings; raises ``StoreError`` while the database is away."""

    async def find(self, which: RecordingFilter, *, limit: int, cursor: str | None) -> RecordingPage:
        """Return a page of recordings, newest first; raises ``RequestError`` if the cursor is none of ours."""

    async def get(self, recording_id: str) -> StoredRecording | None:
        """Return one, if there is one."""

    async def mark_heard(self, recording_id: str, at_utc_ms: int | None, by: str) -> None:
        """Note that somebody has heard a message, or, with ``None``, that nobody has."""


class RecordingFiles(Protocol):
    """The recordings themselves."""

    def audio(self, recording: StoredRecording, start: int, end: int) -> AsyncIterator[bytes]:
        """Read a recording's WAV file from ``start`` until before ``end``.

        Raises:
            RecordingError: It cannot be read, or is not what was written.
        """

    async def remove(self, recording_id: str) -> StoredRecording:
        """Delete a recording.

        Raises:
            NotFoundError: There is none.
            RecordingError: It cannot be deleted.
            StoreError: The database is away.
        """


class WebhookControl(Protocol):
    """Webhooks as operators see them; commands and dead letters raise ``StoreError`` while the database is away.

    All raise ``NotFoundError`` for what is not there.
    """

    def states(self) -> list[WebhookState]:
        """All webhooks."""

    def state(self, name: str) -> WebhookState:
        """One of them."""

    async def enable(self, name: str) -> WebhookState:
        """Send to it again."""

    async def dead_letters(self, name: str, *, limit: int, cursor: str | None) -> DeadLetterPage:
        """What it could not be given; raises ``RequestError`` if the cursor is none of ours."""

    async def dead_letter(self, name: str, event_id: str) -> tuple[DeadLetter, str]:
        """One of those, and its event as it is posted."""

    async def retry(self, name: str, event_id: str) -> WebhookState:
        """Have one wait again."""

    async def retry_all(self, name: str) -> tuple[WebhookState, int]:
        """Have all wait again that there is room for; tell how many."""

    async def remove(self, name: str, event_id: str) -> DeadLetter:
        """Delete one."""


class Site(Protocol):
    """The site that the API shows and commands."""

    @property
    def state(self) -> SiteState:
        """The engine's state, between two events."""

    @property
    def spec(self) -> SiteSpec:
        """The configuration in force."""

    @property
    def floor(self) -> Floor:
        """Waiting contacts and free agents, between two events; to be read only."""

    @property
    def epoch(self) -> str:
        """Of the published stream; another one means that positions of old mean nothing."""

    @property
    def records(self) -> RecordQueries:
        """The store of closed contacts."""

    @property
    def webhooks(self) -> WebhookControl:
        """Receivers of events."""

    @property
    def recordings(self) -> RecordingQueries:
        """What is known of recordings."""

    @property
    def recorder(self) -> RecordingFiles | None:
        """The recordings themselves; ``None`` if the configuration keeps none."""

    @property
    def web_phones(self) -> Mapping[str, WebPhonesSpec]:
        """How browsers register, by PBX; those without web phones are left out."""

    def now(self) -> Instant:
        """Read the site's clock."""

    async def request(self, event: Request) -> dict[str, Any]:
        """Put the request to the engine and wait for its ``Accept``.

        Returns:
            ``Accept.result``.

        Raises:
            RequestError: The engine refused (see ``refusal``) or the inbox is full; nothing was changed.
        """

    def notify(self, event: Event) -> None:
        """Put an event to the engine that nobody waits for."""

    def readiness(self) -> list[Component]:
        """Tell of every component whether it works."""


def refusal(refuse: Refuse) -> RequestError:
    """The error that a ``Refuse`` of the engine stands for."""
    match refuse.code:
        case NotFoundError.code:
            return NotFoundError(refuse.detail)
        case ForbiddenError.code:
            return ForbiddenError(refuse.detail)
        case OverloadedError.code:
            return OverloadedError(refuse.detail)
        case RequestError.code:
            return RequestError(refuse.detail)
    kinds = {kind.code: kind for kind in (IllegalTransitionError, InTransitError, VersionMismatchError)}
    kind = kinds.get(refuse.code, ConflictError)
    return kind(refuse.detail, current=refuse.current, allowed_actions=tuple(refuse.allowed_actions))
