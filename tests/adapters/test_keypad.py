"""The keypad: whose digit comes next, and what lies between two of them."""

from __future__ import annotations

import asyncio

from ctid.pbx_adapters.ami.commands import Fields
from ctid.pbx_adapters.ami.keypad import PAUSE_S, Keypad


class Receiver:
    """Stands for the connection: notes the digits that are sent, and the pauses between them."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.keypad = Keypad("a", 1.0, self.connected, self.pause)

    async def connected(self) -> Receiver:
        return self

    async def request(self, fields: Fields, time_limit_s: float) -> None:
        self.heard.append(f"{fields['Channel']}:{fields['Digit']}")
        if len(self.heard) == 3:
            # The second digit sounds.
            self.keypad.press("c2", "7")

    async def pause(self, seconds: float) -> None:
        self.heard.append(f"{seconds:g} s")

    def close(self) -> None:
        self.heard.append("closed")


async def test_digits_of_one_channel_have_a_pause_between_them() -> None:
    receiver = Receiver()
    receiver.keypad.press("c1", "119")
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        task = group.create_task(receiver.keypad.run())
        while len(receiver.heard) < 5:  # noqa: ASYNC110
            await asyncio.sleep(0)
        task.cancel()
    assert receiver.heard == ["c1:1", f"{PAUSE_S:g} s", "c1:1", "c2:7", "c1:9", "closed"]
