"""Customers who are called back, from their phone's first ring until they talk: on the line, gone, or dialled ahead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ctid.acd.eligibility import silent
from ctid.acd.order import place
from ctid.engine import outage
from ctid.engine.agent import assignment, offers, ringing
from ctid.engine.queue import callbacks, queueing
from ctid.engine.turn import Turn, ms
from ctid.engine.waiting import outlook
from ctid.engine.waiting.requirement import line_key, pbx_of
from ctid.model.agent import Agent
from ctid.model.commands import HangUpLeg, PlayAndCollect, ReleaseLeg
from ctid.model.contact import Contact
from ctid.model.events import MACHINE
from ctid.model.leg import Leg
from ctid.model.offer import OfferCause
from ctid.model.speech import Utterance
from ctid.model.states import AgentState, ContactState, LegState

WAITED_MS = 2_000
"""Who picks up and still has nobody to talk to after two seconds was called too early; regulators count just that."""


def say_goodbye(turn: Turn, leg: Leg, prompts: Sequence[Utterance]) -> None:
    """Let the caller hear that they will be called back, then let them go; the contact does without them."""
    if prompts and leg.has_agi:
        turn.emit(PlayAndCollect(pbx=leg.pbx, unique_id=leg.unique_id, token=turn.mint("tk"), prompts=list(prompts)))
    else:
        turn.emit(ReleaseLeg(pbx=leg.pbx, unique_id=leg.unique_id, next="hangup"))


def arrived(turn: Turn, contact: Contact, leg: Leg, *, from_bridge: bool) -> None:
    """A customer's leg is with us: just answered, come again after a crash, or back from a bridge that failed.

    Args:
        turn: The turn.
        contact: The contact, which waits or is being offered.
        leg: The leg.
        from_bridge: They come from a bridge with the agent, of which the PBX has yet to tell us more.
    """
    callback = contact.callback
    assert callback is not None
    if leg.id != callback.leg_id or callback.ending:
        turn.emit(ReleaseLeg(pbx=leg.pbx, unique_id=leg.unique_id, next="hangup"))
        return
    if contact.caller_leg != leg.id:
        contact.caller_leg, leg.state = leg.id, LegState.CONNECTED
        turn.cancel_timer(f"dial:{contact.id}")
        turn.start_timer(f"waited:{contact.id}", WAITED_MS)
        if contact.state is ContactState.OFFERED and outage.is_up(turn, leg.pbx) and not from_bridge:
            # The agent they were to talk to left as they answered. They wait on, at their place.
            offers.rescind_all(turn, contact, OfferCause.FAILED)
            queueing.requeue(turn, contact)
    queueing.play_music(turn, contact)
    turn.touch_contact(contact.id)


def customer_gone(turn: Turn, contact: Contact, leg: Leg, cause: str) -> None:
    """A leg of a contact that is to be called back ended before the customer talked to anybody."""
    if contact.callback is None or leg.id != contact.callback.leg_id:
        # They rang off after asking for the callback; only now they can be dialled.
        contact.caller_leg = ""
        turn.touch_contact(contact.id)
        return
    if contact.state is ContactState.OFFERED:
        waited = callbacks.is_on_the_line(contact)
        contact.caller_leg = ""
        offers.rescind_all(turn, contact, OfferCause.CALLER_LEFT if waited else OfferCause.NOT_REACHED)
        queueing.requeue(turn, contact)
    callbacks.try_over(turn, contact, cause)


def cause_of(leg: Leg, cause: int) -> str:
    """Why a try failed, in one word, from the state in which the customer's leg ended and the PBX's cause."""
    if cause == MACHINE:
        return "machine"
    if leg.state in (LegState.CONNECTED, LegState.HELD):
        return "hung_up"
    return ringing.CAUSES.get(cause, OfferCause.FAILED)


def over(turn: Turn, contact: Contact) -> None:
    """The customer's phone rang long enough, or the PBX owes us word of their leg for too long."""
    callback = contact.callback
    leg = turn.legs.get(callback.leg_id) if callback is not None else None
    if callback is None or leg is None or callbacks.is_on_the_line(contact):
        return
    if not outage.is_up(turn, leg.pbx):
        turn.start_timer(f"dial:{contact.id}", callbacks.RECHECK_MS)
    elif callback.ending:
        turn.note("lease-expired", leg.id)
        turn.emit(HangUpLeg(pbx=leg.pbx, unique_id=leg.unique_id))
        turn.legs.remove(leg)
        customer_gone(turn, contact, leg, callback.ending)
    else:
        callbacks.leave(turn, contact, "no_answer" if leg.state is not LegState.CONNECTED else "failed")


def waited(turn: Turn, contact: Contact) -> None:
    """The customer answered a while ago, and no agent was free for them."""
    if contact.state is ContactState.QUEUED and callbacks.is_on_the_line(contact):
        callbacks.publish(turn, contact, "callback.waited")


def pulse(turn: Turn, queue: str) -> None:
    """Time has gone by: the queue may have opened, an agent may be about to be free."""
    callbacks.hold(turn, queue)
    spec = turn.site.queues[queue].callback
    if spec is not None and spec.first == "customer":
        _look_ahead(turn, queue, ms(spec.ahead_seconds))
    callbacks.arm_pulse(turn, queue)


class _Expected:
    """Agents expected to be free within a time, of which each contact may claim one.

    Those free now and those whose wrap-up ends in time are counted one by one. Of those who talk, as many can be
    expected as end a contact in that time on the average; who of them it will be, nobody knows.
    """

    def __init__(self, turn: Turn, queue: str, ahead_ms: int) -> None:
        self._turn = turn
        self._ahead_ms = ahead_ms
        self._mean_ms = outlook.handling_ms(turn.floor, turn.state, queue)
        self._sure = self._talking = self._claimed = 0
        for agent in turn.state.agents.values():
            if agent.id not in turn.site.agents or agent.desktop_lost_ms or agent.pending_state is not None:
                continue
            candidate = assignment.candidate_of(turn, agent)
            bit = turn.floor.roster.named(agent.id)
            if silent(candidate) or (candidate.in_call and agent.state is AgentState.READY):
                continue
            if agent.state is AgentState.BUSY:
                self._talking |= bit
            elif _free_in(turn, agent) <= ahead_ms:
                self._sure |= bit

    def claim(self, contact: Contact) -> bool:
        """Take one able agent for the contact; tell whether there was one."""
        roster = self._turn.floor.roster
        able = self._turn.floor.line(line_key(self._turn, contact, pbx_of(self._turn, contact))).able
        for agent_id in contact.excluded:
            able &= ~roster.named(agent_id)
        if sure := able & self._sure:
            self._sure &= ~(sure & -sure)
            return True
        if self._mean_ms == 0:
            return False
        if (able & self._talking).bit_count() * self._ahead_ms // self._mean_ms <= self._claimed:
            return False
        self._claimed += 1
        return True


_NEVER_MS = 1 << 62


def _free_in(turn: Turn, agent: Agent) -> int:
    """In how many milliseconds the agent will be free, if nothing comes between."""
    match agent.state:
        case AgentState.READY:
            return max(0, agent.backoff_until_ms - turn.now.mono_ms)
        case AgentState.WRAP_UP if agent.wrap_up_until_ms:
            return max(0, agent.wrap_up_until_ms - turn.now.mono_ms)
        case _:
            return _NEVER_MS


def _look_ahead(turn: Turn, queue: str, ahead_ms: int) -> None:
    """Dial the customers for whom an agent is expected by the time they answer; one customer for each agent.

    Who was dialled before has a claim already, and so has every caller who waits at an earlier place.
    """
    if turn.state.draining:
        return
    expected = _Expected(turn, queue, ahead_ms)
    for contact in _dialled(turn):
        expected.claim(contact)
    for contact in _in_order(turn, queue):
        if expected.claim(contact) and callbacks.is_due(turn, contact):
            callbacks.dial(turn, contact, None)


def _dialled(turn: Turn) -> Iterator[Contact]:
    for contact_ids in turn.state.callbacks.values():
        for contact_id in contact_ids:
            contact = turn.state.contacts[contact_id]
            if contact.state is ContactState.QUEUED and contact.callback is not None and contact.callback.leg_id:
                yield contact


def _in_order(turn: Turn, queue: str) -> list[Contact]:
    """Callers who wait in the queue and customers who may be dialled for it, in the order of their places."""
    spec, policy = turn.site.queues[queue], turn.site.policy
    waiting = [
        contact
        for contact in turn.state.contacts.values()
        if contact.queue == queue
        and contact.state is ContactState.QUEUED
        and (contact.callback is None or callbacks.is_due(turn, contact))
    ]
    return sorted(waiting, key=lambda contact: place(contact, spec, policy))
