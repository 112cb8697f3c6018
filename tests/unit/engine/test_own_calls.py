"""Calls that ctid places for agents: what is ordered, what each party's end means, what is counted, what is refused."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ctid.model import commands as cmd
from ctid.model import events as ev
from ctid.model.contact import Contact
from ctid.model.record import ContactRecord
from ctid.model.states import AgentState, ContactState, Direction, LegState, Outcome
from tests.unit.site import SPEC, Site

NUMBER = "030123456"


def with_own_calls(**own_calls: Any) -> dict[str, Any]:
    """The small site with rules for own calls."""
    return {**copy.deepcopy(SPEC), "own_calls": own_calls}


class OwnCalls(Site):
    """A site that keeps the records."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self.records: list[ContactRecord] = []
        super().__init__(spec)

    def give(self, *events: ev.Event) -> list[cmd.Command]:
        for event in events:
            super().give(event)
            self.records += [each.record for each in self.all(cmd.SaveRecord)]
        return self.out


@pytest.fixture
def site() -> OwnCalls:
    site = OwnCalls(with_own_calls(caller_id="+4930999", caller_ids=["+4930998"], blocked=["0900", "11"]))
    for agent in ("alice", "bob"):
        site.ask(agent, AgentState.NOT_READY, reason="break")
    return site


def place(site: OwnCalls, number: str = NUMBER, agent: str = "alice", **more: Any) -> list[cmd.Command]:
    return site.request(ev.CallRequested, agent_id=agent, number=number, **more)


def placed(site: OwnCalls, number: str = NUMBER, **more: Any) -> tuple[Contact, str]:
    """The agent's phone is rung; gives the contact and the agent's leg."""
    place(site, number, **more)
    ring = site.only(cmd.RingAgent)
    return the_contact(site), ring.unique_id


def ringing(site: OwnCalls, number: str = NUMBER, **more: Any) -> tuple[Contact, str, str]:
    """The agent hears it ring; gives the contact, the agent's leg and that of who is called."""
    contact, agent = placed(site, number, **more)
    site.answered(agent)
    called = site.only(cmd.DialCustomer).unique_id
    site.give(ev.LegAlerting(pbx="main", unique_id=called))
    return contact, agent, called


def talking(site: OwnCalls, number: str = NUMBER, **more: Any) -> tuple[Contact, str, str]:
    contact, agent, called = ringing(site, number, **more)
    site.answered(called)
    site.bridged(called, agent, bridge="own")
    assert contact.state is ContactState.CONNECTED
    return contact, agent, called


def the_contact(site: OwnCalls) -> Contact:
    return list(site.engine.state.contacts.values())[-1]


def record(site: OwnCalls) -> ContactRecord:
    return site.records[-1]


def nothing_left(site: OwnCalls) -> None:
    state = site.engine.state
    for contact in list(state.contacts.values()):
        site.give(ev.RecordSaved(contact_id=contact.id))
    assert not any((state.contacts, state.legs, state.aliases, state.offers, state.consulted))
    assert [each for each in state.timers if not each.startswith("desktop")] == []
    assert all(not each.own_calls and not each.offer_id for each in state.agents.values())


# ---- the way of a call ----------------------------------------------------------------------------------------------


def test_the_agents_phone_is_rung_first_and_told_to_answer(site: OwnCalls) -> None:
    contact, agent = placed(site, attributes={"case": "7"})
    accepted = site.only(cmd.Accept).result
    assert (accepted["number"], accepted["contact"]["id"]) == (NUMBER, contact.id)
    assert accepted["contact"]["allowed_actions"] == ["set_attributes", "hang_up"]
    assert (contact.direction, contact.state, contact.agent_id) == (Direction.OUTBOUND, ContactState.CREATED, "alice")
    ring = site.only(cmd.RingAgent)
    assert (ring.device, ring.peer_unique_id, ring.caller_number) == ("PJSIP/1001", "", NUMBER)
    assert ring.headers["X-Ctid-Contact"] == contact.id
    assert "answer-after=0" in ring.headers["Call-Info"]
    kinds = [type(each) for each in site.out]
    assert kinds.index(cmd.Publish) < kinds.index(cmd.RingAgent)
    assert site.only(cmd.LookUpCustomer) == cmd.LookUpCustomer(contact_id=contact.id, ani="+4930123456")
    assert (site.agent().state, site.agent().reason) == (AgentState.BUSY, "non-acd-call")
    assert site.agent().own_calls == [contact.id]
    site.answered(agent)
    dialled = site.only(cmd.DialCustomer)
    assert (dialled.device, dialled.number, dialled.peer_unique_id) == ("", NUMBER, agent)
    assert (dialled.caller_number, dialled.timeout_ms) == ("+4930999", 62_000)


def test_a_talk_from_its_beginning_to_the_record(site: OwnCalls) -> None:
    contact, agent, called = talking(site)
    assert site.published() == ["contact.connected"]
    assert [each.agent_id for each in contact.segments] == ["alice"]
    site.wait(30)
    site.ended(agent)
    site.back(called)
    site.ended(called)
    kept = record(site)
    assert (kept.direction, kept.outcome, kept.cause) == (Direction.OUTBOUND, Outcome.HANDLED, "")
    assert (kept.agent_id, kept.dnis, kept.ani, kept.talk_ms) == ("alice", NUMBER, "+4930999", 30_000)
    assert [(step.kind, step.name) for step in kept.path] == [("call", NUMBER)]
    assert (site.agent().state, site.agent().reason) == (AgentState.NOT_READY, "break")
    nothing_left(site)


def test_who_is_called_hangs_up(site: OwnCalls) -> None:
    site.ask("alice", AgentState.READY)
    _, agent, called = talking(site)
    site.ended(called)
    assert record(site).outcome is Outcome.HANDLED
    site.ended(agent)
    assert site.agent().state is AgentState.READY
    nothing_left(site)


def test_a_number_that_may_be_shown_is_shown_and_no_other(site: OwnCalls) -> None:
    contact, _, _ = ringing(site, caller_id="+4930998")
    assert contact.ani == "+4930998"
    site = OwnCalls(with_own_calls(caller_ids=["+4930998"]))
    site.ask("alice", AgentState.NOT_READY)
    place(site, caller_id="+4930997")
    assert "none of the numbers" in site.only(cmd.Refuse).detail
    ringing(site)
    assert the_contact(site).ani == ""


def test_on_behalf_of_a_queue_it_is_wrapped_up_by_its_rules_and_without_one_not(site: OwnCalls) -> None:
    contact, agent, called = talking(site, queue="sales")
    site.ended(called)
    site.ended(agent)
    assert site.agent().state is AgentState.WRAP_UP
    site.request(ev.WrapUpSet, agent_id="alice", contact_id=contact.id, disposition="solved")
    assert site.all(cmd.Refuse), "a disposition of another queue"
    site.request(ev.WrapUpSet, agent_id="alice", contact_id=contact.id, disposition="order", complete=True)
    assert (record(site).disposition, record(site).queue) == ("order", "sales")
    assert (site.agent().state, site.agent().reason) == (AgentState.NOT_READY, "break")
    nothing_left(site)


def test_no_number_of_a_queue_or_an_agents_service_counts_it(site: OwnCalls) -> None:
    idle = site.agent().idle_since_ms
    _, agent, called = talking(site, queue="support")
    site.wait(40)
    site.ended(called)
    site.ended(agent)
    state = site.engine.state
    assert (state.paces, state.today.queues, site.agent().handled) == ({}, {}, 0)
    assert site.agent().idle_since_ms > idle, "work for a queue is work"
    day = state.today.agents["alice"]
    assert (day.contacts, day.own_calls, day.own_ms, day.busy_ms) == (0, 1, 40_000, 40_000)
    assert record(site).visits == []
    idle = site.agent().idle_since_ms
    _, agent, called = talking(site)
    site.wait(40)
    site.ended(called)
    site.ended(agent)
    assert (site.agent().idle_since_ms, site.agent().load > 0) == (idle, True)


def test_a_colleague_is_called_and_shown_whose_call_it_is(site: OwnCalls) -> None:
    contact, agent = placed(site, "1002")
    told = next(each for each in site.all(cmd.Publish) if each.type == "contact.created")
    assert told.agent_ids == ["alice", "bob"]
    assert (contact.direction, contact.called) == (Direction.INTERNAL, "bob")
    assert site.agent("bob").own_calls == [contact.id]
    assert not site.all(cmd.LookUpCustomer)
    site.ask("bob", AgentState.READY)
    site.call(dnis="103")
    assert not site.all(cmd.RingAgent), "whom a colleague calls is offered nothing"
    site.answered(agent)
    dialled = site.only(cmd.DialCustomer)
    assert (dialled.device, dialled.caller_number, dialled.caller_name) == ("PJSIP/1002", "1001", "Alice")
    called = dialled.unique_id
    site.answered(called)
    site.bridged(called, agent, bridge="own")
    site.ended(called)
    assert site.only(cmd.RingAgent).device == "PJSIP/1002"
    site.ended(agent)
    assert site.agent("bob").own_calls == []


# ---- who is not reached ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cause", "told"), [(17, "busy"), (19, "no_answer"), (21, "rejected"), (1, "unreachable"), (20, "unreachable")]
)
def test_who_is_not_reached_ends_it_with_the_cause(site: OwnCalls, cause: int, told: str) -> None:
    _, agent, called = ringing(site)
    site.ended(called, cause)
    assert (record(site).outcome, record(site).cause) == (Outcome.NOT_REACHED, told)
    assert (record(site).agent_id, record(site).path[-1].result) == ("alice", told)
    assert [each.unique_id for each in site.all(cmd.HangUpLeg)] == [agent]
    assert (site.agent().state, site.agent().reason) == (AgentState.NOT_READY, "break")
    site.ended(agent)
    nothing_left(site)


def test_a_trunk_that_is_not_there(site: OwnCalls) -> None:
    _, agent, called = ringing(site)
    site.give(ev.LegFailed(pbx="main", unique_id=called, reason=0))
    assert (record(site).outcome, record(site).cause) == (Outcome.NOT_REACHED, "unreachable")
    site.ended(agent)
    nothing_left(site)


def test_it_does_not_ring_for_ever(site: OwnCalls) -> None:
    _, agent, called = ringing(site)
    site.wait(60)
    assert called in {each.unique_id for each in site.all(cmd.HangUpLeg)}
    site.ended(called, 16)
    assert record(site).cause == "no_answer"
    site.ended(agent)
    nothing_left(site)


def test_a_leg_whose_end_is_never_told_is_given_up(site: OwnCalls) -> None:
    _, agent, _ = ringing(site)
    site.wait(71)
    assert "lease-expired" in {each.code for each in site.all(cmd.Note)}
    assert record(site).cause == "no_answer"
    site.ended(agent)
    nothing_left(site)


@pytest.mark.parametrize("by", ["phone", "desktop"])
def test_an_agent_who_gives_up_leaves_nobody_ringing(site: OwnCalls, by: str) -> None:
    contact, agent, called = ringing(site)
    if by == "desktop":
        site.request(ev.HangUpRequested, contact_id=contact.id)
        assert [each.unique_id for each in site.all(cmd.HangUpLeg)] == [agent]
    site.ended(agent)
    assert called in {each.unique_id for each in site.all(cmd.HangUpLeg)}
    assert (record(site).outcome, record(site).cause) == (Outcome.ABANDONED, "agent_left")
    site.answered(called)
    assert [each.unique_id for each in site.all(cmd.HangUpLeg)] == [called], "answered in the same instant"
    site.ended(called)
    nothing_left(site)


def test_an_agents_phone_that_does_not_answer_reaches_nobody(site: OwnCalls) -> None:
    _, agent = placed(site)
    site.ended(agent, 17)
    assert (record(site).outcome, record(site).cause) == (Outcome.FAILED, "agent_busy")
    assert site.agent().misses == 0
    nothing_left(site)


def test_given_up_before_the_phone_has_answered(site: OwnCalls) -> None:
    contact, agent = placed(site)
    site.request(ev.HangUpRequested, contact_id=contact.id)
    site.answered(agent)
    assert not site.all(cmd.DialCustomer)
    site.ended(agent)
    assert (record(site).outcome, record(site).cause) == (Outcome.ABANDONED, "agent_left")
    nothing_left(site)


# ---- call control ---------------------------------------------------------------------------------------------------


def test_all_of_call_control_works_in_talk(site: OwnCalls) -> None:
    contact, agent, called = talking(site)
    site.request(ev.AttributesSet, contact_id=contact.id, attributes={"a": "1"})
    allowed = site.only(cmd.Accept).result["contact"]["allowed_actions"]
    assert {"hold", "mute", "send_digits", "transfer", "consult", "hang_up"} <= set(allowed)
    site.request(ev.HoldRequested, contact_id=contact.id)
    assert site.only(cmd.HoldCall) == cmd.HoldCall(pbx="main", unique_id=called, agent_unique_id=agent)
    for each in (agent, called):
        site.give(ev.LegUnbridged(pbx="main", unique_id=each, bridge_id="own"))
    site.give(ev.CallArrived(pbx="main", unique_id=called, ani="", dnis=""))
    assert site.only(cmd.PlayMusic).music_class == "default"
    site.request(ev.RetrieveRequested, contact_id=contact.id)
    site.bridged(agent, called, bridge="b2")
    assert not contact.on_hold
    site.request(ev.ConsultationRequested, contact_id=contact.id, agent="bob", dial=True)
    assert site.all(cmd.Accept)


def test_given_to_a_queue_it_is_work_of_the_acd(site: OwnCalls) -> None:
    contact, agent, called = talking(site)
    site.request(ev.TransferRequested, contact_id=contact.id, queue="support")
    assert site.only(cmd.FetchLeg).unique_id == called
    site.ended(agent)
    assert (site.agent().state, site.agent().own_calls) == (AgentState.NOT_READY, [])
    site.give(ev.CallArrived(pbx="main", unique_id=called, ani="", dnis=""))
    site.ask("bob", AgentState.READY)
    assert site.only(cmd.RingAgent).device == "PJSIP/1002"
    assert site.engine.state.today.queues["support"].offered == 1
    assert contact.direction is Direction.OUTBOUND


def test_who_is_given_to_a_mailbox_without_a_queue_leaves_a_message() -> None:
    site = OwnCalls(with_own_calls() | {"voicemail": {"prompts": ["leave"]}})
    site.ask("alice", AgentState.NOT_READY, reason="break")
    contact, agent, called = talking(site)
    site.request(ev.TransferRequested, contact_id=contact.id, voicemail_agent="bob")
    site.ended(agent)
    site.give(ev.CallArrived(pbx="main", unique_id=called, ani="", dnis=""))
    assert site.all(cmd.ReleaseLeg) == [], "they were hung up on"
    message = site.only(cmd.RecordMessage)
    site.give(ev.MessageBegun(pbx="main", unique_id=called, token=message.token))
    end = ev.CollectEnd.PLAYED
    site.give(ev.DigitsCollected(pbx="main", unique_id=called, token=message.token, digits="", ended_by=end))
    site.ended(called)
    assert record(site).outcome is Outcome.VOICEMAIL


def test_given_to_a_colleague_without_a_queue_it_rings_at_their_phone(site: OwnCalls) -> None:
    contact, agent, called = talking(site)
    site.ask("bob", AgentState.READY)
    site.request(ev.TransferRequested, contact_id=contact.id, agent="bob")
    site.ended(agent)
    site.give(ev.CallArrived(pbx="main", unique_id=called, ani="", dnis=""))
    assert site.only(cmd.ReleaseLeg) == cmd.ReleaseLeg(pbx="main", unique_id=called, next="phone", target="1002")
    site.give(ev.AgiEnded(pbx="main", unique_id=called))
    assert record(site).outcome is Outcome.TRANSFERRED
    nothing_left(site)


def test_who_was_given_to_a_number_that_rings_is_not_hung_up_on_because_a_link_broke(site: OwnCalls) -> None:
    contact, agent, called = talking(site)
    site.request(ev.TransferRequested, contact_id=contact.id, number="+49305550100")
    site.ended(agent)
    site.give(ev.CallArrived(pbx="main", unique_id=called, ani="", dnis=""))
    assert site.only(cmd.ReleaseLeg).next == "number"
    site.give(ev.AgiEnded(pbx="main", unique_id=called))
    assert record(site).outcome is Outcome.TRANSFERRED
    site.give(ev.PbxLost(pbx="main", reason="closed"))
    site.up(ev.LegSeen(unique_id=called, answered=True, device="PJSIP/trunk"))
    assert site.all(cmd.HangUpLeg) == [], "in no bridge yet, and none of ours any more"


# ---- what the PBX did meanwhile --------------------------------------------------------------------------------------


def test_a_daemon_that_comes_back_finds_them_in_talk(site: OwnCalls) -> None:
    contact, agent, called = ringing(site)
    site.give(ev.SiteStarted(site="demo", epoch="e2", release="0"))
    seen = [ev.LegSeen(unique_id=each, answered=True, bridge_id="own") for each in (agent, called)]
    site.up(*seen)
    assert contact.state is ContactState.CONNECTED
    site.up(*seen)
    site.ended(called)
    site.ended(agent)
    nothing_left(site)


def test_an_order_that_died_with_the_daemon_ends_the_call(site: OwnCalls) -> None:
    _, agent, _ = ringing(site)
    site.give(ev.SiteStarted(site="demo", epoch="e2", release="0"))
    site.up(ev.LegSeen(unique_id=agent, answered=True))
    assert (record(site).outcome, record(site).cause) == (Outcome.NOT_REACHED, "unknown")
    site.ended(agent)
    nothing_left(site)


def test_a_talk_that_nobody_saw(site: OwnCalls) -> None:
    _, _, called = ringing(site)
    site.give(ev.SiteStarted(site="demo", epoch="e2", release="0"))
    site.up(ev.LegSeen(unique_id=called, answered=True, returned=True))
    site.back(called)
    assert record(site).outcome is Outcome.HANDLED
    site.ended(called)
    nothing_left(site)


def test_a_pbx_that_died_took_the_call_with_it(site: OwnCalls) -> None:
    ringing(site)
    site.up(boot="b2")
    assert record(site).outcome is Outcome.FAILED
    nothing_left(site)


# ---- refused --------------------------------------------------------------------------------------------------------


def test_what_is_refused(site: OwnCalls) -> None:
    def refused(number: str = NUMBER, **more: Any) -> str:
        place(site, number, **more)
        return site.only(cmd.Refuse).detail

    assert "no agent" in refused(agent="nobody")
    assert "no number" in refused("12 34")
    assert "not to be dialled" in refused("0900123")
    assert "no queue" in refused(queue="nowhere")
    assert "themselves" in refused("1001")
    site.ask("bob", AgentState.LOGGED_OUT)
    assert "log in" in refused(agent="bob")
    placed(site)
    assert "BUSY" in refused()
    assert "BUSY" in refused("1001", agent="bob") if site.ask("bob", AgentState.NOT_READY) else True


def test_a_wrap_up_ends_with_the_next_call_unless_it_lacks_its_disposition(site: OwnCalls) -> None:
    spec = with_own_calls()
    spec["queues"]["sales"]["disposition_required"] = True
    site.give(ev.ConfigLoaded(spec=spec))
    contact, agent, called = talking(site, queue="sales")
    site.ended(called)
    site.ended(agent)
    place(site)
    assert "disposition" in site.only(cmd.Refuse).detail
    site.request(ev.WrapUpSet, agent_id="alice", contact_id=contact.id, disposition="order")
    place(site)
    assert site.all(cmd.Accept)
    assert site.agent().state is AgentState.BUSY
    assert contact.state is ContactState.CLOSED


def test_a_phone_on_the_desk_that_holds_is_seen(site: OwnCalls) -> None:
    contact, agent, _ = talking(site)
    site.give(ev.LegHeld(pbx="main", unique_id=agent))
    assert site.engine.state.legs[agent].state is LegState.HELD
    site.request(ev.HoldRequested, contact_id=contact.id)
    assert "itself" in site.only(cmd.Refuse).detail
