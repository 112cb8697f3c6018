"""What agents ask for who call somebody: a call of their own, which ctid places."""

from __future__ import annotations

from ctid.engine.agent import devices, offers, own_calls, phone_calls, phones, wrap_up
from ctid.engine.contact import contacts
from ctid.engine.service.requests import merged
from ctid.engine.service.takers import check_number, check_reachable, check_takes_calls
from ctid.engine.shown.allowed_actions import agent_actions
from ctid.engine.shown.views import View
from ctid.engine.turn import Turn
from ctid.errors import ConflictError, NotFoundError, RequestError
from ctid.model.agent import Agent
from ctid.model.events import CallRequested
from ctid.model.offer import OfferCause
from ctid.model.states import AgentState, OfferState
from ctid.routing.emergency import is_emergency
from ctid.spec.agent import AgentSpec


def call(turn: Turn, request: CallRequested) -> View:
    """Call somebody for an agent; a call of their own."""
    spec, agent = turn.site.agents.get(request.agent_id), turn.state.agents.get(request.agent_id)
    if spec is None or agent is None:
        raise NotFoundError(f"there is no agent {request.agent_id!r}")
    check_number(turn, request.number)
    if request.caller_id and request.caller_id not in (turn.site.own_calls.caller_id, *turn.site.own_calls.caller_ids):
        raise RequestError(f"{request.caller_id} is none of the numbers that may be shown: own_calls.caller_ids")
    if request.queue and request.queue not in turn.site.queues:
        raise RequestError(f"there is no queue {request.queue!r}; there is: {', '.join(sorted(turn.site.queues))}")
    attributes = merged({}, request.attributes)
    if is_emergency(request.number, turn.site.country, turn.site.own_calls.emergency_numbers):
        # No rule touches it: the phone dials by itself, whatever the agent is at, and nothing is shown but their place.
        if (offer := turn.state.offers.get(agent.offer_id)) is not None and offer.state is OfferState.PENDING:
            # Their phone is free for it.
            offers.decline(turn, offer, OfferState.REJECTED, OfferCause.REJECTED)
            offers.hang_up(turn, offer)
        contact = phone_calls.place(turn, agent.id, request.number)
        return {"number": request.number, **contacts.answer(turn, contact)}
    _check_may_call(turn, agent, spec)
    number, called = request.number, devices.agent_at(turn, spec.pbx, f"PJSIP/{request.number}")
    if called:
        called, number = _check_called(turn, agent, called)
    contact = own_calls.place(
        turn,
        agent,
        number,
        called=called,
        caller_id="" if called else request.caller_id or turn.site.own_calls.caller_id or "",
        queue=request.queue,
        attributes=attributes,
    )
    return {"number": request.number, **contacts.answer(turn, contact)}


def _check_may_call(turn: Turn, agent: Agent, spec: AgentSpec) -> None:
    """Raise if the agent can have no call now that ctid places."""
    check_reachable(turn, agent.id, spec)
    if turn.state.draining:
        raise ConflictError("ctid is about to stop; dial at the phone", current=agent.state)
    if agent.state is AgentState.LOGGED_OUT:
        raise ConflictError("log in first, or dial at the phone", current=agent.state, allowed_actions=("log_in",))
    if agent.state is AgentState.WRAP_UP and wrap_up.owes(turn, agent):
        raise ConflictError(
            "give the disposition of the last contact first: a call ends its wrap-up",
            current=agent.state,
            allowed_actions=tuple(agent_actions(turn.state, agent)),
        )
    check_takes_calls(turn, agent.id)


def _check_called(turn: Turn, agent: Agent, called: str) -> tuple[str, str]:
    """Give the colleague whom a call for one reaches, if it is one, and what is dialled; raise if they can't be."""
    if called == agent.id:
        raise RequestError("nobody calls themselves")
    reached, number = phones.reach(turn, called)
    if not reached:
        return "", number
    if reached == agent.id:
        raise ConflictError(f"the phone of agent {called} is forwarded to who calls", current=agent.state)
    spec = turn.site.agents[reached]
    check_reachable(turn, reached, spec)
    check_takes_calls(turn, reached)
    return reached, devices.extension_of(spec.device)
