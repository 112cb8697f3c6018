"""Reloads while contacts are live; timers that fire late, early, twice or for nobody."""

from __future__ import annotations

import pytest

from ctid.engine.engine import Engine
from ctid.model import commands as cmd
from ctid.model import events as ev
from ctid.model.states import AgentState, ContactState, Outcome, SystemReason
from tests.unit.site import SPEC, Site, changed

pytestmark = pytest.mark.unit

NO_AGENTS = {**SPEC, "agents": {}}


@pytest.fixture
def site() -> Site:
    return Site()


def test_a_queue_that_vanishes_stays_until_it_is_empty(site: Site) -> None:
    spec = {**SPEC, "queues": {"support": SPEC["queues"]["support"]}, "entries": {}, "menus": {}}
    site.call()
    site.give(ev.ConfigLoaded(spec=spec))
    assert "sales" in site.engine.site.queues
    site.ready("alice")
    assert site.only(cmd.RingAgent).peer_unique_id == "c1"
    site.ended()
    site.give(ev.RecordSaved(contact_id=site.contact().id))
    site.give(ev.ConfigLoaded(spec=spec))
    assert set(site.engine.site.queues) == {"support"}


def test_a_menu_that_vanishes_stays_for_who_is_in_it(site: Site) -> None:
    contact = site.call(dnis="100")
    play = site.only(cmd.PlayAndCollect)
    site.give(ev.ConfigLoaded(spec={**SPEC, "menus": {}, "entries": {}}))
    site.out = [play]
    site.key("1")
    assert contact.state is ContactState.QUEUED


def test_a_snapshot_of_an_earlier_release_has_its_menus_as_flows(site: Site) -> None:
    site.call(dnis="100", ani="")
    site.engine.state.spec = SPEC
    site.engine = Engine.restore(site.engine.snapshot())
    assert site.engine.site.flows.keys() == {"main"}
    site.give(ev.ConfigLoaded(spec=SPEC))
    assert (site.engine.state.spec["flows"].keys(), "menus" in site.engine.state.spec) == ({"main"}, False)


def test_fewer_steps_and_another_wait_hold_for_who_waits_already(site: Site) -> None:
    site.call()
    site.wait(30)
    site.call("c2", "103")
    assert site.contact().step == 1
    spec = changed("queues/sales/steps", [{"skills": {"sales": 3}}])
    site.give(ev.ConfigLoaded(spec=changed("queues/support/overflow/0/wait_seconds", 5, spec)))
    site.ready("alice")
    assert site.only(cmd.RingAgent).peer_unique_id == "c1"
    site.wait(5)
    assert "contact.overflowed" in site.published()
    site.call("c3", "103")
    spec["queues"]["support"] = {"steps": [{}]}
    site.give(ev.ConfigLoaded(spec=spec))
    site.wait(600)
    assert site.contact(2).state is ContactState.QUEUED


def test_an_agent_who_vanishes_is_logged_out_and_forgotten(site: Site) -> None:
    site.ready("alice")
    site.give(ev.ConfigLoaded(spec=NO_AGENTS))
    assert (site.agent().state, site.agent().reason) == (AgentState.LOGGED_OUT, SystemReason.CONFIG_REMOVED)
    site.give(ev.ConfigLoaded(spec=NO_AGENTS))
    assert site.engine.state.agents == {}


def test_an_agent_who_vanishes_at_work_ends_it_first(site: Site) -> None:
    leg = site.connected()
    site.give(ev.ConfigLoaded(spec=NO_AGENTS))
    assert site.agent().state is AgentState.BUSY
    site.ended(leg)
    site.wait(20)
    assert site.agent().state is AgentState.LOGGED_OUT
    assert site.record().outcome is Outcome.HANDLED


def test_an_agent_who_is_back_before_their_work_ended_stays(site: Site) -> None:
    leg = site.connected()
    site.give(ev.ConfigLoaded(spec=NO_AGENTS), ev.ConfigLoaded(spec=SPEC))
    site.ended(leg)
    site.wait(20)
    assert site.agent().state is AgentState.READY


def test_an_agent_whose_leg_still_lives_is_not_forgotten() -> None:
    site = Site(changed("queues/sales/wrap_up_seconds", 0))
    leg = site.connected()
    site.ask("alice", AgentState.LOGGED_OUT)
    site.back()
    site.give(ev.ConfigLoaded(spec=NO_AGENTS))
    assert site.agent().offer_id
    site.ended(leg)
    assert site.engine.state.offers == {}


def test_reloading_the_same_changes_nothing_for_anybody(site: Site) -> None:
    site.connected()
    site.call("c2")
    before = site.engine.snapshot()
    site.give(ev.ConfigLoaded(spec=SPEC))
    site.engine.state.stream_seq -= 1
    assert site.published() == ["config.loaded"]
    assert site.engine.snapshot() == before


def test_a_timer_that_fires_late_still_counts(site: Site) -> None:
    leg = site.offered()
    site.tick(15_250)
    site.give(ev.TimerFired(timer_id=f"offer:{site.offer().id}"))
    assert site.only(cmd.HangUpLeg).unique_id == leg
    assert site.contact().offers[0].rang_ms == 15_250


def test_a_timer_that_fires_early_is_started_again(site: Site) -> None:
    site.offered()
    timer_id = f"offer:{site.offer().id}"
    site.tick(14_999)
    assert site.give(ev.TimerFired(timer_id=timer_id)) == [cmd.StartTimer(timer_id=timer_id, due_ms=site.mono_ms + 1)]


def test_a_timer_that_fires_twice_or_for_nobody_does_nothing_the_second_time(site: Site) -> None:
    site.offered()
    timer_id = f"offer:{site.offer().id}"
    site.tick(15_000)
    assert site.give(ev.TimerFired(timer_id=timer_id)) != []
    assert site.give(ev.TimerFired(timer_id=timer_id)) == []
    for kind in ("offer", "lease", "wrap", "desktop", "step", "wait", "exclude", "backoff", "nonsense"):
        site.engine.state.timers[f"{kind}:nobody"] = site.mono_ms
        assert [c for c in site.give(ev.TimerFired(timer_id=f"{kind}:nobody")) if not isinstance(c, cmd.Note)] == []


def test_timers_that_no_longer_fit_the_state_do_nothing(site: Site) -> None:
    leg = site.offered()
    site.answered(leg)
    offer, contact = site.offer(), site.contact()
    for timer_id in (f"offer:{offer.id}", f"wait:{contact.id}"):
        site.engine.state.timers[timer_id] = site.mono_ms
        assert site.give(ev.TimerFired(timer_id=timer_id)) == []
    site.bridged(leg, "c1")
    site.engine.state.timers[f"step:{contact.id}"] = site.mono_ms
    assert site.give(ev.TimerFired(timer_id=f"step:{contact.id}")) == []


def test_steps_of_a_fraction_of_a_millisecond_come_to_an_end() -> None:
    site = Site(changed("queues/sales/steps", [{"skills": {"sales": 9}}, {"after_seconds": 1.0004}]))
    site.ready("alice")
    site.call()
    site.wait(1)
    assert site.only(cmd.RingAgent).peer_unique_id == "c1"
