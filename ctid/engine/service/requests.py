"""What desktops ask for. A request raises before it changed anything, or is carried out whole."""

from __future__ import annotations

from typing import Any

from ctid.acd.agent_states import Effect, effect_of
from ctid.engine import outage, segments
from ctid.engine.agent import agents, devices, offers
from ctid.engine.agent import wrap_up as after_call
from ctid.engine.call import journey
from ctid.engine.contact import contacts
from ctid.engine.queue import queueing, tasks
from ctid.engine.shown.allowed_actions import agent_actions, contact_actions, offer_actions
from ctid.engine.shown.parked import is_parked
from ctid.engine.shown.views import View, agent_view, offer_view
from ctid.engine.turn import Turn
from ctid.errors import ConflictError, NotFoundError, RequestError, VersionMismatchError
from ctid.model.agent import Agent
from ctid.model.contact import Contact
from ctid.model.events import (
    AgentStateRequested,
    AttributesSet,
    ContactSubmitted,
    ContactWithdrawn,
    OfferAccepted,
    OfferRejected,
    Request,
    RoutingSet,
    WrapUpSet,
)
from ctid.model.history import Segment
from ctid.model.offer import Offer, OfferCause
from ctid.model.states import WAITING, AgentState, ContactState, OfferState, Outcome, SystemReason
from ctid.spec.agent import VOICE
from ctid.spec.references import faulty_references
from ctid.spec.yaml_source import dotted

MAX_ATTRIBUTES = 200
"""Keys of attached data per contact; more is refused, so that no integrator can grow the state without bound."""

MAX_VALUE = 2_000
"""Characters of one attached value or of the notes."""

NO_DISPOSITION = "queue {queue} asks for a disposition; give one first, or have a supervisor end the wrap-up"


def agent_state(turn: Turn, request: AgentStateRequested) -> View:
    """Change an agent's state, now or when the present work ends."""
    agent = _agent(turn, request.agent_id)
    if request.agent_id not in turn.site.agents:
        raise ConflictError("the agent is no longer in the configuration", current=agent.state)
    compare(agent.version, request, agent.state)
    reason = request.reason or (SystemReason.SUPERVISOR if request.forced else "")
    if request.state is AgentState.NOT_READY and request.reason and request.reason not in turn.site.reasons:
        known = ", ".join(sorted(turn.site.reasons)) or "none at all"
        raise RequestError(f"there is no reason code {request.reason!r}; there is: {known}")
    effect = effect_of(agent.state, request.state)
    if effect is Effect.END_WRAP_UP and after_call.owes(turn, agent) and not request.forced:
        raise ConflictError(
            NO_DISPOSITION.format(queue=turn.state.contacts[agent.contact_id].queue),
            current=agent.state,
            allowed_actions=tuple(agent_actions(turn.state, agent)),
        )
    match effect:
        case Effect.MOVE:
            _move(turn, agent, request.state, reason)
        case Effect.PEND:
            agents.pend(turn, agent, request.state, reason)
        case Effect.UNPEND:
            agents.pend(turn, agent, None)
        case Effect.END_WRAP_UP:
            agent.pending_state = request.state
            agent.pending_reason = reason
            agent.misses = 0
            agents.end_work(turn, agent)
        case Effect.NOTHING:
            pass
    return {"agent": agent_view(turn.state, turn.site, agent, turn.now)}


def _move(turn: Turn, agent: Agent, state: AgentState, reason: str) -> None:
    if agent.state is AgentState.LOGGED_OUT and state is AgentState.NOT_READY:
        reason = reason or SystemReason.LOGGED_IN
    if state is AgentState.READY:
        agent.misses = 0
        reason = ""
    if state is AgentState.LOGGED_OUT:
        turn.cancel_timer(f"desktop:{agent.id}")
        agent.desktop_lost_ms = 0
    agents.move(turn, agent, state, reason)


def accept_offer(turn: Turn, request: OfferAccepted) -> View:
    """The agent takes an offer at the desktop."""
    offer = pending_offer(turn, request.offer_id, request.agent_id)
    contact, spec = turn.state.contacts[offer.contact_id], turn.site.agents.get(offer.agent_id)
    hindrance = ""
    if not offer.at_desktop:
        hindrance = "the phone rings already; the call is answered there"
    elif spec is None:
        hindrance = "the agent is no longer in the configuration"
    elif contact.channel == VOICE:
        if not outage.is_up(turn, spec.pbx):
            hindrance = "the PBX can't be reached now; nobody can be rung"
        elif devices.in_own_call(turn, spec):
            hindrance = "the agent's phone is in another call; end that first"
    if hindrance:
        raise ConflictError(hindrance, current=offer.state, allowed_actions=tuple(offer_actions(offer)))
    offers.take(turn, offer, contact)
    return {"offer": offer_view(turn.state, offer, turn.now, turn.floor)}


def reject_offer(turn: Turn, request: OfferRejected) -> View:
    """The agent declines an offer that is out."""
    offer = pending_offer(turn, request.offer_id, request.agent_id)
    leg = turn.legs.get(offer.leg_id)
    if leg is not None and not outage.is_up(turn, leg.pbx):
        raise ConflictError("the PBX can't be reached now; the call may have been answered", current=offer.state)
    offers.decline(turn, offer, OfferState.REJECTED, OfferCause.REJECTED)
    offers.hang_up(turn, offer)
    return {"offer": offer_view(turn.state, offer, turn.now, turn.floor)}


def pending_offer(turn: Turn, offer_id: str, agent_id: str) -> Offer:
    """The agent's offer that is out, or the refusal that there is none."""
    offer = turn.state.offers.get(offer_id)
    if offer is None or offer.agent_id != agent_id:
        raise NotFoundError("there is no such offer to this agent now")
    if offer.state is not OfferState.PENDING:
        raise ConflictError(f"the offer is {offer.state} already", current=offer.state)
    return offer


def submit_contact(turn: Turn, request: ContactSubmitted) -> View:
    """A contact of another channel than voice enters a queue."""
    if request.channel == VOICE:
        raise RequestError("a contact of channel voice is a call: it comes in by the PBX")
    if request.queue not in turn.site.queues:
        raise RequestError(f"there is no queue {request.queue!r}; there is: {', '.join(sorted(turn.site.queues))}")
    attributes = merged({}, request.attributes)
    turn.state.arrivals += 1
    contact = Contact(
        id=turn.mint("ct"),
        seq=turn.state.arrivals,
        channel=request.channel,
        attributes=attributes,
        customer=request.customer,
        priority=request.priority,
        created_at=turn.now,
    )
    turn.state.contacts[contact.id] = contact
    contacts.begin_span(turn, contact)
    contacts.publish(turn, contact, "contact.created")
    queueing.enqueue(turn, contact, request.queue)
    return contacts.answer(turn, contact)


def withdraw_contact(turn: Turn, request: ContactWithdrawn) -> View:
    """The customer of a submitted contact has left; whoever has it at hand is done with it."""
    contact = live_contact(turn, request.contact_id)
    compare(contact.version, request, contact.state)
    if "withdraw" not in contact_actions(turn.state, contact):
        why = "a call ends when its caller hangs up" if contact.channel == VOICE else "the contact is closed"
        raise ConflictError(why, current=contact.state, allowed_actions=tuple(contact_actions(turn.state, contact)))
    agent = turn.state.agents.get(contact.agent_id)
    if contact.state is ContactState.CONNECTED and agent is not None:
        _complete_task(turn, agent, contact)
    else:
        if contact.state is ContactState.OFFERED:
            offers.rescind_all(turn, contact, OfferCause.CALLER_LEFT)
        contacts.close(turn, contact, journey.abandoned(turn, contact))
    return contacts.answer(turn, contact)


def wrap_up(turn: Turn, request: WrapUpSet) -> View:
    """Set disposition and notes; extend the wrap-up, or end it, or the task, if asked."""
    contact = live_contact(turn, request.contact_id)
    agent = _agent(turn, request.agent_id)
    segment = segments.of(contact, agent.id)
    if segment is None:
        raise ConflictError(
            "the agent neither talks to this contact nor wraps it up",
            current=contact.state,
            allowed_actions=tuple(contact_actions(turn.state, contact)),
        )
    compare(contact.version, request, contact.state)
    _check_result(turn, request, segment)
    _check_end(turn, request, contact, segment)
    if request.extend_seconds:
        after_call.extend(turn, agent, request.extend_seconds)
    segments.set_result(contact, segment, request.disposition, request.notes)
    contact.version += 1
    contacts.publish(turn, contact, "contact.updated")
    if contact.id in agent.tasks:
        if request.complete:
            _complete_task(turn, agent, contact)
    elif request.complete:
        agents.end_work(turn, agent)
    elif request.disposition:
        after_call.disposition_given(turn, agent)
    return contacts.answer(turn, contact)


def _check_result(turn: Turn, request: WrapUpSet, segment: Segment) -> None:
    queue = turn.site.queues.get(segment.queue)
    codes = (queue.dispositions if queue is not None else []) or list(turn.site.dispositions)
    if request.disposition and request.disposition not in codes:
        whose = f"queue {segment.queue}" if segment.queue else "the site"
        raise RequestError(f"{whose} has no disposition {request.disposition!r}; there is: {codes}")
    if request.notes is not None and len(request.notes) > MAX_VALUE:
        raise RequestError(f"notes are longer than {MAX_VALUE} characters")
    if request.complete and request.extend_seconds:
        raise RequestError("a wrap-up is either extended or completed")


def _check_end(turn: Turn, request: WrapUpSet, contact: Contact, segment: Segment) -> None:
    if not (request.complete or request.extend_seconds):
        return
    agent = turn.state.agents[segment.agent_id]
    is_task = contact.id in agent.tasks
    if segment.left_at is None and not (is_task and request.complete):
        raise ConflictError(
            "a task has no wrap-up to extend" if is_task else "the wrap-up has not begun",
            current=agent.state,
            allowed_actions=tuple(agent_actions(turn.state, agent)),
        )
    disposition = segment.disposition if request.disposition is None else request.disposition
    if request.complete and segment.disposition_required and not disposition and not request.forced:
        raise ConflictError(
            NO_DISPOSITION.format(queue=segment.queue),
            current=contact.state,
            allowed_actions=tuple(contact_actions(turn.state, contact)),
        )


def _complete_task(turn: Turn, agent: Agent, contact: Contact) -> None:
    tasks.put_down(turn, agent, contact)
    segment = segments.of(contact, agent.id)
    if segment is not None:
        segments.finish(turn, segment)
        agents.interaction_over(turn, agent, contact, segment)
    contacts.close(turn, contact, Outcome.HANDLED)
    agents.changed(turn, agent, "agent.updated")


def attributes(turn: Turn, request: AttributesSet) -> View:
    """Merge attached data into a live contact."""
    contact = live_contact(turn, request.contact_id)
    compare(contact.version, request, contact.state)
    if contact.state is ContactState.CLOSED:
        raise ConflictError("the contact is closed", current=contact.state)
    contact.attributes = merged(contact.attributes, request.attributes)
    turn.touch_contact(contact.id)
    contact.version += 1
    queueing.reconsider(turn, contact)
    contacts.publish(turn, contact, "contact.updated")
    return contacts.answer(turn, contact)


def merged(present: dict[str, str], coming: dict[str, str]) -> dict[str, str]:
    """Attached data with more of it, where that is within its bounds; else raise."""
    merged = {key: value for key, value in {**present, **coming}.items() if value}
    if any(len(value) > MAX_VALUE for value in coming.values()):
        raise RequestError(f"an attribute's value is longer than {MAX_VALUE} characters")
    if len(merged) > MAX_ATTRIBUTES:
        raise RequestError(f"a contact takes {MAX_ATTRIBUTES} attributes at most")
    return merged


def routing(turn: Turn, request: RoutingSet) -> View:
    """Change needs, priority or queue of a waiting contact, which keeps its place."""
    contact = live_contact(turn, request.contact_id)
    compare(contact.version, request, contact.state)
    if contact.state not in WAITING:
        raise ConflictError(
            f"a contact that is {contact.state} does not wait",
            current=contact.state,
            allowed_actions=tuple(contact_actions(turn.state, contact)),
        )
    moves = request.queue is not None and request.queue != contact.queue
    if moves and request.queue not in turn.site.queues:
        raise RequestError(f"there is no queue {request.queue!r}; there is: {', '.join(turn.site.queues)}")
    if moves and contact.state is ContactState.OFFERED:
        raise ConflictError(
            "the contact is being offered to an agent; its queue can be changed when that comes to nothing",
            current=contact.state,
            allowed_actions=tuple(contact_actions(turn.state, contact)),
        )
    if moves and contact.callback is not None:
        raise ConflictError(
            "the customer is called back from the queue they asked for",
            current=contact.state,
            allowed_actions=tuple(contact_actions(turn.state, contact)),
        )
    if request.steps:
        _check_steps(turn, request.steps)
    if is_parked(contact) and (request.steps is not None or moves):
        contacts.unpark(turn, contact, "moved")
    if request.priority is not None:
        contact.priority = request.priority
    if contact.meant_for and (request.steps is not None or moves):
        # Somebody has decided otherwise since it was transferred to one agent.
        queueing.mean_for_all(turn, contact)
    if request.steps is not None:
        contact.steps = request.steps
    if moves and request.queue is not None:
        queueing.change_queue(turn, contact, request.queue)
    elif request.steps is not None:
        queueing.restart_steps(turn, contact)
    contact.version += 1
    # Conditions may name the priority.
    queueing.reconsider(turn, contact)
    contacts.publish(turn, contact, "contact.updated")
    return contacts.answer(turn, contact)


def _check_steps(turn: Turn, steps: list[dict[str, Any]]) -> None:
    site = turn.site
    known = {"skills": site.skills, "groups": site.groups, "agents": dict.fromkeys(site.agents)}
    for where, what in faulty_references({**known, "queues": {"": {"steps": steps}}}):
        raise RequestError(f"{dotted(where[2:])}: {what}")


def _agent(turn: Turn, agent_id: str) -> Agent:
    agent = turn.state.agents.get(agent_id)
    if agent is None:
        raise NotFoundError(f"there is no agent {agent_id!r}")
    return agent


def live_contact(turn: Turn, contact_id: str) -> Contact:
    """The contact, or the refusal that there is none."""
    contact = turn.state.contacts.get(contact_id)
    if contact is None:
        raise NotFoundError("there is no such live contact")
    return contact


def compare(version: int, request: Request, current: str) -> None:
    """Refuse a request that was made of another version."""
    if request.if_version is not None and request.if_version != version:
        raise VersionMismatchError(f"the version is {version} now, not {request.if_version}", current=current)


def check_agent(turn: Turn, request: Request) -> None:
    """Refuse what was asked of one agent's talk and would be done to another's, who has had the contact since."""
    consultation = turn.state.consultations.get(getattr(request, "consultation_id", ""))
    contact_id = consultation.contact_id if consultation is not None else getattr(request, "contact_id", "")
    contact = turn.state.contacts.get(contact_id) if request.of_agent else None
    if contact is not None and contact.agent_id not in ("", request.of_agent):
        raise ConflictError(f"agent {contact.agent_id} has the contact by now", current=contact.state)
