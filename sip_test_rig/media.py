"""Media: one RTP stream of a phone: speaks a looped voice, presses keys (RFC 4733), and keeps what it hears."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
from collections import deque
from typing import Final, cast

from sip_test_rig import tones
from sip_test_rig.dtmf_events import KEYS, PAUSE_S, PAYLOAD_TYPE, EventPacket, press

_PACKET_S: Final = 0.02
_PACKET_BYTES: Final = 160
_SILENCE: Final = b"\xff" * _PACKET_BYTES
_PCMU: Final = 0
_LATE_S: Final = 0.2


class Media(asyncio.DatagramProtocol):
    """Both directions of one call's audio, G.711 mu-law in packets of 20 ms.

    Attributes:
        digits: the keys that the other side pressed.
        heard_at: the loop's time at which each packet of audio came, those of `recording` in their order.
        pressed_at: the loop's time at which the end of each key was sent first.
    """

    def __init__(self, voice: tones.Samples) -> None:
        self.digits = ""
        self.heard_at: list[float] = []
        self.pressed_at: list[float] = []
        self._voice = tones.to_ulaw(voice)
        self._at = 0
        self._heard = bytearray()
        self._arrived = asyncio.Event()
        self._last_key: tuple[int, int] | None = None
        self._key_packets = 0
        self._due_keys: deque[tuple[float, EventPacket]] = deque()
        self._pressing = False
        self._key_timestamp = 0
        self._remote: tuple[str, int] | None = None
        self._transport: asyncio.DatagramTransport | None = None
        self._speaking: asyncio.Task[None] | None = None
        self._sequence = 1
        self._timestamp = 0
        self._source = id(self) & 0xFFFFFFFF

    @classmethod
    async def open(cls, host: str, voice: tones.Samples) -> Media:
        """Open a socket on a free port of `host`; nothing is sent before `connect()`."""
        _, media = await asyncio.get_running_loop().create_datagram_endpoint(lambda: cls(voice), local_addr=(host, 0))
        return media

    @property
    def port(self) -> int:
        """The own RTP port."""
        assert self._transport is not None
        return int(self._transport.get_extra_info("sockname")[1])

    def connect(self, host: str, port: int) -> None:
        """Speak to this address from now on."""
        self._remote = (host, port)
        if self._speaking is None:
            self._speaking = asyncio.get_running_loop().create_task(self._speak(), name="rig-phone-voice")

    def close(self) -> None:
        """Fall silent and close the socket; what was heard stays."""
        if self._speaking is not None:
            self._speaking.cancel()
        if self._transport is not None and not self._transport.is_closing():
            self._hear_the_rest(self._transport.get_extra_info("socket").fileno())
            self._transport.close()

    def _hear_the_rest(self, descriptor: int) -> None:
        """Take in what came before the end: the loop may have seen the call's end first."""
        with socket.socket(fileno=os.dup(descriptor)) as audio, contextlib.suppress(OSError):
            while True:
                self.datagram_received(audio.recv(2_048, socket.MSG_DONTWAIT), ("", 0))

    def say(self, voice: tones.Samples) -> None:
        """Speak something else from now on; an empty voice is silence."""
        self._voice, self._at = tones.to_ulaw(voice), 0

    def press(self, keys: str, pause_s: float = PAUSE_S) -> None:
        """Press keys one after another with pauses between them, after those still being pressed."""
        now = asyncio.get_running_loop().time()
        start = max(now, self._due_keys[-1][0] + 0.1 if self._due_keys else now)
        self._due_keys.extend((start + packet.due, packet) for packet in press(keys, pause_s))

    def recording(self, last_s: float | None = None) -> tones.Samples:
        """Return what was heard: all of it, or its end."""
        data = bytes(self._heard)
        return tones.from_ulaw(data if last_s is None else data[-round(last_s * tones.SAMPLE_RATE) :])

    def forget(self) -> None:
        """Forget what was heard so far."""
        self._heard.clear()
        self.heard_at.clear()

    async def until_heard(self, hz: float, seconds: float, timeout: float) -> None:
        """Wait until that tone was heard for so long in all.

        Raises:
            TimeoutError: it was not; the message tells what was heard instead.
        """
        known = {*tones.KNOWN_HZ, hz}
        try:
            async with asyncio.timeout(timeout):
                while tones.heard(self.recording(), known, min_seconds=seconds).get(hz, 0.0) < seconds:
                    await self._more(tones.SAMPLE_RATE // 10)
        except TimeoutError as late:
            found = tones.heard(self.recording(), known, min_seconds=0.1)
            raise TimeoutError(
                f"{hz} Hz was not heard for {seconds} s within {timeout} s; "
                f"heard {found} in {len(self._heard) / tones.SAMPLE_RATE:.1f} s"
            ) from late

    async def until_digits(self, keys: str, timeout: float) -> None:
        """Wait until the other side has pressed these keys as the last ones.

        Raises:
            TimeoutError: it has not; the message tells what it pressed.
        """
        try:
            async with asyncio.timeout(timeout):
                while not self.digits.endswith(keys):
                    self._arrived.clear()
                    await self._arrived.wait()
        except TimeoutError as late:
            raise TimeoutError(
                f"expected the keys {keys!r} within {timeout} s, got {self.digits!r} in {self._key_packets} packets"
            ) from late

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport (asyncio's call)."""
        # asyncio's own datagram transport is no subclass of DatagramTransport.
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Take one RTP packet in (asyncio's call)."""
        if len(data) <= 12 or data[0] >> 6 != 2:
            return
        kind, payload = data[1] & 0x7F, data[12:]
        if kind == _PCMU:
            self._heard += payload
            self.heard_at.append(asyncio.get_running_loop().time())
            self._arrived.set()
        elif kind == PAYLOAD_TYPE and len(payload) >= 4:
            self._key_packets += 1
            # Every packet of one press carries the same timestamp.
            press_id = (struct.unpack_from("!I", data, 4)[0], payload[0])
            if press_id != self._last_key and payload[0] < len(KEYS):
                self._last_key = press_id
                self.digits += KEYS[payload[0]]
                self._arrived.set()

    async def _more(self, samples: int) -> None:
        enough = len(self._heard) + samples
        while len(self._heard) < enough:
            self._arrived.clear()
            await self._arrived.wait()

    async def _speak(self) -> None:
        clock = asyncio.get_running_loop().time
        due = clock()
        while True:
            if not self._send_keys() and not self._pressing:
                self._send(_PCMU, self._timestamp, self._next_voice())
            self._timestamp = (self._timestamp + _PACKET_BYTES) & 0xFFFFFFFF
            due += _PACKET_S
            if clock() - due > _LATE_S:
                due = clock()
            await asyncio.sleep(max(0.0, due - clock()))

    def _send_keys(self) -> bool:
        """Send what is due of the keys; tell whether there was any. Nothing is said while a key is pressed."""
        clock = asyncio.get_running_loop().time
        sent = False
        while self._due_keys and self._due_keys[0][0] <= clock():
            due, packet = self._due_keys.popleft()
            late_s = clock() - due
            if late_s > _PACKET_S:
                # Whose finger is late lifts it later: keys that came all at once would be lost between two looks.
                self._due_keys = deque((at + late_s, each) for at, each in self._due_keys)
            if packet.marker:
                self._pressing, self._key_timestamp = True, self._timestamp
            elif packet.is_end and self._pressing:
                self._pressing = False
                self.pressed_at.append(clock())
            self._send(PAYLOAD_TYPE | (0x80 if packet.marker else 0), self._key_timestamp, packet.payload)
            sent = True
        return sent

    def _next_voice(self) -> bytes:
        if len(self._voice) < _PACKET_BYTES:
            return _SILENCE
        chunk = self._voice[self._at : self._at + _PACKET_BYTES]
        self._at += _PACKET_BYTES
        if self._at + _PACKET_BYTES > len(self._voice):
            self._at = 0
        return chunk

    def _send(self, kind: int, timestamp: int, payload: bytes) -> None:
        assert self._transport is not None
        header = struct.pack("!BBHII", 0x80, kind, self._sequence & 0xFFFF, timestamp & 0xFFFFFFFF, self._source)
        self._transport.sendto(header + payload, self._remote)
        self._sequence += 1
