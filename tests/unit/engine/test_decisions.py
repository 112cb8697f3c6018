"""A PBX that deals with its calls by itself asks what is to become of one."""

from __future__ import annotations

import copy

import pytest

from ctid.model import commands as cmd
from ctid.model import events as ev
from ctid.model.states import Outcome
from tests.unit.site import SPEC, Site

FLOWS = {
    "route": {
        "start": "tier",
        "attributes": {"score": "number"},
        "nodes": {
            "tier": {"decide": [{"when": 'attributes.tier == "gold"', "then": "gold"}], "otherwise": "ask"},
            "gold": {"go": {"queue": "sales", "set": {"why.it": "gold"}}},
            "ask": {"fetch": {"lookup": "score", "into": {"score": "score"}, "then": "number", "failed": "nothing"}},
            "number": {"go": {"number": "+4930999"}},
            "nothing": {"end": "unknown"},
        },
    }
}


def asked(flow: str = "route", ani: str = "", **attributes: str) -> Site:
    made = copy.deepcopy(SPEC)
    made["flows"] = FLOWS
    site = Site(made)
    site.give(ev.DecisionAsked(pbx="main", unique_id="c1", flow=flow, ani=ani, dnis="700", attributes=attributes))
    return site


def told(site: Site) -> dict[str, str]:
    return {each.name: each.value for each in site.all(cmd.SetVariable) if each.name != "CTID_CONTACT"}


def test_at_once() -> None:
    site = asked(tier="gold")
    assert not site.all(cmd.AnswerLeg)
    assert told(site) == {"CTID_DECISION": "queue", "CTID_ATTR_tier": "gold", "CTID_ATTR_why_it": "gold"}
    assert site.only(cmd.ReleaseLeg) == cmd.ReleaseLeg(pbx="main", unique_id="c1", next="decided", target="sales")
    record = site.record()
    assert (record.outcome, record.path[-1].name) == (Outcome.HANDLED, "route/gold")
    assert not site.engine.state.legs, "the PBX has its call back"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"fields": {"score": "7"}}, {"CTID_DECISION": "number", "CTID_ATTR_score": "7"}),
        ({"failure": "timeout"}, {"CTID_DECISION": "end"}),
    ],
)
def test_after_a_lookup(answer: dict[str, object], expected: dict[str, str]) -> None:
    site = asked()
    fetch = site.only(cmd.FetchLookup)
    site.give(ev.LookupAnswered(contact_id=fetch.contact_id, token=fetch.token, **answer))  # type: ignore[arg-type]
    assert told(site) == expected
    assert site.only(cmd.ReleaseLeg).next == "decided"


def test_a_flow_that_is_not_there_decides_nothing() -> None:
    site = asked("nowhere", tier="gold")
    assert told(site)["CTID_DECISION"] == ""
    # The call may have asked before, and then been led elsewhere.
    assert told(site)["CTID_TARGET"] == ""
    assert site.only(cmd.ReleaseLeg).next == "undecided"
    assert site.record().outcome is Outcome.FAILED


def test_the_connection_dies_and_the_pbx_asks_again() -> None:
    site = asked()
    site.give(ev.AgiEnded(pbx="main", unique_id="c1"))
    site.give(ev.DecisionAsked(pbx="main", unique_id="c1", flow="route", ani="", dnis="700"))
    assert site.only(cmd.FetchLookup)
    assert len(site.engine.state.contacts) == 1


def test_the_manager_is_away_for_long_and_nothing_is_decided() -> None:
    site = asked()
    site.give(ev.PbxLost(pbx="main", reason="gone"))
    site.wait(120)
    assert told(site) == {"CTID_DECISION": "", "CTID_TARGET": ""}
    assert site.only(cmd.ReleaseLeg).next == "undecided"


def test_the_caller_hangs_up_meanwhile() -> None:
    site = asked()
    site.ended("c1")
    assert site.record().outcome is Outcome.ABANDONED


def test_about_a_customer_whom_the_directory_knows() -> None:
    site = asked(ani="030123456")
    assert not site.all(cmd.FetchLookup)
    lookup = site.only(cmd.LookUpCustomer)
    site.give(ev.DecisionAsked(pbx="main", unique_id="c1", flow="route", ani="", dnis="700"))
    assert not site.out, "it asks again, and is waited with"
    site.give(ev.CustomerLookedUp(contact_id=lookup.contact_id, customer=None))
    assert site.only(cmd.FetchLookup)
