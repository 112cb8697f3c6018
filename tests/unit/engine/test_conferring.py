"""Somebody hangs up on the way into a conference, before or after each step of the PBX."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from ctid.model import commands as cmd
from ctid.model import events as ev
from ctid.model.states import AgentState, ConsultationState, ContactState, Outcome
from tests.unit.engine.talks import alternated, arrives, asked, consultation, unbridged
from tests.unit.site import Site

CALLER, AGENT, ASKED = "caller", "agent", "asked"
Step = tuple[str, ev.Event]
"""Whose channel it is of, and what the PBX tells of it."""
Start = Callable[[], tuple[Site, dict[str, str], list[Step]]]
"""Gives a site with a conference on its way, the channels, and the steps by which the PBX makes it."""


class Way:
    """A talk on its way into a conference, by the steps that the PBX is about to tell of."""

    def __init__(self, start: Start) -> None:
        self.site, self.legs, self.steps = start()
        self.joins: list[cmd.JoinLegs] = []
        self.gone: set[str] = set()
        self.hung_up: set[str] = set()
        self.fetched = False

    def told(self, steps: list[Step]) -> None:
        """The PBX tells of these, as far as they are of channels that live."""
        for who, event in steps:
            # Once ctid connects two, a conference was never ordered, or is over.
            if who not in self.gone and not (self.joins and event == bridged(self.legs[who])):
                self._gather(self.site.give(event))

    def ends(self, who: str) -> None:
        """Somebody hangs up."""
        self.gone.add(who)
        unbridged(self.site, self.legs[who], bridge="conf")
        self._gather(self.site.ended(self.legs[who]))

    def comes_of_it(self) -> None:
        """The PBX does what it was ordered, and all who have been hung up on are gone."""
        if self.fetched and CALLER not in self.gone:
            self.site.unbridged(*self.legs.values())
            self.told([(CALLER, ev.AgiEnded(pbx="main", unique_id="c1"))])
            self._gather(arrives(self.site))
        for order in self.joins[-1:]:
            assert order.peer_unique_id == "c1"
            unbridged(self.site, *self.legs.values(), bridge="conf")
            self.told([(who, bridged(leg, "b9")) for who, leg in self.legs.items() if leg in (order.unique_id, "c1")])
        while doomed := [who for who, leg in self.legs.items() if leg in self.hung_up and who not in self.gone]:
            self.ends(doomed[0])

    def _gather(self, out: list[cmd.Command]) -> None:
        self.joins += [each for each in out if isinstance(each, cmd.JoinLegs)]
        self.hung_up |= {each.unique_id for each in out if isinstance(each, cmd.HangUpLeg | cmd.ReleaseLeg)}
        self.fetched |= any(isinstance(each, cmd.FetchLeg) for each in out)


def bridged(unique_id: str, bridge: str = "conf") -> ev.Event:
    return ev.LegBridged(pbx="main", unique_id=unique_id, bridge_id=bridge)


def left(unique_id: str, bridge: str) -> ev.Event:
    return ev.LegUnbridged(pbx="main", unique_id=unique_id, bridge_id=bridge)


def into_it(leg: str, theirs: str) -> list[Step]:
    return [
        (AGENT, bridged(leg)),
        (ASKED, bridged(theirs)),
        (CALLER, ev.AgiEnded(pbx="main", unique_id="c1")),
        (CALLER, bridged("c1")),
    ]


def the_other_way_round(steps: list[Step]) -> list[Step]:
    """Who was asked is the last whom the PBX has in the room."""
    return [each for each in steps if each[0] != ASKED] + [each for each in steps if each[0] == ASKED]


def floor() -> Site:
    site = Site()
    site.ask("bob", AgentState.NOT_READY, reason="break")
    return site


def from_who_is_asked() -> tuple[Site, dict[str, str], list[Step]]:
    site = floor()
    leg, theirs = asked(site)
    site.request(ev.ConferenceRequested, consultation_id=consultation(site).id)
    assert site.only(cmd.Confer).consulted_unique_id == theirs
    steps = [(AGENT, left(leg, "co")), (ASKED, left(theirs, "co")), *into_it(leg, theirs)]
    return site, {CALLER: "c1", AGENT: leg, ASKED: theirs}, steps


def from_the_caller() -> tuple[Site, dict[str, str], list[Step]]:
    site = floor()
    leg, theirs = alternated(site)
    site.request(ev.ConferenceRequested, consultation_id=consultation(site).id)
    assert site.only(cmd.HoldCall).agent_unique_id == leg
    came = ev.CallArrived(pbx="main", unique_id="c1", ani="", dnis="")
    steps = [(CALLER, left("c1", "b2")), (AGENT, left(leg, "b2")), (CALLER, came), *into_it(leg, theirs)]
    return site, {CALLER: "c1", AGENT: leg, ASKED: theirs}, steps


def by_a_call_in() -> tuple[Site, dict[str, str], list[Step]]:
    site = floor()
    leg = site.connected()
    site.request(ev.PartyRequested, contact_id=site.contact().id, agent="bob")
    theirs = site.only(cmd.DialConsulted).unique_id
    site.answered(theirs)
    site.bridged(theirs, bridge="conf")
    assert site.only(cmd.Confer).agent_unique_id == leg
    steps = [(AGENT, left(leg, "br")), (CALLER, left("c1", "br")), (AGENT, bridged(leg)), (CALLER, bridged("c1"))]
    return site, {CALLER: "c1", AGENT: leg, ASKED: theirs}, steps


def from_who_is_asked_last() -> tuple[Site, dict[str, str], list[Step]]:
    site, legs, steps = from_who_is_asked()
    return site, legs, the_other_way_round(steps)


def from_the_caller_last() -> tuple[Site, dict[str, str], list[Step]]:
    site, legs, steps = from_the_caller()
    return site, legs, the_other_way_round(steps)


WAYS = [from_who_is_asked, from_who_is_asked_last, from_the_caller, from_the_caller_last, by_a_call_in]


def moments(ends: int) -> list[Any]:
    """Each way with every choice of moments, one after another, at which so many hang up."""
    return [
        pytest.param(start, when, id=f"{start.__name__} {' '.join(map(str, when))}")
        for start in WAYS
        for when in itertools.combinations_with_replacement(range(len(start()[2])), ends)
    ]


def go(start: Start, when: tuple[int, ...], *who: str) -> Way:
    """They hang up in that order, each before the step of that number."""
    way, before = Way(start), 0
    for at, each in zip(when, who, strict=True):
        way.told(way.steps[before:at])
        way.ends(each)
        before = at
    if not way.fetched:
        way.told(way.steps[before:])
    way.comes_of_it()
    return way


@pytest.mark.parametrize(("start", "when"), moments(1))
def test_the_agent_hangs_up_and_the_other_two_talk(start: Start, when: tuple[int, ...]) -> None:
    way = go(start, when, AGENT)
    contact, site = way.site.contact(), way.site
    assert (contact.state, contact.agent_id, contact.on_hold) == (ContactState.CONNECTED, "bob", False)
    assert (site.agent().state, site.agent("bob").state) == (AgentState.WRAP_UP, AgentState.BUSY)
    assert [(each.agent_id, each.result) for each in contact.segments] == [("alice", "transferred"), ("bob", "")]
    assert (way.hung_up, site.engine.state.consultations) == (set(), {})
    site.wait(5)
    assert not site.all(cmd.HangUpLeg)
    # It ends like any other talk.
    site.ended(way.legs[ASKED])
    site.back()
    assert site.only(cmd.ReleaseLeg).unique_id == "c1"


@pytest.mark.parametrize(("start", "when"), moments(1))
def test_who_was_asked_hangs_up_and_the_agent_talks_to_the_caller(start: Start, when: tuple[int, ...]) -> None:
    way = go(start, when, ASKED)
    contact, site = way.site.contact(), way.site
    assert (contact.state, contact.agent_id, contact.on_hold) == (ContactState.CONNECTED, "alice", False)
    assert (way.hung_up, site.engine.state.consultations) == (set(), {})
    # They have each other already, so the agent need not wait until no more can come of the conference.
    site.request(ev.HoldRequested, contact_id=contact.id)
    assert site.only(cmd.HoldCall).unique_id == "c1"
    site.wait(5)
    assert not site.all(cmd.HangUpLeg)


@pytest.mark.parametrize(("start", "when"), moments(2))
@pytest.mark.parametrize("order", [(AGENT, ASKED), (ASKED, AGENT)], ids="-".join)
def test_both_hang_up_and_the_caller_is_let_go(start: Start, when: tuple[int, ...], order: tuple[str, ...]) -> None:
    way = go(start, when, *order)
    site = way.site
    if CALLER not in way.gone:
        # They are in a bridge of which nobody told that it ends: in the end they come back to us, as after any talk.
        site.back()
        site.ended("c1")
    contact = site.contact()
    assert (contact.state, contact.outcome) == (ContactState.WRAP_UP, Outcome.HANDLED)
    assert (site.engine.state.legs, site.engine.state.consultations, site.engine.state.offers) == ({}, {}, {})


@pytest.mark.parametrize(("start", "when"), moments(2))
@pytest.mark.parametrize("first", [AGENT, ASKED])
def test_the_caller_hangs_up_after_one_of_them_and_the_other_is_let_go(
    start: Start, when: tuple[int, ...], first: str
) -> None:
    way = go(start, when, first, CALLER)
    assert way.site.contact().state is ContactState.WRAP_UP
    assert way.site.contact().outcome is Outcome.HANDLED
    assert (way.site.engine.state.legs, way.site.engine.state.consultations) == ({}, {})


@pytest.mark.parametrize(("start", "when"), moments(1))
def test_the_caller_hangs_up_and_the_others_are_let_go(start: Start, when: tuple[int, ...]) -> None:
    way = go(start, when, CALLER)
    assert way.hung_up >= {way.legs[AGENT], way.legs[ASKED]}
    assert (way.site.engine.state.legs, way.site.engine.state.consultations) == ({}, {})


def test_a_conference_that_the_pbx_never_made_is_not_on_its_way_for_ever() -> None:
    site, legs, _ = from_who_is_asked()
    site.wait(3)
    assert consultation(site).state is ConsultationState.CONNECTED
    out = site.ended(legs[AGENT])
    assert [each.unique_id for each in out if isinstance(each, cmd.HangUpLeg)] == [legs[ASKED]]


@pytest.mark.parametrize("start", [from_the_caller, by_a_call_in])
def test_a_caller_whose_agent_hung_up_before_the_order_came_is_with_us_before_that_is_told(start: Start) -> None:
    way = Way(start)
    site = way.site
    site.give(ev.CallerReturned(pbx="main", unique_id="c1"))
    site.unbridged("c1", way.legs[AGENT])
    assert not site.all(cmd.ReleaseLeg)
    way.ends(AGENT)
    way.comes_of_it()
    assert (site.contact().state, site.contact().agent_id) == (ContactState.CONNECTED, "bob")


def test_a_room_that_the_pbx_has_made_twice_is_left_by_both() -> None:
    """The last one left it as the next entered it: each of the two is in a room of its own."""
    site, legs, _ = from_who_is_asked()
    unbridged(site, legs[AGENT], legs[ASKED], bridge="co")
    site.bridged(legs[ASKED], legs[AGENT], bridge="conf")
    site.give(ev.AgiEnded(pbx="main", unique_id="c1"))
    site.ended(legs[ASKED])
    assert site.only(cmd.FetchLeg).unique_id == "c1"
    site.bridged(legs[AGENT], bridge="conf")
    site.bridged("c1", bridge="conf2")
    assert site.only(cmd.FetchLeg).unique_id == "c1"
    site.unbridged("c1")
    arrives(site)
    assert site.only(cmd.JoinLegs) == cmd.JoinLegs(pbx="main", unique_id=legs[AGENT], peer_unique_id="c1")
