"""Messages that callers leave: from menus, queues and agents, to agents and queues, however they end."""

from __future__ import annotations

from typing import Any

import pytest

from ctid.model import commands as cmd
from ctid.model import events as ev
from ctid.model.recording import Recording, RecordingKind, StoredRecording
from ctid.model.states import AgentState, Outcome
from tests.unit.site import SPEC, Site, changed

pytestmark = pytest.mark.unit


def spec(**voicemail: Any) -> dict[str, Any]:
    """Numbers 110 and 111 lead to messages for alice and for sales; nobody waits in `support` for long."""
    with_section = changed("voicemail", {"prompts": ["say-it"], "no_room_prompts": ["no-room"], **voicemail})
    entries = {
        "to_alice": {"dnis": "110", "open": {"play": ["sorry"], "voicemail": {"agent": "alice"}}},
        "to_sales": {"dnis": "111", "open": {"voicemail": {"queue": "sales"}}},
    }
    with_entries = changed("entries", {**SPEC["entries"], **entries}, with_section)
    overflow = [{"wait_seconds": 60, "to": {"voicemail": {"queue": "support"}}}]
    return changed("queues/support/overflow", overflow, with_entries)


@pytest.fixture
def site() -> Site:
    return Site(spec())


def only(site: Site) -> Recording:
    (recording,) = site.engine.state.recordings.values()
    return recording


def begun(site: Site, unique_id: str = "c1") -> str:
    """The beep comes; gives the token."""
    token = site.only(cmd.RecordMessage).token
    site.give(ev.MessageBegun(pbx="main", unique_id=unique_id, token=token))
    return token


def over(site: Site, token: str, how: ev.CollectEnd = ev.CollectEnd.PLAYED) -> list[cmd.Command]:
    return site.give(ev.DigitsCollected(pbx="main", unique_id="c1", token=token, digits="", ended_by=how))


def stored(recording: Recording) -> StoredRecording:
    return StoredRecording(
        id=recording.id, site="demo", contact_id=recording.contact_id, agent_id=recording.agent_id,
        queue=recording.queue, ani=recording.ani, began_at=0, ended_at=9_000, duration_ms=9_000, size=144_044,
        sha256="ab", file="x.rec", encrypted=True, on_demand=False, result="", expires_at=1, kind=recording.kind,
    )  # fmt: skip


def test_a_message_for_an_agent_after_the_way_there_was_announced(site: Site) -> None:
    site.call(dnis="110")
    assert site.only(cmd.PlayAndCollect).prompts == ["sorry"]
    site.played()
    command = site.only(cmd.RecordMessage)
    assert (command.prompts, command.max_seconds, command.silence_seconds) == (["say-it"], 180, 5)
    token = begun(site)
    site.tick(9_000)
    out = over(site, token)
    recording = site.only(cmd.StoreRecording).recording
    assert (recording.id, recording.kind, recording.agent_id, recording.queue) == (
        command.record, RecordingKind.VOICEMAIL, "alice", "",
    )  # fmt: skip
    assert [each.next for each in out if isinstance(each, cmd.ReleaseLeg)] == ["hangup"]
    site.ended("c1")
    assert site.record().outcome is Outcome.VOICEMAIL
    assert site.record().path[-1].kind == "message"
    site.give(ev.RecordingSettled(recording_id=recording.id, stored=stored(recording)))
    left = site.only(cmd.Publish)
    assert (left.type, left.agent_ids) == ("voicemail.left", ["alice"])
    assert (left.data["voicemail"]["ani"], left.data["voicemail"]["duration_ms"]) == ("+4930123456", 9_000)
    assert site.engine.state.recordings == {}


def test_a_message_for_a_queue_is_told_to_all_who_serve_it(site: Site) -> None:
    site.call(dnis="111")
    over(site, begun(site))
    recording = only(site)
    assert (recording.agent_id, recording.queue) == ("", "sales")
    site.give(ev.RecordingSettled(recording_id=recording.id, stored=stored(recording)))
    assert (site.only(cmd.Publish).agent_ids, site.only(cmd.Publish).queue) == (["alice", "bob"], "sales")


def test_who_hangs_up_after_the_beep_leaves_what_they_said(site: Site) -> None:
    site.call(dnis="111")
    begun(site)
    site.tick(3_000)
    site.ended("c1")
    assert site.only(cmd.StoreRecording).recording.kind is RecordingKind.VOICEMAIL
    assert site.record().outcome is Outcome.VOICEMAIL


def test_who_hangs_up_before_the_beep_leaves_nothing(site: Site) -> None:
    site.call(dnis="111")
    site.ended("c1")
    assert site.record().outcome is Outcome.ABANDONED
    assert site.engine.state.recordings == {}
    assert site.all(cmd.StoreRecording) == []


def test_a_message_in_which_nothing_is_said_is_none_and_no_failure(site: Site) -> None:
    site.call(dnis="111")
    begun(site)
    site.ended("c1")
    recording = only(site)
    site.give(ev.RecordingSettled(recording_id=recording.id, failure="empty"))
    assert (site.published(), site.engine.state.recordings) == ([], {})


def test_no_room_is_told_to_the_caller(site: Site) -> None:
    site.give(ev.RecordingSpaceTold(fault="disk_full"))
    site.call(dnis="111")
    told = site.only(cmd.PlayAndCollect)
    assert told.prompts == ["no-room"]
    assert site.all(cmd.RecordMessage) == []
    over(site, told.token)
    assert site.only(cmd.ReleaseLeg).next == "hangup"
    site.ended("c1")
    assert site.record().outcome is Outcome.OVERFLOW
    assert site.engine.state.recordings == {}


def test_so_is_that_the_pbx_can_not_write(site: Site) -> None:
    site.call(dnis="111")
    over(site, begun(site), ev.CollectEnd.FAILED)
    told = site.only(cmd.PlayAndCollect)
    assert told.prompts == ["no-room"]
    over(site, told.token)
    site.ended("c1")
    assert site.record().outcome is Outcome.OVERFLOW
    assert site.engine.state.recordings == {}


def test_a_daemon_that_died_before_the_beep_plays_it_again(site: Site) -> None:
    site.call(dnis="111")
    first = site.only(cmd.RecordMessage)
    site.give(ev.SiteStarted(site="demo", epoch="e2", release="0"))
    site.give(ev.CallArrived(pbx="main", unique_id="c1", ani="", dnis="111"))
    again = site.only(cmd.RecordMessage)
    assert (again.record, again.token != first.token) == (first.record, True)
    assert over(site, first.token) == []


def test_one_that_died_after_it_has_the_message(site: Site) -> None:
    site.call(dnis="111")
    begun(site)
    site.give(ev.SiteStarted(site="demo", epoch="e2", release="0"))
    out = site.give(ev.CallArrived(pbx="main", unique_id="c1", ani="", dnis="111"))
    assert [each.next for each in out if isinstance(each, cmd.ReleaseLeg)] == ["hangup"]
    assert len(site.all(cmd.StoreRecording)) == 1


def test_out_of_a_queue(site: Site) -> None:
    site.call(dnis="103")
    site.wait(60)
    assert site.only(cmd.RecordMessage).prompts == ["say-it"]
    over(site, begun(site))
    site.ended("c1")
    record = site.record()
    assert (record.outcome, record.visits[0].result) == (Outcome.VOICEMAIL, "overflowed")


@pytest.mark.parametrize("to", [{"voicemail_agent": "bob"}, {"voicemail_queue": "sales"}])
def test_an_agent_sends_the_caller_to_leave_a_message(site: Site, to: dict[str, str]) -> None:
    leg = site.connected()
    out = site.request(ev.TransferRequested, contact_id=site.contact().id, **to)
    assert len(site.all(cmd.FetchLeg)) == 1
    (moved,) = [each for each in out if isinstance(each, cmd.Publish) and each.type == "contact.transferred"]
    assert moved.data["to"]["voicemail"] == {"agent": to.get("voicemail_agent"), "queue": to.get("voicemail_queue")}
    assert site.agent().state is AgentState.WRAP_UP
    site.unbridged("c1")
    site.give(ev.CallArrived(pbx="main", unique_id="c1", ani="", dnis=""))
    token = begun(site)
    site.ended(leg)
    over(site, token)
    recording = only(site)
    assert (recording.agent_id, recording.queue) == (to.get("voicemail_agent", ""), to.get("voicemail_queue", ""))


@pytest.mark.parametrize(
    ("to", "detail"),
    [
        ({"voicemail_agent": "nobody"}, "there is no agent 'nobody'"),
        ({"voicemail_queue": "nowhere"}, "there is no queue 'nowhere'; there is: sales, support"),
        (
            {"voicemail_queue": "sales", "agent": "bob"},
            "a transfer goes to one of queue, agent, number, voicemail, flow",
        ),
    ],
)
def test_a_transfer_to_no_voicemail_is_refused(site: Site, to: dict[str, str], detail: str) -> None:
    site.connected()
    site.request(ev.TransferRequested, contact_id=site.contact().id, **to)
    assert site.only(cmd.Refuse).detail == detail


def test_a_transfer_is_refused_while_nothing_can_be_recorded_or_ever() -> None:
    floor = Site(spec())
    floor.connected()
    floor.give(ev.RecordingSpaceTold(fault="disk_full"))
    floor.request(ev.TransferRequested, contact_id=floor.contact().id, voicemail_agent="bob")
    assert floor.only(cmd.Refuse).detail == "nothing can be recorded now: disk_full"
    without = Site()
    without.connected()
    without.request(ev.TransferRequested, contact_id=without.contact().id, voicemail_agent="bob")
    assert without.only(cmd.Refuse).detail == "this site has no voicemail"


def test_a_target_that_a_reload_took_away_is_the_fallback(site: Site) -> None:
    site.call(dnis="110")
    gone = changed("agents/alice", None, spec())
    site_spec = changed("entries/to_alice/open", {"play": ["sorry"], "voicemail": {"agent": "alice"}}, gone)
    token = site.only(cmd.PlayAndCollect).token
    site.give(ev.ConfigLoaded(spec=site_spec))
    over(site, token)
    assert site.only(cmd.ReleaseLeg).next == "fallback"
