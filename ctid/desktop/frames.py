"""Messages of the event socket, made once and written to many: JSON, and the WebSocket frame around it."""

from __future__ import annotations

import struct
from typing import Any, Final

import orjson

from ctid.model.commands import Publish

_FIN_TEXT: Final = 0x81
PING_FRAME: Final = b"\x89\x00"

# A desktop learns of these without being named in them: they concern the whole site and hold no caller data.
_SITE_WIDE: Final = ("pbx.", "site.", "config.", "queue.stats")


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


class EventMessage(Message):
    """A published event and who it is for.

    Attributes:
        seq: Its position in the stream.
        agent_ids: The agents whose work it is.
        for_all: Whether everybody gets it.
    """

    __slots__ = ("agent_ids", "for_all", "seq")

    def __init__(self, publish: Publish, site: str, epoch: str) -> None:
        """Put the event into its CloudEvents envelope."""
        super().__init__(envelope(publish, site, epoch))
        self.seq = publish.seq
        self.agent_ids = frozenset(publish.agent_ids)
        self.for_all = not publish.agent_ids and publish.type.startswith(_SITE_WIDE)


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
    if publish.contact_id:
        return f"contacts/{publish.contact_id}"
    if publish.queue:
        return f"queues/{publish.queue}"
    return ""
