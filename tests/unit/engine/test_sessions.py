"""FastAGI and AMI are two connections: what becomes of a session that one tells of before or after the other's news."""

from __future__ import annotations

import pytest

from ctid.model import commands as cmd
from ctid.model import events as ev
from ctid.model.states import AgentState, ContactState, Outcome
from tests.unit.engine.talks import unbridged
from tests.unit.site import Site

pytestmark = pytest.mark.unit


def begins(kind: str, unique_id: str = "c1") -> ev.SessionBegun:
    """A caller's session."""
    leg = {"pbx": "main", "unique_id": unique_id}
    sessions: dict[str, ev.SessionBegun] = {
        "in": ev.CallArrived(**leg, ani="", dnis=""),
        "after": ev.CallerReturned(**leg),
        "transfer": ev.CallSentOn(**leg, extension="1002", arrived=True),
        "undelivered": ev.CallUndelivered(**leg, cause="busy"),
    }
    return sessions[kind]


ENDED = ev.AgiEnded(pbx="main", unique_id="c1")
LOST = ev.PbxLost(pbx="main", reason="closed")


@pytest.fixture
def site() -> Site:
    return Site()


# ---- a session of the past -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["in", "after", "transfer", "undelivered"])
def test_a_session_that_the_bridge_came_after_ends_no_talk(site: Site, kind: str) -> None:
    site.connected()
    state = site.engine.snapshot()
    assert site.give(begins(kind)) == []
    site.give(ENDED)
    assert site.engine.snapshot() == state
    assert (site.contact().state, site.agent().state) == (ContactState.CONNECTED, AgentState.BUSY)
    site.unbridged("c1")
    assert site.contact().state is ContactState.CONNECTED


def test_a_late_session_between_the_two_legs_of_a_bridge_keeps_nobody_apart(site: Site) -> None:
    leg = site.offered()
    site.answered(leg)
    site.bridged("c1")
    site.give(begins("after"))
    site.bridged(leg)
    assert site.contact().state is ContactState.CONNECTED
    site.give(ENDED)
    assert site.agent().state is AgentState.BUSY


def test_a_session_of_the_time_before_another_bridge_is_forgotten_with_that(site: Site) -> None:
    leg = site.connected()
    site.give(begins("after"))
    site.bridged("c1", leg, bridge="another")
    site.unbridged("c1", leg)
    assert site.contact().state is ContactState.CONNECTED


def test_a_phone_that_answered_as_its_call_was_sent_on_has_had_the_caller_for_a_moment(site: Site) -> None:
    """Asterisk had bridged them before it was told to stop the phone; then the colleague has the caller."""
    leg = site.offered()
    site.ready("bob")
    site.request(ev.OfferDeflected, agent_id="alice", offer_id=site.offer().id, agent="bob")
    theirs = site.only(cmd.RingAgent).unique_id
    site.answered(leg)
    site.bridged(leg, "c1", bridge="b1")
    site.give(ENDED)
    unbridged(site, leg, "c1", bridge="b1")
    site.ended(leg, 26)
    site.answered(theirs)
    site.bridged("c1", theirs, bridge="b2")
    site.give(begins("after"))
    site.give(ENDED)
    assert (site.contact().state, site.agent("bob").state) == (ContactState.CONNECTED, AgentState.BUSY)


def test_a_phone_is_hung_up_again_that_has_its_caller_though_somebody_else_is_rung(site: Site) -> None:
    """Asterisk loses a hang-up that comes while ``Bridge()`` takes the channel."""
    leg = site.offered()
    site.ready("bob")
    site.request(ev.OfferDeflected, agent_id="alice", offer_id=site.offer().id, agent="bob")
    site.bridged("c1", leg)
    (again,) = site.all(cmd.HangUpLeg)
    assert (again.unique_id, again.cause) == (leg, 26)
    assert site.contact().state is ContactState.OFFERED


# ---- a session of now ------------------------------------------------------------------------------------------------


def test_a_caller_who_comes_back_before_the_pbx_tells_is_back_when_it_does(site: Site) -> None:
    leg = site.connected()
    assert site.give(begins("after")) == []
    assert site.contact().state is ContactState.CONNECTED
    unbridged(site, leg, "c1")
    assert site.contact().state is ContactState.WRAP_UP
    assert site.only(cmd.ReleaseLeg).next == "hangup"


def test_a_caller_on_hold_who_comes_before_the_pbx_tells_hears_music_when_it_does(site: Site) -> None:
    leg = site.connected()
    site.request(ev.HoldRequested, contact_id=site.contact().id)
    site.give(begins("in"))
    assert site.all(cmd.PlayMusic) == []
    unbridged(site, leg, "c1")
    assert site.only(cmd.PlayMusic).unique_id == "c1"


def test_it_outlives_a_snapshot_but_not_the_daemon(site: Site) -> None:
    leg = site.connected()
    site.give(begins("after"))
    again = Site()
    again.engine = type(site.engine).restore(site.engine.snapshot())
    again.unbridged(leg, "c1")
    assert again.contact().state is ContactState.WRAP_UP
    site.give(ev.SiteStarted(site="demo", epoch="e2", release="0"))
    site.unbridged(leg, "c1")
    assert site.contact().state is ContactState.CONNECTED


@pytest.mark.parametrize("first", ["session", "loss"])
def test_while_ami_is_away_a_session_is_believed(site: Site, first: str) -> None:
    site.connected()
    for event in (begins("after"), LOST) if first == "session" else (LOST, begins("after")):
        site.give(event)
    assert site.contact().state is ContactState.WRAP_UP


def test_a_caller_who_hangs_up_before_the_pbx_tells_has_been_served(site: Site) -> None:
    leg = site.connected()
    site.give(begins("after"), ENDED)
    site.unbridged(leg, "c1")
    site.ended("c1")
    assert site.contact().outcome is Outcome.HANDLED


# ---- come and gone unseen --------------------------------------------------------------------------------------------


def come_and_gone(then: list[ev.Event]) -> Site:
    """A caller who comes and goes while AMI is away, of whom FastAGI tells only after the new link's snapshot."""
    site = Site()
    site.wait(10)
    site.give(LOST)
    site.up()
    site.call("c1")
    site.give(ENDED, *then)
    return site


def test_who_hung_up_before_the_snapshot_and_came_after_it_does_not_wait_for_ever() -> None:
    site = come_and_gone([])
    site.ready("alice")
    assert site.all(cmd.RingAgent) == [], "it is not known whether they live"
    site.wait(2)
    assert site.record().outcome is Outcome.SHORT_ABANDON
    assert site.all(cmd.RingAgent) == []


def test_one_whose_session_was_only_cut_comes_again_and_waits_on() -> None:
    site = come_and_gone([begins("in")])
    contact = site.contact()
    site.ready("alice")
    assert site.only(cmd.RingAgent).peer_unique_id == "c1"
    site.wait(3)
    assert contact.state is ContactState.OFFERED


def test_a_session_that_is_cut_at_any_other_time_ends_nobodys_wait(site: Site) -> None:
    site.wait(10)
    site.call("c1")
    site.give(ENDED)
    site.wait(100)
    assert site.contact().state is ContactState.QUEUED


@pytest.fixture
def unbridgeable(site: Site) -> Site:
    """An agent has answered twice; their caller's session has ended, and instead of a bridge comes the agent's end."""
    leg = site.offered()
    site.answered(leg)
    site.give(ENDED)
    site.ended(leg)
    while not (rung := site.all(cmd.RingAgent)):
        site.wait(1)
    again = rung[0].unique_id
    site.answered(again)
    site.ended(again)
    assert site.contact().state is ContactState.QUEUED
    return site


def test_agents_are_not_rung_for_ever_for_a_caller_of_whose_end_the_pbx_has_told_nothing(unbridgeable: Site) -> None:
    unbridgeable.wait(1.9)
    assert unbridgeable.all(cmd.RingAgent) == []
    unbridgeable.wait(0.2)
    assert unbridgeable.record().outcome is Outcome.ABANDONED
    unbridgeable.wait(60)
    assert unbridgeable.all(cmd.RingAgent) == []


def test_a_caller_who_lives_comes_again_and_is_offered_on(unbridgeable: Site) -> None:
    unbridgeable.give(begins("in"))
    seconds = 0
    while not unbridgeable.all(cmd.RingAgent):
        unbridgeable.wait(1)
        seconds += 1
    assert unbridgeable.contact().state is ContactState.OFFERED
    assert seconds > 2, "the time in which their life was in doubt is over"
