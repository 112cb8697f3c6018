"""Call-tracking records for tests."""

from __future__ import annotations

from typing import Any

from ctid.model.customer import Customer
from ctid.model.history import Decision, OfferResult, PathStep, Span
from ctid.model.instant import Instant
from ctid.model.record import ContactRecord
from ctid.model.states import ContactState, Outcome

NOON = 1_743_249_600_000
"""2025-03-29 12:00 UTC, the day before Europe's clocks change."""


def sample_record(number: int, **changes: Any) -> ContactRecord:
    """A handled contact that arrived `number` seconds after noon."""

    def at(seconds: int) -> Instant:
        return Instant(5_000 + (number + seconds) * 1_000, NOON + (number + seconds) * 1_000)

    fields: dict[str, Any] = {
        "contact_id": f"c-{number:06}",
        "site": "berlin",
        "channel": "voice",
        "ani": "+4930901820",
        "dnis": "4930100",
        "entry": "main",
        "customer": Customer(id="7", name="Ada Lovelace", tier="gold", language="en", attributes={"case": "12"}),
        "queue": "sales",
        "agent_id": "1001",
        "outcome": Outcome.HANDLED,
        "disposition": "sold",
        "notes": "wants two,\n“blue” ones; 中文",
        "attributes": {"z": "1", "a": "2"},
        "path": [
            PathStep(at=at(0), kind="entry", name="main", result="open"),
            PathStep(at=at(2), kind="menu", name="welcome"),
            PathStep(at=at(3), kind="key", name="1"),
            PathStep(at=at(3), kind="queue", name="sales"),
        ],
        "spans": [
            Span(state=ContactState.CREATED, at=at(0), duration_ms=3_000),
            Span(state=ContactState.QUEUED, at=at(3), duration_ms=4_000, queue="sales"),
            Span(state=ContactState.CONNECTED, at=at(7), duration_ms=60_000, queue="sales", agent_id="1001"),
        ],
        "offers": [OfferResult(offer_id="o-1", agent_id="1001", at=at(3), rang_ms=4_000, state="accepted")],
        "decisions": [
            Decision(
                at=at(3),
                queue="sales",
                agent_id="1001",
                offer_id="o-1",
                trigger="arrival",
                step=0,
                waited_ms=0,
                strategy="highest_skill",
                able=2,
                fit=-8 << 80,  # no database's integer holds it
                turn=1_000,
                runner_up="1002",
                runner_up_fit=-7 << 80,
                runner_up_turn=900,
                by="fit",
            )
        ],
        "created_at": at(0),
        "queued_at": at(3),
        "connected_at": at(7),
        "ended_at": at(67),
        "closed_at": at(70),
        "wait_ms": 4_000,
        "talk_ms": 60_000,
        "wrap_up_ms": 3_000,
    }
    return ContactRecord(**(fields | changes))


def abandoned_record(number: int, **changes: Any) -> ContactRecord:
    """A contact that hung up in the menu: nothing but what cannot be missing."""
    nothing: dict[str, Any] = {
        "ani": "",
        "customer": None,
        "queue": "",
        "agent_id": "",
        "outcome": Outcome.ABANDONED,
        "disposition": "",
        "notes": "",
        "attributes": {},
        "path": [],
        "spans": [],
        "offers": [],
        "decisions": [],
        "queued_at": None,
        "connected_at": None,
        "wait_ms": 0,
        "talk_ms": 0,
        "wrap_up_ms": 0,
    }
    return sample_record(number, **(nothing | changes))


def flow_record(number: int, *, flow: str = "bank", version: str = "aaaabbbbcccc", **changes: Any) -> ContactRecord:
    """A contact that went through a flow to queue sales: two seconds of greeting, seven of a menu."""

    def step(seconds: int, kind: str, name: str, result: str = "") -> PathStep:
        at = Instant(5_000 + (number + seconds) * 1_000, NOON + (number + seconds) * 1_000)
        return PathStep(at=at, kind=kind, name=name, result=result)

    path = [
        step(0, "entry", "main", "open"),
        step(0, "flow", flow, version),
        step(0, "node", f"{flow}/hello"),
        step(2, "node", f"{flow}/topic"),
        step(9, "key", "1", "valid"),
        step(9, "node", f"{flow}/away"),
        step(9, "left", f"{flow}/away", "left"),
        step(9, "queue", "sales"),
    ]
    return sample_record(number, **({"path": path} | changes))
