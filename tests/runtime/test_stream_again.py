"""The stream of the past, from the journal: the very events that were published, from whatever place on."""

from __future__ import annotations

from pathlib import Path

import pytest

from ctid.model import commands as do
from ctid.model import events as ev
from ctid.runtime.stream_again import published_again
from tests.runtime.site import Life, ready


async def a_day(path: Path, *, calls: int = 30, snapshots: tuple[int, ...] = (), keep_events: int = 1_000) -> Life:
    """Callers come, press a key and go; snapshots are taken after some of them. Its journal is left open."""
    life = Life(path, keep_events=keep_events)
    await life.begin()
    await life.take(ready())
    for number in range(calls):
        unique_id = f"u{number}"
        await life.take(ev.CallArrived(pbx="main", unique_id=unique_id, ani="", dnis="100"))
        token = life.of(do.PlayAndCollect)[-1].token
        await life.take(
            ev.DigitsCollected(pbx="main", unique_id=unique_id, token=token, digits="1", ended_by=ev.CollectEnd.DIGITS),
            ev.LegEnded(pbx="main", unique_id=unique_id, cause=16),
        )
        if number in snapshots:
            assert life.runner.last is not None
            await life.keeper.snapshot(life.engine, life.runner.last)
            await life.keeper.tidy(life.engine, life.runner.last)
    return life


def read(path: Path, after: int, upto: int) -> list[do.Publish]:
    return [event for piece in published_again(path, after, upto) for event in piece]


@pytest.mark.parametrize("snapshots", [(), (3,), (3, 10, 20, 29)])
async def test_it_gives_what_was_published_while_the_daemon_goes_on(tmp_path: Path, snapshots: tuple[int, ...]) -> None:
    path = tmp_path / "journal.db"
    life = await a_day(path, snapshots=snapshots)
    published: list[do.Publish] = life.of(do.Publish)
    last = published[-1].seq
    assert [event.seq for event in published] == list(range(1, last + 1))
    for after, upto in [(0, last), (1, 2), (last // 2, last), (last - 1, last), (10, 40)]:
        assert read(path, after, upto) == published[after:upto], (after, upto)
    assert read(path, last, last) == []
    # Small pieces, so that who reads has a turn in between.
    assert max(len(piece) for piece in published_again(path, 0, last)) < 200
    await life.end()


async def test_what_was_trimmed_is_not_given(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    life = await a_day(path, snapshots=(20, 25), keep_events=0)
    published: list[do.Publish] = life.of(do.Publish)
    last = published[-1].seq
    found = read(path, 0, last)
    assert 0 < len(found) < last
    assert found == published[-len(found) :]
    await life.end()


def test_a_journal_that_cannot_be_read_gives_nothing(tmp_path: Path) -> None:
    assert read(tmp_path / "none.db", 0, 10) == []
    (tmp_path / "garbage.db").write_bytes(b"no database at all" * 1_000)
    assert read(tmp_path / "garbage.db", 0, 10) == []
