"""What the recorder needs of the database; the store provides it. Every method raises ``StoreError`` if it fails."""

from __future__ import annotations

from typing import Protocol

from ctid.model.recording import StoredRecording


class RecordingIndex(Protocol):
    """What is known of each recording in the vault."""

    async def save(self, recording: StoredRecording) -> None:
        """Write one; one of the same id is replaced."""

    async def get(self, recording_id: str) -> StoredRecording | None:
        """Return one, if it is there."""

    async def expired(self, utc_ms: int, limit: int) -> list[StoredRecording]:
        """Those that are to be deleted by this moment, oldest first."""

    async def remove(self, recording_id: str) -> None:
        """Forget one."""
