"""Conferences: caller, agent, and any number of others whom the agent has asked or has had called in.

All of them are in one ``ConfBridge()`` of the PBX. Whoever is called in enters it as they answer; with the first of
them there, agent and caller are brought in as well. It is one when the PBX tells that they are together.
"""

from __future__ import annotations

from collections.abc import Mapping

from ctid.engine.agent import consultations, holding
from ctid.engine.contact import leg_states, recordings
from ctid.engine.service import consulted, transfers
from ctid.engine.turn import Turn
from ctid.model.commands import Confer
from ctid.model.consultation import Consultation
from ctid.model.contact import Contact
from ctid.model.events import LegSeen
from ctid.model.leg import Leg
from ctid.model.states import ConsultationState, ContactState, LegState

MAX_PARTIES = 8
"""Of those who are called in beside caller and agent; more is a meeting, not a call."""


def begin(
    turn: Turn, contact: Contact, conferring: str, agent: Leg, caller: Leg, asked: Leg | None, room: str = ""
) -> None:
    """Bring caller, agent and who was asked together.

    Args:
        turn: The turn.
        contact: In talk.
        conferring: The consultation.
        agent: Who is to be with the caller.
        caller: Their leg.
        asked: Who else is; ``None`` if they are there already.
        room: The bridge in which they are already.
    """
    holding.joining(turn, contact, conferring=conferring)
    contact.conference = room
    turn.emit(
        Confer(
            pbx=caller.pbx,
            unique_id=caller.unique_id,
            agent_unique_id=agent.unique_id,
            consulted_unique_id=asked.unique_id if asked is not None else "",
        )
    )


def add(turn: Turn, contact: Contact, agent: Leg, caller: Leg, to_agent: str, number: str) -> Consultation:
    """Call somebody into the talk, or into the conference that it is.

    Args:
        turn: The turn.
        contact: In talk; its caller is not on hold.
        agent: Who talks to them.
        caller: Their leg.
        to_agent: A colleague; empty for somebody else.
        number: Whom to dial; a colleague's extension is shown only.
    """
    consultation = consultations.announce(turn, contact, to_agent, number, ConsultationState.INITIATED, joins=True)
    consulted.dial(turn, consultation, agent, caller.unique_id)
    return consultation


def bridged(turn: Turn, contact: Contact) -> None:
    """A leg of a contact in talk is in a bridge: see who has come together with the caller."""
    agent, caller = holding.agent_leg(turn, contact), turn.legs.get(contact.caller_leg)
    if agent is not None and caller is not None and "" != agent.bridge_id != caller.bridge_id != "":
        # The room may have ended for one of them as the other entered it.
        _bring_who_is_left(turn, contact)
    for consultation in consultations.of(turn, contact):
        party = turn.legs.get(consultation.leg_id)
        if party is None or consultation.state is ConsultationState.CONFERENCED:
            continue
        if holding.together(party, agent, caller):
            _enters(turn, contact, consultation, party)
            continue
        if consultation.state is ConsultationState.TRANSFERRING and holding.together(party, caller):
            consulted.hand_over(turn, contact, consultation, party)
            return
        alone = consultation.joins and party.bridge_id and not holding.is_joining(turn, contact)
        if alone and agent is not None and caller is not None:
            begin(turn, contact, consultation.id, agent, caller, None, party.bridge_id)


def _enters(turn: Turn, contact: Contact, consultation: Consultation, party: Leg) -> None:
    """Somebody hears caller and agent, or hears the caller whom the agent has left to them."""
    turn.cancel_timer(f"join:{contact.id}")
    contact.conference = party.bridge_id
    recordings.answered(turn, party)
    if party.state is not LegState.CONNECTED:
        leg_states.change(turn, party, LegState.CONNECTED, "leg.connected")
    consultations.move(turn, consultation, ConsultationState.CONFERENCED)


def entered_unseen(turn: Turn, pbx: str, there: Mapping[str, LegSeen]) -> None:
    """Whoever has come together with a caller while nobody looked, and whose agent has left since, is with them.

    Args:
        turn: The turn; the end of the agent's leg is told next.
        pbx: Which is back.
        there: The legs that the PBX has, by unique id.
    """
    for consultation in list(turn.state.consultations.values()):
        contact, party = turn.state.contacts[consultation.contact_id], turn.legs.get(consultation.leg_id)
        agent, caller = holding.agent_leg(turn, contact), turn.legs.get(contact.caller_leg)
        if party is None or agent is None or caller is None or caller.pbx != pbx or agent.unique_id in there:
            continue
        theirs, callers = there.get(party.unique_id), there.get(caller.unique_id)
        if theirs is None or callers is None or not theirs.bridge_id or theirs.bridge_id != callers.bridge_id:
            continue
        party.bridge_id = caller.bridge_id = theirs.bridge_id
        if consultation.state is not ConsultationState.CONFERENCED:
            _enters(turn, contact, consultation, party)


def agent_gone(turn: Turn, contact: Contact | None) -> None:
    """An agent's leg has ended. Out of a conference, one of those who are in it has the contact now.

    It may be the leg of another agent than who talks: one that rang for the contact as well, and whose end comes late.
    """
    caller = turn.legs.get(contact.caller_leg) if contact is not None else None
    if contact is None or caller is None or holding.agent_leg(turn, contact) is not None:
        return
    there = [(each, turn.legs.get(each.leg_id)) for each in consultations.conferenced(turn, contact)]
    staying = [(each, leg) for each, leg in there if leg is not None and holding.together(leg, caller)]
    if not staying:
        _bring_who_is_left(turn, contact)
        return
    ours = [(each, leg) for each, leg in staying if transfers.is_taken_by(turn, each.to_agent)]
    consultation, leg = (ours or staying)[0]
    for other, others in [] if ours else staying[1:]:
        # They talk on, and none of it is ours any more.
        recordings.leave(turn, others.recording, others.unique_id)
        consulted.forget(turn, others)
        other.leg_id = ""
    consulted.hand_over(turn, contact, consultation, leg)


def asked_gone(turn: Turn, contact: Contact | None) -> None:
    """The leg of somebody who was asked, or called in, has ended."""
    if contact is not None and contact.state is ContactState.CONNECTED:
        _bring_who_is_left(turn, contact)


# ---- somebody hangs up on the way into it ----------------------------------------------------------------------------


def _bring_who_is_left(turn: Turn, contact: Contact) -> None:
    """Of agent and who was asked one has hung up on the way: the other is brought together with the caller.

    How far the PBX has come is not known, and a room that somebody enters while another leaves it may become two. So
    the caller is taken to us, wherever they are, and connected from here. With both gone, nobody is to come to them.
    """
    agent, caller, consultation, asked = _all(turn, contact)
    if caller is None or not holding.is_conferring(turn, contact) or (agent is not None and asked is not None):
        return
    if agent is not None and holding.together(agent, caller) and _are_there(contact, agent):
        contact.conference = agent.bridge_id
        turn.cancel_timer(f"join:{contact.id}")
    elif consultation is not None and asked is not None and holding.together(asked, caller):
        contact.conference = asked.bridge_id
        consulted.hand_over(turn, contact, consultation, asked)
    else:
        if consultation is not None and asked is not None:
            consultation.then = consultations.COMPLETE
        holding.joining(turn, contact, conferring=contact.conferring)
        if agent is None and asked is None:
            turn.cancel_timer(f"join:{contact.id}")
        transfers.fetch(turn, caller)


def _are_there(contact: Contact, agent: Leg) -> bool:
    """Whether caller and agent, who are in one bridge, are in the conference, and not still where they came from."""
    return not contact.on_hold and contact.conference in ("", agent.bridge_id)


def caller_came(turn: Turn, contact: Contact) -> None:
    """The caller is with us: an agent whose conference came to nothing talks to them again."""
    agent, caller, _, asked = _all(turn, contact)
    if agent is not None and caller is not None and asked is None and holding.is_conferring(turn, contact):
        holding.retrieve(turn, contact, agent, caller)


def _all(turn: Turn, contact: Contact) -> tuple[Leg | None, Leg | None, Consultation | None, Leg | None]:
    """The legs of agent and caller, and the consultation with that of its party, as far as they are there."""
    consultation = turn.state.consultations.get(contact.conferring)
    asked = turn.legs.get(consultation.leg_id) if consultation is not None else None
    return holding.agent_leg(turn, contact), turn.legs.get(contact.caller_leg), consultation, asked
