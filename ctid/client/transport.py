"""Requests: the token, one Idempotency-Key for all tries of a command, tries again, and errors by class."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import aiohttp
import orjson

from ctid.client.access import Access
from ctid.client.backoff import delay
from ctid.client.errors import ClientError, UnreachableError, refusal
from ctid.client.messages import JsonObject

_AGAIN: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.BAD_GATEWAY})
_MOST_WAIT_SECONDS: Final = 5.0


class Transport:
    """Carries requests to one ctid."""

    def __init__(self, url: str, access: Access, *, tries: int, timeout: float) -> None:
        """Take where to, and whose requests.

        Args:
            url: ``http://host:port``.
            access: Gives tokens.
            tries: How often a request is tried that could not be delivered or is to be tried again later.
            timeout: Seconds for each try.
        """
        self.url = url.rstrip("/")
        self.access = access
        self._tries = tries
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._http: aiohttp.ClientSession | None = None

    @property
    def http(self) -> aiohttp.ClientSession:
        """The open session.

        Raises:
            ClientError: The client is not open.
        """
        if self._http is None:
            raise ClientError("use the client in 'async with'")
        return self._http

    async def open(self) -> None:
        """Get ready for requests."""
        self._http = aiohttp.ClientSession(self.url, timeout=self._timeout)

    async def close(self) -> None:
        """Close all connections."""
        if self._http is not None:
            await self._http.close()
            self._http = None

    async def token(self, *, instead_of: str = "") -> str:
        """A token that counts; see ``Access.token``."""
        return await self.access.token(self._post, instead_of=instead_of)

    async def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, str | int | float] | None = None,
        if_match: int | None = None,
    ) -> JsonObject:
        """Ask for something, as often as it takes.

        Raises:
            RefusedError: ctid said no; the subclass tells why.
            UnreachableError: It could not be asked.
        """
        headers = {}
        if method != "GET":
            # All tries carry the same key, so that a command whose answer was lost is not carried out twice.
            headers["Idempotency-Key"] = uuid.uuid4().hex
        if if_match is not None:
            headers["If-Match"] = f'"{if_match}"'
        token = await self.token()
        try:
            return await self._try(method, path, body, query, headers | {"Authorization": f"Bearer {token}"})
        except ClientError as error:
            if not self.access.renewable or getattr(error, "status", 0) != HTTPStatus.UNAUTHORIZED:
                raise
        token = await self.token(instead_of=token)
        return await self._try(method, path, body, query, headers | {"Authorization": f"Bearer {token}"})

    async def _post(self, path: str, body: JsonObject) -> JsonObject:
        return await self._try("POST", path, body, None, {})

    async def _try(
        self,
        method: str,
        path: str,
        body: Any,
        query: Mapping[str, str | int | float] | None,
        headers: Mapping[str, str],
    ) -> JsonObject:
        data = None if body is None else orjson.dumps(body)
        if data is not None:
            headers = {**headers, "Content-Type": "application/json"}
        for tried in range(1, self._tries + 1):
            wait = delay(tried)
            try:
                async with self.http.request(method, path, data=data, params=query, headers=headers) as response:
                    raw = await response.read()
            except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, TimeoutError) as error:
                if tried == self._tries:
                    raise UnreachableError(f"{method} {path}: {str(error) or 'no answer in time'}") from error
            else:
                if response.status < HTTPStatus.BAD_REQUEST:
                    return _object(raw)
                if response.status not in _AGAIN or tried == self._tries:
                    raise refusal(response.status, _object(raw))
                wait = max(wait, float(response.headers.get("Retry-After", 0)))
                if wait > _MOST_WAIT_SECONDS:
                    raise refusal(response.status, _object(raw))
            await asyncio.sleep(min(wait, _MOST_WAIT_SECONDS))
        raise AssertionError("tries has to be 1 or more")


def _object(raw: bytes) -> JsonObject:
    try:
        value = orjson.loads(raw) if raw else {}
    except orjson.JSONDecodeError:
        # A proxy in between answers with pages of its own.
        return {"detail": raw[:200].decode(errors="replace")}
    return value if isinstance(value, dict) else {"items": value}
