"""Customers who are called back, from their phone's first ring until they talk: on the line, gone, or dialled ahead."""

from __future__ import annotations

from collections.abc import Iterator

from ctid.acd.order import place
from ctid.engine import assignment, callbacks, offers, outage, queueing
from ctid.engine.requirement import line_key, pbx_of
from ctid.engine.turn import Turn, ms
from ctid.model.agent import Agent
from ctid.model.commands import HangUpLeg, PlayAndCollect, ReleaseLeg
from ctid.model.contact import Contact
from ctid.model.events import MACHINE
from ctid.model.leg import Leg
from ctid.model.offer import OfferCause
from ctid.model.states import AgentState, ContactState, LegState

WAITED_MS = 2_000
"""Who picks up and still has nobody to talk to after two seconds was called too early; regulators count just that."""


def say_goodbye(turn: Turn, leg: Leg, prompts: list[str]) -> None:
    """Let the caller hear that they will be called back, then let them go; the contact does without them."""
    if prompts and leg.has_agi:
        turn.emit(PlayAndCollect(pbx=leg.pbx, unique_id=leg.unique_id, token=turn.mint("tk"), prompts=prompts))
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
    return offers.CAUSES.get(cause, OfferCause.FAILED)


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


def _look_ahead(turn: Turn, queue: str, ahead_ms: int) -> None:
    """Dial the customers for whom an agent is expected by the time they answer; one customer for each agent.

    Who was dialled before has a claim already, and so has every caller who waits at an earlier place.
    """
    if turn.state.draining:
        return
    expected = _expected(turn, queue, ahead_ms)
    for contact in _dialled(turn):
        expected &= ~_claim(turn, contact, expected)
    for contact in _in_order(turn, queue):
        if not expected:
            return
        claimed = _claim(turn, contact, expected)
        expected &= ~claimed
        if claimed and callbacks.is_due(turn, contact):
            callbacks.dial(turn, contact, None)


def _expected(turn: Turn, queue: str, ahead_ms: int) -> int:
    """Agents who are free now or can be expected to be soon, as a set of the roster."""
    found = 0
    for agent in turn.state.agents.values():
        if agent.id not in turn.site.agents or agent.desktop_lost_ms or agent.pending_state is not None:
            continue
        candidate = assignment.candidate_of(turn, agent)
        free_ms = _free_in(turn, queue, agent)
        calls_of_their_own = candidate.in_call and agent.state is AgentState.READY
        if candidate.reachable and not calls_of_their_own and free_ms is not None and free_ms <= ahead_ms:
            found |= turn.floor.roster.named(agent.id)
    return found


def _free_in(turn: Turn, queue: str, agent: Agent) -> int | None:
    """In how many milliseconds the agent is expected to be free; ``None`` if nobody can tell."""
    now_ms = turn.now.mono_ms
    contact = turn.state.contacts.get(agent.contact_id)
    match agent.state:
        case AgentState.READY:
            return max(0, agent.backoff_until_ms - now_ms)
        case AgentState.WRAP_UP:
            return max(0, agent.wrap_up_until_ms - now_ms)
        case AgentState.BUSY if contact is not None and contact.connected_at is not None:
            mean_ms = agent.handling_ms or ms(turn.site.queues[queue].handling_seconds)
            return max(0, contact.connected_at.mono_ms + mean_ms - now_ms) if mean_ms else None
        case _:
            return None


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


def _claim(turn: Turn, contact: Contact, expected: int) -> int:
    """One able agent of those expected, for the contact; 0 if there is none."""
    able = turn.floor.line(line_key(turn, contact, pbx_of(turn, contact))).able & expected
    for agent_id in contact.excluded:
        able &= ~turn.floor.roster.named(agent_id)
    return able & -able
