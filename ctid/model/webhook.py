"""What waits to be posted to webhooks, and what could not be."""

from __future__ import annotations

import msgspec


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One event on its way to one webhook.

    Attributes:
        number: Its place in the outbox; 0 until it is written there.
        webhook: Name of the receiver.
        id: Of the event; the same with every attempt and after every restart.
        type: Of the event.
        lane: What it is about; of one lane, one goes after another.
        at_ms: When the event happened, in ms since 1970 UTC.
        attempts: How often it was tried.
        tried_at_ms: When it was tried first; 0 until then.
        due_ms: Not to be tried before.
    """

    number: int = 0
    webhook: str
    id: str
    type: str
    lane: str
    at_ms: int
    attempts: int = 0
    tried_at_ms: int = 0
    due_ms: int = 0


class Posted(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery with what is posted.

    Attributes:
        delivery: Which.
        body: The event as CloudEvents 1.0 in JSON; it is signed as it stands here.
    """

    delivery: Delivery
    body: str


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How the outbox knows a webhook.

    Attributes:
        taken_seq: Events up to here have been taken in.
        disabled: The receiver said that it is gone for good.
        dead_letters: How many are kept.
    """

    taken_seq: int
    disabled: bool = False
    dead_letters: int = 0


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery that was given up.

    Attributes:
        id: Of the event.
        type: Of the event.
        at_ms: When the event happened, in ms since 1970 UTC.
        died_at_ms: When it was given up.
        attempts: How often it was tried.
        cause: Why the last attempt failed, or ``overflow``: a bounded set of words.
    """

    id: str
    type: str
    at_ms: int
    died_at_ms: int
    attempts: int
    cause: str


class DeadLetterPage(msgspec.Struct, frozen=True):
    """Some dead letters.

    Attributes:
        letters: Newest event first.
        next_cursor: Where the next page begins; ``None`` at the end.
    """

    letters: list[DeadLetter]
    next_cursor: str | None


class WebhookState(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook as operators see it.

    Attributes:
        name: Its name in the configuration.
        url: Where to, without the query, which may hold a secret.
        events: Types of events, as configured.
        queues: Queues, as configured; empty for all.
        enabled: False once the receiver said that it is gone for good.
        waiting: Events that wait, those under way included; ``None`` while the database was never there.
        dead_letters: How many are kept; ``None`` likewise.
        delivered_at_ms: When one was taken last, since the daemon started.
        failed_at_ms: When an attempt failed last, likewise.
        failure: Why it failed.
        resting_until_ms: Nothing is tried before, as the receiver fails or asked for it.
    """

    name: str
    url: str
    events: list[str]
    queues: list[str]
    enabled: bool
    waiting: int | None
    dead_letters: int | None
    delivered_at_ms: int | None
    failed_at_ms: int | None
    failure: str | None
    resting_until_ms: int | None
