"""A bank that flows ask: balances by account and PIN, open cases, orders in a database; it misbehaves as told."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self

from aiohttp import web

TOKEN: Final = "demo-only-bank-token"
"""What it wants to see as `Authorization: Bearer …`."""

ANYBODY: Final = "*"

Fault = Literal["hang", "error", "garbage", "huge", "redirect", "list", "cut"]
"""No answer; 500; no JSON; a megabyte; elsewhere; JSON that is no object; the connection closed without a word."""


@dataclass
class Account:
    """An account.

    Attributes:
        pin: its PIN.
        balance: in euros.
        holder: whose it is.
        cases: titles of what is open.
    """

    pin: str
    balance: str
    holder: str
    cases: list[str] = field(default_factory=list)


ACCOUNTS: Final = {
    "4539148803": Account("1234", "1250.50", "Ada Lovelace", ["Lost card"]),
    "79927398713": Account("9876", "-20.05", "Wang Wei"),
}
"""The second number passes the Luhn check."""

ORDERS: Final = (
    (1001, "79927398713", "shipped", "2026-11-30", "49.90"),
    (1002, "79927398713", "open", None, "7.00"),
    (2001, "4539148803", "cancelled", "2026-10-01", "1000.00"),
)
"""Number, account, state, day of delivery, total."""


@dataclass(frozen=True)
class Asked:
    """One request, as it came."""

    method: str
    target: str
    body: str
    headers: dict[str, str]


class Bank:
    """Listens on the loopback; use it as an async context manager.

    Args:
        port: Where; a port that is free where none is given.

    Attributes:
        accounts: account number to account.
        faults: account number, or `*` for anybody, to what goes wrong when it is asked for.
        fail_times: so many requests more go wrong; None for all of them.
        asked: every request that came.
        hanging: how many wait for an answer that does not come.
    """

    def __init__(self, port: int | None = None) -> None:
        self.accounts = copy.deepcopy(ACCOUNTS)
        self.faults: dict[str, Fault] = {}
        self.fail_times: int | None = None
        self.asked: list[Asked] = []
        self.hanging = 0
        self.most_hanging = 0
        self._port = port or 0
        self._over = asyncio.Event()
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Its root, without a slash at the end."""
        return f"http://127.0.0.1:{self._port}"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen; at the same port as before, if it did so before."""
        self._over.clear()
        app = web.Application()
        app.router.add_post("/balance", self._balance)
        app.router.add_get(r"/accounts/{account:[^/]+}/cases", self._cases)
        app.router.add_get("/accounts", self._everybody)
        # Who gives up waiting lets their handler go.
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Listen no more, and let nobody hang."""
        self._over.set()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    # ---- what it is asked ------------------------------------------------------------------------------------

    async def _balance(self, request: web.Request) -> web.StreamResponse:
        body: dict[str, Any] = await request.json()

        async def found() -> web.StreamResponse:
            account = self.accounts.get(body["account"])
            if account is None or account.pin != body["pin"]:
                raise web.HTTPNotFound
            holder = {"name": account.holder, "vip": False, "since": None}
            return web.json_response({"account": {"balance": float(account.balance), "holder": holder}})

        return await self._answer(request, str(body["account"]), found)

    async def _cases(self, request: web.Request) -> web.StreamResponse:
        number = request.match_info["account"]

        async def found() -> web.StreamResponse:
            if number not in self.accounts:
                raise web.HTTPNotFound
            cases = [{"id": at, "title": title} for at, title in enumerate(self.accounts[number].cases, 1)]
            return web.json_response({"open": len(cases), "cases": cases})

        return await self._answer(request, number, found)

    async def _everybody(self, request: web.Request) -> web.StreamResponse:
        """What no caller may ever get at."""

        async def found() -> web.StreamResponse:
            return web.json_response({"open": 999, "cases": [], "accounts": sorted(self.accounts)})

        return await self._answer(request, "", found)

    async def _answer(
        self, request: web.Request, number: str, found: Callable[[], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        self.asked.append(Asked(request.method, request.raw_path, await request.text(), dict(request.headers)))
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            raise web.HTTPUnauthorized
        fault = self.faults.get(number) or self.faults.get(ANYBODY)
        if fault is None or self.fail_times == 0:
            return await found()
        if self.fail_times is not None:
            self.fail_times -= 1
        return await self._fail(request, fault)

    async def _fail(self, request: web.Request, fault: Fault) -> web.StreamResponse:
        match fault:
            case "hang":
                self.hanging += 1
                self.most_hanging = max(self.most_hanging, self.hanging)
                try:
                    await self._over.wait()
                finally:
                    self.hanging -= 1
                raise web.HTTPServiceUnavailable
            case "error":
                raise web.HTTPInternalServerError
            case "garbage":
                return web.Response(body=b'{"account": {"balance": 12', content_type="application/json")
            case "huge":
                return web.json_response({"account": {"balance": 1}, "more": "x" * 1_000_000})
            case "redirect":
                raise web.HTTPFound("/accounts")
            case "list":
                return web.json_response([{"account": {"balance": 1}}])
            case "cut":
                assert request.transport is not None
                request.transport.abort()
                raise web.HTTPServiceUnavailable


def make_orders(path: Path) -> str:
    """Make a SQLite database of orders.

    Returns:
        Its URL.
    """
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "create table orders (number integer primary key, account text, state text, delivery date, total numeric)"
        )
        connection.executemany("insert into orders values (?, ?, ?, ?, ?)", ORDERS)
    return f"sqlite:///{path}"
