"""Position and expected wait of who waits; steps and ways out that depend on it; what is learnt on the way."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ctid.engine.engine import Engine
from ctid.engine.shown.views import View, contact_view, queue_view
from ctid.model import commands as cmd
from ctid.model import events as ev
from ctid.model.states import AgentState, ContactState
from ctid.spec.destination import OverflowSpec
from tests.unit.site import SPEC, Site

pytestmark = pytest.mark.unit


def crowd(agents: int = 4, **sales: Any) -> dict[str, Any]:
    """Agents a0, a1 … who all sell (level 8); `sales` is on 101, its handling takes 60 s; `support` is on 103."""
    spec = copy.deepcopy(SPEC)
    spec["policy"]["priority_seconds"] = 60
    spec["entries"]["direct"]["open"] = {"queue": "sales"}
    spec["queues"]["sales"] = {"steps": [{"skills": {"sales": 5}}], "handling_seconds": 60, **sales}
    spec["queues"]["support"] |= {"overflow": [], "handling_seconds": 60}
    spec["agents"] = {
        f"a{number}": {"name": "A", "device": f"PJSIP/10{number:02}", "pbx": "main", "skills": {"sales": 8}}
        for number in range(agents)
    }
    return spec


def busy(site: Site) -> Site:
    """Everybody talks."""
    for number, agent_id in enumerate(site.engine.site.agents):
        site.ask(agent_id, AgentState.READY)
        site.call(f"b{number}")
        leg = site.only(cmd.RingAgent).unique_id
        site.answered(leg)
        site.give(ev.AgiEnded(pbx="main", unique_id=f"b{number}"))
        site.bridged(leg, f"b{number}", bridge=f"br{number}")
    return site


def hang_up(site: Site, agent_id: str) -> list[cmd.Command]:
    """The agent ends their talk."""
    offer = site.engine.state.offers[site.agent(agent_id).offer_id]
    return site.ended(offer.leg_id)


def shown(site: Site, index: int) -> tuple[int | None, int | None]:
    """Position and expected wait of a contact as everybody sees them."""
    view = contact_view(site.engine.state, site.contact(index), site.now, site.engine.floor)
    return view["position"], view["expected_wait_ms"]


def stats(site: Site, name: str = "sales") -> View:
    return queue_view(site.engine.state, site.engine.site, name, site.now, site.engine.floor)


def test_position_and_expected_wait() -> None:
    site = busy(Site(crowd(4)))
    for number in range(3):
        site.call(f"w{number}")
        told = site.all(cmd.Publish)[-1].data["contact"]
        assert (told["position"], told["expected_wait_ms"]) == (number + 1, 15_000 * (number + 1))
    assert [shown(site, index) for index in (4, 5, 6)] == [(1, 15_000), (2, 30_000), (3, 45_000)]
    assert (stats(site)["expected_wait_ms"], stats(site)["agents_able"], stats(site)["agents_free"]) == (60_000, 4, 0)
    site.tick(4_000)
    assert [shown(site, index) for index in (4, 5, 6)] == [(1, 11_000), (2, 26_000), (3, 41_000)]
    site.ended("w0")
    assert [shown(site, index)[0] for index in (5, 6)] == [1, 2]


def test_expected_wait() -> None:
    """The stated wait never grows, not when the average is passed, nor when agents leave; then it is silent."""
    site = busy(Site(crowd(4)))
    for number in range(12):
        site.call(f"w{number}")
    told = []
    for second in range(200):
        told.append(shown(site, -1)[1])
        site.tick(1_000)
        if second % 16 == 15:
            site.ended(f"w{second // 16}")
        if second == 100:
            for agent_id in ("a0", "a1"):
                site.ask(agent_id, AgentState.NOT_READY)
                hang_up(site, agent_id)
    heard = [each for each in told if each is not None]
    assert told[:2] == [180_000, 179_000]
    assert heard == sorted(heard, reverse=True)
    assert len(heard) > 90
    assert told[101:] == [None] * 99, "with half of the agents gone the promise can't be kept"


def test_position_announcements() -> None:
    """Nothing is told of a wait while an offer is out, before one has begun, and after it has ended."""
    site = busy(Site(crowd(1)))
    contact = site.call("w0")
    assert shown(site, 1) == (1, 60_000)
    hang_up(site, "a0")
    assert contact.state is ContactState.OFFERED
    assert shown(site, 1) == (None, None)
    leg = site.engine.state.offers[contact.offer_ids[0]].leg_id
    site.ended(leg, cause=21)
    assert shown(site, 1)[0] == 1
    told = site.all(cmd.Publish)
    assert [each.data["contact"]["position"] for each in told if each.type == "contact.queued"] == [1]
    site.ended("w0")
    assert shown(site, 1) == (None, None)
    site.call("m0", dnis="100")
    assert shown(site, 2) == (None, None)


def test_nothing_is_told_that_nobody_can_tell() -> None:
    spec = crowd(2)
    del spec["queues"]["sales"]["handling_seconds"]
    site = Site(spec)
    site.call("w0")
    assert shown(site, 0) == (1, None)  # nobody is there
    assert stats(site)["expected_wait_ms"] is None
    site.ask("a0", AgentState.NOT_READY)
    assert (shown(site, 0), stats(site)["agents_able"]) == ((1, None), 0)


def test_somebody_free_means_no_wait() -> None:
    site = Site(crowd(2))
    site.ready("a0")
    assert (stats(site)["expected_wait_ms"], stats(site)["agents_free"]) == (0, 1)


def test_contacts_of_other_queues_count_by_the_share_of_the_agents_that_are_theirs() -> None:
    spec = crowd(4)
    for number in (2, 3):
        spec["agents"][f"a{number}"]["skills"] = {"sales": 2}
    site = busy_all(Site(spec))
    site.call("s0", dnis="103")  # all four are able
    site.tick(1)
    site.call("s1", dnis="103")
    site.tick(1)
    site.call("w0")  # two of them are
    # Half of each of the two before it, and itself: two contacts for two agents.
    assert shown(site, -1) == (1, 60_000)


def busy_all(site: Site) -> Site:
    """Everybody is at work, whoever they may serve: they talk with callers of `support`."""
    for number, agent_id in enumerate(site.engine.site.agents):
        site.ask(agent_id, AgentState.READY)
        site.call(f"b{number}", dnis="103")
        leg = site.only(cmd.RingAgent).unique_id
        site.answered(leg)
        site.give(ev.AgiEnded(pbx="main", unique_id=f"b{number}"))
        site.bridged(leg, f"b{number}", bridge=f"br{number}")
    return site


def test_priority_counts() -> None:
    site = busy(Site(crowd(1)))
    site.call("w0")
    site.tick(1_000)
    contact = site.call("w1")
    assert shown(site, 2) == (2, 120_000)
    site.request(ev.RoutingSet, contact_id=contact.id, priority=1)
    assert site.only(cmd.Accept).result["contact"]["position"] == 1
    assert shown(site, 1)[0] == 2


def test_handling_times_are_learnt_from_talk_and_wrap_up() -> None:
    site = busy(Site(crowd(1, wrap_up_seconds=30)))
    for number in range(200):
        site.tick(90_000)
        site.ended(f"b{number}")
        site.wait(30)
        site.call(f"b{number + 1}")
        leg = site.only(cmd.RingAgent).unique_id
        site.answered(leg)
        site.give(ev.AgiEnded(pbx="main", unique_id=f"b{number + 1}"))
        site.bridged(leg, f"b{number + 1}", bridge=f"br{number + 1}")
        site.give(ev.RecordSaved(contact_id=site.contact().id))
        if number == 0:
            assert site.engine.state.paces["sales"].handling_ms == 72_000  # 120 s once, 60 s four times
    assert site.engine.state.paces["sales"].handling_ms == pytest.approx(120_000, rel=0.02)
    assert site.agent("a0").handling_ms == 120_000


def test_a_step_by_expected_wait_lets_others_help() -> None:
    steps = [{"skills": {"sales": 5}}, {"expected_wait_seconds": 45, "skills": {"sales": 1}}]
    spec = crowd(2, steps=steps)
    spec["agents"]["helper"] = {"name": "H", "device": "PJSIP/1099", "pbx": "main", "skills": {"sales": 1}}
    site = Site(spec)
    for agent_id in ("a0", "a1"):
        site.ask(agent_id, AgentState.READY)
    del site.engine.site.agents["helper"]  # not among those whom `busy` puts to work
    busy(site)
    site.give(ev.ConfigLoaded(spec=spec))
    site.ask("helper", AgentState.READY)
    first = site.call("w0")
    assert first.step == 0
    assert "ewt:sales" in site.engine.state.timers
    second = site.call("w1")
    site.wait(2)
    assert (first.step, first.state) == (0, ContactState.QUEUED)
    assert (second.step, second.state) == (1, ContactState.OFFERED)
    assert second.agent_id == "helper"


def test_it_is_looked_ahead_only_while_somebody_waits_whom_it_concerns() -> None:
    site = busy(Site(crowd(1)))
    site.call("w0")
    assert "ewt:sales" not in site.engine.state.timers
    steps = [{"skills": {"sales": 5}}, {"expected_wait_seconds": 600, "skills": {"sales": 1}}]
    site.give(ev.ConfigLoaded(spec=crowd(1, steps=steps)))
    assert "ewt:sales" in site.engine.state.timers
    site.wait(10)
    assert "ewt:sales" in site.engine.state.timers
    site.ended("w0")
    site.wait(2)
    assert "ewt:sales" not in site.engine.state.timers


def test_a_contact_that_would_wait_too_long_goes_another_way_at_once() -> None:
    overflow = [{"expected_wait_seconds": 100, "to": {"voicemail": "1001@default"}}]
    site = busy(Site(crowd(1, overflow=overflow)))
    assert site.call("w0").state is ContactState.QUEUED
    contact = site.call("w1")
    assert [(step.name, step.result) for step in contact.path if step.kind == "queue"] == [("sales", "overflow")]
    assert site.only(cmd.ReleaseLeg).next == "voicemail"


def test_a_contact_whose_wait_has_become_too_long_goes_another_way_in_a_while() -> None:
    overflow = [{"expected_wait_seconds": 100, "to": {"queue": "support"}}]
    site = busy(Site(crowd(2, overflow=overflow)))
    site.tick(60_000)
    contacts = [site.call(f"w{number}") for number in range(3)]
    site.ask("a1", AgentState.LOGGED_OUT)
    hang_up(site, "a1")
    assert [contact.queue for contact in contacts] == ["sales", "sales", "sales"]
    site.wait(3)
    assert [contact.queue for contact in contacts] == ["sales", "support", "support"]
    assert all(contact.queued_at is not None and contact.place_ms for contact in contacts)


def test_a_contact_that_came_back_is_not_sent_on_by_expected_wait_again() -> None:
    spec = crowd(1, overflow=[{"expected_wait_seconds": 10, "to": {"queue": "support"}}])
    spec["queues"]["support"]["overflow"] = [{"expected_wait_seconds": 10, "to": {"queue": "sales"}}]
    site = busy(Site(spec))
    contact = site.call("w1")
    site.wait(30)
    assert contact.state is ContactState.QUEUED
    assert [step.name for step in contact.path if step.kind == "queue"] == ["sales", "support", "sales"]


def test_how_soon_callers_give_up_is_learnt() -> None:
    site = busy(Site(crowd(1)))
    for number in range(20):
        site.call(f"w{number}")
        site.wait(30)
        site.ended(f"w{number}")
    pace = site.engine.state.paces["sales"]
    assert (pace.abandons, pace.waited_ms) == (20, 600_000)
    for number in range(3):
        site.call(f"v{number}")
    position, wait = shown(site, -1)
    # 1/60 served and 1/30 for each before them giving up, a second: 60 + 20 + 12 seconds instead of 180.
    assert position == 3
    assert wait == pytest.approx(92_000, rel=0.01)


def test_a_restored_engine_tells_the_same() -> None:
    site = busy(Site(crowd(2)))
    for number in range(4):
        site.call(f"w{number}")
    before = [shown(site, index) for index in range(6)]
    site.engine = site.engine.restore(site.engine.snapshot())
    assert [shown(site, index) for index in range(6)] == before


def test_a_daemon_that_recovered_looks_ahead_in_the_same_order() -> None:
    long = {"expected_wait_seconds": 10, "to": {"play": ["sorry"], "hangup": True}}
    english = {"when": "attributes.language == 'en'", "steps": [{"skills": {"sales": 6}}]}
    site = busy(Site(crowd(1, requirements=[english], overflow=[])))
    site.call("w0")
    second = site.call("w1")
    site.request(ev.AttributesSet, contact_id=second.id, attributes={"language": "en"})
    # The first leaves its line and is back in it, which stands behind the other one's from now on.
    site.request(ev.RoutingSet, contact_id=site.contact(1).id, priority=1)
    site.give(ev.ConfigLoaded(spec=crowd(1, requirements=[english])))
    site.request(ev.RoutingSet, contact_id=site.contact(1).id, priority=2)
    site.engine.site.queues["sales"].overflow.append(OverflowSpec.model_validate(long))
    again = Engine.restore(site.engine.snapshot())
    again.site.queues["sales"].overflow.append(OverflowSpec.model_validate(long))
    for engine in (site.engine, again):
        engine.state.timers["ewt:sales"] = site.mono_ms
    ours, theirs = (engine.handle(ev.TimerFired(timer_id="ewt:sales"), site.now) for engine in (site.engine, again))
    waits = [each.timer_id for each in ours if isinstance(each, cmd.StartTimer) and each.timer_id.startswith("wait:")]
    assert len(waits) == 2
    assert ours == theirs
    assert site.engine.snapshot() == again.snapshot()
