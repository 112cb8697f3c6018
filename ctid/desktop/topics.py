"""What may be subscribed to on the event socket, and under which of it an event is heard of."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Topic(StrEnum):
    """What may be subscribed to.

    Attributes:
        OWN: The work of one's own agent.
        QUEUES: Numbers of queues; for supervision also the contacts in them.
        AGENTS: Other people's agents.
        SITE: What concerns everybody and holds no caller data.
    """

    OWN = "own"
    QUEUES = "queues"
    AGENTS = "agents"
    SITE = "site"


_TOPICS: Final = {
    "agent": Topic.AGENTS,
    "message": Topic.AGENTS,
    "supervision": Topic.AGENTS,
    "config": Topic.SITE,
    "pbx": Topic.SITE,
    "site": Topic.SITE,
}


def topic_of(type_: str) -> Topic:
    """The topic under which others than those whose work it is hear of an event of this type."""
    return _TOPICS.get(type_.partition(".")[0], Topic.QUEUES)
