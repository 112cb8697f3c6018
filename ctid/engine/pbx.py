"""What the loss of a PBX and its return mean."""

from __future__ import annotations

from ctid.engine import leg_events, outage, sessions
from ctid.engine.agent import devices, holding, own_calls, phones
from ctid.engine.call import talks
from ctid.engine.contact import recordings, unseen
from ctid.engine.flow import decisions
from ctid.engine.service import conferences, supervising, transfers
from ctid.engine.state import Pbx
from ctid.engine.turn import Turn
from ctid.model.commands import HangUpLeg, ReleaseLeg
from ctid.model.events import (
    LegAnswered,
    LegBridged,
    LegEnded,
    LegSeen,
    LegUnbridged,
    PbxLost,
    PbxReconciled,
)
from ctid.model.states import ContactState, Outcome, Party
from ctid.tracker.reconcile import difference


def lost(turn: Turn, event: PbxLost) -> None:
    """Nothing is known of the PBX's legs for now. Talk may go on, so nothing is ended before the grace time is over."""
    pbx = turn.state.pbxes.setdefault(event.pbx, Pbx())
    if pbx.up:
        pbx.up = False
        turn.touch_all()
        turn.publish("pbx.down", {"pbx": event.pbx, "reason": event.reason})
    for leg in turn.legs.on(event.pbx):
        sessions.believe_early(turn, leg)
    outage.bear(turn, event.pbx)


def grace_over(turn: Turn, name: str) -> None:
    """The PBX did not come back in time: its contacts failed, its agents are free for work elsewhere."""
    if outage.is_up(turn, name):
        return
    for leg in turn.legs.on(name):
        if leg.has_agi:
            # AMI is away, FastAGI is not: nobody can be rung for them, but the dialplan's fallback can be had.
            if decisions.is_one(turn.state.contacts.get(leg.contact_id)):
                decisions.tell_nothing(turn, leg)
            else:
                turn.emit(ReleaseLeg(pbx=leg.pbx, unique_id=leg.unique_id, next="fallback"))
    _end_all(turn, name, set())


def reconciled(turn: Turn, event: PbxReconciled) -> None:
    """The PBX is there; what it has is the truth."""
    pbx = turn.state.pbxes.setdefault(event.pbx, Pbx())
    new = not pbx.boot
    restarted = not new and pbx.boot != event.boot
    pbx.up, pbx.boot, pbx.reconciled_ms = True, event.boot, turn.now.mono_ms
    turn.cancel_timer(f"pbx:{event.pbx}")
    turn.reconciled = True
    devices.reconciled(turn, event)
    phones.tell_all(turn, event.pbx, new=new)
    turn.publish("pbx.up", {"pbx": event.pbx})
    there = {seen.unique_id: seen for seen in event.legs}
    missing = [leg for leg in turn.legs.on(event.pbx) if leg.unique_id not in there]
    late = {leg.unique_id: leg for leg in missing if unseen.may_live(turn, leg)}
    for leg in late.values():
        unseen.begin(turn, leg)
    if restarted:
        _end_all(turn, event.pbx, there.keys() | late.keys())
    for seen in event.legs:
        if known := turn.legs.find(event.pbx, seen.unique_id):
            unseen.end(turn, known)
        if seen.returned or seen.bridge_id:
            _talked_unseen(turn, event.pbx, seen, there)
    conferences.entered_unseen(turn, event.pbx, there)
    rest = [leg for leg in turn.legs.on(event.pbx) if leg.unique_id not in late]
    for found in list(difference(event.pbx, rest, event.legs)):
        match found:
            case LegEnded():
                leg_events.ended(turn, found)
            case LegAnswered():
                leg_events.answered(turn, found)
            case LegBridged():
                leg_events.bridged(turn, found)
            case LegUnbridged():
                leg_events.unbridged(turn, found)
    holding.reconciled(turn, event.pbx)
    recordings.reconciled(turn, event.pbx)
    transfers.reconciled(turn, event)
    supervising.reconciled(turn, event.pbx)
    for seen in event.legs:
        if (
            seen.unique_id.startswith("lg-")
            and turn.legs.find(event.pbx, seen.unique_id) is None
            and not seen.bridge_id
            and (not seen.answered or devices.agent_at(turn, event.pbx, seen.device))
        ):
            # A phone that we rang in a life we know nothing of: nobody waits behind it. Who was called by us and has
            # answered may have gone on without us since, to a number that rings or a mailbox.
            turn.emit(HangUpLeg(pbx=event.pbx, unique_id=seen.unique_id))
    turn.touch_all()


def _talked_unseen(turn: Turn, pbx: str, seen: LegSeen, there: dict[str, LegSeen]) -> None:
    """Connect a caller who was answered while nobody looked, and whose agent's leg has ended since.

    Either they came back, or they are in a bridge with somebody to whom the agent has given them on.
    """
    leg = turn.legs.find(pbx, seen.unique_id)
    if leg is None or leg.returned or leg.party is not Party.CALLER:
        return
    leg.returned = seen.returned
    contact = turn.state.contacts.get(leg.contact_id)
    if contact is not None and seen.returned and own_calls.is_being_placed(contact):
        own_calls.connect(turn, contact)
        return
    if contact is None or contact.state is not ContactState.OFFERED:
        return
    out = [turn.state.offers[offer_id] for offer_id in contact.offer_ids]
    rung = [(offer, turn.legs.get(offer.leg_id)) for offer in out]
    phones = [there[each.unique_id] for _, each in rung if each is not None and each.unique_id in there]
    if seen.bridge_id and any(phone.bridge_id == seen.bridge_id for phone in phones):
        return
    for offer, agent in rung:
        if agent is not None and agent.unique_id not in there:
            leg.bridge_id = seen.bridge_id
            talks.connect(turn, offer, contact)
            return


def _end_all(turn: Turn, name: str, but: set[str]) -> None:
    # Callers first: an agent's leg that ends alone would put its caller back into the queue.
    for party in (Party.SUPERVISOR, Party.CALLER, Party.CONSULTED, Party.AGENT):
        for leg in turn.legs.on(name):
            if leg.party is party and leg.unique_id not in but:
                leg_events.ended(turn, LegEnded(pbx=name, unique_id=leg.unique_id, cause=0), Outcome.FAILED)


def restart(turn: Turn) -> None:
    """A new process owns the site: no PBX is known yet, no session is ours."""
    for pbx in turn.state.pbxes.values():
        pbx.up = False
    for leg in turn.state.legs.values():
        leg.has_agi, leg.early = False, None
