"""What the handler of an operation gives back, and the form that HTTP gives it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any

import orjson
from aiohttp import web

from ctid.desktop.content import Content


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler gives back.

    Attributes:
        body: JSON object; not sent with 204.
        status: HTTP status.
        version: Becomes the ``ETag``.
        headers: Others.
        content: Sent in place of a JSON body, whole or in the range that was asked for.
    """

    body: Mapping[str, Any]
    status: HTTPStatus = HTTPStatus.OK
    version: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content: Content | None = None

    def replayed(self) -> Answer:
        """The same answer, marked as one that was given before."""
        return replace(self, headers={**self.headers, "Idempotency-Replayed": "true"})

    def response(self) -> web.Response:
        """Give it the form of HTTP."""
        headers = dict(self.headers)
        if self.version is not None:
            headers["ETag"] = f'"{self.version}"'
        if self.status is HTTPStatus.NO_CONTENT:
            return web.Response(status=self.status.value, headers=headers)
        return web.Response(
            body=orjson.dumps(self.body),
            status=self.status.value,
            content_type="application/json",
            headers=headers,
        )
