"""A site with the real engine behind the desktop API: events go in, commands come out at once, no PBX."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import shutil
import sqlite3
import tempfile
import time
import weakref
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from pydantic import SecretStr

from ctid.acd.floor import Floor
from ctid.desktop.app import DesktopServer
from ctid.desktop.identity.auth import Authority, Role
from ctid.desktop.ports import Component, refusal
from ctid.desktop.stream.hub import Hub
from ctid.engine.engine import Engine
from ctid.engine.state import SiteState
from ctid.errors import OverloadedError, RequestError
from ctid.model import events as ev
from ctid.model.commands import (
    Accept,
    Command,
    DialConsulted,
    PlayAndCollect,
    Publish,
    Refuse,
    RingAgent,
    RingSupervisor,
    SaveRecord,
)
from ctid.model.day import Quarter
from ctid.model.flow_report import FlowReport
from ctid.model.instant import Instant
from ctid.model.record import ContactRecord, RecordFilter, RecordPage
from ctid.model.supervision import SupervisionMode
from ctid.spec.daemon import ApiSpec
from ctid.spec.loader import load_config
from ctid.spec.site import SiteSpec
from ctid.spec.web_phone import WebPhonesSpec
from ctid.staffing.history import Bucket
from ctid.store.access import AccessStore
from ctid.store.database import Database
from ctid.store.passwords import Passwords
from ctid.telemetry.metrics import Metrics
from tests.desktop.kept_recordings import KeptRecordings
from tests.desktop.kept_webhooks import KeptWebhooks

SECRET = "demo-only-secret-of-the-desktop-tests"
EPOCH = "e1"
DEMO = Path(__file__).parents[2] / "config" / "demo"


@dataclass
class KeptRecords:
    """Records in a list, newest first; the cursor is the position."""

    records: list[ContactRecord] = field(default_factory=list)
    asked: list[RecordFilter] = field(default_factory=list)
    past: dict[str, list[Bucket]] = field(default_factory=dict)
    done_by_quarters: list[Quarter] = field(default_factory=list)
    flow_reports: dict[str, FlowReport] = field(default_factory=dict)
    flow_reports_asked: list[tuple[str, datetime, datetime]] = field(default_factory=list)

    async def find(self, which: RecordFilter, *, limit: int, cursor: str | None) -> RecordPage:
        self.asked.append(which)
        if cursor is not None and not cursor.isdigit():
            raise RequestError("the cursor is none of ours")
        found = [
            record
            for record in reversed(self.records)
            if which.queue in (None, record.queue)
            and which.outcome in (None, record.outcome)
            and (which.served_by is None or which.served_by in record.agents)
            and (not which.search or which.search in record.notes or record.disposition in which.search_dispositions)
            and (not which.queues or record.queue in which.queues)
        ]
        start = int(cursor or 0)
        more = str(start + limit) if len(found) > start + limit else None
        return RecordPage(records=found[start : start + limit], next_cursor=more)

    async def get(self, contact_id: str) -> ContactRecord | None:
        return next((record for record in self.records if record.contact_id == contact_id), None)

    async def quarters(self, queue: str | None, since: datetime, until: datetime) -> list[Quarter]:
        return [
            each
            for each in self.done_by_quarters
            if queue in (None, each.queue) and since <= datetime.fromtimestamp(each.start_utc_ms / 1_000, UTC) < until
        ]

    async def flow_report(self, flow: str, since: datetime, until: datetime) -> FlowReport:
        self.flow_reports_asked.append((flow, since, until))
        return self.flow_reports.get(flow, FlowReport(quarters=[], nodes=[]))

    async def demand(self, queue: str, since: datetime, until: datetime) -> list[Bucket]:
        return [bucket for bucket in self.past.get(queue, []) if since <= moment(bucket) < until]


def moment(bucket: Bucket) -> datetime:
    return datetime.fromtimestamp(bucket.start_ms / 1_000, UTC)


IDENTIFY = {
    "title": "Who is calling",
    "start": "hello",
    "languages": ["en", "zh"],
    "attributes": {"account": "digits"},
    "nodes": {
        "hello": {"say": [{"en": "Hello.", "zh": "您好。"}], "then": "topic"},
        "topic": {"title": "Topic", "menu": {"say": ["Press 1."], "keys": {"1": "account"}, "otherwise": "away"}},
        "account": {
            "collect": {
                "into": "account", "say": ["Your account?"], "max": 4, "sensitive": True,
                "then": "away", "otherwise": "away",
            }
        },
        "away": {"go": {"queue": "support"}},
    },
}  # fmt: skip
"""A flow for tests; ``add_flow`` brings it into force."""


class EngineSite:
    """What the runtime is to the desktop layer, without journal and PBX."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.engine = Engine()
        self.records = KeptRecords()
        self.events: list[ev.Event] = []
        self.done: list[Command] = []
        self.components = [Component(name="journal", ok=True), Component(name="pbx:main", ok=True)]
        self.overloaded = False
        self.webhooks = KeptWebhooks()
        self.recordings = self.recorder = KeptRecordings()
        self.web_phones: dict[str, WebPhonesSpec] = {}
        self.gate = asyncio.Event()
        self.gate.set()
        self._clock = time.monotonic() - 1_000
        self._calls = 0
        spec = load_config(DEMO).site
        self.handle(ev.SiteStarted(site=spec.site, epoch=EPOCH, release="test"))
        self.handle(ev.ConfigLoaded(spec=spec.model_dump(mode="json", by_alias=True)))
        self.handle(ev.PbxReconciled(pbx="main", legs=[], devices={}))

    def add_flow(self) -> None:
        """Have a flow ``identify``, which number 300 comes in by."""
        spec = self.spec.model_dump(mode="json", by_alias=True)
        spec["flows"] = {**spec["flows"], "identify": IDENTIFY}
        spec["entries"] = {"identified": {"dnis": "300", "open": {"flow": "identify"}}, **spec["entries"]}
        self.handle(ev.ConfigLoaded(spec=spec))

    @property
    def state(self) -> SiteState:
        return self.engine.state

    @property
    def spec(self) -> SiteSpec:
        return self.engine.site

    @property
    def floor(self) -> Floor:
        return self.engine.floor

    @property
    def epoch(self) -> str:
        return self.hub.epoch

    def now(self) -> Instant:
        return Instant(int((time.monotonic() - self._clock) * 1_000), time.time_ns() // 1_000_000)

    async def request(self, event: ev.Request) -> dict[str, Any]:
        if self.overloaded:
            raise OverloadedError("the inbox is full")
        await self.gate.wait()
        answers = [command for command in self.handle(event) if isinstance(command, Accept | Refuse)]
        assert len(answers) == 1
        assert answers[0].command_id == event.command_id
        if isinstance(answers[0], Refuse):
            raise refusal(answers[0])
        return answers[0].result

    def notify(self, event: ev.Event) -> None:
        self.handle(event)

    def readiness(self) -> list[Component]:
        return self.components

    def handle(self, event: ev.Event) -> list[Command]:
        self.events.append(event)
        commands = self.engine.handle(event, self.now())
        for command in commands:
            if isinstance(command, Publish):
                self.hub.publish(command)
            elif isinstance(command, SaveRecord):
                self.records.records.append(command.record)
        self.done += commands
        for command in commands:
            if isinstance(command, SaveRecord):
                self.handle(ev.RecordSaved(contact_id=command.record.contact_id))
        return commands

    # ---- what a PBX would do ------------------------------------------------------------------------------------

    def call(self, ani: str = "+4917612345678", key: str = "1") -> str:
        """A caller dials the hotline and presses a key; gives the contact's id."""
        self._calls += 1
        unique_id = f"in-{self._calls}"
        before = set(self.state.contacts)
        commands = self.handle(ev.CallArrived(pbx="main", unique_id=unique_id, ani=ani, dnis="100"))
        (contact_id,) = set(self.state.contacts) - before
        self.handle(ev.CustomerLookedUp(contact_id=contact_id, customer=None))
        prompts = [c for c in [*commands, *self.done] if isinstance(c, PlayAndCollect) and c.unique_id == unique_id]
        self.handle(
            ev.DigitsCollected(
                pbx="main",
                unique_id=unique_id,
                token=prompts[-1].token,
                digits=key,
                ended_by=ev.CollectEnd.DIGITS,
            )
        )
        return contact_id

    def hang_up(self, contact_id: str) -> None:
        """The caller goes."""
        leg = self.state.legs[self.state.contacts[contact_id].caller_leg]
        self.handle(ev.LegEnded(pbx="main", unique_id=leg.unique_id, cause=16))

    def answer(self, contact_id: str, bridge_id: str = "b1") -> str:
        """The agent's phone is answered and both are bridged; gives what the PBX calls the agent's leg."""
        ring = [c for c in self.done if isinstance(c, RingAgent)][-1]
        caller = self.state.legs[self.state.contacts[contact_id].caller_leg]
        self.handle(ev.LegAlerting(pbx="main", unique_id=ring.unique_id))
        self.handle(ev.LegAnswered(pbx="main", unique_id=ring.unique_id))
        self.bridge(bridge_id, ring.unique_id, caller.unique_id)
        return ring.unique_id

    def bridge(self, bridge_id: str, *unique_ids: str) -> None:
        """Channels enter a bridge."""
        for unique_id in unique_ids:
            self.handle(ev.LegBridged(pbx="main", unique_id=unique_id, bridge_id=bridge_id))

    def unbridge(self, bridge_id: str, *unique_ids: str) -> None:
        """Channels leave a bridge."""
        for unique_id in unique_ids:
            self.handle(ev.LegUnbridged(pbx="main", unique_id=unique_id, bridge_id=bridge_id))

    def consult(self, contact_id: str, agent_leg: str, number: str) -> None:
        """ctid holds the caller, calls somebody for the agent, and the two talk."""
        caller = self.state.legs[self.state.contacts[contact_id].caller_leg]
        ask = {"command_id": "c", "principal": "p", "contact_id": contact_id}
        self.handle(ev.ConsultationRequested(**ask, number=number, dial=True))
        self.unbridge(caller.bridge_id, agent_leg, caller.unique_id)
        (dialled,) = [c for c in self.done if isinstance(c, DialConsulted)][-1:]
        self.handle(ev.LegAlerting(pbx="main", unique_id=dialled.unique_id))
        self.handle(ev.LegAnswered(pbx="main", unique_id=dialled.unique_id))
        self.bridge("consultation", agent_leg, dialled.unique_id)

    def supervise(self, agent_id: str, device: str, who: str = "sue", **more: Any) -> str:
        """A supervisor's phone answers, and they hear the agent; gives the supervision's id."""
        asked = {"command_id": "c", "principal": who, "agent_id": agent_id, "device": device, **more}
        self.handle(ev.SupervisionRequested(**{"mode": SupervisionMode.MONITOR, **asked}))
        (rung,) = [c for c in self.done if isinstance(c, RingSupervisor)][-1:]
        self.handle(ev.LegAnswered(pbx="main", unique_id=rung.unique_id))
        self.handle(ev.SpyStarted(pbx="main", unique_id=rung.unique_id, spied=rung.agent_unique_id))
        return list(self.state.supervisions)[-1]


@dataclass
class Desk:
    """The running API and what stands behind it."""

    site: EngineSite
    hub: Hub
    metrics: Metrics
    server: Server
    authority: Authority
    access: AccessStore
    database: Database
    file: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    def token(self, who: str, lifetime: float = 600) -> str:
        """A token for ``alice``, ``bob`` (agents), ``sue`` (supervisor), ``adam`` (admin) or ``crm`` (integration)."""
        role = self.role(who)
        return self.authority.issue(who, role, who if role is Role.AGENT else "", lifetime)

    def role(self, who: str) -> Role:
        """Of one of those."""
        return {"sue": Role.SUPERVISOR, "adam": Role.ADMIN, "crm": Role.INTEGRATION}.get(who, Role.AGENT)

    def bearer(self, who: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(who)}"}

    def of_type(self, kind: type[ev.Event]) -> Sequence[Any]:
        return [event for event in self.site.events if isinstance(event, kind)]


class Server(DesktopServer):
    """The API's server with a database of its own, which is closed with it."""

    def __init__(self, *parts: Any, database: Database, passwords: Passwords) -> None:
        super().__init__(*parts)
        self._database = database
        self._passwords = passwords

    async def stop(self) -> None:
        await super().stop()
        self._passwords.close()
        await self._database.close()


@functools.cache
def _empty_database() -> bytes:
    """A SQLite file with the schema; made once, since each of many tests needs one."""

    async def make(path: Path) -> None:
        database = Database(f"sqlite:///{path}")
        await database.upgrade()
        await database.close()

    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as thread:
        path = Path(folder) / "ctid.db"
        thread.submit(asyncio.run, make(path)).result()
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return path.read_bytes()


def open_desk(file: Path | None = None, **api: Any) -> Desk:
    """The API on a free port of the loopback, not yet started. Passwords are hashed fast, and badly.

    Its database is a new one, or the file of another desk.
    """
    spec = ApiSpec(token_secret=SecretStr(SECRET), **{"port": 0, **api})
    metrics = Metrics("test")
    hub = Hub("demo", EPOCH, spec.replay_events, metrics)
    site = EngineSite(hub)
    folder = tempfile.mkdtemp()
    if file is None:
        file = Path(folder) / "ctid.db"
        file.write_bytes(_empty_database())
    database = Database(f"sqlite:///{file}")
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    access = AccessStore(database, passwords)
    server = Server(site, hub, spec, access, metrics, metrics.exposition, database=database, passwords=passwords)
    desk = Desk(site, hub, metrics, server, Authority(SECRET, "demo"), access, database, file)
    weakref.finalize(desk, shutil.rmtree, folder, ignore_errors=True)
    return desk


async def until(condition: Any, seconds: float = 30) -> None:
    """Wait until the condition holds, or fail."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - the condition is of any kind
            await asyncio.sleep(0.005)
