"""Pick up: who may take which contact, what becomes of those it was offered to, and of a phone that fails."""

from __future__ import annotations

from typing import Any

import pytest

from ctid.acd.wording import Words
from ctid.engine.shown.allowed_actions import contact_actions
from ctid.engine.shown.decision_view import decision_views
from ctid.model import commands as cmd
from ctid.model import events as ev
from ctid.model.states import AgentState, ContactState, OfferState, Outcome
from tests.unit.site import SPEC, Site, changed

pytestmark = pytest.mark.unit

RINGS_TWO = changed("queues/support/ring", 2)
CHATS = changed("agents/bob/capacity", {"voice": 1, "chat": 1})
CALLS_BACK = changed("queues/sales/callback", {"dial": "PJSIP/{number}@trunk", "first": "agent"})


def waiting(spec: dict[str, Any] = SPEC) -> Site:
    """A caller who waits in sales, which bob is not able to serve yet; he is on a break."""
    site = Site(spec)
    site.ask("bob", AgentState.NOT_READY, reason="break")
    site.call("c1")
    assert site.contact().state is ContactState.QUEUED
    return site


def pick_up(site: Site, agent_id: str = "bob", index: int = 0) -> list[cmd.Command]:
    return site.request(ev.PickUpRequested, contact_id=site.contact(index).id, agent_id=agent_id)


def refused(site: Site, agent_id: str = "bob", index: int = 0) -> str:
    """Ask for what is refused, and changes nothing; gives the reason."""
    before = site.engine.snapshot()
    pick_up(site, agent_id, index)
    assert site.engine.snapshot() == before
    return site.only(cmd.Refuse).detail


def talks(site: Site, unique_id: str = "c1") -> str:
    """The phone that was rung last answers, and is bridged with the caller."""
    leg = site.only(cmd.RingAgent).unique_id
    site.answered(leg)
    site.give(ev.AgiEnded(pbx="main", unique_id=unique_id))
    site.bridged(leg, unique_id)
    return leg


# ---- who waits -------------------------------------------------------------------------------------------------------


def test_a_waiting_caller_is_put_through_to_who_picks_them_up() -> None:
    site = waiting()
    site.wait(5)
    assert contact_actions(site.engine.state, site.contact()) == ["set_attributes", "set_routing", "pick_up"]
    pick_up(site)
    rung = site.only(cmd.RingAgent)
    assert (rung.device, rung.peer_unique_id) == ("PJSIP/1002", "c1")
    assert "answer-after=0" in rung.headers["Call-Info"]
    assert site.published() == ["agent.state_changed", "offer.created", "offer.accepted"]
    assert (site.agent("bob").state, site.contact().state) == (AgentState.RESERVED, ContactState.OFFERED)
    assert "pick_up" not in contact_actions(site.engine.state, site.contact())
    talks(site)
    assert (site.agent("bob").state, site.contact().agent_id) == (AgentState.BUSY, "bob")
    assert site.contact().visits[-1].wait_ms == 5_000


def test_from_a_break_one_goes_back_to_it() -> None:
    site = waiting()
    pick_up(site)
    leg = talks(site)
    site.ended(leg)
    site.back()
    site.ended("c1")
    site.wait(20)
    assert (site.agent("bob").state, site.agent("bob").reason) == (AgentState.NOT_READY, "break")


def test_who_was_ready_is_ready_again() -> None:
    site = waiting()
    site.ready("bob")
    pick_up(site)
    leg = talks(site)
    site.ended(leg)
    site.back()
    site.ended("c1")
    site.wait(20)
    assert site.agent("bob").state is AgentState.READY


def test_a_wrap_up_ends() -> None:
    site = Site()
    site.wrapping()
    site.call("c2")
    pick_up(site, "alice", -1)
    assert site.contact(0).state is ContactState.CLOSED
    talks(site, "c2")
    assert (site.agent().state, site.agent().contact_id) == (AgentState.BUSY, site.contact(-1).id)


def test_what_was_to_follow_a_wrap_up_follows_the_talk() -> None:
    site = Site()
    leg = site.connected()
    site.ask("alice", AgentState.NOT_READY, reason="break")
    site.ended(leg)
    site.back()
    site.ended("c1")
    site.call("c2")
    pick_up(site, "alice", -1)
    leg = talks(site, "c2")
    site.ended(leg)
    site.back("c2")
    site.ended("c2")
    site.wait(20)
    assert (site.agent().state, site.agent().reason) == (AgentState.NOT_READY, "break")


def test_a_wrap_up_that_owes_a_disposition_does_not_end() -> None:
    site = Site(changed("queues/sales/disposition_required", True))
    site.wrapping()
    site.call("c2")
    assert "asks for a disposition" in refused(site, "alice", -1)
    site.request(ev.WrapUpSet, agent_id="alice", contact_id=site.contact().id, disposition="order")
    pick_up(site, "alice", -1)
    assert site.all(cmd.RingAgent)


def test_who_has_given_it_on_may_take_it_again() -> None:
    site = Site()
    leg = site.connected()
    site.request(ev.TransferRequested, contact_id=site.contact().id, queue="sales")
    assert "on the way" in refused(site, "alice")
    site.give(ev.CallArrived(pbx="main", unique_id="c1", ani="", dnis=""))
    assert "on the way" in refused(site, "alice")
    site.ended(leg)
    pick_up(site, "alice")
    talks(site)
    assert [each.result for each in site.contact().segments] == ["transferred", ""]


# ---- who is being rung -----------------------------------------------------------------------------------------------


def test_the_phones_of_others_stop_without_a_miss() -> None:
    site = Site()
    site.ask("bob", AgentState.NOT_READY, reason="break")
    leg = site.offered()
    site.give(ev.LegAlerting(pbx="main", unique_id=leg))
    pick_up(site)
    assert (site.only(cmd.HangUpLeg).unique_id, site.only(cmd.HangUpLeg).cause) == (leg, 26)
    assert site.only(cmd.RingAgent).device == "PJSIP/1002"
    (told,) = [each.data["offer"] for each in site.all(cmd.Publish) if each.type == "offer.rescinded"]
    assert (told["agent_id"], told["cause"]) == ("alice", "answered_elsewhere")
    ring = list(site.out)
    site.ended(leg, 26)
    assert (site.agent().state, site.agent().misses, site.agent().backoff_until_ms) == (AgentState.READY, 0, 0)
    site.out = ring
    talks(site)
    assert site.contact().agent_id == "bob"


def test_all_of_several_phones_stop() -> None:
    site = Site(changed("agents/carol", {"name": "Carol", "device": "PJSIP/1003", "pbx": "main"}, RINGS_TWO))
    site.ask("carol", AgentState.NOT_READY)
    site.ready()
    site.call("c1", dnis="103")
    legs = {each.unique_id for each in site.all(cmd.RingAgent)}
    pick_up(site, "carol")
    assert {each.unique_id for each in site.all(cmd.HangUpLeg)} == legs
    assert len(site.contact().offer_ids) == 1


def test_whose_phone_rings_for_it_answers_instead() -> None:
    site = Site()
    site.offered()
    assert "being offered to agent alice already" in refused(site, "alice")


def test_what_somebody_has_answered_is_theirs() -> None:
    site = Site()
    site.ask("bob", AgentState.NOT_READY)
    leg = site.offered()
    site.answered(leg)
    assert "pick_up" not in contact_actions(site.engine.state, site.contact())
    assert "nobody has taken" in refused(site)


def test_a_phone_that_is_answered_in_that_instant_leaves_the_caller_waiting() -> None:
    site = Site()
    site.ask("bob", AgentState.NOT_READY, reason="break")
    leg = site.offered()
    place = site.contact().place_ms
    pick_up(site)
    rung = site.only(cmd.RingAgent).unique_id
    site.answered(leg)
    site.bridged(leg, "c1")
    assert site.contact().state is ContactState.OFFERED
    # The dialplan has let the first in; whom it finds there already it turns away.
    site.answered(rung)
    site.ended(rung, 26)
    assert (site.contact().state, site.contact().place_ms) == (ContactState.QUEUED, place)
    assert site.agent("bob").state is AgentState.NOT_READY
    site.ended(leg)
    site.back()
    assert site.contact().state is ContactState.OFFERED, "alice is the one who is free for it"


# ---- phones that fail ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("cause", "told"), [(17, "busy"), (19, "no_answer"), (20, "unreachable"), (16, "failed")])
def test_a_phone_that_fails_leaves_the_contact_in_its_place(cause: int, told: str) -> None:
    site = waiting()
    site.wait(5)
    place = site.contact().place_ms
    pick_up(site)
    site.ended(site.only(cmd.RingAgent).unique_id, cause)
    contact = site.contact()
    assert (contact.state, contact.place_ms, contact.agent_id) == (ContactState.QUEUED, place, "")
    assert [(each.agent_id, each.state, each.cause) for each in contact.offers] == [("bob", "canceled", told)]
    assert (site.agent("bob").state, site.agent("bob").reason) == (AgentState.NOT_READY, "break")
    pick_up(site)
    assert site.only(cmd.RingAgent), "tried again by hand, whatever ctid keeps from whom"


def test_a_phone_of_which_nothing_is_heard_is_given_up() -> None:
    site = waiting()
    pick_up(site)
    site.wait(60)
    assert site.contact().state is ContactState.QUEUED
    assert (site.agent("bob").state, site.agent("bob").offer_id) == (AgentState.NOT_READY, "")


def test_who_has_just_hung_up_is_asked_to_wait_a_moment() -> None:
    site = Site()
    leg = site.connected()
    site.call("c2")
    site.request(ev.HangUpRequested, contact_id=site.contact().id)
    site.ended("c1")
    assert site.agent().state is AgentState.WRAP_UP
    assert "being ended" in refused(site, "alice", -1)
    site.ended(leg)
    pick_up(site, "alice", -1)
    assert site.all(cmd.RingAgent)


def test_the_caller_leaves_while_it_rings() -> None:
    site = waiting()
    pick_up(site)
    leg = site.only(cmd.RingAgent).unique_id
    site.ended("c1")
    assert site.contact().outcome in (Outcome.ABANDONED, Outcome.SHORT_ABANDON)
    site.ended(leg)
    assert site.agent("bob").state is AgentState.NOT_READY


# ---- other channels, callbacks ---------------------------------------------------------------------------------------


def submit(site: Site, queue: str = "sales") -> None:
    site.request(ev.ContactSubmitted, channel="chat", queue=queue)


def test_a_chat_is_at_hand_at_once_within_capacity() -> None:
    site = Site(CHATS)
    site.ask("bob", AgentState.NOT_READY, reason="break")
    submit(site)
    submit(site)
    pick_up(site)
    assert (site.contact().state, list(site.agent("bob").tasks)) == (ContactState.CONNECTED, [site.contact().id])
    assert (site.agent("bob").state, site.agent("bob").reason) == (AgentState.NOT_READY, "break")
    assert not site.engine.state.offers
    assert "no room" in refused(site, "bob", 1)


def called_back() -> Site:
    site = Site(CALLS_BACK)
    site.ask("bob", AgentState.NOT_READY, reason="break")
    site.request(ev.CallbackRequested, number="+4930123456", queue="sales")
    return site


def test_who_is_to_be_called_back_is_nobody_who_waits() -> None:
    site = called_back()
    assert "pick_up" not in contact_actions(site.engine.state, site.contact())
    assert "customer waits" in refused(site)


def test_a_callback_that_is_being_offered_is_picked_up_and_dialled_then() -> None:
    site = called_back()
    site.ready("alice")
    rung = site.only(cmd.RingAgent).unique_id
    pick_up(site)
    assert site.only(cmd.HangUpLeg).unique_id == rung
    mine = site.only(cmd.RingAgent)
    assert (mine.device, mine.peer_unique_id) == ("PJSIP/1002", "")
    site.answered(mine.unique_id)
    dialled = site.only(cmd.DialCustomer)
    assert dialled.peer_unique_id == mine.unique_id
    site.answered(dialled.unique_id)
    site.bridged(dialled.unique_id, mine.unique_id)
    assert (site.contact().state, site.contact().agent_id) == (ContactState.CONNECTED, "bob")


# ---- refusals --------------------------------------------------------------------------------------------------------


def test_only_what_waits_can_be_picked_up() -> None:
    """Every state of a contact: what its allowed actions say is what is accepted."""
    site = Site()
    site.ask("bob", AgentState.NOT_READY)
    site.call("m", dnis="100")
    reached = {site.contact().state: (site, 0)}
    for prepare in ("queued", "offered", "connected", "wrap_up", "closed"):
        other = Site()
        other.ask("bob", AgentState.NOT_READY)
        match prepare:
            case "queued":
                other.call("c1")
            case "offered":
                other.offered()
            case "connected":
                other.connected()
            case "wrap_up":
                other.wrapping()
            case "closed":
                other.wrapping()
                other.wait(20)
        reached[other.contact().state] = (other, 0)
    assert set(reached) == set(ContactState)
    for state, (each, index) in reached.items():
        allowed = "pick_up" in contact_actions(each.engine.state, each.contact(index))
        assert allowed is (state in (ContactState.QUEUED, ContactState.OFFERED)), state
        if allowed:
            pick_up(each)
            assert each.all(cmd.Accept), state
        else:
            assert refused(each), state


@pytest.mark.parametrize("state", list(AgentState))
def test_who_may_pick_up(state: AgentState) -> None:
    """Every state of an agent."""
    site = Site()
    site.ask("bob", AgentState.NOT_READY)
    match state:
        case AgentState.LOGGED_OUT:
            site.ask("bob", state)
        case AgentState.READY:
            site.ready("bob")
        case AgentState.RESERVED | AgentState.BUSY | AgentState.WRAP_UP:
            site.ready("bob")
            site.call("c2", dnis="103")
            leg = site.only(cmd.RingAgent).unique_id
            if state is not AgentState.RESERVED:
                site.answered(leg)
                site.bridged(leg, "c2")
            if state is AgentState.WRAP_UP:
                site.ended(leg)
                site.back("c2")
    site.call("c1")
    index = len(site.engine.state.contacts) - 1
    assert site.agent("bob").state is state or state is AgentState.WRAP_UP
    if site.agent("bob").state in (AgentState.READY, AgentState.NOT_READY, AgentState.WRAP_UP):
        pick_up(site, "bob", index)
        assert site.all(cmd.Accept)
    else:
        assert f"is {state}" in refused(site, "bob", index)


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("agents/bob/queues", {"support": {}}, "does not serve queue sales"),
        ("agents/bob/pbx", "other", "another PBX"),
        ("agents/bob/capacity", {"voice": 0, "chat": 1}, "no room"),
    ],
    ids=str,
)
def test_who_may_not_by_configuration(path: str, value: Any, says: str) -> None:
    assert says in refused(waiting(changed(path, value)))


def test_who_may_not_for_now() -> None:
    site = waiting()
    assert "no agent" in refused(site, "nobody")
    site.give(ev.DeviceChanged(pbx="main", device="PJSIP/1002", reachable=False))
    assert "can't be reached" in refused(site)
    site.give(ev.DeviceChanged(pbx="main", device="PJSIP/1002", reachable=True, in_use=True))
    assert "in a call" in refused(site)
    site.give(ev.DeviceChanged(pbx="main", device="PJSIP/1002", reachable=True))
    site.give(ev.PbxLost(pbx="main", reason="closed"))
    assert "PBX can't be reached" in refused(site)
    site.up(ev.LegSeen(unique_id="c1", answered=True))
    site.give(ev.DrainStarted())
    assert "about to stop" in refused(site)


def test_another_version_is_refused() -> None:
    site = waiting()
    before = site.contact().version
    site.request(ev.PickUpRequested, contact_id=site.contact().id, agent_id="bob", if_version=before + 1)
    assert site.only(cmd.Refuse).code == "version-mismatch"


def test_its_record_tells_who_decided() -> None:
    site = waiting()
    site.wait(12)
    pick_up(site)
    (told,) = decision_views(site.contact().decisions, site.contact().offers, Words("en"))
    assert (told["trigger"], told["measures"], told["offer_state"]) == ("picked_up", {}, OfferState.ACCEPTED)
    assert told["text"] == "After 12 s in queue sales, bob picked it up. It was accepted after 0 s."
    assert "代接" in decision_views(site.contact().decisions, site.contact().offers, Words("zh"))[0]["text"]
