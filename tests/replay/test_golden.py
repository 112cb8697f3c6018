"""A recorded call gives the same commands as ever, byte for byte; a difference is a decision (see ``golden``)."""

from __future__ import annotations

import pytest

from tests.replay.golden import COMMANDS, WALK, WALK_DIGEST, commands_of, digest, journal

pytestmark = pytest.mark.replay


def test_the_golden_call_gives_the_golden_commands() -> None:
    entries = journal()
    golden = COMMANDS.read_bytes().splitlines()
    assert len(golden) == len(entries) > 20
    for entry, ours, expected in zip(entries, commands_of(entries), golden, strict=True):
        assert ours == expected, f"{type(entry.event).__name__} at {entry.at.mono_ms}"


def test_the_golden_call_tells_a_whole_story() -> None:
    told = b"\n".join(commands_of(journal()))
    for part in (b"offer.timed_out", b"offer.created", b"contact.connected", b"contact.wrap_up", b"record.save"):
        assert part in told


def test_hours_with_faults_give_the_golden_commands() -> None:
    entries = journal(WALK)
    assert len(entries) > 2_000
    assert digest(commands_of(entries)) == WALK_DIGEST.read_text().strip()
