"""Runs one benchmark (``python -m benchmarks NAME``), or all of them into ``docs/benchmarks.md``."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from benchmarks import report

REPORT: Final = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"


def main(arguments: list[str]) -> int:
    """Run what is asked for and return the exit code."""
    if arguments[1:] not in ([], ["--write"]) or not set(arguments[:1]) <= set(report.GOALS):
        print(f"usage: make bench [NAME={'|'.join(report.GOALS)}]", file=sys.stderr)
        print("or, for its part of the report only: python -m benchmarks NAME --write", file=sys.stderr)
        return 2
    if arguments[1:]:
        report.renew(_run(arguments[0]), REPORT)
        return 0
    if arguments:
        importlib.import_module(f"benchmarks.{arguments[0]}").main()
        return 0
    results = [_run(name) for name in report.GOALS]
    report.write(results, REPORT)
    print(f"written to {REPORT.relative_to(Path.cwd()) if REPORT.is_relative_to(Path.cwd()) else REPORT}")
    print(json.dumps({result["name"]: result["ratio"] for result in results}))
    return 0


def _run(name: str) -> dict[str, Any]:
    """Run a benchmark in a process of its own, so that none finds what another left in memory."""
    print(f"== {name}", flush=True)
    done = subprocess.run([sys.executable, "-m", "benchmarks", name], stdout=subprocess.PIPE, text=True, check=True)
    print(done.stdout, end="", flush=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
