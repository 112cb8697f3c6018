"""Phones that take the time: SIP over UDP and no audio, stamped where the datagram arrives and where one is sent.

SIPp stamps its messages by its own loop, a millisecond or more late; what is measured here may be less than that.
"""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections import defaultdict
from typing import Final, Self, cast

HOST: Final = "127.0.0.4"
"""Neither Asterisk's address, nor the carrier's, nor that of SIPp's phones."""

_HEADER: Final = re.compile(r"^(Via|From|To|Call-ID|CSeq|Contact):[ \t]*(.*?)\r?$", re.MULTILINE | re.IGNORECASE)
_USER: Final = re.compile(r"sip:([^@;>]+)@")
_SDP: Final = (
    f"v=0\r\no=bench 1 1 IN IP4 {HOST}\r\ns=-\r\nc=IN IP4 {HOST}\r\nt=0 0\r\n"
    "m=audio 9 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
)


class Phones(asyncio.DatagramProtocol):
    """Any number of phones behind one socket: each rings, answers, talks for a random time and hangs up.

    Args:
        answer_s: How long each rings.
        talk_s: The least and the most that each talks.
        seed: Of the talk times, so that both sides of a comparison meet the same.

    Attributes:
        invited: By phone, when an INVITE came: seconds since 1970, as all stamps here.
        freed: By phone, when its BYE was sent.
    """

    def __init__(self, answer_s: float, talk_s: tuple[float, float], seed: int = 1) -> None:
        self.invited: dict[str, list[float]] = defaultdict(list)
        self.freed: dict[str, list[float]] = defaultdict(list)
        self._answer_s = answer_s
        self._talk_s = talk_s
        self._random = random.Random(seed)
        self._calls: dict[str, str] = {}
        self._transport: asyncio.DatagramTransport | None = None

    async def __aenter__(self) -> Self:
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, local_addr=(HOST, 0))
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._transport is not None
        self._transport.close()

    def begin_anew(self, seed: int = 1) -> None:
        """Forget the stamps, and draw the same talk times again."""
        self.invited.clear()
        self.freed.clear()
        self._random.seed(seed)

    def contact(self, user: str) -> str:
        """Tell the fixed contact of a phone."""
        return f"sip:{user}@{HOST}:{self._port}"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's is one by its methods only.
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        now = time.time()
        text = data.decode()
        first = text.partition("\r\n")[0]
        headers: dict[str, list[str]] = defaultdict(list)
        for name, value in _HEADER.findall(text):
            headers[name.lower()].append(value)
        call_id = headers["call-id"][0]
        match first.partition(" ")[0]:
            case "INVITE" if call_id not in self._calls:
                user = self._user(first)
                self.invited[user].append(now)
                self._calls[call_id] = user
                self._respond("180 Ringing", headers, address)
                asyncio.get_running_loop().call_later(self._answer_s, self._answer, call_id, headers, address)
            case "ACK" if call_id in self._calls:
                talk_s = self._random.uniform(*self._talk_s)
                asyncio.get_running_loop().call_later(talk_s, self._hang_up, call_id, headers, address)
            case "BYE" | "CANCEL" as method:
                self._respond("200 OK", headers, address)
                if self._calls.pop(call_id, None) is not None and method == "CANCEL":
                    headers["cseq"] = [headers["cseq"][0].replace("CANCEL", "INVITE")]
                    self._respond("487 Request Terminated", headers, address)
            case _:
                pass

    def _answer(self, call_id: str, headers: dict[str, list[str]], address: tuple[str, int]) -> None:
        if call_id in self._calls:
            self._respond("200 OK", headers, address, _SDP)

    def _hang_up(self, call_id: str, ack: dict[str, list[str]], address: tuple[str, int]) -> None:
        user = self._calls.pop(call_id, None)
        if user is None:
            return
        lines = [
            f"BYE sip:{address[0]}:{address[1]} SIP/2.0",
            f"Via: SIP/2.0/UDP {HOST}:{self._port};branch=z9hG4bK{call_id}b",
            "Max-Forwards: 70",
            f"From: {ack['to'][0]}",
            f"To: {ack['from'][0]}",
            f"Call-ID: {call_id}",
            "CSeq: 1 BYE",
        ]
        self._send(lines, address)
        self.freed[user].append(time.time())

    def _respond(self, status: str, headers: dict[str, list[str]], address: tuple[str, int], body: str = "") -> None:
        to = headers["to"][0]
        lines = [
            f"SIP/2.0 {status}",
            *(f"Via: {via}" for via in headers["via"]),
            f"From: {headers['from'][0]}",
            f"To: {to}" if ";tag=" in to else f"To: {to};tag=bench",
            f"Call-ID: {headers['call-id'][0]}",
            f"CSeq: {headers['cseq'][0]}",
            f"Contact: <sip:bench@{HOST}:{self._port}>",
        ]
        self._send([*lines, "Content-Type: application/sdp"] if body else lines, address, body)

    def _send(self, lines: list[str], address: tuple[str, int], body: str = "") -> None:
        assert self._transport is not None
        text = "\r\n".join([*lines, f"Content-Length: {len(body)}", "", body])
        self._transport.sendto(text.encode(), address)

    @property
    def _port(self) -> int:
        assert self._transport is not None
        return int(self._transport.get_extra_info("sockname")[1])

    def _user(self, request_line: str) -> str:
        found = _USER.search(request_line)
        return found[1] if found else ""
