"""Hold and retrieve by ctid, for phones of every kind: caller and agent leave their bridge, and come together again.

The caller is with us meanwhile, as while they waited, and hears music; the agent's channel waits in the dialplan. Both
outlive a daemon that dies: the dialplan has the one ask for ctid again and the other wait.
"""

from __future__ import annotations

from ctid.engine.contact import contacts, hold_recall, leg_states
from ctid.engine.flow import flows
from ctid.engine.queue import queueing
from ctid.engine.shown.contact_legs import consultations_of
from ctid.engine.turn import Turn
from ctid.model.commands import HoldCall, JoinLegs, MuteLeg, RemindAgent
from ctid.model.contact import Contact
from ctid.model.leg import Leg
from ctid.model.states import ContactState, LegState

JOIN_MS = 2_000
"""Two channels are in one bridge within far less. Until then, or until this has passed, no other such order is given:
one channel must not be taken out of the bridge that it is about to enter."""


def agent_leg(turn: Turn, contact: Contact) -> Leg | None:
    """The leg of the agent who talks to the contact."""
    offers = (turn.state.offers.get(offer_id) for offer_id in contact.offer_ids)
    legs = (turn.legs.get(offer.leg_id) for offer in offers if offer is not None)
    return next((leg for leg in legs if leg is not None), None)


def together(*legs: Leg | None) -> bool:
    """Whether all these legs are there, and in one bridge."""
    bridges = {leg.bridge_id if leg is not None else "" for leg in legs}
    return len(bridges) == 1 and "" not in bridges


def park(turn: Turn, contact: Contact, agent: Leg, caller: Leg) -> None:
    """Put the caller on hold."""
    contact.on_hold = True
    contact.version += 1
    leg_states.change(turn, agent, LegState.HELD, "leg.held")
    contacts.publish(turn, contact, "contact.updated")
    turn.emit(
        HoldCall(
            pbx=caller.pbx,
            unique_id=caller.unique_id,
            agent_unique_id=agent.unique_id,
            music_class=queueing.music_of(turn, contact),
        )
    )


def retrieve(turn: Turn, contact: Contact, agent: Leg, caller: Leg) -> None:
    """Bring caller and agent together again; done when the PBX tells of their bridge."""
    joining(turn, contact)
    turn.emit(JoinLegs(pbx=agent.pbx, unique_id=agent.unique_id, peer_unique_id=caller.unique_id))


def joining(turn: Turn, contact: Contact, *, conferring: str = "") -> None:
    """Channels of the contact are about to enter a bridge, or the conference with the party of a consultation."""
    contact.conferring = conferring
    turn.start_timer(f"join:{contact.id}", JOIN_MS)


def is_joining(turn: Turn, contact: Contact) -> bool:
    """Whether channels of the contact are about to enter a bridge."""
    return f"join:{contact.id}" in turn.state.timers


def is_conferring(turn: Turn, contact: Contact) -> bool:
    """Whether channels of the contact are about to enter a conference."""
    return bool(contact.conferring) and is_joining(turn, contact)


def bridged(turn: Turn, contact: Contact, leg: Leg) -> None:
    """A leg of a contact in talk is in a bridge: with its caller there, too, the agent talks to them again."""
    agent = agent_leg(turn, contact)
    if leg.muted:
        # The mute belongs to the party, not to the bridge or to what the PBX made of their channel on the way.
        turn.emit(MuteLeg(pbx=leg.pbx, unique_id=leg.unique_id, on=True))
    if agent is None or not together(agent, turn.legs.get(contact.caller_leg)):
        return
    if not is_conferring(turn, contact):
        turn.cancel_timer(f"join:{contact.id}")
    if contact.on_hold:
        unpark(turn, contact, "taken_back")
        leg_states.change(turn, agent, LegState.CONNECTED, "leg.retrieved")
        contacts.publish(turn, contact, "contact.updated")


def recall(turn: Turn, leg: Leg) -> None:
    """An agent has had their caller on hold for so long: they are told, and hear a beep if nobody else talks to them.

    A channel that the phone itself holds hears nothing, so its agent is told at the desktop alone.
    """
    contact = turn.state.contacts.get(leg.contact_id)
    held = leg.state is LegState.HELD and contact is not None and contact.state is ContactState.CONNECTED
    if contact is None or not held or agent_leg(turn, contact) is not leg:
        return
    hold_recall.begin(turn, leg)
    contacts.publish(turn, contact, "contact.hold_recalled", held_ms=turn.now.mono_ms - leg.since_ms)
    asking = any(each.leg_id for each in consultations_of(turn.state, contact))
    if contact.on_hold and not (leg.bridge_id or asking or is_joining(turn, contact)):
        turn.emit(RemindAgent(pbx=leg.pbx, unique_id=leg.unique_id))


def unpark(turn: Turn, contact: Contact, how: str) -> None:
    """The caller is not on hold with us any more, nor in a flow meanwhile; for ``how`` see ``flows.left``."""
    flows.left(turn, contact, how)
    contact.on_hold = False
    contact.version += 1


def reconciled(turn: Turn, pbx: str) -> None:
    """Holds that the PBX never carried out are none: what it has is the truth. Of mutes it tells nothing."""
    for leg in turn.legs.on(pbx):
        if leg.muted:
            turn.emit(MuteLeg(pbx=leg.pbx, unique_id=leg.unique_id, on=True))
    for contact in list(turn.state.contacts.values()):
        agent = agent_leg(turn, contact) if contact.on_hold else None
        if agent is not None and agent.pbx == pbx:
            bridged(turn, contact, agent)
