"""Plain feed: the usual way to tell desktops of calls, as a peer to measure against.

Stock panoramisk takes the events, and aiohttp sends each answered call to every desktop, one after another; which of
them it concerns is for the page to see. It keeps no state, asks nobody for a token and writes nothing down.

A process of its own, run by ``event_to_desktop``: ``python -m benchmarks.plain_feed AMI_PORT USER SECRET`` prints the
port it listens at.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import panoramisk
from aiohttp import web


async def serve(ami_port: int, user: str, secret: str) -> None:
    """Serve until killed."""
    desktops: set[web.WebSocketResponse] = set()
    half: set[str] = set()

    async def socket(request: web.Request) -> web.WebSocketResponse:
        desktop = web.WebSocketResponse()
        await desktop.prepare(request)
        desktops.add(desktop)
        async for _ in desktop:
            pass
        desktops.discard(desktop)
        return desktop

    async def entered(_manager: panoramisk.Manager, event: Any) -> None:
        bridge = event.BridgeUniqueid
        if bridge not in half:
            half.add(bridge)
            return
        half.discard(bridge)
        text = json.dumps({"type": "call.answered", "bridge": bridge})
        for desktop in tuple(desktops):
            await desktop.send_str(text)

    manager = panoramisk.Manager(
        loop=asyncio.get_running_loop(), host="127.0.0.1", port=ami_port, username=user, secret=secret
    )
    manager.register_event("BridgeEnter", entered)
    await manager.connect()
    app = web.Application()
    app.add_routes([web.get("/events", socket)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2], sys.argv[3]))
