"""A small site for the tables of events and commands: the engine with a clock of its own and shorthands for events."""

from __future__ import annotations

import copy
from typing import Any, TypeVar

from ctid.engine.engine import Engine
from ctid.model import commands as cmd
from ctid.model import events as ev
from ctid.model.agent import Agent
from ctid.model.contact import Contact
from ctid.model.instant import Instant
from ctid.model.offer import Offer
from ctid.model.record import ContactRecord
from ctid.model.states import AgentState, ContactState

UTC_MS = 1_795_000_000_000  # a Wednesday, 2026-11-18 12:26:40 in Berlin
SPEC: dict[str, Any] = {
    "site": "demo",
    "country": "DE",
    "skills": ["sales"],
    "reasons": {"break": "Break"},
    "dispositions": {"solved": "Solved", "order": "Order"},
    "policy": {"max_misses": 2},
    "calendars": {"office": {"timezone": "Europe/Berlin", "hours": {"mon-fri": ["08:00-20:00"]}}},
    "entries": {
        "hotline": {"dnis": "100", "open": {"menu": "main"}},
        "direct": {"dnis": "101", "open": {"queue": "sales", "set": {"topic": "sales"}, "priority": 3}},
        "office": {
            "dnis": "102",
            "calendar": "office",
            "open": {"queue": "sales"},
            "closed": {"play": ["closed"], "hangup": True},
        },
        "anyone": {"dnis": "103", "open": {"queue": "support"}},
    },
    "menus": {
        "main": {
            "prompts": ["welcome", "choose"],
            "timeout_seconds": 4,
            "tries": 2,
            "timeout_prompts": ["no-key"],
            "invalid_prompts": ["wrong-key"],
            "keys": {
                "1": {"queue": "sales"},
                "2": {"play": ["wait"], "queue": "support", "set": {"topic": "help"}},
                "3": {"menu": "main"},
                "4": {"hangup": True},
            },
            "otherwise": {"queue": "support"},
        }
    },
    "queues": {
        "sales": {
            "name": "Sales",
            "steps": [{"skills": {"sales": 5}}, {"after_seconds": 20, "skills": {"sales": 1}}],
            "ring_seconds": 15,
            "wrap_up_seconds": 20,
            "dispositions": ["order"],
        },
        "support": {
            "steps": [{}],
            "music": "jazz",
            "overflow": [{"wait_seconds": 60, "to": {"play": ["sorry"], "hangup": True}}],
        },
    },
    "agents": {
        "alice": {"name": "Alice", "device": "PJSIP/1001", "pbx": "main", "skills": {"sales": 8}, "team": "red"},
        "bob": {"name": "Bob", "device": "PJSIP/1002", "pbx": "main", "skills": {"sales": 2}},
    },
}

C = TypeVar("C", bound=cmd.Command)


class Site:
    """An engine with a PBX that is up."""

    def __init__(self, spec: dict[str, Any] = SPEC) -> None:
        self.engine = Engine()
        self.mono_ms = 1_000_000
        self.utc_ms = UTC_MS
        self.requests = 0
        self.out: list[cmd.Command] = []
        self.give(ev.SiteStarted(site="demo", epoch="e1", release="0"))
        self.give(ev.ConfigLoaded(spec=spec))
        self.up()

    @property
    def now(self) -> Instant:
        return Instant(self.mono_ms, self.utc_ms)

    def give(self, *events: ev.Event) -> list[cmd.Command]:
        """Give events in the same instant; the last one's commands come back, and stay in ``out``."""
        for event in events:
            self.out = self.engine.handle(event, self.now)
        return self.out

    def wait(self, seconds: float) -> list[cmd.Command]:
        """Let time go by, and every timer that is due fire in its turn; all commands come back."""
        until, gathered = self.mono_ms + round(seconds * 1000), []
        while due := [item for item in self.engine.state.timers.items() if item[1] <= until]:
            timer_id, at = min(due, key=lambda item: item[1])
            self.tick(max(0, at - self.mono_ms))
            gathered += self.give(ev.TimerFired(timer_id=timer_id))
        self.tick(until - self.mono_ms)
        self.out = gathered
        return gathered

    def tick(self, ms: int) -> None:
        """Let time go by, and fire nothing."""
        self.mono_ms += ms
        self.utc_ms += ms

    def all(self, kind: type[C]) -> list[C]:
        """The commands of one kind that came last."""
        return [command for command in self.out if isinstance(command, kind)]

    def only(self, kind: type[C]) -> C:
        """The one command of a kind that came last."""
        (command,) = self.all(kind)
        return command

    def published(self) -> list[str]:
        """The types of what was published last."""
        return [command.type for command in self.all(cmd.Publish)]

    # ---- events --------------------------------------------------------------------------------------------

    def up(self, *legs: ev.LegSeen, boot: str = "b1", devices: dict[str, bool] | None = None) -> list[cmd.Command]:
        return self.give(ev.PbxReconciled(pbx="main", legs=list(legs), devices=devices or {}, boot=boot))

    def call(self, unique_id: str = "c1", dnis: str = "101", ani: str = "+4930123456", **fields: Any) -> Contact:
        """A call; a flow that waits to know who it is learns at once that nobody does."""
        came = self.give(ev.CallArrived(pbx="main", unique_id=unique_id, ani=ani, dnis=dnis, **fields))
        contact = list(self.engine.state.contacts.values())[-1]
        if f"known:{contact.id}" in self.engine.state.timers:
            self.out = [*came, *self.give(ev.CustomerLookedUp(contact_id=contact.id, customer=None))]
        return contact

    def key(self, digits: str, unique_id: str = "c1", end: ev.CollectEnd = ev.CollectEnd.DIGITS) -> list[cmd.Command]:
        token = self.only(cmd.PlayAndCollect).token
        return self.give(ev.DigitsCollected(pbx="main", unique_id=unique_id, token=token, digits=digits, ended_by=end))

    def played(self, unique_id: str = "c1") -> list[cmd.Command]:
        return self.key("", unique_id, ev.CollectEnd.PLAYED)

    def ended(self, unique_id: str = "c1", cause: int = 16) -> list[cmd.Command]:
        """A leg ends; a bridge of two is dissolved before."""
        legs = list(self.engine.state.legs.values())
        bridge = next((leg.bridge_id for leg in legs if leg.unique_id == unique_id), "")
        for leg in legs:
            if bridge and leg.bridge_id == bridge:
                self.give(ev.LegUnbridged(pbx="main", unique_id=leg.unique_id, bridge_id=bridge))
        return self.give(ev.LegEnded(pbx="main", unique_id=unique_id, cause=cause))

    def failed(self, unique_id: str, reason: int) -> list[cmd.Command]:
        return self.give(ev.LegFailed(pbx="main", unique_id=unique_id, reason=reason))

    def back(self, unique_id: str = "c1") -> list[cmd.Command]:
        """A caller comes back to us out of a talk."""
        self.unbridged(unique_id)
        return self.give(ev.CallerReturned(pbx="main", unique_id=unique_id))

    def answered(self, unique_id: str) -> list[cmd.Command]:
        return self.give(ev.LegAnswered(pbx="main", unique_id=unique_id))

    def bridged(self, *unique_ids: str, bridge: str = "br") -> list[cmd.Command]:
        return self.give(*(ev.LegBridged(pbx="main", unique_id=each, bridge_id=bridge) for each in unique_ids))

    def unbridged(self, *unique_ids: str) -> list[cmd.Command]:
        """These legs leave the bridges that they are in."""
        legs = [leg for leg in self.engine.state.legs.values() if leg.unique_id in unique_ids and leg.bridge_id]
        left = [ev.LegUnbridged(pbx="main", unique_id=leg.unique_id, bridge_id=leg.bridge_id) for leg in legs]
        return self.give(*left)

    def request(self, kind: type[ev.Request], **fields: Any) -> list[cmd.Command]:
        self.requests += 1
        return self.give(kind(command_id=f"q{self.requests}", principal="test", **fields))

    def ask(self, agent_id: str, state: AgentState, **fields: Any) -> list[cmd.Command]:
        return self.request(ev.AgentStateRequested, agent_id=agent_id, state=state, **fields)

    def ready(self, *agent_ids: str) -> None:
        for agent_id in agent_ids or ("alice", "bob"):
            self.ask(agent_id, AgentState.READY)
            self.tick(1)

    # ---- whole stretches -----------------------------------------------------------------------------------

    def offered(self, unique_id: str = "c1", agent_id: str = "alice") -> str:
        """A call on 101 that is offered to the agent; gives the agent's leg."""
        self.ready(agent_id)
        self.call(unique_id)
        return self.only(cmd.RingAgent).unique_id

    def connected(self, unique_id: str = "c1", agent_id: str = "alice") -> str:
        """A call on 101 that talks to the agent; gives the agent's leg."""
        leg = self.offered(unique_id, agent_id)
        self.answered(leg)
        self.give(ev.AgiEnded(pbx="main", unique_id=unique_id))
        self.bridged(leg, unique_id)
        assert self.contact(-1).state is ContactState.CONNECTED
        return leg

    def wrapping(self) -> str:
        """A talk of ten seconds that the agent ended, and the caller was let go."""
        leg = self.connected()
        self.tick(10_000)
        self.ended(leg)
        self.back()
        self.ended("c1")
        assert self.agent().state is AgentState.WRAP_UP
        return leg

    # ---- state ---------------------------------------------------------------------------------------------

    def agent(self, agent_id: str = "alice") -> Agent:
        return self.engine.state.agents[agent_id]

    def contact(self, index: int = 0) -> Contact:
        return list(self.engine.state.contacts.values())[index]

    def offer(self) -> Offer:
        (offer,) = self.engine.state.offers.values()
        return offer

    def record(self) -> ContactRecord:
        return self.only(cmd.SaveRecord).record


def changed(path: str, value: Any, spec: dict[str, Any] = SPEC) -> dict[str, Any]:
    """The configuration with another value at ``a/b/c``; ``None`` takes it out."""
    spec = copy.deepcopy(spec)
    *parents, last = path.split("/")
    place: Any = spec
    for parent in parents:
        place = place[int(parent)] if isinstance(place, list) else place.setdefault(parent, {})
    if value is None:
        del place[last]
    else:
        place[last] = value
    return spec
