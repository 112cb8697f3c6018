"""Nobody reads or moves what is not theirs: all operations, as every kind of principal, about somebody's work."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest

from ctid.desktop.endpoint.operation import Operation
from ctid.desktop.operations.routes import OPERATIONS
from ctid.model import events as ev
from ctid.model.access import Role
from ctid.model.consultation import Consultation
from ctid.model.recording import RecordingKind
from ctid.model.states import AgentState
from ctid.model.supervision import Supervision, SupervisionMode
from tests.desktop.kept_recordings import kept
from tests.desktop.rights_table import EVERYBODY, PRINCIPALS, TABLE, Row
from tests.desktop.site import Desk

CALLER = "+4917612345678"


@dataclass
class World:
    """A floor with work of alice's, and what somebody else waits for."""

    desk: Desk
    http: aiohttp.ClientSession
    ids: dict[str, str] = field(default_factory=dict)

    def path(self, operation: Operation, row: Row) -> str:
        contact = "offered"
        if operation.path.startswith("/v1/callbacks"):
            contact = "callback"
        elif operation.path.startswith("/v1/records"):
            contact = "record"
        parts = {
            "agent_id": "alice",
            "contact_id": self.ids[contact],
            "offer_id": self.ids["offer"],
            "queue_id": "sales",
            "name": "somebody",
            "consultation_id": "co-1",
            "leg_id": "lg-1",
            "supervision_id": "su-1",
            "webhook": "crm",
            "event_id": "e1-1",
            "recording_id": "rc-1",
            "voicemail_id": "rc-2",
            "flow_id": "identify",
        }
        return operation.path.format(**parts) + row.query

    async def ask(self, operation: Operation, row: Row, who: str | None) -> tuple[int, Any, str]:
        headers = {}
        if who is not None:
            token = self.desk.authority.grant(PRINCIPALS[who], time.time() + 60)
            headers["Authorization"] = f"Bearer {token}"
        path = self.path(operation, row)
        async with self.http.request(operation.method, path, json=row.body, headers=headers) as answer:
            text = await answer.text(errors="replace")
            is_json = "json" in answer.content_type
            return answer.status, (await answer.json(content_type=None)) if text and is_json else None, text


@pytest.fixture
async def world(desk: Desk, http: aiohttp.ClientSession) -> World:
    world, site = World(desk, http), desk.site
    await desk.access.users.add("somebody", "demo-only-password", Role.SUPERVISOR)
    site.add_flow()
    site.webhooks.die("e1-1")
    site.recordings.recordings["rc-1"] = kept("rc-1")
    site.recordings.recordings["rc-2"] = kept("rc-2", agent_id="", kind=RecordingKind.VOICEMAIL)
    world.ids |= {"recording": "rc-1", "message": "rc-2"}
    site.notify(ev.DesktopConnected(agent_id="alice", session_id="by-hand"))
    for state in (AgentState.NOT_READY, AgentState.READY):
        site.handle(ev.AgentStateRequested(command_id="c", principal="p", agent_id="alice", state=state))
    world.ids["offered"] = site.call(ani=CALLER)
    (world.ids["offer"],) = site.state.contacts[world.ids["offered"]].offer_ids
    site.state.consultations["co-1"] = Consultation(
        id="co-1",
        contact_id=world.ids["offered"],
        from_agent="alice",
        to_agent="alice",
        number="1002",
        created_at=site.now(),
    )
    site.state.contacts[world.ids["offered"]].consultation_ids.append("co-1")
    world.ids["supervision"] = "su-1"
    site.state.supervisions["su-1"] = Supervision(
        id="su-1",
        supervisor="sue",
        # Of a PBX that is away nothing becomes meanwhile.
        pbx="away",
        device="PJSIP/1090",
        agent_id="alice",
        contact_id=world.ids["offered"],
        mode=SupervisionMode.MONITOR,
        told=True,
        created_at=site.now(),
    )
    world.ids["waiting"] = site.call(ani="+493022222222", key="2")
    world.ids["record"] = site.call(ani="+493011111111")
    site.hang_up(world.ids["record"])
    before = set(site.state.contacts)
    site.handle(ev.CallbackRequested(command_id="c", principal="p", number="+493033333333", queue="sales"))
    (world.ids["callback"],) = set(site.state.contacts) - before
    return world


def test_every_operation_has_a_row_and_every_row_an_operation() -> None:
    assert sorted(TABLE) == sorted(operation.name for operation in OPERATIONS), (
        "declare in rights_table.py who may call a new operation, about whose work"
    )


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
async def test_each_is_let_in_to_their_own_and_to_nothing_else(world: World, operation: Operation) -> None:
    row, site = TABLE[operation.name], world.desk.site
    assert operation.public == row.public
    if not row.public:
        status, problem, _ = await world.ask(operation, row, None)
        assert (status, problem["code"]) == (401, "token-missing")
    asked = len(site.events)
    users = await world.desk.access.users.list()
    for who in sorted(EVERYBODY - row.may):
        status, problem, text = await world.ask(operation, row, who)
        assert (status, problem["code"]) == (403, "forbidden"), who
        assert CALLER not in text
    # Those who were refused have not moved anything.
    assert len(site.events) == asked
    assert await world.desk.access.users.list() == users
    for who in sorted(row.may):
        status, body, text = await world.ask(operation, row, who)
        assert status < 500, (who, text)
        assert row.public or status not in (401, 403), (who, text)
        if row.sees:
            names = {identity: name for name, identity in world.ids.items()}
            seen = [item.get("id") or item.get("contact_id") or item["name"] for item in body["items"]]
            assert [names.get(each, each) for each in seen] == row.sees[who], who


def test_the_roles_that_are_told_are_those_let_in() -> None:
    """The description of the API names roles; here they are those that somebody in the table has."""
    for operation in OPERATIONS:
        let_in = {PRINCIPALS[who].role for who in TABLE[operation.name].may}
        assert let_in <= operation.roles, operation.name


async def test_an_agent_who_supervises_has_their_own_besides_their_scope(world: World) -> None:
    desk = world.desk
    elsewhere = {"queues": ["support"], "teams": ["blue"]}
    for agent_id, status in (("alice", 200), ("bob", 403)):
        grant = PRINCIPALS["sue"].__class__(subject="lead", role=Role.SUPERVISOR, agent_id=agent_id, **elsewhere)
        headers = {"Authorization": f"Bearer {desk.authority.grant(grant, time.time() + 60)}"}
        for path in (f"/v1/contacts/{world.ids['offered']}", f"/v1/offers/{world.ids['offer']}", "/v1/agents/alice"):
            async with world.http.get(path, headers=headers) as answer:
                assert answer.status == status, path


@pytest.mark.parametrize(
    "body",
    [
        {"queue": "support"},
        {"steps": [{"agents": ["alice"]}]},
        {"steps": [{"any": [{"all": [{"agents": ["alice"]}]}]}]},
    ],
)
async def test_a_contact_is_moved_within_the_scope_only(world: World, body: dict[str, Any]) -> None:
    token = world.desk.authority.grant(PRINCIPALS["sales-blue"], time.time() + 60)
    waiting = world.desk.site.call(ani="+493044444444")
    asked = len(world.desk.site.events)
    async with world.http.patch(
        f"/v1/contacts/{waiting}/routing", json=body, headers={"Authorization": f"Bearer {token}"}
    ) as answer:
        assert answer.status == 403
    assert len(world.desk.site.events) == asked


def test_no_pattern_of_a_path_is_unknown_here() -> None:
    known = {
        "agent_id",
        "contact_id",
        "offer_id",
        "queue_id",
        "name",
        "webhook",
        "event_id",
        "consultation_id",
        "leg_id",
        "supervision_id",
        "recording_id",
        "voicemail_id",
        "flow_id",
    }
    assert {name for operation in OPERATIONS for name in re.findall(r"{(\w+)}", operation.path)} <= known
