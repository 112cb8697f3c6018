"""Changes of a leg's state, and who is told."""

from __future__ import annotations

from ctid.engine import today
from ctid.engine.contact import hold_recall, recordings
from ctid.engine.shown.views import leg_view
from ctid.engine.turn import Turn
from ctid.model.leg import Leg
from ctid.model.states import LegState, Party


def change(turn: Turn, leg: Leg, state: LegState, type_: str) -> None:
    """The leg is in this state from now on."""
    today.hold_ends(turn, leg)
    leg.state, leg.since_ms = state, turn.now.mono_ms
    hold_recall.follow(turn, leg)
    if leg.recording and state not in (LegState.DISCONNECTED, LegState.FAILED):
        recordings.follow(turn, leg)
    tell(turn, leg, type_)


def tell(turn: Turn, leg: Leg, type_: str) -> None:
    """Publish an event about the leg to whose work it is."""
    if turn.quiet:
        turn.unheard()
        return
    contact = turn.state.contacts.get(leg.contact_id)
    agent_ids = [leg.agent_id] if leg.agent_id else []
    if contact is not None and (not agent_ids or leg.party is Party.CONSULTED):
        agent_ids.append(contact.agent_id)
    turn.publish(
        type_,
        {"leg": leg_view(leg)},
        contact_id=leg.contact_id,
        agent_ids=[each for each in dict.fromkeys(agent_ids) if each],
    )
