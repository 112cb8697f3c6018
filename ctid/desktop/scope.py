"""What of the site a principal may see and command: the one place that decides, for requests, snapshots and events.

A principal of role agent has what is their own: their agent, the contacts they serve or are offered, and the queues'
numbers. All others have the whole site, narrowed by ``teams`` (agents) and ``queues`` (queues, contacts, offers,
records); what is their own as an agent they have besides.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from ctid.desktop.auth import Principal, Role
from ctid.engine.state import SiteState
from ctid.model.commands import Publish
from ctid.model.contact import Contact
from ctid.model.offer import Offer
from ctid.model.record import ContactRecord
from ctid.model.states import OfferState
from ctid.spec.site import SiteSpec

# A desktop learns of these without being named in them: they concern the whole site and hold no caller data.
_SITE_WIDE: Final = ("pbx.", "site.", "config.")


def sees_agent(spec: SiteSpec, principal: Principal, agent_id: str) -> bool:
    """Whether an agent, with state and skills, is theirs to see and command."""
    if agent_id and agent_id == principal.agent_id:
        return True
    if principal.role is Role.AGENT:
        return False
    return not principal.teams or team_of(spec, agent_id) in principal.teams


def sees_queue(principal: Principal, queue: str) -> bool:
    """Whether a queue's numbers are theirs to see. They name nobody, so that agents see them too."""
    return not principal.queues or queue in principal.queues


def sees_contact(state: SiteState, principal: Principal, contact: Contact) -> bool:
    """Whether a live contact, with its caller's data, is theirs to see and command."""
    if owns(state, principal, contact):
        return True
    return principal.role is not Role.AGENT and sees_queue(principal, contact.queue)


def sees_offer(spec: SiteSpec, principal: Principal, offer: Offer) -> bool:
    """Whether an offer, with its caller's data, is theirs to see and command: both its queue and its agent are."""
    if offer.agent_id == principal.agent_id:
        return True
    return sees_agent(spec, principal, offer.agent_id) and sees_queue(principal, offer.queue)


def sees_record(principal: Principal, record: ContactRecord) -> bool:
    """Whether the record of a closed contact is theirs to see."""
    if record.agent_id and record.agent_id == principal.agent_id:
        return True
    return principal.role is not Role.AGENT and sees_queue(principal, record.queue)


def owns(state: SiteState, principal: Principal, contact: Contact) -> bool:
    """Whether the contact is the principal's own work: they serve it, or it is being offered to them."""
    if not principal.agent_id:
        return False
    if contact.agent_id == principal.agent_id:
        return True
    out = (state.offers[offer_id] for offer_id in contact.offer_ids if offer_id in state.offers)
    return any(offer.agent_id == principal.agent_id and offer.state is OfferState.PENDING for offer in out)


def team_of(spec: SiteSpec, agent_id: str) -> str:
    """The agent's team; empty if they have none, or are no longer in the configuration."""
    agent = spec.agents.get(agent_id)
    return (agent.team if agent is not None else None) or ""


class Audience(NamedTuple):
    """Who an event is for, told once for all desktops.

    Attributes:
        everybody: It concerns the whole site.
        agent_ids: The agents whose own work it is.
        queues: The queues it is about; whose scope has one of them is told.
        by_team: It is about the agents, not about a contact: teams decide, not queues.
    """

    everybody: bool
    agent_ids: frozenset[str]
    queues: frozenset[str]
    by_team: bool


def audience(event: Publish) -> Audience:
    """Who an event is for."""
    return Audience(
        everybody=not event.agent_ids and event.type.startswith(_SITE_WIDE),
        agent_ids=frozenset(event.agent_ids),
        queues=frozenset({event.queue, _left(event)} - {""}),
        by_team=event.type.startswith("agent.") or not (event.queue or event.contact_id),
    )


def sees_event(principal: Principal, event: Audience, team: Callable[[str], str]) -> bool:
    """Whether an event is to be told to a principal.

    Args:
        principal: Who would be told.
        event: Who it is for.
        team: Gives an agent's team; see ``team_of``.
    """
    if event.everybody or principal.agent_id in event.agent_ids:
        return True
    if principal.role is Role.AGENT:
        return False
    if event.by_team:
        return not principal.teams or any(team(agent_id) in principal.teams for agent_id in event.agent_ids)
    return not principal.queues or not principal.queues.isdisjoint(event.queues)


def _left(event: Publish) -> str:
    # Who sees only the queue that a contact was taken from has to learn that it is gone: at that moment, never after.
    spans: list[dict[str, Any]] = event.data.get("contact", {}).get("spans", [])
    if not spans or spans[-1]["at"] != event.at.iso():
        return ""
    return next((span["queue"] for span in reversed(spans[:-1]) if span["queue"]), "")
