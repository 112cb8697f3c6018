"""A bare broadcast loop: aiohttp's sockets and ``send_str`` for each, nothing else; the limit of ``desktop_fanout``.

A process of its own: it sends what it is given, which was published by ctid in the same run, at the same pace to the
same desktops. It makes nothing of events, keeps none and asks nobody for a token. Orders as JSON lines on standard
input:

- at once it tells its ``port``; tokens are the numbers of the desktops;
- ``{"send": path}`` sends lines of [seq, cause, moment, numbers of desktops, payload] and tells when each was due, as
  [[seq, moment] …].
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

import uvloop
from aiohttp import web


async def serve() -> None:
    """Carry out orders until standard input ends."""
    desktops: dict[int, web.WebSocketResponse] = {}

    async def socket(request: web.Request) -> web.WebSocketResponse:
        desktop = web.WebSocketResponse()
        await desktop.prepare(request)
        await desktop.receive()
        await desktop.send_str('{"type":"live","epoch":"bare","seq":0}')
        desktops[int(request.headers["Authorization"].removeprefix("Bearer "))] = desktop
        async for _ in desktop:
            pass
        return desktop

    app = web.Application()
    app.add_routes([web.get("/v1/events", socket)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=4_096).start()
    print(json.dumps({"port": runner.addresses[0][1]}), flush=True)
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while line := await orders.readline():
        print(json.dumps(await _send(_events(Path(json.loads(line)["send"])), desktops)), flush=True)


def _events(path: Path) -> list[Any]:
    return [json.loads(each) for each in path.read_text().splitlines()]


async def _send(events: list[Any], desktops: dict[int, web.WebSocketResponse]) -> list[tuple[int, float]]:
    due = []
    shift = time.monotonic() + 1 - events[0][2]
    for seq, _, at, receivers, payload in events:
        moment = at + shift
        due.append((seq, moment))
        await asyncio.sleep(max(0.0, moment - time.monotonic()))
        for number in receivers:
            await desktops[number].send_str(payload)
    await asyncio.sleep(2)
    return due


if __name__ == "__main__":
    uvloop.run(serve())
