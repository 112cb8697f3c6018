"""Webhooks in memory: what operators see and do, without receivers and database."""

from __future__ import annotations

from msgspec.structs import replace

from ctid.errors import NotFoundError, RequestError
from ctid.model.webhook import DeadLetter, DeadLetterPage, WebhookState

STATE = WebhookState(
    name="crm",
    url="https://crm.example.org/hooks",
    events=["contact.*"],
    queues=[],
    enabled=True,
    waiting=2,
    dead_letters=0,
    delivered_at_ms=1_700_000_000_000,
    failed_at_ms=None,
    failure=None,
    resting_until_ms=None,
)


class KeptWebhooks:
    """One webhook and its dead letters, newest first."""

    def __init__(self) -> None:
        self.known = STATE
        self.letters: dict[str, DeadLetter] = {}

    def die(self, event_id: str, cause: str = "status-500") -> None:
        letter = DeadLetter(id=event_id, type="contact.closed", at_ms=0, died_at_ms=1, attempts=3, cause=cause)
        self.letters = {event_id: letter, **self.letters}

    def states(self) -> list[WebhookState]:
        return [replace(self.known, dead_letters=len(self.letters))]

    def state(self, name: str) -> WebhookState:
        if name != self.known.name:
            raise NotFoundError("there is no such webhook")
        return self.states()[0]

    async def enable(self, name: str) -> WebhookState:
        self.known = replace(self.state(name), enabled=True)
        return self.state(name)

    async def dead_letters(self, name: str, *, limit: int, cursor: str | None) -> DeadLetterPage:
        self.state(name)
        if cursor is not None and not cursor.isdigit():
            raise RequestError("the cursor is none of ours")
        start, letters = int(cursor or 0), list(self.letters.values())
        more = str(start + limit) if len(letters) > start + limit else None
        return DeadLetterPage(letters[start : start + limit], more)

    async def dead_letter(self, name: str, event_id: str) -> tuple[DeadLetter, str]:
        self.state(name)
        if event_id not in self.letters:
            raise NotFoundError("there is no such dead letter")
        return self.letters[event_id], '{"specversion": "1.0"}'

    async def retry(self, name: str, event_id: str) -> WebhookState:
        await self.remove(name, event_id)
        return self.state(name)

    async def retry_all(self, name: str) -> tuple[WebhookState, int]:
        self.state(name)
        count = len(self.letters)
        self.letters.clear()
        return self.state(name), count

    async def remove(self, name: str, event_id: str) -> DeadLetter:
        letter, _ = await self.dead_letter(name, event_id)
        del self.letters[event_id]
        return letter
