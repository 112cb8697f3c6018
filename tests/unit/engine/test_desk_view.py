"""Script, links and earlier contacts: with the pop and with the contact, until the wrap-up is over."""

from __future__ import annotations

from typing import Any

import pytest

from ctid.engine.engine import Engine
from ctid.engine.shown.views import contact_view, offer_view
from ctid.model import events as ev
from ctid.model.customer import Case, Customer, RecentContact
from ctid.model.states import AgentState
from tests.unit.site import Site, changed

pytestmark = pytest.mark.unit

CARLA = Customer(
    id="a/b 1",
    name="Carla",
    attributes={"tenant": "Süd"},
    cases=[Case(id="17", title="Refund", state="open", url="https://crm.example/cases/17")],
)
EARLIER = RecentContact(
    contact_id="ct-old",
    at_utc_ms=1_794_000_000_000,
    channel="voice",
    queue="sales",
    agent_id="bob",
    outcome="handled",
    disposition="order",
    notes="",
)
LINKS = [
    {"name": "Customer", "url": "https://crm.example/c/{customer.id}?t={attributes.tenant}", "embed": True},
    {"name": "Number", "url": "https://crm.example/?q={ani}&d={dnis}&c={contact.id}"},
    {"name": "Order", "url": "https://crm.example/orders/{attributes.order}"},
]


def spec() -> dict[str, Any]:
    return changed("queues/sales/links", LINKS, changed("queues/sales/script", "Ask for the order."))


def view(site: Site) -> dict[str, Any]:
    return contact_view(site.engine.state, site.contact(), site.now, site.engine.floor)


def desk(view: dict[str, Any]) -> tuple[Any, ...]:
    return view["script"], view["links"], view["recent"]


def test_values_are_percent_encoded_and_links_that_lack_one_are_left_out() -> None:
    site = Site(spec())
    contact = site.call("c1")
    assert [link["name"] for link in view(site)["links"]] == ["Number"]
    site.give(ev.CustomerLookedUp(contact_id=contact.id, customer=CARLA, recent=[EARLIER]))
    site.request(ev.AttributesSet, contact_id=contact.id, attributes={"order": "&x=javascript:1 ü\ud800"})
    assert view(site)["links"] == [
        {"name": "Customer", "url": "https://crm.example/c/a%2Fb%201?t=S%C3%BCd", "embed": True},
        {"name": "Number", "url": f"https://crm.example/?q=%2B4930123456&d=101&c={contact.id}", "embed": False},
        {"name": "Order", "url": "https://crm.example/orders/%26x%3Djavascript%3A1%20%C3%BC%3F", "embed": False},
    ]


def test_the_pop_has_all_of_it_and_so_has_the_contact_in_talk_in_wrap_up_and_after_a_restart() -> None:
    site = Site(spec())
    contact = site.call("c1")
    site.give(ev.CustomerLookedUp(contact_id=contact.id, customer=CARLA, recent=[EARLIER]))
    site.ready("alice")
    offer = site.offer()
    leg = offer.leg_id
    pop = offer_view(site.engine.state, offer, site.now, site.engine.floor)["pop"]
    assert pop["script"] == "Ask for the order."
    assert [link["name"] for link in pop["links"]] == ["Customer", "Number"]
    assert pop["recent"] == [
        {
            "contact_id": "ct-old",
            "at": "2026-11-06T21:20:00.000Z",
            "channel": "voice",
            "queue": "sales",
            "agent_id": "bob",
            "outcome": "handled",
            "disposition": "order",
            "notes": None,
        }
    ]
    assert pop["customer"]["cases"] == [
        {"id": "17", "title": "Refund", "state": "open", "url": "https://crm.example/cases/17"}
    ]
    site.answered(leg)
    site.bridged(leg, "c1")
    assert desk(view(site)) == desk(pop)
    site.ended(leg)
    site.back()
    assert site.agent().state is AgentState.WRAP_UP
    assert desk(view(site)) == desk(pop)
    site.engine = Engine.restore(site.engine.snapshot())
    assert desk(view(site)) == desk(pop)


def test_earlier_contacts_of_a_customer_whom_nobody_knows_are_told_as_well() -> None:
    site = Site()
    contact = site.call("c1")
    site.give(ev.CustomerLookedUp(contact_id=contact.id, customer=None, recent=[EARLIER]))
    assert (site.published(), len(view(site)["recent"])) == (["contact.updated"], 1)
    # Asked again after a restart, and the records could not tell this time.
    site.give(ev.CustomerLookedUp(contact_id=contact.id, customer=CARLA))
    assert len(view(site)["recent"]) == 1


def test_a_contact_outside_any_queue_has_neither_script_nor_links() -> None:
    site = Site(spec())
    site.call("c1", dnis="100")
    assert desk(view(site)) == (None, [], [])
