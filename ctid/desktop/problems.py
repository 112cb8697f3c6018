"""Errors as RFC 9457 problem documents; the one place that knows which error is which HTTP status."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, Final, NamedTuple

import orjson
import structlog
from aiohttp import web
from pydantic import ValidationError

from ctid.desktop.identity.auth import TokenError, TokenMissingError
from ctid.desktop.identity.sign_in_errors import NotSignedInError, SignInLockedError
from ctid.errors import (
    ConflictError,
    CtidError,
    ForbiddenError,
    NotFoundError,
    OverloadedError,
    RecordingError,
    RequestError,
    StoreError,
    VersionMismatchError,
)

log = structlog.get_logger(__name__)

CONTENT_TYPE: Final = "application/problem+json"
_RETRY_SECONDS: Final = 1
_MAX_FAULTS: Final = 50

# The first class that fits decides, so that the special ones stand before the general.
_STATUS: Final[tuple[tuple[type[CtidError], HTTPStatus], ...]] = (
    (TokenError, HTTPStatus.UNAUTHORIZED),
    (NotSignedInError, HTTPStatus.UNAUTHORIZED),
    (SignInLockedError, HTTPStatus.TOO_MANY_REQUESTS),
    (NotFoundError, HTTPStatus.NOT_FOUND),
    (ForbiddenError, HTTPStatus.FORBIDDEN),
    # RFC 9110, 13.1.1: a condition that does not hold is 412, whatever else the present state forbids.
    (VersionMismatchError, HTTPStatus.PRECONDITION_FAILED),
    (ConflictError, HTTPStatus.CONFLICT),
    (RecordingError, HTTPStatus.CONFLICT),
    (OverloadedError, HTTPStatus.SERVICE_UNAVAILABLE),
    (StoreError, HTTPStatus.SERVICE_UNAVAILABLE),
)


class Fault(NamedTuple):
    """One thing wrong with a request.

    Attributes:
        place: ``pointer`` (into the body), ``parameter`` (of the query) or ``header``.
        name: Which: a JSON pointer as a URI fragment, or the name.
        detail: What is wrong and what would be right.
    """

    place: str
    name: str
    detail: str


class InvalidInputError(RequestError):
    """A body, parameter or header that does not fit; every fault is listed."""

    code = "invalid-input"

    def __init__(self, faults: list[Fault], status: HTTPStatus = HTTPStatus.UNPROCESSABLE_ENTITY) -> None:
        super().__init__(f"{faults[0].name}: {faults[0].detail}" if faults[0].name else faults[0].detail)
        self.faults = faults
        self.status = status


class MalformedBodyError(RequestError):
    """The body is no JSON."""

    code = "malformed-json"


class UnsupportedMediaTypeError(RequestError):
    """The body is of a type that this operation does not take."""

    code = "unsupported-media-type"


class KeyReusedError(RequestError):
    """The ``Idempotency-Key`` was used for another request."""

    code = "idempotency-key-reused"


def pointer(path: tuple[str | int, ...]) -> str:
    """The JSON pointer of a place in the body, as a URI fragment (RFC 6901, section 6)."""
    return "#" + "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def body_faults(error: ValidationError) -> list[Fault]:
    """What pydantic finds wrong with a body."""
    return [
        Fault("pointer", pointer(_inside(fault["loc"])), fault["msg"].removeprefix("Value error, "))
        for fault in error.errors(include_url=False, include_input=False, include_context=False)[:_MAX_FAULTS]
    ]


def query_faults(error: ValidationError) -> list[Fault]:
    """What pydantic finds wrong with a query."""
    return [
        Fault(
            "parameter",
            str(fault["loc"][0]) if fault["loc"] else "",
            fault["msg"].removeprefix("Value error, "),
        )
        for fault in error.errors(include_url=False, include_input=False, include_context=False)[:_MAX_FAULTS]
    ]


def _inside(path: tuple[str | int, ...]) -> tuple[str | int, ...]:
    # Pydantic marks a fault of a key, instead of its value, by a last part of its own.
    return tuple(part for part in path if part != "[key]")


def status_of(error: CtidError) -> HTTPStatus:
    """The HTTP status of an error."""
    if isinstance(error, InvalidInputError):
        return error.status
    if isinstance(error, UnsupportedMediaTypeError):
        return HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    if isinstance(error, KeyReusedError):
        return HTTPStatus.UNPROCESSABLE_ENTITY
    for kind, status in _STATUS:
        if isinstance(error, kind):
            return status
    return HTTPStatus.BAD_REQUEST if isinstance(error, RequestError) else HTTPStatus.INTERNAL_SERVER_ERROR


def problem_of(error: CtidError) -> web.Response:
    """The answer to a request that ended with this error."""
    status = status_of(error)
    # Only what is the caller's fault is explained to the caller.
    shown = isinstance(error, RequestError) or status is not HTTPStatus.INTERNAL_SERVER_ERROR
    more: dict[str, Any] = {}
    headers: dict[str, str] = {}
    match error:
        case InvalidInputError():
            if error.faults[0].place == "pointer":
                more["pointer"] = error.faults[0].name
            more["errors"] = [{fault.place: fault.name, "detail": fault.detail} for fault in error.faults]
        case ConflictError():
            more["current"] = error.current or None
            more["allowed_actions"] = list(error.allowed_actions)
        case SignInLockedError():
            more["retry_at"] = error.retry_at.isoformat(timespec="seconds")
            headers["Retry-After"] = str(error.retry_seconds)
        case TokenMissingError() | NotSignedInError():
            headers["WWW-Authenticate"] = 'Bearer realm="ctid"'
        case TokenError():
            headers["WWW-Authenticate"] = (
                f'Bearer realm="ctid", error="invalid_token", error_description="{error.detail}"'
            )
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(_RETRY_SECONDS)
    detail = error.detail if shown else "the daemon failed; its log says more"
    return problem(status, error.code, detail, more, headers)


def problem(
    status: HTTPStatus,
    code: str,
    detail: str,
    more: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> web.Response:
    """A problem document."""
    body = {
        "type": f"urn:ctid:problem:{code}",
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
        "code": code,
        "instance": uuid.uuid4().urn,
        **(more or {}),
    }
    return web.Response(body=orjson.dumps(body), status=status.value, content_type=CONTENT_TYPE, headers=headers)


_HTTP_CODES: Final = {
    HTTPStatus.NOT_FOUND: ("not-found", "there is no such resource"),
    HTTPStatus.METHOD_NOT_ALLOWED: ("method-not-allowed", "the resource does not know this method"),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ("body-too-large", "the body is larger than 64 kB"),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: ("unsupported-media-type", "the body is of a type not taken here"),
}


@web.middleware
async def problems(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Turn every error on the way to an answer into a problem document."""
    try:
        return await handler(request)
    except CtidError as error:
        answer = problem_of(error)
        if answer.status == HTTPStatus.INTERNAL_SERVER_ERROR:
            log.exception("request.failed", code=error.code, method=request.method)
        return answer
    except web.HTTPException as error:
        if error.status < HTTPStatus.BAD_REQUEST:
            raise
        status = HTTPStatus(error.status)
        code, detail = _HTTP_CODES.get(status, ("request-invalid", "the request cannot be understood"))
        allow = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else None
        return problem(status, code, detail, headers=allow)
    except TimeoutError:
        return problem(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "timeout",
            "the daemon did not get to it in time; it may be carried out yet",
            headers={"Retry-After": str(_RETRY_SECONDS)},
        )
    except Exception:
        # The root of a request: whatever got here is our bug, and must not take others with it.
        log.exception("request.failed", code="internal", method=request.method)
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "the daemon failed; its log says more")
