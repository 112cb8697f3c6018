"""What a simulated world is made of: virtual time, chance from a seed, channels, links, and how likely what is."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

Action = Callable[[], None]


class VirtualTime:
    """Actions at moments, one after another; two at the same moment in the order they were asked for."""

    def __init__(self, chance: int | Random) -> None:
        self.random = Random(chance) if isinstance(chance, int) else chance
        self.now_ms = 1_000_000
        self._heap: list[tuple[int, int, Action]] = []
        self._asked = 0

    def after(self, delay_ms: int, action: Action) -> None:
        """Have something happen later."""
        self._asked += 1
        heapq.heappush(self._heap, (self.now_ms + delay_ms, self._asked, action))

    def later(self, low: int, high: int, action: Action) -> None:
        """Have something happen at a random moment."""
        self.after(self.random.randint(low, high), action)

    def chance(self, share: float) -> bool:
        """Throw the dice."""
        return self.random.random() < share

    def run(self, for_ms: int) -> None:
        """Let so much time go by."""
        until = self.now_ms + for_ms
        while self._heap and self._heap[0][0] <= until:
            at, _, action = heapq.heappop(self._heap)
            self.now_ms = max(self.now_ms, at)
            action()
        self.now_ms = until


@dataclass
class Odds:
    """How likely what is; a share of 0 to 1 each.

    Attributes:
        duplicate: An AMI event comes twice.
        stray: An event comes for a channel or timer that nobody knows.
        late_timer: A timer fires late.
        early_timer: A timer fires early, too.
        answer: A phone that rings is answered in the end; else it is busy, rejects, rings on or cannot be had.
        photo_finish: The caller hangs up in the very instant the agent answers, or another agent answers, too.
        transfer: An agent who talks gives the caller on by their phone.
        accept: An offer that is accepted at the desktop is in the end; else it is rejected, or nobody looks at it.
        lively: Whether people do things of themselves. If not, phones ring and talks last until a test has somebody
            do something.
    """

    duplicate: float = 0.03
    stray: float = 0.02
    late_timer: float = 0.2
    early_timer: float = 0.05
    answer: float = 0.6
    photo_finish: float = 0.1
    accept: float = 0.6
    transfer: float = 0.3
    lively: bool = True


@dataclass
class Channel:
    """A channel of the simulated PBX.

    Attributes:
        device: The agent's phone that it leads to; empty for callers and customers.
        dials: The customer that it leads to; empty for all others.
        caller: Who dialled.
        session: Number of the FastAGI session that holds it; 0 for none.
        peer: The channel it is bridged with.
        bridged_at: When that began.
        released: ctid let it go for good.
        script: What the dialplan asks of ctid: ``in``, ``after``, ``transfer`` or ``decide``.
        extension: Where a phone sent it on to.
        orders: How many commands its session was given.
        tasks: How many of them have yet to be answered.
        free_ms: When its session is done with those that it was given.
        music: Whether it hears music.
        native: The dialplan connects it by itself; ctid only watches.
        holds: The caller's channel whose agent this is: while it lives, no other agent's is bridged with them.
        pick_up: What happens when it is answered, by whomever it leads to.
        keys: What they press when asked for a key, one after another, where people do nothing of themselves.
    """

    unique_id: str
    device: str = ""
    dials: str = ""
    dnis: str = ""
    caller: int = 0
    answered: bool = False
    session: int = 0
    peer: str = ""
    bridge: str = ""
    bridged_at: int = 0
    released: bool = False
    holds: str = ""
    script: str = "in"
    extension: str = ""
    orders: int = 0
    tasks: int = 0
    free_ms: int = 0
    music: bool = False
    native: bool = False
    pick_up: Action | None = None
    keys: str = ""


@dataclass
class Link:
    """What is on its way to ctid over one connection: nothing overtakes, and all of it is lost with the connection."""

    up: bool = True
    generation: int = 0
    last_ms: int = 0
