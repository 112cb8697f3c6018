"""``GET /v1/staffing`` against a running server."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import aiohttp
import pytest

from ctid.desktop.schemas import staffing_schemas
from ctid.staffing.history import Bucket
from tests.desktop.site import Desk

BERLIN = ZoneInfo("Europe/Berlin")


async def ask(http: aiohttp.ClientSession, desk: Desk, **query: Any) -> tuple[int, Any]:
    async with http.get(f"/v1/staffing?{urlencode(query)}", headers=desk.bearer("sue")) as answer:
        return answer.status, await answer.json(content_type=None)


async def test_a_load_that_is_given(desk: Desk, http: aiohttp.ClientSession) -> None:
    status, body = await ask(
        http, desk, calls_per_hour=480, handling_seconds=300, patience_seconds=180, shrinkage_percent=30
    )
    assert status == 200, body
    view = staffing_schemas.StaffingView.model_validate(body)
    assert (view.basis, view.given, view.demand.erlangs) == (None, None, 40)
    assert view.erlang_a is not None
    assert (view.erlang_c.agents, view.erlang_a.agents, view.erlang_a.scheduled) == (46, 43, 62)
    assert view.erlang_c.outcome.abandoned_percent == 0
    assert [point.agents for point in view.curve] == list(range(38, 49))
    levels = [point.outcome.service_level_percent for point in view.curve if point.outcome is not None]
    assert levels == sorted(levels)
    assert levels[4] < 80 <= levels[5] == view.erlang_a.outcome.service_level_percent
    assert {what.change: what.agents_needed for what in view.sensitivity} == {
        "calls -10 %": 39, "calls +10 %": 46, "handling time -10 %": 39, "handling time +10 %": 47,
    }  # fmt: skip


async def test_agents_that_are_asked_about(desk: Desk, http: aiohttp.ClientSession) -> None:
    load = {"calls_per_hour": 200, "handling_seconds": 180}
    _, body = await ask(http, desk, **load, agents=10)
    assert body["given"] == {"agents": 10, "target_met": False, "outcome": None}
    assert (body["erlang_a"], body["erlang_c"]["agents"]) == (None, 14)
    _, body = await ask(http, desk, **load, agents=14)
    assert body["given"]["target_met"]
    assert body["given"]["outcome"] == body["erlang_c"]["outcome"]
    _, body = await ask(http, desk, **load, agents=14, target_percent=90)
    assert not body["given"]["target_met"]


def past(day: int, hour: int, calls: int, **more: int) -> Bucket:
    """Calls of an hour some days ago."""
    at = datetime.now(BERLIN).replace(hour=hour, minute=0, second=0, microsecond=0) - timedelta(days=day)
    start_ms = round(at.astimezone(UTC).timestamp()) * 1_000
    fields = {"served": calls, "abandoned": 0, "handling_ms": calls * 240_000, "waited_ms": calls * 12_000} | more
    return Bucket(start_ms=start_ms, calls=calls, **fields)


async def test_a_load_taken_from_a_queues_past_calls(desk: Desk, http: aiohttp.ClientSession) -> None:
    desk.site.records.past["sales"] = [
        past(2, 9, 20),
        past(2, 10, 60, served=50, abandoned=10),
        past(1, 9, 30),
        past(1, 10, 40, served=30, abandoned=10, handling_ms=40 * 240_000),
        past(40, 10, 900),
        past(0, 10, 900),
    ]
    status, body = await ask(http, desk, queue="sales")
    assert status == 200, body
    view = staffing_schemas.StaffingView.model_validate(body)
    assert view.basis is not None
    basis = view.basis
    assert (basis.hour, basis.days_with_calls, basis.calls, basis.served, basis.abandoned) == (10, 2, 150, 130, 20)
    assert (basis.until - basis.since).days == 27
    assert view.demand.calls_per_hour == 50
    assert view.demand.handling_seconds == pytest.approx(150 * 240 / 130, abs=1e-3)
    assert view.demand.patience_seconds == pytest.approx(150 * 12 / 20)
    _, body = await ask(http, desk, queue="sales", hour=9, handling_seconds=100, patience_seconds=50)
    assert body["basis"]["hour"] == 9
    assert body["demand"] == {
        "calls_per_hour": 25, "handling_seconds": 100, "patience_seconds": 50, "erlangs": pytest.approx(0.6944),
    }  # fmt: skip
    _, body = await ask(http, desk, queue="sales", hour=3)
    assert (body["demand"]["calls_per_hour"], body["erlang_a"]["agents"]) == (0, 0)
    _, body = await ask(http, desk, queue="sales", days=90)
    assert body["basis"]["calls"] == 1_050


@pytest.mark.parametrize(
    ("query", "parameters"),
    [
        ({}, ["calls_per_hour", "handling_seconds"]),
        ({"calls_per_hour": 10}, ["handling_seconds"]),
        ({"calls_per_hour": 10, "handling_seconds": 60, "hour": 9}, ["hour"]),
        ({"queue": "none"}, ["queue"]),
        ({"queue": "sales"}, ["queue"]),
        ({"queue": "sales", "calls_per_hour": 60}, ["queue"]),
        ({"calls_per_hour": 1_000_000, "handling_seconds": 86_400}, ["calls_per_hour"]),
        ({"calls_per_hour": "nan", "handling_seconds": "inf"}, ["calls_per_hour", "handling_seconds"]),
        ({"calls_per_hour": 10, "handling_seconds": 60, "target_percent": 100}, ["target_percent"]),
        ({"calls_per_hour": 10, "handling_seconds": 60, "agents": -1}, ["agents"]),
    ],
)
async def test_what_makes_no_sense_is_refused(
    desk: Desk, http: aiohttp.ClientSession, query: dict[str, Any], parameters: list[str]
) -> None:
    status, body = await ask(http, desk, **query)
    assert (status, body["code"]) == (422, "invalid-input")
    assert [fault["parameter"] for fault in body["errors"]] == parameters


async def test_the_greatest_load_allowed_takes_no_long_time(desk: Desk, http: aiohttp.ClientSession) -> None:
    begun = time.monotonic()
    status, body = await ask(
        http, desk, calls_per_hour=60_000, handling_seconds=300, patience_seconds=86_400, agents=10_000
    )
    assert (status, body["demand"]["erlangs"]) == (200, 5_000)
    # A tenth of a second on a machine to itself; a bound that only an endless search would break.
    assert time.monotonic() - begun < 60
