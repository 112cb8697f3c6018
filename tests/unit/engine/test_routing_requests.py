"""Changing needs, priority and queue of who waits; conditions that are told late; places kept and regained."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ctid.engine.waiting import places
from ctid.model import commands as cmd
from ctid.model import events as ev
from ctid.model.customer import Customer
from ctid.model.states import AgentState, ContactState
from tests.unit.site import SPEC, Site, changed

pytestmark = pytest.mark.unit

GOLD = Customer(id="7", name="Carla", tier="gold")


def tiered() -> dict[str, Any]:
    """The site whose queue `sales` asks for level 9 by gold customers, and for level 1 after 30 s."""
    spec = copy.deepcopy(SPEC)
    spec["queues"]["sales"]["requirements"] = [
        {"when": "attributes.urgent == 'yes'", "steps": [{}]},
        {
            "when": "customer.tier == 'gold'",
            "steps": [{"skills": {"sales": 9}}, {"after_seconds": 30, "skills": {"sales": 1}}],
        },
    ]
    return spec


def ask(site: Site, **fields: Any) -> list[cmd.Command]:
    return site.request(ev.RoutingSet, contact_id=site.contact().id, **fields)


def refused(site: Site, **fields: Any) -> cmd.Refuse:
    before = site.engine.snapshot()
    ask(site, **fields)
    assert site.engine.snapshot() == before
    return site.only(cmd.Refuse)


# ---- conditions ---------------------------------------------------------------------------------------------------


def test_a_late_answer_of_the_directory_chooses_anew_and_keeps_the_place() -> None:
    site = Site(tiered())
    contact = site.call()
    place = contact.place_ms
    assert contact.requirement == -1
    assert [note.code for note in site.all(cmd.Note)] == ["condition-untold"]
    site.wait(35)
    assert contact.step == 1
    site.give(ev.CustomerLookedUp(contact_id=contact.id, customer=GOLD))
    assert (contact.requirement, contact.step, contact.place_ms) == (1, 1, place)
    site.ready("bob")
    assert site.only(cmd.RingAgent).device == "PJSIP/1002"


def test_a_requirement_chosen_early_holds_back_who_would_have_been_able() -> None:
    site = Site(tiered())
    contact = site.call()
    site.give(ev.CustomerLookedUp(contact_id=contact.id, customer=GOLD))
    site.ready("alice")
    assert contact.state is ContactState.QUEUED
    site.wait(30)
    assert contact.state is ContactState.OFFERED


def test_attributes_that_change_while_waiting_make_somebody_able_at_once() -> None:
    site = Site(changed("queues/sales/steps", [{"skills": {"sales": 9}}], tiered()))
    contact = site.call()
    site.ready("bob")
    assert contact.state is ContactState.QUEUED
    site.request(ev.AttributesSet, contact_id=contact.id, attributes={"urgent": "yes"})
    assert contact.requirement == 0
    assert site.only(cmd.RingAgent).device == "PJSIP/1002"


def test_a_reload_that_brings_conditions_chooses_for_who_waits() -> None:
    site = Site()
    contact = site.call()
    site.give(ev.CustomerLookedUp(contact_id=contact.id, customer=GOLD))
    site.give(ev.ConfigLoaded(spec=tiered()))
    assert contact.requirement == 1


def test_reload_resets_state() -> None:
    """A reload touches neither place, wait, step, exclusion nor the places of those who may call again."""
    spec = changed("policy/regain_place_seconds", 60)
    site = Site(spec)
    site.call("c1", ani="+4930111111")
    site.wait(25)
    site.ended("c1")
    contact = site.call("c2")
    site.wait(25)
    leg = ring(site)
    site.ended(leg, cause=21)
    before = (contact.place_ms, contact.queued_at, contact.step, dict(contact.excluded), dict(contact.attributes))
    timers = {name: due for name, due in site.engine.state.timers.items() if contact.id in name}
    site.give(ev.ConfigLoaded(spec=spec))
    after = (contact.place_ms, contact.queued_at, contact.step, dict(contact.excluded), dict(contact.attributes))
    assert after == before
    assert {name: due for name, due in site.engine.state.timers.items() if contact.id in name} == timers
    assert list(site.engine.state.places) == ["+4930111111"]


def ring(site: Site) -> str:
    site.ready("alice")
    return site.only(cmd.RingAgent).unique_id


# ---- PATCH routing ------------------------------------------------------------------------------------------------


def test_priority_moves_a_contact_forward_and_its_queue_stays() -> None:
    site = Site()
    site.call("c1", dnis="103")
    site.tick(1_000)
    site.call("c2", dnis="103")
    second = site.contact(1)
    site.request(ev.RoutingSet, contact_id=second.id, priority=5)
    assert site.published() == ["contact.updated"]
    assert site.only(cmd.Accept).result["contact"]["priority"] == 5
    site.ready("bob")
    assert site.only(cmd.RingAgent).peer_unique_id == "c2"


def test_needs_of_its_own_go_before_the_queues_until_they_are_taken_back() -> None:
    site = Site()
    contact = site.call()
    site.ready("bob")
    assert contact.state is ContactState.QUEUED
    ask(site, steps=[{"skills": {"sales": 9}}, {"after_seconds": 8, "agents": ["bob"]}])
    site.wait(5)
    assert contact.state is ContactState.QUEUED
    ask(site, steps=[])
    assert contact.steps == []
    ask(site, steps=[{"agents": ["bob"]}])
    assert site.only(cmd.RingAgent).device == "PJSIP/1002"


def test_steps_of_new_needs_count_from_the_wait_so_far() -> None:
    site = Site()
    contact = site.call()
    site.wait(25)
    ask(site, steps=[{"skills": {"sales": 9}}, {"after_seconds": 10}, {"after_seconds": 60}])
    assert contact.step == 1
    site.wait(35)
    assert contact.step == 2


def test_another_queue_keeps_place_and_wait() -> None:
    site = Site()
    site.call("c1", dnis="101")
    site.tick(5_000)
    site.call("c2", dnis="103")
    contact = site.contact()
    place, queued_at = contact.place_ms, contact.queued_at
    ask(site, queue="support", priority=0)
    assert (contact.queue, contact.place_ms, contact.queued_at) == ("support", place, queued_at)
    assert site.only(cmd.PlayMusic).music_class == "jazz"
    assert [span.queue for span in contact.spans] == ["", "sales", "support"]
    site.ready("bob")
    assert site.only(cmd.RingAgent).peer_unique_id == "c1"


def test_each_queue_grants_its_own_wait_to_who_was_moved_there() -> None:
    site = Site()
    contact = site.call("c1", dnis="101")
    site.wait(50)
    ask(site, queue="support")
    site.wait(59)
    assert contact.state is ContactState.QUEUED
    site.wait(1)
    assert contact.state is ContactState.CREATED


def test_while_it_is_offered_priority_and_needs_may_change_and_the_queue_may_not() -> None:
    site = Site()
    leg = site.offered()
    refusal = refused(site, queue="support")
    assert (refusal.current, refusal.code) == ("offered", "conflict")
    assert "set_routing" in refusal.allowed_actions
    ask(site, queue="sales", priority=9, steps=[{"agents": ["bob"]}])
    site.only(cmd.Accept)
    site.ready("bob")
    site.ended(leg, cause=21)
    assert site.only(cmd.RingAgent).device == "PJSIP/1002"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"queue": "nowhere"}, "there is no queue 'nowhere'; there is: sales, support"),
        ({"steps": [{"skills": {"cooking": 3}}]}, "steps[0].skills.cooking: there is no skill 'cooking'"),
        ({"steps": [{"any": [{"agents": ["zoe"]}]}]}, "steps[0].any[0].agents[0]: there is no agent 'zoe'"),
        ({"steps": [{"groups": ["red"]}]}, "there is no group 'red'"),
        ({"priority": 1, "if_version": 99}, "the version is"),
    ],
)
def test_what_is_refused(fields: dict[str, Any], says: str) -> None:
    site = Site()
    site.call()
    assert says in refused(site, **fields).detail


def test_who_does_not_wait_has_no_routing() -> None:
    site = Site()
    site.call(dnis="100")
    assert refused(site, priority=1).current == "created"
    site.ended()
    assert site.request(ev.RoutingSet, contact_id="gone", priority=1)
    assert site.only(cmd.Refuse).code == "not-found"


# ---- regained places ----------------------------------------------------------------------------------------------

REGAIN = changed("policy/regain_place_seconds", 120)


def test_who_hung_up_while_waiting_and_calls_again_has_the_old_place() -> None:
    site = Site(REGAIN)
    first = site.call("c1", dnis="103")
    site.wait(30)
    site.ended("c1")
    site.call("c2", dnis="103", ani="+4930999999")
    site.wait(60)
    again = site.call("c3", dnis="103")
    assert again.place_ms == first.place_ms
    assert again.queued_at == site.now
    assert again.path[-1].result == "regained"
    assert site.engine.state.places == {}
    site.ready("bob")
    assert site.only(cmd.RingAgent).peer_unique_id == "c3"


@pytest.mark.parametrize(("seconds", "regained"), [(119.999, True), (120, False)])
def test_a_place_is_kept_so_long(seconds: float, regained: bool) -> None:
    site = Site(REGAIN)
    first = site.call("c1", dnis="103")
    site.ended("c1")
    site.wait(seconds)
    assert (site.call("c2", dnis="103").place_ms == first.place_ms) == regained


def test_a_withheld_number_and_a_caller_in_the_menu_have_no_place_to_regain() -> None:
    site = Site(REGAIN)
    site.call("c1", dnis="103", ani="")
    site.ended("c1")
    site.call("c2", dnis="100")
    site.ended("c2")
    assert site.engine.state.places == {}


def test_without_the_policy_nothing_is_remembered() -> None:
    site = Site()
    site.call("c1", dnis="103")
    site.ended("c1")
    assert site.engine.state.places == {}


def test_who_was_served_has_no_place() -> None:
    site = Site(REGAIN)
    leg = site.connected()
    site.ended(leg)
    site.ended("c1")
    assert site.engine.state.places == {}


def test_old_places_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "MAX_PLACES", 3)
    site = Site(REGAIN)
    for number in range(5):
        site.call(f"c{number}", dnis="103", ani=f"+49301111{number}")
        site.ended(f"c{number}")
        site.tick(1)
    assert list(site.engine.state.places) == ["+493011112", "+493011113", "+493011114"]
    site.wait(119.999)
    site.call("c9", dnis="103", ani="+4930222222")
    site.ended("c9")
    assert list(site.engine.state.places) == ["+4930222222"]


def test_the_last_agent_of_a_step_counts_after_a_reload() -> None:
    spec = changed("queues/sales/steps/0/skip_if_absent", True)
    site = Site(spec)
    site.ask("alice", AgentState.NOT_READY)
    contact = site.call()
    assert contact.step == 0
    site.give(ev.ConfigLoaded(spec=spec))
    assert contact.step == 0
