"""Parser: the bytes that Asterisk sends on a FastAGI connection become events. No I/O.

First comes an environment, ended by an empty line; then replies, one for each command. ``HANGUP`` comes in
between whenever the channel goes, and answers nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from ctid.errors import PbxProtocolError

MAX_ENVIRONMENT_BYTES: Final = 64 * 1024
"""Asterisk sends some 20 lines, and one for each argument of the dialplan's."""

MAX_LINE_BYTES: Final = 64 * 1024
"""The longest reply is a channel variable's value."""

MAX_USAGE_LINES: Final = 200

_REPLY: Final = re.compile(r"(\d{3})(?: result=(-?\d*)(?: ?\((.*?)\))?(?: endpos=(\d+))?)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """What the call is: the ``agi_`` variables, without that prefix."""

    variables: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The answer to one command.

    Attributes:
        code: 200 done, 510 no such command, 511 the channel is dead, 520 wrong usage.
        result: What follows ``result=``, -1 if nothing does.
        data: What stands in brackets behind it.
        endpos: Samples played; ``None`` if the reply tells none.
    """

    code: int
    result: int = -1
    data: str = ""
    endpos: int | None = None


@dataclass(frozen=True, slots=True)
class Hangup:
    """The channel was hung up, or taken away into a bridge."""


@dataclass(frozen=True, slots=True)
class Eof:
    """The peer closed the connection.

    Attributes:
        midway: Whether it did so in the middle of a line, an environment or a usage text.
    """

    midway: bool


AgiEvent = Environment | Reply | Hangup | Eof


class AgiParser:
    """Takes the bytes of one FastAGI connection as they come; any cut between calls gives the same events."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._environment: dict[str, str] | None = {}
        self._environment_bytes = 0
        self._usage_lines: int | None = None

    def feed(self, data: bytes) -> list[AgiEvent]:
        """Take what was read and return the events it completes.

        Raises:
            PbxProtocolError: What came is no FastAGI or passes a limit; the connection is of no more use.
        """
        self._buffer += data
        *lines, rest = bytes(self._buffer).split(b"\n")
        self._buffer = bytearray(rest)
        events: list[AgiEvent] = []
        for line in lines:
            event = self._line(line)
            if event is not None:
                events.append(event)
        _check(len(rest), MAX_LINE_BYTES, "line")
        if self._environment is not None:
            _check(self._environment_bytes + len(rest), MAX_ENVIRONMENT_BYTES, "environment")
        return events

    def eof(self) -> list[AgiEvent]:
        """Say that no more will come."""
        midway = bool(self._buffer) or self._environment is not None or self._usage_lines is not None
        return [Eof(midway=midway)]

    def _line(self, raw: bytes) -> AgiEvent | None:
        _check(len(raw), MAX_LINE_BYTES, "line")
        text = raw.decode("utf-8", "replace").removesuffix("\r")
        if self._environment is not None:
            return self._environment_line(text, len(raw) + 1, self._environment)
        if self._usage_lines is not None:
            return self._usage_line(text, self._usage_lines)
        if text == "HANGUP":
            return Hangup()
        if text.startswith("520-"):
            self._usage_lines = 0
            return None
        match = _REPLY.match(text)
        if match is None:
            raise PbxProtocolError("what the peer sends is no AGI reply")
        code = int(match[1])
        if code < 200:
            # "100 Trying": the reply is still to come.
            return None
        return Reply(
            code=code,
            result=int(match[2]) if match[2] not in (None, "", "-") else -1,
            data=match[3] or "",
            endpos=int(match[4]) if match[4] else None,
        )

    def _environment_line(self, text: str, size: int, environment: dict[str, str]) -> AgiEvent | None:
        self._environment_bytes += size
        _check(self._environment_bytes, MAX_ENVIRONMENT_BYTES, "environment")
        if not text:
            self._environment = None
            return Environment(variables=environment)
        key, colon, value = text.partition(":")
        if not colon or not key.startswith("agi_"):
            raise PbxProtocolError("what the peer sends is no AGI environment")
        environment[key.removeprefix("agi_")] = value.removeprefix(" ")
        return None

    def _usage_line(self, text: str, lines: int) -> AgiEvent | None:
        # The text may name any command, HANGUP too; only its last line counts.
        if text.startswith("520 "):
            self._usage_lines = None
            return Reply(code=520)
        _check(lines, MAX_USAGE_LINES, "usage text")
        self._usage_lines = lines + 1
        return None


def _check(size: int, limit: int, what: str) -> None:
    if size > limit:
        raise PbxProtocolError(f"an AGI {what} is longer than {limit}")
