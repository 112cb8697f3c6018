"""Phone: a SIP phone for tests; pyVoIP reads and writes its SIP messages, asyncio carries them.

Only pyVoIP's message half is used. Its call half has faults that a test rig cannot have: it waits a second before it listens, blocks
on a refused call, never acknowledges a 486, answers no CANCEL, acknowledges a 200 with a made-up tag, repeats an INVITE under its old
branch when challenged, and cannot press keys.
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
import warnings
from collections.abc import Callable
from types import TracebackType
from typing import Final, Literal, Self, cast

with warnings.catch_warnings():
    # pyVoIP imports audioop, which Python 3.13 drops; ctid runs on 3.11.
    warnings.simplefilter("ignore", DeprecationWarning)
    # pyVoIP's modules import each other: VoIP has to come first.
    import pyVoIP.VoIP  # noqa: F401
    from pyVoIP.RTP import PayloadType, TransmitType
    from pyVoIP.SIP import SIPClient, SIPMessage, SIPMessageType

from sip_test_rig import tones
from sip_test_rig.asterisk import Asterisk
from sip_test_rig.asterisk_config import CARRIER_ADDRESS, DEMO_PHONE_PASSWORD
from sip_test_rig.dtmf_events import PAYLOAD_TYPE
from sip_test_rig.media import Media

REGISTER_TIME_LIMIT_S: Final = 10.0
WAIT_TIME_LIMIT_S: Final = 15.0
_RETRANSMIT_S: Final = 0.5
_REFRESH_S: Final = 50.0
_CODECS: Final = {0: PayloadType.PCMU, PAYLOAD_TYPE: PayloadType.EVENT}
_REASONS: Final = {
    180: "Ringing",
    200: "OK",
    480: "Temporarily Unavailable",
    486: "Busy Here",
    487: "Request Terminated",
    603: "Decline",
}

CallState = Literal["dialing", "ringing", "answered", "ended"]


class PhoneError(Exception):
    """The PBX refused the phone, or the phone cannot do that now."""


class PhoneCall:
    """One call of a phone.

    Attributes:
        incoming: whether the other side called.
        state: `dialing` or `ringing`, `answered`, `ended`.
        status: the final SIP status of a call that was not answered (486, 603, 487, ...).
        other: the number at the other end: who calls, or what was dialled.
        media: both directions of the audio.
        ended_by: who ended it.
    """

    def __init__(self, phone: Phone, request: SIPMessage, media: Media, *, incoming: bool) -> None:
        self.incoming = incoming
        self.state: CallState = "ringing" if incoming else "dialing"
        self.status: int | None = None
        self.ended_by: Literal["us", "them"] | None = None
        self.media = media
        self.request = request
        self.call_id = str(request.headers["Call-ID"])
        self.other = str(request.headers["From" if incoming else "To"]["number"])
        self.own_tag = uuid.uuid4().hex[:8] if incoming else str(request.headers["From"]["tag"])
        self.other_tag = str(request.headers["From"]["tag"]) if incoming else ""
        self.target = _target(request) if incoming else ""
        self.sequence = int(request.headers["CSeq"]["check"])
        self._phone = phone

    def header(self, name: str) -> str | None:
        """Return a header of the INVITE, say one that the PBX added; None when it has none."""
        value = self.request.headers.get(name)
        return None if value is None else str(value)

    def answer(self) -> None:
        """Answer a ringing call."""
        self._must_be("ringing")
        self._phone._answer(self)

    def reject(self, status: int = 486) -> None:
        """Refuse a ringing call: 486 busy, 603 declined, 480 unavailable."""
        self._must_be("ringing")
        self._phone._reject(self, status)

    def hang_up(self) -> None:
        """End the call: BYE when answered, CANCEL while it rings there, 603 while it rings here; nothing when it is over."""
        if self.state == "ended":
            return
        if self.state == "ringing" and self.incoming:
            self._phone._reject(self, 603)
        elif self.state == "answered":
            self._phone._bye(self)
        else:
            self._phone._cancel(self)

    def press(self, keys: str) -> None:
        """Press keys, a tenth of a second each."""
        self._must_be("answered")
        self.media.press(keys)

    @property
    def digits(self) -> str:
        """The keys that the other side pressed."""
        return self.media.digits

    def heard(self, last_s: float | None = None) -> dict[float, float]:
        """Tell which known tones were heard, and for how many seconds each."""
        return tones.heard(self.media.recording(last_s))

    async def until_heard(self, hz: float, seconds: float = 0.3, timeout: float = WAIT_TIME_LIMIT_S) -> None:
        """Wait until that tone was heard for so long in all, or raise TimeoutError telling what was heard instead."""
        await self.media.until_heard(hz, seconds, timeout)

    async def until_digits(self, keys: str, timeout: float = WAIT_TIME_LIMIT_S) -> None:
        """Wait until the other side has pressed these keys, or raise TimeoutError telling what it pressed."""
        await self.media.until_digits(keys, timeout)

    async def until(self, *states: CallState, timeout: float = WAIT_TIME_LIMIT_S) -> Self:
        """Wait until the call is in one of these states.

        Raises:
            TimeoutError: it is not; the message tells the state it is in.
        """
        await self._phone._until(lambda: self.state in states, timeout, lambda: f"call is {self.state}, not {states}")
        return self

    def _must_be(self, state: CallState) -> None:
        if self.state != state:
            raise PhoneError(f"the call is {self.state}, not {state}")


class Phone(asyncio.DatagramProtocol):
    """One SIP phone.

    Args:
        server: host and SIP port of the PBX.
        name: its user name and extension.
        password: for registering.
        host: its own address.
        voice_hz: the tone that it speaks.
        answer_after: seconds until it answers by itself; None leaves it ringing until `PhoneCall.answer()`.
        reject_with: refuse every call at once with this status.
        registers: False for a caller whom the PBX knows by address.
    """

    def __init__(
        self,
        server: tuple[str, int],
        name: str,
        *,
        password: str = DEMO_PHONE_PASSWORD,
        host: str = "127.0.0.1",
        voice_hz: float = 470,
        answer_after: float | None = 0.0,
        reject_with: int | None = None,
        registers: bool = True,
    ) -> None:
        self.name = name
        self.voice_hz = voice_hz
        self.answer_after = answer_after
        self.reject_with = reject_with
        self.calls: list[PhoneCall] = []
        self.unreadable = 0
        self._server = server
        self._password = password
        self._host = host
        self._registers = registers
        self._by_id: dict[str, PhoneCall] = {}
        self._opening: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._timers: set[asyncio.TimerHandle] = set()
        self._register_answer: asyncio.Future[SIPMessage] | None = None
        self._changed = asyncio.Event()
        self._transport: asyncio.DatagramTransport | None = None
        self._sip: SIPClient | None = None
        self._handed_out = 0

    @classmethod
    def of(
        cls,
        pbx: Asterisk,
        name: str,
        *,
        password: str = DEMO_PHONE_PASSWORD,
        voice_hz: float = 470,
        answer_after: float | None = 0.0,
        reject_with: int | None = None,
    ) -> Self:
        """Make the phone of an endpoint of this PBX."""
        return cls(
            (pbx.host, pbx.sip_port),
            name,
            password=password,
            voice_hz=voice_hz,
            answer_after=answer_after,
            reject_with=reject_with,
        )

    @classmethod
    def outside(cls, pbx: Asterisk, number: str = "+12025550100", *, voice_hz: float = 740) -> Self:
        """Make a caller from outside: from the carrier's address, with this number, not registered."""
        return cls((pbx.host, pbx.sip_port), number, host=CARRIER_ADDRESS, voice_hz=voice_hz, registers=False)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Open the socket and register.

        Raises:
            PhoneError: the PBX refused, or did not answer.
        """
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, local_addr=(self._host, 0))
        assert self._transport is not None
        own_port = self._transport.get_extra_info("sockname")[1]
        self._sip = SIPClient(*self._server, self.name, self._password, phone=None, myIP=self._host, myPort=own_port)
        if self._registers:
            try:
                await self.register()
            except BaseException:
                self._transport.close()
                raise
            self._spawn(self._keep_registered())

    async def stop(self, *, unregister: bool = True) -> None:
        """Hang up, unregister and close; `unregister=False` vanishes like a phone whose cable was pulled."""
        for call in self.calls:
            if unregister:
                call.hang_up()
            call.media.close()
        for timer in self._timers:
            timer.cancel()
        for task in list(self._tasks):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        if unregister and self._registers:
            # The PBX may be gone by now, which is no fault of the phone's.
            with contextlib.suppress(PhoneError):
                await self.register(away=True, timeout=2.0)
        if self._transport is not None:
            self._transport.close()

    async def register(self, *, away: bool = False, timeout: float = REGISTER_TIME_LIMIT_S) -> None:
        """Register, or with `away` take the registration back.

        Raises:
            PhoneError: refused, or no answer in time.
        """
        sip = self._client
        try:
            async with asyncio.timeout(timeout):
                answer = await self._ask(sip.gen_first_response(deregister=away))
                if int(answer.status) == 401:
                    answer = await self._ask(sip.gen_register(answer, deregister=away))
        except TimeoutError as late:
            raise PhoneError(f"phone {self.name}: no answer to REGISTER within {timeout} s") from late
        if int(answer.status) != 200:
            raise PhoneError(f"phone {self.name}: REGISTER refused with {int(answer.status)}")

    async def call(self, number: str) -> PhoneCall:
        """Dial; returns at once with the call in state `dialing`."""
        media = await Media.open(self._host, tones.tone(self.voice_hz, 1.0))
        sip = self._client
        text = sip.gen_invite(
            number,
            "1",
            {media.port: _CODECS},
            TransmitType.SENDRECV,
            sip.gen_branch(),
            f"{uuid.uuid4().hex}@{self._host}",
        )
        self._send(text)
        call = PhoneCall(self, SIPMessage(text.encode()), media, incoming=False)
        self._keep(call)
        return call

    async def next_call(self, timeout: float = WAIT_TIME_LIMIT_S) -> PhoneCall:
        """Return the next incoming call, one that came already or the next to come; each is returned once."""

        def incoming() -> list[PhoneCall]:
            return [call for call in self.calls if call.incoming]

        await self._until(
            lambda: len(incoming()) > self._handed_out, timeout, lambda: f"no call came to phone {self.name}"
        )
        self._handed_out += 1
        return incoming()[self._handed_out - 1]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport (asyncio's call)."""
        # asyncio's own datagram transport is no subclass of DatagramTransport.
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Take one SIP message in (asyncio's call)."""
        try:
            message = SIPMessage(data)
        except Exception:  # pyVoIP raises whatever its parsing trips over
            self.unreadable += 1
            return
        if message.type == SIPMessageType.MESSAGE:
            self._on_request(message)
        else:
            self._on_response(message)

    def _on_request(self, message: SIPMessage) -> None:
        call = self._by_id.get(message.headers["Call-ID"])
        match message.method:
            case "INVITE" if call is None:
                self._on_invite(message)
            case "INVITE" if call is not None and call.state == "answered":
                call.request = message
                self._send_answer(call)
            case "INVITE" | "ACK":
                pass
            case "BYE":
                self._respond(message, 200, call.own_tag if call else None)
                if call is not None:
                    self._end(call, "them")
            case "CANCEL":
                self._respond(message, 200, call.own_tag if call else None)
                if call is not None and call.state == "ringing":
                    self._respond(call.request, 487, call.own_tag)
                    self._end(call, "them", 487)
            case _:
                self._respond(message, 200, call.own_tag if call else None)

    def _on_invite(self, message: SIPMessage) -> None:
        call_id = message.headers["Call-ID"]
        if self.reject_with is not None:
            self._respond(message, self.reject_with, uuid.uuid4().hex[:8])
        elif call_id not in self._opening:
            # A repeated INVITE may come before the socket for the first is open.
            self._opening.add(call_id)
            self._spawn(self._ring(message))

    async def _ring(self, message: SIPMessage) -> None:
        media = await Media.open(self._host, tones.tone(self.voice_hz, 1.0))
        call = PhoneCall(self, message, media, incoming=True)
        self._respond(message, 180, call.own_tag)
        self._keep(call)
        if self.answer_after is not None:
            self._timers.add(asyncio.get_running_loop().call_later(self.answer_after, self._answer_if_ringing, call))

    def _on_response(self, message: SIPMessage) -> None:
        status, method = int(message.status), message.headers["CSeq"]["method"]
        if method == "REGISTER":
            if status >= 200 and self._register_answer is not None and not self._register_answer.done():
                self._register_answer.set_result(message)
            return
        call = self._by_id.get(message.headers["Call-ID"])
        if method != "INVITE" or call is None or status == 100:
            return
        call.other_tag = message.headers["To"]["tag"]
        if status < 200:
            if call.state == "dialing":
                self._move(call, "ringing")
            return
        if 200 <= status < 300:
            call.target = _target(message)
            self._send(self._in_dialog(call, "ACK", call.sequence))
            if call.state in ("dialing", "ringing"):
                call.media.connect(*_audio_of(message))
                self._move(call, "answered")
        else:
            self._send(self._ack_refusal(call, message))
            if status == 401 and "Authorization" not in call.request.headers:
                self._dial_again(call, message)
            elif call.state != "ended":
                self._end(call, "them", status)

    def _dial_again(self, call: PhoneCall, challenge: SIPMessage) -> None:
        sip = self._client
        proof = sip.gen_authorization(challenge).decode()
        told = challenge.authentication
        authorization = (
            f'Authorization: Digest username="{self.name}",realm="{told["realm"]}",nonce="{told["nonce"]}",'
            f'uri="sip:{self._server[0]};transport=UDP",response="{proof}",algorithm=MD5\r\n'
        )
        text = sip.gen_invite(
            call.other, "1", {call.media.port: _CODECS}, TransmitType.SENDRECV, sip.gen_branch(), call.call_id
        ).replace("\r\nContent-Length", f"\r\n{authorization}Content-Length")
        self._send(text)
        call.request = SIPMessage(text.encode())
        call.own_tag = str(call.request.headers["From"]["tag"])
        call.sequence = int(call.request.headers["CSeq"]["check"])
        call.other_tag = ""

    def _answer_if_ringing(self, call: PhoneCall) -> None:
        if call.state == "ringing":
            self._answer(call)

    def _answer(self, call: PhoneCall) -> None:
        self._send_answer(call)
        self._move(call, "answered")

    def _send_answer(self, call: PhoneCall) -> None:
        call.media.connect(*_audio_of(call.request))
        self._client.tagLibrary[call.call_id] = call.own_tag
        self._send(self._client.gen_answer(call.request, "1", {call.media.port: _CODECS}, TransmitType.SENDRECV))

    def _reject(self, call: PhoneCall, status: int) -> None:
        self._respond(call.request, status, call.own_tag)
        self._end(call, "us", status)

    def _bye(self, call: PhoneCall) -> None:
        call.sequence += 1
        self._send(self._in_dialog(call, "BYE", call.sequence))
        self._end(call, "us")

    def _cancel(self, call: PhoneCall) -> None:
        to, origin = call.request.headers["To"]["raw"], call.request.headers["From"]["raw"]
        self._send(
            f"CANCEL sip:{call.other}@{self._server[0]} SIP/2.0\r\n{self._client._gen_response_via_header(call.request)}"
            f"Max-Forwards: 70\r\nFrom: {origin};tag={call.own_tag}\r\nTo: {to}\r\nCall-ID: {call.call_id}\r\n"
            f"CSeq: {call.sequence} CANCEL\r\nContent-Length: 0\r\n\r\n"
        )
        self._end(call, "us", 487)

    def _in_dialog(self, call: PhoneCall, method: str, sequence: int) -> str:
        own, other = ("To", "From") if call.incoming else ("From", "To")
        sip = self._client
        return (
            f"{method} {call.target} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {self._host}:{sip.myPort};branch={sip.gen_branch()};rport\r\nMax-Forwards: 70\r\n"
            f"From: {call.request.headers[own]['raw']};tag={call.own_tag}\r\n"
            f"To: {call.request.headers[other]['raw']};tag={call.other_tag}\r\n"
            f"Call-ID: {call.call_id}\r\nCSeq: {sequence} {method}\r\nContent-Length: 0\r\n\r\n"
        )

    def _ack_refusal(self, call: PhoneCall, refusal: SIPMessage) -> str:
        """Acknowledge a refusal: same branch and number as the INVITE (RFC 3261, section 17.1.1.3)."""
        return (
            f"ACK sip:{call.other}@{self._server[0]} SIP/2.0\r\n{self._client._gen_response_via_header(call.request)}"
            f"Max-Forwards: 70\r\nFrom: {refusal.headers['From']['raw']};tag={refusal.headers['From']['tag']}\r\n"
            f"To: {refusal.headers['To']['raw']};tag={refusal.headers['To']['tag']}\r\nCall-ID: {call.call_id}\r\n"
            f"CSeq: {refusal.headers['CSeq']['check']} ACK\r\nContent-Length: 0\r\n\r\n"
        )

    def _respond(self, request: SIPMessage, status: int, tag: str | None) -> None:
        headers, sip = request.headers, self._client
        to_tag = headers["To"]["tag"] or tag
        self._send(
            f"SIP/2.0 {status} {_REASONS.get(status, 'Refused')}\r\n{sip._gen_response_via_header(request)}"
            f"From: {headers['From']['raw']};tag={headers['From']['tag']}\r\n"
            f"To: {headers['To']['raw']}{f';tag={to_tag}' if to_tag else ''}\r\nCall-ID: {headers['Call-ID']}\r\n"
            f"CSeq: {headers['CSeq']['check']} {headers['CSeq']['method']}\r\n"
            f"Contact: <sip:{self.name}@{self._host}:{sip.myPort}>\r\nContent-Length: 0\r\n\r\n"
        )

    def _keep(self, call: PhoneCall) -> None:
        self.calls.append(call)
        self._by_id[call.call_id] = call
        self._tell()

    def _move(self, call: PhoneCall, state: CallState) -> None:
        call.state = state
        self._tell()

    def _end(self, call: PhoneCall, by: Literal["us", "them"], status: int | None = None) -> None:
        call.media.close()
        call.status, call.ended_by = status, by
        self._move(call, "ended")

    def _tell(self) -> None:
        before, self._changed = self._changed, asyncio.Event()
        before.set()

    async def _until(self, holds: Callable[[], bool], timeout: float, otherwise: Callable[[], str]) -> None:
        try:
            async with asyncio.timeout(timeout):
                while not holds():
                    await self._changed.wait()
        except TimeoutError as late:
            raise TimeoutError(f"{otherwise()} within {timeout} s") from late

    async def _ask(self, register: str) -> SIPMessage:
        self._register_answer = asyncio.get_running_loop().create_future()
        while True:
            self._send(register)
            done, _ = await asyncio.wait([self._register_answer], timeout=_RETRANSMIT_S)
            if done:
                return self._register_answer.result()

    async def _keep_registered(self) -> None:
        while True:
            await asyncio.sleep(_REFRESH_S)
            # A PBX that is down just now will be asked again.
            with contextlib.suppress(PhoneError):
                await self.register()

    def _send(self, text: str) -> None:
        assert self._transport is not None
        if not self._transport.is_closing():
            self._transport.sendto(text.encode(), self._server)

    def _spawn(self, work: object) -> None:
        assert asyncio.iscoroutine(work)
        task = asyncio.get_running_loop().create_task(work, name=f"rig-phone-{self.name}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @property
    def _client(self) -> SIPClient:
        if self._sip is None:
            raise PhoneError(f"phone {self.name} was not started")
        return self._sip


def _target(message: SIPMessage) -> str:
    """Return the address in a Contact header."""
    return str(message.headers["Contact"]).partition("<")[2].partition(">")[0] or str(message.headers["Contact"])


def _audio_of(message: SIPMessage) -> tuple[str, int]:
    """Return where a session description wants its audio."""
    return str(message.body["c"][0]["address"]), int(message.body["m"][0]["port"])
