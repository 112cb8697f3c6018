"""The API's description: valid, and true under requests made up from it, as every role."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from openapi_spec_validator import validate
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from ctid.desktop.openapi import describe
from ctid.desktop.routes import OPERATIONS
from ctid.model import events as ev
from ctid.model.states import AgentState
from tests.desktop.site import Desk, open_desk

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


@pytest.fixture(scope="module")
def running() -> Iterator[Desk]:
    """The API with a call being offered to alice, on a loop of its own, since schemathesis is not asynchronous."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def run(coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result(10)

    async def start() -> Desk:
        desk = open_desk()
        await desk.server.start()
        return desk

    desk = run(start())
    yield desk
    run(desk.server.stop())
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


def ids(desk: Desk) -> dict[str, st.SearchStrategy[str]]:
    """Parts of paths: such as there are, mostly."""
    state = desk.site.state
    return {
        "agent_id": st.sampled_from(["alice", "bob", "nobody"]),
        "contact_id": st.sampled_from([*state.contacts, "ct-none"]),
        "offer_id": st.sampled_from([*state.offers, "of-none"]),
        "queue_id": st.sampled_from(["sales", "support", "none"]),
        "webhook": st.sampled_from(["crm", "none"]),
        "event_id": st.sampled_from([*desk.site.webhooks.letters, "e1-0"]),
        "name": st.sampled_from(["nobody", "somebody"]),
    }


POSITIVE, NEGATIVE = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE
TRIED = [
    pytest.param(operation, who, mode, id=f"{who}-{mode.value}-{operation.name}")
    for operation in OPERATIONS
    for who, mode in [*((who, POSITIVE) for who in ("alice", "sue", "adam", "crm")), ("adam", NEGATIVE)]
    # What takes neither a token nor anything else can't be asked wrongly.
    if mode is POSITIVE or not operation.public or operation.is_command
]


@pytest.mark.parametrize(("operation", "who", "mode"), TRIED)
def test_requests_made_up_from_it(running: Desk, operation: Any, who: str, mode: schemathesis.GenerationMode) -> None:
    site = running.site
    if not site.state.offers:
        site.notify(ev.DesktopConnected(agent_id="alice", session_id="by-hand"))
        for state in (AgentState.NOT_READY, AgentState.READY):
            site.handle(ev.AgentStateRequested(command_id="c", principal="p", agent_id="alice", state=state))
        site.call()
        site.call(key="2")
    running.site.webhooks.die("e1-7")
    described = SCHEMA[operation.path][operation.method]
    known = ids(running)
    params = st.fixed_dictionaries({name: known[name] for name in known if "{" + name + "}" in operation.path})
    headers = running.bearer(who)

    @settings(
        max_examples=4,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=described.as_strategy(generation_mode=mode), params=params)
    def try_it(case: schemathesis.Case, params: dict[str, str]) -> None:
        case.path_parameters = dict(params)
        answer = case.call(base_url=running.url, headers=headers)
        case.validate_response(answer, checks=CHECKS)

    try_it()
