"""Logs: one JSON object a line, nothing of a caller in it, the libraries' lines included."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from ctid.telemetry import logs
from ctid.telemetry.metrics import Metrics

pytestmark = pytest.mark.adapters


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    text = io.StringIO()
    logs.configure(stream=text)
    yield text
    root.handlers[:], root.level = before[0], before[1]
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_caller_data_is_masked(stream: io.StringIO) -> None:
    structlog.get_logger().info(
        "contact.queued",
        pii_ani="+12025550123",
        contact_id="c-12025550123",
        unique_id="1700000000.1",
        detail="call from +12025550123 failed",
        nested={"numbers": ["4930 12025550123", 7], "pii_name": "Ann"},
        count=12025550123,
    )
    (line,) = lines(stream)
    assert line["pii_ani"] == "[12 masked]"
    assert (line["contact_id"], line["unique_id"]) == ("c-12025550123", "1700000000.1")
    assert line["detail"] == "call from [number] failed"
    assert line["nested"] == {"numbers": ["4930 [number]", 7], "pii_name": "[3 masked]"}
    assert (line["event"], line["level"]) == ("contact.queued", "info")
    assert line["timestamp"].endswith("Z")
    assert "[number]" not in line["timestamp"]


def test_exceptions_and_the_libraries_lines_are_masked(stream: io.StringIO) -> None:
    try:
        raise ValueError("bad number 12025550123")
    except ValueError:
        structlog.get_logger().error("contact.broken", exc_info=True)
    logging.getLogger("some.library").warning("dialled %s", "+12025550123")
    broken, foreign = lines(stream)
    assert "12025550123" not in stream.getvalue()
    assert "ValueError" in broken["exception"]
    assert foreign["event"] == "dialled [number]"


def test_level_is_kept(stream: io.StringIO) -> None:
    structlog.get_logger().debug("ami.read")
    assert stream.getvalue() == ""


def test_console_is_readable() -> None:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    text = io.StringIO()
    try:
        logs.configure(console=True, stream=text)
        structlog.get_logger().info("pbx.ready", pbx="a")
    finally:
        root.handlers[:], root.level = before[0], before[1]
        structlog.reset_defaults()
    assert "pbx.ready" in text.getvalue()
    assert not text.getvalue().startswith("{")


@given(st.from_regex(r"\+?[0-9]{7,15}", fullmatch=True), st.sampled_from(["", "tel:", "<", "a "]))
def test_no_telephone_number_passes(number: str, before: str) -> None:
    event = logs.redact(None, "info", {"event": "x", "detail": f"{before}{number}"})
    assert number.removeprefix("+") not in event["detail"]


def test_every_metric_is_told_with_its_documented_name() -> None:
    metrics = Metrics("1.2.3")
    metrics.contact_closed("sales", "handled")
    metrics.left_queue("sales", "handled", 3.0)
    metrics.pbx_ready("a")
    metrics.pbx_lost("a", "silent")
    metrics.pbx_event("a", "Hangup")
    metrics.desktop_cut_off("slow")
    metrics.note("leg-unknown")
    metrics.command("leg.answer")
    text = metrics.exposition().decode()
    for sample in (
        'ctid_contacts_total{outcome="handled",queue="sales"} 1.0',
        'ctid_queue_wait_seconds_sum{outcome="handled",queue="sales"} 3.0',
        'ctid_pbx_up{pbx="a"} 0.0',
        'ctid_pbx_reconnects_total{cause="silent",pbx="a"} 1.0',
        'ctid_pbx_events_total{event="Hangup",pbx="a"} 1.0',
        'ctid_desktop_dropped_total{reason="slow"} 1.0',
        'ctid_notes_total{code="leg-unknown"} 1.0',
        'ctid_commands_total{command="leg.answer"} 1.0',
        'ctid_build_info{release="1.2.3"} 1.0',
    ):
        assert sample in text
    # Two apps in one process do not share what they count.
    assert "sales" not in Metrics("1.2.3").exposition().decode()
