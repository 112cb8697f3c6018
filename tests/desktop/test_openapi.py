"""The API's description: valid, and true under requests made up from it, as every role."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import parse_qsl

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from openapi_spec_validator import validate
from schemathesis.checks import not_a_server_error
from schemathesis.core import NOT_SET
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from ctid.desktop.described.openapi import describe
from ctid.desktop.endpoint.operation import Operation
from ctid.desktop.operations.routes import OPERATIONS
from ctid.engine.engine import Engine
from ctid.model import events as ev
from ctid.model.access import Role
from ctid.model.recording import RecordingKind
from ctid.model.states import AgentState
from tests.desktop.kept_recordings import kept
from tests.desktop.rights_table import TABLE
from tests.desktop.site import Desk, EngineSite, open_desk

DESCRIPTION = describe(OPERATIONS, "test")
SCHEMA = schemathesis.openapi.from_dict(DESCRIPTION)
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


def test_it_is_valid() -> None:
    validate(DESCRIPTION)


def test_every_operation_is_described_once() -> None:
    names = [operation.name for operation in OPERATIONS]
    assert len(set(names)) == len(names)
    described = [operation["operationId"] for path in DESCRIPTION["paths"].values() for operation in path.values()]
    assert sorted(described) == sorted(names)


POSITIVE, NEGATIVE = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE
ALLOWED_EXAMPLES, FORBIDDEN_EXAMPLES, NEGATIVE_EXAMPLES = 6, 1, 4

CALLER = "+4917612345678"
PASSWORD = "demo-only-password"
WHO: Final = ("alice", "sue", "adam", "crm")

# Where the table of rights asks for what is refused, on purpose, or would be of those who have calls here already.
BODIES: Final[dict[str, Any]] = {
    "signIn": {"username": "somebody", "password": PASSWORD},
    "pickUpContact": {"agent": "fay"},
    "supervise": {"of": {"agent": "carol"}, "phone": {"device": "PJSIP/1091"}},
    "placeCall": {"number": "110"},
}

QUERIES: Final = {"getStaffing": "?calls_per_hour=480&handling_seconds=300"}

# They are about a session, which service tokens have none of; tests of the sessions do.
NEVER_MADE_UP: Final = frozenset({"refreshSession", "signOut"})

# Of all contacts few would do.
MEANT: Final = {
    "getCallback": "callback",
    "cancelCallback": "callback",
    "retrieveContact": "on_hold",
    "pickUpContact": "waiting",
    "withdrawContact": "chat",
    "recordContact": "armed",
    "pauseRecording": "recorded",
    "resumeRecording": "paused",
}

# Names that mean something here, by where they may stand; made-up ones never do.
NAMES: Final[dict[str, list[str]]] = {
    "queue": ["sales", "support"],
    "agent": ["alice", "bob"],
    "agent_id": ["alice", "bob"],
    "disposition": ["order"],
    "reason": ["lunch"],
    "number": [CALLER],
    "username": ["somebody"],
    "password": [PASSWORD],
    "search": ["a", "4917"],
    "team": ["red"],
}


class Floor:
    """The API, before each request as at the beginning; on a loop of its own, as schemathesis is not asynchronous."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self.ids: dict[str, list[str]] = {}
        self.desk = self._run(self._start())
        self._state = self.desk.site.engine.snapshot()
        self._records = list(self.desk.site.records.records)

    def close(self) -> None:
        self._run(self.desk.server.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _run(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    async def _start(self) -> Desk:
        """Offers at alice's desktop and dan's phone, talks, one about which somebody is asked, a callback, a chat …"""
        desk = open_desk()
        await desk.server.start()
        site = desk.site
        spec = site.spec.model_dump(mode="json", by_alias=True)
        spec["agents"]["alice"]["answer"] = "desktop"
        spec["policy"]["supervision"]["devices"] = ["PJSIP/1090", "PJSIP/1091"]
        for number, name in enumerate(("carol", "dan", "erin", "fay"), 1003):
            spec["agents"][name] = {**spec["agents"]["bob"], "name": name, "device": f"PJSIP/{number}"}
        for name, recording in (("bob", {}), ("carol", {"percent": 0, "on_demand": True}), ("erin", {})):
            spec["agents"][name]["recording"] = recording
        site.handle(ev.ConfigLoaded(spec=spec))
        site.add_flow()
        site.notify(ev.DesktopConnected(agent_id="alice", session_id="by-hand"))
        for state in (AgentState.NOT_READY, AgentState.READY):
            site.handle(ev.AgentStateRequested(command_id="c", principal="p", agent_id="alice", state=state))
        closed = site.call(ani="+493011111111")
        site.hang_up(closed)
        for state in (AgentState.NOT_READY, AgentState.READY):
            site.handle(ev.AgentStateRequested(command_id="c", principal="p", agent_id="bob", state=state))
        talk = site.call(ani="+493044444444", key="2")
        site.answer(talk)
        site.handle(ev.ConsultationRequested(command_id="c", principal="p", contact_id=talk, agent="alice"))
        asking = self._call_for(site, "carol")
        site.consult(asking, site.answer(asking, "b2"), "112")
        site.supervise("bob", "PJSIP/1090")
        paused = self._call_for(site, "erin")
        site.answer(paused, "b3")
        site.handle(ev.RecordingRequested(command_id="c", principal="p", contact_id=paused, action="pause"))
        ringing = self._call_for(site, "dan")
        site.handle(ev.ContactSubmitted(command_id="c", principal="p", channel="chat", queue="support"))
        site.call(ani=CALLER)
        waiting = site.call(ani="+493022222222", key="2")
        site.handle(ev.CallbackRequested(command_id="c", principal="p", number="+493033333333", queue="sales"))
        (callback,) = site.state.callbacks["sales"]
        site.handle(ev.AgentStateRequested(command_id="c", principal="p", agent_id="fay", state=AgentState.NOT_READY))
        self.ids = {
            "agent_id": ["alice", "bob"],
            "contact_id": [*(each for each in site.state.contacts if each != ringing), closed],
            "closed": [closed],
            "callback": [callback, talk],
            "on_hold": [asking, talk],
            "waiting": [waiting],
            "offer_id": [each.id for each in site.state.offers.values() if each.agent_id in ("alice", "dan")],
            "queue_id": ["sales", "support"],
            "consultation_id": list(site.state.consultations),
            "leg_id": list(site.state.legs),
            "supervision_id": list(site.state.supervisions),
            "webhook": ["crm"],
            "event_id": ["e1-7"],
            "recording_id": ["rc-1"],
            "voicemail_id": ["rc-2"],
            "flow_id": ["identify"],
            "chat": [next(each.id for each in site.state.contacts.values() if each.channel == "chat"), talk],
            "recorded": [talk, asking],
            "armed": [asking, talk],
            "paused": [paused, talk],
            "name": ["somebody"],
        }
        return desk

    def _call_for(self, site: EngineSite, agent_id: str) -> str:
        """A call for one more agent, whose phone is rung."""
        for state in (AgentState.NOT_READY, AgentState.READY):
            site.handle(ev.AgentStateRequested(command_id="c", principal="p", agent_id=agent_id, state=state))
        return site.call(ani="+493055555555", key="2")

    def as_before(self) -> None:
        """Take back all that requests have changed."""
        self._run(self._as_before())

    async def _as_before(self) -> None:
        site = self.desk.site
        site.engine = Engine.restore(self._state)
        site.records.records[:] = self._records
        message = kept("rc-2", agent_id="", kind=RecordingKind.VOICEMAIL)
        site.recordings.recordings = {"rc-1": kept("rc-1"), "rc-2": message}
        site.webhooks.letters.clear()
        site.webhooks.die("e1-7")
        users = self.desk.access.users
        for user in await users.list():
            await users.remove(user.name)
        await users.add("somebody", PASSWORD, Role.SUPERVISOR)


@pytest.fixture(scope="module")
def floor() -> Iterator[Floor]:
    floor = Floor()
    yield floor
    floor.close()


def named(content: Any, choice: int) -> Any:
    """The same with names that mean something where such are asked for."""
    if isinstance(content, list):
        return [named(item, choice) for item in content]
    if not isinstance(content, dict):
        return content
    return {
        key: NAMES[key][choice % len(NAMES[key])] if key in NAMES and isinstance(value, str) else named(value, choice)
        for key, value in content.items()
    }


def seeded(case: schemathesis.Case, operation: Operation, choice: int) -> None:
    """Have one request in three be one that is known to be right, and one use names that there are."""
    row = TABLE.get(operation.name)
    if choice % 3 == 0 and row is not None:
        if operation.body is not None and (row.body is not None or operation.name in BODIES):
            case.body = BODIES.get(operation.name, row.body)
            case.media_type = "application/json"
        elif operation.body_optional:
            case.body = NOT_SET
        case.query = dict(parse_qsl(QUERIES.get(operation.name, row.query).removeprefix("?")))
        for header in ("If-Match", "Idempotency-Key"):
            case.headers.pop(header, None)
    elif choice % 3 == 1:
        case.body = named(case.body, choice)
        case.query = named(case.query, choice)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_requests_made_up_from_it_as_each_role(floor: Floor, operation: Operation) -> None:
    described = SCHEMA[operation.path][operation.method]
    reached: set[int] = set()

    def attempts(who: str, mode: schemathesis.GenerationMode, examples: int) -> None:
        headers = floor.desk.bearer(who)

        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=described.as_strategy(generation_mode=mode), choice=st.integers(0, 11), place=st.integers(0, 59))
        def attempt(case: schemathesis.Case, choice: int, place: int) -> None:
            floor.as_before()
            # One in twelve is about what is not there.
            case.path_parameters = {
                name: "none" if choice == 11 else there(name, place) for name in re.findall(r"{(\w+)}", operation.path)
            }
            if mode is POSITIVE:
                seeded(case, operation, choice)
            answer = case.call(base_url=floor.desk.url, headers=headers)
            case.validate_response(answer, checks=CHECKS)
            reached.add(answer.status_code)

        attempt()

    def there(name: str, place: int) -> str:
        known = floor.ids["closed" if operation.path.startswith("/v1/records") else MEANT.get(operation.name, name)]
        return known[place % len(known)]

    for who in WHO:
        let_in = floor.desk.role(who) in operation.roles
        attempts(who, POSITIVE, ALLOWED_EXAMPLES if let_in else FORBIDDEN_EXAMPLES)
    if operation.body is not None or operation.query is not None:
        attempts(
            next(who for who in reversed(WHO) if floor.desk.role(who) in operation.roles), NEGATIVE, NEGATIVE_EXAMPLES
        )
    if operation.name not in NEVER_MADE_UP:
        assert any(status < 300 for status in reached), (
            f"nothing but {sorted(reached)}: the right requests were not made"
        )
