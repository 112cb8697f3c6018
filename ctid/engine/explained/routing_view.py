"""Why a contact is where it is: why it waits and who could take it, and why who has it got it; data and words.

Reads the state between two events and changes nothing. The work grows with the agents who are logged in and able, and
with the lines of contacts that wait, never with both at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from ctid.acd.wording import Words
from ctid.engine.explained.waiting_view import waiting_view
from ctid.engine.shown.decision_view import decision_views
from ctid.engine.shown.views import View, stamp
from ctid.engine.turn import Turn
from ctid.model.contact import Contact
from ctid.model.offer import Offer
from ctid.model.record import ContactRecord
from ctid.model.states import ContactState, OfferState


def routing_view(turn: Turn, contact: Contact, language: str) -> View:
    """Explain a live contact.

    Args:
        turn: To read from: state, configuration, floor and the present moment.
        contact: The contact.
        language: One of ``ctid.acd.phrases.CATALOGUES``.
    """
    words = Words(language)
    waiting = waiting_view(turn, contact, words) if contact.state is ContactState.QUEUED else None
    offers = [
        _offer_view(turn, turn.state.offers[each], words) for each in contact.offer_ids if each in turn.state.offers
    ]
    decisions = decision_views(contact.decisions, contact.offers, words)
    return {
        "contact_id": contact.id,
        "state": contact.state,
        "agent_id": contact.agent_id or None,
        "waiting": waiting,
        "offers": offers if contact.state is ContactState.OFFERED else [],
        "decisions": decisions,
        "text": words.join("sentences", chain(_standing(contact, waiting, offers, words), _told(decisions))),
    }


def recorded_routing_view(record: ContactRecord, language: str) -> View:
    """Explain a contact that is closed, from its record."""
    words = Words(language)
    decisions = decision_views(record.decisions, record.offers, words)
    closed = words.say("closed", outcome=words.named("outcome", record.outcome))
    never = [] if decisions else [words.say("decisions.none")]
    return {
        "contact_id": record.contact_id,
        "state": ContactState.CLOSED,
        "agent_id": record.agent_id or None,
        "waiting": None,
        "offers": [],
        "decisions": decisions,
        "text": words.join("sentences", chain([closed], never, _told(decisions))),
    }


def _standing(contact: Contact, waiting: View | None, offers: list[View], words: Words) -> Iterator[str]:
    match contact.state:
        case ContactState.QUEUED if waiting is not None:
            yield waiting["text"]
        case ContactState.OFFERED:
            yield from _told(offers)
        case ContactState.CONNECTED | ContactState.WRAP_UP:
            yield words.say(contact.state, agent=contact.agent_id)
        case ContactState.CLOSED if contact.outcome is not None:
            yield words.say("closed", outcome=words.named("outcome", contact.outcome))
        case _:
            yield words.say("created")


def _told(views: list[View]) -> Iterator[str]:
    return (view["text"] for view in views)


def _offer_view(turn: Turn, offer: Offer, words: Words) -> View:
    left_ms = offer.expires_at.mono_ms - turn.now.mono_ms
    key = "offered" if offer.state is OfferState.PENDING else "accepted"
    return {
        "offer_id": offer.id,
        "agent_id": offer.agent_id,
        "state": offer.state,
        "expires_at": stamp(offer.expires_at),
        "text": words.say(key, agent=offer.agent_id, time=words.time(max(0, left_ms))),
    }
