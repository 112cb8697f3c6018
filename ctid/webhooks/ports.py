"""What webhooks need of the store; ``ctid.store.outbox`` provides it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from ctid.model.webhook import DeadLetter, DeadLetterPage, Delivery, Posted, Standing


class Outbox(Protocol):
    """Deliveries and dead letters of one site. Every method raises ``StoreError`` if the database fails."""

    async def open(self, names: Collection[str], epoch: str, present: int) -> dict[str, Standing]:
        """Know these webhooks, forget others; a new one gets what comes after ``present``."""

    async def take(self, batch: Sequence[Posted], seq: int) -> list[Delivery]:
        """Write deliveries, and that the stream was taken in up to ``seq``, both or neither; give them numbers."""

    async def waiting(self, webhook: str) -> list[Delivery]:
        """What waits, oldest first."""

    async def body(self, number: int) -> str | None:
        """What is posted; ``None`` if the delivery is not there any more."""

    async def delivered(self, number: int) -> None:
        """Forget a delivery that was taken."""

    async def failed(self, delivery: Delivery, cause: str) -> None:
        """Note an attempt that failed, with the next as the delivery tells it."""

    async def bury(self, dead: Sequence[Delivery], died_at_ms: int, cause: str) -> None:
        """Make dead letters of deliveries."""

    async def trim(self, webhook: str, keep: int) -> int:
        """Delete the oldest dead letters but so many; tell how many."""

    async def dead_letters(self, webhook: str, *, limit: int, cursor: str | None) -> DeadLetterPage:
        """List dead letters, that of the newest event first."""

    async def dead_letter(self, webhook: str, event_id: str) -> tuple[DeadLetter, str] | None:
        """One dead letter with its body."""

    async def revive(self, webhook: str, event_id: str | None, *, died_before_ms: int, at_most: int) -> list[Delivery]:
        """Have one or all dead letters wait again that were given up by then, oldest first."""

    async def remove(self, webhook: str, event_id: str) -> DeadLetter | None:
        """Delete a dead letter; give what it was."""

    async def set_disabled(self, webhook: str, disabled: bool) -> None:
        """Keep whether the webhook is disabled."""
