"""``ctid staff``: what it prints and writes, and what it refuses."""

from __future__ import annotations

import asyncio
import csv
import json
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ctid.model.instant import Instant
from ctid.model.record import ContactRecord
from ctid.model.states import Outcome
from ctid.staffing.erlang import Demand, performance
from ctid.store.database import Database
from ctid.store.records import RecordStore
from tests.cli.running import Ctid
from tests.store.sample_records import sample_record

BERLIN = ZoneInfo("Europe/Berlin")
FORECAST = "start,calls,handling_seconds,patience_seconds\n09:00,120,300,180\n09:30,150,300,180\n10:00,180,310,\n"


@pytest.fixture
def forecast(tmp_path: Path) -> Path:
    path = tmp_path / "forecast.csv"
    path.write_text(FORECAST, encoding="utf-8")
    return path


def rows(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines() if line.strip()]


def test_one_load_by_options(ctid: Ctid) -> None:
    done = ctid("staff", "--calls-per-hour", 480, "--handling", 300, "--patience", 180, "--shrinkage", 30)
    assert done.returncode == 0
    assert "target: 80 % within 20 s" in done.stdout
    assert rows(done.stdout)[-1] == ["480", "300", "180", "40.0", "43", "46", "62", "83.5", "7.1", "3.9", "89.4"]


def test_without_patience_it_is_erlang_c_and_too_few_agents_have_a_line_without_end(ctid: Ctid) -> None:
    done = ctid("staff", "--calls-per-hour", 200, "--handling", 180, "--target", "80/20")
    assert rows(done.stdout)[-1] == ["200", "180", "10.0", "14", "88.8", "7.8", "0.0", "71.4"]
    done = ctid("staff", "--calls-per-hour", 200, "--handling", 180, "--agents", 10)
    assert rows(done.stdout)[-1] == ["200", "180", "10.0", "14", "10", "-", "∞", "-", "-"]


def test_a_forecast_with_its_sum_and_a_csv(ctid: Ctid, forecast: Path, tmp_path: Path) -> None:
    done = ctid("staff", forecast, "--csv", tmp_path / "plan.csv", "--max-abandoned", 5)
    assert done.returncode == 0, done.stderr
    assert "target: at most 5 % abandoned" in done.stdout
    found = rows(done.stdout)
    assert [row[0] for row in found[-5:]] == ["09:00", "09:30", "10:00", "all", "agent"]
    with (tmp_path / "plan.csv").open(encoding="utf-8", newline="") as file:
        written = list(csv.DictReader(file))
    assert [row["start"] for row in written] == ["09:00", "09:30", "10:00"]
    assert [row["patience_seconds"] for row in written] == ["180.0", "180.0", ""]
    outcome = performance(
        Demand(calls_per_hour=240, handling_seconds=300, patience_seconds=180), int(written[0]["agents"]), 20
    )
    assert outcome is not None
    assert float(written[0]["abandoned_percent"]) == pytest.approx(outcome.abandoned * 100, abs=1e-4)
    assert float(written[0]["abandoned_percent"]) <= 5


def test_json_has_everything(ctid: Ctid, forecast: Path) -> None:
    done = ctid("staff", forecast, "--json", "--sensitivity", "--interval", 15, "--shrinkage", 25)
    document = json.loads(done.stdout)
    assert document["target"]["service_level_percent"] == 80
    assert (document["shrinkage_percent"], len(document["intervals"])) == (25, 3)
    first = document["intervals"][0]
    assert (first["minutes"], first["calls"], first["demand"]["erlangs"]) == (15, 120, 40)
    assert (first["agents"], first["scheduled"], first["erlang_c_agents"]) == (43, 58, 46)
    assert [what["change"] for what in first["sensitivity"]][:2] == ["calls -10 %", "calls +10 %"]
    assert [point["agents"] for point in first["agents_changed"]] == [40, 41, 42, 44, 45, 46]
    assert document["agent_hours"] == sum(each["agents"] for each in document["intervals"]) / 4


def test_sensitivity_tells_what_more_calls_and_agents_do(ctid: Ctid) -> None:
    done = ctid("staff", "--calls-per-hour", 480, "--handling", 300, "--patience", 180, "--sensitivity")
    found = {" ".join(row[:3]): row[3:] for row in rows(done.stdout) if row[0] == "calls"}
    assert found["calls +10 %"] == ["46", "46.0", "67.3", "14.3", "8.0", "94.2"]
    agents = {row[1]: row[2:] for row in rows(done.stdout) if row[0] == "agents" and row[1][0] in "+-"}
    assert list(agents) == ["-3", "-2", "-1", "+1", "+2", "+3"]
    assert agents["+1"] == ["44.0", "86.7", "5.7", "3.1", "88.1"]


def test_faults_of_a_forecast_are_told_with_file_line_and_column(ctid: Ctid, forecast: Path) -> None:
    forecast.write_text(FORECAST.replace("150", "many").replace("10:00", "9:45"), encoding="utf-8")
    done = ctid("staff", forecast)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        f"{forecast}:3: calls: 'many' is no number; write for example 120 or 7.5",
        f"{forecast}:4: start: '9:45' comes before the 30 minutes of line 3 are over",
    ]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ((), "give one of: a forecast file, --calls-per-hour, --from-records, --scenario"),
        (("--calls-per-hour", 5), "--calls-per-hour needs --handling"),
        (("--calls-per-hour", -5, "--handling", 60), "calls per hour are -5"),
        (("--calls-per-hour", 5, "--handling", 60, "--target", "80"), "'80' is no service level; write 80/20"),
        (("--calls-per-hour", 5, "--handling", 60, "--shrinkage", 100), "shrinkage must be"),
        (("--calls-per-hour", 1e6, "--handling", 3600), "the load is 1000000 Erlang"),
        (("--from-records", "mon"), "--from-records needs --config and --queue"),
    ],
)
def test_what_makes_no_sense_is_refused(ctid: Ctid, args: tuple[Any, ...], words: str) -> None:
    done = ctid("staff", *args)
    assert done.returncode == 2
    assert words in done.stderr


def test_a_file_has_columns_for_what_options_say(ctid: Ctid, forecast: Path) -> None:
    done = ctid("staff", forecast, "--handling", 60)
    assert (done.returncode, done.stderr) == (2, "ctid: leave out --handling: a file has columns for that\n")


def call_at(number: int, moment: datetime, **more: Any) -> ContactRecord:
    at = Instant(0, round(moment.timestamp() * 1000))
    moments = dict.fromkeys(("created_at", "queued_at", "connected_at", "ended_at", "closed_at"), at)
    return sample_record(number, **(moments | more))


def keep(folder: Path, records: list[ContactRecord]) -> None:
    async def save() -> None:
        async with Database(f"sqlite:///{folder.parent}/ctid.db") as database:
            await RecordStore(database).save_many(records)

    asyncio.run(save())


def test_a_past_days_calls_are_the_forecast(ctid: Ctid, config: Path) -> None:
    nine = datetime(2026, 7, 1, 9, tzinfo=BERLIN)
    calls = [
        call_at(index, nine.replace(minute=index % 30), talk_ms=200_000, wrap_up_ms=40_000, wait_ms=10_000)
        for index in range(60)
    ]
    calls += [
        call_at(60 + index, nine.replace(hour=10), connected_at=None, outcome=Outcome.ABANDONED, wait_ms=60_000)
        for index in range(10)
    ]
    calls.append(call_at(99, nine.replace(day=2)))
    keep(config, [*calls])
    done = ctid("staff", "--from-records", "2026-07-01", "--config", config, "--queue", "sales", "--json")
    assert done.returncode == 0, done.stderr
    assert "70 calls on 1 day, 60 served, 10 abandoned" in done.stderr
    intervals = json.loads(done.stdout)["intervals"]
    assert [(each["start"], each["calls"]) for each in intervals] == [("09:00", 60), ("09:30", 0), ("10:00", 10)]
    assert intervals[0]["demand"]["handling_seconds"] == 240
    assert intervals[0]["demand"]["patience_seconds"] == (60 * 10 + 10 * 60) / 10


def test_days_without_calls_or_names_are_refused(ctid: Ctid, config: Path) -> None:
    keep(config, [])
    asked = ("staff", "--config", config, "--from-records")
    for more, words in (
        (("2026-07-01", "--queue", "sales"), "queue sales served nobody then"),
        (("2026-07-01", "--queue", "sales", "--handling", "60"), "queue sales had no call then"),
        (("tue", "--queue", "none"), "there is no queue 'none'; there is: sales"),
        (("yesterday", "--queue", "sales"), "'yesterday' is no day; write 2026-07-01, or one of mon"),
        (("mon", "--queue", "sales", "--interval", "20"), "15 minutes or a multiple"),
    ):
        done = ctid(*asked, *more)
        assert (done.returncode, done.stdout) == (2, ""), more
        assert words in done.stderr


SCENARIO = """
site:
  site: two
  country: DE
  skills: [one, two]
  entries: {}
  queues: {first: {steps: [{skills: {one: 1}}]}, second: {steps: [{skills: {two: 1}}]}}
replications: 3
interval_seconds: 3600
streams:
  ones:
    queue: first
    per_interval: [60, 60]
    handling: {distribution: exponential, mean_seconds: 60}
    patience: {distribution: exponential, mean_seconds: 60}
  twos:
    queue: second
    per_interval: [60, 60]
    handling: {distribution: exponential, mean_seconds: 60}
    patience: {distribution: exponential, mean_seconds: 60}
crews:
  first: {count: 1, skills: {one: 5}}
  all: {count: 1, skills: {one: 5, two: 5}}
"""


def test_crews_of_several_skills_by_search(ctid: Ctid, tmp_path: Path) -> None:
    path = tmp_path / "two.yaml"
    path.write_text(SCENARIO, encoding="utf-8")
    done = ctid("staff", "--scenario", path, "--target", "80/20", "--shrinkage", 50)
    assert done.returncode == 0, done.stderr
    found = {row[0]: row[1:] for row in rows(done.stdout)}
    assert float(found["second"][0]) - float(found["second"][2]) >= 80
    as_json = json.loads(ctid("staff", "--scenario", path, "--target", "80/20", "--shrinkage", 50, "--json").stdout)
    assert [as_json["crews"]["all"][name] for name in ("before", "agents", "scheduled")] == [
        int(text) for text in found["all"][:3]
    ]
    assert as_json["crews"]["all"]["agents"] >= 2
    for queue in as_json["queues"].values():
        assert queue["service_level_percent"]["value"] - queue["service_level_percent"]["half_width"] >= 80


def test_a_search_takes_no_numbers_that_the_scenario_tells(ctid: Ctid, tmp_path: Path) -> None:
    done = ctid("staff", "--scenario", tmp_path / "two.yaml", "--patience", 60)
    assert (done.returncode, done.stderr) == (2, "ctid: leave out --patience: the scenario tells that\n")
