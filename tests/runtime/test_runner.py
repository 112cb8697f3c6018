"""Inbox to journal to engine to dispatch; requests and their answers; recovery; replay."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from ctid.engine.engine import Engine
from ctid.errors import ConflictError, InTransitError, InvariantError, JournalError, NotFoundError
from ctid.model import commands as do
from ctid.model import events as ev
from ctid.model.states import AgentState, ContactState
from ctid.runtime import runner as runner_module
from ctid.runtime.replay import replay
from sip_test_rig.eventually import eventually
from tests.runtime.site import Life, ready


async def a_call(life: Life, unique_id: str = "u1") -> str:
    """A caller comes, presses 1 for sales, and waits."""
    await life.take(ev.CallArrived(pbx="main", unique_id=unique_id, ani="", dnis="100"))
    token = life.of(do.PlayAndCollect)[-1].token
    await life.take(
        ev.DigitsCollected(pbx="main", unique_id=unique_id, token=token, digits="1", ended_by=ev.CollectEnd.DIGITS)
    )
    return next(reversed(life.engine.state.contacts))


async def test_a_request_is_answered_with_what_became_of_it(tmp_path: Path) -> None:
    life = Life(tmp_path / "journal.db")
    await life.begin()
    running = asyncio.create_task(life.runner.run(life))
    result = await life.runner.request(ready())
    assert result["agent"]["state"] == AgentState.READY
    with pytest.raises(NotFoundError):
        await life.runner.request(ready("nobody", "c2"))
    rejecting = ev.OfferRejected(command_id="c3", principal="alice", agent_id="alice", offer_id="of-1")
    with pytest.raises(NotFoundError):
        await life.runner.request(rejecting)
    busy = ev.AgentStateRequested(command_id="c4", principal="alice", agent_id="alice", state=AgentState.BUSY)
    with pytest.raises(ConflictError) as refused:
        await life.runner.request(busy)
    assert refused.value.current == AgentState.READY
    assert AgentState.NOT_READY in refused.value.allowed_actions
    running.cancel()
    await life.end()


@pytest.mark.parametrize("full_sync", [False, True])
async def test_the_next_life_has_the_state_and_the_stream_of_the_last(tmp_path: Path, full_sync: bool) -> None:
    path = tmp_path / "journal.db"
    life = Life(path, full_sync=full_sync)
    await life.begin()
    await life.take(ready())
    contact_id = await a_call(life)
    before = life.engine.snapshot()
    await life.end()

    after = Life(path, epoch="e2")
    assert after.engine.snapshot() == before
    assert [each for each in after.recovered if isinstance(each, do.Publish)] == life.of(do.Publish)
    assert after.engine.state.contacts[contact_id].state is ContactState.OFFERED
    assert after.runner.last == life.runner.last
    await after.end()


async def test_recovery_from_a_snapshot_gives_the_same_state_as_from_the_beginning(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    life = Life(path, snapshot_events=100)
    await life.begin()
    await life.take(ready())
    for number in range(60):
        await a_call(life, f"u{number}")
        await life.take(ev.LegEnded(pbx="main", unique_id=f"u{number}", cause=16))
    before = life.engine.snapshot()
    await life.end()
    with sqlite3.connect(path) as journal:
        assert journal.execute("SELECT count(*) FROM snapshots").fetchone()[0] >= 1
    recovered = Life(path, epoch="e2")
    assert recovered.engine.snapshot() == before
    await recovered.end()
    report = replay(path)
    assert not report.differences
    assert report.inputs >= 180
    assert report.outcomes_compared == report.inputs
    assert report.snapshots_compared >= 1


async def test_a_trimmed_journal_is_still_recovered_and_replayed(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    life = Life(path, snapshot_events=100, keep_events=50)
    await life.begin()
    for number in range(300):
        await life.take(ev.DeviceChanged(pbx="main", device=f"PJSIP/{number % 7}", reachable=number % 2 == 0))
    before = life.engine.snapshot()
    await life.end()
    with sqlite3.connect(path) as journal:
        assert journal.execute("SELECT min(seq) FROM inputs").fetchone()[0] > 1
    recovered = Life(path, epoch="e2")
    assert recovered.engine.snapshot() == before
    await recovered.end()
    assert not replay(path).differences


async def test_replay_says_where_a_journal_was_tampered_with(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    life = Life(path)
    await life.begin()
    await life.take(ready())
    await a_call(life)
    await life.end()
    with sqlite3.connect(path) as journal:
        seq, event = journal.execute(
            "SELECT seq, event FROM inputs WHERE CAST(event AS TEXT) LIKE '%digits.collected%'"
        ).fetchone()
        changed = bytes(event).replace(b'"digits":"1"', b'"digits":"2"')
        assert changed != event
        journal.execute("UPDATE inputs SET event = ? WHERE seq = ?", (changed, seq))
    assert f"input {seq} led to other commands" in replay(path).differences


async def test_a_bug_of_ours_costs_one_input_and_not_the_daemon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = Life(tmp_path / "journal.db")
    await life.begin()
    handle = Engine.handle

    def broken(self: Engine, event: ev.Event, now: Any) -> list[do.Command]:
        if isinstance(event, ev.AttributesSet):
            raise InvariantError("a bug")
        return handle(self, event, now)

    monkeypatch.setattr(Engine, "handle", broken)
    running = asyncio.create_task(life.runner.run(life))
    request = ev.AttributesSet(command_id="c1", principal="alice", contact_id="ct-1", attributes={})
    with pytest.raises(InvariantError):
        await life.runner.request(request)
    assert life.of(do.Note)[-1].code == "invariant-broken"
    assert (await life.runner.request(ready()))["agent"]["state"] == AgentState.READY
    running.cancel()
    await life.end()


async def test_a_request_that_comes_while_channels_move_waits_until_they_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_module, "IN_TRANSIT_SECONDS", 0.2)
    life = Life(tmp_path / "journal.db")
    await life.begin()
    handle, asked, moving = Engine.handle, [], 3

    def handled(self: Engine, event: ev.Event, now: Any) -> list[do.Command]:
        if isinstance(event, ev.AgentStateRequested):
            asked.append(event)
            if len(asked) <= moving:
                return [do.Refuse(command_id=event.command_id, code=InTransitError.code, detail="just moving")]
        return handle(self, event, now)

    monkeypatch.setattr(Engine, "handle", handled)
    running = asyncio.create_task(life.runner.run(life))
    assert (await life.runner.request(ready()))["agent"]["state"] == AgentState.READY
    assert len(asked) == moving + 1
    moving = 1_000_000
    with pytest.raises(InTransitError, match="just moving"):
        await life.runner.request(ready())
    running.cancel()
    await life.end()


async def test_nothing_has_an_effect_while_the_disk_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process holds the journal's write lock, as a disk that stalls would."""
    monkeypatch.setattr("ctid.runtime.keeper.RETRY_SECONDS", 0.05)
    monkeypatch.setattr(runner_module, "REQUEST_SECONDS", 0.2)
    monkeypatch.setattr("ctid.store.journal.BUSY_TIMEOUT_S", 0.05)
    path = tmp_path / "journal.db"
    life = Life(path)
    await life.begin()
    running = asyncio.create_task(life.runner.run(life))
    hog = sqlite3.connect(path, isolation_level=None)
    hog.execute("BEGIN IMMEDIATE")
    with pytest.raises(JournalError, match="may be carried out yet"):
        await life.runner.request(ready())
    await eventually(lambda: bool(life.keeper.fault), "the fault is told")
    assert life.engine.state.agents["alice"].state is AgentState.LOGGED_OUT
    hog.execute("ROLLBACK")
    hog.close()
    await eventually(lambda: life.engine.state.agents["alice"].state is AgentState.READY, "the request is carried out")
    assert not life.keeper.fault
    running.cancel()
    await life.end()
    assert not replay(path).differences


async def test_a_second_daemon_cannot_own_the_journal(tmp_path: Path) -> None:
    life = Life(tmp_path / "journal.db")
    with pytest.raises(JournalError):
        Life(tmp_path / "journal.db")
    await life.end()
