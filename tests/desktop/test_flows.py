"""Flows over REST: what they are made of, who is in them, and reports of those who were, as JSON and as CSV."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

import aiohttp
import pytest

from ctid.client import Client
from ctid.desktop.schemas import flow_schemas, record_schemas
from ctid.model import events as ev
from ctid.model.commands import PlayAndCollect
from ctid.model.flow_report import FlowNumbers, FlowQuarter, FlowReport, NodeNumbers
from tests.desktop.site import Desk
from tests.desktop.test_rest import ask

QUARTER_MS = 900_000
NOON = datetime(2026, 11, 18, 11, tzinfo=UTC)
"""In Berlin."""


@pytest.fixture
def flowing(desk: Desk) -> Desk:
    desk.site.add_flow()
    return desk


def enter(desk: Desk, unique_id: str = "f1") -> None:
    """Somebody is in the flow's first node; who withholds their number is not waited for to be known."""
    desk.site.handle(ev.CallArrived(pbx="main", unique_id=unique_id, ani="", dnis="300"))


def go_on(desk: Desk, digits: str = "", unique_id: str = "f1") -> None:
    """They have heard what there was to hear."""
    token = next(each.token for each in reversed(desk.site.done) if isinstance(each, PlayAndCollect))
    end = ev.CollectEnd.DIGITS if digits else ev.CollectEnd.TIMEOUT
    desk.site.handle(ev.DigitsCollected(pbx="main", unique_id=unique_id, token=token, digits=digits, ended_by=end))


def quarter(at: datetime, **numbers: Any) -> FlowQuarter:
    return FlowQuarter(start_utc_ms=int(at.timestamp() * 1000), numbers=FlowNumbers(**numbers))


REPORT = FlowReport(
    quarters=[
        quarter(
            NOON, entered=3, contained=1, results={"ended": 1, "left": 2}, to={"queue": 2}, versions={"aa": 3},
            total_ms=30_000,
        ),
        quarter(NOON.replace(minute=45), entered=1, results={"hung_up": 1}, versions={"bb": 1}, total_ms=2_000),
        quarter(NOON.replace(hour=12), entered=2, results={"left": 2}, to={"queue": 1, "number": 1}, total_ms=4_000),
    ],
    nodes=[
        NodeNumbers(node="topic", entered=5, total_ms=21_000, median_ms=3_400, left_by={"key": 4, "hung_up": 1},
                    timeouts=2, invalid=1),
        NodeNumbers(node="gone", entered=1, total_ms=100, left_by={"failed": 1}, failures={"timeout": 1}),
    ],
)  # fmt: skip


async def test_what_there_is_and_who_is_in_it(flowing: Desk, http: aiohttp.ClientSession) -> None:
    enter(flowing)
    enter(flowing, "f2")
    go_on(flowing, unique_id="f2")
    _, body, _ = await ask(http, flowing, "sue", "GET", "/v1/flows")
    flow = next(each for each in flow_schemas.FlowsView.model_validate(body).items if each.id == "identify")
    assert (flow.title, flow.languages, flow.nodes, flow.callers) == ("Who is calling", ["en", "zh"], 4, 2)
    _, body, _ = await ask(http, flowing, "sue", "GET", "/v1/flows/identify")
    whole = flow_schemas.WholeFlowView.model_validate(body)
    assert (whole.start, whole.sensitive, whole.version) == ("hello", ["account"], flow.version)
    assert [(each.id, each.kind, each.callers) for each in whole.nodes] == [
        ("hello", "say", 1), ("topic", "menu", 1), ("account", "collect", 0), ("away", "go", 0),
    ]  # fmt: skip
    topic = whole.nodes[1]
    assert [(way.label, way.to) for way in topic.ways] == [("1", "account"), ("otherwise", "away")]
    assert whole.nodes[0].says[0].items == [{"text": {"en": "Hello.", "zh": "您好。"}}]
    status, _, _ = await ask(http, flowing, "sue", "GET", "/v1/flows/nowhere")
    assert status == 404


@pytest.mark.parametrize(("language", "said"), [("", "Hello."), ("zh", "您好。"), ("fr", "Hello.")])
async def test_it_is_drawn_in_the_language_asked_for(
    flowing: Desk, http: aiohttp.ClientSession, language: str, said: str
) -> None:
    path = f"/v1/flows/identify/picture.svg?language={language}"
    async with http.get(path, headers=flowing.bearer("sue")) as answer:
        assert (answer.status, answer.content_type) == (200, "image/svg+xml")
        drawn = ElementTree.fromstring(await answer.text())
    boxes = {each.get("data-node"): " ".join(each.itertext()) for each in drawn.iter() if each.get("data-node")}
    assert list(boxes) == ["hello", "topic", "account", "away"]
    assert said in boxes["hello"]


async def test_a_report_by_intervals_and_nodes(flowing: Desk, http: aiohttp.ClientSession) -> None:
    flowing.site.records.flow_reports["identify"] = REPORT
    query = "since=2026-11-18T00:00:00%2B01:00&until=2026-11-19T00:00:00%2B01:00"
    status, body, _ = await ask(http, flowing, "sue", "GET", f"/v1/flows/identify/report?{query}")
    assert status == 200, body
    report = flow_schemas.FlowReportView.model_validate(body)
    assert flowing.site.records.flow_reports_asked[-1][1:] == (report.since, report.until)
    total = report.total
    assert (total.entered, total.contained, total.dropped_out, total.ended, total.left) == (6, 1, 1, 1, 4)
    assert (total.to, total.mean_seconds, report.versions) == ({"queue": 3, "number": 1}, 6.0, {"aa": 3, "bb": 1})
    assert [(each.at.isoformat(), each.entered) for each in report.intervals] == [
        ("2026-11-18T12:00:00+01:00", 4), ("2026-11-18T13:00:00+01:00", 2),
    ]  # fmt: skip
    topic, gone = report.nodes
    assert (topic.title, topic.mean_seconds, topic.median_seconds, topic.dropped_out) == ("Topic", 4.2, 3.4, 1)
    assert (topic.timeouts, topic.invalid, topic.failed) == (2, 1, 0)
    assert (gone.title, gone.failed, gone.failures) == (None, 1, {"timeout": 1})


async def test_nobody_was_in_it(flowing: Desk, http: aiohttp.ClientSession) -> None:
    _, body, _ = await ask(http, flowing, "sue", "GET", "/v1/flows/identify/report")
    report = flow_schemas.FlowReportView.model_validate(body)
    assert (report.total.entered, report.total.mean_seconds, report.intervals, report.nodes) == (0, None, [], [])
    assert report.since.astimezone().tzinfo is not None


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("interval_minutes=7", 422),
        ("since=2020-01-01T00:00:00Z&interval_minutes=15", 422),
        ("since=2020-01-01T00:00:00Z&interval_minutes=1440", 422),
        ("since=2020-01-01", 422),
        ("interval_minutes=1440", 200),
    ],
)
async def test_what_is_too_much_is_refused(flowing: Desk, http: aiohttp.ClientSession, query: str, status: int) -> None:
    for path in ("report", "report.csv"):
        async with http.get(f"/v1/flows/identify/{path}?{query}", headers=flowing.bearer("sue")) as answer:
            assert answer.status == status


async def test_the_same_as_csv(flowing: Desk, http: aiohttp.ClientSession) -> None:
    flowing.site.records.flow_reports["identify"] = REPORT
    async with http.get("/v1/flows/identify/report.csv", headers=flowing.bearer("sue")) as answer:
        assert (answer.status, answer.content_type) == (200, "text/csv")
        text = await answer.text()
    rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    assert [(row["of"], row["at"] or row["node"], row["entered"]) for row in rows] == [
        ("total", "", "6"), ("interval", "2026-11-18T12:00:00+01:00", "4"),
        ("interval", "2026-11-18T13:00:00+01:00", "2"), ("node", "topic", "5"), ("node", "gone", "1"),
    ]  # fmt: skip
    assert (rows[0]["to"], rows[0]["dropped_out"], rows[0]["timeouts"]) == ("number=1 queue=3", "1", "")
    assert (rows[3]["median_seconds"], rows[3]["timeouts"], rows[3]["contained"]) == ("3.4", "2", "")


async def test_a_record_tells_the_way_through_it(flowing: Desk, http: aiohttp.ClientSession) -> None:
    enter(flowing)
    contact_id = next(each.id for each in flowing.site.state.contacts.values())
    go_on(flowing)
    flowing.site.handle(ev.LegEnded(pbx="main", unique_id="f1", cause=16))
    _, body, _ = await ask(http, flowing, "sue", "GET", f"/v1/records/{contact_id}")
    (visit,) = record_schemas.RecordView.model_validate(body).flows
    assert (visit.flow, visit.result, visit.to_kind) == ("identify", "hung_up", None)
    assert [(each.node, each.title, each.left_by) for each in visit.nodes] == [
        ("hello", None, "on"), ("topic", "Topic", "hung_up"),
    ]  # fmt: skip


async def test_the_client_asks_for_them(flowing: Desk) -> None:
    flowing.site.records.flow_reports["identify"] = REPORT
    async with Client(flowing.url, flowing.token("sue")) as client:
        assert "identify" in [each["id"] for each in await client.flows()]
        assert (await client.flow("identify"))["start"] == "hello"
        report = await client.flow_report("identify", since=NOON, until=NOON.replace(hour=20), interval_minutes=15)
        assert [each["entered"] for each in report["intervals"]] == [3, 1, 2]
