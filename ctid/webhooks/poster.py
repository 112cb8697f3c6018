"""One attempt to post an event, and what comes of it in one word. Whatever a receiver answers is bounded."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from http import HTTPStatus
from types import TracebackType
from typing import Final, Self

import aiohttp
from yarl import URL

from ctid.spec.webhook import WebhookSpec, signing_key
from ctid.webhooks.signature import signed_headers

MAX_ANSWER_BYTES: Final = 16 * 1024
"""An answer's body is read only so that its connection can be used again; a larger one is not worth it."""

MAX_RETRY_AFTER_SECONDS: Final = 3_600.0
"""A receiver may ask for a pause of an hour at most."""

PUT_AWAY_SECONDS: Final = 1.0

_TRANSIENT: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})


class Result(Enum):
    """What an attempt came to.

    Attributes:
        TAKEN: The receiver has it.
        FAILED: It may work later.
        REFUSED: It will not work later either.
        GONE: Neither will any other: the receiver is gone for good.
    """

    TAKEN = auto()
    FAILED = auto()
    REFUSED = auto()
    GONE = auto()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an attempt came to, and why.

    Attributes:
        result: Which of the four.
        cause: ``timeout``, ``connection``, ``tls``, ``protocol`` or ``status-503``; empty if it was taken.
        retry_after_s: How long the receiver asks to be left alone; 0 if it doesn't.
    """

    result: Result
    cause: str = ""
    retry_after_s: float = 0.0


class Poster:
    """Posts to one receiver; use it as an async context manager. Redirects are not followed: they are refusals."""

    def __init__(self, spec: WebhookSpec, release: str) -> None:
        secrets = [spec.secret, *([spec.previous_secret] if spec.previous_secret else [])]
        self._keys = [signing_key(secret.get_secret_value()) for secret in secrets]
        self._url = URL(spec.url)
        self._timeout = spec.timeout_seconds
        self._parallel = spec.max_parallel
        self._agent = f"ctid/{release}"
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            cookie_jar=aiohttp.DummyCookieJar(),
            connector=aiohttp.TCPConnector(limit=self._parallel),
            # A small answer may unpack to a huge one.
            auto_decompress=False,
            skip_auto_headers={"Accept-Encoding"},
            headers={"User-Agent": self._agent, "Content-Type": "application/cloudevents+json; charset=utf-8"},
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def post(self, webhook_id: str, body: bytes) -> Outcome:
        """Make one attempt; never raises for what the receiver or the network does."""
        assert self._session is not None, "used outside its context"
        headers = signed_headers(self._keys, webhook_id, int(time.time()), body)
        try:
            async with asyncio.timeout(self._timeout):
                response = await self._session.post(self._url, data=body, headers=headers, allow_redirects=False)
        except TimeoutError:
            return Outcome(Result.FAILED, "timeout")
        except (aiohttp.ClientSSLError, aiohttp.ServerFingerprintMismatch):
            return Outcome(Result.FAILED, "tls")
        except (aiohttp.ClientConnectionError, OSError):
            return Outcome(Result.FAILED, "connection")
        except (aiohttp.ClientError, ValueError):
            return Outcome(Result.FAILED, "protocol")
        try:
            return _judge(response)
        finally:
            await self._put_away(response)

    async def _put_away(self, response: aiohttp.ClientResponse) -> None:
        """Read a small body, so that the connection can be used again; else close it."""
        if response.content_length is not None and response.content_length <= MAX_ANSWER_BYTES:
            with contextlib.suppress(TimeoutError, aiohttp.ClientError, OSError, ValueError):
                async with asyncio.timeout(PUT_AWAY_SECONDS):
                    await response.content.read()
                    response.release()
                    return
        response.close()


def _judge(response: aiohttp.ClientResponse) -> Outcome:
    status = response.status
    if 200 <= status < 300:
        return Outcome(Result.TAKEN)
    cause = f"status-{status}"
    if status == HTTPStatus.GONE:
        return Outcome(Result.GONE, cause)
    if status >= 500 or status in _TRANSIENT:
        return Outcome(Result.FAILED, cause, _retry_after(response.headers.get("Retry-After", "")))
    return Outcome(Result.REFUSED, cause)


def _retry_after(value: str) -> float:
    """Seconds that a ``Retry-After`` asks for, given as such or as a date; 0 for what is neither."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        seconds = float(value[:12])
    else:
        try:
            moment = parsedate_to_datetime(value)
            seconds = (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError, OverflowError):
            return 0.0
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_SECONDS)
