"""The board: agents, contacts and queues as the API's snapshot and events tell them, for any wallboard."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sip_test_rig.desktop import JsonObject

CLOSED_KEPT: Final = 6


@dataclass(frozen=True, slots=True)
class QueueNumbers:
    """The present numbers of a queue."""

    name: str
    waiting: int
    longest_wait_s: float
    connected: int
    wrap_up: int


class Board:
    """What is known of the site.

    Attributes:
        agents: By id, as the API shows them.
        contacts: Live ones by id, in order of arrival.
        closed: The last contacts that were closed.
        outcomes: How many contacts ended how.
        offer: The latest offer that was made, with its screen pop.
    """

    def __init__(self, snapshot: JsonObject) -> None:
        data = snapshot["data"]
        self.agents: dict[str, JsonObject] = {agent["id"]: agent for agent in data["agents"]}
        self.contacts: dict[str, JsonObject] = {contact["id"]: contact for contact in data["contacts"]}
        self.closed: deque[JsonObject] = deque(maxlen=CLOSED_KEPT)
        self.outcomes: Counter[str] = Counter()
        self.offer: JsonObject | None = None
        self._queue_names: dict[str, str] = {queue["id"]: queue["name"] for queue in data["queues"]}

    def apply(self, event: JsonObject) -> None:
        """Take an event in."""
        kind, _, what = event["type"].partition(".")
        data = event["data"]
        if kind == "agent":
            self.agents[data["agent"]["id"]] = data["agent"]
        elif kind == "contact":
            self._keep(data["contact"])
        elif kind == "offer" and what == "created":
            self.offer = data["offer"]
            contact = self.contacts.get(event["contact_id"])
            if contact is not None:
                contact["state"], contact["agent_id"] = "offered", data["offer"]["agent_id"]

    def queues(self) -> list[QueueNumbers]:
        """The queues, as configured."""
        found = []
        for queue_id, name in self._queue_names.items():
            inside = [contact for contact in self.contacts.values() if contact["queue"] == queue_id]
            waiting = [contact for contact in inside if contact["state"] in ("queued", "offered")]
            found.append(
                QueueNumbers(
                    name,
                    len(waiting),
                    max((wait_s(contact) for contact in waiting), default=0.0),
                    sum(contact["state"] == "connected" for contact in inside),
                    sum(contact["state"] == "wrap_up" for contact in inside),
                )
            )
        return found

    def queue_name(self, queue_id: str | None) -> str:
        """What people call a queue."""
        return self._queue_names.get(queue_id or "", queue_id or "")

    def agent_name(self, agent_id: str | None) -> str:
        """What people call an agent."""
        agent = self.agents.get(agent_id or "")
        return agent["name"] if agent else ""

    def _keep(self, contact: JsonObject) -> None:
        if contact["state"] == "closed":
            self.contacts.pop(contact["id"], None)
            self.closed.append(contact)
            self.outcomes[contact["outcome"]] += 1
        else:
            self.contacts[contact["id"]] = contact


def wait_s(contact: JsonObject) -> float:
    """How long a contact has waited in queues, in seconds, until now or until it waited no more."""
    if contact["queued_at"] is None:
        return 0.0
    if contact["state"] in ("queued", "offered"):
        return since_s(contact["queued_at"])
    return float(contact["wait_ms"]) / 1000


def since_s(stamp: str) -> float:
    """Seconds since a moment that the API stamped."""
    return max(0.0, (datetime.now(UTC) - datetime.fromisoformat(stamp)).total_seconds())
