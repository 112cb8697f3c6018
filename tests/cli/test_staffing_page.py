"""docs/staffing.md: what it shows is what the commands print."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import pytest

from tests.cli.running import CHECKOUT, Ctid

PAGE = (CHECKOUT / "docs" / "staffing.md").read_text(encoding="utf-8")


def shown() -> Iterator[tuple[str, str]]:
    """Each command of the page with the output below it."""
    for block in re.findall(r"^```console\n(.*?)^```", PAGE, re.M | re.S):
        for example in re.split(r"^\$ ctid ", block, flags=re.M)[1:]:
            command, _, output = example.partition("\n")
            yield command, output


def squeezed(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize(("command", "output"), [pytest.param(*each, id=each[0]) for each in shown()])
def test_an_example_prints_what_the_page_shows(
    ctid: Ctid, monkeypatch: pytest.MonkeyPatch, command: str, output: str
) -> None:
    monkeypatch.chdir(CHECKOUT)
    done = ctid(*shlex.split(command))
    assert done.returncode == 0, done.stderr
    assert squeezed(done.stdout) == squeezed(output)


def test_the_page_has_examples() -> None:
    assert len(list(shown())) >= 7


def test_its_table_of_patience_is_right(ctid: Ctid) -> None:
    found = re.findall(r"^\| (\d+) s \| (\d+) \| ([\d.]+) % \|$", PAGE, re.M)
    assert len(found) == 3
    for patience, agents, abandoned in found:
        done = ctid("staff", "--calls-per-hour", 480, "--handling", 300, "--patience", patience)
        cells = squeezed(done.stdout)[-1].split()
        assert (cells[4], cells[8]) == (agents, abandoned)
