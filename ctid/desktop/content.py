"""Contents that are no JSON: sent piece by piece, whole or in the one range that was asked for (RFC 9110, 14)."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import structlog
from aiohttp import web

from ctid.errors import RecordingError

_RANGE: Final = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Content:
    """What is sent.

    Attributes:
        kind: Media type.
        size: Bytes.
        etag: Names this very content.
        read: Gives it from a byte until before another.
        name: Of the file, for those who save it.
    """

    kind: str
    size: int
    etag: str
    read: Callable[[int, int], AsyncIterator[bytes]]
    name: str


async def send(request: web.Request, content: Content) -> web.StreamResponse:
    """Send it; what goes wrong after the first byte cuts the connection, so that nobody takes a part for the whole.

    Raises:
        RecordingError: It cannot be read; nothing was sent yet.
    """
    span = _span(request, content)
    headers = {
        "Accept-Ranges": "bytes",
        "ETag": f'"{content.etag}"',
        "Cache-Control": "private, no-store",
        "Content-Disposition": f'attachment; filename="{content.name}"',
    }
    if span is None:
        status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
        return web.Response(status=status.value, headers={**headers, "Content-Range": f"bytes */{content.size}"})
    start, end, partial = span
    response = web.StreamResponse(
        status=(HTTPStatus.PARTIAL_CONTENT if partial else HTTPStatus.OK).value, headers=headers
    )
    if partial:
        response.headers["Content-Range"] = f"bytes {start}-{end - 1}/{content.size}"
    response.content_type, response.content_length = content.kind, end - start
    if request.method == "HEAD":
        await response.prepare(request)
        return response
    pieces = content.read(start, end)
    async with contextlib.aclosing(pieces):  # type: ignore[type-var]
        # Whether it can be read at all is known before the status is sent.
        first = await anext(pieces, b"")
        try:
            await response.prepare(request)
            await response.write(first)
            async for piece in pieces:
                await response.write(piece)
            await response.write_eof()
        except RecordingError as error:
            log.error("recording.unreadable", name=content.name, detail=error.detail)
            if request.transport is not None:
                request.transport.abort()
        except ConnectionError:
            # Whoever listened has left, or goes on at another place.
            pass
    return response


def _span(request: web.Request, content: Content) -> tuple[int, int, bool] | None:
    """From where until before where, and whether that is a part; ``None`` for a range that is not there."""
    whole = (0, content.size, False)
    condition = request.headers.get("If-Range")
    match = _RANGE.fullmatch(request.headers.get("Range", "").strip())
    if match is None or (condition is not None and condition != f'"{content.etag}"'):
        # Of several ranges, or of what is none, the whole may be sent.
        return whole
    first, last = match.groups()
    if not first and not last:
        return whole
    if not first:
        start, end = max(0, content.size - int(last)), content.size
        return (start, end, True) if int(last) and content.size else None
    start = int(first)
    end = min(content.size, int(last) + 1) if last else content.size
    if last and int(last) < start:
        return whole
    return (start, end, True) if start < content.size else None
