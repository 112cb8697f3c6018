"""Flows made at random, and callers who do anything at all in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from ctid.ivr.effects import Answer, Fetched, Heard, TakenDown
from ctid.ivr.outline import ways_on
from ctid.ivr.world import QueueState
from ctid.spec.flow import FlowSpec
from tests.unit.ivr.walking import DIGITS, FAILED, PLAYED, TIMEOUT, Known

ATTRIBUTES = {"text": "text", "digits": "digits", "due": "money", "day": "date", "vip": "flag", "count": "number"}
CHANGING = ("calendars.office", "queues.sales.free > 0")
CONDITIONS = (
    *CHANGING,
    "attributes.vip",
    "attributes.due > 5.0",
    "attributes.count == 3 || customer.tier == 'gold'",
    "'digits' in attributes && attributes.digits.startsWith('1')",
    "now.hour < 12",
)
SAYINGS = (
    {"prompt": "beep"},
    {"en": "Hello {customer.name} {text}.", "zh": "你好{text}。"},
    {"money": "due", "currency": "EUR"},
    {"digits": "digits"},
    {"date": "day"},
)


def flows(chance: Random, *, changing: bool = False) -> dict[str, Any]:
    """A site's flows, plain: one that calls others, which call none.

    Args:
        chance: What they are made by.
        changing: Only with conditions that hold at one time or another.
    """
    others = {f"sub{at}": _flow(chance, [], changing=changing) for at in range(chance.randint(0, 2))}
    return {"main": _flow(chance, sorted(others), changing=changing), **others}


def _flow(chance: Random, others: list[str], *, changing: bool) -> dict[str, Any]:
    names = [f"n{at}" for at in range(chance.randint(1, 10))]

    def to() -> str:
        return chance.choice([*names, "end", "go"])

    nodes = {name: _node(chance, to, others, changing=changing) for name in names}
    nodes |= {"end": {"end": "done"}, "go": {"go": {"queue": "sales", "set": {"vip": "true"}}}}
    plain = {"start": "n0", "languages": ["en", "zh"], "attributes": ATTRIBUTES, "nodes": nodes}
    spec = FlowSpec.model_validate(plain)
    reached, new = {"n0"}, ["n0"]
    while new:
        for way in ways_on(spec.nodes[new.pop()]):
            if way.to not in reached:
                reached.add(way.to)
                new.append(way.to)
    plain["nodes"] = {name: node for name, node in nodes.items() if name in reached}
    return plain


def _say(chance: Random) -> list[dict[str, str]]:
    return chance.sample(SAYINGS, chance.randint(1, 3))


def _node(chance: Random, to: Callable[[], str], others: list[str], *, changing: bool) -> dict[str, Any]:
    kinds = [
        "say",
        "menu",
        "collect",
        "pin",
        "decide",
        "fetch",
        "set",
        "language",
        "record",
        *(["call"] if others else []),
    ]
    match chance.choice(kinds):
        case "say":
            return {"say": _say(chance), "interruptible": chance.random() < 0.7, "then": to()}
        case "menu":
            keys: dict[str, Any] = {key: to() for key in chance.sample("0123456789*#", chance.randint(1, 4))}
            keys["1"] = {"then": to(), "set": {"count": "3"}, "language": "zh"}
            tries = chance.randint(1, 3)
            return {
                "menu": {"say": _say(chance), "keys": keys, "tries": tries, "no_input": _say(chance), "otherwise": to()}
            }
        case "collect":
            most = chance.randint(1, 6)
            asked = {"into": "digits", "say": _say(chance), "min": chance.randint(1, most), "max": most}
            confirm = {"confirm": {"say": [{"digits": "digits"}]}} if chance.random() < 0.5 else {}
            return {"collect": {**asked, **confirm, "invalid": _say(chance), "then": to(), "otherwise": to()}}
        case "pin":
            asked = {"into": "pin", "say": _say(chance), "max": 4, "sensitive": True, "check": {"luhn": True}}
            return {"collect": {**asked, "then": to(), "otherwise": to()}}
        case "decide":
            share = [] if changing or chance.random() < 0.5 else [{"percent": chance.uniform(1, 100), "then": to()}]
            conditions = CHANGING if changing else CONDITIONS
            cases = [{"when": chance.choice(conditions), "then": to()} for _ in range(chance.randint(1, 3))]
            return {"decide": [*share, *cases], "otherwise": to()}
        case "fetch":
            give = {"a": "{digits}", "b": "{text} {ani}"}
            into = {"due": "due", "day": "a.day", "vip": "vip", "text": "text"}
            say = _say(chance) if chance.random() < 0.5 else []
            asked = {"lookup": "order", "give": give, "into": into, "say": say}
            return {"fetch": {**asked, "then": to(), "not_found": to(), "failed": to()}}
        case "set":
            return {"set": {"text": "{text}{digits}"}, "then": to()}
        case "language":
            return {"language": chance.choice(["en", "zh"]), "then": to()}
        case "record":
            return {"record": {"into": "text", "then": to(), "failed": to()}}
        case _:
            return {"call": chance.choice(others), "then": chance.choice([to(), {"done": to()}])}


def answer(chance: Random) -> Answer:
    """Anything that might come back."""
    match chance.randrange(6):
        case 0:
            return Heard("", chance.choice([TIMEOUT, PLAYED, FAILED]))
        case 1 | 2:
            digits = "".join(chance.choice("0123456789*#") for _ in range(chance.randint(1, 7)))
            return Heard(chance.choice([digits, digits[0]]), DIGITS)
        case 3:
            good = chance.random() < 0.5
            return Heard("", DIGITS, sealed="s1" if good else "", acceptable=good)
        case 4:
            failures = ["", "", "not_found", "timeout", "unavailable", "invalid", "overloaded", "sealed_lost", "???"]
            values = ["12.50", "2026-11-29", "true", "", "no such thing", "🂡" * 3_000, "-1e400", None]
            fields = {path: chance.choice(values) for path in ("due", "a.day", "vip", "text") if chance.random() < 0.9}
            return Fetched(fields, chance.choice(failures))
        case _:
            return TakenDown(chance.choice(["", "rc-1"]))


@dataclass
class Changing(Known):
    """A world in which calendars open and close, and agents come and go, all the time."""

    chance: Random = field(default_factory=Random)

    def queue(self, name: str) -> QueueState | None:
        return QueueState(open=True, agents=2, free=self.chance.randrange(2), waiting=1, expected_wait=None)

    def calendar(self, name: str) -> bool | None:
        return self.chance.random() < 0.5
