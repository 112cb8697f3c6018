"""Contacts that were given on and not taken: who gave them on gets them back, with the reason, before anybody else."""

from __future__ import annotations

from ctid.engine.agent import agents
from ctid.engine.contact import contacts
from ctid.engine.queue import queueing
from ctid.engine.turn import Turn
from ctid.model.agent import Agent
from ctid.model.contact import Contact, Returned
from ctid.model.states import AgentState, ContactState

NO_TIME = "no_time"
"""Why an agent did not take it who was not free for it in time."""

DO_NOT_DISTURB = "do_not_disturb"
"""Why an agent did not take it whose phone is not to ring."""


def not_taken(turn: Turn, contact: Contact, by: str, cause: str) -> None:
    """Have a contact that waits again offered to who gave it on; to all its queue says if they have no time for it.

    Args:
        turn: The turn.
        contact: Waiting, and not being offered to anybody.
        by: Whom it was meant for: an agent, or a number.
        cause: Why they did not take it.
    """
    giver, contact.given_by = turn.state.agents.get(contact.given_by), ""
    if giver is None:
        return
    contact.returned = Returned(by=by, cause=cause)
    contacts.step(turn, contact, "transfer", by, cause)
    back = turn.site.policy.transfers_return and _can_have(turn, contact, giver)
    if back:
        if giver.state is AgentState.WRAP_UP:
            agents.engage(turn, giver)
        queueing.mean_for(turn, contact, giver.id)
        queueing.reconsider(turn, contact)
    contact.version += 1
    contacts.publish(
        turn, contact, "contact.returned", giver.id, by=by, cause=cause, to_agent=giver.id if back else None
    )


def patience_over(turn: Turn, contact: Contact) -> None:
    """The contact has waited long enough for one agent."""
    by = contact.meant_for
    queueing.patience_over(turn, contact)
    if contact.state is ContactState.QUEUED:
        not_taken(turn, contact, by, NO_TIME)


def _can_have(turn: Turn, contact: Contact, giver: Agent) -> bool:
    """Whether the agent can have it back soon: they are free for it, or still wrap up what they gave away."""
    wraps_it_up = giver.state is AgentState.WRAP_UP and giver.contact_id == contact.id
    return giver.id in turn.site.agents and (wraps_it_up or giver.state is AgentState.READY)
