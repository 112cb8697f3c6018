"""Keypad: sends digits for agents, one after another over all channels, on a connection of its own.

``PlayDTMF`` is answered when the digit has sounded, and Asterisk reads no other action of its connection before. On
the one for actions, a few agents who press keys would keep everybody's phone from being rung, and many would have it
taken for dead. Nor does Asterisk leave a pause between two digits; a gateway that makes tones of them (RFC 4733,
section 2.5) would make one of two, so there is one here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from ctid.errors import PbxActionError, PbxError
from ctid.pbx_adapters.ami.commands import send_digit
from ctid.pbx_adapters.ami.protocol import OneConnection

MAX_DIGITS: Final = 64
"""That wait for one channel; an agent who presses faster than they sound loses the rest."""

MAX_CHANNELS: Final = 256
"""That digits wait for."""

PAUSE_S: Final = 0.08
"""Between two digits on one channel: twice what a receiver of tones needs to tell them apart (ITU-T Q.24)."""

_log = structlog.get_logger()


class Keypad:
    """Digits on their way to channels of one PBX, in turn: each channel's next digit, then the next channel's."""

    def __init__(
        self,
        pbx: str,
        time_limit_s: float,
        connect: Callable[[], Awaitable[OneConnection]],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Make a keypad that nothing was pressed on.

        Args:
            pbx: Name of the PBX.
            time_limit_s: For the response to a digit.
            connect: Gives a connection that is logged in; raises ``PbxError``. Asked with the first digit only.
            sleep: Waits for so many seconds.
        """
        self._time_limit_s = time_limit_s
        self._connect = connect
        self._sleep = sleep
        self._waiting: dict[str, str] = {}
        self._pressed = asyncio.Event()
        self._log = _log.bind(pbx=pbx)

    def press(self, unique_id: str, digits: str) -> None:
        """Have digits sent to a channel's party, after those that wait for it. Never raises."""
        waiting = self._waiting.get(unique_id, "")
        if len(waiting) + len(digits) > MAX_DIGITS or (not waiting and len(self._waiting) >= MAX_CHANNELS):
            self._log.info("leg.digits_dropped", unique_id=unique_id, count=len(digits))
            return
        self._waiting[unique_id] = waiting + digits
        self._pressed.set()

    async def run(self) -> None:
        """Send until cancelled; what waits then is forgotten. A connection that fails costs one channel its digits."""
        connection: OneConnection | None = None
        last = ""
        try:
            while True:
                await self._pressed.wait()
                unique_id = next(iter(self._waiting))
                if unique_id == last:
                    await self._sleep(PAUSE_S)
                last = unique_id
                digits = self._waiting.pop(unique_id)
                try:
                    connection = connection or await self._connect()
                    await connection.request(send_digit(unique_id, digits[0]), self._time_limit_s)
                    digits = digits[1:] + self._waiting.pop(unique_id, "")
                except PbxError as error:
                    # A party that has just hung up takes no digits; after anything else the connection is made anew.
                    if connection is not None and not isinstance(error, PbxActionError):
                        connection.close()
                        connection = None
                    self._log.info("leg.digits_refused", unique_id=unique_id, detail=error.detail)
                    digits = ""
                    self._waiting.pop(unique_id, None)
                if digits:
                    self._waiting[unique_id] = digits
                if not self._waiting:
                    self._pressed.clear()
        finally:
            self._waiting.clear()
            self._pressed.clear()
            if connection is not None:
                connection.close()
