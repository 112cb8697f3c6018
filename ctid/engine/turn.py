"""One event being handled: the state, the moment, and the commands so far."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ctid.acd.floor import Floor
from ctid.engine.state import SiteState
from ctid.model.commands import CancelTimer, Command, Note, Publish, StartTimer
from ctid.model.instant import Instant
from ctid.spec.site import SiteSpec
from ctid.tracker.legs import LegTable


class Turn:
    """What every handler of the engine is given.

    Attributes:
        state: The site's state, changed in place.
        site: The configuration in force.
        now: The moment of the event.
        legs: The live legs.
        commands: What is to be done, in order.
        quiet: Nobody listens: events are counted, not published.
        caused_by: Command id of the request that is being handled, if any.
        reconciled: The event was found out by comparing with the PBX, not told by it.
        floor: Waiting contacts and free agents, brought up to date before the event is done.
        touched_agents: Agents whose availability may have changed.
        touched_contacts: Contacts that may wait now, wait otherwise, or wait no more.
        deserted: Agents logged out or lost a skill; who waits for somebody like them is looked at again.
    """

    __slots__ = (
        "caused_by", "commands", "deserted", "floor", "legs", "now", "quiet", "reconciled", "site", "state",
        "touched_agents", "touched_contacts",
    )  # fmt: skip

    def __init__(self, state: SiteState, site: SiteSpec, now: Instant, floor: Floor, *, quiet: bool = False) -> None:
        self.state = state
        self.site = site
        self.now = now
        self.legs = LegTable(state.legs, state.aliases)
        self.commands: list[Command] = []
        self.caused_by = ""
        self.reconciled = False
        self.floor = floor
        self.quiet = quiet
        self.touched_agents: dict[str, None] = {}
        self.touched_contacts: dict[str, None] = {}
        self.deserted = False

    def emit(self, command: Command) -> None:
        """Add a command."""
        self.commands.append(command)

    def touch_agent(self, agent_id: str) -> None:
        """An agent's availability may have changed: matching looks at them before the event is done."""
        self.touched_agents[agent_id] = None

    def touch_contact(self, contact_id: str) -> None:
        """What a contact waits for may have changed: matching looks at it before the event is done."""
        self.touched_contacts[contact_id] = None

    def touch_all(self) -> None:
        """Anything may have changed: a PBX, the configuration, the process."""
        self.touched_agents.update(dict.fromkeys(self.state.agents))
        self.touched_contacts.update(dict.fromkeys(self.state.contacts))

    def mint(self, kind: str) -> str:
        """A new id, unique over all processes that ever owned the site: kind, epoch, number."""
        self.state.minted += 1
        return f"{kind}-{self.state.epoch}-{self.state.minted}"

    def publish(
        self,
        type_: str,
        data: dict[str, Any] | Callable[[], dict[str, Any]],
        *,
        contact_id: str = "",
        agent_ids: list[str] | None = None,
        queue: str = "",
        hidden_from: list[str] | None = None,
    ) -> None:
        """Tell desktops and integrators; what is costly to render is given as a function of nothing."""
        if self.quiet:
            self.unheard()
            return
        self.state.stream_seq += 1
        if callable(data):
            data = data()
        if self.reconciled:
            data = {**data, "reconciled": True}
        self.emit(
            Publish(
                seq=self.state.stream_seq,
                at=self.now,
                type=type_,
                data=data,
                contact_id=contact_id,
                agent_ids=agent_ids or [],
                queue=queue,
                caused_by=self.caused_by,
                hidden_from=hidden_from or [],
            )
        )

    def unheard(self) -> None:
        """Count an event that nobody is there to hear; those who would make it need not."""
        self.state.stream_seq += 1

    def start_timer(self, timer_id: str, after_ms: int) -> None:
        """Have ``TimerFired`` after so many milliseconds."""
        due = self.now.mono_ms + after_ms
        self.state.timers[timer_id] = due
        self.emit(StartTimer(timer_id=timer_id, due_ms=due))

    def cancel_timer(self, timer_id: str) -> None:
        """Forget a timer, if it runs."""
        if self.state.timers.pop(timer_id, None) is not None:
            self.emit(CancelTimer(timer_id=timer_id))

    def note(self, code: str, detail: str = "") -> None:
        """Something odd, for a counter and one log line."""
        self.emit(Note(code=code, detail=detail))


def ms(seconds: float) -> int:
    """Seconds of the configuration in milliseconds."""
    return round(seconds * 1000)
