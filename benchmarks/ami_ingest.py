"""AMI ingest: how many AMI events a second one core takes in, ctid's adapter beside stock panoramisk.

Records the whole event stream of real calls on a real Asterisk, then feeds it to both in reads as they come from a
socket. Both end where a program's own callback would be called with an event that it asked for.
"""

from __future__ import annotations

import asyncio
import gc
import json
import statistics
import time
from collections.abc import Callable
from typing import Any, Final

import panoramisk

from ctid.pbx_adapters.ami.framing import Message
from ctid.pbx_adapters.ami.protocol import AmiProtocol
from ctid.pbx_adapters.ami.supervisor import WANTED
from ctid.pbx_adapters.ami.translate import translate
from sip_test_rig.asterisk import Asterisk
from sip_test_rig.asterisk_config import Endpoint
from sip_test_rig.sipp import Sipp

CALLS: Final = 40
REPEATS: Final = 20
ROUNDS: Final = 7
READ_BYTES: Final = 64 * 1024
_PHONE: Final = "1001"
_DIALPLAN: Final = f"""\
[from-carrier]
exten => _X!,1,Answer()
 same => n,Dial(PJSIP/{_PHONE},20)
 same => n,Hangup()
"""


def main() -> None:
    """Record, measure, print."""
    recording = asyncio.run(record(CALLS))
    events = recording.count(b"\r\nEvent: ")
    print(f"recorded {CALLS} calls: {events} events, {len(recording) / 1000:.0f} kB")
    ours, peer = asyncio.run(_measure(recording, events))
    for name, rates in (("ctid", ours), ("panoramisk", peer)):
        print(f"{name}: median {statistics.median(rates):,.0f}, least {min(rates):,.0f} events/s")
    print(
        json.dumps(
            {
                "name": "ami_ingest",
                "ours": round(statistics.median(ours)),
                "peer": round(statistics.median(peer)),
                "peer_name": "panoramisk 1.4",
                "unit": "events/s",
                "ratio": round(statistics.median(ours) / statistics.median(peer), 1),
                "ratio_worst": round(min(ours) / max(peer), 1),
                "events": events,
            }
        )
    )


async def record(calls: int) -> bytes:
    """Let real callers be answered by a real phone, and return all that the manager interface said meanwhile."""
    phone = Sipp("uas-answers-hangs-up", calls=None)
    endpoints = [Endpoint(name=_PHONE, contact=phone.contact(_PHONE))]
    async with Asterisk(endpoints=endpoints, fragments={"extensions.conf": _DIALPLAN}) as asterisk, phone:
        reader, writer = await asyncio.open_connection("127.0.0.1", asterisk.ami_port)
        login = f"Action: Login\r\nUsername: {asterisk.ami_user}\r\nSecret: {asterisk.ami_secret}\r\n\r\n"
        writer.write(login.encode())
        caller = Sipp(
            "uac-silent-waits-for-bye",
            to=("127.0.0.1", asterisk.sip_port),
            number="493055550100",
            calls=calls,
            rate=10,
        )
        recorded = bytearray()
        async with caller, asyncio.timeout(60):
            while recorded.count(b"\r\nEvent: Hangup\r\n") < 2 * calls:
                recorded += await reader.read(READ_BYTES)
            recorded += await reader.readuntil(b"\r\n\r\n")
        writer.close()
        return bytes(recorded)


async def _measure(recording: bytes, events: int) -> tuple[list[float], list[float]]:
    """Alternate the two, so that what else the machine does meets both."""
    banner_end = recording.index(b"\r\n") + 2
    stream = recording[:banner_end] + recording[banner_end:] * REPEATS
    reads = [stream[start : start + READ_BYTES] for start in range(0, len(stream), READ_BYTES)]
    ours: list[float] = []
    peer: list[float] = []
    for _ in range(ROUNDS):
        ours.append(events * REPEATS / _time(_ours(), reads))
        peer.append(events * REPEATS / _time(_peer(), reads))
    return ours, peer


def _time(feed: Callable[[bytes], Any], reads: list[bytes]) -> float:
    gc.collect()
    began = time.perf_counter()
    for data in reads:
        feed(data)
    return time.perf_counter() - began


def _ours() -> Callable[[bytes], Any]:
    taken: list[object] = []

    def on_event(message: Message) -> None:
        event = translate("bench", message)
        if event is not None:
            taken.append(event)

    return AmiProtocol(WANTED, on_event).data_received


def _peer() -> Callable[[bytes], Any]:
    taken: list[object] = []

    def callback(_manager: panoramisk.Manager, event: Any) -> None:
        if event.event in WANTED:
            taken.append(event)

    manager = panoramisk.Manager(loop=asyncio.get_running_loop())
    # One pattern for all is panoramisk's fastest way: it tries every registered one on every event.
    manager.register_event("*", callback)
    protocol = manager.config["protocol_factory"]()
    protocol.connection_made(None)
    protocol.factory = manager
    protocol.encoding = "utf8"
    return protocol.data_received


if __name__ == "__main__":
    main()
