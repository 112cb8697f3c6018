"""The one tree of errors; ``code`` is public and never renamed.

Requests may raise (``RequestError``); what a PBX sends never does: unknown or late events become a ``Note`` command.
"""

from __future__ import annotations

from typing import ClassVar


class CtidError(Exception):
    """Any error that ctid raises on purpose.

    Attributes:
        code: Stable public identifier, used in problem documents and logs.
        detail: One sentence for the reader, without caller data.
    """

    code: ClassVar[str] = "ctid-error"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class ConfigError(CtidError):
    """The configuration cannot be used; every fault is listed.

    Attributes:
        faults: One line each, as ``file:line: key: what is wrong and what would be right``.
    """

    code = "config-invalid"

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class RequestError(CtidError):
    """A request that cannot be carried out; the caller's fault."""

    code = "request-invalid"


class NotFoundError(RequestError):
    """The named agent, contact, offer or queue does not exist."""

    code = "not-found"


class ForbiddenError(RequestError):
    """The principal may not do this."""

    code = "forbidden"


class ConflictError(RequestError):
    """The request does not fit the present state.

    Attributes:
        current: The present state, as the client may show it.
        allowed_actions: What may be asked for instead.
    """

    code = "conflict"

    def __init__(self, detail: str, *, current: str = "", allowed_actions: tuple[str, ...] = ()) -> None:
        super().__init__(detail)
        self.current = current
        self.allowed_actions = allowed_actions


class IllegalTransitionError(ConflictError):
    """The state machine has no such transition from the present state."""

    code = "illegal-transition"


class InTransitError(ConflictError):
    """The request may fit as soon as what is under way has come to its end: channels that move, a call that ends."""

    code = "in-transit"


class VersionMismatchError(ConflictError):
    """``If-Match`` names another version than the present one."""

    code = "version-mismatch"


class OverloadedError(RequestError):
    """A bounded queue is full; nothing was taken in, try again later."""

    code = "overloaded"


class PbxError(CtidError):
    """The PBX, or the way to it, failed.

    Attributes:
        retryable: Whether the same may work later without a change of configuration.
    """

    code = "pbx-error"
    retryable: ClassVar[bool] = True


class PbxConnectionError(PbxError):
    """The connection could not be made or was lost."""

    code = "pbx-connection"


class PbxAuthError(PbxError):
    """The PBX refused our login; only a change of configuration helps, on either side."""

    code = "pbx-auth"


class PbxActionError(PbxError):
    """The PBX answered an action with an error."""

    code = "pbx-action"
    retryable = False


class PbxTimeoutError(PbxError):
    """The PBX did not answer in time."""

    code = "pbx-timeout"


class PbxProtocolError(PbxError):
    """The peer sent what the protocol does not allow, or more than a named limit."""

    code = "pbx-protocol"


class StoreError(CtidError):
    """The database refused or could not be reached."""

    code = "store-error"


class JournalError(StoreError):
    """The journal cannot be read or written; without it no input counts."""

    code = "journal-error"


class RecordingError(CtidError):
    """A recording cannot be written or read: no room, no such file, another key, or not what was written.

    Attributes:
        reason: In one word: ``disk_full``, ``unwritable``, ``missing``, ``wrong_key``, ``damaged``, ``unreadable``.
    """

    code = "recording-error"

    def __init__(self, detail: str, reason: str) -> None:
        super().__init__(detail)
        self.reason = reason


class SpeechError(CtidError):
    """A text cannot be made sound: there is no voice, or it failed."""

    code = "speech-error"


class InvariantError(CtidError):
    """Our bug: something that must always hold does not."""

    code = "invariant-broken"
