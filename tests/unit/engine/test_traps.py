"""Traps of routing that others fell into, each with what must happen instead. More of them stand beside what they try.

docs/acd.md lists every trap with its test.
"""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ctid.model import commands as cmd
from ctid.model import events as ev
from ctid.model.states import AgentState, ContactState, Outcome, SystemReason
from tests.unit.site import SPEC, Site

pytestmark = pytest.mark.unit


def routed(
    queues: dict[str, dict[str, Any]], agents: dict[str, dict[str, Any]], policy: dict[str, Any] | None = None
) -> Site:
    """A site of the given queues (numbers 200, 201 … in their order) and agents."""
    spec = copy.deepcopy(SPEC)
    spec["skills"] = ["sales", "english"]
    spec["groups"] = ["red"]
    spec["policy"] = {"max_misses": 9, "priority_seconds": 10, **(policy or {})}
    spec["queues"] = {name: {"steps": [{}], "ring_seconds": 10, **queue} for name, queue in queues.items()}
    spec["menus"] = {}
    spec["entries"] = {name: {"dnis": str(200 + number), "open": {"queue": name}} for number, name in enumerate(queues)}
    spec["agents"] = {
        name: {"name": name, "device": f"PJSIP/{number}", "pbx": "main", **agent}
        for number, (name, agent) in enumerate(agents.items(), start=1001)
    }
    return Site(spec)


def rung(site: Site) -> list[str]:
    """The callers for whom phones were made to ring last."""
    return [command.peer_unique_id for command in site.all(cmd.RingAgent)]


def ring_of(site: Site) -> str:
    return site.only(cmd.RingAgent).unique_id


def test_two_contacts_to_one_agent() -> None:
    site = routed({"q": {}}, {"ann": {}})
    site.ready("ann")
    site.call("c1", "200")
    assert rung(site) == ["c1"]
    site.call("c2", "200")
    assert rung(site) == []
    # Neither the phone's state nor a state asked for frees the agent while the first one's leg may live.
    site.give(ev.DeviceChanged(pbx="main", device="PJSIP/1001", reachable=True, in_use=False))
    site.ask("ann", AgentState.READY)
    assert rung(site) == []
    assert len(site.engine.state.offers) == 1


def test_rna_picks_the_same_agent_again() -> None:
    """Who did not answer is behind all others for this caller, and not before them for the next."""
    site = routed({"q": {}}, {"ann": {}, "ben": {}})
    site.ready("ann")
    site.ready("ben")
    site.call("c1", "200")
    first = site.only(cmd.RingAgent)
    assert first.agent_id == "ann"
    site.wait(10)
    assert [command.agent_id for command in site.all(cmd.RingAgent)] == ["ben"]
    site.ended(first.unique_id, cause=19)
    assert rung(site) == []
    site.wait(2.5)  # Ann's back-off is over, but this caller is kept from her
    assert rung(site) == []
    assert site.agent("ann").misses == 1


def test_offer_timeout_not_retried() -> None:
    site = routed({"q": {}}, {"ann": {}, "ben": {}}, {"exclude_seconds": 5})
    site.ready("ann")
    site.ready("ben")
    contact = site.call("c1", "200")
    place = contact.place_ms
    tried = [site.only(cmd.RingAgent).agent_id]
    for _ in range(3):
        leg = ring_of(site)
        gathered = site.wait(10) + site.ended(leg, cause=19) + site.wait(1)
        rings = [command for command in gathered if isinstance(command, cmd.RingAgent)]
        tried.append(rings[0].agent_id)
        site.out = rings[:1]
    assert tried == ["ann", "ben", "ann", "ben"]
    assert contact.place_ms == place
    assert [offer.state for offer in contact.offers] == ["timed_out"] * 3


def test_priority_inversion_across_queues() -> None:
    """A queue of higher priority does not keep an agent from one that only they may serve now, nor the reverse."""
    site = routed(
        {"gold": {"steps": [{"skills": {"sales": 5}}], "priority": 50}, "silver": {}},
        {"ann": {}, "ben": {"skills": {"sales": 9}}},
    )
    site.call("g1", "200")
    site.tick(1_000)
    site.call("s1", "201")
    site.ready("ann")
    assert rung(site) == ["s1"], "a caller whom this agent may not serve stands in nobody's way"
    site.tick(1_000)
    site.call("s2", "201")
    site.ready("ben")
    assert rung(site) == ["g1"], "among those they may serve, the higher priority goes first"


def test_priority_is_a_head_start_and_nobody_starves() -> None:
    site = routed({"gold": {"priority": 3}, "silver": {}}, {"ann": {}})
    site.call("s1", "201")
    site.tick(29_000)
    site.call("g1", "200")
    site.ready("ann")
    assert rung(site) == ["g1"], "three points are worth thirty seconds"
    site = routed({"gold": {"priority": 3}, "silver": {}}, {"ann": {}})
    site.call("s1", "201")
    site.tick(31_000)
    site.call("g1", "200")
    site.ready("ann")
    assert rung(site) == ["s1"], "whoever has waited longer than that goes first all the same"


def test_an_agents_own_priorities_and_delays() -> None:
    queues: dict[str, dict[str, Any]] = {"home": {}, "other": {}}
    helper = {"queues": {"home": {"priority": 2}, "other": {"delay_seconds": 15}}}
    site = routed(queues, {"ann": helper})
    site.call("o1", "201")
    site.ready("ann")
    assert rung(site) == [], "help comes after fifteen seconds"
    site.tick(14_000)
    site.call("h1", "200")
    assert rung(site) == ["h1"]
    leg = ring_of(site)
    site.wait(1)
    assert rung(site) == [], "she rings for another caller now"
    site.ended(leg, cause=17)
    site.wait(10)
    assert rung(site) == ["o1"], "the caller whose call she was busy for is kept from her; this one has waited enough"


def test_a_delay_that_is_set_while_contacts_wait_counts_from_their_wait_so_far() -> None:
    site = routed({"home": {}, "other": {}}, {"ann": {"queues": {"home": {}}}})
    site.ready("ann")
    site.call("o1", "201")
    site.wait(10)
    site.request(ev.AgentProfileSet, agent_id="ann", queues={"other": {"priority": 0, "delay_seconds": 15}})
    assert rung(site) == []
    gathered = site.wait(6)
    assert [each.peer_unique_id for each in gathered if isinstance(each, cmd.RingAgent)] == ["o1"]
    site = routed({"home": {}, "other": {}}, {"ann": {"queues": {"home": {}}}})
    site.ready("ann")
    site.call("o1", "201")
    site.wait(20)
    site.request(ev.AgentProfileSet, agent_id="ann", queues={"other": {"priority": 0, "delay_seconds": 15}})
    assert rung(site) == ["o1"], "this one has waited that long already"


def test_service_level_order_takes_who_is_next_to_miss_the_target() -> None:
    queues = {"slow": {"service_level_seconds": 60}, "quick": {"service_level_seconds": 10}}
    for order, first in (("wait", "s1"), ("service_level", "q1")):
        site = routed(queues, {"ann": {}}, {"order": order})
        site.call("s1", "200")
        site.tick(5_000)
        site.call("q1", "201")
        site.ready("ann")
        assert rung(site) == [first]


def test_longest_idle_unfair() -> None:
    """The idle clock starts at the end of work, for all queues, and a new login does not set it back."""
    site = routed({"one": {}, "two": {}}, {"ann": {}, "ben": {}})
    site.ready("ann", "ben")
    site.call("c1", "200")
    leg = ring_of(site)
    assert site.only(cmd.RingAgent).agent_id == "ann"
    site.answered(leg)
    site.bridged(leg, "c1")
    site.tick(60_000)
    site.ended(leg)
    site.ended("c1")
    site.tick(12 * 24 * 3_600_000)  # a fortnight's idleness is still idleness
    site.ask("ben", AgentState.LOGGED_OUT)
    site.ready("ben")
    site.call("c2", "201")
    assert site.only(cmd.RingAgent).agent_id == "ben", "idle since before ann's talk, in whatever queue"


def test_bullseye_and_skills_clash() -> None:
    """Every step adds agents and takes none away; its time counts from the first queue and never restarts."""
    steps = [
        {"skills": {"sales": 8}},
        {"after_seconds": 10, "skills": {"english": 5}},
        {"after_seconds": 20, "groups": ["red"]},
    ]
    site = routed(
        {"q": {"steps": steps}},
        {"pro": {"skills": {"sales": 9}}, "eng": {"skills": {"english": 6}}, "red": {"groups": ["red"]}},
    )
    site.ready("eng")
    contact = site.call("c1", "200")
    site.wait(9)
    assert rung(site) == []
    site.wait(1)
    leg = ring_of(site)
    assert site.only(cmd.RingAgent).agent_id == "eng"
    site.wait(5)
    site.ended(leg, cause=17)  # fifteen seconds in; the next step comes at twenty as if nothing had been
    site.ready("red")
    site.wait(4.5)
    assert rung(site) == []
    site.wait(0.6)
    assert [command.agent_id for command in site.all(cmd.RingAgent)] == ["red"]
    leg = ring_of(site)
    site.ended(leg, cause=17)
    site.ready("pro")
    assert site.only(cmd.RingAgent).agent_id == "pro", "the first step's agents are still able in the last"
    assert contact.step == 2


def test_a_step_that_nobody_logged_in_meets_may_be_skipped() -> None:
    steps = [{"agent_from": "owner", "skip_if_absent": True}, {"after_seconds": 30}]
    for state, agent_id in ((AgentState.NOT_READY, None), (AgentState.LOGGED_OUT, "ben")):
        site = routed({"q": {"steps": steps}}, {"ann": {}, "ben": {}})
        site.engine.site.entries["q"].open.set["owner"] = "ann"
        if state is AgentState.NOT_READY:
            site.ask("ann", AgentState.NOT_READY)
        site.ready("ben")
        site.call("c1", "200")
        assert [command.agent_id for command in site.all(cmd.RingAgent)] == ([agent_id] if agent_id else [])


def test_statistics_doubled_or_lost() -> None:
    """One contact has one outcome and one record, whatever is told twice or out of order."""
    site = routed({"q": {"ring": 2}}, {"ann": {}, "ben": {}})
    site.ready("ann", "ben")
    contact = site.call("c1", "200")
    legs = [command.unique_id for command in site.all(cmd.RingAgent)]
    records = []
    for event in (
        ev.LegEnded(pbx="main", unique_id="c1", cause=16),
        ev.LegAnswered(pbx="main", unique_id=legs[0]),
        ev.LegEnded(pbx="main", unique_id="c1", cause=16),
        ev.AgiEnded(pbx="main", unique_id="c1"),
        *(ev.LegEnded(pbx="main", unique_id=leg, cause=16) for leg in [*legs, *legs]),
        ev.LegFailed(pbx="main", unique_id=legs[1], reason=0),
    ):
        site.give(event)
        records += site.all(cmd.SaveRecord)
    assert [save.record.outcome for save in records] == [Outcome.SHORT_ABANDON]
    assert len(records[0].record.offers) == 2
    assert contact.state is ContactState.CLOSED
    assert all(agent.handled == 0 for agent in site.engine.state.agents.values())


def test_strikes_make_not_ready_with_the_reason_and_an_answer_or_ready_sets_them_back() -> None:
    site = routed({"q": {}}, {"ann": {}}, {"max_misses": 2, "exclude_seconds": 1, "no_answer_backoff_seconds": 1})
    site.ready("ann")
    site.call("c1", "200")
    for _ in range(2):
        leg = ring_of(site)
        gathered = site.wait(10) + site.ended(leg, cause=19) + site.wait(2)
        site.out = [command for command in gathered if isinstance(command, cmd.RingAgent)]
    assert (site.agent("ann").state, site.agent("ann").reason) == (AgentState.NOT_READY, SystemReason.RING_NO_ANSWER)
    site.ready("ann")
    assert site.agent("ann").misses == 0
    assert rung(site) == ["c1"]


def test_ami_reconnect() -> None:
    """What happened while nobody looked becomes ordinary events, told as reconciled."""
    site = routed({"q": {}}, {"ann": {}, "ben": {}})
    site.ready("ann", "ben")
    site.call("c1", "200")
    leg = ring_of(site)
    site.answered(leg)
    site.give(ev.PbxLost(pbx="main", reason="gone"))
    site.tick(3_000)
    site.up(
        ev.LegSeen(unique_id="c1", answered=True, bridge_id="b"),
        ev.LegSeen(unique_id=leg, answered=True, bridge_id="b"),
    )
    assert site.contact().state is ContactState.CONNECTED
    told = [command for command in site.all(cmd.Publish) if command.type == "contact.connected"]
    assert [command.data["reconciled"] for command in told] == [True]


def test_a_bug_of_ours_leaves_the_floor_as_the_state_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    site = routed({"q": {}}, {"ann": {}})
    site.ready("ann")
    with monkeypatch.context() as patched:
        patched.setattr("ctid.engine.agent.offers.make", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            site.call("c1", "200")
    assert site.engine.floor.waits(site.contact().id)
    again = type(site.engine).restore(site.engine.snapshot())
    site.tick(1_000)
    event = ev.CallArrived(pbx="main", unique_id="c2", ani="", dnis="200")
    assert again.handle(event, site.now) == site.engine.handle(event, site.now)
