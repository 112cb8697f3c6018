"""Why the event socket is closed, and what a client does then; public, and never changed."""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class CloseCode(IntEnum):
    """Why we closed a socket; the values are public and never change."""

    RESTARTING = 1012
    OVERLOADED = 1013
    TOKEN_MISSING = 4001
    TOKEN_INVALID = 4002
    TOKEN_EXPIRED = 4003
    PROTOCOL = 4004
    UNKNOWN_AGENT = 4005
    SIGNED_OUT = 4006
    TOO_SLOW = 4008
    SILENT = 4009
    ELSEWHERE = 4010
    TAKEN_OVER = 4011
    REPLACED = 4012

    @property
    def reason(self) -> bytes:
        """The code in words, for the closing frame."""
        return self.name.lower().replace("_", " ").encode()


ADVICE: Final[dict[int, tuple[str, str]]] = {
    1009: ("a message larger than 16 kB", "mend the client"),
    CloseCode.RESTARTING: ("ctid restarts", "connect again, resume"),
    CloseCode.OVERLOADED: ("overloaded", "connect again later, resume"),
    CloseCode.TOKEN_MISSING: ("no token", "sign in"),
    CloseCode.TOKEN_INVALID: ("the token does not count here", "sign in"),
    CloseCode.TOKEN_EXPIRED: ("the token has expired", "refresh it, connect again, resume"),
    CloseCode.PROTOCOL: ("no hello in time, or too many messages that mean nothing", "mend the client"),
    CloseCode.UNKNOWN_AGENT: ("the token's agent is not in the configuration", "ask the administrator"),
    CloseCode.SIGNED_OUT: ("the session was ended", "sign in"),
    CloseCode.TOO_SLOW: ("more events waited than are kept for one desktop", "connect again, resume"),
    CloseCode.SILENT: ("no sign of life for two heartbeats", "connect again, resume"),
    CloseCode.ELSEWHERE: (
        "the agent has a desktop elsewhere",
        "ask them; say takeover: true in the hello if they wish",
    ),
    CloseCode.TAKEN_OVER: ("another desktop of the agent took over", "say so; connect again only if they ask for it"),
    CloseCode.REPLACED: (
        "a newer socket has the same client_id",
        "nothing; a duplicated tab needs a client_id of its own",
    ),
}
"""Code to why, and what to do."""
