"""What waits for one webhook: events of one contact or agent one after another, and no other has to wait for them."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable

from ctid.model.webhook import Delivery


class Lanes:
    """Deliveries by what they are about. A delivery that failed holds up its own lane only."""

    def __init__(self) -> None:
        self._lanes: dict[str, deque[Delivery]] = {}
        self._under_way: dict[str, Delivery] = {}
        # The first of each lane that has none under way, by when it is due; some are outdated.
        self._heads: list[tuple[int, int, str]] = []
        # All that wait, oldest first, without those under way.
        self._waiting: dict[int, str] = {}

    def __len__(self) -> int:
        return len(self._waiting) + len(self._under_way)

    @property
    def under_way(self) -> int:
        """How many are being tried."""
        return len(self._under_way)

    def add(self, deliveries: Iterable[Delivery]) -> None:
        """Put deliveries at the ends of their lanes."""
        for delivery in deliveries:
            lane = self._lanes.setdefault(delivery.lane, deque())
            lane.append(delivery)
            self._waiting[delivery.number] = delivery.lane
            if len(lane) == 1 and delivery.lane not in self._under_way:
                self._push(delivery)

    def next_due_ms(self) -> int | None:
        """When the next is due, whose lane has none under way."""
        self._forget_outdated()
        return self._heads[0][0] if self._heads else None

    def start(self, now_ms: int) -> Delivery | None:
        """Take the one that is due longest; it is under way until ``finish`` or ``put_back``."""
        self._forget_outdated()
        if not self._heads or self._heads[0][0] > now_ms:
            return None
        _, number, name = heapq.heappop(self._heads)
        delivery = self._lanes[name].popleft()
        del self._waiting[number]
        self._under_way[name] = delivery
        return delivery

    def finish(self, delivery: Delivery) -> None:
        """It is done with; the next of its lane may go."""
        del self._under_way[delivery.lane]
        lane = self._lanes[delivery.lane]
        if lane:
            self._push(lane[0])
        else:
            del self._lanes[delivery.lane]

    def put_back(self, delivery: Delivery) -> None:
        """It is to be tried again before the others of its lane."""
        del self._under_way[delivery.lane]
        self._lanes[delivery.lane].appendleft(delivery)
        self._waiting[delivery.number] = delivery.lane
        self._push(delivery)

    def take_oldest(self, count: int) -> list[Delivery]:
        """Give up so many of those that came first and are not under way."""
        taken = []
        for number in heapq.nsmallest(count, self._waiting):
            name = self._waiting.pop(number)
            lane = self._lanes[name]
            delivery = next(each for each in lane if each.number == number)
            was_first = lane[0] is delivery
            lane.remove(delivery)
            taken.append(delivery)
            if name in self._under_way:
                continue
            if not lane:
                del self._lanes[name]
            elif was_first:
                self._push(lane[0])
        return taken

    def _push(self, delivery: Delivery) -> None:
        heapq.heappush(self._heads, (delivery.due_ms, delivery.number, delivery.lane))

    def _forget_outdated(self) -> None:
        while self._heads:
            due_ms, number, name = self._heads[0]
            lane = self._lanes.get(name)
            if name not in self._under_way and lane and (lane[0].number, lane[0].due_ms) == (number, due_ms):
                return
            heapq.heappop(self._heads)
