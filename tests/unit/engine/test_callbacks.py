"""Callbacks: one contact from the first call to the callback's end, in its place, whatever crosses whatever."""

from __future__ import annotations

from typing import Any

import pytest

from ctid.model import commands as cmd
from ctid.model import events as ev
from ctid.model.contact import Contact
from ctid.model.position import Callback
from ctid.model.states import AgentState, ContactState, LegState, OfferState, Outcome
from tests.unit.site import Site, changed

CALLBACK: dict[str, Any] = {
    "dial": "PJSIP/{number}@trunk",
    "caller_id": "+4930999",
    "prompts": ["goodbye"],
    "ring_seconds": 25,
    "attempts": 2,
    "retry_seconds": 300,
    "expire_seconds": 3_600,
}
AGENT_FIRST = changed("queues/sales/callback", CALLBACK)
AGENT_FIRST["menus"]["main"]["keys"]["5"] = {"play": ["promised"], "callback": "sales", "set": {"topic": "later"}}
AGENT_FIRST["queues"]["sales"]["short_abandon_seconds"] = 0
CUSTOMER_FIRST = changed("queues/sales/callback", {**CALLBACK, "first": "customer", "ahead_seconds": 10}, AGENT_FIRST)
NUMBER = "+4930123456"


def promised(site: Site, unique_id: str = "c1", ani: str = NUMBER) -> Contact:
    """A caller who pressed the key, heard the promise, and is gone."""
    contact = site.call(unique_id, dnis="100", ani=ani)
    site.key("5", unique_id)
    site.played(unique_id)
    site.ended(unique_id)
    return contact


def callback_of(contact: Contact) -> Callback:
    assert contact.callback is not None
    return contact.callback


def causes(contact: Contact) -> list[str]:
    """What the path tells of callbacks."""
    return [step.result for step in contact.path if step.kind == "callback"]


def agent_waits(site: Site) -> tuple[str, str]:
    """A promised callback whose agent has answered; gives the agent's leg and the customer's, which is dialled."""
    promised(site)
    site.ready("alice")
    agent = site.only(cmd.RingAgent).unique_id
    site.answered(agent)
    return agent, site.only(cmd.DialCustomer).unique_id


# ---- asked for ------------------------------------------------------------------------------------------------


def test_a_caller_who_takes_the_callback_is_let_go_and_the_contact_waits_on() -> None:
    site = Site(AGENT_FIRST)
    contact = site.call("c1", dnis="100")
    site.key("5")
    assert contact.state is ContactState.QUEUED
    assert site.published() == ["callback.requested"]
    assert site.only(cmd.PlayAndCollect).prompts == ["promised", "goodbye"]
    site.played()
    assert site.only(cmd.ReleaseLeg).next == "hangup"
    site.ended()
    assert (contact.state, contact.outcome, contact.caller_leg) == (ContactState.QUEUED, None, "")
    assert contact.attributes == {"topic": "later"}
    assert site.engine.state.legs == {}


def test_who_hangs_up_in_the_middle_of_the_promise_is_called_as_well() -> None:
    site = Site(AGENT_FIRST)
    contact = site.call("c1", dnis="100")
    site.key("5")
    site.ended()
    assert (contact.state, contact.outcome) == (ContactState.QUEUED, None)
    site.ready("alice")
    assert site.only(cmd.RingAgent).peer_unique_id == ""


def test_nobody_is_dialled_while_they_still_hear_the_promise() -> None:
    site = Site(AGENT_FIRST)
    site.ready("alice")
    site.call("c1", dnis="100")
    site.key("5")
    assert site.all(cmd.RingAgent) == []
    site.played()
    assert site.all(cmd.RingAgent) == []
    site.ended()
    assert site.only(cmd.RingAgent).device == "PJSIP/1001"


def test_the_leg_of_the_promise_comes_again_after_a_crash_and_is_let_go() -> None:
    site = Site(AGENT_FIRST)
    site.call("c1", dnis="100")
    site.key("5")
    site.give(ev.SiteStarted(site="demo", epoch="e2", release="0"))
    site.up(ev.LegSeen(unique_id="c1", answered=True))
    site.give(ev.CallArrived(pbx="main", unique_id="c1", ani=NUMBER, dnis="100"))
    assert site.only(cmd.ReleaseLeg).next == "hangup"
    assert len(site.engine.state.contacts) == 1


@pytest.mark.parametrize(
    ("ani", "why"), [("", "withheld"), ("2001", "number"), ("sip:x@y", "number"), ("+499001123456", "number")]
)
def test_who_cannot_be_called_back_waits_on(ani: str, why: str) -> None:
    site = Site(AGENT_FIRST)
    contact = site.call("c1", dnis="100", ani=ani)
    site.key("5")
    assert (contact.state, contact.callback, contact.queue) == (ContactState.QUEUED, None, "sales")
    assert causes(contact) == [why]
    assert site.only(cmd.PlayMusic).unique_id == "c1"


def test_no_callback_twice_for_one_number_the_older_keeps_its_place() -> None:
    site = Site(AGENT_FIRST)
    older = promised(site)
    site.tick(1_000)
    newer = site.call("c2", dnis="100", ani="030 123456")
    site.key("5", "c2")
    assert site.only(cmd.PlayAndCollect).prompts == ["promised", "goodbye"]
    site.played("c2")
    site.only(cmd.ReleaseLeg)
    site.ended("c2")
    record = site.record()
    assert (record.contact_id, record.outcome) == (newer.id, Outcome.CALLBACK)
    assert causes(newer) == ["duplicate"]
    assert site.engine.state.callbacks == {"sales": [older.id]}


def test_from_a_queue_the_contact_keeps_its_place_and_its_waiting_time() -> None:
    spec = changed("queues/sales/overflow", [{"wait_seconds": 30, "to": {"callback": "sales"}}], AGENT_FIRST)
    site = Site(spec)
    first = site.call("c1")
    queued_at = first.queued_at
    site.tick(1_000)
    site.call("c2", ani="+4930222222")
    site.wait(29)
    assert callback_of(first).number == NUMBER
    assert first.queued_at == queued_at
    site.played()
    site.ended()
    site.ready("alice")
    assert site.only(cmd.RingAgent).headers["X-Ctid-Contact"] == first.id


def test_trap_callback_position() -> None:
    """Live callers and callbacks are served in one true order, and nobody is dialled without an agent for them."""
    site = Site(changed("entries/direct/open/priority", 0, AGENT_FIRST))
    order = []
    for number in range(1, 7):
        site.tick(1_000)
        ani = f"+493012345{number}"
        order.append(promised(site, f"c{number}", ani) if number % 2 else site.call(f"c{number}", "101", ani))
    dialled, served = 0, []
    site.ready("alice")
    for _ in order:
        contact = site.engine.state.contacts[site.agent().contact_id]
        served.append(contact.id)
        agent = site.only(cmd.RingAgent).unique_id
        site.answered(agent)
        customer = contact.caller_leg
        if contact.callback is not None:
            customer = site.only(cmd.DialCustomer).unique_id
            dialled += 1
            site.answered(customer)
        legs = [leg for leg in site.engine.state.legs.values() if leg.id == customer]
        site.bridged(agent, legs[0].unique_id, bridge=f"b{dialled}{contact.id}")
        being_dialled = [each for each in order if each.callback and each.callback.leg_id and each.outcome is None]
        assert being_dialled in ([], [contact]), "more dialled than agents reserved"
        site.ended(legs[0].unique_id)
        site.ended(agent)
        site.ask("alice", AgentState.READY)
    assert served == [contact.id for contact in order]
    assert dialled == 3


# ---- agent first ----------------------------------------------------------------------------------------------


def test_agent_first_the_customer_is_dialled_once_the_agent_has_answered() -> None:
    site = Site(AGENT_FIRST)
    contact = promised(site)
    site.tick(5_000)
    site.ready("alice")
    assert site.all(cmd.DialCustomer) == []
    ring = site.only(cmd.RingAgent)
    assert ring.wait_ms == 37_000
    (offer,) = (command for command in site.all(cmd.Publish) if command.type == "offer.created")
    assert offer.data["offer"]["pop"]["callback"]["number"] == NUMBER
    site.answered(ring.unique_id)
    dial = site.only(cmd.DialCustomer)
    assert (dial.device, dial.peer_unique_id) == ("PJSIP/+4930123456@trunk", ring.unique_id)
    assert (dial.caller_number, dial.timeout_ms, dial.detect_machine) == ("+4930999", 27_000, False)
    site.answered(dial.unique_id)
    assert contact.state is ContactState.OFFERED
    site.bridged(dial.unique_id, ring.unique_id)
    assert contact.state is ContactState.CONNECTED
    assert site.engine.state.timers.keys() == {f"step:{contact.id}"}
    site.ended(ring.unique_id)
    site.back(dial.unique_id)
    assert site.only(cmd.ReleaseLeg).unique_id == dial.unique_id
    site.ended(dial.unique_id)
    site.ask("alice", AgentState.READY)
    record = site.record()
    assert (record.contact_id, record.outcome) == (contact.id, Outcome.HANDLED)
    assert site.engine.state.callbacks == {}


@pytest.mark.parametrize(("cause", "why"), [(17, "busy"), (19, "no_answer"), (21, "rejected"), (20, "unreachable")])
def test_the_customer_is_not_reached_and_the_agent_is_free_at_once(cause: int, why: str) -> None:
    site = Site(AGENT_FIRST)
    agent, customer = agent_waits(site)
    contact = site.contact()
    queued_at = contact.queued_at
    site.ended(customer, cause)
    assert site.only(cmd.HangUpLeg).unique_id == agent
    assert (contact.state, contact.queued_at) == (ContactState.QUEUED, queued_at)
    assert "callback.attempted" in site.published()
    site.ended(agent)
    assert (site.agent().state, site.agent().misses, site.agent().backoff_until_ms) == (AgentState.READY, 0, 0)
    assert [(offer.state, offer.cause) for offer in contact.offers] == [(OfferState.CANCELED, "not_reached")]
    assert causes(contact) == ["", why]
    assert site.all(cmd.RingAgent) == []
    out = site.wait(300)
    assert any(isinstance(command, cmd.RingAgent) for command in out)


def test_an_originate_that_makes_no_channel_is_a_try_too() -> None:
    site = Site(AGENT_FIRST)
    _, customer = agent_waits(site)
    site.failed(customer, 0)
    assert causes(site.contact()) == ["", "unreachable"]
    assert callback_of(site.contact()).attempts == 1


def test_the_customers_phone_rings_as_long_as_it_may() -> None:
    site = Site(AGENT_FIRST)
    _, customer = agent_waits(site)
    site.wait(25)
    assert site.only(cmd.HangUpLeg).unique_id == customer
    site.ended(customer, 16)
    assert causes(site.contact()) == ["", "no_answer"]


def test_after_the_last_attempt_it_is_given_up() -> None:
    site = Site(AGENT_FIRST)
    agent, customer = agent_waits(site)
    contact = site.contact()
    site.ended(customer, 17)
    site.ended(agent)
    site.wait(300)
    (ring,) = site.all(cmd.RingAgent)
    site.answered(ring.unique_id)
    dial = site.only(cmd.DialCustomer)
    site.ended(dial.unique_id, 17)
    record = site.record()
    assert (record.outcome, causes(contact)) == (Outcome.CALLBACK, ["", "busy", "busy"])
    assert "callback.exhausted" in site.published()
    site.ended(ring.unique_id)
    assert site.agent().state is AgentState.READY
    assert (site.engine.state.callbacks, site.engine.state.timers) == ({}, {})


def test_the_agent_hangs_up_while_the_customer_rings() -> None:
    site = Site(AGENT_FIRST)
    agent, customer = agent_waits(site)
    contact = site.contact()
    site.ended(agent, 0)
    assert site.only(cmd.HangUpLeg).unique_id == customer
    assert contact.state is ContactState.QUEUED
    site.ready("bob")
    site.tick(21_000)
    site.give(ev.TimerFired(timer_id=f"step:{contact.id}"))
    assert site.all(cmd.RingAgent) == [], "not while the customer's phone may still ring"
    site.ended(customer, 16)
    assert callback_of(contact).attempts == 0, "it was not the customer's fault"
    assert site.only(cmd.RingAgent).device == "PJSIP/1002"


def test_the_agent_hangs_up_as_the_customer_answers_who_waits_on_like_any_caller() -> None:
    site = Site(AGENT_FIRST)
    agent, customer = agent_waits(site)
    contact = site.contact()
    site.answered(customer)
    site.ended(agent, 0)
    assert site.all(cmd.HangUpLeg) == []
    site.give(ev.CallArrived(pbx="main", unique_id=customer, ani="", dnis=""))
    assert site.only(cmd.PlayMusic).unique_id == customer
    assert (contact.state, len(site.engine.state.contacts)) == (ContactState.QUEUED, 1)
    site.tick(21_000)
    site.give(ev.TimerFired(timer_id=f"step:{contact.id}"))
    site.ready("bob")
    assert site.only(cmd.RingAgent).peer_unique_id == customer


def test_the_customer_comes_to_us_before_we_hear_that_the_agent_is_gone() -> None:
    site = Site(AGENT_FIRST)
    agent, customer = agent_waits(site)
    site.give(ev.CallArrived(pbx="main", unique_id=customer, ani="", dnis=""))
    assert site.contact().state is ContactState.QUEUED
    assert site.only(cmd.PlayMusic).unique_id == customer
    assert site.only(cmd.HangUpLeg).unique_id == agent
    site.ended(agent)
    assert site.only(cmd.RingAgent).peer_unique_id == customer


def test_a_short_talk_whose_end_overtakes_its_beginning_was_a_talk() -> None:
    site = Site(AGENT_FIRST)
    agent, customer = agent_waits(site)
    contact = site.contact()
    site.back(customer)
    assert contact.state is ContactState.OFFERED
    site.answered(customer)
    site.bridged(customer, agent)
    assert contact.state is ContactState.CONNECTED
    site.ended(agent)
    assert contact.outcome is Outcome.HANDLED
    assert site.only(cmd.ReleaseLeg).unique_id == customer


def test_the_customer_hangs_up_before_they_are_bridged() -> None:
    site = Site(AGENT_FIRST)
    agent, customer = agent_waits(site)
    site.answered(customer)
    site.ended(customer)
    assert causes(site.contact()) == ["", "hung_up"]
    assert site.only(cmd.HangUpLeg).unique_id == agent


def test_an_answered_customer_of_whom_nothing_more_is_heard_is_hung_up_on() -> None:
    site = Site(AGENT_FIRST)
    agent, customer = agent_waits(site)
    site.answered(customer)
    site.wait(10)
    assert site.only(cmd.HangUpLeg).unique_id == customer
    site.wait(10)
    assert "lease-expired" in [note.code for note in site.all(cmd.Note)]
    assert causes(site.contact()) == ["", "failed"]
    site.ended(agent)
    assert site.agent().state is AgentState.READY


# ---- customer first -------------------------------------------------------------------------------------------


def on_the_line(site: Site) -> str:
    """A promised callback whose customer was dialled ahead and has answered; gives their leg."""
    promised(site)
    site.ready("alice")
    site.wait(1)
    customer = site.only(cmd.DialCustomer).unique_id
    site.answered(customer)
    site.ask("alice", AgentState.NOT_READY)
    site.give(ev.CallArrived(pbx="main", unique_id=customer, ani="", dnis=""))
    return customer


def test_customer_first_nobody_is_dialled_while_no_agent_is_expected() -> None:
    site = Site(CUSTOMER_FIRST)
    promised(site)
    site.wait(60)
    assert site.all(cmd.DialCustomer) == []
    assert site.all(cmd.RingAgent) == []


def test_customer_first_the_customer_is_dialled_for_a_free_agent_and_waits_like_a_caller() -> None:
    site = Site(CUSTOMER_FIRST)
    contact = promised(site)
    site.ready("alice")
    assert site.all(cmd.RingAgent) == []
    site.wait(1)
    dial = site.only(cmd.DialCustomer)
    assert (dial.peer_unique_id, dial.detect_machine) == ("", False)
    site.wait(2)
    assert site.all(cmd.DialCustomer) == []
    site.answered(dial.unique_id)
    assert site.all(cmd.RingAgent) == [], "the PBX may still be listening for a machine"
    site.give(ev.CallArrived(pbx="main", unique_id=dial.unique_id, ani="", dnis=""))
    assert site.only(cmd.PlayMusic).unique_id == dial.unique_id
    ring = site.only(cmd.RingAgent)
    assert ring.peer_unique_id == dial.unique_id
    site.answered(ring.unique_id)
    site.bridged(ring.unique_id, dial.unique_id)
    assert contact.state is ContactState.CONNECTED


def test_never_more_customers_dialled_than_agents_expected() -> None:
    site = Site(CUSTOMER_FIRST)
    for number in range(1, 6):
        promised(site, f"c{number}", f"+493012345{number}")
    site.tick(30_000)
    for contact_id in site.engine.state.callbacks["sales"]:
        site.give(ev.TimerFired(timer_id=f"step:{contact_id}"))
    site.ready("alice", "bob")
    out = site.wait(20)
    dialled = [command.unique_id for command in out if isinstance(command, cmd.DialCustomer)]
    assert len(dialled) == 2
    site.ended(dialled[0], 17)
    out = site.wait(1)
    assert len([command for command in out if isinstance(command, cmd.DialCustomer)]) == 1


def test_customers_are_dialled_when_the_wrap_up_of_an_agent_is_about_to_end() -> None:
    site = Site(CUSTOMER_FIRST)
    site.wrapping()
    promised(site, "c2", "+4930222222")
    site.wait(8)
    assert site.all(cmd.DialCustomer) == []
    site.wait(3)
    site.only(cmd.DialCustomer)


def test_of_those_who_talk_as_many_are_expected_as_end_a_contact_in_that_time() -> None:
    spec = changed("queues/sales/handling_seconds", 20, CUSTOMER_FIRST)
    for number in range(4):
        spec["agents"][f"a{number}"] = {
            "name": "A", "device": f"PJSIP/2{number}", "pbx": "main", "skills": {"sales": 8}
        }  # fmt: skip
    site = Site(spec)
    for number in range(4):
        site.connected(f"t{number}", f"a{number}")
    for number in range(4):
        promised(site, f"c{number}", f"+493012345{number}")
    out = site.wait(3)
    # Four who talk for twenty seconds each: two of them are done within ten.
    assert len([command for command in out if isinstance(command, cmd.DialCustomer)]) == 2


def test_a_caller_who_waits_at_an_earlier_place_has_the_agent_who_is_about_to_be_free() -> None:
    site = Site(CUSTOMER_FIRST)
    site.wrapping()
    site.call("c2", ani="+4930222222")
    promised(site, "c3", "+4930333333")
    out = site.wait(19)
    assert [command for command in out if isinstance(command, cmd.DialCustomer)] == []


def test_a_customer_who_answered_for_nobody_is_counted() -> None:
    site = Site(CUSTOMER_FIRST)
    on_the_line(site)
    site.wait(2)
    assert site.published() == ["callback.waited"]
    site.wait(10)
    assert site.published() == []


def test_a_customer_who_hangs_up_while_waiting_is_tried_again_at_their_place() -> None:
    site = Site(CUSTOMER_FIRST)
    customer = on_the_line(site)
    contact, queued_at = site.contact(), site.contact().queued_at
    site.ended(customer)
    assert (contact.state, contact.queued_at, causes(contact)) == (ContactState.QUEUED, queued_at, ["", "hung_up"])
    site.ready("alice")
    out = site.wait(299)
    assert [command for command in out if isinstance(command, cmd.DialCustomer)] == []
    out = site.wait(2)
    assert len([command for command in out if isinstance(command, cmd.DialCustomer)]) == 1


def test_a_customer_who_hangs_up_while_the_agents_phone_rings() -> None:
    site = Site(CUSTOMER_FIRST)
    customer = on_the_line(site)
    contact = site.contact()
    site.ready("alice")
    agent = site.only(cmd.RingAgent).unique_id
    site.ended(customer)
    assert site.only(cmd.HangUpLeg).unique_id == agent
    assert (contact.state, contact.offers[-1].cause) == (ContactState.QUEUED, "caller_left")
    site.ended(agent)
    assert site.agent().state is AgentState.READY


def test_an_answering_machine_is_no_customer() -> None:
    spec = changed("queues/sales/callback/detect_machine", True, CUSTOMER_FIRST)
    site = Site(spec)
    promised(site)
    site.ready("alice")
    site.wait(1)
    dial = site.only(cmd.DialCustomer)
    assert dial.detect_machine
    site.answered(dial.unique_id)
    site.wait(15)
    site.ended(dial.unique_id, ev.MACHINE)
    assert causes(site.contact()) == ["", "machine"]


# ---- expiry, hours, taking back -------------------------------------------------------------------------------


def test_a_callback_expires() -> None:
    site = Site(AGENT_FIRST)
    contact = promised(site)
    site.wait(3_600)
    record = site.record()
    assert (record.contact_id, record.outcome, causes(contact)) == (contact.id, Outcome.CALLBACK, ["", "expired"])
    assert "callback.expired" in site.published()
    assert (site.engine.state.callbacks, site.engine.state.timers) == ({}, {})


def test_a_try_that_is_under_way_when_the_time_is_over_is_waited_for() -> None:
    site = Site(changed("queues/sales/callback/expire_seconds", 10, AGENT_FIRST))
    agent, customer = agent_waits(site)
    site.wait(15)
    assert site.contact().state is ContactState.OFFERED
    site.ended(customer, 17)
    assert (site.record().outcome, causes(site.contact())) == (Outcome.CALLBACK, ["", "expired"])
    site.ended(agent)


def test_nobody_is_dialled_while_the_queue_is_closed() -> None:
    spec = changed("queues/sales/calendar", "office", AGENT_FIRST)
    spec["queues"]["sales"] |= {"closed": {"hangup": True}, "callback": {**CALLBACK, "expire_seconds": 100_000}}
    site = Site(spec)
    promised(site)
    site.wait(8 * 3_600)
    site.ready("alice")
    assert site.all(cmd.RingAgent) == []
    site.wait(11 * 3_600 + 53 * 60)
    assert site.all(cmd.RingAgent) == []
    site.wait(60)
    assert len(site.all(cmd.RingAgent)) == 1, "they open at eight"


@pytest.mark.parametrize("spec", [AGENT_FIRST, CUSTOMER_FIRST])
def test_a_callback_is_taken_back_while_it_waits(spec: dict[str, Any]) -> None:
    site = Site(spec)
    contact = promised(site)
    site.request(ev.CallbackCanceled, contact_id=contact.id)
    assert (site.record().outcome, causes(contact)) == (Outcome.CALLBACK, ["", "canceled"])
    site.only(cmd.Accept)
    assert (site.engine.state.callbacks, site.engine.state.timers) == ({}, {})


def test_a_callback_is_taken_back_while_the_customers_phone_rings() -> None:
    site = Site(AGENT_FIRST)
    agent, customer = agent_waits(site)
    contact = site.contact()
    site.request(ev.CallbackCanceled, contact_id=contact.id)
    assert [command.unique_id for command in site.all(cmd.HangUpLeg)] == [agent, customer]
    site.ended(agent)
    assert site.all(cmd.RingAgent) == []
    site.ended(customer)
    assert (site.record().outcome, causes(contact)) == (Outcome.CALLBACK, ["", "canceled"])


def test_who_talks_is_not_taken_back() -> None:
    site = Site(AGENT_FIRST)
    agent, customer = agent_waits(site)
    site.bridged(customer, agent)
    site.request(ev.CallbackCanceled, contact_id=site.contact().id)
    assert site.only(cmd.Refuse).code == "conflict"


# ---- requests -------------------------------------------------------------------------------------------------


def test_a_waiting_contact_is_called_back_by_request_in_its_place() -> None:
    site = Site(AGENT_FIRST)
    first = site.call("c1")
    site.tick(1_000)
    site.call("c2", ani="+4930222222")
    site.request(ev.CallbackRequested, contact_id=first.id)
    assert site.only(cmd.Accept).result["contact"]["callback"]["number"] == NUMBER
    assert site.only(cmd.PlayAndCollect).prompts == ["goodbye"]
    site.played()
    site.ended()
    site.ready("alice")
    assert site.only(cmd.RingAgent).headers["X-Ctid-Contact"] == first.id


def test_somebody_new_is_called_back_by_request() -> None:
    site = Site(AGENT_FIRST)
    site.request(
        ev.CallbackRequested, number="030 123456", queue="sales", attributes={"case": "1", "no": ""}, priority=2
    )
    contact = site.contact()
    assert (contact.ani, contact.priority, contact.attributes) == (NUMBER, 2, {"case": "1"})
    assert site.only(cmd.LookUpCustomer).ani == NUMBER
    assert site.published() == ["contact.created", "callback.requested"]
    site.ready("alice")
    site.only(cmd.RingAgent)


def test_not_before_is_kept_and_the_place_counts_from_there() -> None:
    site = Site(AGENT_FIRST)
    site.ready("alice")
    site.request(ev.CallbackRequested, number=NUMBER, queue="sales", not_before_utc_ms=site.utc_ms + 7_200_000)
    contact = site.contact()
    assert contact.place_ms == site.mono_ms + 7_200_000
    assert callback_of(contact).expires_ms == site.mono_ms + 10_800_000
    site.wait(7_199)
    assert site.all(cmd.RingAgent) == []
    site.wait(2)
    site.only(cmd.RingAgent)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"number": "", "queue": "sales"}, "request-invalid"),
        ({"number": "12;rm", "queue": "sales"}, "request-invalid"),
        ({"number": NUMBER, "queue": "nowhere"}, "request-invalid"),
        ({"number": NUMBER, "queue": "support"}, "conflict"),
        ({"contact_id": "none"}, "not-found"),
        ({"number": NUMBER, "queue": "sales", "attributes": {"a": "x" * 2_001}}, "request-invalid"),
        ({"number": NUMBER, "queue": "sales", "not_before_utc_ms": 9_000_000_000_000}, "request-invalid"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(fields: dict[str, Any], code: str) -> None:
    site = Site(AGENT_FIRST)
    before = site.engine.snapshot()
    site.request(ev.CallbackRequested, **fields)
    assert site.only(cmd.Refuse).code == code
    assert site.engine.snapshot() == before


def test_a_contact_that_does_not_wait_and_a_number_that_waits_already_are_refused() -> None:
    site = Site(AGENT_FIRST)
    in_menu = site.call("c1", dnis="100")
    site.request(ev.CallbackRequested, contact_id=in_menu.id)
    assert site.only(cmd.Refuse).current == "created"
    site.key("5") if site.all(cmd.PlayAndCollect) else None
    promised(site, "c2", "+4930222222")
    site.request(ev.CallbackRequested, number="+4930222222", queue="sales")
    assert site.only(cmd.Refuse).current == "duplicate"
    again = site.contact(-1)
    site.request(ev.CallbackRequested, contact_id=again.id)
    assert site.only(cmd.Refuse).code == "conflict"
    site.request(ev.CallbackCanceled, contact_id=in_menu.id)
    assert site.only(cmd.Refuse).code == "not-found"


def test_who_is_to_be_called_back_stays_in_the_queue_but_may_become_urgent() -> None:
    site = Site(AGENT_FIRST)
    contact = promised(site)
    site.request(ev.RoutingSet, contact_id=contact.id, queue="support")
    assert site.only(cmd.Refuse).code == "conflict"
    site.tick(1_000)
    site.call("c2", dnis="101", ani="+4930222222")
    site.request(ev.RoutingSet, contact_id=contact.id, priority=9)
    site.ready("alice")
    assert site.only(cmd.RingAgent).headers["X-Ctid-Contact"] == contact.id


def test_of_several_agents_rung_the_first_to_answer_has_the_customer() -> None:
    site = Site(changed("queues/sales/ring", 2, changed("agents/bob/skills/sales", 8, AGENT_FIRST)))
    site.ready("alice", "bob")
    promised(site)
    first, second = (command.unique_id for command in site.all(cmd.RingAgent))
    site.answered(second)
    assert site.only(cmd.HangUpLeg).unique_id == first
    dial = site.only(cmd.DialCustomer)
    assert dial.peer_unique_id == second
    site.answered(first)
    assert site.all(cmd.DialCustomer) == [], "the customer is dialled once"
    site.ended(first, 26)
    site.bridged(dial.unique_id, second)
    assert site.contact().agent_id == "bob"
    assert site.agent("alice").state is AgentState.READY


# ---- restarts, reloads, a lost PBX ----------------------------------------------------------------------------


def restarted(site: Site, *legs: ev.LegSeen, boot: str = "b1") -> None:
    """The daemon died, and the next one has seen the PBX."""
    engine = type(site.engine)
    site.engine = engine.restore(site.engine.snapshot())
    site.give(ev.SiteStarted(site="demo", epoch="e2", release="0"))
    site.up(*legs, boot=boot)


def test_the_daemon_dies_while_the_callback_waits() -> None:
    site = Site(AGENT_FIRST)
    contact_id = promised(site).id
    restarted(site)
    site.ready("alice")
    assert site.only(cmd.RingAgent).headers["X-Ctid-Contact"] == contact_id


def test_the_daemon_dies_while_the_agents_phone_rings_and_it_is_answered_meanwhile() -> None:
    site = Site(AGENT_FIRST)
    promised(site)
    site.ready("alice")
    agent = site.only(cmd.RingAgent).unique_id
    restarted(site, ev.LegSeen(unique_id=agent, answered=True))
    assert site.only(cmd.DialCustomer).peer_unique_id == agent


def test_the_daemon_dies_while_the_customer_rings_who_is_not_dialled_twice() -> None:
    site = Site(AGENT_FIRST)
    agent, customer = agent_waits(site)
    restarted(site, ev.LegSeen(unique_id=agent, answered=True), ev.LegSeen(unique_id=customer, answered=False))
    assert site.all(cmd.DialCustomer) == []
    site.answered(customer)
    site.bridged(customer, agent)
    assert site.contact().state is ContactState.CONNECTED


def test_the_daemon_dies_and_the_customer_talks_when_it_is_back() -> None:
    site = Site(AGENT_FIRST)
    agent, customer = agent_waits(site)
    restarted(
        site,
        ev.LegSeen(unique_id=agent, answered=True, bridge_id="b"),
        ev.LegSeen(unique_id=customer, answered=True, bridge_id="b"),
    )
    assert site.contact().state is ContactState.CONNECTED


def test_the_daemon_dies_and_they_have_talked_when_it_is_back() -> None:
    site = Site(AGENT_FIRST)
    _, customer = agent_waits(site)
    restarted(site, ev.LegSeen(unique_id=customer, answered=True, returned=True))
    assert site.contact().outcome is Outcome.HANDLED
    site.back(customer)
    assert site.only(cmd.ReleaseLeg).unique_id == customer


def test_a_customer_whose_leg_is_gone_when_it_is_back_is_tried_again_and_it_does_not_count() -> None:
    site = Site(AGENT_FIRST)
    agent, _ = agent_waits(site)
    restarted(site, ev.LegSeen(unique_id=agent, answered=True))
    assert causes(site.contact()) == ["", "unknown"]
    assert callback_of(site.contact()).attempts == 0
    assert site.only(cmd.HangUpLeg).unique_id == agent
    site.ended(agent)
    out = site.wait(300)
    assert len([command for command in out if isinstance(command, cmd.RingAgent)]) == 1


def test_a_pbx_that_dies_loses_no_callback() -> None:
    site = Site(AGENT_FIRST)
    agent_waits(site)
    site.give(ev.PbxLost(pbx="main", reason="closed"))
    site.wait(61)
    assert (site.contact().state, site.contact().outcome) == (ContactState.QUEUED, None)
    assert site.agent().state is AgentState.READY
    site.wait(600)
    assert site.all(cmd.RingAgent) == [], "nothing is rung on a PBX that is away"
    site.up(boot="b2")
    site.only(cmd.RingAgent)


def test_a_customer_on_the_line_whose_pbx_dies_is_called_again() -> None:
    site = Site(CUSTOMER_FIRST)
    on_the_line(site)
    site.give(ev.PbxLost(pbx="main", reason="closed"), ev.AgiEnded(pbx="main", unique_id=site.contact().caller_leg))
    site.up(boot="b2")
    assert (site.contact().state, causes(site.contact())) == (ContactState.QUEUED, ["", "unknown"])
    site.ready("alice")
    out = site.wait(301)
    assert len([command for command in out if isinstance(command, cmd.DialCustomer)]) == 1


def test_a_reload_that_takes_callbacks_away_leaves_them_to_those_who_wait() -> None:
    site = Site(AGENT_FIRST)
    promised(site)
    without = changed("queues/sales/callback", None, AGENT_FIRST)
    without["menus"]["main"]["keys"].pop("5")
    site.give(ev.ConfigLoaded(spec=without))
    site.ready("alice")
    site.answered(site.only(cmd.RingAgent).unique_id)
    customer = site.only(cmd.DialCustomer).unique_id
    agent = next(leg.unique_id for leg in site.engine.state.legs.values() if leg.agent_id)
    site.bridged(customer, agent)
    site.ended(customer)
    site.ended(agent)
    site.ask("alice", AgentState.READY)
    site.give(ev.ConfigLoaded(spec=without))
    site.request(ev.CallbackRequested, number=NUMBER, queue="sales")
    assert site.only(cmd.Refuse).current == "unavailable"


def test_states_of_the_customers_leg_are_told() -> None:
    site = Site(AGENT_FIRST)
    agent, customer = agent_waits(site)
    site.give(ev.LegAlerting(pbx="main", unique_id=customer))
    (told,) = (command.data["leg"] for command in site.all(cmd.Publish) if command.type == "leg.alerting")
    assert (told["party"], told["state"]) == ("caller", LegState.ALERTING)
    del agent


# ---- what is not to be dialled ---------------------------------------------------------------------------------------

BLOCKED = changed("own_calls", {"blocked": ["0171", "00", "+4940"], "emergency_numbers": ["03012345"]}, AGENT_FIRST)


@pytest.mark.parametrize("number", ["0171 2345678", "+491712345678", "+12025550100", "040 123456", "+493012345"])
def test_a_blocked_number_is_not_called_back_however_it_is_written(number: str) -> None:
    site = Site(BLOCKED)
    before = site.engine.snapshot()
    site.request(ev.CallbackRequested, number=number, queue="sales")
    refusal = site.only(cmd.Refuse)
    assert (refusal.code, "own_calls.blocked" in refusal.detail) == ("request-invalid", True)
    assert site.engine.snapshot() == before


def test_a_caller_whose_own_number_is_blocked_waits_on() -> None:
    site = Site(BLOCKED)
    contact = site.call("c1", dnis="100", ani="+491712345678")
    site.key("5")
    assert (contact.state, contact.callback, contact.queue) == (ContactState.QUEUED, None, "sales")
    assert causes(contact) == ["blocked"]


def test_a_caller_who_waits_is_not_called_back_at_a_blocked_number() -> None:
    site = Site(BLOCKED)
    contact = site.call("c1", ani="+4930222222")
    site.request(ev.CallbackRequested, contact_id=contact.id, number="+491712345678")
    assert "own_calls.blocked" in site.only(cmd.Refuse).detail
    site.request(ev.CallbackRequested, contact_id=contact.id)
    assert not site.all(cmd.Refuse)


LATER_BLOCKED = changed("own_calls", {"blocked": ["+4930"]}, AGENT_FIRST)


def test_whom_a_reload_blocks_is_not_called_back_any_more() -> None:
    site = Site(AGENT_FIRST)
    contact = promised(site)
    site.give(ev.ConfigLoaded(spec=LATER_BLOCKED))
    assert (site.record().outcome, causes(contact)) == (Outcome.CALLBACK, ["", "blocked"])
    site.ready("alice")
    assert (site.all(cmd.RingAgent), site.engine.state.callbacks) == ([], {})


def test_a_reload_stops_the_agents_phone_that_rings_for_a_number_it_blocks() -> None:
    site = Site(AGENT_FIRST)
    contact = promised(site)
    site.ready("alice")
    agent = site.only(cmd.RingAgent).unique_id
    site.give(ev.ConfigLoaded(spec=LATER_BLOCKED))
    assert site.only(cmd.HangUpLeg).unique_id == agent
    assert (site.record().outcome, causes(contact)) == (Outcome.CALLBACK, ["", "blocked"])
    site.ended(agent)
    assert site.agent("alice").state is AgentState.READY


def test_a_reload_stops_the_customers_phone_that_rings_at_a_number_it_blocks() -> None:
    site = Site(AGENT_FIRST)
    agent, customer = agent_waits(site)
    contact = site.contact()
    site.give(ev.ConfigLoaded(spec=LATER_BLOCKED))
    assert [command.unique_id for command in site.all(cmd.HangUpLeg)] == [agent, customer]
    site.ended(agent)
    site.ended(customer)
    assert (site.record().outcome, causes(contact)) == (Outcome.CALLBACK, ["", "blocked"])
    assert site.wait(4_000) == []


def test_a_reload_that_blocks_a_number_ends_no_talk() -> None:
    site = Site(AGENT_FIRST)
    agent, customer = agent_waits(site)
    site.bridged(customer, agent)
    site.give(ev.ConfigLoaded(spec=LATER_BLOCKED))
    assert site.all(cmd.HangUpLeg) == []
    assert site.contact().state is ContactState.CONNECTED
