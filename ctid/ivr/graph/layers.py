"""Where boxes and arrows of a picture stand: rows as boxes follow each other, and arrows that run between boxes.

As Sugiyama, Tagawa and Toda do it: the longest ways give the rows, arrows that span rows bend in each of them, and the
middle of what it is joined with gives each its place in the row. All arrows bend between the rows of boxes at least
once, and have their labels there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from ctid.ivr.graph.picture import Arrow, Picture

_SWEEPS: Final = 12

Item = str | tuple[int, int]
"""A box by its name, or a bend: the arrow, and the row."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Measures:
    """What takes which room, in pixels.

    Attributes:
        box: Width of a box.
        heights: Height of each.
        bends: Width of each arrow's bend, by its label.
        gap: Between what stands beside each other, and between rows.
    """

    box: float
    heights: Mapping[str, float]
    bends: list[float]
    gap: float


@dataclass(frozen=True, slots=True)
class Layout:
    """Where all is.

    Attributes:
        middles: The middle of each box.
        bends: Of each arrow, where it bends, from its start to its end; none for one that leads to its own box.
        width: Of the whole.
        height: Of the whole.
    """

    middles: dict[str, Point]
    bends: list[list[Point]]
    width: float
    height: float


def layout(shown: Picture, measures: Measures) -> Layout:
    """Find a place for everything."""
    rank = _ranks(shown)
    rows: list[list[Item]] = [[] for _ in range(2 * max(rank.values()) + 1)]
    for box in shown.boxes:
        rows[2 * rank[box.name]].append(box.name)
    joined: dict[Item, set[Item]] = {box.name: set() for box in shown.boxes}
    for at, arrow in enumerate(shown.arrows):
        upper, lower = sorted((2 * rank[arrow.start], 2 * rank[arrow.end]))
        chain: list[Item] = [(at, row) for row in range(upper + 1, lower)]
        for row, bend in zip(range(upper + 1, lower), chain, strict=True):
            rows[row].append(bend)
            joined[bend] = set()
        top, bottom = sorted((arrow.start, arrow.end), key=rank.__getitem__)
        whole: list[Item] = [top, *chain, bottom]
        for one, other in pairwise(whole):
            joined[one].add(other)
            joined[other].add(one)
    _order(rows, joined)
    x = _across(rows, joined, measures)
    y, height = _down(rows, measures)
    bends = [_bends(at, arrow, rank, x, y) for at, arrow in enumerate(shown.arrows)]
    middles = {box.name: (x[box.name], y[2 * rank[box.name]]) for box in shown.boxes}
    right = max(x[item] + _width(item, measures) / 2 for row in rows for item in row)
    return Layout(middles, bends, right, height)


def _bends(at: int, arrow: Arrow, rank: Mapping[str, int], x: Mapping[Item, float], y: list[float]) -> list[Point]:
    first, last = 2 * rank[arrow.start], 2 * rank[arrow.end]
    rows = range(first + 1, last) if first < last else range(first - 1, last, -1)
    return [(x[at, row], y[row]) for row in rows]


# ---- rows ----------------------------------------------------------------------------------------------------


def _ranks(shown: Picture) -> dict[str, int]:
    """The row of each box: how many steps it is from the start, on the longest way that does not lead back."""
    after: dict[str, list[str]] = {box.name: [] for box in shown.boxes}
    for arrow in shown.arrows:
        after[arrow.start].append(arrow.end)
    order, back = _explored([shown.start, *after], after)
    rank = dict.fromkeys(order, 0)
    for name in order:
        for other in after[name]:
            if (name, other) not in back:
                rank[other] = max(rank[other], rank[name] + 1)
    return rank


def _explored(starts: Iterable[str], after: dict[str, list[str]]) -> tuple[list[str], set[tuple[str, str]]]:
    """Boxes so that each comes before those it leads to, and the arrows that lead back."""
    finished: list[str] = []
    is_done: dict[str, bool] = {}
    back: set[tuple[str, str]] = set()
    for start in starts:
        if start in is_done:
            continue
        is_done[start] = False
        stack = [(start, iter(after[start]))]
        while stack:
            name, ways = stack[-1]
            other = next(ways, None)
            if other is None:
                is_done[name] = True
                finished.append(name)
                stack.pop()
            elif other not in is_done:
                is_done[other] = False
                stack.append((other, iter(after[other])))
            elif not is_done[other]:
                back.add((name, other))
    return finished[::-1], back


def _order(rows: list[list[Item]], joined: Mapping[Item, set[Item]]) -> None:
    """Put everything beside each other so that few arrows cross."""
    for sweep in range(_SWEEPS):
        middle = {item: at - (len(row) - 1) / 2 for row in rows for at, item in enumerate(row)}
        numbers = range(1, len(rows)) if sweep % 2 == 0 else range(len(rows) - 2, -1, -1)
        for number in numbers:
            beside = set(rows[number - 1 if sweep % 2 == 0 else number + 1])
            wanted = {
                item: _mean([middle[other] for other in joined[item] & beside], middle[item]) for item in rows[number]
            }
            rows[number].sort(key=wanted.__getitem__)
            middle.update({item: at - (len(rows[number]) - 1) / 2 for at, item in enumerate(rows[number])})


# ---- places --------------------------------------------------------------------------------------------------


def _across(rows: list[list[Item]], joined: Mapping[Item, set[Item]], measures: Measures) -> dict[Item, float]:
    x: dict[Item, float] = {}
    for row in rows:
        x.update(_spread(row, dict.fromkeys(row, 0.0), measures))
    for sweep in range(_SWEEPS):
        for row in rows if sweep % 2 else reversed(rows):
            wanted = {item: _mean([x[other] for other in joined[item]], x[item]) for item in row}
            x.update(_spread(row, wanted, measures))
    left = min(x[item] - _width(item, measures) / 2 for item in x)
    return {item: at - left for item, at in x.items()}


def _spread(row: list[Item], wanted: Mapping[Item, float], measures: Measures) -> dict[Item, float]:
    """Places near the wanted ones with room for all: the middle between pushing to the right and to the left."""
    rights: list[float] = []
    for at, item in enumerate(row):
        room = rights[-1] + _apart(row[at - 1], item, measures) if at else wanted[item]
        rights.append(max(room, wanted[item]))
    lefts: list[float] = []
    for at, item in reversed(list(enumerate(row))):
        room = lefts[-1] - _apart(item, row[at + 1], measures) if lefts else wanted[item]
        lefts.append(min(room, wanted[item]))
    return {item: (right + left) / 2 for item, right, left in zip(row, rights, reversed(lefts), strict=True)}


def _down(rows: list[list[Item]], measures: Measures) -> tuple[list[float], float]:
    y: list[float] = []
    top = 0.0
    for row in rows:
        high = max((measures.heights[item] for item in row if isinstance(item, str)), default=0.0)
        y.append(top + high / 2)
        top += high + measures.gap
    return y, top - measures.gap


def _width(item: Item, measures: Measures) -> float:
    return measures.box if isinstance(item, str) else measures.bends[item[0]]


def _apart(one: Item, other: Item, measures: Measures) -> float:
    return (_width(one, measures) + _width(other, measures)) / 2 + measures.gap / 2


def _mean(values: list[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise
