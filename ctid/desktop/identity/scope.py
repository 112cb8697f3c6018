"""What of the site a principal may see and command: what requests ask. ``audience`` says the same for events.

A principal of role agent has what is their own: their agent, the contacts they serve or are offered, and the queues'
numbers. All others have the whole site, narrowed by ``teams`` (agents) and ``queues`` (queues, contacts, offers,
records); what is their own as an agent they have besides.
"""

from __future__ import annotations

from ctid.acd.floor import Floor
from ctid.acd.profile import serves
from ctid.desktop.identity.auth import Principal, Role
from ctid.engine import segments
from ctid.engine.shown.contact_legs import consultations_of
from ctid.engine.shown.parked import is_parked, may_fetch
from ctid.engine.state import SiteState
from ctid.model.contact import Contact
from ctid.model.offer import Offer
from ctid.model.record import ContactRecord
from ctid.model.recording import StoredRecording
from ctid.model.states import WAITING, OfferState
from ctid.model.supervision import Supervision
from ctid.spec.site import SiteSpec


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
    if principal.agent_id in record.agents:
        return True
    return principal.role is not Role.AGENT and sees_queue(principal, record.queue)


def sees_supervision(spec: SiteSpec, principal: Principal, supervision: Supervision) -> bool:
    """Whether a supervision is theirs to see: of one of their agents; of themselves only if they are told of it."""
    if supervision.agent_id == principal.agent_id:
        return supervision.told
    return supervision.supervisor == principal.subject or sees_agent(spec, principal, supervision.agent_id)


def sees_recording(spec: SiteSpec, principal: Principal, recording: StoredRecording) -> bool:
    """Whether a recording is theirs to hear: both its queue and its agent are. Agents hear none, not even their own."""
    if principal.role is Role.AGENT:
        return False
    in_team = not principal.teams or team_of(spec, recording.agent_id) in principal.teams
    return in_team and sees_queue(principal, recording.queue)


def owns(state: SiteState, principal: Principal, contact: Contact) -> bool:
    """Whether the contact is the principal's own work: they serve it or wrap it up, or it is being offered to them."""
    if not principal.agent_id:
        return False
    if principal.agent_id in (contact.agent_id, contact.called) or principal.agent_id in segments.workers(contact):
        return True
    out = (state.offers[offer_id] for offer_id in contact.offer_ids if offer_id in state.offers)
    return any(offer.agent_id == principal.agent_id and offer.state is OfferState.PENDING for offer in out)


def may_take(floor: Floor, principal: Principal, contact: Contact) -> bool:
    """Whether the contact waits in a queue that the principal serves, or is parked for them: they may pick it up."""
    profile = floor.roster.profiles.get(principal.agent_id)
    if profile is None or contact.state not in WAITING:
        return False
    return serves(profile, contact.queue) or may_fetch(floor, contact, principal.agent_id)


def is_shown_parked(floor: Floor, principal: Principal, contact: Contact) -> bool:
    """Whether the contact is parked for the principal to fetch, who may see it therefore, but not command."""
    return is_parked(contact) and may_fetch(floor, contact, principal.agent_id)


def is_consulted(state: SiteState, principal: Principal, contact: Contact) -> bool:
    """Whether a colleague asks the principal about the contact, which they may see therefore, but not command."""
    asked = consultations_of(state, contact)
    return bool(principal.agent_id) and any(each.to_agent == principal.agent_id for each in asked)


def team_of(spec: SiteSpec, agent_id: str) -> str:
    """The agent's team; empty if they have none, or are no longer in the configuration."""
    agent = spec.agents.get(agent_id)
    return (agent.team if agent is not None else None) or ""
