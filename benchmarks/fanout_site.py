"""A whole ctid whose PBX is simulated: from the inbox to the sockets all is real, journal and database with it.

A process of its own, run by ``desktop_fanout``; takes its orders as JSON lines on standard input, answers on standard
output:

- at once it tells its ``port`` and ``tokens``: agents first, then supervisors of a team and its queue, then of all;
- ``{"usage": true}`` tells the bytes it occupies and the seconds of processor time it has used;
- ``{"log_in": true}`` has all agents go READY;
- ``{"call": seconds}`` has callers call for so long, then waits until all of them have gone;
- ``{"collect": path}`` writes what was published, as lines of [seq, when the PBX told of its cause or null, when it was
  published, numbers of the desktops that it was for, payload].
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import uvloop

import ctid.app
from ctid.app import Daemon
from ctid.desktop.identity.auth import Authority, Principal
from ctid.desktop.stream.audience import Audience
from ctid.desktop.stream.hub import Hub
from ctid.model import commands as do
from ctid.model import events as ev
from ctid.model.access import Grant, Role
from ctid.model.states import AgentState
from ctid.spec.daemon import DaemonSpec
from ctid.spec.loader import Config
from ctid.spec.site import SiteSpec
from ctid.telemetry import logs

TEAMS: Final = 19
AGENTS_OF_TEAM: Final = 100
SUPERVISORS_OF_TEAM: Final = 5
SUPERVISORS_OF_ALL: Final = 5
CALLS_PER_SECOND: Final = 50
TALK_SECONDS: Final = (4.0, 10.0)
ANSWER_SECONDS: Final = (0.5, 3.0)
_DRAIN_SECONDS: Final = 40.0
_LOG_IN_SECONDS: Final = 60.0
_SECRET: Final = "demo-only-secret-of-the-benchmark"
_TOKEN_SECONDS: Final = 3_600.0
_PBX: Final = "main"


class SimulatedPbx:
    """Stands for the AMI link and the FastAGI server of the daemon, and has callers and agents' phones behind it."""

    port = 0
    ready = True
    state = ""

    def __init__(self, *_: Any, **__: Any) -> None:
        """Take nothing of what the real ones are given."""

    put: Callable[[ev.Event], None]
    causes: dict[tuple[str, str], float]
    chance = random.Random(20)
    _calls = 0

    @classmethod
    def tell(cls, event: ev.Event, type_: str = "", unique_id: str = "") -> None:
        """Put an event in, and note when, if something is to be published of it that can be told by contact."""
        if type_:
            cls.causes[type_, unique_id] = time.monotonic()
        cls.put(event)

    async def listen(self) -> None:
        """Be there."""

    def close(self) -> None:
        """Go."""

    async def run(self) -> None:
        """Be reachable, with all phones, until cancelled."""
        if isinstance(self, SimulatedLink):
            self.tell(ev.PbxReconciled(pbx=_PBX, legs=[], devices={}))
        await asyncio.Event().wait()

    def call(self, queue: int) -> None:
        """Somebody dials a queue's number."""
        unique_id = self._next("in")
        self.tell(
            ev.CallArrived(pbx=_PBX, unique_id=unique_id, ani=f"+49301{self._calls:06}", dnis=str(500 + queue)),
            "contact.created",
            unique_id,
        )

    def execute(self, command: do.Command) -> bool:
        """Do as Asterisk, its phones and their people would."""
        loop, chance = asyncio.get_running_loop(), self.chance
        match command:
            case do.RingAgent(unique_id=unique_id, peer_unique_id=peer):
                answer = chance.uniform(*ANSWER_SECONDS)
                loop.call_later(0.02, self.tell, ev.LegAlerting(pbx=_PBX, unique_id=unique_id))
                loop.call_later(answer, self._answer, unique_id, peer)
            case do.PlayAndCollect(unique_id=unique_id, token=token):
                played = ev.DigitsCollected(
                    pbx=_PBX, unique_id=unique_id, token=token, digits="", ended_by=ev.CollectEnd.PLAYED
                )
                loop.call_soon(self.tell, played)
            case do.HangUpLeg(unique_id=unique_id):
                loop.call_soon(self.tell, ev.LegEnded(pbx=_PBX, unique_id=unique_id, cause=16))
        return True

    def _answer(self, unique_id: str, peer: str) -> None:
        self.tell(ev.LegAnswered(pbx=_PBX, unique_id=unique_id))
        bridge = self._next("bridge")
        self.tell(ev.LegBridged(pbx=_PBX, unique_id=unique_id, bridge_id=bridge))
        self.tell(ev.LegBridged(pbx=_PBX, unique_id=peer, bridge_id=bridge), "contact.connected", peer)
        loop = asyncio.get_running_loop()
        loop.call_later(self.chance.uniform(*TALK_SECONDS), self._end, unique_id, peer)

    def _end(self, unique_id: str, peer: str) -> None:
        self.tell(ev.LegEnded(pbx=_PBX, unique_id=peer, cause=16), "contact.wrap_up", peer)
        self.tell(ev.LegEnded(pbx=_PBX, unique_id=unique_id, cause=16))

    @classmethod
    def _next(cls, kind: str) -> str:
        SimulatedPbx._calls += 1
        return f"{kind}-{SimulatedPbx._calls}"


class SimulatedLink(SimulatedPbx):
    """The AMI link."""

    def __init__(self, _name: str, _spec: Any, put: Callable[[ev.Event], None], _metrics: Any) -> None:
        """Take where events go."""
        SimulatedPbx.put = staticmethod(put)
        SimulatedPbx.causes = {}


class NotingHub(Hub):
    """The hub, which notes when what was published."""

    def __init__(self, *parts: Any) -> None:
        """Make it as ever."""
        super().__init__(*parts)
        self.published: list[tuple[float, do.Publish]] = []
        self.open_contacts = 0
        self.state_changes = 0
        NotingHub.only = self

    only: NotingHub

    def publish(self, command: do.Publish) -> None:
        """Publish, and note it."""
        self.published.append((time.monotonic(), command))
        self.state_changes += command.type == "agent.state_changed"
        self.open_contacts += (command.type == "contact.created") - (command.type == "contact.closed")
        super().publish(command)


class Site:
    """The running daemon and its people."""

    def __init__(self, folder: Path) -> None:
        """Make the daemon; nothing runs yet."""
        daemon = DaemonSpec.model_validate(
            {
                "pbxes": {_PBX: {"ami": {"host": "127.0.0.1", "port": 1, "username": "none", "secret": "none"}}},
                "api": {"port": 0, "token_secret": _SECRET, "replay_events": 200_000},
                "journal": {"path": str(folder / "journal.db")},
                "store": {"url": f"sqlite:///{folder / 'ctid.db'}"},
            }
        )
        site = SiteSpec.model_validate(
            {
                "site": "bench",
                "country": "DE",
                "entries": {f"e{n}": {"dnis": str(500 + n), "open": {"queue": f"q{n}"}} for n in range(TEAMS)},
                "queues": {f"q{n}": {"steps": [{"skills": {f"s{n}": 1}}], "wrap_up_seconds": 4} for n in range(TEAMS)},
                "skills": [f"s{n}" for n in range(TEAMS)],
                "agents": {
                    agent_id: {
                        "name": agent_id,
                        "device": f"PJSIP/{agent_id}",
                        "pbx": _PBX,
                        "team": f"t{team}",
                        "skills": {f"s{team}": 5},
                    }
                    for agent_id, team in self._agents()
                },
            }
        )
        self.daemon = Daemon(folder, Config(site=site, daemon=daemon))
        self.pbx = SimulatedPbx()
        self.people = [Grant(subject=agent, role=Role.AGENT, agent_id=agent) for agent, _ in self._agents()]
        self.people += [
            Grant(subject=f"team-{team}-{n}", role=Role.SUPERVISOR, teams=[f"t{team}"], queues=[f"q{team}"])
            for team in range(TEAMS)
            for n in range(SUPERVISORS_OF_TEAM)
        ]
        self.people += [Grant(subject=f"all-{n}", role=Role.SUPERVISOR) for n in range(SUPERVISORS_OF_ALL)]

    def tokens(self) -> list[str]:
        """A token for each of the people."""
        authority = Authority(_SECRET, "bench")
        return [authority.grant(person, time.time() + _TOKEN_SECONDS) for person in self.people]

    async def log_in(self) -> None:
        """All agents go READY; returns when they are: what is measured must not stand in line behind it."""
        hub = NotingHub.only
        due = hub.state_changes + 2 * len(self._agents())
        for agent, _ in self._agents():
            for state in (AgentState.NOT_READY, AgentState.READY):
                request = ev.AgentStateRequested(
                    command_id="log-in", principal="bench", agent_id=agent, state=state, forced=True
                )
                SimulatedPbx.put(request)
        async with asyncio.timeout(_LOG_IN_SECONDS):
            while hub.state_changes < due:  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0.1)

    async def call(self, seconds: float) -> None:
        """Callers call, evenly spread over queues and at random moments; then all of them go."""
        loop, chance = asyncio.get_running_loop(), random.Random(21)
        moments = sorted(chance.uniform(0, seconds) for _ in range(round(seconds * CALLS_PER_SECOND)))
        began = loop.time()
        for number, moment in enumerate(moments):
            loop.call_at(began + moment, self.pbx.call, number % TEAMS)
        await asyncio.sleep(seconds)
        # Until the last is wrapped up; where the machine is slow that may be late, but it ends.
        with suppress(TimeoutError):
            async with asyncio.timeout(_DRAIN_SECONDS):
                while NotingHub.only.open_contacts:  # noqa: ASYNC110 - nothing tells of it
                    await asyncio.sleep(0.2)

    def collect(self, path: Path) -> None:
        """Write what was published."""
        hub = NotingHub.only
        numbers = {person.subject: number for number, person in enumerate(self.people)}
        audiences = [
            (number, Audience.of(_principal(person), None), person.agent_id)
            for number, person in enumerate(self.people)
        ]
        heard = {audience: [n for n, other, _ in audiences if other == audience] for _, audience, _ in audiences}
        messages = {message.seq: message for message in hub.recent}
        with path.open("w") as file:
            for at, command in hub.published:
                ani = command.data.get("contact", {}).get("ani") or "0"
                cause = SimulatedPbx.causes.get((command.type, f"in-{int(ani[-6:])}"))
                message = messages[command.seq]
                receivers = {
                    n
                    for audience, all_of_them in heard.items()
                    if audience.hears(message, hub.team_of)
                    for n in all_of_them
                }
                receivers |= {numbers[agent_id] for agent_id in command.agent_ids}
                line = [command.seq, cause, at, sorted(receivers), message.payload.decode()]
                print(json.dumps(line), file=file)

    @staticmethod
    def _agents() -> list[tuple[str, int]]:
        return [(f"a{team:02}{number:02}", team) for team in range(TEAMS) for number in range(AGENTS_OF_TEAM)]


def _principal(person: Grant) -> Principal:
    return Principal(
        person.subject, person.role, person.agent_id, 0, queues=frozenset(person.queues), teams=frozenset(person.teams)
    )


def _memory() -> int:
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * 4096


async def serve(folder: Path) -> None:
    """Carry out orders until standard input ends."""
    site = Site(folder)
    running = asyncio.create_task(site.daemon.run())
    started = asyncio.create_task(site.daemon.started.wait())
    await asyncio.wait([running, started], return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        running.result()
    print(json.dumps({"port": site.daemon.api_port, "tokens": site.tokens()}), flush=True)
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while line := await orders.readline():
        order = json.loads(line)
        answer: dict[str, Any] = {}
        if "usage" in order:
            answer = {"bytes": _memory(), "cpu": time.process_time()}
        elif "log_in" in order:
            await site.log_in()
        elif "call" in order:
            await site.call(order["call"])
        else:
            site.collect(Path(order["collect"]))
        print(json.dumps(answer), flush=True)
    site.daemon.stop()
    site.daemon.stop()
    with suppress(asyncio.CancelledError):
        await running


def main() -> None:
    """Run the daemon with a PBX that is simulated."""
    logs.configure(stream=sys.stderr)
    with (
        tempfile.TemporaryDirectory() as folder,
        patch.object(ctid.app, "AmiLink", SimulatedLink),
        patch.object(ctid.app, "AgiServer", SimulatedPbx),
        patch.object(ctid.app, "Hub", NotingHub),
    ):
        uvloop.run(serve(Path(folder)))


if __name__ == "__main__":
    main()
