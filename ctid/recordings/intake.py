"""Intake: what a PBX has recorded becomes a recording in the vault. Blocks; to be called in threads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

from ctid.errors import RecordingError
from ctid.model.recording import Recording, StoredRecording
from ctid.recordings import stereo
from ctid.recordings.spool import Spool
from ctid.recordings.vault import Vault

DAY_MS: Final = 86_400_000

SHORTEST_MESSAGE: Final = stereo.SAMPLE_RATE // 2
"""Samples of a message; who hangs up with the beep has said nothing."""

_PIECE_BYTES: Final = 64 * 1024


def take_in(recording: Recording, site: str, spool: Spool, vault: Vault, retention_days: int) -> StoredRecording:
    """Write both sides of an ended recording, or the one of a message, into the vault; the spool's files stay.

    Args:
        recording: It has ended, and nothing is written to its files any more.
        site: Whose it is.
        spool: Of the PBX that recorded it.
        vault: Where it goes.
        retention_days: How long it is kept, if its own policy does not say.

    Raises:
        RecordingError: There are no files (``missing``), nothing is in them (``empty``), or the vault can't take them.
    """
    if max(spool.sizes(recording.id)) < 0:
        raise RecordingError("the PBX has written no file", "missing")
    with ExitStack() as stack:
        files = [_opened(stack, path) for path in (spool.caller(recording.id), spool.agent(recording.id))]
        samples = spool.samples(recording.id)
        skipped = _skipped(recording, samples, files)
        if skipped >= samples:
            raise RecordingError("the PBX has recorded nothing", "empty")
        for file in files:
            file.seek(skipped * stereo.SAMPLE_BYTES)
        length = samples - skipped
        is_message = recording.kind.is_message
        if is_message and length < SHORTEST_MESSAGE:
            raise RecordingError("the caller has said nothing", "empty")
        contents = _mono(files[0], length) if is_message else _wav(files[0], files[1], length)
        began_ms = _began_ms(recording) + stereo.duration_ms(skipped)
        kept = vault.keep(recording.id, datetime.fromtimestamp(began_ms / 1_000, UTC), contents)
    days = recording.retention_days or retention_days
    return StoredRecording(
        id=recording.id,
        site=site,
        contact_id=recording.contact_id,
        agent_id=recording.agent_id,
        queue=recording.queue,
        ani=recording.ani,
        began_at=began_ms,
        ended_at=began_ms + stereo.duration_ms(length),
        duration_ms=stereo.duration_ms(length),
        size=kept.size,
        sha256=kept.sha256,
        file=kept.file,
        encrypted=kept.encrypted,
        on_demand=recording.on_demand,
        result=recording.result,
        expires_at=began_ms + days * DAY_MS,
        kind=recording.kind,
    )


def _opened(stack: ExitStack, path: Path) -> BinaryIO:
    """The file; of a side on which nothing was ever written, one with nothing in it."""
    try:
        return stack.enter_context(path.open("rb"))
    except FileNotFoundError:
        return stack.enter_context(Path("/dev/null").open("rb"))
    except OSError as error:
        raise RecordingError(f"{path.name}: {error.strerror}", "unreadable") from None


def _began_ms(recording: Recording) -> int:
    at = recording.answered_at or recording.began_at or recording.ended_at
    return at.utc_ms if at is not None else 0


def _skipped(recording: Recording, samples: int, files: list[BinaryIO]) -> int:
    """Samples at the head that are not kept: from before anybody wanted them."""
    answered, asked, ended = recording.answered_at, recording.asked_at, recording.ended_at
    if answered is None or asked is None or ended is None:
        return 0
    head_ms = stereo.skipped_ms(
        asked.mono_ms - answered.mono_ms, ended.mono_ms - answered.mono_ms, stereo.duration_ms(samples)
    )
    head = head_ms * stereo.SAMPLE_RATE // 1_000
    if not recording.on_demand:
        return head
    for file in files:
        file.seek(head * stereo.SAMPLE_BYTES)
    return head + stereo.leading_silence(files[0], files[1])


def _wav(caller: BinaryIO, agent: BinaryIO, samples: int) -> Iterator[bytes]:
    yield stereo.header(samples * stereo.FRAME_BYTES)
    yield from stereo.blocks(caller, agent, samples)


def _mono(caller: BinaryIO, samples: int) -> Iterator[bytes]:
    left = samples * stereo.SAMPLE_BYTES
    yield stereo.header(left, channels=1)
    while left > 0 and (piece := caller.read(min(left, _PIECE_BYTES))):
        left -= len(piece)
        yield piece
