"""Tests of flows: each is a rehearsal, with what was to be heard and to follow."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ctid.ivr.effects import Fetch, Hear, TakeDown
from ctid.model.speech import Speech, Utterance
from ctid.rehearsal.rehearsal import Left, Rehearsal
from ctid.rehearsal.world import unknown
from ctid.spec.flow_tests import Answer, OutcomeSpec, StepSpec, TestSpec
from ctid.spec.site import SiteSpec
from ctid.spec.yaml_source import KeyPath


@dataclass(frozen=True, slots=True)
class Failed:
    """What went otherwise.

    Attributes:
        path: Where in the test that stands.
        what: It, in one line.
        wanted: What was to be, line by line.
        got: What was instead.
    """

    path: KeyPath
    what: str
    wanted: list[str]
    got: list[str]


def said(utterance: Utterance) -> str:
    """What the caller hears, as text; a prompt is its name in brackets."""
    return utterance.text if isinstance(utterance, Speech) else f"[{utterance}]"


def run(site: SiteSpec, test: TestSpec) -> Failed | None:
    """Run a test; ``None`` if all is as it says."""
    if test.flow not in site.flows:
        there = ", ".join(sorted(site.flows)) or "none at all"
        return Failed(("flow",), f"there is no flow {test.flow!r}; there is: {there}", [], [])
    for path, what in unknown(site, test.given):
        return Failed(("given", *path), what, [], [])
    caller = Rehearsal(site, test.given)
    answers = {name: list(given) for name, given in test.given.lookups.items()}
    caller.begin(test.flow)
    for at, step in enumerate(test.steps):
        failed = _served(caller, answers) or _step(caller, step, at)
        if failed is not None:
            return failed
    return _served(caller, answers) or (None if test.then is None else _outcome(caller, test.then))


def _served(caller: Rehearsal, answers: dict[str, list[Answer]]) -> Failed | None:
    """Have lookups answer and callers speak, until it is for the caller to press keys."""
    while isinstance(caller.waits_for, Fetch | TakeDown):
        if isinstance(caller.waits_for, TakeDown):
            caller.speak()
            continue
        name = caller.waits_for.lookup
        given = answers.get(name)
        if not given:
            asked = [f"{key}: {value}" for key, value in caller.waits_for.give.items()]
            asked += [f"{key}: (sensitive)" for key in caller.waits_for.sealed]
            return Failed(("given",), f"no answer is given to the lookup {name!r}", [], asked)
        answer = given.pop(0) if len(given) > 1 else given[0]
        if isinstance(answer, str):
            caller.answer({}, answer)
        else:
            caller.answer(answer)
    return None


def _step(caller: Rehearsal, step: StepSpec, at: int) -> Failed | None:
    path: KeyPath = ("steps", at)
    if step.press is None and step.silence is None:
        return _compare(caller, step, path)
    if not isinstance(caller.waits_for, Hear):
        assert caller.left is not None
        return Failed(
            path, "nothing is asked any more", [f"press {step.press}" if step.press else "silence"], [told(caller.left)]
        )
    if step.press is not None:
        caller.press(step.press)
    else:
        caller.silence()
    return None


def _compare(caller: Rehearsal, step: StepSpec, path: KeyPath) -> Failed | None:
    heard = [said(each) for each in caller.heard]
    if step.only is not None:
        if _plain(step.only) == _plain(heard):
            return None
        return Failed((*path, "only"), f"something else is heard in {caller.node}", step.only, heard)
    wanted = step.hear or []
    text, begin = _plain(heard), 0
    for each in wanted:
        found = text.find(_plain([each]), begin)
        if found < 0:
            return Failed((*path, "hear"), f"is not heard in {caller.node}: {each}", wanted, heard)
        begin = found + len(_plain([each]))
    return None


def _plain(texts: Iterable[str]) -> str:
    return re.sub(r"\s+", "", "".join(texts))


def _outcome(caller: Rehearsal, then: OutcomeSpec) -> Failed | None:
    left = caller.left
    if left is None:
        return Failed(
            ("then",),
            f"the caller is still asked in {caller.node}",
            _lines(then),
            [said(each) for each in caller.heard],
        )
    got: dict[str, str] = {left.way: left.name or "true", "node": left.node, "agent": left.agent}
    wanted = then.model_dump(exclude_none=True, exclude={"attributes"})
    for name, value in wanted.items():
        if got.get(name) != ("true" if value is True else value):
            return Failed(("then", name), "the caller leaves otherwise", _lines(then), [told(left)])
    for name, value in then.attributes.items():
        held = caller.world.attributes.get(name, "")
        if held != value:
            what = f"the attribute {name!r} holds something else"
            return Failed(("then", "attributes", name), what, [f"{name}: {value}"], [f"{name}: {held}"])
    return None


def _lines(then: OutcomeSpec) -> list[str]:
    wanted = then.model_dump(exclude_none=True, exclude={"attributes"})
    return [f"{name}: {str(value).lower() if value is True else value}" for name, value in wanted.items()]


def told(left: Left) -> str:
    """How the caller left, for people."""
    agent = f", agent: {left.agent}" if left.agent else ""
    return f"{left.way}: {left.name or 'true'}{agent}, node: {left.node}"
