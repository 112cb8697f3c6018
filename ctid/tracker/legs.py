"""The table of live legs and of the names Asterisk has for them."""

from __future__ import annotations

from ctid.model.leg import Leg


class LegTable:
    """Finds legs by what Asterisk calls them.

    Asterisk's ids are aliases only: they change on masquerade, while a leg's own id does not.
    """

    def __init__(self, legs: dict[str, Leg], aliases: dict[str, str]) -> None:
        self._legs = legs
        self._aliases = aliases

    def find(self, pbx: str, unique_id: str) -> Leg | None:
        """The leg that the PBX calls so."""
        leg_id = self._aliases.get(f"{pbx}|{unique_id}")
        return None if leg_id is None else self._legs.get(leg_id)

    def get(self, leg_id: str) -> Leg | None:
        """The leg of this id, if it lives."""
        return self._legs.get(leg_id)

    def add(self, leg: Leg) -> None:
        """Take in a leg."""
        self._legs[leg.id] = leg
        self._aliases[f"{leg.pbx}|{leg.unique_id}"] = leg.id

    def rename(self, leg: Leg, unique_id: str) -> None:
        """Another channel is the leg from now on; nothing that is told of the old one concerns it any more."""
        del self._aliases[f"{leg.pbx}|{leg.unique_id}"]
        leg.unique_id = unique_id
        self._aliases[f"{leg.pbx}|{unique_id}"] = leg.id

    def remove(self, leg: Leg) -> None:
        """Forget a leg that ended."""
        self._legs.pop(leg.id, None)
        self._aliases.pop(f"{leg.pbx}|{leg.unique_id}", None)

    def on(self, pbx: str) -> list[Leg]:
        """All legs of one PBX, in order of their making."""
        return [leg for leg in self._legs.values() if leg.pbx == pbx]
