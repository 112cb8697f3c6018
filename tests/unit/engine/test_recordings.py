"""Which calls are recorded, what the PBX is ordered, and what becomes of each recording."""

from __future__ import annotations

from typing import Any

import pytest

from ctid.engine.contact.recordings import is_chosen
from ctid.model import commands as cmd
from ctid.model import events as ev
from ctid.model.leg import Leg
from ctid.model.recording import Recording, RecordingState, StoredRecording
from ctid.model.states import AgentState
from tests.unit.engine.talks import called_in
from tests.unit.site import SPEC, Site, changed

pytestmark = pytest.mark.unit


def site(recording: dict[str, Any] | None, agent: dict[str, Any] | None = None) -> Site:
    spec = changed("queues/sales/recording", recording) if recording is not None else SPEC
    return Site(changed("agents/alice/recording", agent, spec) if agent is not None else spec)


ALL: dict[str, Any] = {}
NONE = {"percent": 0}
ASKED_FOR = {"percent": 0, "on_demand": True}


def only(site: Site) -> Recording:
    (recording,) = site.engine.state.recordings.values()
    return recording


def state(site: Site) -> RecordingState | None:
    recording = site.contact().recording
    return None if recording is None else recording.state


def mutes(commands: list[cmd.Command]) -> list[bool]:
    return [each.on for each in commands if isinstance(each, cmd.MuteRecording)]


def refusal(site: Site) -> tuple[str, str, list[str]]:
    refuse = site.only(cmd.Refuse)
    return refuse.code, refuse.detail, refuse.allowed_actions


def stored(recording: Recording, **fields: Any) -> StoredRecording:
    known: dict[str, Any] = {
        "id": recording.id,
        "site": "demo",
        "contact_id": recording.contact_id,
        "agent_id": recording.agent_id,
        "queue": recording.queue,
        "ani": recording.ani,
        "began_at": 0,
        "ended_at": 1_000,
        "duration_ms": 1_000,
        "size": 32_044,
        "sha256": "ab",
        "file": "2026/11/18/x.rec",
        "encrypted": True,
        "on_demand": recording.on_demand,
        "result": recording.result,
        "expires_at": 0,
    }
    return StoredRecording(**{**known, **fields})


# ---- policy --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("queue", "agent", "recorded"),
    [
        (None, None, None),
        (ALL, None, RecordingState.RECORDING),
        (NONE, None, None),
        (ASKED_FOR, None, RecordingState.ARMED),
        (None, ALL, RecordingState.RECORDING),
        (ALL, NONE, None),
        (ALL, ASKED_FOR, RecordingState.ARMED),
        (NONE, ALL, RecordingState.RECORDING),
        ({"percent": 100, "on_demand": True}, None, RecordingState.RECORDING),
    ],
)
def test_the_policy_of_queue_and_agent(
    queue: dict[str, Any] | None, agent: dict[str, Any] | None, recorded: RecordingState | None
) -> None:
    floor = site(queue, agent)
    floor.offered()
    assert bool(floor.only(cmd.RingAgent).record) is (recorded is not None)
    leg = floor.only(cmd.RingAgent).unique_id
    floor.answered(leg)
    floor.bridged(leg, "c1")
    assert state(floor) is recorded


def test_a_share_of_the_contacts_is_chosen_and_always_the_same() -> None:
    ids = [f"ct-{epoch:08x}-{number}" for epoch in range(20) for number in range(500)]
    for percent in (0, 0.5, 10, 50, 99.5, 100):
        chosen = [each for each in ids if is_chosen(each, percent)]
        assert abs(len(chosen) / len(ids) * 100 - percent) < 1.5
        assert chosen == [each for each in ids if is_chosen(each, percent)]
    assert not any(is_chosen(each, 0) for each in ids)
    assert all(is_chosen(each, 100) for each in ids)
    # Who is of a small share is of every larger one, so that raising it loses nobody.
    assert {each for each in ids if is_chosen(each, 10)} <= {each for each in ids if is_chosen(each, 50)}


# ---- a recording from its beginning to the store ---------------------------------------------------------------------


def test_recorded_from_the_first_word_into_the_store() -> None:
    floor = site(ALL)
    leg = floor.connected()
    assert "recording.started" in floor.published()
    assert mutes(floor.out) == []
    recording = only(floor)
    assert (recording.agent_id, recording.queue, recording.ani) == ("alice", "sales", "+4930123456")
    assert "pause_recording" in _actions(floor)
    floor.tick(5_000)
    floor.ended(leg)
    command = floor.only(cmd.StoreRecording)
    assert command.recording.id == recording.id
    assert floor.contact().recording is None
    floor.give(ev.RecordingSettled(recording_id=recording.id, stored=stored(recording)))
    event = floor.only(cmd.Publish)
    assert (event.type, event.agent_ids, event.queue) == ("recording.finished", ["alice"], "sales")
    assert event.data["recording"]["contact_id"] == recording.contact_id
    assert floor.engine.state.recordings == {}


def test_a_phone_that_is_not_answered_leaves_nothing() -> None:
    floor = site(ALL)
    leg = floor.offered()
    assert floor.engine.state.recordings
    floor.give(ev.LegEnded(pbx="main", unique_id=leg, cause=17))
    assert floor.engine.state.recordings == {}
    assert floor.all(cmd.DiscardRecording) == []


def test_an_answer_that_came_to_nothing_is_thrown_away() -> None:
    floor = site(ALL)
    leg = floor.offered()
    floor.answered(leg)
    floor.ended("c1")
    floor.ended(leg)
    (discard,) = floor.all(cmd.DiscardRecording)
    floor.give(ev.RecordingSettled(recording_id=discard.recording_id))
    assert floor.engine.state.recordings == {}
    assert floor.published() == []


def test_what_never_was_asked_for_is_thrown_away() -> None:
    floor = site(ASKED_FOR)
    leg = floor.connected()
    assert mutes(floor.out) == [True]
    assert "recording.started" not in floor.published()
    floor.ended(leg)
    assert floor.all(cmd.StoreRecording) == []
    assert len(floor.all(cmd.DiscardRecording)) == 1


def test_recorded_from_the_moment_in_which_it_is_asked_for() -> None:
    floor = site(ASKED_FOR)
    leg = floor.connected()
    assert "record" in _actions(floor)
    floor.tick(7_000)
    out = floor.request(ev.RecordingRequested, contact_id=floor.contact().id, action="record")
    assert mutes(out) == [False]
    assert "recording.started" in floor.published()
    assert state(floor) is RecordingState.RECORDING
    floor.request(ev.RecordingRequested, contact_id=floor.contact().id, action="record")
    assert refusal(floor)[:2] == ("conflict", "the recording is recording")
    floor.ended(leg)
    recording = floor.only(cmd.StoreRecording).recording
    assert recording.asked_at is not None
    assert recording.answered_at is not None
    assert recording.asked_at.mono_ms - recording.answered_at.mono_ms == 7_000


def test_paused_and_resumed() -> None:
    floor = site(ALL)
    floor.connected()
    contact_id, version = floor.contact().id, floor.contact().version
    floor.request(ev.RecordingRequested, contact_id=contact_id, action="resume")
    assert refusal(floor)[0] == "conflict"
    assert "pause_recording" in refusal(floor)[2]
    out = floor.request(ev.RecordingRequested, contact_id=contact_id, action="pause")
    assert (mutes(out), state(floor)) == ([True], RecordingState.PAUSED)
    assert "recording.paused" in floor.published()
    assert floor.contact().version > version
    assert "resume_recording" in _actions(floor)
    out = floor.request(ev.RecordingRequested, contact_id=contact_id, action="resume")
    assert (mutes(out), state(floor)) == ([False], RecordingState.RECORDING)
    assert "recording.resumed" in floor.published()


def test_a_request_of_another_version_or_while_the_pbx_is_away() -> None:
    floor = site(ALL)
    floor.connected()
    contact = floor.contact()
    floor.request(ev.RecordingRequested, contact_id=contact.id, action="pause", if_version=contact.version - 1)
    assert refusal(floor)[0] == "version-mismatch"
    floor.give(ev.PbxLost(pbx="main", reason="lost"))
    floor.request(ev.RecordingRequested, contact_id=contact.id, action="pause")
    assert refusal(floor)[:2] == ("conflict", "the PBX can't be reached now")
    assert state(floor) is RecordingState.RECORDING


def test_refused_where_nothing_is_to_be_recorded_or_nobody_talks() -> None:
    floor = site(None)
    floor.connected()
    floor.request(ev.RecordingRequested, contact_id=floor.contact().id, action="record")
    assert refusal(floor)[1] == "this call is not to be recorded, by the policy of its agent or queue"
    waiting = site(ALL)
    waiting.call()
    waiting.request(ev.RecordingRequested, contact_id=waiting.contact().id, action="pause")
    assert refusal(waiting)[1] == "only a call in which an agent talks is recorded"


# ---- hold, consultations, transfers ----------------------------------------------------------------------------------


def held(floor: Site, leg: str) -> list[cmd.Command]:
    out = floor.request(ev.HoldRequested, contact_id=floor.contact().id)
    floor.give(*(ev.LegUnbridged(pbx="main", unique_id=each, bridge_id="br") for each in (leg, "c1")))
    floor.give(ev.CallArrived(pbx="main", unique_id="c1", ani="", dnis=""))
    return out


def test_silent_while_the_caller_is_on_hold() -> None:
    floor = site(ALL)
    leg = floor.connected()
    assert mutes(held(floor, leg)) == [True]
    assert state(floor) is RecordingState.HELD
    floor.request(ev.RetrieveRequested, contact_id=floor.contact().id)
    assert mutes(floor.out) == []
    assert mutes(floor.bridged("c1", bridge="b2") + floor.bridged(leg, bridge="b2")) == [False]
    assert state(floor) is RecordingState.RECORDING


def test_a_pause_holds_over_a_hold_and_can_be_asked_for_in_it() -> None:
    floor = site(ALL)
    leg = floor.connected()
    held(floor, leg)
    out = floor.request(ev.RecordingRequested, contact_id=floor.contact().id, action="pause")
    assert (mutes(out), state(floor)) == ([], RecordingState.PAUSED)
    floor.request(ev.RetrieveRequested, contact_id=floor.contact().id)
    assert mutes(floor.bridged("c1", bridge="b2") + floor.bridged(leg, bridge="b2")) == []
    assert state(floor) is RecordingState.PAUSED


def test_silent_while_the_phone_itself_holds() -> None:
    floor = site(ALL)
    leg = floor.connected()
    assert mutes(floor.give(ev.LegHeld(pbx="main", unique_id=leg))) == [True]
    assert mutes(floor.give(ev.LegRetrieved(pbx="main", unique_id=leg))) == [False]


def test_goes_on_over_consultations_where_that_is_configured() -> None:
    floor = site({"consultations": True})
    leg = floor.connected()
    assert mutes(held(floor, leg)) == []
    assert state(floor) is RecordingState.RECORDING


def asked_bob(floor: Site, leg: str) -> cmd.DialConsulted:
    """Bob is asked, and the two talk while the caller is on hold."""
    floor.ask("bob", AgentState.NOT_READY, reason="break")
    out = floor.request(ev.ConsultationRequested, contact_id=floor.contact().id, agent="bob", dial=True)
    out = out + floor.give(ev.LegUnbridged(pbx="main", unique_id=leg, bridge_id="br"))
    (dialled,) = [each for each in out if isinstance(each, cmd.DialConsulted)]
    floor.give(ev.LegUnbridged(pbx="main", unique_id="c1", bridge_id="br"))
    floor.give(ev.CallArrived(pbx="main", unique_id="c1", ani="", dnis=""))
    floor.answered(dialled.unique_id)
    floor.bridged(leg, dialled.unique_id, bridge="b2")
    return dialled


def test_who_gets_the_caller_after_a_consultation_has_a_recording_of_their_own() -> None:
    floor = site(ALL)
    leg = floor.connected()
    dialled = asked_bob(floor, leg)
    assert dialled.record
    assert dialled.record != only_of(floor, "alice").id
    (consultation,) = floor.engine.state.consultations
    floor.request(ev.ConsultationCompleted, consultation_id=consultation)
    out = floor.give(
        ev.LegUnbridged(pbx="main", unique_id=dialled.unique_id, bridge_id="b2"),
        ev.LegBridged(pbx="main", unique_id="c1", bridge_id="b3"),
        ev.LegBridged(pbx="main", unique_id=dialled.unique_id, bridge_id="b3"),
    )
    assert [each.type for each in out if isinstance(each, cmd.Publish)].count("recording.started") == 1
    assert (floor.contact().agent_id, state(floor)) == ("bob", RecordingState.RECORDING)
    assert floor.contact().recording.id == dialled.record  # type: ignore[union-attr]
    floor.give(ev.LegEnded(pbx="main", unique_id=leg, cause=16))
    assert floor.only(cmd.StoreRecording).recording.agent_id == "alice"
    assert state(floor) is RecordingState.RECORDING


def only_of(floor: Site, agent_id: str) -> Recording:
    (recording,) = [each for each in floor.engine.state.recordings.values() if each.agent_id == agent_id]
    return recording


def test_who_was_only_asked_leaves_nothing() -> None:
    floor = site(ALL)
    leg = floor.connected()
    dialled = asked_bob(floor, leg)
    floor.give(ev.LegEnded(pbx="main", unique_id=dialled.unique_id, cause=16))
    assert [each.agent_id for each in floor.engine.state.recordings.values()] == ["alice"]
    assert floor.all(cmd.StoreRecording) == []


def test_a_page_that_is_loaded_anew_ends_what_was_recorded_so_far() -> None:
    floor = site(ALL)
    leg = floor.connected()
    floor.give(
        ev.LegReplaced(pbx="main", unique_id="new", replaced=leg, device="PJSIP/1001", bridge_id="br"),
    )
    assert floor.only(cmd.StoreRecording).recording.result == "phone_replaced"
    assert state(floor) is None


# ---- faults ----------------------------------------------------------------------------------------------------------


def test_no_room_ends_recordings_and_begins_none_while_calls_go_on() -> None:
    floor = site(ALL)
    leg = floor.connected()
    floor.give(ev.RecordingSpaceTold(fault="disk_full"))
    assert floor.only(cmd.StopRecording).unique_id == leg
    assert floor.only(cmd.StoreRecording).recording.result == "disk_full"
    assert floor.agent().state is AgentState.BUSY
    floor.request(ev.RecordingRequested, contact_id=floor.contact().id, action="record")
    assert refusal(floor)[1] == "nothing can be recorded now: disk_full"
    floor.ended(leg)
    assert floor.all(cmd.StoreRecording) == []

    floor = site(ALL)
    floor.give(ev.RecordingSpaceTold(fault="disk_full"))
    leg = floor.offered()
    assert floor.only(cmd.RingAgent).record == ""
    floor.answered(leg)
    floor.bridged(leg, "c1")
    (failed,) = [each for each in floor.all(cmd.Publish) if each.type == "recording.failed"]
    assert failed.data["reason"] == "disk_full"
    assert floor.agent().state is AgentState.BUSY
    floor.give(ev.RecordingSpaceTold(fault=""))
    assert floor.engine.state.recording_fault == ""


def test_a_pbx_that_records_nothing_is_told_of() -> None:
    floor = site(ALL)
    leg = floor.connected()
    floor.request(ev.RecordingRequested, contact_id=floor.contact().id, action="pause")
    floor.give(ev.RecordingRefused(pbx="main", unique_id=leg))
    assert [each.data["reason"] for each in floor.all(cmd.Publish)] == ["not_recorded"]
    assert state(floor) is None
    assert len(floor.all(cmd.DiscardRecording)) == 1


@pytest.mark.parametrize("failure", ["missing", "empty"])
def test_a_recording_that_is_lost_is_told_of(failure: str) -> None:
    floor = site(ALL)
    floor.ended(floor.connected())
    recording = only(floor)
    floor.give(ev.RecordingSettled(recording_id=recording.id, failure=failure))
    assert [(each.type, each.data["reason"]) for each in floor.all(cmd.Publish)] == [("recording.failed", failure)]
    assert floor.engine.state.recordings == {}


def test_what_nobody_knows_is_told_of_when_it_is_taken_in() -> None:
    floor = site(ALL)
    found = Recording(id="rc-old-1", contact_id="", leg_id="", pbx="main", agent_id="", queue="", asked=True)
    floor.give(ev.RecordingSettled(recording_id="rc-old-1", stored=stored(found, result="found")))
    (event,) = floor.all(cmd.Publish)
    assert (event.type, event.data["result"], event.data["recording"]["contact_id"]) == (
        "recording.finished",
        "found",
        None,
    )


def test_orders_that_may_not_have_reached_the_pbx_are_given_anew() -> None:
    floor = site(ALL)
    leg = floor.connected()
    floor.request(ev.RecordingRequested, contact_id=floor.contact().id, action="pause")
    floor.give(ev.PbxLost(pbx="main", reason="lost"))
    seen = [ev.LegSeen(unique_id=each, answered=True, bridge_id="br") for each in ("c1", leg)]
    assert mutes(floor.up(*seen)) == [True]


def test_a_new_process_goes_on_with_what_is_not_in_the_store_yet() -> None:
    floor = site(ALL)
    floor.ended(floor.connected())
    out = floor.give(ev.SiteStarted(site="demo", epoch="e2", release="0"))
    assert [each.recording.id for each in out if isinstance(each, cmd.StoreRecording)] == [only(floor).id]
    silent = site(ASKED_FOR)
    silent.ended(silent.connected())
    out = silent.give(ev.SiteStarted(site="demo", epoch="e2", release="0"))
    assert [each.recording_id for each in out if isinstance(each, cmd.DiscardRecording)] == [only(silent).id]


def test_the_snapshot_keeps_all_of_it() -> None:
    floor = site(ALL)
    leg = floor.connected()
    floor.engine = type(floor.engine).restore(floor.engine.snapshot())
    restored: Leg = next(each for each in floor.engine.state.legs.values() if each.unique_id == leg)
    assert restored.recording == only(floor).id
    floor.ended(leg)
    assert len(floor.all(cmd.StoreRecording)) == 1


def _actions(floor: Site) -> list[str]:
    events = [each for each in floor.all(cmd.Publish) if each.type in ("contact.connected", "contact.updated")]
    actions: list[str] = events[-1].data["contact"]["allowed_actions"]
    return actions


def test_nothing_is_kept_of_colleagues_in_a_conference_that_is_none_of_ours_any_more() -> None:
    spec = changed("queues/sales/recording", ALL)
    floor = Site(changed("agents/carol", {"name": "Carol", "device": "PJSIP/1003", "pbx": "main"}, spec))
    for agent_id in ("bob", "carol"):
        floor.ask(agent_id, AgentState.NOT_READY, reason="break")
    leg, theirs = called_in(floor, agent="bob")
    floor.request(ev.PartyRequested, contact_id=floor.contact().id, agent="carol")
    third = floor.only(cmd.DialConsulted).unique_id
    floor.answered(third)
    floor.bridged(third, bridge="conf")
    for agent_id in ("bob", "carol"):
        # Neither can have the contact.
        floor.ask(agent_id, AgentState.LOGGED_OUT)
    floor.give(ev.LegEnded(pbx="main", unique_id=leg, cause=16))
    assert {each.unique_id for each in floor.all(cmd.StopRecording)} == {theirs, third}
    assert all(each.ended_at is not None for each in floor.engine.state.recordings.values())
