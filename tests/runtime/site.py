"""The runtime without PBX and desktops: real journal, real engine, and a dispatcher that only takes down."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ctid.model import events as ev
from ctid.model.commands import Command
from ctid.model.states import AgentState
from ctid.runtime.clock import SiteClock
from ctid.runtime.inbox import Inbox
from ctid.runtime.keeper import Keeper
from ctid.runtime.runner import Runner
from ctid.spec.daemon import JournalSpec
from ctid.spec.loader import load_config
from ctid.telemetry.metrics import Metrics

DEMO = Path(__file__).parents[2] / "config" / "demo"


def demo_site() -> dict[str, Any]:
    return load_config(DEMO).site.model_dump(mode="json")


def ready(agent_id: str = "alice", command_id: str = "c1") -> ev.AgentStateRequested:
    return ev.AgentStateRequested(command_id=command_id, principal=agent_id, agent_id=agent_id, state=AgentState.READY)


class Life:
    """One life of a daemon on a journal; the next one goes on where it ended."""

    def __init__(
        self,
        path: Path,
        *,
        epoch: str = "e1",
        snapshot_events: int = 20_000,
        keep_events: int = 1_000,
        full_sync: bool = False,
    ) -> None:
        self.metrics = Metrics("test")
        spec = JournalSpec(path=path, snapshot_events=snapshot_events, keep_events=keep_events, full_sync=full_sync)
        self.keeper = Keeper.open(spec, "demo", self.metrics)
        self.recovered: list[Command] = []
        self.engine, last = self.keeper.recover(self.recovered.extend)
        self.inbox = Inbox()
        self.runner = Runner(self.engine, self.keeper, SiteClock(last), self.inbox, self.metrics, last)
        self.commands: list[Command] = []
        self._epoch = epoch

    def execute(self, commands: Sequence[Command]) -> None:
        self.commands.extend(commands)
        for command in commands:
            if type(command).__name__ in ("Accept", "Refuse"):
                self.runner.answer(command)  # type: ignore[arg-type]

    def observe(self, commands: Sequence[Command]) -> None:
        """Nothing is counted here."""

    async def end(self) -> None:
        """An orderly end: all that was put off is done."""
        self.runner.settle(self)
        await self.keeper.close()

    async def begin(self) -> None:
        await self.take(
            ev.SiteStarted(site="demo", epoch=self._epoch, release="test"),
            ev.ConfigLoaded(spec=demo_site()),
            ev.PbxReconciled(pbx="main", legs=[], devices={}, boot="1"),
        )

    async def take(self, *events: ev.Event) -> None:
        for event in events:
            self.runner.put(event)
        await self.runner.consume(await self.inbox.take(1_000), self)

    def of(self, kind: type[Command]) -> list[Any]:
        return [command for command in self.commands if type(command) is kind]
