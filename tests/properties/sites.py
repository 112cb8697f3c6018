"""Sites that random walks go through, and what operators make of them meanwhile."""

from __future__ import annotations

import copy
from typing import Any

CALLBACK = {
    "dial": "PJSIP/{number}@trunk",
    "ring_seconds": 8,
    "attempts": 2,
    "retry_seconds": 5,
    "expire_seconds": 120,
    "ahead_seconds": 3,
}

BOSS = "PJSIP/1090"
"""A supervisor's phone that is no agent's."""

SPEC: dict[str, Any] = {
    "site": "demo",
    "country": "DE",
    "skills": ["sales", "support"],
    "reasons": {"break": "Break"},
    "dispositions": {"solved": "Solved", "order": "Order"},
    "policy": {
        "max_misses": 2,
        "exclude_seconds": 12,
        "pbx_grace_seconds": 60,
        "desktop_grace_seconds": 10,
        "regain_place_seconds": 40,
        "supervision": {"devices": [BOSS], "tell_agent": {"monitor": False}},
        "park_seconds": 9,
        "hold_recall_seconds": 2,
    },
    "voicemail": {"prompts": ["say-it"], "max_seconds": 20},
    "calendars": {"never": {"timezone": "Europe/Berlin", "hours": {}}},
    "entries": {
        "hotline": {"dnis": "100", "open": {"menu": "main"}},
        "direct": {"dnis": "101", "open": {"queue": "sales", "priority": 5}},
        "desk": {"dnis": "103", "open": {"queue": "letters"}},
        "crowded": {"dnis": "104", "open": {"queue": "crowded"}},
        "night": {"dnis": "105", "open": {"queue": "night"}},
        "message": {"dnis": "102", "open": {"play": ["sorry"], "hangup": True}},
        "voicemail": {"dnis": "106", "open": {"voicemail": {"queue": "sales"}, "play": ["sorry"]}},
    },
    "menus": {
        "main": {
            "prompts": ["welcome"],
            "tries": 2,
            "timeout_prompts": ["no-key"],
            "invalid_prompts": ["wrong-key"],
            "keys": {
                "1": {"queue": "sales"},
                "2": {"queue": "support", "play": ["please-wait"]},
                "3": {"callback": "sales", "play": ["promised"]},
                "7": {"callback": "support"},
                "9": {"menu": "main"},
                "*": {"hangup": True},
            },
            "otherwise": {"queue": "support"},
        }
    },
    "queues": {
        "sales": {
            "steps": [{"skills": {"sales": 5}}, {"after_seconds": 6, "skills": {"sales": 1}}],
            "ring_seconds": 5,
            "wrap_up_seconds": 4,
            "overflow": [
                {"wait_seconds": 25, "to": {"queue": "support", "play": ["sorry"]}},
                {"waiting": 3, "to": {"queue": "crowded"}},
            ],
            "callback": {**CALLBACK, "prompts": ["goodbye"]},
            "recording": {"percent": 50, "on_demand": True},
        },
        "support": {
            "steps": [{"skills": {"support": 1}}],
            "ring_seconds": 7,
            "ring": 2,
            "dispositions": ["solved"],
            "callback": {**CALLBACK, "first": "customer", "detect_machine": True},
            "recording": {"percent": 70},
        },
        "crowded": {
            "steps": [{"skills": {"sales": 5}}, {"expected_wait_seconds": 15, "skills": {"sales": 1}}],
            "requirements": [
                {"when": "attributes.a == '1'", "steps": [{}]},
                {"when": "customer.tier == 'gold'", "steps": [{"skills": {"sales": 1}}, {"after_seconds": 9}]},
            ],
            "handling_seconds": 12,
            "ring_seconds": 5,
            "max_waiting": 2,
            "full": {"voicemail": "9001@default", "play": ["sorry"]},
            "nobody": {"number": "+49305550199"},
            "overflow": [
                {"expected_wait_seconds": 40, "to": {"queue": "night"}},
                {"wait_seconds": 8, "to": {"number": "+49305550199"}},
            ],
        },
        "night": {
            "steps": [{}],
            "calendar": "never",
            "closed": {"queue": "crowded", "play": ["closed"]},
        },
        "letters": {
            "steps": [{"skills": {"support": 1}}],
            "ring_seconds": 6,
            "wrap_up_seconds": 3,
            "wrap_up_max_seconds": 12,
            "disposition_required": True,
        },
    },
    "agents": {
        "alice": {"name": "Alice", "device": "PJSIP/1001", "pbx": "main", "skills": {"sales": 8, "support": 1}},
        "bob": {
            "name": "Bob",
            "device": "PJSIP/1002",
            "pbx": "main",
            "skills": {"support": 7, "sales": 2},
            "capacity": {"voice": 1, "chat": 2},
            "notify_talk": True,
        },
        "carol": {
            "name": "Carol",
            "device": "PJSIP/1003",
            "pbx": "main",
            "skills": {"support": 3},
            "answer": "desktop",
            "capacity": {"voice": 1, "chat": 1, "email": 1},
            "recording": {"percent": 60, "on_demand": True, "consultations": True},
        },
    },
}


def without(section: str, name: str) -> dict[str, Any]:
    """The configuration after somebody took something out of it."""
    spec = copy.deepcopy(SPEC)
    del spec[section][name]
    if (section, name) == ("queues", "sales"):
        spec["entries"]["direct"]["open"] = {"queue": "support"}
        spec["entries"]["voicemail"]["open"] = {"voicemail": {"queue": "support"}}
        spec["menus"]["main"]["keys"]["1"] = {"queue": "support"}
        spec["menus"]["main"]["keys"]["3"] = {"callback": "support"}
    if (section, name) == ("queues", "support"):
        spec["menus"]["main"]["keys"]["2"] = spec["menus"]["main"]["otherwise"] = {"queue": "sales"}
        spec["menus"]["main"]["keys"]["7"] = {"callback": "sales"}
        spec["queues"]["sales"]["overflow"][0]["to"] = {"callback": "sales"}
    if section == "menus":
        spec["entries"]["hotline"]["open"] = {"queue": "sales"}
    return spec


def narrowed() -> dict[str, Any]:
    """The configuration with fewer steps, no overflow and other keys."""
    spec = copy.deepcopy(SPEC)
    spec["queues"]["sales"] = {"steps": [{"skills": {"sales": 1}}], "wrap_up_seconds": 2}
    spec["menus"]["main"]["keys"] = {"3": {"queue": "support"}}
    return spec


SPECS = [
    SPEC,
    without("queues", "sales"),
    without("queues", "support"),
    without("menus", "main"),
    without("agents", "bob"),
    without("entries", "message"),
    narrowed(),
]
