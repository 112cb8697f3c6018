"""``ctid simulate``: what it prints and writes, and the faults it reports."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import pytest

from ctid.cli import main
from ctid.store.codec import encode_event
from ctid.store.journal import Entry, Journal
from tests.simulation.small_site import exponential, scenario, stream, watched

pytestmark = pytest.mark.cli

SCENARIOS = Path(__file__).parents[2] / "config" / "scenarios"
SITE = """\
site: shop
country: DE
entries: {}
queues:
  sales: {steps: [{}], service_level_seconds: SECONDS}
"""
SCENARIO = """\
config: site.yaml
replications: 3
interval_seconds: 600
streams:
  buyers:
    queue: sales
    per_interval: [30]
    handling: {distribution: exponential, mean_seconds: 40}
crews:
  temps: {count: 3}
"""


def simulate(monkeypatch: pytest.MonkeyPatch, *args: str | Path) -> int:
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setattr(sys, "argv", ["ctid", "simulate", *map(str, args)])
    try:
        main()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 0
    return 0


@pytest.fixture
def scenario_file(tmp_path: Path) -> Path:
    for name, seconds in (("site", "20"), ("other", "1")):
        (tmp_path / f"{name}.yaml").write_text(SITE.replace("SECONDS", seconds), encoding="utf-8")
    path = tmp_path / "day.yaml"
    path.write_text(SCENARIO, encoding="utf-8")
    return path


def test_configurations_stand_side_by_side(
    scenario_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    other, table = scenario_file.parent / "other.yaml", scenario_file.parent / "figures.csv"
    assert simulate(monkeypatch, scenario_file, "-c", other, "--csv", table, "--jobs", "1") == 0
    text = capsys.readouterr().out
    assert "3 replications" in text
    assert "served in target" in text
    assert "█ day" in text
    with table.open(encoding="utf-8") as file:
        rows = {(row["configuration"], row["about"], row["figure"]): row for row in csv.DictReader(file)}
    ours, theirs = rows["day", "all queues", "in_time"], rows[str(other), "all queues", "in_time"]
    assert float(theirs["value"]) < float(ours["value"])
    assert float(theirs["difference"]) == pytest.approx(float(theirs["value"]) - float(ours["value"]), rel=1e-4)
    assert rows[str(other), "all queues", "offered"]["difference"] == "0"
    assert float(rows["day", "temps-1", "occupancy"]["value"]) > 0


def test_more_processes_give_the_same_figures(scenario_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = []
    for jobs in ("1", "2"):
        table = scenario_file.parent / f"figures{jobs}.csv"
        assert simulate(monkeypatch, scenario_file, "--csv", table, "--jobs", jobs, "--no-plot") == 0
        written.append(table.read_text(encoding="utf-8"))
    assert written[0] == written[1]


def test_a_journal_is_set_beside_what_happened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _, seen = watched(scenario({"s": stream([60], exponential(60), patience=exponential(60))}))
    path = tmp_path / "journal.sqlite3"
    with Journal.open(path, site="small", release="0") as journal:
        journal.append([Entry(seq, at, encode_event(event)) for seq, (at, event, _) in enumerate(seen, 1)])
    table = tmp_path / "figures.csv"
    assert simulate(monkeypatch, "--journal", path, "--csv", table, "--jobs", "1", "--replications", "2") == 0
    assert "as recorded" in capsys.readouterr().out
    with table.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["configuration"] == "as recorded"]
    assert {row["difference"] for row in rows if row["figure"] == "served"} == {"0"}


def test_faults_are_listed_with_their_places(
    scenario_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario_file.write_text(SCENARIO.replace("count: 3", "count: many"), encoding="utf-8")
    assert simulate(monkeypatch, scenario_file) == 2
    assert f"{scenario_file}:10: crews.temps.count: Input should be a valid integer" in capsys.readouterr().err


@pytest.mark.parametrize("args", [[], ["a.yaml", "--journal", "b"]])
def test_either_a_scenario_or_a_journal(
    args: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert simulate(monkeypatch, *args) == 2
    assert "name a scenario file, or a recorded journal with --journal" in capsys.readouterr().err


def test_the_scenarios_that_come_along_run(monkeypatch: pytest.MonkeyPatch) -> None:
    for path in sorted(SCENARIOS.glob("*.yaml")):
        assert simulate(monkeypatch, path, "--replications", "1", "--jobs", "1") == 0
