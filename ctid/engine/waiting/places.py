"""Places in the order of waiting contacts: who hung up while waiting and calls again soon has the old one back."""

from __future__ import annotations

from ctid.engine.state import Place
from ctid.engine.turn import Turn, ms
from ctid.model.contact import Contact

MAX_PLACES = 10_000
"""Places remembered at once; of more, the oldest are forgotten."""

REGAINED = "regained"


def take(turn: Turn, contact: Contact) -> str:
    """Give the contact its place on entering a queue: the one it has, one it left before, or a new one.

    Returns:
        ``regained`` if it is one from a call before, else nothing; for the contact's path.
    """
    if contact.place_ms:
        return ""
    contact.place_ms = turn.now.mono_ms
    left = turn.state.places.pop(contact.ani, None) if contact.ani else None
    if left is None or left.left_ms + ms(turn.site.policy.regain_place_seconds) <= turn.now.mono_ms:
        return ""
    contact.place_ms = left.place_ms
    return REGAINED


def leave(turn: Turn, contact: Contact) -> None:
    """Remember the place of a caller who hung up while waiting, if their number tells who they are."""
    places = turn.state.places
    keep_ms = ms(turn.site.policy.regain_place_seconds)
    if not contact.ani or keep_ms == 0:
        return
    places.pop(contact.ani, None)
    places[contact.ani] = Place(place_ms=contact.place_ms, left_ms=turn.now.mono_ms)
    # In order of leaving: the first is always the oldest.
    while next(iter(places.values())).left_ms + keep_ms <= turn.now.mono_ms or len(places) > MAX_PLACES:
        del places[next(iter(places))]
