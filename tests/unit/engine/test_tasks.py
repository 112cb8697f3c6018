"""Contacts of other channels than voice: submitted, offered, at hand beside calls, given back, completed."""

from __future__ import annotations

from typing import Any

import pytest

from ctid.engine.shown.views import agent_view
from ctid.model import commands as cmd
from ctid.model import events as ev
from ctid.model.contact import Contact
from ctid.model.customer import Customer
from ctid.model.states import AgentState, ContactState, OfferState, Outcome
from tests.unit.site import SPEC, Site, changed

pytestmark = pytest.mark.unit


def with_capacity(**rules: Any) -> dict[str, Any]:
    spec = changed("agents/alice/capacity", {"voice": 1, "chat": 2})
    spec["agents"]["bob"]["capacity"] = {"chat": 1}
    spec["queues"]["support"] |= rules
    return spec


@pytest.fixture
def site() -> Site:
    return Site(with_capacity())


def submit(site: Site, **fields: Any) -> Contact:
    site.request(ev.ContactSubmitted, **{"channel": "chat", "queue": "support", **fields})
    return site.engine.state.contacts[site.only(cmd.Accept).result["contact"]["id"]]


def offer(site: Site, contact: Contact, agent_id: str = "alice") -> str:
    """The offer of the contact, which is out to this agent."""
    (offer_id,) = contact.offer_ids
    assert site.engine.state.offers[offer_id].agent_id == agent_id
    return offer_id


def accept(site: Site, offer_id: str, agent_id: str = "alice") -> None:
    site.request(ev.OfferAccepted, agent_id=agent_id, offer_id=offer_id)
    assert site.all(cmd.Accept)


def at_hand(site: Site, agent_id: str = "alice", **fields: Any) -> Contact:
    contact = submit(site, **fields)
    accept(site, offer(site, contact, agent_id), agent_id)
    assert contact.id in site.agent(agent_id).tasks
    return contact


def complete(site: Site, contact: Contact, agent_id: str = "alice", **fields: Any) -> list[cmd.Command]:
    return site.request(ev.WrapUpSet, agent_id=agent_id, contact_id=contact.id, complete=True, **fields)


def channels(site: Site, agent_id: str = "alice") -> dict[str, tuple[int, int]]:
    view = agent_view(site.engine.state, site.engine.site, site.agent(agent_id), site.now)
    return {name: (each["in_use"], each["capacity"]) for name, each in view["channels"].items()}


def test_a_submitted_contact_waits_in_its_queue_with_what_it_brought(site: Site) -> None:
    customer = Customer(id="7", name="Carla")
    contact = submit(site, priority=4, attributes={"topic": "billing", "none": ""}, customer=customer)
    assert (contact.channel, contact.state, contact.queue) == ("chat", ContactState.QUEUED, "support")
    assert (contact.priority, contact.attributes, contact.customer) == (4, {"topic": "billing"}, customer)
    assert site.published() == ["contact.created", "contact.queued"]
    assert [each for each in site.out if isinstance(each, (cmd.PlayMusic, cmd.LookUpCustomer))] == []


@pytest.mark.parametrize(
    "fields",
    [{"channel": "voice"}, {"queue": "kitchen"}, {"attributes": {"a": "x" * 2_001}}],
    ids=["a call", "no such queue", "too long"],
)
def test_what_cannot_be_served_is_refused(site: Site, fields: dict[str, Any]) -> None:
    before = site.engine.snapshot()
    site.request(ev.ContactSubmitted, **{"channel": "chat", "queue": "support", **fields})
    assert site.only(cmd.Refuse).code == "request-invalid"
    assert site.engine.snapshot() == before


def test_an_accepted_one_is_at_hand_and_the_agent_is_free_for_more(site: Site) -> None:
    site.ready("alice")
    contact = submit(site)
    offer_id = offer(site, contact)
    assert site.all(cmd.RingAgent) == []
    assert channels(site) == {"voice": (0, 1), "chat": (1, 2)}
    assert site.engine.state.offers[offer_id].at_desktop
    site.tick(5_000)
    accept(site, offer_id)
    assert site.published()[:2] == ["offer.accepted", "contact.connected"]
    agent = site.agent()
    assert (agent.state, agent.offer_id, agent.contact_id) == (AgentState.READY, "", "")
    assert (contact.state, contact.agent_id, contact.offer_ids) == (ContactState.CONNECTED, "alice", [])
    assert channels(site) == {"voice": (0, 1), "chat": (1, 2)}
    assert site.engine.state.offers == {}
    assert not [timer for timer in site.engine.state.timers if timer.startswith(("offer", "lease"))]


def test_completing_it_closes_it_as_handled(site: Site) -> None:
    site.ready("alice")
    contact = submit(site)
    site.tick(3_000)
    accept(site, offer(site, contact))
    site.tick(7_000)
    complete(site, contact, disposition="order")
    record = site.record()
    assert (record.outcome, record.agent_id, record.disposition) == (Outcome.HANDLED, "alice", "order")
    assert (record.wait_ms, record.talk_ms, record.wrap_up_ms) == (3_000, 7_000, 0)
    assert (site.agent().tasks, site.agent().handled) == ({}, 1)
    assert site.agent().idle_since_ms == site.mono_ms


def test_it_is_not_completed_without_a_required_disposition() -> None:
    site = Site(with_capacity(disposition_required=True, wrap_up_seconds=5))
    site.ready("alice")
    contact = at_hand(site)
    complete(site, contact)
    assert "disposition" in site.only(cmd.Refuse).detail
    complete(site, contact, disposition="solved")
    assert contact.state is ContactState.CLOSED


def test_an_offer_not_accepted_in_time_goes_on_and_counts_as_missed(site: Site) -> None:
    site.ready("alice")
    contact = submit(site)
    offer(site, contact)
    site.wait(20)
    assert (contact.state, contact.offers[0].state) == (ContactState.QUEUED, OfferState.TIMED_OUT)
    assert (site.agent().state, site.agent().misses) == (AgentState.READY, 1)
    assert contact.excluded


def test_it_is_rejected_at_the_desktop(site: Site) -> None:
    site.ready("alice")
    contact = submit(site)
    site.request(ev.OfferRejected, agent_id="alice", offer_id=offer(site, contact))
    assert site.only(cmd.Accept).result["offer"]["state"] == OfferState.REJECTED
    assert (site.agent().state, contact.state) == (AgentState.READY, ContactState.QUEUED)


def test_a_call_interrupts_what_is_at_hand_and_its_wrap_up_too(site: Site) -> None:
    site.ready("alice")
    contact = at_hand(site)
    site.tick(1)
    leg = site.connected("c9")
    assert site.agent().tasks[contact.id].interrupted
    assert channels(site) == {"voice": (1, 1), "chat": (1, 2)}
    site.ended(leg)
    assert site.agent().state is AgentState.WRAP_UP
    assert site.agent().tasks[contact.id].interrupted
    site.wait(20)
    assert not site.agent().tasks[contact.id].interrupted
    types = [each.type for each in site.all(cmd.Publish) if each.contact_id == contact.id]
    assert types == ["contact.resumed"]


def test_one_at_hand_is_completed_during_a_call(site: Site) -> None:
    site.ready("alice")
    contact = at_hand(site)
    site.connected("c9")
    complete(site, contact)
    assert contact.state is ContactState.CLOSED
    assert site.agent().state is AgentState.BUSY


@pytest.mark.parametrize("how", ["logs out", "is removed"])
def test_what_an_agent_leaves_behind_goes_back_to_its_queue_and_place(site: Site, how: str) -> None:
    site.ready("alice")
    site.tick(1_000)
    contact = submit(site)
    site.tick(2_000)
    accept(site, offer(site, contact))
    site.tick(10_000)
    if how == "logs out":
        site.ask("alice", AgentState.LOGGED_OUT)
    else:
        site.give(ev.ConfigLoaded(spec=changed("agents/alice", None, with_capacity())))
    assert (contact.state, contact.agent_id) == (ContactState.QUEUED, "")
    assert contact.queued_at is not None
    assert contact.queued_at.mono_ms == site.mono_ms - 12_000
    site.tick(3_000)
    site.ready("bob")
    accept(site, offer(site, contact, "bob"), "bob")
    site.tick(4_000)
    complete(site, contact, "bob")
    record = site.record()
    assert (record.agent_id, record.wait_ms, record.talk_ms) == ("bob", 5_001, 14_000)


def test_after_a_talk_an_agent_who_logs_out_leaves_nothing(site: Site) -> None:
    site.ready("alice")
    contact = at_hand(site)
    leg = site.connected("c9")
    site.ask("alice", AgentState.LOGGED_OUT)
    assert contact.state is ContactState.CONNECTED
    site.ended(leg)
    site.wait(20)
    assert site.agent().state is AgentState.LOGGED_OUT
    assert (contact.state, site.agent().tasks) == (ContactState.QUEUED, {})


@pytest.mark.parametrize("stage", ["waiting", "offered", "at hand"])
def test_the_customer_leaves(site: Site, stage: str) -> None:
    site.ready("alice")
    contact = submit(site)
    site.tick(6_000)
    if stage != "waiting":
        offer_id = offer(site, contact)
        if stage == "at hand":
            accept(site, offer_id)
    site.request(ev.ContactWithdrawn, contact_id=contact.id)
    assert site.record().outcome is (Outcome.HANDLED if stage == "at hand" else Outcome.ABANDONED)
    assert (site.agent().state, site.agent().tasks) == (AgentState.READY, {})
    assert site.engine.state.offers == {}
    if stage == "offered":
        assert contact.offers[0].state == OfferState.RESCINDED
    site.request(ev.ContactWithdrawn, contact_id=contact.id)
    assert site.only(cmd.Refuse).code == "conflict"


def test_a_call_is_not_withdrawn(site: Site) -> None:
    contact = site.call()
    site.request(ev.ContactWithdrawn, contact_id=contact.id)
    assert "hangs up" in site.only(cmd.Refuse).detail


def test_where_nothing_can_be_played_only_a_queue_is_a_way_out() -> None:
    spec = with_capacity()
    spec["queues"]["sales"]["overflow"] = [{"wait_seconds": 10, "to": {"queue": "support", "play": ["sorry"]}}]
    site = Site(spec)
    contact = submit(site, queue="sales")
    site.wait(10)
    assert (contact.queue, contact.state) == ("support", ContactState.QUEUED)
    site.wait(60)
    assert (contact.state, contact.outcome) == (ContactState.CLOSED, Outcome.OVERFLOW)


def test_it_lasts_over_a_restart(site: Site) -> None:
    site.ready("alice")
    contact = at_hand(site)
    site.engine = type(site.engine).restore(site.engine.snapshot())
    site.give(ev.SiteStarted(site="demo", epoch="e2", release="0"))
    assert list(site.agent().tasks) == [contact.id]
    complete(site, contact)
    assert site.record().outcome is Outcome.HANDLED


def test_the_site_without_other_channels_shows_voice_alone() -> None:
    site = Site(SPEC)
    assert channels(site) == {"voice": (0, 1)}


def test_what_was_sent_to_one_agent_is_for_everybody_once_they_have_given_it_back(site: Site) -> None:
    site.ready("alice", "bob")
    contact = submit(site)
    site.request(ev.OfferDeflected, agent_id="alice", offer_id=offer(site, contact), agent="bob")
    accept(site, offer(site, contact, "bob"), "bob")
    site.wait(60)
    site.ask("bob", AgentState.LOGGED_OUT)
    assert contact.steps == []
    offer(site, contact, "alice")
