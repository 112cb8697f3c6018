"""The legs of a contact, and the consultations about it."""

from __future__ import annotations

from collections.abc import Iterator

from ctid.engine.state import SiteState
from ctid.model.consultation import Consultation
from ctid.model.contact import Contact
from ctid.model.leg import Leg


def legs_of(state: SiteState, contact: Contact) -> Iterator[Leg]:
    """The live legs of a contact: its customer's, those of agents it is offered to or served by, of whom they ask."""
    ids = [contact.caller_leg]
    if contact.callback is not None and contact.callback.leg_id != contact.caller_leg:
        ids.append(contact.callback.leg_id)
    ids += [state.offers[offer_id].leg_id for offer_id in contact.offer_ids if offer_id in state.offers]
    ids += [each.leg_id for each in consultations_of(state, contact)]
    ids += contact.watched
    return (state.legs[leg_id] for leg_id in ids if leg_id in state.legs)


def consultations_of(state: SiteState, contact: Contact) -> list[Consultation]:
    """Those about the contact that are not over, in order."""
    return [state.consultations[each] for each in contact.consultation_ids]
