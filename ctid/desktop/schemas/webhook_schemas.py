"""Shapes of what is told of webhooks."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from ctid.desktop.schemas.bodies import Cursor, Input
from ctid.desktop.schemas.general import View


class DeadLettersQuery(Input):
    """Which page of dead letters."""

    limit: Annotated[int, Field(ge=1, le=500)] = 100
    cursor: Cursor | None = None


class WebhookView(View):
    """One receiver of events, and how it fares."""

    name: str
    url: str = Field(description="Without its query.")
    events: list[str]
    queues: list[str] = Field(description="Only events that name one of these; all if empty.")
    enabled: bool = Field(description="False since the receiver answered 410 Gone; nothing is taken in meanwhile.")
    waiting: int | None = Field(description="Events that wait; null as long as the database was never there.")
    dead_letters: int | None
    delivered_at: datetime | None = Field(description="Last time an event was taken, since the daemon started.")
    failed_at: datetime | None = Field(description="Last time an attempt failed, since the daemon started.")
    failure: str | None = Field(description="Why: timeout, connection, tls, protocol, or status-503 and the like.")
    resting_until: datetime | None = Field(description="The receiver fails, or asked for it: nothing is sent before.")


class WebhooksView(View):
    """All webhooks of the configuration."""

    items: list[WebhookView]


class DeadLetterView(View):
    """An event that was given up."""

    id: str = Field(description="Of the event; its webhook-id.")
    type: str
    at: datetime
    died_at: datetime
    attempts: int
    cause: str = Field(description="timeout, connection, tls, protocol, status-404 and the like, or overflow.")


class DeadLetterEventView(DeadLetterView):
    """A dead letter with the event."""

    event: dict[str, Any] = Field(description="As it is posted.")


class DeadLettersView(View):
    """Dead letters, that of the newest event first."""

    items: list[DeadLetterView]
    next_cursor: str | None


class WebhookAcceptedView(View):
    """The webhook after a command."""

    command_id: str
    webhook: WebhookView


class DeadLettersRetriedView(WebhookAcceptedView):
    """The webhook, and how many dead letters wait again."""

    retried: int


class DeadLetterRemovedView(View):
    """The dead letter that is no more."""

    command_id: str
    dead_letter: DeadLetterView
