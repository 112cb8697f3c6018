"""``ctid ivr try``: a flow walked at the terminal, with the keyboard for the caller's keys."""

from __future__ import annotations

import sys
from datetime import datetime
from getpass import getpass
from pathlib import Path
from typing import Annotated, get_args
from zoneinfo import ZoneInfo

import typer
import yaml
from pydantic import ValidationError
from rich.console import Console

from ctid.cli.options import ConfigOption
from ctid.errors import NotFoundError, RequestError
from ctid.ivr.checks.checks import faulty_flows
from ctid.ivr.effects import Fetch, Hear, Passed, TakeDown
from ctid.rehearsal.rehearsal import Rehearsal
from ctid.rehearsal.tests import said, told
from ctid.spec.flow_tests import Answer, Failure, GivenSpec, load_given
from ctid.spec.loader import load_site

KEYS = frozenset("0123456789*#")


def try_flow(
    flow: Annotated[str, typer.Argument(help="The flow to begin with.")],
    config: ConfigOption,
    given: Annotated[
        Path | None, typer.Option(help="YAML file with what is given, as in tests: attributes, lookups, queues …")
    ] = None,
    at: Annotated[str, typer.Option(help="The moment on the site's clocks: 2026-11-29T14:00; without, now.")] = "",
    language: Annotated[str, typer.Option(help="The caller's language.")] = "",
    ani: Annotated[str, typer.Option(help="The caller's number.")] = "",
) -> None:
    """Walk through a flow: type keys and Enter; Enter alone is silence, q hangs up."""
    site = load_site(config, faulty_flows)
    if flow not in site.flows:
        raise NotFoundError(f"there is no flow {flow!r}; there is: {', '.join(sorted(site.flows)) or 'none at all'}")
    now = datetime.now(ZoneInfo(site.timezone)).replace(microsecond=0, tzinfo=None)
    spec = load_given(given) if given is not None else GivenSpec(at=now)
    update: dict[str, object] = {"language": language} if language else {}
    if ani:
        update["ani"] = ani
    if at:
        update["at"] = _moment(at)
    caller = Rehearsal(site, _given(spec, update))
    caller.begin(flow)
    _Terminal(caller).run()


def _given(spec: GivenSpec, update: dict[str, object]) -> GivenSpec:
    try:
        return GivenSpec.model_validate({**spec.model_dump(), **update})
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        raise RequestError(f"--{fault['loc'][0]}: {fault['msg'].removeprefix('Value error, ')}") from None


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise RequestError(f"{text!r} is no moment; write for example 2026-11-29T14:00") from None


class _Terminal:
    """Shows a rehearsal, and asks for what it waits for."""

    def __init__(self, caller: Rehearsal) -> None:
        self._caller = caller
        self._console = Console(highlight=False, soft_wrap=True)
        self._shown = 0
        self._answers = {name: list(answers) for name, answers in caller.given.lookups.items()}

    def run(self) -> None:
        while True:
            self._show()
            match self._caller.waits_for:
                case Hear() as hear:
                    if not self._keys(hear):
                        self._print("the caller hangs up", "yellow")
                        return
                case Fetch() as fetch:
                    self._look_up(fetch)
                case TakeDown():
                    self._print("(the caller speaks)", "cyan")
                    self._caller.heard.clear()
                    self._caller.speak()
                case None:
                    assert self._caller.left is not None
                    self._print(f"⇒ {told(self._caller.left)}", "bold green")
                    for name, value in sorted(self._caller.world.attributes.items()):
                        self._print(f"   {name}: {value}", "green")
                    return

    def _show(self) -> None:
        for passed in self._caller.trail[self._shown :]:
            self._print(_passed(passed), "dim")
        self._shown = len(self._caller.trail)
        for place in self._caller.untold:
            self._print(f"{place}: can't be told, and so does not hold", "yellow")
        self._caller.untold.clear()
        if self._caller.heard:
            self._print(f"  {' '.join(map(said, self._caller.heard))}", "bold")
        self._caller.heard.clear()

    def _keys(self, hear: Hear) -> bool:
        """Have the caller press keys; tells whether they are still there."""
        while True:
            most = "a key" if hear.max_digits == 1 else f"up to {hear.max_digits} keys"
            text = self._ask(f"{most} › ", hidden=hear.sealed)
            if text is None or text == "q":
                return False
            if not text:
                self._caller.silence()
                return True
            if KEYS.issuperset(text):
                self._caller.press(text)
                return True
            self._print("keys are 0 to 9, * and #; Enter alone is silence, q hangs up", "red")

    def _look_up(self, fetch: Fetch) -> None:
        asked = [f"{name}: {value}" for name, value in fetch.give.items()] + [f"{name}: ••••" for name in fetch.sealed]
        self._print(f"lookup {fetch.lookup} {{{', '.join(asked)}}}", "cyan")
        given = self._answers.get(fetch.lookup)
        if given:
            answer = given.pop(0) if len(given) > 1 else given[0]
        else:
            answer = self._asked_for(fetch)
        self._print(f"  answers {answer}", "cyan")
        if isinstance(answer, str):
            self._caller.answer({}, answer)
        else:
            self._caller.answer(answer)

    def _asked_for(self, fetch: Fetch) -> Answer:
        failures: tuple[Failure, ...] = get_args(Failure)
        example = ", ".join(f"{path}: …" for path in fetch.fields)
        while True:
            text = self._ask(f"its answer, {{{example}}} or one of {', '.join(failures)} › ")
            if text is None:
                return "unavailable"
            try:
                answer = yaml.safe_load(text)
            except yaml.YAMLError:
                answer = None
            if isinstance(answer, dict):
                return answer
            for failure in failures:
                if answer == failure:
                    return failure

    def _ask(self, prompt: str, *, hidden: bool = False) -> str | None:
        if hidden and sys.stdin.isatty():
            return getpass(prompt).strip()
        self._console.print(prompt, end="", markup=False, style="cyan")
        line = sys.stdin.readline()
        if not sys.stdin.isatty():
            shown = line.rstrip("\n")
            self._print("•" * len(shown) if hidden else shown, "")
        return line.strip() if line else None

    def _print(self, text: str, style: str) -> None:
        self._console.print(text, style=style, markup=False)


def _passed(passed: Passed) -> str:
    result = f" {passed.result}" if passed.result else ""
    return f"{passed.kind} {passed.name}{result}"
