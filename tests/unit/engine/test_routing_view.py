"""Why a contact waits and why its agent got it: every hindrance, what would help, every fate of an offer, in words."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ctid.acd.eligibility import Candidate
from ctid.engine.agent.assignment import candidate_of
from ctid.engine.explained import waiting_view
from ctid.engine.explained.routing_view import recorded_routing_view, routing_view
from ctid.engine.turn import Turn
from ctid.model import commands as cmd
from ctid.model import events as ev
from ctid.model.agent import Agent
from ctid.model.contact import Contact
from ctid.model.states import AgentState
from tests.unit.site import SPEC, Site

pytestmark = pytest.mark.unit

NOT_READY, READY, LOGGED_OUT = AgentState.NOT_READY, AgentState.READY, AgentState.LOGGED_OUT


def site_with(**changes: Any) -> Site:
    spec = copy.deepcopy(SPEC)
    for section, values in changes.items():
        for name, value in values.items():
            spec[section][name] = {**spec[section].get(name, {}), **value} if isinstance(value, dict) else value
    return Site(spec)


def explain(site: Site, contact: Contact, language: str = "en") -> dict[str, Any]:
    engine = site.engine
    before = engine.snapshot()
    view = routing_view(Turn(engine.state, engine.site, site.now, engine.floor), contact, language)
    assert engine.snapshot() == before, "looking changes nothing"
    return view


def ask(site: Site, agent_id: str, state: AgentState, reason: str = "") -> None:
    site.give(ev.AgentStateRequested(command_id="r", principal=agent_id, agent_id=agent_id, state=state, reason=reason))


def connect(site: Site, contact: Contact) -> str:
    """Alice's phone is answered; gives her leg."""
    unique_id = site.only(cmd.RingAgent).unique_id
    site.give(ev.LegAnswered(pbx="main", unique_id=unique_id))
    caller = site.engine.state.legs[contact.caller_leg].unique_id
    for leg in (unique_id, caller):
        site.give(ev.LegBridged(pbx="main", unique_id=leg, bridge_id=f"b-{contact.id}"))
    return unique_id


# ---- why an able agent cannot take it --------------------------------------------------------------------------


def busy(site: Site) -> None:
    ask(site, "alice", READY)
    connect(site, site.call("first"))
    site.wait(7)


def wrap_up(site: Site) -> None:
    busy(site)
    site.ended("first")
    site.wait(5)


def reserved(site: Site) -> None:
    ask(site, "alice", READY)
    site.call("first")
    site.wait(4)


def not_ready(site: Site) -> None:
    ask(site, "alice", NOT_READY, "break")
    site.wait(90)


def desktop(site: Site) -> None:
    site.give(ev.DesktopConnected(agent_id="alice", session_id="s"))
    ask(site, "alice", READY)
    site.give(ev.DesktopLost(agent_id="alice", session_id="s"))
    site.wait(9)


def device(site: Site) -> None:
    ask(site, "alice", READY)
    site.give(ev.DeviceChanged(pbx="main", device="PJSIP/1001", reachable=False, in_use=False))


def own_call(site: Site) -> None:
    ask(site, "alice", READY)
    site.give(ev.DeviceChanged(pbx="main", device="PJSIP/1001", reachable=True, in_use=True))


@pytest.mark.parametrize(
    ("prepare", "code", "text", "chinese"),
    [
        (busy, "busy", "in a conversation for 7 s", "通话中（已 7 秒）"),
        (
            wrap_up,
            "wrap_up",
            "in wrap-up for 5 s, ends in 15 s",
            "话后处理中（已 5 秒），15 秒后结束",
        ),
        (reserved, "reserved", "reserved by an offer for 4 s, ends in 11 s", "正被分配（已 4 秒），11 秒后结束"),
        (not_ready, "not_ready", "not ready (break) for 1 min 30 s", "未就绪（break）（已 1 分 30 秒）"),
        (desktop, "desktop", "desktop lost for 9 s", "桌面断开（已 9 秒）"),
        (device, "device", "phone out of reach", "话机不可达"),
        (own_call, "non_acd_call", "in a call of their own", "正在自己的通话中"),
    ],
)
def test_why_an_able_agent_does_not_take_it(prepare: Any, code: str, text: str, chinese: str) -> None:
    site = Site()
    prepare(site)
    contact = site.call("second")
    able = explain(site, contact)["waiting"]["able"]
    (told,) = able["agents"]
    assert (told["agent_id"], told["hindrance"], told["text"]) == ("alice", code, text)
    assert able["by_hindrance"] == {"free": 0, code: 1}
    assert {type(key) for key in able["by_hindrance"]} == {str}, "JSON takes no other keys"
    assert (able["total"], able["logged_in"], able["logged_out"]) == (1, 1, 0)
    assert explain(site, contact, "zh")["waiting"]["able"]["agents"][0]["text"] == chinese


def test_an_agent_who_declined_is_kept_from_the_contact_and_spared() -> None:
    site = site_with(policy={"reject_backoff_seconds": 50, "exclude_seconds": 30})
    ask(site, "alice", READY)
    contact = site.call("c1")
    offer_id = contact.offer_ids[0]
    leg = site.only(cmd.RingAgent).unique_id
    site.give(ev.OfferRejected(command_id="r", principal="alice", agent_id="alice", offer_id=offer_id))
    site.ended(leg)
    site.wait(10)
    (told,) = explain(site, contact)["waiting"]["able"]["agents"]
    assert (told["hindrance"], told["text"]) == (
        "excluded",
        "kept from this contact after an offer that came to nothing, ends in 20 s",
    )
    (told,) = explain(site, site.call("c2"))["waiting"]["able"]["agents"]
    assert (told["hindrance"], told["text"]) == ("backoff", "spared after an offer that came to nothing, ends in 40 s")


def test_an_agent_without_room_for_the_channel() -> None:
    site = site_with(agents={"alice": {"capacity": {"voice": 0}}})
    ask(site, "alice", READY)
    (told,) = explain(site, site.call())["waiting"]["able"]["agents"]
    assert (told["hindrance"], told["text"]) == ("capacity", "at capacity")


def test_the_soonest_free_are_told_first_and_twenty_at_most() -> None:
    agents = {
        f"a{number:02}": {"name": "A", "device": f"PJSIP/2{number:03}", "pbx": "main", "skills": {"sales": 5}}
        for number in range(30)
    }
    site = site_with(agents=agents)
    for agent_id in agents:
        ask(site, agent_id, NOT_READY)
    wrap_up(site)
    contact = site.call("second")
    able = explain(site, contact)["waiting"]["able"]
    assert able["by_hindrance"] == {"free": 0, "not_ready": 30, "wrap_up": 1}
    assert [each["agent_id"] for each in able["agents"]] == ["alice", *sorted(agents)[:19]]


# ---- the whole of it -------------------------------------------------------------------------------------------


def test_a_waiting_contact_in_words() -> None:
    site = Site(_wide())
    busy(site)
    ask(site, "bob", READY)
    ask(site, "erin", NOT_READY)
    first = site.call("c1")
    site.wait(3)
    contact = site.call("c2")
    site.wait(5)
    view = explain(site, contact)
    waiting = view["waiting"]
    assert (waiting["queue"], waiting["place"], waiting["waited_ms"], waiting["priority"]) == ("sales", 2, 5_000, 3)
    assert waiting["head_start_ms"] == 180_000
    assert waiting["needs"] == "sales at 5 or above"
    assert (waiting["held"], waiting["preferred"], waiting["requirement"]) == (None, "group red", None)
    assert waiting["near_misses"] == {
        "total": 1,
        "agents": [
            {
                "agent_id": "bob",
                "lacks": [
                    {"kind": "skill", "names": ["sales"], "wanted": 5, "has": 2, "text": "sales 5 (has 2)"},
                ],
                "text": "sales 5 (has 2)",
            }
        ],
    }
    now, later = waiting["steps"]
    assert (now["in_force"], now["needs"], now["adds"], now["begins"]) == (
        True,
        "sales at 5 or above",
        0,
        contact.queued_at.iso(),
    )
    assert (later["in_force"], later["needs"], later["begins_in_ms"], later["adds"], later["adds_free"]) == (
        False,
        "sales",
        15_000,
        1,
        1,
    )
    assert [(each["kind"], each["begins_in_ms"], each["adds"]) for each in waiting["helps"]] == [
        ("step", 15_000, 1),
        ("delay", 35_000, 1),
    ]
    assert (
        view["text"]
        == waiting["text"]
        == (
            "Waiting for 5 s in queue sales, at place 2: 1 contact goes before it. "
            "Its priority of 3 counts as 3 min of waiting. It needs sales at 5 or above. Preferred: group red. "
            "1 logged-in agent is able, but not free: 1 in a conversation. 1 more is logged out. "
            "1 free agent is not able, bob: sales 5 (has 2). "
            "In 15 s sales will do. That adds 1 logged-in agent, 1 of them free."
        )
    )
    assert (
        waiting["helps"][1]["text"]
        == "In 35 s those who help out later join. That adds 1 logged-in agent, 0 of them free."
    )
    assert explain(site, contact, "zh")["text"] == (
        "在队列 sales 中已等待 5 秒，位于第 2 位，前面有 1 个。"
        "优先级 3，相当于多等待 3 分。需要：sales 5 级以上。优先：red 组。"
        "1 名已签入座席能胜任，但都不空闲：1 人通话中。另有 1 名已签出。"
        "1 名空闲座席不能胜任；最接近的是 bob：sales 需 5 级（现为 2）。"
        "15 秒后，sales即可。将增加 1 名已签入座席，其中 1 名空闲。"
    )
    assert explain(site, first)["text"].startswith("Waiting for 8 s in queue sales, first in line.")


def _wide() -> dict[str, Any]:
    """Beside alice and bob: carol, able and logged out; erin, not ready, who helps out after 40 s."""
    spec = copy.deepcopy(SPEC)
    spec["groups"] = ["red"]
    spec["queues"]["sales"]["steps"][0]["prefer"] = {"groups": ["red"]}
    spec["agents"] |= {
        "carol": {"name": "C", "device": "PJSIP/1003", "pbx": "main", "skills": {"sales": 9}},
        "erin": {
            "name": "E",
            "device": "PJSIP/1005",
            "pbx": "main",
            "skills": {"sales": 9},
            "queues": {"sales": {"delay_seconds": 40}},
        },
    }
    return spec


def test_a_step_by_expected_wait_is_told_with_it() -> None:
    steps = [{"skills": {"sales": 5}}, {"expected_wait_seconds": 120, "skills": {"sales": 1}}]
    site = site_with(queues={"sales": {"steps": steps}})
    waiting = explain(site, site.call())["waiting"]
    (each,) = waiting["helps"]
    assert (each["begins"], each["expected_wait_ms"]) == (None, 120_000)
    assert each["text"] == "Once the expected wait is over 2 min, sales will do. That adds nobody who is logged in."


def test_an_agent_named_by_an_attribute_is_told_by_name() -> None:
    site = site_with(queues={"sales": {"steps": [{"agent_from": "mine"}, {"after_seconds": 9}]}})
    contact = site.call()
    assert explain(site, contact)["waiting"]["needs"] == "an agent whom nothing names"
    site.give(ev.AttributesSet(command_id="r", principal="p", contact_id=contact.id, attributes={"mine": "bob"}))
    waiting = explain(site, contact)["waiting"]
    assert waiting["needs"] == "bob"
    assert [step["needs"] for step in waiting["steps"]] == ["bob", "anybody"]


@pytest.mark.parametrize(
    ("skills", "state", "text"),
    [
        (2, LOGGED_OUT, "Nobody of the site is able."),
        (8, LOGGED_OUT, "Nobody who is logged in is able; 1 who is logged out would be."),
        (8, NOT_READY, "1 logged-in agent is able, but not free: 1 not ready."),
    ],
)
def test_who_is_able_at_all(skills: int, state: AgentState, text: str) -> None:
    site = site_with(agents={"alice": {"skills": {"sales": skills}}})
    if state is not LOGGED_OUT:
        ask(site, "alice", state)
    assert text in explain(site, site.call())["text"]


def test_a_contact_that_nobody_is_offered_now_tells_why() -> None:
    site = Site()
    contact = site.call()
    site.give(ev.DrainStarted())
    ask(site, "alice", READY)
    waiting = explain(site, contact)["waiting"]
    assert (waiting["held"], waiting["able"]["by_hindrance"]) == ("draining", {"free": 1})
    assert "ctid is about to stop: nothing is offered any more. 1 logged-in agent is able: 1 free." in waiting["text"]

    site = Site()
    contact = site.call()
    site.give(ev.PbxLost(pbx="main", reason="gone"))
    waiting = explain(site, contact)["waiting"]
    assert waiting["held"] == "pbx"
    assert "PBX main is away: nothing is offered to its callers." in waiting["text"]


def test_a_contact_in_the_menu_is_not_in_a_queue() -> None:
    site = Site()
    view = explain(site, site.call(dnis="100"))
    assert (view["state"], view["waiting"], view["offers"], view["decisions"]) == ("created", None, [], [])
    assert view["text"] == "Not in a queue yet: in the menu or an announcement."


# ---- why that agent got it -------------------------------------------------------------------------------------


def test_a_call_from_offer_to_record() -> None:
    spec = copy.deepcopy(SPEC)
    spec["agents"]["carol"] = {**spec["agents"]["alice"], "device": "PJSIP/1003"}
    site = Site(spec)
    ask(site, "carol", READY)
    ask(site, "alice", READY)
    site.engine.state.agents["alice"].idle_since_ms -= 10_000
    site.give(ev.DeviceChanged(pbx="main", device="PJSIP/1001", reachable=False, in_use=False))
    site.give(ev.DeviceChanged(pbx="main", device="PJSIP/1001", reachable=True, in_use=False))
    site.wait(312)
    contact = site.call()
    view = explain(site, contact)
    (offer,) = view["offers"]
    assert (offer["agent_id"], offer["state"], offer["text"]) == (
        "alice",
        "pending",
        "Offered to alice; the offer ends in 15 s.",
    )
    (decision,) = view["decisions"]
    assert (decision["able"], decision["by"], decision["measures"]) == (2, "turn", {"idle_ms": 322_000})
    assert decision["runner_up"] == {"agent_id": "carol", "measures": {"idle_ms": 312_000}}
    why = "After 0 s in queue sales: alice, longest idle of 2 able: idle 5 min 22 s; next carol: idle 5 min 12 s."
    assert decision["text"] == f"{why} The offer is out."
    assert view["text"] == f"Offered to alice; the offer ends in 15 s. {why} The offer is out."

    site.wait(15)
    view = explain(site, contact)
    one, two = view["decisions"]
    assert (one["offer_state"], one["offer_cause"], one["offered_ms"]) == ("timed_out", "no_answer", 15_000)
    assert one["text"] == f"{why} Nobody answered for 15 s."
    assert two["text"] == "After 15 s in queue sales: carol, the only one free and able. The offer is out."
    site.wait(4)
    connect_to = [command for command in site.out if isinstance(command, cmd.RingAgent)]
    assert connect_to == []
    leg = site.engine.state.offers[contact.offer_ids[0]].leg_id
    site.give(ev.LegAnswered(pbx="main", unique_id=leg))
    assert explain(site, contact)["text"].startswith("carol accepted and is being connected.")
    for each in (leg, "c1"):
        site.give(ev.LegBridged(pbx="main", unique_id=each, bridge_id="b"))
    view = explain(site, contact)
    assert view["agent_id"] == "carol"
    assert view["text"].startswith("carol serves it. After 0 s in queue sales: alice,")
    assert view["text"].endswith("carol, the only one free and able. It was accepted after 4 s.")

    site.ended()
    assert explain(site, contact)["text"].startswith("carol wraps it up.")
    site.wait(20)
    record = site.only(cmd.SaveRecord).record
    live = explain(site, contact)
    assert live["text"].startswith("Closed: handled. After 0 s")
    assert recorded_routing_view(record, "en") == live
    assert "已结束：已处理。" in recorded_routing_view(record, "zh")["text"]


def test_an_agent_who_became_free_found_the_contact() -> None:
    site = Site()
    contact = site.call()
    site.wait(12)
    ask(site, "alice", READY)
    (decision,) = explain(site, contact)["decisions"]
    assert decision["trigger"] == "freed"
    assert decision["text"] == (
        "After 12 s in queue sales, alice became available: the only one free and able. The offer is out."
    )


def test_who_left_without_an_offer_has_no_decision() -> None:
    site = Site()
    site.call()
    site.wait(1)
    site.ended()
    view = recorded_routing_view(site.only(cmd.SaveRecord).record, "en")
    assert (view["decisions"], view["agent_id"]) == ([], None)
    assert view["text"] == "Closed: the caller hung up soon. It was never offered to an agent."


def test_the_expected_wait_is_told_once_somebody_can_tell() -> None:
    site = site_with(queues={"sales": {"handling_seconds": 90}})
    busy(site)
    site.call("c1")
    view = explain(site, site.call("c2"))
    assert view["waiting"]["expected_wait_ms"] == 180_000
    assert view["text"].endswith("Expected wait: 3 min.")


def test_thousands_in_one_state_are_counted_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    phone = {"name": "A", "pbx": "main", "skills": {"sales": 5}}
    agents = {f"a{number:04}": {**phone, "device": f"PJSIP/2{number:04}"} for number in range(2_000)}
    site = site_with(agents=agents)
    for agent_id in agents:
        ask(site, agent_id, NOT_READY)
    ask(site, "bob", NOT_READY)
    contact = site.call()
    looked_at: list[str] = []

    def counting(turn: Turn, agent: Agent) -> Candidate:
        looked_at.append(agent.id)
        return candidate_of(turn, agent)

    monkeypatch.setattr(waiting_view, "candidate_of", counting)
    able = explain(site, contact)["waiting"]["able"]
    assert able["by_hindrance"] == {"free": 0, "not_ready": 2_000}
    assert len(able["agents"]) == len(looked_at) == 20
