"""Asks by HTTP. Neither URLs nor bodies are in what is raised: caller data are in them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote, unquote

import aiohttp
import msgspec
from yarl import URL

from ctid.lookups.failure import NoAnswer
from ctid.spec.lookup import HttpLookupSpec, put_in
from ctid.store.http_client import open_session, read_answer

_decoder: Final = msgspec.json.Decoder(float_hook=Decimal)


class HttpAsker:
    """Asks one server."""

    def __init__(self, spec: HttpLookupSpec, max_parallel: int) -> None:
        self._spec = spec
        self._max_parallel = max_parallel
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close its connections."""
        if self._session is not None:
            await self._session.close()

    async def ask(self, values: Mapping[str, str]) -> Mapping[str, Any]:
        """Ask once.

        Args:
            values: The parameters.

        Raises:
            NoAnswer: There is none.
        """
        spec = self._spec
        try:
            url = URL(address(spec, values), encoded=True)
            body = None if spec.json_ is None else msgspec.json.encode(_put_into(spec.json_, values))
        except ValueError:
            raise NoAnswer("invalid", "parameter") from None
        try:
            return _answer(await self._request(url, body))
        except aiohttp.ClientSSLError:
            raise NoAnswer("unavailable", "tls") from None
        except aiohttp.ClientConnectorError:
            # Nothing was asked yet.
            raise NoAnswer("unavailable", "connection", again=True) from None
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, OSError):
            raise NoAnswer("unavailable", "connection", again=spec.repeatable) from None
        except (aiohttp.ClientError, ValueError):
            raise NoAnswer("unavailable", "protocol") from None

    async def _request(self, url: URL, body: bytes | None) -> bytes:
        if self._session is None:
            spec = self._spec
            self._session = open_session(spec.headers, self._max_parallel, connect_anew=not spec.repeatable)
        headers = {"Accept": "application/json"} | ({} if body is None else {"Content-Type": "application/json"})
        async with self._session.request(
            self._spec.method, url, data=body, headers=headers, allow_redirects=False
        ) as response:
            if response.status == 404:
                raise NoAnswer("not_found")
            if not 200 <= response.status < 300:
                again = response.status >= 500 and self._spec.repeatable
                raise NoAnswer("unavailable", f"status-{response.status}", again=again)
            answer = await read_answer(response)
        if answer is None:
            raise NoAnswer("invalid", "too-large")
        return answer


def address(spec: HttpLookupSpec, values: Mapping[str, str]) -> str:
    """The URL with its parameters: host, path and query keep the shape that the configuration gives them.

    Raises:
        ValueError: A value would be no segment of the path, or cannot be encoded.
    """
    path, mark, query = spec.url.partition("?")

    def segment(value: str) -> str:
        # Servers and what is before them may see a / behind its encoding, and a segment that is empty as none.
        if not value or "/" in value or "\\" in value or not value.isprintable():
            raise ValueError("no segment of a path")
        return quote(value, safe="")

    path = put_in(path, values, segment)
    if any(unquote(part) in (".", "..") for part in path.split("/")):
        raise ValueError("a segment that leads elsewhere")
    query = put_in(query, values, _quoted)
    more = "&".join(f"{_quoted(name)}={_quoted(put_in(text, values))}" for name, text in spec.query.items())
    query = "&".join(part for part in (query, more) if part)
    return path + (f"?{query}" if mark or query else "")


def _quoted(value: str) -> str:
    return quote(value, safe="")


def _put_into(data: Any, values: Mapping[str, str]) -> Any:
    if isinstance(data, str):
        return put_in(data, values)
    if isinstance(data, dict):
        return {key: _put_into(item, values) for key, item in data.items()}
    return [_put_into(item, values) for item in data] if isinstance(data, list) else data


def _answer(body: bytes) -> Mapping[str, Any]:
    try:
        answer = _decoder.decode(body)
    except (ValueError, ArithmeticError, msgspec.MsgspecError, RecursionError):
        raise NoAnswer("invalid", "no-json") from None
    if not isinstance(answer, dict):
        raise NoAnswer("invalid", "no-object")
    return answer
