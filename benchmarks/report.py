"""The report: every benchmark's figures with the machine they are from, and what they were meant to be."""

from __future__ import annotations

import datetime
import importlib
import os
import platform
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sip_test_rig.provision import provision

Result = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Goal:
    """What a figure is meant to be.

    Attributes:
        figure: Its name in the result.
        text: The goal in words.
        least: The figure shall be at least this.
        most: Or less than this.
    """

    figure: str
    text: str
    least: float | None = None
    most: float | None = None

    def met(self, result: Result) -> bool:
        """Whether the figure is what it is meant to be."""
        value = result[self.figure]
        return (self.least is None or value >= self.least) and (self.most is None or value < self.most)


GOALS: Final[Mapping[str, Sequence[Goal]]] = {
    "ami_ingest": [Goal("ratio", "at least 8 times as many events a second as stock panoramisk", least=8)],
    "event_to_desktop": [Goal("ours", "99th percentile below 20 ms at 20 calls/s with 300 desktops", most=20)],
    "desktop_fanout": [
        Goal("ours", "2,000 desktops, 50 calls/s, one in twenty slow: 99th percentile below 50 ms", most=50),
        Goal("memory_kb", "memory per desktop below 100 kB", most=100),
        Goal("lost", "no fast desktop loses anything", most=1),
        Goal("storm_s", "all 2,000 come back at once: live again within 10 s", most=10),
    ],
    "acd_decision": [
        Goal("ours", "5,000 agents, 10,000 waiting: a decision in less than 100 µs, median", most=100),
        Goal("ours_p99", "the same, 99th percentile: less than 500 µs", most=500),
        Goal("ratio", "at least 100 times faster than a straight scan with the same answer", least=100),
        Goal("skill_change", "a live change of a skill: less than 1,000 µs, median", most=1_000),
    ],
    "queue_latency": [
        Goal("ratio", "one agent set free, callers waiting: at least 20 times sooner than Queue()", least=20),
        Goal("ratio_five_agents", "the same with five agents: at least 20 times sooner", least=20),
        Goal("arrival_ms", "from arrival to a free agent's INVITE: median below 5 ms", most=5),
    ],
    "control_latency": [
        Goal(
            "make_call_ms", "20 calls/s: from a request to call until the agent's phone rings: p99 below 30 ms", most=30
        ),
        Goal("hold_ms", "20 calls/s: from a request to hold until the caller hears music: p99 below 30 ms", most=30),
        Goal(
            "retrieve_ms",
            "20 calls/s: from a request to retrieve until both are in one bridge: p99 below 30 ms",
            most=30,
        ),
    ],
    "ivr_step": [
        Goal("machine_us", "a step of the flow machine: below 50 µs, median", most=50),
        Goal("gap_p99_ms", "1,000 callers in flows on one core: gaps between prompts below 50 ms, p99", most=50),
    ],
    "flow_report": [
        Goal("ours", "a flow's report of a day with 100,000 calls: below 200 ms, median", most=200),
        Goal("ratio", "at least 8 times sooner than counting every stay", least=8),
    ],
    "acd_simulate": [
        Goal("contacts_per_minute_all_cores", "a million contacts a minute through the whole engine", least=1_000_000),
    ],
}
"""The benchmarks there are, and their goals."""


def write(results: Sequence[Result], path: Path) -> None:
    """Write the report.

    Args:
        results: One for each benchmark.
        path: Where to.
    """
    parts = [
        "# Benchmarks",
        "Written by `make bench`; do not edit. A benchmark is not a test: it asserts nothing about time, but sets ctid "
        "beside a named peer in the same run. All of it, Asterisk, SIPp, ctid and the desktops, shares one machine and "
        "its loopback.",
        table(["", ""], list(_machine().items())),
        _goals(
            [line for result in results for line in table([], _judged(result)).splitlines()[2:]],
            [line for result in results for line in _missed(result)],
        ),
    ]
    for result in results:
        parts += _section(result)
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def renew(result: Result, path: Path) -> None:
    """Write one benchmark's part of a report anew, dated, as the machine may do other things now than it did then.

    Args:
        result: Of the benchmark.
        path: The report, as ``write`` has made it.
    """
    name, machine = result["name"], _machine()
    dated = {**result, **{key: machine[key] for key in ("date", "load average at the start")}}
    head, goals, *sections = re.split(r"^(?=## )", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    by_name = {section[3:].partition("\n")[0]: section for section in sections}
    by_name[name] = "\n\n".join(_section(dated)) + "\n\n"
    rows = [*_lines(goals, "| `", name), *table([], _judged(result)).splitlines()[2:]]
    missed = [*_lines(goals, "- `", name), *_missed(result)]
    parts = [head, _goals(sorted(rows, key=_place), sorted(missed, key=_place)), "\n\n"]
    parts += [by_name[each] for each in GOALS if each in by_name]
    path.write_text("".join(parts).rstrip("\n") + "\n", encoding="utf-8")


def _lines(text: str, start: str, but_of: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(start) and f"`{but_of}`" not in line]


def _place(line: str) -> int:
    """Where the benchmark that a line is about stands among the others."""
    return list(GOALS).index(line.split("`")[1])


def _judged(result: Result) -> list[list[Any]]:
    return [
        [f"`{result['name']}`", goal.text, result[goal.figure], "met" if goal.met(result) else "**falls short**"]
        for goal in GOALS[result["name"]]
    ]


def _missed(result: Result) -> list[str]:
    return [
        f"- `{result['name']}`: {goal.text}; measured {result[goal.figure]}."
        for goal in GOALS[result["name"]]
        if not goal.met(result)
    ]


def _goals(rows: Sequence[str], missed: Sequence[str]) -> str:
    """Write the goals out of the lines of their table and those of what falls short."""
    judged = "\n".join([table(["benchmark", "goal", "measured", ""], []), *rows])
    shortfall = "\n".join(["Falls short:\n", *missed]) if missed else "Nothing falls short."
    return f"## Goals\n\n{judged}\n\n{shortfall}"


def _section(result: Result) -> list[str]:
    name = result["name"]
    about = importlib.import_module(f"benchmarks.{name}").__doc__ or ""
    plain = {key: value for key, value in result.items() if key not in ("name", "figures", "plot")}
    parts = [f"## {name}", f"`make bench NAME={name}`", about.strip(), table(["", ""], list(plain.items()))]
    if figures := result.get("figures"):
        columns = list(next(iter(figures.values())))
        rows = [[f"`{figure}`", *(values[column] for column in columns)] for figure, values in figures.items()]
        parts.append(table([result.get("figures_unit", "ms"), *columns], rows))
    if plot := result.get("plot"):
        parts.append(f"```text\n{plot}\n```")
    return parts


def table(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A table in Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def _machine() -> dict[str, str]:
    cpu = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    root = provision("22")
    asterisk = subprocess.run(
        ["chroot", str(root), "/usr/sbin/asterisk", "-V"], capture_output=True, text=True, check=True
    )
    return {
        "command": "`make bench`",
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": f"{len(os.sched_getaffinity(0))} cores of {cpu[1] if cpu else platform.processor()}",
        "load average at the start": " ".join(f"{load:.2f}" for load in LOAD_AT_START),
        "kernel": platform.release(),
        "Asterisk": asterisk.stdout.strip(),
        "Python": platform.python_version(),
    }


LOAD_AT_START: Final = os.getloadavg()
"""What the machine did besides: tells how far the figures can be trusted."""
