"""The event socket's description: sound, complete, and true of what is really sent."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import jsonschema
import orjson
import pytest

import ctid.engine
from ctid.desktop.described import asyncapi
from ctid.desktop.stream import socket_messages
from ctid.desktop.stream.close_codes import ADVICE, CloseCode
from ctid.desktop.stream.event_types import EVENT_TYPES
from ctid.desktop.stream.frames import envelope
from ctid.desktop.topics import Topic, topic_of
from ctid.engine.engine import Engine
from ctid.model.commands import Publish
from ctid.model.states import OfferState
from tests.desktop.site import Desk
from tests.desktop.test_socket import take_until
from tests.desktop.test_subscriptions import said, something_of_everything
from tests.replay.golden import EVENTS, WALK, journal

DOCUMENT = json.loads(orjson.dumps(asyncapi.describe("test")))
BY_NAME = {each.name: each for each in EVENT_TYPES}
KINDS = {each.name.partition(".")[0] for each in EVENT_TYPES}


def check(message: Mapping[str, Any]) -> None:
    """Hold a message of ours against the document."""
    payload = DOCUMENT["components"]["messages"][message["type"].replace(".", "_")]["payload"]
    # JSON pointers need the schemas at their place; JSON Schema 2020-12 is what pydantic writes.
    schema = {**payload, "components": DOCUMENT["components"]}
    jsonschema.Draft202012Validator(schema).validate(message)


def refs(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from refs(value)
    elif isinstance(node, list):
        for value in node:
            yield from refs(value)


def test_every_reference_leads_somewhere_and_every_schema_is_one() -> None:
    found = set(refs(DOCUMENT))
    assert len(found) > 40
    for ref in found:
        node: Any = DOCUMENT
        for part in ref.removeprefix("#/").split("/"):
            node = node[part]
    for schema in DOCUMENT["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    used = {ref.rpartition("/")[2] for ref in found}
    assert set(DOCUMENT["components"]["schemas"]) <= used


def test_each_message_is_in_one_direction() -> None:
    heard, told = ({ref["$ref"] for ref in DOCUMENT["operations"][name]["messages"]} for name in ("hear", "tell"))
    assert len(heard | told) == len(heard) + len(told) == len(DOCUMENT["components"]["messages"])
    assert {ref.rpartition("/")[2] for ref in heard} == {"hello", "ping", "token"}
    assert len(DOCUMENT["components"]["messages"]) == 11 + len(EVENT_TYPES)


def test_every_type_that_the_engine_names_is_in_the_table() -> None:
    named = {f"offer.{state}" for state in OfferState if state is not OfferState.PENDING}
    for path in Path(ctid.engine.__path__[0]).rglob("*.py"):
        # What is said in words has keys of the same form.
        if path.name.endswith("_view.py"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                kind, dot, name = node.value.partition(".")
                if dot and kind in KINDS and name.replace("_", "").isalpha():
                    named.add(node.value)
    assert len(named) > 30
    assert named == set(BY_NAME) - {"queue.stats"}


@pytest.mark.parametrize("path", [EVENTS, WALK], ids=["a call", "hours with faults"])
def test_what_the_engine_publishes_is_as_described(path: Path) -> None:
    engine, seen = Engine(), set()
    for entry in journal(path):
        for command in engine.handle(entry.event, entry.at):
            if isinstance(command, Publish):
                BY_NAME[command.type].data.model_validate_json(orjson.dumps(command.data))
                if command.type not in seen:
                    check(json.loads(orjson.dumps(envelope(command, "demo", "e1"))))
                seen.add(command.type)
    assert len(seen) > (8 if path is EVENTS else 25)


def test_only_the_site_as_a_whole_is_told_to_everybody() -> None:
    assert {each.name for each in EVENT_TYPES if topic_of(each.name) is Topic.SITE} == {
        "config.loaded",
        "pbx.down",
        "pbx.up",
        "site.draining",
        "site.started",
    }


def test_every_close_code_is_explained() -> None:
    assert {int(code) for code in CloseCode} == set(map(int, ADVICE)) - {aiohttp.WSCloseCode.MESSAGE_TOO_BIG}


async def test_what_is_said_is_as_described(http: aiohttp.ClientSession, desk: Desk) -> None:
    messages: list[dict[str, Any]] = []
    async with said(desk, http, "sue") as (ws, greeting):
        messages += greeting
        something_of_everything(desk)
        await ws.send_json({"type": "ping", "id": 7})
        messages += await take_until(ws, "pong")
        messages += await take_until(ws, "queue.stats")
        await ws.send_json({"type": "token", "token": desk.token("sue")})
        messages += await take_until(ws, "token_accepted")
        await ws.send_json({"type": "nonsense"})
        messages += await take_until(ws, "error")
    position = {"epoch": greeting[0]["epoch"], "seq": greeting[0]["seq"]}
    async with said(desk, http, "sue", resume_from=position) as (_, greeting):
        messages += greeting
    async with said(desk, http, "sue", resume_from={**position, "epoch": "other"}) as (_, greeting):
        messages += greeting
    async with http.ws_connect("/v1/events") as ws:
        await ws.send_json({"type": "hello", "token": desk.token("bob", 1)})
        messages += await take_until(ws, "token_expiring")
    for message in messages:
        check(message)
    ours = {"snapshot", "replay", "resync_required", "live", "pong", "token_expiring", "token_accepted", "error"}
    assert ours <= {message["type"] for message in messages}


@pytest.mark.parametrize(
    "hello",
    [
        {"type": "hello"},
        {"type": "hello", "client_id": "tab-0001", "takeover": True, "subscribe": ["own", "site"], "token": "t"},
        {"type": "hello", "resume_from": {"epoch": "e", "seq": 0}},
    ],
)
def test_what_is_taken_is_as_described(hello: dict[str, Any]) -> None:
    check(hello)
    socket_messages.Hello.model_validate_json(orjson.dumps(hello), strict=True)


def _tags(page: str) -> str:
    return "".join(re.findall(r"<[^>]*>", page))


async def test_it_is_served_and_can_be_read_in_a_browser(http: aiohttp.ClientSession) -> None:
    async with http.get("/v1/asyncapi.json") as answer:
        assert (await answer.json())["asyncapi"] == "3.0.0"
    async with http.get("/docs/events") as answer:
        page = await answer.text()
        policy = answer.headers["Content-Security-Policy"]
    assert answer.content_type == "text/html"
    # Nothing in the page asks for more than its policy allows.
    assert "script" not in policy
    assert not [part for part in ("<script", "<style", " style=", "http://", "https://", " on") if part in _tags(page)]
    for name in (*BY_NAME, "resync_required", "4010"):
        assert name in page
    for ref in {ref.rpartition("/")[2] for ref in refs(DOCUMENT["components"]["schemas"])}:
        assert f'id="{ref}"' in page
    async with http.get("/docs/events.css") as answer:
        assert (answer.status, answer.content_type) == (200, "text/css")
