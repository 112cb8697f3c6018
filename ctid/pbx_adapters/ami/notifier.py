"""Notifier: has phones told to answer the call that rings there, on a connection and by a manager user of its own.

The PBX asks for a right that ctid's user has not, and must not have. So whatever becomes of this login costs nothing
but this: the phone is rung again instead.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from ctid.errors import PbxActionError, PbxError
from ctid.model.events import AnswerRefused, Event
from ctid.pbx_adapters.ami.commands import NO_DIALOG, tell_to_answer
from ctid.pbx_adapters.ami.protocol import OneConnection
from ctid.telemetry.metrics import Metrics

TIME_LIMIT_S: Final = 2.0
"""For the response; who waits longer has been rung again."""

MAX_WAITING: Final = 256
"""Phones that wait to be told."""

_log = structlog.get_logger()


class Notifier:
    """Phones of one PBX that are to be told to answer, one after the other."""

    def __init__(
        self,
        pbx: str,
        emit: Callable[[Event], None],
        metrics: Metrics,
        connect: Callable[[], Awaitable[OneConnection]] | None,
    ) -> None:
        """Make a notifier that tells nobody until it runs.

        Args:
            pbx: Name of the PBX.
            emit: Takes ``AnswerRefused``.
            metrics: Where to count.
            connect: Gives a connection that is logged in; raises ``PbxError``. None if the PBX has no user for it.
        """
        self._pbx = pbx
        self._emit = emit
        self._metrics = metrics
        self._connect = connect
        self._waiting: asyncio.Queue[str] | None = None
        self._connection: OneConnection | None = None
        self._log = _log.bind(pbx=pbx)

    def tell(self, unique_id: str) -> None:
        """Have the phone told at which this channel rings. Never raises."""
        if self._connect is None:
            self._refuse(unique_id, "no manager user for it is configured")
        elif self._waiting is None:
            # Whether the phone rings still, the snapshot shows that comes first when the link is there again.
            self._log.info("leg.answer_dropped", unique_id=unique_id)
        elif self._waiting.qsize() >= MAX_WAITING:
            self._refuse(unique_id, f"{MAX_WAITING} phones wait to be told already")
        else:
            self._waiting.put_nowait(unique_id)

    async def run(self) -> None:
        """Tell until cancelled; ends at once without a user. What waits at the end is forgotten."""
        if self._connect is None:
            return
        waiting = self._waiting = asyncio.Queue()
        try:
            # A login that is refused is told now, not when the first agent needs it.
            await self._connected(self._connect)
            while True:
                unique_id = await waiting.get()
                detail = await self._told(self._connect, unique_id)
                if detail:
                    self._refuse(unique_id, detail)
                    while self._connection is None and not waiting.empty():
                        self._refuse(waiting.get_nowait(), detail)
        finally:
            self._waiting = None
            self._close()

    # ---- private -------------------------------------------------------------------------------------------

    async def _told(self, connect: Callable[[], Awaitable[OneConnection]], unique_id: str) -> str:
        """Tell a phone; why it was not, or an empty text."""
        connection, detail = await self._connected(connect)
        if connection is None:
            return detail
        try:
            await connection.request(tell_to_answer(unique_id), TIME_LIMIT_S)
        except PbxActionError as error:
            # A phone that has just answered or gone, or rings without a dialog; the connection is sound.
            return error.detail
        except PbxError as error:
            self._close()
            return error.detail
        self._metrics.pbx_notifies.labels(pbx=self._pbx, result="sent").inc()
        return ""

    async def _connected(self, connect: Callable[[], Awaitable[OneConnection]]) -> tuple[OneConnection | None, str]:
        if self._connection is not None and self._connection.wire.ended.done():
            self._close()
        detail = ""
        if self._connection is None:
            try:
                self._connection = await connect()
                self._log.info("notify.connected")
            except PbxError as error:
                detail = error.detail
                self._log.warning("notify.not_connected", detail=detail)
        return self._connection, detail

    def _refuse(self, unique_id: str, detail: str) -> None:
        self._metrics.pbx_notifies.labels(pbx=self._pbx, result="refused").inc()
        # Anything else is for the operator: the user lacks the right, or can't be used.
        log = self._log.info if detail == NO_DIALOG else self._log.warning
        log("leg.answer_refused", unique_id=unique_id, detail=detail)
        self._emit(AnswerRefused(pbx=self._pbx, unique_id=unique_id))

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
