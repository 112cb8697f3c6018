"""A recording as a workload: the same callers and agents under the same or another configuration.

What a recording cannot tell is drawn: the patience of callers who were answered (they did not hang up, so it is only
known to be longer than their wait), the handling of callers who were not, and how long a phone rings.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import TypeVar

from ctid.simulation.patience import Patience
from ctid.simulation.recording import Recording
from ctid.simulation.staging import agent_groups, on_phones, pbxes
from ctid.simulation.tally import Sample
from ctid.simulation.workload import Call, Presence
from ctid.simulation.world import Observer, World
from ctid.spec.site import SiteSpec

ENOUGH = 30
"""So many callers of a queue must have hung up, or been served, for the queue to have a distribution of its own."""


class RecordedWorkload:
    """One replication of a recording: what it does not tell is drawn."""

    def __init__(self, recording: Recording, site: SiteSpec, seed: int, replication: int) -> None:
        self.length_ms = recording.length_ms
        self._recording = recording
        self._site = site
        self._chance = {
            purpose: Random(f"{seed}/{replication}/{purpose}") for purpose in ("patience", "handling", "answer")
        }
        waits = _by_queue(
            [(heard.queue, (heard.wait_ms, heard.hung_up)) for heard in recording.heard if heard.queue],
            lambda seen: sum(hung_up for _, hung_up in seen),
        )
        self._patience = {queue: Patience(each) for queue, each in waits.items()}
        self._handling = _by_queue(
            [(each.queue, (each.call.handling_ms, each.call.wrap_up_ms)) for each in recording.heard if each.served],
            len,
        )

    def calls(self) -> Iterator[Call]:
        """Every caller as recorded, with what they would have done if they had not been answered, or had been."""
        known = set(pbxes(self._site))
        for heard in self._recording.heard:
            patience, handling = self._chance["patience"].random(), self._chance["handling"].random()
            call = replace(heard.call)
            if call.pbx not in known:
                call.pbx = pbxes(self._site)[0]
            if heard.hung_up:
                call.patience_ms = heard.wait_ms
            else:
                curve = self._patience.get(heard.queue) or self._patience[""]
                call.patience_ms = curve.draw(patience, heard.wait_ms)
            if not heard.served:
                seen = self._handling.get(heard.queue) or self._handling[""]
                call.handling_ms, call.wrap_up_ms = seen[int(handling * len(seen))]
            yield call

    def presence(self) -> list[Presence]:
        """Every coming and going of agents who are in the configuration."""
        return [each for each in self._recording.presence if each.agent_id in self._site.agents]

    def answer_ms(self) -> int:
        """How long the next agent who is rung takes to answer."""
        seen = self._recording.answers_ms
        return seen[int(self._chance["answer"].random() * len(seen))] if seen else 0


Seen = TypeVar("Seen")


def _by_queue(seen: Sequence[tuple[str, Seen]], weight: Callable[[list[Seen]], int]) -> dict[str, list[Seen]]:
    """What was seen in each queue that saw enough of it, and in all queues under the empty name."""
    found: dict[str, list[Seen]] = defaultdict(list)
    for queue, each in seen:
        found[queue].append(each)
    every = [each for _, each in seen]
    return {"": every} | {queue: each for queue, each in found.items() if weight(each) >= ENOUGH}


@dataclass(frozen=True)
class RecordedCase:
    """A recording under one configuration.

    Attributes:
        recording: The recording.
        site: The configuration.
        seed: Of what is drawn.
    """

    recording: Recording
    site: SiteSpec
    seed: int = 1

    def run(self, replication: int, observer: Observer | None = None) -> Sample:
        """Run one replication."""
        workload = RecordedWorkload(self.recording, self.site, self.seed, replication)
        return World(on_phones(self.site), workload, start_utc_ms=self.recording.start_utc_ms, observer=observer).run()

    def groups(self) -> dict[str, list[str]]:
        """The configuration's agents by their first group, or their team."""
        return agent_groups(self.site)


@dataclass(frozen=True)
class AsRecorded:
    """What really happened, to be set beside what is simulated.

    Attributes:
        recording: The recording.
        site: The configuration then.
    """

    recording: Recording
    site: SiteSpec

    def run(self, replication: int) -> Sample:
        """Return what was counted; it happened but once."""
        del replication
        return self.recording.sample

    def groups(self) -> dict[str, list[str]]:
        """The configuration's agents by their first group, or their team."""
        return agent_groups(self.site)
