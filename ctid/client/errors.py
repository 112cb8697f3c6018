"""What can go wrong for a client, one class for each thing that is handled in a way of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final


class ClientError(Exception):
    """Base of all errors of this library."""


class UnreachableError(ClientError):
    """ctid cannot be reached, or does not answer in time; nothing is known of what became of the request."""


class RefusedError(ClientError):
    """ctid answered with a problem document (RFC 9457); nothing was changed.

    Attributes:
        status: HTTP status.
        code: Stable; branch on this one, where the class does not tell enough.
        detail: For people.
        problem: The whole document.
    """

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.code = str(problem.get("code", ""))
        self.detail = str(problem.get("detail", ""))
        self.problem = problem
        super().__init__(f"{status} {self.code}: {self.detail}")


class InvalidRequestError(RefusedError):
    """What was asked does not fit; ``errors`` of the problem names every place."""


class NotSignedInError(RefusedError):
    """User or password are wrong, or the token does not count and cannot be renewed."""


class NotAllowedError(RefusedError):
    """The role may not do this, or it is outside the scope."""


class NotFoundError(RefusedError):
    """There is no such resource."""


class ConflictError(RefusedError):
    """It does not fit the present state.

    Attributes:
        current: The present state.
        allowed_actions: What may be asked for instead.
    """

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(status, problem)
        self.current = str(problem.get("current") or "")
        self.allowed_actions = tuple(problem.get("allowed_actions") or ())


class VersionMismatchError(ConflictError):
    """It has changed since the version that was named."""


class UnavailableError(RefusedError):
    """Overloaded, or locked for a while; it was tried as often as it was to be."""


_BY_STATUS: Final[dict[int, type[RefusedError]]] = {
    401: NotSignedInError,
    403: NotAllowedError,
    404: NotFoundError,
    409: ConflictError,
    412: VersionMismatchError,
    429: UnavailableError,
    503: UnavailableError,
}


def refusal(status: int, problem: Mapping[str, Any]) -> RefusedError:
    """The error that a problem document stands for."""
    return _BY_STATUS.get(status, InvalidRequestError if status < 500 else RefusedError)(status, problem)


class StreamEndedError(ClientError):
    """The event stream was closed for good; connecting again by itself would not help.

    Attributes:
        close_code: Of the WebSocket.
    """

    meaning: ClassVar[str] = "the event stream was closed"

    def __init__(self, close_code: int) -> None:
        super().__init__(f"{self.meaning} ({close_code})")
        self.close_code = close_code


class SignedOutError(StreamEndedError):
    """The token does not count any more and cannot be renewed: sign in."""

    meaning = "signed out"


class ProtocolError(StreamEndedError):
    """Client and server do not understand each other."""

    meaning = "a message was not understood"


class UnknownAgentError(StreamEndedError):
    """The token's agent is not in the configuration."""

    meaning = "the token's agent is not in the configuration"


class ElsewhereError(StreamEndedError):
    """The agent has a desktop elsewhere; follow the events with ``takeover=True`` if they wish to work here."""

    meaning = "the agent has a desktop elsewhere"


class TakenOverError(StreamEndedError):
    """Another desktop of the agent took over."""

    meaning = "another desktop of the agent took over"


class ReplacedError(StreamEndedError):
    """A newer connection has the same ``client_id``."""

    meaning = "a newer connection has the same client_id"


FINAL: Final[dict[int, type[StreamEndedError]]] = {
    1009: ProtocolError,
    4004: ProtocolError,
    4005: UnknownAgentError,
    4010: ElsewhereError,
    4011: TakenOverError,
    4012: ReplacedError,
}
"""Close codes after which connecting again would not help."""

SIGNED_OUT: Final = frozenset({4001, 4002, 4003, 4006})
"""Close codes after which another token is needed."""
