"""What desktops ask for. A request raises before it changed anything, or is carried out whole."""

from __future__ import annotations

from ctid.acd.agent_states import Effect, effect_of
from ctid.engine import agents, contacts, offers, outage, queueing
from ctid.engine.turn import Turn
from ctid.engine.views import View, agent_actions, agent_view, contact_actions, contact_view, offer_view
from ctid.errors import ConflictError, NotFoundError, RequestError, VersionMismatchError
from ctid.model.agent import Agent
from ctid.model.contact import Contact
from ctid.model.events import AgentStateRequested, AttributesSet, OfferRejected, Request, WrapUpSet
from ctid.model.offer import OfferCause
from ctid.model.states import AgentState, ContactState, OfferState, SystemReason

MAX_ATTRIBUTES = 200
"""Keys of attached data per contact; more is refused, so that no integrator can grow the state without bound."""

MAX_VALUE = 2_000
"""Characters of one attached value or of the notes."""


def agent_state(turn: Turn, request: AgentStateRequested) -> View:
    """Change an agent's state, now or when the present work ends."""
    agent = _agent(turn, request.agent_id)
    if request.agent_id not in turn.site.agents:
        raise ConflictError("the agent is no longer in the configuration", current=agent.state)
    _compare(agent.version, request, agent.state)
    reason = request.reason or (SystemReason.SUPERVISOR if request.forced else "")
    if request.state is AgentState.NOT_READY and request.reason and request.reason not in turn.site.reasons:
        known = ", ".join(sorted(turn.site.reasons)) or "none at all"
        raise RequestError(f"there is no reason code {request.reason!r}; there is: {known}")
    match effect_of(agent.state, request.state):
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


def reject_offer(turn: Turn, request: OfferRejected) -> View:
    """The agent declines an offer that is out."""
    offer = turn.state.offers.get(request.offer_id)
    if offer is None or offer.agent_id != request.agent_id:
        raise NotFoundError("there is no such offer to this agent now")
    if offer.state is not OfferState.PENDING:
        raise ConflictError(f"the offer is {offer.state} already", current=offer.state)
    if not outage.is_up(turn, turn.state.legs[offer.leg_id].pbx):
        raise ConflictError("the PBX can't be reached now; the call may have been answered", current=offer.state)
    offers.decline(turn, offer, OfferState.REJECTED, OfferCause.REJECTED)
    offers.hang_up(turn, offer, cause=21)
    return {"offer": offer_view(turn.state, offer, turn.now)}


def wrap_up(turn: Turn, request: WrapUpSet) -> View:
    """Set disposition and notes, and end the wrap-up if asked."""
    contact = _contact(turn, request.contact_id)
    agent = _agent(turn, request.agent_id)
    if contact.agent_id != agent.id:
        raise ConflictError("the contact is not this agent's", current=contact.state)
    _compare(contact.version, request, contact.state)
    if contact.state not in (ContactState.CONNECTED, ContactState.WRAP_UP):
        raise ConflictError(
            f"a contact that is {contact.state} takes no wrap-up",
            current=contact.state,
            allowed_actions=tuple(contact_actions(contact)),
        )
    queue = turn.site.queues[contact.queue]
    codes = queue.dispositions or list(turn.site.dispositions)
    if request.disposition and request.disposition not in codes:
        raise RequestError(f"queue {contact.queue} has no disposition {request.disposition!r}; there is: {codes}")
    if request.notes is not None and len(request.notes) > MAX_VALUE:
        raise RequestError(f"notes are longer than {MAX_VALUE} characters")
    if request.complete and agent.state is not AgentState.WRAP_UP:
        raise ConflictError(
            "the wrap-up has not begun", current=agent.state, allowed_actions=tuple(agent_actions(agent))
        )
    if request.disposition is not None:
        contact.disposition = request.disposition
    if request.notes is not None:
        contact.notes = request.notes
    contact.version += 1
    contacts.publish(turn, contact, "contact.updated")
    view = {"contact": contact_view(turn.state, contact, turn.now)}
    if request.complete:
        agents.end_work(turn, agent)
        view["contact"] = contact_view(turn.state, contact, turn.now)
    return view


def attributes(turn: Turn, request: AttributesSet) -> View:
    """Merge attached data into a live contact."""
    contact = _contact(turn, request.contact_id)
    _compare(contact.version, request, contact.state)
    if contact.state is ContactState.CLOSED:
        raise ConflictError("the contact is closed", current=contact.state)
    merged = {key: value for key, value in {**contact.attributes, **request.attributes}.items() if value}
    if any(len(value) > MAX_VALUE for value in request.attributes.values()):
        raise RequestError(f"an attribute's value is longer than {MAX_VALUE} characters")
    if len(merged) > MAX_ATTRIBUTES:
        raise RequestError(f"a contact takes {MAX_ATTRIBUTES} attributes at most")
    contact.attributes = merged
    turn.touch_contact(contact.id)
    contact.version += 1
    queueing.reconsider(turn, contact)
    contacts.publish(turn, contact, "contact.updated")
    return {"contact": contact_view(turn.state, contact, turn.now)}


def _agent(turn: Turn, agent_id: str) -> Agent:
    agent = turn.state.agents.get(agent_id)
    if agent is None:
        raise NotFoundError(f"there is no agent {agent_id!r}")
    return agent


def _contact(turn: Turn, contact_id: str) -> Contact:
    contact = turn.state.contacts.get(contact_id)
    if contact is None:
        raise NotFoundError("there is no such live contact")
    return contact


def _compare(version: int, request: Request, current: str) -> None:
    if request.if_version is not None and request.if_version != version:
        raise VersionMismatchError(f"the version is {version} now, not {request.if_version}", current=current)
