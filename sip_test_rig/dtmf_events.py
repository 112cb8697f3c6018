"""Telephone events: keys pressed, as RFC 4733 RTP payloads, and as a capture file for SIPp to play."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

KEYS: Final = "0123456789*#ABCD"
PAYLOAD_TYPE: Final = 101
_STEP_S: Final = 0.02
_STEP_TICKS: Final = 160
_PRESS_STEPS: Final = 5
_END_PACKETS: Final = 3
_END: Final = 0x80
PAUSE_S: Final = 0.1
_VOLUME: Final = 10


@dataclass(frozen=True, slots=True)
class EventPacket:
    """One RTP packet of a key press: when it is due in seconds from the first, and what it holds.

    Attributes:
        due: seconds from the first packet.
        marker: set on the first packet of a press.
        timestamp: RTP ticks from the first press; all packets of one press share it (RFC 4733, section 2.2.2).
        payload: the four bytes of the event.
    """

    due: float
    marker: bool
    timestamp: int
    payload: bytes

    @property
    def is_end(self) -> bool:
        """Whether it says that the key is pressed no more."""
        return bool(self.payload[1] & _END)


def press(keys: str, pause_s: float = PAUSE_S) -> Iterator[EventPacket]:
    """Lay out the packets of keys pressed one after another, each for a tenth of a second, with pauses between them.

    Raises:
        ValueError: a key that no telephone has.
    """
    due = 0.0
    for key in keys:
        event = KEYS.index(key)
        timestamp = round(due * 8000)
        for step in range(1, _PRESS_STEPS + 1):
            yield EventPacket(due, step == 1, timestamp, struct.pack("!BBH", event, _VOLUME, step * _STEP_TICKS))
            due += _STEP_S
        # The end is said three times, in case one is lost (RFC 4733, section 2.5.1.4).
        for _ in range(_END_PACKETS):
            yield EventPacket(
                due, False, timestamp, struct.pack("!BBH", event, _END | _VOLUME, _PRESS_STEPS * _STEP_TICKS)
            )
        due += pause_s


def to_pcap(keys: str) -> bytes:
    """Write the key presses as a capture file; SIPp takes the UDP payloads and the times from it."""
    parts = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)]
    for number, packet in enumerate(press(keys)):
        first = 0x80, PAYLOAD_TYPE | (0x80 if packet.marker else 0)
        rtp = struct.pack("!BBHII", *first, 1 + number, 160_000 + packet.timestamp, 0x0C71D) + packet.payload
        udp = struct.pack("!HHHH", 4000, 4000, 8 + len(rtp), 0) + rtp
        ip = struct.pack("!BBHHHBBHII", 0x45, 0, 20 + len(udp), number, 0, 64, 17, 0, 0x7F000001, 0x7F000001) + udp
        frame = bytes(12) + b"\x08\x00" + ip
        seconds, micros = divmod(round(packet.due * 1_000_000), 1_000_000)
        parts.append(struct.pack("<IIII", seconds, micros, len(frame), len(frame)) + frame)
    return b"".join(parts)
