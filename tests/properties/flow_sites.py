"""A site whose callers go through flows, and what operators make of its flows while callers are in them."""

from __future__ import annotations

import copy
from typing import Any

from tests.properties.sites import SPEC

_BANK: dict[str, Any] = {
    "start": "open",
    "languages": ["en", "zh"],
    "attributes": {"account": "digits", "balance": "money"},
    "nodes": {
        "open": {
            "decide": [{"percent": 10, "then": "kind"}, {"when": "customer.tier == 'gold'", "then": "gold"}],
            "otherwise": "welcome",
        },
        "gold": {"set": {"vip": "{customer.name}"}, "then": "chinese"},
        "chinese": {"language": "zh", "then": "kind"},
        "welcome": {"say": {"en": "Welcome.", "zh": "欢迎。"}, "then": "language"},
        "language": {
            "menu": {
                "say": [{"en": "For English press 1.", "zh": "英语请按一。"}],
                "keys": {"1": {"then": "kind", "language": "en"}, "2": {"then": "kind", "language": "zh"}},
                "tries": 2,
                "otherwise": "kind",
            }
        },
        "kind": {
            "menu": {
                "say": {"en": "Press a key.", "zh": "请按键。"},
                "keys": {"1": "who", "2": "leave", "3": "statement", "7": "nap", "9": "kind", "*": "spin"},
                "otherwise": "leave",
            }
        },
        "spin": {"decide": [{"percent": 100, "then": "spun"}], "otherwise": "spun"},
        "spun": {"set": {"spun": "1"}, "then": "spin"},
        "who": {"call": "identify", "then": {"known": "get", "unknown": "kind"}},
        "get": {
            "fetch": {
                "lookup": "balance",
                "give": {"account": "{account}", "pin": "{pin}"},
                "into": {"balance": "account.balance"},
                "say": {"en": "One moment.", "zh": "请稍等。"},
                "then": "tell",
                "not_found": "who",
                "failed": "leave",
            }
        },
        "tell": {
            "goal": True,
            "say": [{"en": "You have", "zh": "您有"}, {"money": "balance", "currency": "EUR"}],
            "then": "kind",
        },
        "nap": {"fetch": {"lookup": "nap", "into": {"napped": "ok"}, "then": "kind", "failed": "over"}},
        "statement": {
            "record": {"into": "said", "say": {"en": "Speak.", "zh": "请讲。"}, "then": "kind", "failed": "leave"}
        },
        "leave": {
            "decide": [
                {"percent": 15, "then": "needs"},
                {"percent": 15, "then": "alice"},
                {"percent": 10, "then": "number"},
                {"percent": 15, "then": "voicemail"},
                {"percent": 15, "then": "menu"},
                {"percent": 15, "then": "other"},
                {"percent": 15, "then": "promised"},
                {"percent": 15, "then": "bye"},
            ],
            "otherwise": "support",
        },
        "needs": {"go": {"queue": "support", "needs": [{"skills": {"sales": 5}}, {"after_seconds": 8, "skills": {}}]}},
        "alice": {"go": {"queue": "sales", "agent": "alice", "play": ["please-wait"]}},
        "number": {"go": {"number": "+49305550199"}},
        "voicemail": {"go": {"voicemail": {"queue": "sales"}, "play": ["sorry"]}},
        "menu": {"go": {"menu": "main"}},
        "other": {"go": {"flow": "odd", "set": {"topic": "odd"}}},
        "promised": {"go": {"callback": "support"}},
        "bye": {"go": {"hangup": True}},
        "support": {"go": {"queue": "support"}},
        "over": {"end": "done"},
    },
}

_IDENTIFY: dict[str, Any] = {
    "start": "account",
    "attributes": {"account": "digits"},
    "nodes": {
        "account": {
            "collect": {
                "into": "account",
                "say": "Your account.",
                "max": 4,
                "confirm": {"say": [{"text": "You entered"}, {"digits": "account"}]},
                "then": "now",
                "otherwise": "unknown",
            }
        },
        "now": {"say": "And now your code.", "then": "pin"},
        "pin": {
            "collect": {
                "into": "pin",
                "sensitive": True,
                "say": "Your code.",
                "min": 4,
                "max": 4,
                "then": "known",
                "otherwise": "unknown",
            }
        },
        "known": {"end": "known"},
        "unknown": {"end": "unknown"},
    },
}

_ODD: dict[str, Any] = {
    "start": "say",
    "nodes": {
        "say": {"say": "Odd.", "interruptible": False, "then": "ask"},
        "ask": {"collect": {"into": "odd", "say": "A number.", "max": 2, "then": "pin", "otherwise": "over"}},
        "pin": {
            "collect": {"into": "code", "sensitive": True, "say": "Code.", "max": 2, "then": "get", "otherwise": "over"}
        },
        "get": {
            "fetch": {"lookup": "odd", "give": {"code": "{code}"}, "then": "go", "not_found": "pin", "failed": "over"}
        },
        "go": {"go": {"flow": "bank"}},
        "over": {"end": "done"},
    },
}

_SURVEY: dict[str, Any] = {
    "start": "score",
    "nodes": {
        "score": {
            "collect": {
                "into": "score",
                "say": "How did we do?",
                "max": 1,
                "check": {"pattern": "[1-5]"},
                "then": "why",
                "otherwise": "over",
            }
        },
        "why": {"record": {"into": "why", "say": "Tell us why.", "then": "more", "failed": "over"}},
        "more": {"menu": {"say": "Somebody?", "keys": {"1": "over", "2": "back", "3": "odd"}, "otherwise": "over"}},
        "back": {"go": {"queue": "support"}},
        "odd": {"go": {"flow": "odd"}},
        "over": {"end": "done"},
    },
}

_WAITING: dict[str, Any] = {
    "first_seconds": 2,
    "every_seconds": 5,
    "position": True,
    "expected_wait": True,
    "messages": [["Your call matters."], ["Look at our page."]],
    "offer": "Press a key.",
    "keys": {
        "1": {"flow": "bank"},
        "2": {"callback": "support", "play": ["promised"]},
        "3": {"voicemail": {"queue": "sales"}},
        "4": {"queue": "letters"},
        "5": {"menu": "main"},
        "6": {"hangup": True},
    },
}


def _site() -> dict[str, Any]:
    spec = copy.deepcopy(SPEC)
    spec["flows"] = {"bank": _BANK, "identify": _IDENTIFY, "odd": _ODD, "survey": _SURVEY}
    spec["entries"]["bank"] = {"dnis": "110", "open": {"flow": "bank"}}
    spec["entries"]["odd"] = {"dnis": "111", "open": {"flow": "odd", "play": ["welcome"]}}
    spec["menus"]["main"]["keys"]["7"] = {"flow": "bank"}
    spec["queues"]["sales"]["survey"] = "survey"
    spec["queues"]["letters"]["survey"] = "odd"
    spec["queues"]["support"]["waiting"] = _WAITING
    spec["queues"]["crowded"]["waiting"] = {"first_seconds": 1, "every_seconds": 5, "position": True}
    return spec


FLOW_SPEC = _site()


def _rewritten() -> dict[str, Any]:
    """Flows with other nodes under the same names, or without them."""
    spec = copy.deepcopy(FLOW_SPEC)
    bank = spec["flows"]["bank"]
    bank["nodes"]["kind"] = {"say": "We have changed.", "then": "tell"}
    bank["nodes"]["tell"]["then"] = "leave"
    bank["nodes"]["get"] = {"end": "done"}
    spec["flows"]["identify"]["nodes"]["account"]["collect"]["then"] = "known"
    del spec["flows"]["identify"]["nodes"]["pin"], spec["flows"]["identify"]["nodes"]["now"]
    return spec


def _unsaid() -> dict[str, Any]:
    """No announcements and no surveys any more."""
    spec = copy.deepcopy(FLOW_SPEC)
    for queue in spec["queues"].values():
        queue.pop("survey", None)
        queue.pop("waiting", None)
    return spec


def _called_otherwise() -> dict[str, Any]:
    """The called flow has another name, and the calling one is gone from all but one place."""
    spec = copy.deepcopy(FLOW_SPEC)
    spec["flows"]["who"] = spec["flows"].pop("identify")
    spec["flows"]["bank"]["nodes"]["who"]["call"] = "who"
    spec["flows"]["odd"]["nodes"]["go"] = {"end": "done"}
    spec["queues"]["support"]["waiting"]["keys"] = {"1": {"flow": "odd"}}
    return spec


FLOW_SPECS = [FLOW_SPEC, _rewritten(), _unsaid(), _called_otherwise(), SPEC]
