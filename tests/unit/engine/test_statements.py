"""What callers say when a flow asks them to: begun with the beep, stored, its id an attribute."""

from __future__ import annotations

from ctid.model import commands as cmd
from ctid.model import events as ev
from ctid.model.recording import Recording, RecordingKind, StoredRecording
from ctid.model.states import Outcome
from tests.unit.engine.flow_site import flow_site, press, said
from tests.unit.site import Site


def asked() -> tuple[Site, cmd.RecordMessage]:
    """The caller hears what they are to say."""
    site = flow_site()
    # Who withholds their number is not waited for to be known.
    site.call(dnis="104", ani="")
    press(site)
    press(site, "5")
    return site, site.only(cmd.RecordMessage)


def beep(site: Site, command: cmd.RecordMessage) -> None:
    site.give(ev.MessageBegun(pbx="main", unique_id="c1", token=command.token))
    site.tick(4_000)


def only(site: Site) -> Recording:
    return site.only(cmd.StoreRecording).recording


def settle(site: Site, recording: Recording) -> list[cmd.Command]:
    stored = StoredRecording(
        id=recording.id, site="demo", contact_id=recording.contact_id, agent_id="", queue="", ani="", began_at=0,
        ended_at=1, duration_ms=4_000, size=1, sha256="aa", file="f", encrypted=True, on_demand=False, result="",
        expires_at=9, kind=recording.kind,
    )  # fmt: skip
    return site.give(ev.RecordingSettled(recording_id=recording.id, stored=stored))


def test_from_the_beep_into_the_store_and_its_id_into_the_attribute() -> None:
    site, command = asked()
    assert (command.prompts and command.max_seconds, command.silence_seconds) == (30, 4)
    beep(site, command)
    press(site)
    recording = only(site)
    assert (recording.id, recording.kind, recording.agent_id, recording.asked) == (
        command.record, RecordingKind.STATEMENT, "", True,
    )  # fmt: skip
    assert recording.began_at is not None
    contact = site.contact()
    assert contact.attributes["statement"] == recording.id
    assert [(each.kind, each.result) for each in contact.path if each.kind == "record"] == [("record", "ok")]
    site.ended("c1")
    assert site.record().attributes["statement"] == recording.id
    settle(site, recording)
    (finished,) = site.all(cmd.Publish)
    assert (finished.type, finished.data["recording"]["kind"]) == ("recording.finished", "statement")
    assert not site.engine.state.recordings


def test_who_hangs_up_after_the_beep_has_said_something() -> None:
    site, command = asked()
    beep(site, command)
    site.ended("c1")
    assert only(site).id == command.record
    record = site.record()
    assert record.outcome is Outcome.ABANDONED
    # It is found as that of who waits for the end.
    assert record.attributes["statement"] == command.record
    assert [(each.kind, each.result) for each in record.path][-2:] == [("record", "ok"), ("left", "hung_up")]


def test_who_hangs_up_before_it_has_not() -> None:
    site, _ = asked()
    site.ended("c1")
    assert not site.all(cmd.StoreRecording)
    assert not site.engine.state.recordings
    assert "statement" not in site.record().attributes


def test_without_room_they_hear_what_comes_before_and_go_on() -> None:
    site = flow_site()
    site.give(ev.RecordingSpaceTold(fault="disk_full"))
    # Who withholds their number is not waited for to be known.
    site.call(dnis="104", ani="")
    press(site)
    press(site, "5")
    assert said(site) == ["speak"]
    press(site)
    assert said(site) == ["wait"], "the way for what failed"
    assert "statement" not in site.contact().attributes


def test_said_nothing_is_no_failure() -> None:
    site, command = asked()
    beep(site, command)
    press(site)
    site.give(ev.RecordingSettled(recording_id=command.record, failure="empty"))
    assert not site.all(cmd.Publish)


def test_one_asked_after_a_queue_is_for_the_ears_of_those_who_supervise_it() -> None:
    site = flow_site()
    site.connected()
    site.request(ev.DetourRequested, contact_id=site.contact().id, flow="identify")
    for leg in list(site.engine.state.legs.values()):
        site.give(ev.LegUnbridged(pbx="main", unique_id=leg.unique_id, bridge_id="br"))
    site.give(ev.CallArrived(pbx="main", unique_id="c1", ani="", dnis=""))
    press(site)
    press(site, "5")
    beep(site, site.only(cmd.RecordMessage))
    press(site)
    assert only(site).queue == "sales"
