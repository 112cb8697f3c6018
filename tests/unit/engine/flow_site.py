"""The small site with flows: asked from agents' desktops, and as a number of their own."""

from __future__ import annotations

import copy
from typing import Any

from ctid.model import commands as cmd
from ctid.model import events as ev
from ctid.model.speech import Speech
from tests.unit.site import SPEC, Site

FLOWS: dict[str, Any] = {
    "identify": {
        "title": "Who is calling",
        "start": "hello",
        "attributes": {"account": "digits"},
        "nodes": {
            "hello": {"say": ["hello"], "then": "topic"},
            "topic": {
                "title": "What it is about",
                "menu": {
                    "say": ["topic"],
                    "keys": {"1": "account", "2": "done", "3": "away", "4": "onward", "5": "statement"},
                    "tries": 2,
                    "otherwise": "away",
                },
            },
            "account": {
                "collect": {
                    "into": "account",
                    "say": ["account"],
                    "min": 4,
                    "max": 4,
                    "tries": 2,
                    "then": "pin",
                    "otherwise": "away",
                }
            },
            "pin": {
                "collect": {
                    "into": "pin",
                    "sensitive": True,
                    "say": ["pin"],
                    "min": 4,
                    "max": 4,
                    "then": "known",
                    "otherwise": "away",
                }
            },
            "known": {"set": {"identified": "yes"}, "then": "away"},
            "away": {"go": {"queue": "support", "play": ["wait"]}},
            "onward": {"go": {"flow": "bye"}},
            "statement": {
                "record": {"into": "statement", "say": ["speak"], "max_seconds": 30, "then": "done", "failed": "away"}
            },
            "done": {"end": "ok"},
        },
    },
    "bye": {"start": "bye", "nodes": {"bye": {"say": ["bye"], "then": "end"}, "end": {"end": "over"}}},
}


def flow_site() -> Site:
    """A site whose number 104 is the flow ``identify``."""
    spec = copy.deepcopy(SPEC)
    spec["flows"] = copy.deepcopy(FLOWS)
    spec["entries"]["identified"] = {"dnis": "104", "open": {"flow": "identify"}}
    return Site(spec)


def press(site: Site, digits: str = "", *, sealed: str = "", acceptable: bool = False) -> list[cmd.Command]:
    """What the caller was to hear is over, with these keys or none."""
    ivr = site.contact().ivr
    assert ivr is not None
    return site.give(
        ev.DigitsCollected(
            pbx="main",
            unique_id="c1",
            token=ivr.token,
            digits=digits,
            ended_by=ev.CollectEnd.DIGITS if digits or sealed else ev.CollectEnd.TIMEOUT,
            sealed=sealed,
            acceptable=acceptable,
        )
    )


def said(site: Site) -> list[str]:
    """The texts and prompts that the caller is to hear now."""
    return [each.text if isinstance(each, Speech) else each for each in site.only(cmd.PlayAndCollect).prompts]
