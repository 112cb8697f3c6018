"""Calls that the dialplan connects by itself: who is in them, when they are over, what nobody confuses them with."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ctid.model import commands as cmd
from ctid.model import events as ev
from ctid.model.contact import Contact
from ctid.model.states import AgentState, ContactState, Direction, Outcome
from tests.unit.engine.test_own_calls import OwnCalls, nothing_left, record, the_contact
from tests.unit.site import SPEC

TRUNK = "PJSIP/trunk"


def spec(**policy: Any) -> dict[str, Any]:
    data = copy.deepcopy(SPEC)
    data["own_calls"] = {"blocked": ["1"], "emergency_numbers": ["115"], "caller_ids": ["+4930998"]}
    data["policy"] = {**data["policy"], **policy}
    return data


@pytest.fixture
def site() -> OwnCalls:
    return OwnCalls(spec())


def rings(
    site: OwnCalls,
    caller: str = "PJSIP/1001",
    called: str = TRUNK,
    extension: str = "030123456",
    ids: tuple[str, str] = ("a", "b"),
    number: str = "1001",
) -> Contact:
    """The dialplan rings somebody for a channel."""
    site.give(
        ev.LegDialled(
            pbx="main",
            unique_id=ids[0],
            device=caller,
            number=number,
            extension=extension,
            called_unique_id=ids[1],
            called_device=called,
        )
    )
    return the_contact(site)


def talks(site: OwnCalls, *ids: str) -> None:
    """Those in turn answer, and the first and the last come together."""
    for each in reversed(ids):
        site.answered(each)
    site.bridged(*ids, bridge="native")


@pytest.mark.parametrize(
    ("caller", "called", "number", "direction", "agent", "other"),
    [
        ("PJSIP/1001", TRUNK, "1001", Direction.OUTBOUND, "alice", ""),
        ("PJSIP/1001", "PJSIP/1002", "1001", Direction.INTERNAL, "alice", "bob"),
        (TRUNK, "PJSIP/1002", "030777777", Direction.INBOUND, "bob", ""),
    ],
)
def test_who_calls_whom(
    site: OwnCalls, caller: str, called: str, number: str, direction: Direction, agent: str, other: str
) -> None:
    contact = rings(site, caller, called, number=number)
    assert (contact.direction, contact.agent_id, contact.called) == (direction, agent, other)
    assert contact.ani == ("+4930777777" if direction is Direction.INBOUND else "1001")
    assert site.agent(agent).own_calls == [contact.id]
    assert (contact.id in site.agent("bob").own_calls) is (called == "PJSIP/1002")
    assert bool(site.all(cmd.LookUpCustomer)) is (direction is not Direction.INTERNAL)
    talks(site, "a", "b")
    assert contact.state is ContactState.CONNECTED
    assert site.agent(agent).state is AgentState.LOGGED_OUT, "it is no state of theirs"
    site.wait(5)
    site.ended("b")
    kept = record(site)
    assert (kept.outcome, kept.direction, kept.talk_ms) == (Outcome.HANDLED, direction, 5_000)
    assert {each.agent_id for each in kept.segments} == {each for each in (agent, other) if each}
    site.ended("a")
    nothing_left(site)


def test_two_strangers_are_nobodys_business(site: OwnCalls) -> None:
    site.give(
        ev.LegDialled(
            pbx="main",
            unique_id="a",
            device=TRUNK,
            number="1",
            extension="2",
            called_unique_id="b",
            called_device=TRUNK,
        )
    )
    assert site.engine.state.contacts == {}


def test_told_twice_it_is_one_call(site: OwnCalls) -> None:
    rings(site)
    rings(site)
    assert len(site.engine.state.contacts) == 1


@pytest.mark.parametrize(
    ("status", "cause", "outcome", "told"),
    [
        ("BUSY", 17, Outcome.NOT_REACHED, "busy"),
        ("CONGESTION", 21, Outcome.NOT_REACHED, "rejected"),
        ("NOANSWER", 21, Outcome.NOT_REACHED, "rejected"),
        ("NOANSWER", 0, Outcome.NOT_REACHED, "no_answer"),
        ("CONGESTION", 1, Outcome.NOT_REACHED, "unreachable"),
        ("CANCEL", 16, Outcome.ABANDONED, "agent_left"),
        ("CANCEL", 17, Outcome.ABANDONED, "agent_left"),
    ],
)
def test_nobody_is_reached(site: OwnCalls, status: str, cause: int, outcome: Outcome, told: str) -> None:
    rings(site)
    site.give(ev.DialEnded(pbx="main", called_unique_id="b", status=status))
    site.ended("b", cause)
    assert (record(site).outcome, record(site).cause) == (outcome, told)
    assert (record(site).agent_id, record(site).path[-1].result) == ("alice", told)
    site.ended("a", cause)
    nothing_left(site)


def test_a_caller_who_leaves_before_the_agent_has_answered(site: OwnCalls) -> None:
    rings(site, TRUNK, "PJSIP/1002", number="")
    site.give(ev.DialEnded(pbx="main", called_unique_id="b", status="CANCEL"))
    site.ended("b", 16)
    assert (record(site).outcome, record(site).cause) == (Outcome.ABANDONED, "caller_left")


def test_several_phones_ring_and_one_answers(site: OwnCalls) -> None:
    contact = rings(site, TRUNK, "PJSIP/1001", number="")
    rings(site, TRUNK, "PJSIP/1002", number="", ids=("a", "c"))
    assert len(site.engine.state.contacts) == 1
    talks(site, "a", "c")
    site.ended("b", 26)
    assert (contact.state, contact.agent_id) == (ContactState.CONNECTED, "bob")
    assert site.agent("alice").own_calls == []
    site.ended("a")
    assert [each.agent_id for each in record(site).segments] == ["bob"]
    nothing_left(site)


# ---- the ACD ---------------------------------------------------------------------------------------------------------


def test_nothing_is_offered_meanwhile_by_the_sites_policy() -> None:
    for policy, offered in (("block", False), ("ignore", True)):
        site = OwnCalls(spec(non_acd_calls=policy))
        site.ready("bob")
        rings(site, "PJSIP/1002")
        site.call(dnis="103")
        assert bool(site.all(cmd.RingAgent)) is offered
        site.ended("a")
        assert bool(site.all(cmd.RingAgent)) is not offered


def test_no_number_of_the_acd_counts_it(site: OwnCalls) -> None:
    site.ready("alice")
    idle = site.agent().idle_since_ms
    rings(site)
    talks(site, "a", "b")
    site.wait(60)
    site.ended("a")
    day = site.engine.state.today.agents["alice"]
    assert (site.engine.state.today.queues, site.engine.state.paces, day.contacts) == ({}, {}, 0)
    assert (site.agent().handled, site.agent().idle_since_ms, day.own_calls) == (0, idle, 1)


def test_an_enquiry_by_the_phone_ends_with_the_transfer_and_the_contact_goes_on(site: OwnCalls) -> None:
    site.ask("bob", AgentState.NOT_READY, reason="break")
    leg = site.connected()
    asked = rings(site, called="PJSIP/1002", extension="1002", ids=("a2", "b1"))
    talks(site, "a2", "b1")
    assert site.agent().own_calls == [asked.id]
    site.give(
        ev.CallTransferred(
            pbx="main",
            transferers=[leg, "a2"],
            parties=[
                ev.TransferParty(unique_id="c1", device=TRUNK),
                ev.TransferParty(unique_id="b1", device="PJSIP/1002"),
            ],
            bridge_id="new",
        )
    )
    assert (asked.state, asked.outcome) == (ContactState.CLOSED, Outcome.TRANSFERRED)
    contact = site.contact()
    assert (contact.state, contact.agent_id) == (ContactState.CONNECTED, "bob")
    assert (site.agent("bob").state, site.agent("bob").reason, site.agent("bob").own_calls) == (AgentState.BUSY, "", [])
    site.ended(leg)
    site.ended("a2")
    assert site.agent().state is AgentState.WRAP_UP
    site.ended("c1")
    site.ended("b1")
    assert site.agent("bob").state is AgentState.WRAP_UP


def test_a_phone_that_sends_its_own_call_on_has_done_with_it(site: OwnCalls) -> None:
    rings(site)
    talks(site, "a", "b")
    site.give(ev.CallSentOn(pbx="main", unique_id="b", extension="1002"))
    assert record(site).outcome is Outcome.TRANSFERRED
    site.give(ev.CallSentOn(pbx="main", unique_id="b", extension="1002", arrived=True))
    assert site.only(cmd.ReleaseLeg).next == "phones"
    rings(site, TRUNK, "PJSIP/1002", ids=("b", "d"))
    assert the_contact(site).agent_id == "bob"


def test_a_caller_whom_the_dialplan_has_come_to_us_afterwards_is_a_contact_of_the_acd(site: OwnCalls) -> None:
    rings(site, TRUNK, "PJSIP/1002", number="", ids=("c1", "b"))
    contact = site.call("c1")
    assert record(site).outcome is Outcome.NOT_REACHED
    assert (contact.direction, contact.queue) == (Direction.INBOUND, "sales")
    site.ended("b")
    assert contact.state is ContactState.QUEUED


def test_a_pbx_that_comes_back_without_them(site: OwnCalls) -> None:
    rings(site)
    talks(site, "a", "b")
    site.give(ev.PbxLost(pbx="main", reason="x"))
    site.up(*(ev.LegSeen(unique_id=each, answered=True, bridge_id="native") for each in ("a", "b")))
    assert the_contact(site).state is ContactState.CONNECTED
    site.up()
    assert record(site).outcome is Outcome.HANDLED
    nothing_left(site)


# ---- what is done to them --------------------------------------------------------------------------------------------


def test_they_can_be_ended_muted_and_sent_digits_and_nothing_else(site: OwnCalls) -> None:
    contact = rings(site)
    talks(site, "a", "b")
    site.request(ev.DigitsRequested, contact_id=contact.id, digits="1")
    assert site.only(cmd.SendDigits).unique_id == "b"
    site.request(ev.MuteRequested, contact_id=contact.id, on=True)
    assert site.only(cmd.MuteLeg) == cmd.MuteLeg(pbx="main", unique_id="a", on=True)
    for kind in (ev.HoldRequested, ev.RetrieveRequested):
        site.request(kind, contact_id=contact.id)
        assert site.all(cmd.Refuse)
    site.request(ev.TransferRequested, contact_id=contact.id, queue="sales")
    assert site.only(cmd.Refuse).allowed_actions == [
        "set_attributes",
        "wrap_up",
        "mute",
        "send_digits",
        "hang_up",
    ]
    site.request(ev.HangUpRequested, contact_id=contact.id)
    assert site.only(cmd.HangUpLeg).unique_id == "a"


def test_who_is_called_ends_their_own_part(site: OwnCalls) -> None:
    contact = rings(site, called="PJSIP/1002")
    site.request(ev.HangUpRequested, contact_id=contact.id, by_agent="bob")
    assert site.only(cmd.HangUpLeg).unique_id == "b"


# ---- emergencies -----------------------------------------------------------------------------------------------------


def emergency(site: OwnCalls, number: str = "112", **more: Any) -> Contact:
    site.request(ev.CallRequested, agent_id="alice", number=number, **more)
    assert site.only(cmd.PlaceCall).number == number
    contact = the_contact(site)
    assert contact.emergency
    return contact


@pytest.mark.parametrize("number", ["110", "112", "115"])
def test_numbers_of_the_country_and_those_that_the_site_adds(site: OwnCalls, number: str) -> None:
    emergency(site, number)


@pytest.mark.parametrize("state", [AgentState.LOGGED_OUT, AgentState.NOT_READY, AgentState.READY])
def test_an_emergency_call_is_not_refused_for_the_agents_state(site: OwnCalls, state: AgentState) -> None:
    site.ask("alice", state)
    emergency(site)


def test_an_emergency_call_is_not_refused_by_a_blocked_prefix(site: OwnCalls) -> None:
    site.ready("alice")
    site.request(ev.CallRequested, agent_id="alice", number="1100")
    assert "not to be dialled" in site.only(cmd.Refuse).detail
    emergency(site, "110")


def test_an_emergency_call_is_not_refused_to_who_talks_wraps_up_or_is_in_another_own_call(site: OwnCalls) -> None:
    leg = site.connected()
    emergency(site)
    site.ended(leg)
    site.back()
    assert site.agent().state is AgentState.WRAP_UP
    emergency(site)


def test_an_emergency_call_is_not_refused_to_who_is_being_rung_and_frees_their_phone(site: OwnCalls) -> None:
    leg = site.offered()
    emergency(site)
    assert leg in {each.unique_id for each in site.all(cmd.HangUpLeg)}


def test_an_emergency_call_is_not_refused_by_policy_or_for_a_daemon_about_to_stop(site: OwnCalls) -> None:
    site.give(ev.DeviceChanged(pbx="main", device="PJSIP/1001", reachable=True, in_use=True))
    site.give(ev.DrainStarted())
    emergency(site)


def test_an_emergency_call_is_tried_though_the_pbx_seems_lost_and_told_if_it_was(site: OwnCalls) -> None:
    site.give(ev.PbxLost(pbx="main", reason="x"))
    emergency(site)
    site.failed(site.only(cmd.PlaceCall).unique_id, 0)
    assert (record(site).outcome, record(site).cause) == (Outcome.FAILED, "unreachable")


def test_an_emergency_call_shows_no_chosen_number(site: OwnCalls) -> None:
    contact = emergency(site, caller_id="+4930998")
    assert contact.ani == ""
    assert not site.all(cmd.DialCustomer), "the dialplan alone says what is shown"


def test_an_emergency_call_is_ended_by_its_agent_alone(site: OwnCalls) -> None:
    contact = emergency(site)
    for by in ("", "bob"):
        site.request(ev.HangUpRequested, contact_id=contact.id, by_agent=by)
        assert "ended by who has made it" in site.only(cmd.Refuse).detail
    assert not site.all(cmd.HangUpLeg)
    site.request(ev.HangUpRequested, contact_id=contact.id, by_agent="alice")
    assert site.only(cmd.HangUpLeg).unique_id == contact.watched[0]


def test_nothing_but_the_agent_ever_ends_an_emergency_call() -> None:
    site = OwnCalls(spec(non_acd_calls="ignore"))
    site.ready("alice")
    emergency(site)
    ow = site.only(cmd.PlaceCall).unique_id
    rings(site, extension="112", ids=(ow, "b"))
    talks(site, ow, "b")
    hung_up: list[cmd.Command] = []
    for event in (
        ev.DesktopConnected(agent_id="alice", session_id="s"),
        ev.DesktopLost(agent_id="alice", session_id="s"),
        ev.ConfigLoaded(spec={**spec(), "agents": {"bob": spec()["agents"]["bob"]}}),
        ev.PbxLost(pbx="main", reason="x"),
    ):
        site.give(event)
        hung_up += site.all(cmd.HangUpLeg)
    site.wait(10)
    hung_up += site.all(cmd.HangUpLeg)
    site.up(*(ev.LegSeen(unique_id=each, answered=True, bridge_id="native") for each in (ow, "b")))
    hung_up += site.all(cmd.HangUpLeg)
    site.give(ev.SiteStarted(site="demo", epoch="e2", release="0"))
    site.wait(7_200)
    hung_up += site.all(cmd.HangUpLeg)
    assert hung_up == []


def test_during_an_emergency_call_nothing_is_offered_whatever_the_policy() -> None:
    site = OwnCalls(spec(non_acd_calls="ignore"))
    site.ready("bob")
    rings(site, "PJSIP/1002", extension="112")
    assert the_contact(site).emergency
    site.call(dnis="103")
    assert not site.all(cmd.RingAgent)


def test_an_emergency_call_at_the_phone_is_one_too(site: OwnCalls) -> None:
    contact = rings(site, extension="110")
    assert contact.emergency
    site.request(ev.HangUpRequested, contact_id=contact.id, by_agent="bob")
    assert site.all(cmd.Refuse)


def test_an_extension_that_begins_like_an_emergency_number_is_none(site: OwnCalls) -> None:
    assert not rings(site, extension="1121").emergency
