"""Who served a caller last, by the records: for callers who come back, and for requirements that name that agent."""

from __future__ import annotations

from typing import Any

import pytest

from ctid.model import commands as cmd
from ctid.model import events as ev
from ctid.model.contact import Contact
from ctid.model.customer import Customer
from ctid.model.record import LastCall
from tests.unit.site import Site, changed

pytestmark = pytest.mark.unit

LAST = LastCall(agent_id="bob", queue="sales")


def looked_up(site: Site, contact: Contact, customer: Customer | None, last: LastCall | None = LAST) -> None:
    site.give(ev.CustomerLookedUp(contact_id=contact.id, customer=customer, last_call=last))


def customer(**attributes: str) -> Customer:
    return Customer(id="7", name="Carla", attributes=attributes)


@pytest.mark.parametrize(
    ("directory", "expected"),
    [
        ({}, {"last_agent": "bob", "last_queue": "sales"}),
        ({"case": "7"}, {"case": "7", "last_agent": "bob", "last_queue": "sales"}),
        ({"last_agent": "alice"}, {"last_agent": "alice"}),
    ],
    ids=["nothing known", "something else known", "the directory knows better"],
)
def test_the_customer_gets_the_last_agent_unless_the_directory_has_one(
    directory: dict[str, str], expected: dict[str, str]
) -> None:
    site = Site()
    contact = site.call()
    looked_up(site, contact, customer(**directory))
    assert contact.customer is not None
    assert contact.customer.attributes == expected
    assert "last_agent" not in contact.attributes


def test_of_an_unknown_customer_the_contact_tells_it() -> None:
    site = Site()
    contact = site.call(attributes={"last_queue": "mine"})
    looked_up(site, contact, None)
    assert contact.attributes["last_agent"] == "bob"
    assert contact.attributes["last_queue"] == "mine"
    assert "contact.updated" in site.published()


def test_nothing_found_changes_nothing() -> None:
    site = Site()
    contact = site.call()
    version = contact.version
    looked_up(site, contact, None, None)
    assert (site.out, contact.version) == ([], version)


@pytest.mark.parametrize("known", [True, False], ids=["a customer", "a number"])
def test_a_returning_caller_is_offered_to_their_last_agent(known: bool) -> None:
    steps: list[dict[str, Any]] = [{"agent_from": "last_agent"}, {"after_seconds": 10}]
    site = Site(changed("queues/support/steps", steps))
    site.ready("alice", "bob")
    contact = site.call(dnis="103")
    assert site.all(cmd.RingAgent) == []
    looked_up(site, contact, customer() if known else None)
    assert site.only(cmd.RingAgent).agent_id == "bob"
