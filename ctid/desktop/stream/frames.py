"""Messages of the event socket, made once and written to many: JSON, and the WebSocket frame around it."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any, Final

import orjson

from ctid.desktop.topics import Topic, topic_of
from ctid.model.commands import Publish

_FIN_TEXT: Final = 0x81
PING_FRAME: Final = b"\x89\x00"


class Message:
    """A text message, ready to be written as often as needed.

    Attributes:
        payload: JSON in UTF-8.
        frame: The payload in one unmasked text frame (RFC 6455, 5.2).
    """

    __slots__ = ("frame", "payload")

    def __init__(self, content: Any) -> None:
        """Make the message of plain JSON data."""
        payload = orjson.dumps(content)
        size = len(payload)
        if size < 126:
            header = struct.pack("!BB", _FIN_TEXT, size)
        elif size < 65_536:
            header = struct.pack("!BBH", _FIN_TEXT, 126, size)
        else:
            header = struct.pack("!BBQ", _FIN_TEXT, 127, size)
        self.payload = payload
        self.frame = header + payload


class Batch:
    """Messages that go to many desktops together: their frames are put together once.

    Attributes:
        frame: The messages' frames.
        parts: The messages.
    """

    __slots__ = ("frame", "parts")

    def __init__(self, parts: Sequence[Message]) -> None:
        """Put them together."""
        self.parts = parts
        self.frame = b"".join([part.frame for part in parts])


class EventMessage(Message):
    """A published event and who it is for.

    Attributes:
        seq: Its position in the stream.
        topic: Under which others hear of it.
        by_queue: Whether queues decide who may hear of it.
        by_team: Whether the agents' teams do.
        agent_ids: The agents whose work it is.
        queues: The queue of its contact, and the one that the contact was in before.
        hidden_from: Agents who must not hear of it.
    """

    __slots__ = ("agent_ids", "by_queue", "by_team", "hidden_from", "queues", "seq", "topic")

    def __init__(self, publish: Publish, site: str, epoch: str, queues: frozenset[str]) -> None:
        """Put the event into its CloudEvents envelope."""
        super().__init__(envelope(publish, site, epoch))
        self.seq = publish.seq
        self.topic = topic_of(publish.type)
        self.by_queue = self.topic is Topic.QUEUES
        self.by_team = self.topic is Topic.AGENTS or publish.type.startswith("offer.")
        self.agent_ids = publish.agent_ids
        self.queues = queues
        self.hidden_from = publish.hidden_from


def posted(publish: Publish, site: str, epoch: str) -> tuple[str, str]:
    """The event's id, and the event as webhooks have it: the very document that desktops get."""
    content = envelope(publish, site, epoch)
    return content["id"], orjson.dumps(content).decode()


def envelope(publish: Publish, site: str, epoch: str) -> dict[str, Any]:
    """The event in CloudEvents 1.0 form, structured JSON."""
    content: dict[str, Any] = {
        "specversion": "1.0",
        "id": f"{epoch}-{publish.seq}",
        "source": f"/sites/{site}",
        "type": publish.type,
        "time": publish.at.iso(),
        "datacontenttype": "application/json",
        "seq": publish.seq,
        "epoch": epoch,
    }
    subject = _subject(publish)
    if subject:
        content["subject"] = subject
    if publish.contact_id:
        content["contact_id"] = publish.contact_id
    if publish.caused_by:
        content["caused_by"] = publish.caused_by
    content["data"] = publish.data
    return content


def _subject(publish: Publish) -> str:
    if publish.type.startswith("agent.") and publish.agent_ids:
        return f"agents/{publish.agent_ids[0]}"
    if supervision := publish.data.get("supervision"):
        return f"supervisions/{supervision['id']}"
    if publish.contact_id:
        return f"contacts/{publish.contact_id}"
    if publish.queue:
        return f"queues/{publish.queue}"
    return ""
