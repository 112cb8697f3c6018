"""Dice for a simulated world in which a test decides what happens: usual things do, unless they are told."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from random import Random

FACES = 16
"""How many ways there are for one throw to fall."""


class LoadedDice(Random):
    """Untold, everything is quick, comes in order, and what is likelier happens. Nothing is left to real chance."""

    def __init__(self) -> None:
        super().__init__(0)
        self._told: deque[int] = deque()

    def tell(self, faces: Iterable[int]) -> None:
        """Have the next throws fall so: numbers below ``FACES``, of which 0 is what they would do anyway."""
        self._told.extend(faces)

    def random(self) -> float:
        """A share: a half, unless told."""
        return (0.5 + self._face()) % 1

    def _randbelow(self, n: int) -> int:
        """A whole number below ``n``, which all other throws are made of: 0, unless told."""
        return int(self._face() * n)

    def _face(self) -> float:
        return self._told.popleft() / FACES if self._told else 0.0
