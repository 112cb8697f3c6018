"""The figures that benchmarks tell: percentiles, and whether a goal is met."""

from __future__ import annotations

import statistics
from pathlib import Path

import pytest

from benchmarks import report
from benchmarks.spread import spread

pytestmark = pytest.mark.unit


def test_percentiles_of_a_known_sample_are_told_in_milliseconds() -> None:
    assert spread([value / 1000 for value in range(1, 102)]) == {
        "n": 101,
        "p50": 51.0,
        "p95": 96.0,
        "p99": 100.0,
        "max": 101.0,
    }


def test_the_order_of_the_sample_does_not_matter() -> None:
    assert spread([0.003, 0.001, 0.002]) == spread([0.001, 0.002, 0.003])


def test_one_duration_is_no_sample() -> None:
    with pytest.raises(statistics.StatisticsError):
        spread([1.0])


@pytest.mark.parametrize(
    ("goal", "value", "met"),
    [
        (report.Goal("ours", "", least=20), 20, True),
        (report.Goal("ours", "", least=20), 19.9, False),
        (report.Goal("ours", "", most=5), 5, False),
        (report.Goal("ours", "", most=5), 4.9, True),
    ],
)
def test_a_goal_is_met_or_not(goal: report.Goal, value: float, met: bool) -> None:
    assert goal.met({"ours": value}) is met


def test_every_benchmark_is_a_module_with_a_main() -> None:
    folder = Path(report.__file__).parent
    for name in report.GOALS:
        assert "\ndef main() -> None:\n" in (folder / f"{name}.py").read_text(encoding="utf-8")


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that need not be asked."""
    told = {"date": "2026-01-02 03:04 UTC", "load average at the start": "0.10 0.20 0.30"}
    monkeypatch.setattr(report, "_machine", lambda: told)


INGEST = {"name": "ami_ingest", "ratio": 7}
ORDERS = {"name": "control_latency", "make_call_ms": 10, "hold_ms": 31, "retrieve_ms": 12}
SIMULATED = {"name": "acd_simulate", "contacts_per_minute_all_cores": 2_000_000}


@pytest.mark.usefixtures("machine")
def test_one_part_of_a_report_is_written_anew_and_nothing_else_changes(tmp_path: Path) -> None:
    before, after = tmp_path / "before.md", tmp_path / "after.md"
    report.write([INGEST, ORDERS, SIMULATED], before)
    report.write([INGEST, SIMULATED], after)
    report.renew(ORDERS, after)
    dated = "| date | 2026-01-02 03:04 UTC |\n| load average at the start | 0.10 0.20 0.30 |\n"
    last = "| retrieve_ms | 12 |\n"
    assert after.read_text() == before.read_text().replace(last, last + dated)
    report.renew({**ORDERS, "hold_ms": 29}, after)
    assert "- `control_latency`" not in after.read_text()
    assert "- `ami_ingest`" in after.read_text()
    assert after.read_text().count("## control_latency") == 1
