"""Park: who sees a parked caller, who fetches them, what becomes of one whom nobody fetches, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from ctid.acd.wording import Words
from ctid.engine.explained.waiting_view import waiting_view
from ctid.engine.shown.allowed_actions import contact_actions
from ctid.engine.shown.parked import is_parked
from ctid.engine.shown.views import contact_view
from ctid.engine.turn import Turn
from ctid.model import commands as cmd
from ctid.model import events as ev
from ctid.model.states import AgentState, ContactState, LegState, Outcome
from tests.unit.site import Site, changed

pytestmark = pytest.mark.unit

CAROL = changed("agents/carol", {"name": "Carol", "device": "PJSIP/1003", "pbx": "main"})
NO_WRAP_UP = changed("queues/sales/wrap_up_seconds", 0, CAROL)


def at_desks(spec: dict[str, Any] = CAROL) -> Site:
    """Alice talks to a caller; bob is on a break, carol is logged out; all look at their desktops."""
    site = Site(spec)
    for agent_id in ("alice", "bob", "carol"):
        site.give(ev.DesktopConnected(agent_id=agent_id, session_id=f"s-{agent_id}"))
    site.ask("bob", AgentState.NOT_READY, reason="break")
    return site


def ask(site: Site, **whom: str) -> list[cmd.Command]:
    return site.request(ev.ParkRequested, contact_id=site.contact().id, **whom)


def parked(spec: dict[str, Any] = CAROL, **whom: str) -> Site:
    """Alice has parked her caller, who hears music; her phone is on the hook, and she wraps up."""
    site = at_desks(spec)
    leg = site.connected()
    site.tick(10_000)
    ask(site, **whom)
    gone(site, leg)
    assert is_parked(site.contact())
    return site


def gone(site: Site, leg: str) -> None:
    """The caller is taken out of the bridge, which ends with it."""
    site.give(*(ev.LegUnbridged(pbx="main", unique_id=each, bridge_id="br") for each in ("c1", leg)))
    site.give(ev.LegEnded(pbx="main", unique_id=leg, cause=16))
    site.give(ev.CallArrived(pbx="main", unique_id="c1", ani="", dnis=""))


def told(site: Site, type_: str) -> cmd.Publish:
    (event,) = [each for each in site.all(cmd.Publish) if each.type == type_]
    return event


def refused(site: Site, **whom: str) -> str:
    """Ask for what is refused, and changes nothing; gives the reason."""
    before = site.engine.snapshot()
    ask(site, **whom)
    assert site.engine.snapshot() == before
    return site.only(cmd.Refuse).detail


def pick_up(site: Site, agent_id: str = "bob") -> list[cmd.Command]:
    return site.request(ev.PickUpRequested, contact_id=site.contact().id, agent_id=agent_id)


def talks(site: Site) -> str:
    leg = site.only(cmd.RingAgent).unique_id
    site.answered(leg)
    site.give(ev.AgiEnded(pbx="main", unique_id="c1"))
    site.bridged(leg, "c1", bridge="b2")
    return leg


# ---- parked ----------------------------------------------------------------------------------------------------------


def test_the_caller_is_fetched_and_the_agent_wraps_up() -> None:
    site = at_desks()
    leg = site.connected()
    place = site.contact().place_ms
    ask(site, agent="bob")
    assert site.only(cmd.FetchLeg).unique_id == "c1"
    contact = site.contact()
    assert (site.agent().state, contact.state, contact.place_ms) == (AgentState.WRAP_UP, ContactState.QUEUED, place)
    assert [(each.agent_id, each.result) for each in contact.segments] == [("alice", "parked")]
    assert [(each.kind, each.name) for each in contact.path][-1] == ("park", "bob")
    gone(site, leg)
    assert site.only(cmd.PlayMusic).unique_id == "c1"
    assert "pick_up" in contact_actions(site.engine.state, contact)


@pytest.mark.parametrize(("whom", "sees"), [("bob", ["alice", "bob"]), ("", ["alice", "bob", "carol"])])
def test_who_is_to_see_it_does(whom: str, sees: list[str]) -> None:
    site = at_desks()
    site.connected()
    ask(site, agent=whom)
    event = told(site, "contact.parked")
    assert sorted(event.agent_ids) == sees
    shown = event.data["contact"]["park"]
    assert (shown["by"], shown["agent"], shown["returned"]) == ("alice", whom or None, False)
    assert event.data["pop"]["ani"] == "+4930123456"
    assert event.data["pop"]["park"] == shown
    assert site.engine.state.parked == {site.contact().id: whom}


def test_nobody_is_offered_it() -> None:
    site = parked()
    site.ready("bob", "carol")
    site.wait(60)
    assert not [each for each in site.out if isinstance(each, cmd.RingAgent)]
    view = contact_view(site.engine.state, site.contact(), site.now, site.engine.floor)
    assert (view["position"], view["expected_wait_ms"]) == (None, None)


def test_it_does_not_overflow_while_it_is_parked() -> None:
    site = parked(changed("queues/sales/overflow", [{"wait_seconds": 30, "to": {"queue": "support"}}], CAROL))
    site.wait(100)
    assert (site.contact().queue, is_parked(site.contact())) == ("sales", True)


# ---- fetched ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["bob", "carol", "alice"])
@pytest.mark.parametrize("whom", ["bob", ""])
def test_whoever_serves_the_queue_fetches_it(who: str, whom: str) -> None:
    site = parked(agent=whom)
    site.ask("carol", AgentState.NOT_READY)
    pick_up(site, who)
    assert is_parked(site.contact()), "until they talk"
    talks(site)
    event = told(site, "contact.unparked")
    assert (event.data["result"], "bob" in event.agent_ids) == ("fetched", True)
    assert (site.contact().agent_id, site.contact().park, site.engine.state.parked) == (who, None, {})
    assert [each.result for each in site.contact().segments] == ["parked", ""]


def test_who_has_parked_it_may_take_it_back_though_they_serve_the_queue_no_more() -> None:
    site = parked()
    site.ask("carol", AgentState.NOT_READY)
    for agent_id in ("alice", "carol"):
        site.request(ev.AgentProfileSet, agent_id=agent_id, queues={"sales": None})
    pick_up(site, "carol")
    assert "does not serve" in site.only(cmd.Refuse).detail
    pick_up(site, "alice")
    assert site.only(cmd.RingAgent).device == "PJSIP/1001"


def test_a_phone_that_fails_leaves_it_parked() -> None:
    site = parked()
    pick_up(site)
    site.ended(site.only(cmd.RingAgent).unique_id, 17)
    assert (is_parked(site.contact()), site.contact().state) == (True, ContactState.QUEUED)
    site.ready("carol")
    assert not site.all(cmd.RingAgent)
    pick_up(site, "carol")
    talks(site)
    assert site.contact().agent_id == "carol"


def test_while_it_is_just_being_fetched_its_time_does_not_count() -> None:
    site = parked()
    site.wait(115)
    pick_up(site)
    leg = site.only(cmd.RingAgent).unique_id
    site.wait(8)
    assert is_parked(site.contact())
    site.ended(leg, 19)
    site.wait(1)
    assert site.contact().park is not None
    assert site.contact().park.returned


# ---- not fetched -----------------------------------------------------------------------------------------------------


def test_who_parked_it_is_offered_it_first_and_sees_why() -> None:
    site = parked(agent="bob")
    site.wait(100)
    site.ready("alice", "carol", "bob")
    site.wait(19)
    assert not [each for each in site.out if isinstance(each, cmd.RingAgent)]
    site.wait(1)
    (rung,) = [each for each in site.out if isinstance(each, cmd.RingAgent)]
    assert rung.device == "PJSIP/1001"
    offer = next(each.data["offer"] for each in site.all(cmd.Publish) if each.type == "offer.created")
    assert (offer["pop"]["park"]["agent"], offer["pop"]["park"]["returned"]) == ("bob", True)
    event = told(site, "contact.unparked")
    assert (event.data["result"], sorted(event.agent_ids)) == ("unfetched", ["alice", "bob"])
    assert [(each.kind, each.result) for each in site.contact().path][-1] == ("queue", "returned")
    site.ended(rung.unique_id, 17)
    assert site.only(cmd.RingAgent).device == "PJSIP/1002"
    assert next(each for each in site.all(cmd.Publish) if each.type == "offer.created").data["offer"]["pop"]["park"]


def test_who_is_busy_for_long_leaves_it_to_the_queue() -> None:
    site = parked(changed("queues/sales/wrap_up_until_ended", True, CAROL))
    site.ready("bob")
    site.wait(120)
    assert site.contact().meant_for == "alice"
    site.wait(20)
    assert (site.contact().meant_for, site.contact().state) == ("", ContactState.OFFERED)


@pytest.mark.parametrize("how", ["break", "gone", "removed"])
def test_who_is_not_there_any_more_leaves_it_to_the_queue_at_once(how: str) -> None:
    site = parked(NO_WRAP_UP)
    match how:
        case "break":
            site.ask("alice", AgentState.NOT_READY, reason="break")
        case "gone":
            site.ask("alice", AgentState.LOGGED_OUT)
        case "removed":
            site.give(ev.ConfigLoaded(spec=changed("agents/alice", None, NO_WRAP_UP)))
    site.ready("bob")
    site.wait(120)
    assert (site.contact().meant_for, site.contact().agent_id) == ("", "bob")


def test_its_wait_for_another_way_out_begins_when_it_comes_back() -> None:
    site = parked(changed("queues/sales/overflow", [{"wait_seconds": 30, "to": {"queue": "support"}}], CAROL))
    site.wait(125)
    assert site.contact().queue == "sales"
    site.wait(30)
    assert site.contact().queue == "support"


def test_the_caller_hangs_up() -> None:
    site = parked()
    site.wait(1)
    site.ended("c1")
    assert site.contact().outcome is Outcome.ABANDONED
    assert told(site, "contact.unparked").data["result"] == "left"
    assert site.engine.state.parked == {}
    assert not [each for each in site.engine.state.timers if each.startswith("park:")]


@pytest.mark.parametrize("how", ["queue", "steps", "callback"])
def test_somebody_decides_otherwise(how: str) -> None:
    spec = changed("queues/sales/callback", {"dial": "PJSIP/{number}@trunk"}, CAROL)
    site = parked(spec)
    site.ready("carol")
    contact_id = site.contact().id
    match how:
        case "queue":
            site.request(ev.RoutingSet, contact_id=contact_id, queue="support")
        case "steps":
            site.request(ev.RoutingSet, contact_id=contact_id, steps=[{"agents": ["carol"]}])
        case _:
            site.request(ev.CallbackRequested, contact_id=contact_id, number="+4930123456")
    assert told(site, "contact.unparked").data["result"] == "moved"
    assert (site.contact().park, site.engine.state.parked) == (None, {})
    if how != "callback":
        assert site.only(cmd.RingAgent).device == "PJSIP/1003"


def test_an_urgent_one_is_parked_still() -> None:
    site = parked()
    site.request(ev.RoutingSet, contact_id=site.contact().id, priority=5)
    assert is_parked(site.contact())


# ---- whatever else the agent was at ----------------------------------------------------------------------------------


def test_from_a_hold_nothing_is_fetched() -> None:
    site = at_desks()
    leg = site.connected()
    site.request(ev.HoldRequested, contact_id=site.contact().id)
    site.give(*(ev.LegUnbridged(pbx="main", unique_id=each, bridge_id="br") for each in ("c1", leg)))
    site.give(ev.CallArrived(pbx="main", unique_id="c1", ani="", dnis=""))
    ask(site)
    assert not site.all(cmd.FetchLeg)
    assert site.only(cmd.HangUpLeg).unique_id == leg
    assert (site.contact().on_hold, is_parked(site.contact())) == (False, True)


def test_whom_the_agent_asks_meanwhile_is_let_go() -> None:
    site = at_desks()
    leg = site.connected()
    site.request(ev.ConsultationRequested, contact_id=site.contact().id, agent="bob", dial=True)
    site.give(*(ev.LegUnbridged(pbx="main", unique_id=each, bridge_id="br") for each in ("c1", leg)))
    site.give(ev.CallArrived(pbx="main", unique_id="c1", ani="", dnis=""))
    (consultation,) = site.engine.state.consultations.values()
    site.answered(consultation.leg_id)
    site.bridged(leg, consultation.leg_id, bridge="co")
    ask(site, agent="bob")
    assert {each.unique_id for each in site.all(cmd.HangUpLeg)} == {leg, consultation.leg_id}
    assert site.engine.state.consultations == {}
    site.ended(consultation.leg_id)
    site.ended(leg)
    pick_up(site)
    assert site.only(cmd.RingAgent).device == "PJSIP/1002"


# ---- restarts --------------------------------------------------------------------------------------------------------


def test_it_outlives_a_restart() -> None:
    site = parked(agent="bob")
    site.wait(60)
    site.give(ev.SiteStarted(site="demo", epoch="e2", release="0"))
    assert [each.timer_id for each in site.all(cmd.StartTimer) if "park" in each.timer_id]
    site.up(ev.LegSeen(unique_id="c1", answered=True))
    site.give(ev.CallArrived(pbx="main", unique_id="c1", ani="", dnis=""))
    assert site.only(cmd.PlayMusic).unique_id == "c1"
    assert is_parked(site.contact())
    pick_up(site)
    talks(site)
    assert site.contact().agent_id == "bob"


def test_killed_before_the_caller_was_fetched_they_are_fetched_then() -> None:
    site = at_desks()
    leg = site.connected()
    ask(site)
    site.give(ev.SiteStarted(site="demo", epoch="e2", release="0"))
    site.up(*(ev.LegSeen(unique_id=each, answered=True, bridge_id="br") for each in (leg, "c1")))
    assert site.only(cmd.FetchLeg).unique_id == "c1"
    gone(site, leg)
    assert is_parked(site.contact())


# ---- refusals --------------------------------------------------------------------------------------------------------


def test_only_a_talk_can_be_parked() -> None:
    """Every state of a contact: what its allowed actions say is what is accepted."""
    for state in ContactState:
        site = at_desks()
        match state:
            case ContactState.CREATED:
                site.call("c1", dnis="100")
            case ContactState.QUEUED:
                site.call("c1")
            case ContactState.OFFERED:
                site.offered()
            case ContactState.CONNECTED:
                site.connected()
            case _:
                site.wrapping()
                site.wait(20 if state is ContactState.CLOSED else 0)
        assert site.contact().state is state
        allowed = "park" in contact_actions(site.engine.state, site.contact())
        assert allowed is (state is ContactState.CONNECTED)
        if allowed:
            ask(site)
            assert site.all(cmd.Accept)
        else:
            assert refused(site)


@pytest.mark.parametrize("state", list(AgentState))
def test_a_colleague_in_any_state_but_away_may_be_asked(state: AgentState) -> None:
    site = at_desks()
    site.connected()
    if state is not AgentState.LOGGED_OUT:
        site.ask("carol", AgentState.NOT_READY)
    if state not in (AgentState.LOGGED_OUT, AgentState.NOT_READY):
        site.ready("carol")
    if state in (AgentState.RESERVED, AgentState.BUSY, AgentState.WRAP_UP):
        site.call("c2", dnis="103")
        leg = site.only(cmd.RingAgent).unique_id
        if state is not AgentState.RESERVED:
            site.answered(leg)
            site.bridged(leg, "c2", bridge="b2")
        if state is AgentState.WRAP_UP:
            site.request(ev.HangUpRequested, contact_id=site.contact(-1).id)
            site.ended("c2")
    if state is AgentState.LOGGED_OUT:
        assert "LOGGED_OUT" in refused(site, agent="carol")
    else:
        ask(site, agent="carol")
        assert site.all(cmd.Accept)


@pytest.mark.parametrize(
    ("path", "value", "whom", "says"),
    [
        ("site", "demo", "nobody", "no agent"),
        ("site", "demo", "alice", "already"),
        ("agents/bob/queues", {"support": {}}, "bob", "does not serve"),
        ("agents/bob/pbx", "other", "bob", "at this PBX"),
    ],
    ids=str,
)
def test_who_cannot_be_asked(path: str, value: Any, whom: str, says: str) -> None:
    site = at_desks(changed(path, value, CAROL))
    site.connected()
    assert says in refused(site, agent=whom)


def test_a_chat_is_nothing_to_park_and_nothing_is_while_the_pbx_is_away() -> None:
    spec = changed("agents/bob/capacity", {"voice": 1, "chat": 1}, CAROL)
    site = at_desks(spec)
    site.request(ev.ContactSubmitted, channel="chat", queue="sales")
    pick_up(site)
    assert site.contact().state is ContactState.CONNECTED
    assert refused(site)
    other = at_desks()
    leg = other.connected()
    other.give(ev.PbxLost(pbx="main", reason="closed"))
    assert "can't be reached" in refused(other)
    assert other.engine.state.legs[leg].state is LegState.CONNECTED


def test_it_is_told_why_nobody_is_offered_it() -> None:
    site = parked()
    turn = Turn(site.engine.state, site.engine.site, site.now, site.engine.floor)
    told = waiting_view(turn, site.contact(), Words("en"))
    assert (told["held"], "It is parked" in told["text"]) == ("parked", True)
    assert "驻留" in waiting_view(turn, site.contact(), Words("zh"))["text"]
