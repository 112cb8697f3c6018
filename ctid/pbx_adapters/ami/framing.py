"""Framing: the bytes of an AMI connection become messages. No I/O.

Nine of ten events are of no use to ctid, so each is looked at by its name, while still bytes, before anything
of it is decoded. Decoding happens per whole message, so a character split over two TCP segments stays whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from ctid.errors import PbxProtocolError

BANNER: Final = b"Asterisk Call Manager/"
"""What every Asterisk says first; anything else is not an AMI port."""

MAX_BANNER_BYTES: Final = 128

MAX_MESSAGE_BYTES: Final = 256 * 1024
"""The longest event of a stock Asterisk has a few kB; the output of a CLI command is the longest message."""

MAX_LINE_BYTES: Final = 64 * 1024
"""Asterisk itself cuts a channel variable at a few kB."""

_END: Final = b"\r\n\r\n"
_EVENT: Final = b"Event: "
_RESPONSE: Final = b"Response: "
_FIELD: Final = re.compile(rb"[A-Za-z][A-Za-z0-9_-]{0,63}:")

Message = dict[str, str]
"""One AMI message, its fields by Asterisk's own names; a repeated field's values are joined by line feeds."""


def parse_message(raw: bytes) -> Message:
    """Decode one whole message, without the empty line that ends it.

    Raises:
        PbxProtocolError: A line is longer than ``MAX_LINE_BYTES``.
    """
    if len(raw) > MAX_LINE_BYTES and max(map(len, raw.split(b"\r\n"))) > MAX_LINE_BYTES:
        raise PbxProtocolError(f"a line of an AMI message is longer than {MAX_LINE_BYTES} bytes")
    message: Message = {}
    for line in raw.decode("utf-8", "replace").split("\r\n"):
        key, _, value = line.partition(":")
        # A value begins after exactly one blank; further blanks are its own.
        value = value.removeprefix(" ")
        if key in message:
            message[key] += "\n" + value
        else:
            message[key] = value
    return message


class AmiParser:
    """Takes the bytes of one AMI connection as they come; any cut between two calls gives the same messages.

    Attributes:
        version: What the banner says, empty until it came.
        dropped: Events that were not wanted.
        malformed: Messages that are neither event nor response, such as the tail of an event whose value held
            an empty line.
    """

    def __init__(self, wanted: Iterable[str]) -> None:
        """Make a parser that passes the responses and those events whose name is wanted."""
        self.version = ""
        self.dropped = 0
        self.malformed = 0
        self._wanted = frozenset(name.encode("ascii") for name in wanted)
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Message]:
        """Take what was read and return the messages it completes.

        Raises:
            PbxProtocolError: The peer is no AMI, or a message passes a limit; the connection is of no more
                use.
        """
        # Most reads end inside an event, and the next one begins there: only the seam can hold a new end.
        seam = max(0, len(self._buffer) - len(_END) + 1)
        self._buffer += data
        if not self.version:
            if not self._read_banner():
                return []
            seam = 0
        if self._buffer.find(_END, seam) < 0:
            self._check_size(len(self._buffer))
            return []
        whole = bytes(self._buffer).split(_END)
        self._buffer = bytearray(whole.pop())
        self._check_size(len(self._buffer))
        return self._select(whole)

    def _read_banner(self) -> bool:
        head = bytes(self._buffer[:MAX_BANNER_BYTES])
        if not head.startswith(BANNER[: len(head)]):
            raise PbxProtocolError("the peer does not greet as an Asterisk Call Manager")
        banner, end, _ = head.partition(b"\r\n")
        if not end:
            if len(head) == MAX_BANNER_BYTES:
                raise PbxProtocolError(f"the AMI banner is longer than {MAX_BANNER_BYTES} bytes")
            return False
        self.version = banner[len(BANNER) :].decode("ascii", "replace").strip() or "unknown"
        del self._buffer[: len(banner) + 2]
        return True

    def _select(self, whole: list[bytes]) -> list[Message]:
        messages: list[Message] = []
        wanted = self._wanted
        dropped = 0
        for raw in whole:
            if raw[:7] != _EVENT:
                # Some events of Asterisk's own (RTCP's, the AGI's) end with one line break too many.
                raw = raw.lstrip(b"\r\n")
            if raw[:7] == _EVENT:
                end = raw.find(b"\r\n")
                if (raw[7:end] if end > 0 else raw[7:]) not in wanted:
                    dropped += 1
                    continue
            elif not raw.startswith(_RESPONSE):
                if raw and not _FIELD.match(raw):
                    raise PbxProtocolError("what the PBX sends is no AMI message")
                self.malformed += bool(raw)
                continue
            self._check_size(len(raw))
            messages.append(parse_message(raw))
        self.dropped += dropped
        return messages

    def _check_size(self, size: int) -> None:
        if size > MAX_MESSAGE_BYTES:
            raise PbxProtocolError(f"an AMI message is longer than {MAX_MESSAGE_BYTES} bytes")
