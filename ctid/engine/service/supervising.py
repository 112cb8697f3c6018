"""Supervising: a supervisor hears an agent's talk through all that becomes of it, or takes it over.

The supervisor's channel runs ``ChanSpy()`` on the agent's, or takes part in a conference. After every event it is
looked whether what it was told last still is what it should hear: the agent's channel may be in another bridge by now,
or another agent may have the contact. A take-over is a hold, and then a bridge of the supervisor with the caller.
"""

from __future__ import annotations

from typing import NamedTuple

from ctid.engine import outage, segments
from ctid.engine.agent import consultations, devices, holding, supervisions
from ctid.engine.agent.ringing import AUTO_ANSWER
from ctid.engine.service import transfers
from ctid.engine.turn import Turn
from ctid.model.commands import HangUpLeg, JoinLegs, RingSupervisor, Supervise
from ctid.model.contact import Contact
from ctid.model.events import SpyStarted, SpyStopped, TransferParty
from ctid.model.leg import Leg
from ctid.model.offer import OfferCause
from ctid.model.states import AgentState, ContactState, LegState, Party
from ctid.model.supervision import Supervision, SupervisionChange, SupervisionEnd, SupervisionMode, SupervisionState
from ctid.spec.agent import VOICE

RING_MS = 30_000
"""How long a supervisor's phone rings."""

SPY_MS = 1_000
"""A channel that is told to hear another does within far less; after that it is told once more."""

TRIES = 5
"""A channel that was told so often in vain is not told again."""

TAKE_OVER_MS = 5_000
"""Hold and bridge together take far less; after that the agent gets the caller back."""

JOINED = "joined"
"""What a supervisor's channel was told last that is to be bridged with the caller."""

_ENDS: dict[OfferCause, SupervisionEnd] = {
    OfferCause.BUSY: SupervisionEnd.BUSY,
    OfferCause.NO_ANSWER: SupervisionEnd.NO_ANSWER,
    OfferCause.REJECTED: SupervisionEnd.REJECTED,
    OfferCause.FORWARDED: SupervisionEnd.REJECTED,
    OfferCause.UNREACHABLE: SupervisionEnd.UNREACHABLE,
}


class Talk(NamedTuple):
    """What there is to be heard.

    Attributes:
        contact: In talk.
        agent: The agent's leg.
        caller: The caller's leg.
    """

    contact: Contact
    agent: Leg
    caller: Leg


class Target(NamedTuple):
    """What a supervisor's channel is told to hear.

    Attributes:
        agent: The agent's channel; empty to wait.
        conference: The conference to take part in instead; empty for none.
        attached: All that is of influence, in words, the agent's channel but for a conference; while they stay the same
            nothing is told anew.
    """

    agent: str = ""
    conference: str = ""
    attached: str = "waits"


def talk_of(turn: Turn, *, agent_id: str = "", contact_id: str = "") -> Talk | None:
    """The talk of an agent, or of a contact; ``None`` if nobody talks, or no call is it."""
    agent = turn.state.agents.get(agent_id)
    contact = turn.state.contacts.get(agent.contact_id if agent is not None else contact_id)
    if contact is None or contact.channel != VOICE or contact.state is not ContactState.CONNECTED:
        return None
    if (agent is not None and contact.agent_id != agent.id) or not segments.talking(contact):
        return None
    leg, caller = holding.agent_leg(turn, contact), turn.legs.get(contact.caller_leg)
    return Talk(contact, leg, caller) if leg is not None and caller is not None else None


def ring(turn: Turn, supervision: Supervision, talk: Talk | None) -> None:
    """Ring the supervisor's phone; the first thing they hear is the talk, if there is one."""
    leg = Leg(
        id=turn.mint("lg"),
        pbx=supervision.pbx,
        unique_id="",
        contact_id="",
        party=Party.SUPERVISOR,
        agent_id=supervision.own_agent,
        state=LegState.INITIATED,
        since_ms=turn.now.mono_ms,
    )
    leg.unique_id = supervision.leg_id = leg.id
    turn.legs.add(leg)
    turn.state.supervisors[leg.id] = leg.agent_id
    target = _target(turn, supervision, talk)
    supervision.attached = target.attached
    spec = turn.site.agents.get(supervision.agent_id)
    turn.emit(
        RingSupervisor(
            pbx=leg.pbx,
            unique_id=leg.unique_id,
            device=supervision.device,
            number=supervision.number,
            caller_number=devices.extension_of(spec.device) if spec is not None else "",
            caller_name=spec.name if spec is not None else "",
            timeout_ms=RING_MS,
            headers={"X-Ctid-Supervision": supervision.id, **AUTO_ANSWER},
            mode=supervision.mode,
            agent_unique_id=target.agent,
            conference=target.conference,
        )
    )


def _target(turn: Turn, supervision: Supervision, talk: Talk | None) -> Target:
    if talk is None:
        return Target()
    agent, bridge = talk.agent, talk.agent.bridge_id
    if supervision.mode is SupervisionMode.BARGE and bridge and bridge == talk.contact.conference:
        # Of three or more, ChanSpy() would find nobody to speak to but the agent.
        return Target(agent.unique_id, talk.caller.unique_id, f"in {bridge}")
    asked = (turn.legs.get(each.leg_id) for each in consultations.of(turn, talk.contact))
    others = [leg.unique_id for leg in (talk.caller, *asked) if leg is not None and leg.bridge_id == bridge != ""]
    if supervision.attached and (holding.is_joining(turn, talk.contact) or (bridge and not others)):
        # They are on their way into a bridge. What is taken hold of now would be the wrong thing in a moment.
        return Target(agent.unique_id, "", supervision.attached)
    return Target(agent.unique_id, "", " ".join([supervision.mode, agent.unique_id, bridge, *others]))


# ---- after every event -------------------------------------------------------------------------------------------


def settle(turn: Turn) -> None:
    """Have every supervisor hear what there is to be heard now, and end what is over."""
    if turn.state.supervisions:
        for supervision in list(turn.state.supervisions.values()):
            # Of a PBX that is away nothing is known; what it has become is looked at when it is back.
            if outage.is_up(turn, supervision.pbx):
                _settle(turn, supervision)


def _settle(turn: Turn, supervision: Supervision) -> None:
    if supervision.state is SupervisionState.TAKING_OVER:
        _take_over(turn, supervision)
        return
    if supervision.follows_contact:
        talk = talk_of(turn, contact_id=supervision.contact_id)
    else:
        talk = talk_of(turn, agent_id=supervision.agent_id)
    if talk is not None and talk.agent.pbx != supervision.pbx:
        talk = None
    if talk is None and supervision.follows_contact and f"parted:{supervision.contact_id}" in turn.state.timers:
        # The PBX is about to tell who has the caller now.
        return
    over = _over(turn, supervision) if talk is None else _stray(turn, supervision, talk)
    if over is not None:
        supervisions.end(turn, supervision, over)
        return
    if talk is not None:
        _follow(turn, supervision, talk)
    leg = turn.legs.get(supervision.leg_id)
    if leg is not None and leg.state is LegState.CONNECTED:
        _attach(turn, supervision, leg, talk)


def _over(turn: Turn, supervision: Supervision) -> SupervisionEnd | None:
    """Why a supervision without a talk is over; ``None`` if the next talk is waited for."""
    if supervision.follows_contact:
        contact = turn.state.contacts.get(supervision.contact_id)
        gone = contact is None or contact.ended_at is not None or contact.outcome is not None
        return None if supervision.stays and not gone else SupervisionEnd.TALK_ENDED
    agent = turn.state.agents.get(supervision.agent_id)
    if not supervision.stays:
        return SupervisionEnd.TALK_ENDED
    return SupervisionEnd.AGENT_LEFT if agent is None or agent.state is AgentState.LOGGED_OUT else None


def _stray(turn: Turn, supervision: Supervision, talk: Talk) -> SupervisionEnd | None:
    """Why a supervision must not be of this talk; ``None`` if it may."""
    agent_id = talk.contact.agent_id
    if agent_id == supervision.agent_id:
        return None
    outside = agent_id == supervision.own_agent or not is_within(turn, agent_id, supervision.teams)
    return SupervisionEnd.OUT_OF_SCOPE if outside else None


def is_within(turn: Turn, agent_id: str, teams: list[str]) -> bool:
    """Whether the agent is of one of these teams; without any, everybody is."""
    spec = turn.site.agents.get(agent_id)
    return not teams or ((spec.team if spec is not None else None) or "") in teams


def _follow(turn: Turn, supervision: Supervision, talk: Talk) -> None:
    """The contact may have another agent, or the agent another contact."""
    if supervision.agent_id != talk.contact.agent_id:
        was_of, supervision.agent_id = supervision.agent_id, talk.contact.agent_id
        supervisions.change(turn, supervision, SupervisionChange.AGENT, was_of=was_of)
    elif supervision.contact_id != talk.contact.id:
        supervision.contact_id = talk.contact.id
        supervisions.change(turn, supervision, SupervisionChange.CONTACT)


def _attach(turn: Turn, supervision: Supervision, leg: Leg, talk: Talk | None) -> None:
    """Tell the channel what to hear, if that is another than it was told."""
    target = _target(turn, supervision, talk)
    if supervision.attached != target.attached:
        if supervision.tries > TRIES:
            supervisions.end(turn, supervision, SupervisionEnd.FAILED)
            return
        supervision.attached, supervision.hears = target.attached, False
        turn.emit(
            Supervise(
                pbx=leg.pbx,
                unique_id=leg.unique_id,
                mode=supervision.mode,
                agent_unique_id=target.agent,
                conference=target.conference,
            )
        )
        turn.start_timer(f"spy:{supervision.id}", SPY_MS)
    if target.conference and talk is not None and holding.together(leg, talk.agent):
        supervision.hears = True
    if not target.agent:
        turn.cancel_timer(f"spy:{supervision.id}")
        if supervision.state is not SupervisionState.WAITING:
            supervision.state = SupervisionState.WAITING
            if not supervision.follows_contact:
                supervision.contact_id = ""
            supervisions.change(turn, supervision, SupervisionChange.WAITING)
    elif supervision.hears:
        supervision.tries = 0
        turn.cancel_timer(f"spy:{supervision.id}")
        if supervision.state is not SupervisionState.ACTIVE:
            supervision.state = SupervisionState.ACTIVE
            supervisions.change(turn, supervision, SupervisionChange.ACTIVE)
    elif f"spy:{supervision.id}" not in turn.state.timers:
        turn.start_timer(f"spy:{supervision.id}", SPY_MS)


def look_again(turn: Turn, supervision: Supervision) -> None:
    """The PBX had time enough: a channel that hears nothing yet, or no more, is told once more."""
    if supervision.state is not SupervisionState.TAKING_OVER and not supervision.hears:
        supervision.attached, supervision.tries = "", supervision.tries + 1


# ---- what the PBX tells ------------------------------------------------------------------------------------------


def heard(turn: Turn, event: SpyStarted | SpyStopped) -> None:
    """A channel hears another from now on, or does no more."""
    leg = turn.legs.find(event.pbx, event.unique_id)
    supervision = supervisions.by_leg(turn, leg) if leg is not None else None
    if leg is None or supervision is None:
        if leg is not None:
            end_stray(turn, leg)
        return
    # Of what the channel was told before, word may still come.
    supervision.hears = isinstance(event, SpyStarted) and event.spied in supervision.attached.split()
    if supervision.hears and leg.state is not LegState.CONNECTED:
        # Of some channels no answer is told.
        leg.state, leg.since_ms = LegState.CONNECTED, turn.now.mono_ms


def moved(turn: Turn, leg: Leg) -> None:
    """The supervisor's channel has entered a bridge or left one: that of a conference, or with the caller."""
    supervision = supervisions.by_leg(turn, leg)
    if supervision is not None and not leg.bridge_id:
        supervision.hears = False


def end_stray(turn: Turn, leg: Leg) -> None:
    """End a supervisor's leg whose supervision is over: our hang-up came before the PBX had made the channel."""
    if leg.party is Party.SUPERVISOR and supervisions.by_leg(turn, leg) is None:
        turn.emit(HangUpLeg(pbx=leg.pbx, unique_id=leg.unique_id))


def gone(turn: Turn, leg: Leg, cause: OfferCause, *, lost: bool = False) -> None:
    """The supervisor has hung up, or could not be reached.

    Args:
        turn: The turn.
        leg: Of their phone, as it was at last.
        cause: Why, if they did not answer.
        lost: Whether the PBX was lost with it.
    """
    answered = leg.state is LegState.CONNECTED
    supervision = supervisions.by_leg(turn, leg)
    supervisions.forget(turn, leg)
    if supervision is not None:
        why = SupervisionEnd.SUPERVISOR_LEFT if answered else _ENDS.get(cause, SupervisionEnd.FAILED)
        supervisions.end(turn, supervision, SupervisionEnd.PBX_LOST if lost else why)


def reconciled(turn: Turn, pbx: str) -> None:
    """The PBX is there again. What its channels were told last may have been lost: they are told anew, or let go."""
    for leg_id in list(turn.state.supervisors):
        leg = turn.legs.get(leg_id)
        if leg is None or leg.pbx != pbx:
            continue
        supervision = supervisions.by_leg(turn, leg)
        if supervision is None:
            turn.emit(HangUpLeg(pbx=leg.pbx, unique_id=leg.unique_id))
        else:
            supervision.attached, supervision.hears = "", False
            _hold_again(turn, supervision)


def _hold_again(turn: Turn, supervision: Supervision) -> None:
    """The caller whom a supervisor is about to have is with the agent still: the order to hold them was lost."""
    contact = turn.state.contacts.get(supervision.contact_id)
    if supervision.state is not SupervisionState.TAKING_OVER or contact is None or contact.on_hold:
        return
    agent, caller = holding.agent_leg(turn, contact), turn.legs.get(contact.caller_leg)
    if agent is not None and caller is not None and holding.together(agent, caller):
        _hold(turn, supervision, contact, agent, caller)


# ---- take-over ---------------------------------------------------------------------------------------------------


def take_over(turn: Turn, supervision: Supervision, talk: Talk) -> None:
    """Put the caller on hold, to be bridged with the supervisor once they are with us; nobody is asked any more."""
    supervision.state, supervision.attached = SupervisionState.TAKING_OVER, ""
    for consultation in consultations.of(turn, talk.contact):
        consultations.end(turn, consultation, "withdrawn")
    turn.cancel_timer(f"spy:{supervision.id}")
    _hold(turn, supervision, talk.contact, talk.agent, talk.caller)
    supervisions.change(turn, supervision, SupervisionChange.TAKING_OVER)


def _hold(turn: Turn, supervision: Supervision, contact: Contact, agent: Leg, caller: Leg) -> None:
    """Have the caller come to us, if they are not here, and give it up if the supervisor has not got them in time."""
    if not contact.on_hold:
        holding.park(turn, contact, agent, caller)
    holding.joining(turn, contact)
    turn.start_timer(f"takeover:{supervision.id}", TAKE_OVER_MS)


def _take_over(turn: Turn, supervision: Supervision) -> None:
    contact, leg = turn.state.contacts.get(supervision.contact_id), turn.legs.get(supervision.leg_id)
    caller = turn.legs.get(contact.caller_leg) if contact is not None else None
    if contact is None or caller is None or leg is None or contact.state is not ContactState.CONNECTED:
        supervisions.end(turn, supervision, SupervisionEnd.TALK_ENDED)
    elif holding.together(leg, caller) and leg.bridge_id != contact.conference:
        _hand_over(turn, supervision, contact, leg, caller)
    elif caller.has_agi and supervision.attached != JOINED:
        supervision.attached = JOINED
        holding.joining(turn, contact)
        turn.emit(JoinLegs(pbx=leg.pbx, unique_id=leg.unique_id, peer_unique_id=caller.unique_id))


def _hand_over(turn: Turn, supervision: Supervision, contact: Contact, leg: Leg, caller: Leg) -> None:
    """They talk: the contact is the supervisor's, or has left us, as after any transfer."""
    agent = holding.agent_leg(turn, contact)
    turn.cancel_timer(f"join:{contact.id}")
    if contact.on_hold:
        holding.unpark(turn, contact, "given_on")
    # From here on it is a leg like any other: that of the agent who has the contact, or none of ours.
    supervisions.forget(turn, leg)
    supervisions.end(turn, supervision, SupervisionEnd.TAKEN_OVER)
    party = TransferParty(unique_id=leg.unique_id, device=supervision.device)
    transfers.hand_over(turn, contact, caller, party, result="taken_over")
    if agent is not None:
        turn.emit(HangUpLeg(pbx=agent.pbx, unique_id=agent.unique_id))


def not_taken_over(turn: Turn, supervision: Supervision) -> None:
    """The caller is not with the supervisor yet: the agent gets them back, and the supervision goes on."""
    if supervision.state is SupervisionState.TAKING_OVER:
        if not outage.is_up(turn, supervision.pbx):
            turn.start_timer(f"takeover:{supervision.id}", TAKE_OVER_MS)
            return
        supervision.state, supervision.attached, supervision.hears = SupervisionState.WAITING, "", False
        supervisions.give_back(turn, supervision)
        supervisions.change(turn, supervision, SupervisionChange.NOT_TAKEN_OVER)
