"""A receiver of webhooks that verifies as Standard Webhooks says, and misbehaves as told."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from aiohttp import web

SECRET = "whsec_" + base64.b64encode(b"demo-only-key-of-the-webhook-tests").decode()

Answering = Callable[[web.Request, dict[str, Any]], Awaitable[web.StreamResponse]]


def verified(secret: str, headers: Any, body: bytes) -> bool:
    """Whether one of the signatures is that of the secret, and fresh."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = b".".join([headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body])
    right = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    fresh = abs(time.time() - int(headers["webhook-timestamp"])) < 60
    return fresh and any(hmac.compare_digest(given, f"v1,{right}") for given in headers["webhook-signature"].split())


class Receiver:
    """Answers 204, or what ``answers`` holds, one after another; ``answering`` goes before both.

    Attributes:
        events: What was taken with 204, in order.
        seen: The id of every attempt, with the time.
    """

    def __init__(self, secret: str = SECRET) -> None:
        self.secret = secret
        self.events: list[dict[str, Any]] = []
        self.seen: list[tuple[str, float]] = []
        self.headers: list[Any] = []
        self.answers: deque[web.Response | int] = deque()
        self.answering: Answering | None = None
        self.at_once = 0
        self.most_at_once = 0
        self.port = 0
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks?token=demo-only"

    @property
    def ids(self) -> list[str]:
        return [event["id"] for event in self.events]

    def attempts(self, event_id: str) -> int:
        return sum(seen == event_id for seen, _ in self.seen)

    async def start(self) -> None:
        app = web.Application()
        app.router.add_post("/hooks", self._receive)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _receive(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        assert verified(self.secret, request.headers, body)
        event = orjson.loads(body)
        assert request.headers["webhook-id"] == event["id"]
        self.seen.append((event["id"], asyncio.get_running_loop().time()))
        self.headers.append(request.headers)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if self.answering is not None:
                return await self.answering(request, event)
            answer = self.answers.popleft() if self.answers else 204
            if answer == 204:
                self.events.append(event)
            return web.Response(status=answer) if isinstance(answer, int) else answer
        finally:
            self.at_once -= 1
