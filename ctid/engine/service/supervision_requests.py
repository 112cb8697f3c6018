"""What supervisors ask for: to hear a talk, to be heard, to have the caller. Carried out whole, or refused."""

from __future__ import annotations

from typing import NamedTuple

from ctid.engine import outage
from ctid.engine.agent import consultations, devices, holding, supervisions
from ctid.engine.service import supervising, transfers
from ctid.engine.service.requests import compare, live_contact
from ctid.engine.service.supervising import Talk
from ctid.engine.shown.allowed_actions import agent_actions, contact_actions
from ctid.engine.shown.supervision_view import supervision_actions, supervision_view
from ctid.engine.shown.views import View
from ctid.engine.state import alias_key
from ctid.engine.turn import Turn
from ctid.errors import ConflictError, ForbiddenError, InTransitError, NotFoundError, RequestError
from ctid.model.events import SupervisionModeSet, SupervisionRequested, SupervisionWithdrawn, TakeOverRequested
from ctid.model.states import AgentState
from ctid.model.supervision import Supervision, SupervisionChange, SupervisionEnd

MAX_SUPERVISIONS = 1_000
"""Of a whole site; more are refused, so that no flood of requests grows the state without bound."""


class _Phone(NamedTuple):
    """The phone that a supervisor hears by: one of the two."""

    device: str = ""
    number: str = ""


def supervise(turn: Turn, request: SupervisionRequested) -> View:
    """Ring the supervisor's phone, to have them hear a talk."""
    if bool(request.agent_id) == bool(request.contact_id):
        raise RequestError("a supervision is of one of agent_id, contact_id")
    if request.agent_id and request.agent_id not in turn.state.agents:
        raise NotFoundError(f"there is no agent {request.agent_id!r}")
    talk = supervising.talk_of(turn, agent_id=request.agent_id, contact_id=request.contact_id)
    agent_id = request.agent_id or (talk.contact.agent_id if talk is not None else "")
    if talk is None:
        _check_waits(turn, request)
    if not supervising.is_within(turn, agent_id, request.teams):
        raise ForbiddenError("the agent is of a team that is not yours")
    if agent_id == request.own_agent:
        raise ConflictError("nobody supervises themselves", current=turn.state.agents[agent_id].state)
    pbx = talk.agent.pbx if talk is not None else turn.site.agents[agent_id].pbx
    _check_new(turn, request, agent_id)
    phone = _phone(turn, request, pbx)
    if not outage.is_up(turn, pbx):
        raise ConflictError("the PBX can't be reached now", current=turn.state.agents[agent_id].state)
    _check_free(turn, request, pbx, phone)
    supervision = Supervision(
        id=turn.mint("su"),
        supervisor=request.principal,
        teams=request.teams,
        own_agent=request.own_agent if phone.device and _owner(turn, pbx, phone.device) == request.own_agent else "",
        pbx=pbx,
        device=phone.device,
        number=phone.number,
        follows_contact=bool(request.contact_id),
        stays=request.stays,
        agent_id=agent_id,
        contact_id=talk.contact.id if talk is not None else "",
        mode=request.mode,
        created_at=turn.now,
    )
    supervising.ring(turn, supervision, talk)
    supervisions.begin(turn, supervision)
    return {"supervision": supervision_view(supervision)}


def set_mode(turn: Turn, request: SupervisionModeSet) -> View:
    """Have the supervisor heard by others than before."""
    supervision = _supervision(turn, request, request.supervision_id)
    if supervision.mode is request.mode:
        raise ConflictError(
            f"the mode is {request.mode} already",
            current=supervision.mode,
            allowed_actions=tuple(supervision_actions(supervision)),
        )
    _check_action(supervision, request.mode)
    _check_up(turn, supervision)
    supervision.mode = request.mode
    supervisions.change(turn, supervision, SupervisionChange.MODE)
    return {"supervision": supervision_view(supervision)}


def end(turn: Turn, request: SupervisionWithdrawn) -> View:
    """Let the supervisor's phone go."""
    supervision = _supervision(turn, request, request.supervision_id)
    _check_action(supervision, "end")
    _check_up(turn, supervision)
    supervisions.end(turn, supervision, SupervisionEnd.ENDED)
    return {"supervision": supervision_view(supervision)}


def take_over(turn: Turn, request: TakeOverRequested) -> View:
    """Have the supervisor talk to the caller in the agent's place."""
    supervision = _supervision(turn, request, request.supervision_id)
    _check_action(supervision, "take_over")
    _check_up(turn, supervision)
    talk = supervising.talk_of(turn, contact_id=supervision.contact_id)
    if talk is None or talk.contact.agent_id != supervision.agent_id:
        raise ConflictError("the talk is over", current=supervision.state)
    _check_movable(turn, talk)
    supervising.take_over(turn, supervision, talk)
    return {"supervision": supervision_view(supervision)}


def _supervision(
    turn: Turn, request: SupervisionModeSet | SupervisionWithdrawn | TakeOverRequested, supervision_id: str
) -> Supervision:
    supervision = turn.state.supervisions.get(supervision_id)
    if supervision is None:
        raise NotFoundError("there is no such supervision now")
    compare(supervision.version, request, supervision.state)
    return supervision


def _check_action(supervision: Supervision, action: str) -> None:
    allowed = supervision_actions(supervision)
    if action not in allowed:
        raise ConflictError(
            f"a supervision that is {supervision.state} can't be asked for {action}",
            current=supervision.state,
            allowed_actions=tuple(allowed),
        )


def _check_up(turn: Turn, supervision: Supervision) -> None:
    if not outage.is_up(turn, supervision.pbx):
        raise ConflictError("the PBX can't be reached now", current=supervision.state)


def _check_waits(turn: Turn, request: SupervisionRequested) -> None:
    """Raise where there is no talk, unless the next one of a known agent is to be waited for."""
    if request.contact_id:
        contact = live_contact(turn, request.contact_id)
        raise ConflictError(
            "nobody talks to this contact now, or it is no call",
            current=contact.state,
            allowed_actions=tuple(contact_actions(turn.state, contact)),
        )
    agent = turn.state.agents[request.agent_id]
    if not request.stays:
        raise ConflictError(
            f"agent {agent.id} talks to nobody now",
            current=agent.state,
            allowed_actions=tuple(agent_actions(turn.state, agent)),
        )
    if agent.state is AgentState.LOGGED_OUT or agent.id not in turn.site.agents:
        raise ConflictError(f"agent {agent.id} is not logged in", current=agent.state)


def _check_new(turn: Turn, request: SupervisionRequested, agent_id: str) -> None:
    for other in turn.state.supervisions.values():
        if other.supervisor == request.principal and other.agent_id == agent_id:
            raise ConflictError(
                f"you supervise agent {agent_id} already: {other.id}",
                current=other.state,
                allowed_actions=tuple(supervision_actions(other)),
            )
    if len(turn.state.supervisions) >= MAX_SUPERVISIONS:
        raise ConflictError(f"there are {MAX_SUPERVISIONS} supervisions already")


def _phone(turn: Turn, request: SupervisionRequested, pbx: str) -> _Phone:
    """The phone that was asked for, if it may be used for this."""
    spec = turn.site.policy.supervision
    if request.device and request.number:
        raise RequestError("give one of device, number")
    if request.number:
        if not transfers.NUMBER.fullmatch(request.number) or not spec.allows_number(request.number):
            raise RequestError(f"policy.supervision.numbers has nothing that allows {request.number!r}")
        return _Phone(number=request.number)
    own = turn.site.agents.get(request.own_agent)
    device = request.device or (own.device if own is not None else "")
    if not device:
        raise RequestError("you are no agent with a phone: say by device or number which phone to ring")
    if own is not None and device == own.device:
        if own.pbx != pbx:
            raise ConflictError(f"your phone is at PBX {own.pbx}, the talk at {pbx}")
    elif device not in spec.devices:
        raise RequestError(f"policy.supervision.devices has no {device!r}")
    return _Phone(device=device)


def _owner(turn: Turn, pbx: str, device: str) -> str:
    return turn.site.phones.get((pbx, device), "")


def _check_free(turn: Turn, request: SupervisionRequested, pbx: str, phone: _Phone) -> None:
    """Raise if the phone can't be reached, is in a call, or is somebody else's."""
    if any(
        (each.device, each.number, each.pbx) == (phone.device, phone.number, pbx)
        for each in turn.state.supervisions.values()
    ):
        raise ConflictError("that phone supervises already", current="in_use")
    if not phone.device:
        return
    owner = _owner(turn, pbx, phone.device)
    if owner and owner != request.own_agent:
        raise ConflictError(f"{phone.device} is the phone of agent {owner}")
    key = alias_key(pbx, phone.device)
    if not turn.state.devices.get(key, True):
        raise ConflictError(f"the phone {phone.device} can't be reached", current="unreachable")
    agent = turn.state.agents.get(owner)
    if agent is not None and (agent.offer_id or agent.state in (AgentState.RESERVED, AgentState.BUSY)):
        raise ConflictError(f"you are {agent.state} as agent {owner}", current=agent.state)
    rung = agent is not None and (
        consultations.is_asked(turn, owner)
        or supervisions.is_supervising(turn, owner)
        or devices.in_own_call(turn, turn.site.agents[owner])
    )
    if rung or key in turn.state.devices_in_use:
        raise ConflictError(f"the phone {phone.device} is in a call", current="in_use")


def _check_movable(turn: Turn, talk: Talk) -> None:
    """Raise while caller and agent are just being moved from one bridge to another."""
    settled = talk.contact.on_hold or holding.together(talk.agent, talk.caller)
    if holding.is_joining(turn, talk.contact) or not settled:
        raise InTransitError("the call is just being connected; try again", current=talk.contact.state)
