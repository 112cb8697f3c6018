"""Phone: a SIP phone for tests; pyVoIP reads and writes its SIP messages, asyncio carries them.

Only pyVoIP's message half is used. Its call half has faults that a test rig cannot have: it waits a second before it
listens, blocks on a refused call, never acknowledges a 486, answers no CANCEL, repeats an INVITE under its old branch
when challenged, and cannot press keys.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Final, Literal, Self, cast

from sip_test_rig import tones
from sip_test_rig.asterisk import Asterisk
from sip_test_rig.asterisk_config import CARRIER_ADDRESS, DEMO_PHONE_PASSWORD
from sip_test_rig.dtmf_events import PAUSE_S
from sip_test_rig.media import Media
from sip_test_rig.sip_messages import Dialog, SIPMessage, SIPMessageType, Writer, audio_of, read, target_of

REGISTER_TIME_LIMIT_S: Final = 30.0
WAIT_TIME_LIMIT_S: Final = 30.0
_LEAVE_TIME_LIMIT_S: Final = 10.0
_RETRANSMIT_S: Final = 0.5
_REFRESH_S: Final = 50.0

CallState = Literal["dialing", "ringing", "answered", "ended"]


class PhoneError(Exception):
    """The PBX refused the phone, or the phone cannot do that now."""


class PhoneCall:
    """One call of a phone.

    Attributes:
        dialog: its SIP side.
        media: both directions of the audio.
        state: `dialing` or `ringing`, `answered`, `ended`.
        status: the final SIP status of a call that was not answered (486, 603, 487, ...).
        ended_by: who ended it.
        began_at: the monotonic moment at which its INVITE came or went.
        reason: why the other side ended it, as its `Reason` header says (RFC 3326); empty when it gave none.
        transfer: what the other side told last of a transfer that we asked it for: a SIP status, 0 before any word.
        on_hold: whether we put the other side on hold.
        settled: whether its INVITE was answered or refused for good; one that we gave up may still be answered.
        has_rung: whether a call that we dialled has been in state `ringing`, be it answered or over since.
    """

    def __init__(self, phone: Phone, dialog: Dialog, media: Media, began_at: float) -> None:
        self.began_at = began_at
        self.reason = ""
        self.transfer = 0
        self.on_hold = False
        self.settled = dialog.incoming
        self.has_rung = False
        self.dialog = dialog
        self.media = media
        self.state: CallState = "ringing" if dialog.incoming else "dialing"
        self.status: int | None = None
        self.ended_by: Literal["us", "them"] | None = None
        self._phone = phone

    @property
    def incoming(self) -> bool:
        """Whether the other side called."""
        return self.dialog.incoming

    @property
    def other(self) -> str:
        """The number at the other end: who calls, or what was dialled."""
        return self.dialog.other

    @property
    def digits(self) -> str:
        """The keys that the other side pressed."""
        return self.media.digits

    def header(self, name: str) -> str | None:
        """Return a header of the INVITE, say one that the PBX added; None when it has none."""
        value = self.dialog.request.headers.get(name)
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
        """End the call: BYE when answered, CANCEL while it rings there, 603 while it rings here."""
        if self.state == "answered":
            self._phone._bye(self)
        elif self.state != "ended" and self.incoming:
            self._phone._reject(self, 603)
        elif self.state != "ended":
            self._phone._cancel(self)

    def hold(self) -> None:
        """Put the other side on hold: it hears music, and we hear nothing of it."""
        self._must_be("answered")
        self._phone._set_hold(self, on_hold=True)

    def retrieve(self) -> None:
        """Take the other side off hold."""
        self._must_be("answered")
        self._phone._set_hold(self, on_hold=False)

    async def transfer_to(self, target: str | PhoneCall, timeout: float = WAIT_TIME_LIMIT_S) -> int:
        """Have the other side call a number instead (RFC 3515), or talk to that of another call of ours (RFC 3891).

        As phones do, it hangs up when the transfer has succeeded.

        Returns:
            The SIP status that tells how it went: 200, or a refusal.
        """
        self._must_be("answered")
        self._phone._refer(self, target)
        await self._phone._until(lambda: self.transfer >= 200, timeout, lambda: "no word of the transfer")
        if self.transfer == 200:
            self.hang_up()
        return self.transfer

    def press(self, keys: str, pause_s: float = PAUSE_S) -> None:
        """Press keys, a tenth of a second each, with pauses between them (RFC 4733)."""
        self._must_be("answered")
        self.media.press(keys, pause_s)

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
        """Wait until the call is in one of these states, or raise TimeoutError telling the state it is in.

        `ringing` counts also when it is over: on a slow machine it may come in one go with what ended it.
        """

        def holds() -> bool:
            return self.state in states or ("ringing" in states and self.has_rung)

        await self._phone._until(holds, timeout, lambda: f"call is {self.state}, not {states}")
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
        answer_after: seconds until it answers by itself; None leaves it ringing until `PhoneCall.answer()`. A call that
            asks to be answered at once (`Call-Info: …;answer-after=0`) is.
        reject_with: refuse every call at once with this status.
        registers: False for a caller whom the PBX knows by address.
        obeys_talk: answers a call that rings when it is told to within it, by NOTIFY with `Event: talk`.

    Attributes:
        calls: every call it had, in order.
        unreadable: messages that pyVoIP could not read.
        told_to_talk: how often it was told to answer a call that rang.
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
        obeys_talk: bool = False,
    ) -> None:
        self.name = name
        self.voice_hz = voice_hz
        self.answer_after = answer_after
        self.reject_with = reject_with
        self.obeys_talk = obeys_talk
        self.told_to_talk = 0
        self.calls: list[PhoneCall] = []
        self.unreadable = 0
        self._server = server
        self._password = password
        self._host = host
        self._registers = registers
        self._by_id: dict[str, PhoneCall] = {}
        self._opening: set[str] = set()
        self._called_off: dict[str, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._timers: set[asyncio.TimerHandle] = set()
        self._register_answer: asyncio.Future[SIPMessage] | None = None
        self._changed = asyncio.Event()
        self._transport: asyncio.DatagramTransport | None = None
        self._writer: Writer | None = None
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
        server = (pbx.host, pbx.sip_port)
        return cls(
            server, name, password=password, voice_hz=voice_hz, answer_after=answer_after, reject_with=reject_with
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
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: self, local_addr=(self._host, 0)
        )
        own_port = int(transport.get_extra_info("sockname")[1])
        self._writer = Writer(self._server, self.name, self._password, self._host, own_port)
        if self._registers:
            try:
                await self.register()
            except BaseException:
                transport.close()
                raise
            self._spawn(self._keep_registered())

    async def stop(self, *, unregister: bool = True) -> None:
        """Hang up, unregister and close; `unregister=False` vanishes like a phone whose cable was pulled."""
        for timer in self._timers:
            timer.cancel()
        for task in list(self._tasks):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        for call in self.calls:
            if unregister:
                call.hang_up()
            call.media.close()
        if unregister:
            # Whoever is answered as they give up has to hang up all the same; if the PBX is still there.
            with contextlib.suppress(TimeoutError):
                await self._until(lambda: all(call.settled for call in self.calls), 2.0, lambda: "not settled")
        if unregister and self._registers and self._writer is not None:
            # The PBX may be gone by now, which is no fault of the phone's.
            with contextlib.suppress(PhoneError):
                await self.register(away=True, timeout=_LEAVE_TIME_LIMIT_S)
        if self._transport is not None:
            self._transport.close()

    async def register(self, *, away: bool = False, timeout: float = REGISTER_TIME_LIMIT_S) -> None:
        """Register, or with `away` take the registration back.

        Raises:
            PhoneError: refused, or no answer in time.
        """
        try:
            async with asyncio.timeout(timeout):
                answer = await self._ask(self._write.register(away=away))
                if int(answer.status) == 401:
                    answer = await self._ask(self._write.register(answer, away=away))
        except TimeoutError as late:
            raise PhoneError(f"phone {self.name}: no answer to REGISTER within {timeout} s") from late
        if int(answer.status) != 200:
            raise PhoneError(f"phone {self.name}: REGISTER refused with {int(answer.status)}")

    async def call(self, number: str) -> PhoneCall:
        """Dial; returns at once with the call in state `dialing`."""
        media = await Media.open(self._host, tones.tone(self.voice_hz, 1.0))
        call_id = f"{uuid.uuid4().hex}@{self._host}"
        text = self._write.invite(number, call_id, media.port)
        invite = SIPMessage(text.encode())
        headers = invite.headers
        dialog = Dialog(invite, False, call_id, str(headers["From"]["tag"]), "", "", int(headers["CSeq"]["check"]))
        call = PhoneCall(self, dialog, media, time.monotonic())
        self._keep(call)
        self._send(text)
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
        # In the next turn of the loop: whoever waits for what came over a stream hears of it no sooner either, so that
        # two things keep their order in time however late this process gets to see them.
        asyncio.get_running_loop().call_soon(self._take, data)

    def _take(self, data: bytes) -> None:
        try:
            message, transfer = read(data)
        except Exception:  # pyVoIP raises whatever its parsing trips over
            self.unreadable += 1
            return
        if message.type == SIPMessageType.MESSAGE:
            self._on_request(message, transfer)
        else:
            self._on_response(message)

    def _on_request(self, message: SIPMessage, transfer: int) -> None:
        call = self._by_id.get(message.headers["Call-ID"])
        if message.method == "ACK":
            return
        if transfer and call is not None:
            call.transfer = transfer
            self._tell()
        if message.method == "INVITE":
            self._on_invite(message, call)
            return
        self._send(self._write.response(message, 200, call.dialog.own_tag if call else None))
        if call is None:
            if message.method == "CANCEL":
                # It may come before the socket for the call's audio is open.
                self._called_off[message.headers["Call-ID"]] = str(message.headers.get("Reason") or "")
            return
        if message.method == "NOTIFY" and message.headers.get("Event") == "talk" and call.state == "ringing":
            self.told_to_talk += 1
            if self.obeys_talk:
                self._answer(call)
            return
        if message.method in ("BYE", "CANCEL"):
            # A CANCEL that our answer crossed is followed by a BYE, which need not say it again.
            call.reason = str(message.headers.get("Reason") or call.reason)
        if message.method == "BYE":
            self._end(call, "them")
        elif message.method == "CANCEL" and call.state == "ringing":
            self._end_called_off(call)

    def _on_invite(self, message: SIPMessage, call: PhoneCall | None) -> None:
        call_id = message.headers["Call-ID"]
        if call is not None:
            # Repeated because our answer was lost, or sent anew to change the audio.
            if call.state == "answered":
                self._send_answer(call, message)
        elif self.reject_with is not None:
            self._send(self._write.response(message, self.reject_with, uuid.uuid4().hex[:8]))
        elif call_id not in self._opening:
            # A repeated INVITE may come before the socket for the first is open.
            self._opening.add(call_id)
            self._spawn(self._ring(message, time.monotonic()))

    async def _ring(self, invite: SIPMessage, came_at: float) -> None:
        media = await Media.open(self._host, tones.tone(self.voice_hz, 1.0))
        headers = invite.headers
        dialog = Dialog(
            request=invite,
            incoming=True,
            call_id=str(headers["Call-ID"]),
            own_tag=uuid.uuid4().hex[:8],
            other_tag=str(headers["From"]["tag"]),
            target=target_of(invite),
            sequence=int(headers["CSeq"]["check"]),
        )
        call = PhoneCall(self, dialog, media, came_at)
        self._send(self._write.response(invite, 180, dialog.own_tag))
        self._keep(call)
        if call.dialog.call_id in self._called_off:
            call.reason = self._called_off.pop(call.dialog.call_id)
            self._end_called_off(call)
            return
        wanted = str(headers.get("Call-Info") or "")
        answer_after = 0.0 if "answer-after=0" in wanted else self.answer_after
        if answer_after is not None:
            loop = asyncio.get_running_loop()
            self._timers.add(loop.call_later(answer_after, self._answer_if_ringing, call))

    def _on_response(self, message: SIPMessage) -> None:
        status, method = int(message.status), message.headers["CSeq"]["method"]
        if method == "REGISTER":
            if status >= 200 and self._register_answer is not None and not self._register_answer.done():
                self._register_answer.set_result(message)
            return
        call = self._by_id.get(message.headers["Call-ID"])
        if call is None or status <= 100:
            return
        if method == "REFER" and status >= 300:
            call.transfer = status
            self._tell()
        elif method == "INVITE" and call.state == "answered" and status < 300:
            self._send(self._write.in_dialog(call.dialog, "ACK"))
        elif method == "INVITE":
            self._on_progress(call, message, status)

    def _set_hold(self, call: PhoneCall, *, on_hold: bool) -> None:
        call.dialog.sequence += 1
        call.on_hold = on_hold
        direction = "sendonly" if on_hold else "sendrecv"
        self._send(self._write.change_audio(call.dialog, call.media.port, direction))

    def _refer(self, call: PhoneCall, target: str | PhoneCall) -> None:
        call.dialog.sequence += 1
        call.transfer = 0
        replaced = None if isinstance(target, str) else target.dialog
        number = target if isinstance(target, str) else target.other
        self._send(self._write.refer(call.dialog, number, replaced))

    def _on_progress(self, call: PhoneCall, message: SIPMessage, status: int) -> None:
        challenged = status == 401 and "Authorization" not in call.dialog.request.headers and call.state != "ended"
        if status >= 200 and not challenged:
            call.settled = True
            self._tell()
        if status < 200:
            if call.state == "dialing":
                self._move(call, "ringing")
        elif status < 300:
            call.dialog.other_tag, call.dialog.target = message.headers["To"]["tag"], target_of(message)
            self._send(self._write.in_dialog(call.dialog, "ACK"))
            if call.state in ("dialing", "ringing"):
                call.media.connect(*audio_of(message))
                self._move(call, "answered")
            elif call.state == "ended" and call.ended_by == "us":
                # Answered while our CANCEL was under way (RFC 3261, section 15).
                call.dialog.sequence += 1
                self._send(self._write.in_dialog(call.dialog, "BYE"))
        else:
            self._send(self._write.beside_invite(call.dialog, "ACK", message))
            if challenged:
                self._dial_again(call, message)
            elif call.state != "ended":
                self._end(call, "them", status)

    def _dial_again(self, call: PhoneCall, challenge: SIPMessage) -> None:
        text = self._write.invite(call.other, call.dialog.call_id, call.media.port, challenge)
        invite = SIPMessage(text.encode())
        call.dialog.request = invite
        call.dialog.own_tag = str(invite.headers["From"]["tag"])
        call.dialog.sequence = int(invite.headers["CSeq"]["check"])
        self._send(text)

    def _answer_if_ringing(self, call: PhoneCall) -> None:
        if call.state == "ringing":
            self._answer(call)

    def _answer(self, call: PhoneCall) -> None:
        self._send_answer(call, call.dialog.request)
        self._move(call, "answered")

    def _send_answer(self, call: PhoneCall, invite: SIPMessage) -> None:
        call.media.connect(*audio_of(invite))
        self._send(self._write.answer(call.dialog, invite, call.media.port))

    def _end_called_off(self, call: PhoneCall) -> None:
        self._send(self._write.response(call.dialog.request, 487, call.dialog.own_tag))
        self._end(call, "them", 487)

    def _reject(self, call: PhoneCall, status: int) -> None:
        self._send(self._write.response(call.dialog.request, status, call.dialog.own_tag))
        self._end(call, "us", status)

    def _bye(self, call: PhoneCall) -> None:
        call.dialog.sequence += 1
        self._send(self._write.in_dialog(call.dialog, "BYE"))
        self._end(call, "us")

    def _cancel(self, call: PhoneCall) -> None:
        self._send(self._write.beside_invite(call.dialog, "CANCEL"))
        self._end(call, "us", 487)

    def _keep(self, call: PhoneCall) -> None:
        self.calls.append(call)
        self._by_id[call.dialog.call_id] = call
        self._tell()

    def _move(self, call: PhoneCall, state: CallState) -> None:
        call.state = state
        call.has_rung = call.has_rung or state == "ringing"
        self._tell()

    def _end(self, call: PhoneCall, by: Literal["us", "them"], status: int | None = None) -> None:
        if call.state != "ended":
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

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work, name=f"rig-phone-{self.name}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @property
    def _write(self) -> Writer:
        if self._writer is None:
            raise PhoneError(f"phone {self.name} was not started")
        return self._writer
