"""What a PBX tells of its legs, and what it means for the contacts and agents that they belong to."""

from __future__ import annotations

from ctid.engine import outage, sessions
from ctid.engine.agent import holding, leaving, offers, own_calls, phone_calls, phones, ringing
from ctid.engine.call import arrivals, dialling, journey, talks
from ctid.engine.contact import early_ends, leg_states, recordings, unseen
from ctid.engine.queue import callbacks
from ctid.engine.service import conferences, consulted, consulting, supervising
from ctid.engine.turn import Turn
from ctid.model.commands import HangUpLeg
from ctid.model.events import (
    AgiEnded,
    DialEnded,
    LegAlerting,
    LegAnswered,
    LegBridged,
    LegEnded,
    LegFailed,
    LegHeld,
    LegReplaced,
    LegRetrieved,
    LegUnbridged,
)
from ctid.model.leg import Leg
from ctid.model.offer import Offer, OfferCause
from ctid.model.states import ContactState, LegState, OfferState, Outcome, Party
from ctid.tracker.reconcile import UNKNOWN_CAUSE

NORMAL_CLEARING = 16
"""The Q.850 cause of an end that nothing was wrong with."""


def alerting(turn: Turn, event: LegAlerting) -> None:
    """An agent's phone rings."""
    leg = turn.legs.find(event.pbx, event.unique_id)
    if leg is None or leg.state is not LegState.INITIATED:
        return
    phones.takes_calls(turn, leg)
    if leg.party is Party.SUPERVISOR:
        leg.state, leg.since_ms = LegState.ALERTING, turn.now.mono_ms
        supervising.end_stray(turn, leg)
        return
    leg_states.change(turn, leg, LegState.ALERTING, "leg.alerting")
    if leg.watched:
        return
    if leg.party is Party.CONSULTED:
        consulted.alerting(turn, leg)
    elif leg.party is Party.CALLER:
        own_calls.end_stray(turn, turn.state.contacts.get(leg.contact_id), leg)
    _end_stray(turn, leg)


def answered(turn: Turn, event: LegAnswered) -> None:
    """An agent's phone was answered, or that of a customer who is called back."""
    leg = turn.legs.find(event.pbx, event.unique_id)
    if leg is None or leg.state not in (LegState.INITIATED, LegState.ALERTING):
        return
    phones.takes_calls(turn, leg)
    if leg.party is Party.SUPERVISOR:
        leg.state, leg.since_ms = LegState.CONNECTED, turn.now.mono_ms
        supervising.end_stray(turn, leg)
        return
    if leg.watched:
        phone_calls.answered(turn, leg)
        return
    if leg.party is Party.CONSULTED:
        # Their bridge with who asks is what counts, and comes with it.
        _end_stray(turn, leg)
        return
    leg_states.change(turn, leg, LegState.CONNECTED, "leg.connected")
    if leg.party is Party.AGENT:
        recordings.answered(turn, leg)
        offers.answered(turn, _offer_of(turn, leg))
        own_calls.agent_answered(turn, leg)
        _end_stray(turn, leg)
    elif contact := turn.state.contacts.get(leg.contact_id):
        callbacks.answered(turn, contact, leg)
        own_calls.end_stray(turn, contact, leg)


def bridged(turn: Turn, event: LegBridged) -> None:
    """A leg entered a bridge; with the other one in it too, contact and agent are connected."""
    leg = turn.legs.find(event.pbx, event.unique_id)
    if leg is None:
        return
    if leg.bridge_id != event.bridge_id:
        # What began before it is over.
        sessions.forget_early(leg)
    leg.bridge_id = event.bridge_id
    if leg.watched:
        phone_calls.bridged(turn, leg)
        return
    contact = turn.state.contacts.get(leg.contact_id)
    if contact is not None and leg.id == contact.caller_leg and leaving.is_given(contact) and not leg.coming:
        leaving.taken_over(turn, contact, leg)
        return
    if contact is None or contact.state is not ContactState.OFFERED:
        _end_stray(turn, leg)
        if contact is not None and own_calls.is_being_placed(contact):
            own_calls.bridged(turn, contact)
        if contact is not None and contact.state is ContactState.CONNECTED:
            holding.bridged(turn, contact, leg)
            consulting.bridged(turn, contact)
            conferences.bridged(turn, contact)
        return
    called = contact.callback.leg_id if contact.callback is not None else ""
    caller = turn.legs.get(called or contact.caller_leg)
    for offer_id in contact.offer_ids:
        offer = turn.state.offers[offer_id]
        if holding.together(caller, turn.legs.get(offer.leg_id)) and not offer.ring_again:
            talks.connect(turn, offer, contact)
            return
    # One whose hang-up Asterisk has lost, while somebody else is being rung.
    _end_stray(turn, leg)


def replaced(turn: Turn, event: LegReplaced) -> None:
    """A phone has put another channel into the place of one that talks: to us it is the same leg, and the talk goes on.

    Only if it is the same agent's phone. Somebody else's is the work of a transfer.
    """
    leg = turn.legs.find(event.pbx, event.replaced)
    agent = turn.site.agents.get(leg.agent_id) if leg is not None else None
    if leg is None or agent is None or (agent.pbx, agent.device) != (event.pbx, event.device):
        bridged(turn, LegBridged(pbx=event.pbx, unique_id=event.unique_id, bridge_id=event.bridge_id))
        return
    turn.legs.rename(leg, event.unique_id)
    recordings.replaced(turn, leg)
    leg.bridge_id = event.bridge_id
    contact = turn.state.contacts.get(leg.contact_id)
    if leg.state is LegState.HELD and not (contact is not None and contact.on_hold):
        # Whom the old channel held, the new one talks to.
        leg_states.change(turn, leg, LegState.CONNECTED, "leg.retrieved")


def unbridged(turn: Turn, event: LegUnbridged) -> None:
    """A leg left a bridge; whether the talk is over, the legs' ends tell."""
    leg = turn.legs.find(event.pbx, event.unique_id)
    if leg is not None and leg.bridge_id == event.bridge_id:
        leg.bridge_id = ""
        if leg.party is Party.SUPERVISOR:
            supervising.moved(turn, leg)
            return
        consulting.unbridged(turn, leg)
        sessions.believe_early(turn, leg)


def held(turn: Turn, event: LegHeld) -> None:
    """The party at this leg put the other on hold."""
    leg = turn.legs.find(event.pbx, event.unique_id)
    if leg is not None and leg.state is LegState.CONNECTED and leg.party is not Party.SUPERVISOR:
        leg_states.change(turn, leg, LegState.HELD, "leg.held")


def retrieved(turn: Turn, event: LegRetrieved) -> None:
    """The party at this leg took the other off hold."""
    leg = turn.legs.find(event.pbx, event.unique_id)
    contact = turn.state.contacts.get(leg.contact_id) if leg is not None else None
    if leg is not None and leg.state is LegState.HELD and not (contact is not None and contact.on_hold):
        leg_states.change(turn, leg, LegState.CONNECTED, "leg.retrieved")


def ended(turn: Turn, event: LegEnded, outcome: Outcome | None = None) -> None:
    """A leg is gone.

    Args:
        turn: The turn.
        event: The event.
        outcome: Of the contact, where the manner of the end decides it (the PBX died).
    """
    leg = turn.legs.find(event.pbx, event.unique_id)
    if leg is None:
        early_ends.note(turn, event.pbx, event.unique_id)
        return
    if leg.party is Party.SUPERVISOR:
        supervising.gone(turn, leg, ringing.CAUSES.get(event.cause, OfferCause.FAILED), lost=outcome is not None)
        return
    if not (turn.reconciled or outcome):
        phones.ends(turn, leg, event.cause)
    cause_of_customer = "unknown" if turn.reconciled or outcome else dialling.cause_of(leg, event.cause)
    was = leg.state
    leg_states.change(turn, leg, LegState.DISCONNECTED, "leg.disconnected")
    if leg.watched:
        told = "unknown" if turn.reconciled or outcome else _cause_of(leg, event.cause)
        if event.cause == NORMAL_CLEARING:
            # Whoever was rung by the dialplan has not rejected it: it was stopped.
            told = OfferCause.FAILED
        phone_calls.ended(turn, leg, told, outcome, was=was)
        return
    if leg.party is Party.CALLER:
        journey.caller_gone(turn, leg, outcome, cause_of_customer)
        return
    if leg.party is Party.CONSULTED:
        consulted.gone(turn, leg, _cause_of(leg, event.cause))
        conferences.asked_gone(turn, turn.state.contacts.get(leg.contact_id))
        return
    cause = OfferCause.PBX_LOST if turn.reconciled else _cause_of(leg, event.cause)
    talks.leg_gone(turn, _offer_of(turn, leg), cause, outcome=outcome or Outcome.HANDLED)
    conferences.agent_gone(turn, turn.state.contacts.get(leg.contact_id))
    arrivals.agent_gone(turn, turn.state.contacts.get(leg.contact_id))


def _cause_of(leg: Leg, cause: int) -> OfferCause:
    """Why a leg was not answered; Asterisk may be too quick to give a cause to one that was forwarded."""
    return OfferCause.FORWARDED if leg.forwarded_to else ringing.CAUSES.get(cause, OfferCause.FAILED)


def dial_ended(turn: Turn, event: DialEnded) -> None:
    """A phone forwards a call, or rings no more that the dialplan has rung by itself."""
    leg = turn.legs.find(event.pbx, event.called_unique_id)
    if event.forward and leg is not None:
        phones.forwards(turn, leg, event.forward)
    else:
        phone_calls.dial_ended(turn, event)


def session_ended(turn: Turn, event: AgiEnded) -> None:
    """A FastAGI session is over; what became of the leg, the PBX's own events tell, or told before we knew it."""
    leg = turn.legs.find(event.pbx, event.unique_id)
    if leg is None:
        return
    if sessions.forget_early(leg):
        return
    leg.has_agi = False
    contact = turn.state.contacts.get(leg.contact_id)
    if contact is not None and leaving.leaves(contact):
        if not leaving.is_given(contact):
            leaving.taken_over(turn, contact, leg)
        return
    if unseen.is_unseen(turn, leg):
        ended(turn, LegEnded(pbx=leg.pbx, unique_id=leg.unique_id, cause=UNKNOWN_CAUSE))
    elif unseen.may_have_gone(turn, leg):
        unseen.begin(turn, leg)


def failed(turn: Turn, event: LegFailed) -> None:
    """An originate came to nothing; where a channel was made, its end was told before and this is an echo of it."""
    leg = turn.legs.find(event.pbx, event.unique_id)
    if leg is None or (leg.party is Party.CALLER and leg.state not in (LegState.INITIATED, LegState.ALERTING)):
        return
    cause = ringing.ORIGINATE_REASONS.get(event.reason, OfferCause.FAILED)
    if leg.party is Party.SUPERVISOR:
        supervising.gone(turn, leg, cause)
        return
    leg_states.change(turn, leg, LegState.FAILED, "leg.failed")
    if leg.watched:
        phone_calls.ended(turn, leg, cause, Outcome.FAILED, was=LegState.INITIATED)
        return
    if leg.party is Party.CALLER:
        journey.caller_gone(turn, leg, None, cause)
    elif leg.party is Party.CONSULTED:
        consulted.gone(turn, leg, cause)
    else:
        talks.leg_gone(turn, _offer_of(turn, leg), cause)


def unseen_over(turn: Turn, leg: Leg) -> None:
    """A caller of whom it was not known whether they live is taken to live if they are with us, and else not."""
    turn.touch_contact(leg.contact_id)
    waits = unseen.waits(turn.state.contacts.get(leg.contact_id))
    if waits and not leg.has_agi and outage.is_up(turn, leg.pbx):
        ended(turn, LegEnded(pbx=leg.pbx, unique_id=leg.unique_id, cause=UNKNOWN_CAUSE))


def _offer_of(turn: Turn, leg: Leg) -> Offer:
    """The offer of an agent's leg: both begin and end together."""
    return turn.state.offers[turn.state.agents[leg.agent_id].offer_id]


def _end_stray(turn: Turn, leg: Leg) -> None:
    """End an agent's leg whose offer is over: our hang-up came before the PBX had made the channel."""
    if leg.party is Party.CONSULTED:
        consulted.end_stray(turn, leg)
    if leg.party is not Party.AGENT:
        return
    offer = _offer_of(turn, leg)
    if offer.state not in (OfferState.PENDING, OfferState.ACCEPTED):
        # The PBX tells the phone the last cause it was given, so this says no less than the hang-up before.
        turn.emit(HangUpLeg(pbx=leg.pbx, unique_id=leg.unique_id, cause=ringing.HANG_UP_CAUSES.get(offer.cause, 16)))
