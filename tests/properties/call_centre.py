"""A call centre for a state machine: a simulated world in which rules alone decide, its model, and what must hold.

Nothing happens here but what a rule has somebody do. So it is known at every step who hears whom: the model
(``tests.properties.talks``) says so, and the PBX, the engine and the desktops must say the same.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ctid.engine.shown.supervision_view import supervision_actions
from ctid.engine.shown.views import consultation_actions, contact_actions, offer_actions
from ctid.engine.state import SiteState, alias_key
from ctid.model import commands as cmd
from ctid.model import events as ev
from ctid.model.contact import Contact
from ctid.model.states import AgentState, ConsultationState, ContactState
from ctid.spec.agent import VOICE
from sip_test_rig.loaded_dice import LoadedDice
from sip_test_rig.simulated_pbx import PBX, SimulatedPbx
from sip_test_rig.simulated_world import Channel, Odds
from tests.properties.flow_sites import FLOW_SPEC
from tests.properties.sites import BOSS
from tests.properties.talks import At, Caller, Talk

MOST_CALLS = 20
MOST_AT_ONCE = 6
DONE_MS = 200
"""Within this everything that was asked for has happened, as nothing is late here unless a rule has it so."""

Method = TypeVar("Method", bound=Callable[..., None])
Then = Callable[[dict[str, Any]], object]

STATES = {
    At.RINGS: (ConsultationState.INITIATED, ConsultationState.ALERTING),
    At.ASKED: (ConsultationState.CONNECTED,),
    At.WAITS: (ConsultationState.HELD,),
    At.CONFERS: (ConsultationState.CONFERENCED,),
}
"""What a consultation is, as the one who is asked is there."""

FREE = (AgentState.READY, AgentState.NOT_READY, AgentState.WRAP_UP)


def _site() -> dict[str, Any]:
    """Four agents, whose patience and whose callers' is such that most of what happens is what somebody does."""
    site = copy.deepcopy(FLOW_SPEC)
    site["agents"]["dora"] = {
        "name": "Dora",
        "device": "PJSIP/1004",
        "pbx": "main",
        "skills": {"sales": 5, "support": 5},
    }
    return site


SITE = _site()
AGENTS = sorted(SITE["agents"])


OFTEN = {"an enquiry": 6, "somebody is called": 4, "with the caller": 3, "a call": 2, "time": 2}
"""So that many talks come so far that others are in them as well."""

HAPPENINGS: dict[str, list[tuple[str | Callable[[CallCentre], object], str]]] = defaultdict(list)
"""By kind: what can happen, as the action that a desktop shows for it or what else tells that it can, and the method
that has it happen."""


def happens(kind: str, when: str | Callable[[CallCentre], object]) -> Callable[[Method], Method]:
    """Have a method be done at times.

    Args:
        kind: All kinds are equally likely, but for those of which ``OFTEN`` says how much more they are.
        when: Whenever a desktop allows this, or this is true.
    """

    def known(method: Method) -> Method:
        HAPPENINGS[kind].append((when, method.__name__))
        return method

    return known


class CallCentre(RuleBasedStateMachine):
    """What rules need to know, and what must hold after each.

    Attributes:
        exact: Whether each step is done before the next, so that the model knows what comes of it. Else much is on its
            way at once, and what must hold is what the world's watch and the end tell.
    """

    exact = True

    def __init__(self) -> None:
        super().__init__()
        self.dice = LoadedDice()
        self.world = SimulatedPbx(self.dice, SITE, Odds(lively=False))
        self.world.devices[BOSS] = True
        self.talks: dict[str, Talk] = {}
        self.callers: dict[str, str] = {}
        self.left: set[str] = set()
        self.calls = 0
        self._looked_at = -1
        self._allowed: dict[str, list[str]] = {}
        self.world.run(4_000)
        for agent_id in AGENTS:
            self.world.desktop_back(agent_id, f"s-{agent_id}")
            self.world.request(ev.AgentStateRequested, agent_id=agent_id, state=AgentState.READY)

    @rule(data=st.data())
    def something_happens(self, data: st.DataObject) -> None:
        """One rule for all: of many, hypothesis leaves out a good part in each example, and some build on others."""
        possible = {kind: there for kind in HAPPENINGS if (there := self.possible(kind))}
        kinds = [kind for kind in possible for _ in range(OFTEN.get(kind, 1))]
        kind = data.draw(st.sampled_from(kinds), label="kind")
        getattr(self, data.draw(st.sampled_from(possible[kind]), label="what"))(data)

    # ---- what is seen ------------------------------------------------------------------------------------------

    @property
    def state(self) -> SiteState:
        return self.world.engine.state

    def may(self, action: str) -> list[str]:
        """Contacts, offers, consultations and supervisions of which the desktop says that this may be asked now."""
        if self._looked_at != len(self.world.journal):
            self._looked_at, self._allowed = len(self.world.journal), defaultdict(list)
            looks: list[tuple[str, list[str]]] = [
                *(
                    (each.id, contact_actions(self.state, each))
                    for each in self.state.contacts.values()
                    if is_call(each)
                ),
                *((each.id, offer_actions(each)) for each in self.state.offers.values()),
                *((each.id, consultation_actions(each)) for each in self.state.consultations.values()),
                *((each.id, supervision_actions(each)) for each in self.state.supervisions.values()),
            ]
            for subject, actions in looks:
                for action_ in actions:
                    self._allowed[action_].append(subject)
        return self._allowed.get(action, [])

    def has_room(self) -> bool:
        """Whether one more calls: not more than can be dealt with, so that there is time for what is done with them."""
        return self.calls < MOST_CALLS and len(self.state.contacts) < MOST_AT_ONCE

    def possible(self, kind: str) -> list[str]:
        """What of a kind can happen now."""
        return [name for when, name in HAPPENINGS[kind] if (self.may(when) if isinstance(when, str) else when(self))]

    def one_that_may(self, data: st.DataObject, action: str) -> str:
        """One of them."""
        return data.draw(st.sampled_from(self.may(action)), label=action)

    def ringing(self) -> list[str]:
        """Channels that somebody may answer."""
        there = self.world.live()
        return [each.unique_id for each in there if each.pick_up and not each.bridge and _waits(each)]

    def can_take(self, agent_id: str) -> bool:
        """Whether a contact that is given on to somebody is theirs then."""
        agent = self.state.agents.get(agent_id)
        return agent is not None and agent.state in FREE and not agent.offer_id

    # ---- what is done ------------------------------------------------------------------------------------------

    def ask(self, kind: type[ev.Request], then: Then | None = None, *, sure: bool = True, **fields: Any) -> None:
        """Ask for something at a desktop.

        Args:
            kind: What for.
            then: What the model makes of the answer; of none, if it is refused.
            sure: It was said that it may be asked, and nothing else that is asked for can be wrong.
            fields: Of the request.
        """
        for command in self.world.request(kind, **fields):
            if isinstance(command, cmd.Accept) and then is not None:
                then(command.result)
            refused = isinstance(command, cmd.Refuse) and sure and self.exact
            assert not refused, f"{kind.__name__} of {fields} may be asked, and is refused: {command}"
        self.goes_on()

    def goes_on(self) -> None:
        """Let what was done be done, and see what has begun and ended meanwhile without anybody's doing."""
        if self.exact:
            self.world.run(DONE_MS)
            self._see()
            self.all_is_well()

    def tells(self, contact_id: str, what: Callable[[Talk], object]) -> Then:
        """What has the model know what was asked of a talk."""

        def then(_: dict[str, Any]) -> None:
            if (talk := self.talks.get(contact_id)) is not None:
                what(talk)

        return then

    def is_over(self, contact_id: str) -> None:
        """The agent's talk to the caller is over."""
        self.talks.pop(contact_id, None)

    def is_given_to(self, contact_id: str, consultation_id: str) -> None:
        """The agent leaves caller and who was asked to each other."""
        talk = self.talks.get(contact_id)
        if talk is not None and consultation_id in talk.conferring():
            self.agent_leaves(contact_id)
        else:
            self.goes_to(contact_id, consultation_id)

    def goes_to(self, contact_id: str, consultation_id: str) -> None:
        """Who was asked has the caller now: it is their talk, or it has left ctid."""
        talk = self.talks.pop(contact_id, None)
        if talk is None:
            return
        one = talk.asked[consultation_id]
        if self.can_take(one.agent_id):
            self.talks[contact_id] = talk.handed_to(consultation_id)
        else:
            self.left |= {talk.caller, one.channel}

    def agent_leaves(self, contact_id: str) -> None:
        """The agent hangs up: out of a conference the first colleague who can has it then; else it is over."""
        talk = self.talks.get(contact_id)
        there = talk.conferring() if talk is not None else {}
        takers = [key for key, each in there.items() if self.can_take(each.agent_id)]
        if talk is None or not there:
            self.is_over(contact_id)
        elif takers:
            self.goes_to(contact_id, takers[0])
        else:
            self.left |= {talk.caller, *(each.channel for each in there.values())}
            self.is_over(contact_id)

    def hangs_up(self, unique_id: str) -> None:
        """Whoever is at the end of a channel does."""
        for contact_id in list(self.talks):
            self.is_left(contact_id, unique_id)
        self.world.hang_up(unique_id)
        self.goes_on()

    def is_left(self, contact_id: str, unique_id: str) -> None:
        """One of those in a talk leaves it, if they are in it."""
        talk = self.talks.get(contact_id)
        if talk is not None and unique_id == talk.caller:
            self.is_over(contact_id)
        elif talk is not None and unique_id == talk.agent:
            self.agent_leaves(contact_id)
        elif talk is not None:
            talk.leaves(unique_id)

    # ---- what goes on by itself --------------------------------------------------------------------------------

    def _see(self) -> None:
        for contact in self.state.contacts.values():
            if contact.caller_leg in self.state.legs and not contact.watched:
                self.callers.setdefault(self.state.legs[contact.caller_leg].unique_id, contact.id)
            talk = self.talks.get(contact.id)
            if talk is None and is_in_talk(contact):
                self.talks[contact.id] = self._begun(contact)
            elif talk is not None and talk.place is Caller.AWAY and contact.ivr is None:
                talk.returned()
        for talk in self.talks.values():
            for consultation_id, one in list(talk.asked.items()):
                consultation = self.state.consultations.get(consultation_id)
                if consultation is not None and not one.channel:
                    one.channel = consultation.leg_id
                elif one.at is At.RINGS and one.channel not in self.world.channels:
                    talk.withdraw(consultation_id)

    def _begun(self, contact: Contact) -> Talk:
        """A talk that has begun as a phone was answered. That it is one, the PBX must say as well."""
        (offer_id,) = contact.offer_ids
        caller = self.state.legs[contact.caller_leg].unique_id
        agent = self.state.legs[self.state.offers[offer_id].leg_id].unique_id
        assert self.world.channels[agent].device == SITE["agents"][contact.agent_id]["device"]
        return Talk(caller, agent, contact.agent_id)

    # ---- what must hold ----------------------------------------------------------------------------------------

    @invariant()
    def all_is_well(self) -> None:
        self.ids_are_kept()
        self.times_add_up()
        if self.exact:
            self.those_hear_each_other_who_should()
            self.those_are_asked_who_should()
            self.every_leg_is_known_and_there()

    def ids_are_kept(self) -> None:
        for unique_id, contact_id in self.callers.items():
            leg = self.state.legs.get(self.state.aliases.get(alias_key(PBX, unique_id), ""))
            assert leg is None or leg.contact_id == contact_id, f"{unique_id} is of another contact than before"

    def times_add_up(self) -> None:
        for contact in self.state.contacts.values():
            at = contact.created_at.mono_ms
            for span in contact.spans:
                assert span.at.mono_ms == at, f"the spans of {contact.id} have a gap, or overlap"
                at += span.duration_ms if span.duration_ms is not None else self.world.now_ms - at
            assert at == (self.world.now_ms if contact.closed_at is None else contact.closed_at.mono_ms)

    def those_hear_each_other_who_should(self) -> None:
        bridges: dict[str, set[str]] = defaultdict(set)
        for channel in self.world.live():
            if not channel.native and channel.unique_id not in self.world.supervisors.phones:
                bridges[channel.bridge or f"none {channel.unique_id}"].add(channel.unique_id)
        told: list[set[str]] = []
        for contact_id, talk in self.talks.items():
            agent, contact = self.state.agents[talk.agent_id], self.state.contacts[contact_id]
            assert is_in_talk(contact), f"{contact_id} is {contact.state}, but should talk to {talk.agent_id}"
            assert (agent.state, agent.contact_id) == (AgentState.BUSY, contact_id), f"{agent.id} is {agent.state}"
            assert contact.on_hold == (talk.place is not Caller.WITH_AGENT), f"the caller of {contact_id} is elsewhere"
            for group in talk.groups():
                assert group in bridges.values(), f"of {contact_id} those should hear each other: {sorted(group)}"
                told.append(group)
        for group in bridges.values():
            if len(group) > 1 and group not in told:
                assert group & self.left, f"those hear each other, and nobody knows: {sorted(group)}"

    def those_are_asked_who_should(self) -> None:
        asked = {key: each for talk in self.talks.values() for key, each in talk.asked.items()}
        by_ctid = {
            each.id: each for each in self.state.consultations.values() if each.state is not ConsultationState.ANNOUNCED
        }
        for consultation_id, consultation in by_ctid.items():
            assert consultation_id in asked, f"{consultation_id} should be over, and is {consultation.state}"
        for consultation_id, one in asked.items():
            state = by_ctid[consultation_id].state if consultation_id in by_ctid else "over"
            assert state in STATES[one.at], f"{consultation_id} is {state}, but who is asked {one.at}"

    def every_leg_is_known_and_there(self) -> None:
        channels = self.world.channels
        for leg in self.state.legs.values():
            assert leg.unique_id in channels, f"{leg.party} {leg.unique_id} is gone"
            assert leg.bridge_id == channels[leg.unique_id].bridge, f"{leg.unique_id} is believed to be elsewhere"
        for channel in self.world.live():
            known = alias_key(PBX, channel.unique_id) in self.state.aliases
            assert known or channel.released or channel.unique_id in self.left, f"{channel.unique_id} leaked"
        for talk in self.talks.values():
            for unique_id in talk.channels():
                leg = self.state.legs[self.state.aliases[alias_key(PBX, unique_id)]]
                assert leg.muted == (unique_id in talk.muted), f"{unique_id} is muted, or is not any more"

    def teardown(self) -> None:
        for channel in self.world.live():
            if channel.native or channel.unique_id in self.left or not self.exact:
                self.world.hang_up(channel.unique_id)
        self.world.settle()
        self.world.watch.nothing_left()
        for contact_id in self.callers.values():
            assert contact_id in self.world.watch.records, f"{contact_id} was never accounted for"


def is_call(contact: Contact) -> bool:
    """Whether it is no chat, of which other things may be asked."""
    return contact.channel == VOICE


def is_in_talk(contact: Contact) -> bool:
    """Whether an agent talks to it who can be asked about it, by a call that ctid has connected."""
    talks = bool(contact.segments) and contact.segments[-1].left_at is None
    return contact.state is ContactState.CONNECTED and is_call(contact) and talks and not contact.watched


def _waits(channel: Channel) -> bool:
    """Whether it rings, or waits for a number that rings."""
    return not channel.answered or channel.released
