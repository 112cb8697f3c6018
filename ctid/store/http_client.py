"""A client for servers that answer small questions: no cookies, no redirects to follow, no answer that outgrows us."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import aiohttp
from pydantic import SecretStr

MAX_ANSWER_BYTES: Final = 64 * 1024


def open_session(
    headers: Mapping[str, SecretStr], max_parallel: int, *, connect_anew: bool = False
) -> aiohttp.ClientSession:
    """Make a session; whoever uses it does not follow redirects: they would take the headers elsewhere.

    Args:
        headers: Sent with each request.
        max_parallel: Connections at most.
        connect_anew: Take no connection twice: one that the server has just closed looks as if a request was lost.
    """
    return aiohttp.ClientSession(
        headers={name: secret.get_secret_value() for name, secret in headers.items()},
        cookie_jar=aiohttp.DummyCookieJar(),
        connector=aiohttp.TCPConnector(limit=max_parallel, force_close=connect_anew),
        # A small answer may unpack to a huge one.
        auto_decompress=False,
        skip_auto_headers={"Accept-Encoding"},
    )


async def read_answer(response: aiohttp.ClientResponse) -> bytes | None:
    """Read a body; ``None``, and the connection is closed, if it is larger than ``MAX_ANSWER_BYTES``."""
    answer = bytearray()
    async for chunk in response.content.iter_any():
        answer += chunk
        if len(answer) > MAX_ANSWER_BYTES:
            response.close()
            return None
    return bytes(answer)
