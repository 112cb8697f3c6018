"""Conditions of flows: queues and calendars that are not there, and values that can't be compared."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from ctid.ivr.checks.site import Fault, Flows
from ctid.ivr.subjects import attributes_named, computed, customer_attributes_named, named, subjects, whole
from ctid.ivr.values import seen
from ctid.ivr.world import QueueState
from ctid.spec.condition import EVALUATION_ERRORS, TYPICAL_IN_FLOW, compiled, evaluated
from ctid.spec.flow import FlowSpec, ValueType
from ctid.spec.nearest import nearest
from ctid.spec.nodes import DecideNode

_SAMPLES: Final[dict[ValueType, tuple[str, str]]] = {
    "text": ("1", "1"),
    "digits": ("1", "1"),
    "number": ("1", "1.5"),
    "money": ("1.00", "1.50"),
    "date": ("2026-11-29", "2026-11-29"),
    "time": ("14:05", "14:05"),
    "datetime": ("2026-11-29T14:05", "2026-11-29T14:05"),
    "flag": ("true", "false"),
}
"""Two values of each kind: with one number an integer and the other none, and each flag once as it is and as not."""

_LITERAL: Final = r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|-?[0-9][0-9.]*|true|false)"""
_EQUAL: Final = re.compile(
    rf"\battributes\s*\.\s*(\w+)\s*[!=]=\s*{_LITERAL}|{_LITERAL}\s*[!=]=\s*attributes\s*\.\s*(\w+)"
)
"""Whether values of different kinds are equal is no error in CEL: they never are."""

_NAMED: Final = r"""(?:\.\s*[A-Za-z_]\w*|\[\s*(?:"[^"]+"|'[^']+')\s*\])"""
_PARTS: Final = (
    ("a queue", re.compile(rf"\bqueues\s*{_NAMED}\s*\.\s*(\w+)"), QueueState._fields),
    ("now", re.compile(r"\bnow\s*\.\s*(\w+)"), tuple(TYPICAL_IN_FLOW["now"])),
    ("customer", re.compile(r"\bcustomer\s*\.\s*(\w+)"), tuple(TYPICAL_IN_FLOW["customer"])),
)
_TOKEN: Final = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|&&|\|\||[()\[\]{}]""")


def faulty_conditions(flows: Flows) -> Iterator[Fault]:
    """All of these faults."""
    for flow, spec, node_name, node in flows.nodes():
        for at, case in enumerate(node.decide if isinstance(node, DecideNode) else ()):
            if case.when is None or not flows.attributes(flow).issuperset(attributes_named(case.when)):
                continue
            for what in [*_missing(flows, case.when), *_nameless(spec, case.when)] or _incomparable(spec, case.when):
                yield flows.at(flow, node_name, f"decide/{at}/when"), what


def _missing(flows: Flows, condition: str) -> Iterator[str]:
    for kind, names in zip(("queue", "calendar"), named(condition), strict=True):
        section = flows.data.get(f"{kind}s")
        known = section if isinstance(section, dict) else {}
        for name in names:
            if name not in known:
                yield f"{condition!r}: there is no {kind} {name!r}; {nearest(name, known)}"
    asked = [each.field for each in computed(condition) if each.of == "queues" and each.field]
    for part, pattern, fields in _PARTS:
        for name in (*pattern.findall(condition), *(asked if part == "a queue" else ())):
            if name not in fields:
                yield f"{condition!r}: there is no {name!r} to {part}; {nearest(name, fields)}"


def _nameless(spec: FlowSpec, condition: str) -> Iterator[str]:
    """Queues and calendars that no name is given for, or what is none."""
    for of in whole(condition):
        yield f"{condition!r}: {of} are looked at one by one: name one, {of}.x, or give its name, {of}[attributes.x]"
    for each in computed(condition):
        for unknown in set(compiled(each.name).variables()) - TYPICAL_IN_FLOW.keys():
            yield f"{condition!r}: there is no {unknown!r} to name one of the {each.of} by"
        for which in (0, 1):
            name = evaluated(each.name, _sample(spec, each.name, which))
            if name is not None and not isinstance(name, str):
                what = f"{each.name} gives {name!r}, and the name of one of the {each.of} is text"
                yield f"{condition!r}: with {_told(spec, each.name, which)}: {what}; write string({each.name})"
                break


def _incomparable(spec: FlowSpec, condition: str) -> Iterator[str]:
    # What is joined by && and || is looked at part by part, as one that is false hides what is wrong with another.
    parts = _parts(condition)
    for part in parts:
        yield from list(_unequal(spec, part)) or _untellable(spec, part)


def _parts(condition: str) -> list[str]:
    """What a condition joins by && and ||; the condition itself if it can't be taken apart."""
    depth, parts, begin = 0, [], 0
    for token in _TOKEN.finditer(condition):
        if token[0] in "([{":
            depth += 1
        elif token[0] in ")]}":
            depth -= 1
        elif token[0] in ("&&", "||") and not depth:
            parts.append(condition[begin : token.start()].strip())
            begin = token.end()
    parts.append(condition[begin:].strip())
    try:
        for part in parts:
            compiled(part)
    except ValueError:
        return [condition]
    return parts


def _unequal(spec: FlowSpec, condition: str) -> Iterator[str]:
    for name, right, left, other in _EQUAL.findall(condition):
        attribute, literal = name or other, right or left
        holds = spec.attributes.get(attribute, "text")
        written = "text" if literal[0] in "\"'" else "flag" if literal in ("true", "false") else "number"
        wanted = "number" if holds in ("number", "money") else "flag" if holds == "flag" else "text"
        if written != wanted:
            right_one = {"number": "a number", "flag": "true or false", "text": f"{literal!r} in quotes"}[wanted]
            declared = "" if attribute in spec.attributes else ", as nothing is told of it under the flow's attributes"
            what = f"{condition!r}: {attribute!r} holds {holds}{declared}, and is never {literal}; "
            yield f"{what}compare it with {right_one}"


def _untellable(spec: FlowSpec, condition: str) -> Iterator[str]:
    """What goes wrong as the condition is evaluated with values of the right kinds."""
    program = compiled(condition)
    for which in (0, 1):
        try:
            result = program.execute(_sample(spec, condition, which))
        except TypeError as error:
            what = str(error).partition(". ")[0]
            advice = "convert one by int(x), double(x) or string(x), or tell under attributes what they hold"
            yield f"{condition!r}: with {_told(spec, condition, which)}: {what}; {advice}"
            return
        except EVALUATION_ERRORS:
            # Of other values it may well hold: a text need not be a number, or a moment.
            continue
        if not isinstance(result, bool):
            yield f"{condition!r} gives {result!r}, which is neither true nor false"
            return


def _sample(spec: FlowSpec, condition: str, which: int) -> dict[str, Any]:
    queues, calendars = subjects(condition, lambda part: _sample(spec, part, which))
    values = {name: _SAMPLES[spec.attributes.get(name, "text")][which] for name in attributes_named(condition)}
    state = QueueState(open=not which, agents=3, free=1, waiting=2, expected_wait=60)._asdict()
    customer = TYPICAL_IN_FLOW["customer"]
    return {
        **TYPICAL_IN_FLOW,
        "attributes": seen(spec.attributes, values),
        "customer": {**customer, "attributes": dict.fromkeys(customer_attributes_named(condition), "1")},
        "queues": dict.fromkeys(queues, state),
        "calendars": dict.fromkeys(calendars, not which),
    }


def _told(spec: FlowSpec, condition: str, which: int) -> str:
    names = attributes_named(condition)
    values = (f"{name} {_SAMPLES[spec.attributes.get(name, 'text')][which]}" for name in names)
    kinds = (f" ({spec.attributes.get(name, 'text')})" for name in names)
    return ", ".join(value + kind for value, kind in zip(values, kinds, strict=True)) or "what there is"
