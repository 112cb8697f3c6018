"""Cut line: a TCP line between two who know nothing of it, which can be long, and can be cut and mended."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Self, cast


class CutLine:
    """Listens, and passes all on to ``target`` and back, while it is whole.

    Args:
        port: Where it listens; a free port where none is given.
        delay_s: How long it takes from one end to the other.

    Attributes:
        target: Where it leads, host and port; to be set before anybody calls.
    """

    def __init__(self, port: int = 0, delay_s: float = 0.0) -> None:
        self.target: tuple[str, int] = ("127.0.0.1", 0)
        self._port = port
        self._delay_s = delay_s
        self._whole = True
        self._server: asyncio.Server | None = None
        self._ends: set[_End] = set()
        self._connecting: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """Where it listens at 127.0.0.1."""
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _End(self._ends, self._delay_s, self._came), "127.0.0.1", self._port
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()

    def cut(self) -> None:
        """End all connections, and every new one, until it is mended."""
        self._whole = False
        for end in tuple(self._ends):
            end.transport.abort()

    def mend(self) -> None:
        """Let new connections through."""
        self._whole = True

    def _came(self, near: _End) -> None:
        if not self._whole:
            near.transport.abort()
            return
        # Nothing is read before there is somebody to pass it on to.
        near.transport.pause_reading()
        task = asyncio.get_running_loop().create_task(self._connect(near), name="cut-line-connect")
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)

    async def _connect(self, near: _End) -> None:
        try:
            _, far = await asyncio.get_running_loop().create_connection(
                lambda: _End(self._ends, self._delay_s), *self.target
            )
        except OSError:
            near.transport.abort()
            return
        if not self._whole or near.transport.is_closing():
            near.transport.abort()
            far.transport.abort()
            return
        near.other, far.other = far, near
        near.transport.write(far.early)
        near.transport.resume_reading()


class _End(asyncio.Protocol):
    """One end of a connection; what comes there leaves at the other end, and with the one goes the other."""

    transport: asyncio.Transport
    other: _End | None = None
    early: bytes = b""

    def __init__(self, ends: set[_End], delay_s: float, came: Callable[[_End], None] | None = None) -> None:
        self._ends = ends
        self._delay_s = delay_s
        self._came = came
        self._under_way: deque[bytes | None] = deque()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._ends.add(self)
        if self._came is not None:
            self._came(self)

    def data_received(self, data: bytes) -> None:
        if self.other is None:
            self.early += data
        else:
            self._send(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._ends.discard(self)
        self._send(None)

    def _send(self, data: bytes | None) -> None:
        """Have the other end send this, or hang up, in time."""
        self._under_way.append(data)
        if self._delay_s:
            asyncio.get_running_loop().call_later(self._delay_s, self._arrive)
        else:
            self._arrive()

    def _arrive(self) -> None:
        data = self._under_way.popleft()
        if self.other is None:
            return
        if data is None:
            self.other.transport.close()
        else:
            self.other.transport.write(data)
