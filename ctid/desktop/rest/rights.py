"""Whose is it: what an agent's token may touch once its role lets it in."""

from __future__ import annotations

from ctid.desktop.auth import Principal
from ctid.engine.state import SiteState
from ctid.errors import ForbiddenError
from ctid.model.contact import Contact
from ctid.model.states import OfferState


def owns(state: SiteState, principal: Principal, contact: Contact) -> bool:
    """Whether the contact is the principal's own work: they serve it, or it is being offered to them."""
    if contact.agent_id == principal.agent_id:
        return True
    out = (state.offers[offer_id] for offer_id in contact.offer_ids if offer_id in state.offers)
    return any(offer.agent_id == principal.agent_id and offer.state is OfferState.PENDING for offer in out)


def may_see_contact(state: SiteState, principal: Principal, contact: Contact) -> bool:
    """Whether the contact, with its caller's data, may be shown."""
    return principal.sees_all or owns(state, principal, contact)


def own_agent(principal: Principal, agent_id: str) -> None:
    """Refuse what concerns somebody else's agent.

    Raises:
        ForbiddenError: It is another agent's.
    """
    if not principal.sees_all and principal.agent_id != agent_id:
        raise ForbiddenError("this belongs to another agent")


def own_contact(state: SiteState, principal: Principal, contact: Contact) -> None:
    """Refuse what concerns a contact that somebody else works on.

    Raises:
        ForbiddenError: It is not theirs.
    """
    if not may_see_contact(state, principal, contact):
        raise ForbiddenError("this contact is not yours")
