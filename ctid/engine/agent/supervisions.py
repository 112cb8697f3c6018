"""Supervisions: who supervises whom, and who is told; ``ctid.engine.service.supervising`` has them hear the talk."""

from __future__ import annotations

from ctid.engine.agent import holding
from ctid.engine.shown.supervision_view import supervision_view
from ctid.engine.turn import Turn
from ctid.model.commands import HangUpLeg
from ctid.model.contact import Contact
from ctid.model.leg import Leg
from ctid.model.supervision import Supervision, SupervisionChange, SupervisionEnd, SupervisionState


def is_supervising(turn: Turn, agent_id: str) -> bool:
    """Whether the agent supervises somebody, or the call for it still lives: nothing else rings them meanwhile."""
    return bool(turn.state.supervisors) and agent_id in turn.state.supervisors.values()


def is_taken_over(turn: Turn, contact: Contact) -> bool:
    """Whether the caller is on their way to a supervisor, whatever the agent does meanwhile."""
    return any(
        each.state is SupervisionState.TAKING_OVER and each.contact_id == contact.id
        for each in turn.state.supervisions.values()
    )


def by_leg(turn: Turn, leg: Leg) -> Supervision | None:
    """The supervision for which this phone was rung."""
    return next((each for each in turn.state.supervisions.values() if each.leg_id == leg.id), None)


def begin(turn: Turn, supervision: Supervision) -> None:
    """It was asked for; the supervisor's phone is rung."""
    turn.state.supervisions[supervision.id] = supervision
    _look_whether_told(turn, supervision)
    _publish(turn, supervision, "supervision.started", reason="requested")
    if supervision.own_agent in turn.state.agents:
        turn.touch_agent(supervision.own_agent)


def change(turn: Turn, supervision: Supervision, reason: SupervisionChange, *, was_of: str = "") -> None:
    """It is another than before.

    Args:
        turn: The turn.
        supervision: As it is now.
        reason: Why.
        was_of: The agent whom it was of until now, if that has changed.
    """
    was_told = supervision.told
    if was_of:
        supervision.told = False
    _look_whether_told(turn, supervision)
    supervision.version += 1
    _publish(turn, supervision, "supervision.changed", was_of, hidden=bool(was_of) and not was_told, reason=reason)


def end(turn: Turn, supervision: Supervision, reason: SupervisionEnd) -> None:
    """It is over, and the supervisor's phone is hung up, unless it has the caller now.

    A caller who was on their way to the supervisor goes back to the agent.
    """
    del turn.state.supervisions[supervision.id]
    for timer in ("spy", "takeover"):
        turn.cancel_timer(f"{timer}:{supervision.id}")
    leg = turn.legs.get(supervision.leg_id)
    if leg is not None and supervision.leg_id in turn.state.supervisors:
        turn.emit(HangUpLeg(pbx=leg.pbx, unique_id=leg.unique_id))
    if supervision.state is SupervisionState.TAKING_OVER and reason is not SupervisionEnd.TAKEN_OVER:
        give_back(turn, supervision)
    supervision.version += 1
    _publish(turn, supervision, "supervision.ended", reason=reason)


def give_back(turn: Turn, supervision: Supervision) -> None:
    """Have the agent talk again to the caller whom the supervisor was to have."""
    contact = turn.state.contacts.get(supervision.contact_id)
    if contact is None or not contact.on_hold:
        return
    agent, caller = holding.agent_leg(turn, contact), turn.legs.get(contact.caller_leg)
    if agent is not None and caller is not None:
        holding.retrieve(turn, contact, agent, caller)


def forget(turn: Turn, leg: Leg) -> None:
    """The leg of a supervisor is gone, or is no supervisor's any more."""
    turn.legs.remove(leg)
    turn.state.supervisors.pop(leg.id, None)
    if leg.agent_id in turn.state.agents:
        turn.touch_agent(leg.agent_id)


def _look_whether_told(turn: Turn, supervision: Supervision) -> None:
    """Whoever was told once is told how it goes on, and that it is over."""
    supervision.told |= turn.site.policy.supervision.tells(supervision.mode)


def _publish(
    turn: Turn, supervision: Supervision, type_: str, was_of: str = "", *, hidden: bool = False, reason: str
) -> None:
    turn.publish(
        type_,
        {"supervision": supervision_view(supervision), "reason": reason},
        contact_id=supervision.contact_id,
        agent_ids=[each for each in (supervision.agent_id, was_of) if each],
        hidden_from=[
            *([] if supervision.told else [supervision.agent_id]),
            *([was_of] if hidden and was_of else []),
        ],
    )
