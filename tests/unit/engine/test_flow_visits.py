"""What became of callers in flows, as their records tell it: times, ways out, drop-outs; and nothing that is secret."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ctid.engine.shown.views import menu_path
from ctid.ivr.flow_visits import flow_visits
from ctid.model import events as ev
from ctid.model.commands import Publish, SaveRecord
from ctid.model.flow_visit import FlowVisit
from ctid.model.history import PathStep
from ctid.model.instant import Instant
from tests.unit.engine.flow_site import FLOWS, flow_site, press
from tests.unit.site import SPEC, Site


def called(**flows: Any) -> Site:
    """Somebody is in a flow; further flows may be given, ``start`` is where they begin."""
    if not flows:
        site = flow_site()
    else:
        spec = copy.deepcopy(SPEC)
        spec["flows"] = {**copy.deepcopy(FLOWS), **flows}
        spec["entries"]["identified"] = {"dnis": "104", "open": {"flow": next(iter(flows))}}
        site = Site(spec)
    # Who withholds their number is not waited for to be known.
    site.call(dnis="104", ani="")
    return site


def heard(site: Site, seconds: float, digits: str = "", **more: Any) -> None:
    site.wait(seconds)
    press(site, digits, **more)


def gone(site: Site, seconds: float = 1) -> list[FlowVisit]:
    """The caller hangs up; what is left is the record."""
    site.wait(seconds)
    site.ended("c1")
    return flow_visits(site.record())


def told(visit: FlowVisit) -> list[tuple[str, int, str]]:
    return [(each.node, each.duration_ms, each.left_by) for each in visit.nodes]


def test_each_node_with_its_time_until_they_hang_up() -> None:
    site = called()
    heard(site, 2)
    heard(site, 5, "9")
    (visit,) = gone(site, 3)
    assert told(visit) == [("hello", 2_000, "on"), ("topic", 8_000, "hung_up")]
    assert (visit.flow, visit.called, visit.nodes[1].invalid) == ("identify", False, 1)


def test_a_menu_is_a_flow_with_a_node_for_each_key() -> None:
    site = Site()
    site.call(dnis="100", ani="")
    heard(site, 3, "8")
    heard(site, 2, "1")
    (visit,) = gone(site)
    assert told(visit) == [("menu", 5_000, "key"), ("key-1", 0, "left")]
    assert (visit.flow, visit.result, visit.to_kind, visit.to_name) == ("main", "left", "queue", "sales")
    assert (visit.nodes[0].title, visit.nodes[0].invalid) == ("main", 1)


def test_a_drop_out_is_one_of_the_node_in_which_they_hung_up() -> None:
    site = called()
    heard(site, 2)
    heard(site, 5, "1")
    heard(site, 4, "4711")
    (visit,) = gone(site, 7)
    assert told(visit) == [
        ("hello", 2_000, "on"), ("topic", 5_000, "key"), ("account", 4_000, "digits"), ("pin", 7_000, "hung_up"),
    ]  # fmt: skip
    assert (visit.result, visit.duration_ms, visit.contained, visit.to_kind) == ("hung_up", 18_000, False, "")
    assert visit.nodes[1].title == "What it is about"
    assert visit.version == site.engine.site.flows["identify"].version


def test_tries_are_counted_and_the_last_tells_how_it_was_left() -> None:
    site = called()
    heard(site, 1)
    heard(site, 1, "9")
    heard(site, 1)
    heard(site, 1)
    (visit,) = gone(site)
    node = visit.nodes[1]
    assert (node.node, node.invalid, node.timeouts, node.left_by) == ("topic", 1, 1, "timeout")
    assert (visit.result, visit.to_kind, visit.to_name) == ("left", "queue", "support")
    assert told(visit)[-1] == ("away", 0, "left"), "what is played on the way is none of the flow's"


def test_a_flow_that_ends_has_done_all_that_was_to_be_done() -> None:
    site = called()
    heard(site, 1)
    heard(site, 1, "2")
    (visit,) = gone(site)
    assert (visit.result, visit.end, visit.contained) == ("ended", "ok", True)
    assert told(visit)[-1] == ("done", 0, "ended")


def test_so_has_one_that_hangs_up() -> None:
    over = {"start": "bye", "nodes": {"bye": {"say": ["bye"], "then": "off"}, "off": {"go": {"hangup": True}}}}
    site = called(over=over)
    heard(site, 2)
    (visit,) = gone(site)
    assert (visit.result, visit.to_kind, visit.contained) == ("released", "", True)


def test_a_flow_that_calls_another_one_lasts_as_long_as_both() -> None:
    outer = {
        "start": "ask",
        "nodes": {
            "ask": {"call": "bye", "then": "thanks"},
            "thanks": {"say": ["thanks"], "then": "away"},
            "away": {"go": {"number": "+4930999"}},
        },
    }
    site = called(outer=outer)
    heard(site, 3)
    heard(site, 2)
    visits = gone(site)
    assert [(each.flow, each.called, each.result, each.duration_ms, each.end) for each in visits] == [
        ("outer", False, "left", 5_000, ""), ("bye", True, "ended", 3_000, "over"),
    ]  # fmt: skip
    assert told(visits[0]) == [("ask", 0, "on"), ("thanks", 2_000, "on"), ("away", 0, "left")]
    assert told(visits[1]) == [("bye", 3_000, "on"), ("end", 0, "ended")]
    assert (visits[0].to_kind, visits[0].to_name) == ("number", "+4930999")


def test_who_hangs_up_in_a_called_flow_has_dropped_out_of_both() -> None:
    site = called(outer={"start": "ask", "nodes": {"ask": {"call": "bye", "then": "ask"}}})
    assert [each.result for each in gone(site, 4)] == ["hung_up", "hung_up"]


def test_on_to_another_flow() -> None:
    site = called()
    heard(site, 1)
    heard(site, 1, "4")
    heard(site, 1)
    visits = gone(site)
    assert [(each.flow, each.called, each.result, each.to_kind, each.to_name) for each in visits] == [
        ("identify", False, "left", "flow", "bye"), ("bye", False, "ended", "", ""),
    ]  # fmt: skip


@pytest.mark.parametrize("failure", ["", "not_found", "timeout"])
def test_lookups_by_what_came_of_them(failure: str) -> None:
    fetch = {"lookup": "crm", "into": {"name": "name"}, "then": "end", "not_found": "end", "failed": "end"}
    site = called(look={"start": "get", "nodes": {"get": {"fetch": fetch}, "end": {"end": "ok"}}})
    contact = site.contact()
    assert contact.ivr is not None
    site.wait(2)
    fields: dict[str, str | None] = {} if failure else {"name": "Ada"}
    site.give(ev.LookupAnswered(contact_id=contact.id, token=contact.ivr.token, fields=fields, failure=failure))
    (visit,) = gone(site)
    node = visit.nodes[0]
    left_by = {"": "found", "not_found": "not_found", "timeout": "failed"}[failure]
    assert (node.duration_ms, node.left_by) == (2_000, left_by)
    assert node.failure == ("timeout" if failure == "timeout" else "")


@pytest.mark.parametrize(("how", "result"), [("menu ends", "back"), ("fetched", "taken_back"), ("given", "given_on")])
def test_sent_by_an_agent(how: str, result: str) -> None:
    site = flow_site()
    leg = site.connected()
    contact_id = site.contact().id
    site.request(ev.DetourRequested, contact_id=contact_id, flow="identify")
    site.give(*(ev.LegUnbridged(pbx="main", unique_id=each, bridge_id="br") for each in (leg, "c1")))
    site.give(ev.CallArrived(pbx="main", unique_id="c1", ani="", dnis=""))
    heard(site, 2)
    site.wait(3)
    match how:
        case "menu ends":
            press(site, "3")
            site.wait(4)
            press(site)
        case "fetched":
            site.request(ev.RetrieveRequested, contact_id=contact_id)
        case _:
            site.request(ev.TransferRequested, contact_id=contact_id, queue="support")
    if how != "given":
        site.bridged(leg, "c1", bridge="b2")
    site.wait(50)
    commands = [*site.ended(leg), *site.ended("c1"), *site.back(), *site.wait(60)]
    record = next(each.record for each in commands if isinstance(each, SaveRecord))
    (visit,) = flow_visits(record)
    assert (visit.result, visit.duration_ms, visit.to_kind, visit.contained) == (result, 5_000, "", False)


def test_a_pbx_that_is_gone_has_lost_them() -> None:
    site = called()
    site.give(ev.PbxLost(pbx="main", reason="link"))
    site.wait(3_600)
    assert [each.result for each in flow_visits(site.record())] == ["lost"]


def test_nothing_that_was_entered_is_in_the_path() -> None:
    site = called()
    heard(site, 1)
    heard(site, 1, "1")
    heard(site, 1, "4711")
    heard(site, 1, sealed="se-1", acceptable=True)
    gone(site)
    record = site.record()
    assert not any("4711" in f"{step.name}{step.result}" for step in record.path)
    assert not any("se-1" in f"{step.name}{step.result}" for step in record.path)


def test_records_without_flows_have_none() -> None:
    site = Site()
    site.connected()
    site.ended("c1")
    site.wait(60)
    assert flow_visits(site.record()) == []


def test_a_key_that_is_pressed_while_they_wait_is_of_no_menu() -> None:
    kinds = (("flow", "main"), ("node", "main/menu"), ("key", "1"), ("node", "main/key-1"), ("left", "main/key-1"))
    path = [
        PathStep(at=Instant(0, 0), kind=kind, name=name) for kind, name in (*kinds, ("queue", "sales"), ("key", "2"))
    ]
    assert list(menu_path(path)) == [{"menu": "main/menu"}, {"key": "1"}, {"key": "2"}]


def test_the_pop_shows_what_was_chosen_and_nothing_that_was_entered() -> None:
    site = called()
    heard(site, 1)
    heard(site, 1, "9")
    heard(site, 1, "1")
    heard(site, 1, "4711")
    heard(site, 1, sealed="se-1", acceptable=True)
    site.ready()
    press(site)
    (created,) = (each for each in site.all(Publish) if each.type == "offer.created")
    assert created.data["offer"]["pop"]["menu_path"] == [
        {"menu": "What it is about"}, {"key": "9"}, {"key": "1"},
    ]  # fmt: skip
