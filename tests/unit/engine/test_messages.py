"""Messages: who gets them, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from ctid.model import commands as cmd
from ctid.model import events as ev
from tests.unit.site import Site, changed

pytestmark = pytest.mark.unit

SPEC = changed(
    "agents/carl",
    {"name": "Carl", "device": "PJSIP/1003", "pbx": "main", "team": "red", "queues": {"support": {}}},
)


def send(site: Site, **fields: Any) -> None:
    site.request(ev.MessageRequested, sender="Sue", **{"text": "Call me", **fields})


@pytest.mark.parametrize(
    ("to", "receivers"),
    [
        ({"agents": ["bob"]}, ["bob"]),
        ({"teams": ["red"]}, ["alice", "carl"]),
        # Bob meets the second step only; Carl serves no sales.
        ({"queues": ["sales"]}, ["alice", "bob"]),
        ({"agents": ["carl"], "queues": ["sales"]}, ["alice", "bob", "carl"]),
        ({"everybody": True}, ["alice", "bob", "carl"]),
        ({"everybody": True, "among": ["red"]}, ["alice", "carl"]),
    ],
)
def test_a_message_is_for_all_who_are_named_in_any_way(to: dict[str, Any], receivers: list[str]) -> None:
    site = Site(SPEC)
    send(site, **to)
    event = site.only(cmd.Publish)
    assert (event.type, event.agent_ids) == ("message.sent", receivers)
    assert event.data["message"] == {
        "id": "ms-e1-1",
        "from": "Sue",
        "text": "Call me",
        "at": site.now.iso(),
        "agent_ids": receivers,
    }
    assert site.only(cmd.Accept).result["message"] == event.data["message"]
    assert event.caused_by == "q1"


@pytest.mark.parametrize(
    ("fields", "code", "detail"),
    [
        ({"agents": ["zoe"]}, "request-invalid", "there is no agent 'zoe'; there is: alice, bob, carl"),
        ({"teams": ["blue"]}, "request-invalid", "there is no team 'blue'; there is: red"),
        ({"queues": ["none"]}, "request-invalid", "there is no queue 'none'; there is: sales, support"),
        ({"everybody": True, "text": " \n"}, "request-invalid", "1 to 500 characters"),
        ({"everybody": True, "text": "x" * 501}, "request-invalid", "1 to 500 characters"),
        ({"agents": ["bob"], "among": ["red"]}, "conflict", "no agent for whom"),
    ],
)
def test_what_is_for_nobody_or_says_nothing_is_refused(fields: dict[str, Any], code: str, detail: str) -> None:
    site = Site(SPEC)
    send(site, **fields)
    refusal = site.only(cmd.Refuse)
    assert detail in refusal.detail
    assert refusal.code == code
    assert site.published() == []
