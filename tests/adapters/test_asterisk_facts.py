"""What a real Asterisk does to a naive AMI or FastAGI program, row by row, and that ctid bears it; on 22, basics on 16.

The Asterisk runs with the very files that `ctid asterisk-config` prints.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from ctid.model.commands import (
    AnswerLeg,
    HangUpLeg,
    PlayAndCollect,
    PlayMusic,
    ReleaseLeg,
    RingAgent,
    SetPhone,
    SetVariable,
)
from ctid.model.events import (
    AgiEnded,
    CallArrived,
    CallerReturned,
    CollectEnd,
    DialEnded,
    DigitsCollected,
    LegAlerting,
    LegAnswered,
    LegBridged,
    LegDialled,
    LegEnded,
    LegFailed,
    PbxLost,
    PbxReconciled,
)
from ctid.pbx_adapters import asterisk_config
from ctid.pbx_adapters.agi.server import AgiServer
from ctid.pbx_adapters.ami.supervisor import WANTED
from ctid.telemetry.metrics import Metrics
from sip_test_rig.asterisk import Asterisk
from sip_test_rig.asterisk_config import Endpoint
from sip_test_rig.eventually import eventually
from sip_test_rig.sipp import Sipp
from tests.adapters import ami_running
from tests.adapters.seen import Seen

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

SECRET = "demo-only-ami"
DNIS = "493055550100"
FLOOD = 250
RELEASES = ["22", pytest.param("16", marks=pytest.mark.asterisk16)]
ENTRANCE = """
[from-carrier]
exten => _X!,1,Goto(ctid-in,${EXTEN},1)
exten => 998,1,Dial(PJSIP/1002)
exten => 999,1,Answer()
 same => n,AGI(agi://AGI_ADDRESS/in,pbx=a,dnis=999)
 same => n,UserEvent(NaiveEnd,AgiStatus: ${AGISTATUS})
 same => n,Hangup()
"""


class Pbx:
    """A real Asterisk that runs ctid's own configuration, with our two adapters on it."""

    def __init__(self, asterisk: Asterisk, agi: AgiServer, run: ami_running.Running) -> None:
        self.asterisk = asterisk
        self.agi = agi
        self.seen = run.seen
        self.link = run.link
        self.run = run

    def call(self, scenario: str = "uac-silent-waits-for-bye", number: str = DNIS, **options: Any) -> Sipp:
        return Sipp(scenario, to=("127.0.0.1", self.asterisk.sip_port), number=number, **options)

    def ring(
        self,
        unique_id: str,
        device: str,
        caller: str,
        *,
        timeout_ms: int = 8_000,
        caller_name: str = "Ann",
        **headers: str,
    ) -> None:
        self.link.execute(
            RingAgent(
                pbx="a",
                unique_id=unique_id,
                device=device,
                peer_unique_id=caller,
                caller_number="+12025550123",
                caller_name=caller_name,
                timeout_ms=timeout_ms,
                headers=headers,
            )
        )


@asynccontextmanager
async def pbx(
    release: str = "22", *phones: Endpoint, user: str = "ctid", sounds: Mapping[str, bytes] | None = None
) -> AsyncIterator[Pbx]:
    metrics = Metrics("0")
    run_seen = Seen()
    agi = AgiServer("127.0.0.1", 0, run_seen, metrics, pbxes=["a"])
    await agi.listen()
    address = f"127.0.0.1:{agi.port}"
    files = asterisk_config.fragments(
        asterisk_config.ManagerUser(name="ctid", secret=SECRET),
        asterisk_config.Dialplan(pbx="a", agi=address),
        [],
        release,  # type: ignore[arg-type]
    )
    files["manager.conf"] += f"[naive]\nsecret={SECRET}\nread=all\nwrite=all\n"
    files["extensions.conf"] += ENTRANCE.replace("AGI_ADDRESS", address)
    serving = asyncio.create_task(agi.run(), name="agi-server")
    try:
        async with Asterisk(release, endpoints=phones, fragments=files, ami_secret=SECRET, sounds=sounds) as asterisk:
            to = ami_running.spec(asterisk.ami_port, username=user, secret=SECRET, ping_seconds=5, action_seconds=5)
            async with ami_running.running(to, seen=run_seen) as run:
                await run.until_ready()
                yield Pbx(asterisk, agi, run)
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        agi.close()


@pytest.mark.parametrize("release", RELEASES)
async def test_our_files_load_without_a_warning_and_a_call_goes_all_the_way(release: str) -> None:
    """Menu, music, ring, bridge, return, release: with the least rights and the server-side event filter."""
    phone = Sipp("uas-answers-hangs-up", values={"talk_least_ms": 1_500, "talk_most_ms": 1_500})
    async with pbx(release, Endpoint(name="1001", contact=phone.contact("1001"))) as a, phone:
        ours = re.compile(r"(WARNING|ERROR).*(extensions\.conf|manager|pbx_config|ctid)")
        assert [line for line in a.asterisk.log.read_text().splitlines() if ours.search(line)] == []
        async with a.call("uac-menu-waits-for-bye", digits="1", values={"press_after_ms": 1_500}):
            arrived = await a.seen.first(CallArrived)
            assert (arrived.dnis, arrived.ani, arrived.attributes) == (DNIS, "+12025550123", {})
            leg = {"pbx": "a", "unique_id": arrived.unique_id}
            for command in (
                AnswerLeg(**leg),
                PlayAndCollect(**leg, token="t", prompts=["demo-congrats"], accept="12", timeout_ms=5_000),
                PlayMusic(**leg, music_class="default"),
            ):
                assert a.agi.execute(command)
            pressed = await a.seen.first(DigitsCollected)
            assert (pressed.digits, pressed.ended_by) == ("1", CollectEnd.DIGITS)

            a.ring("leg-1", "PJSIP/1001", arrived.unique_id, **{"X-Contact": "c,1"})
            await a.seen.first(LegAlerting, unique_id="leg-1")
            await a.seen.first(LegAnswered, unique_id="leg-1")
            both = await a.seen.several(LegBridged, 2)
            assert {one.unique_id for one in both} == {arrived.unique_id, "leg-1"}
            assert len({one.bridge_id for one in both}) == 1
            # Taken out of AGI into the bridge: the session is over, and the caller is not.
            await a.seen.first(AgiEnded)
            assert not [end for end in a.seen.all(LegEnded) if end.unique_id == arrived.unique_id]

            await a.seen.first(LegEnded, unique_id="leg-1", cause=16)
            await a.seen.first(CallerReturned, unique_id=arrived.unique_id)
            assert a.agi.execute(ReleaseLeg(**leg, next="hangup"))
            await a.seen.first(LegEnded, unique_id=arrived.unique_id)
        assert a.seen.all(PbxLost) == []


@pytest.mark.parametrize("release", RELEASES)
async def test_server_side_filter_leaves_only_what_we_read(release: str) -> None:
    async with pbx(release) as a:
        async with Listener(a.asterisk, "ctid") as filtered, Listener(a.asterisk, "naive") as everything:
            async with a.call("uac-hangs-up-in-menu"):
                arrived = await a.seen.first(CallArrived)
                a.agi.execute(AnswerLeg(pbx="a", unique_id=arrived.unique_id))
                await a.seen.first(LegEnded)
            await filtered.until(b"\r\nEvent: Hangup\r\n")
            await everything.until(b"\r\nEvent: Hangup\r\n")
        names = {name.decode() for name in re.findall(rb"\r\nEvent: (\w+)", filtered.heard)}
        assert {"Newchannel", "Newstate", "Hangup"} <= names <= WANTED
        assert b"Event: VarSet" in everything.heard
        assert len(everything.heard) > 4 * len(filtered.heard)


@pytest.mark.parametrize("release", RELEASES)
async def test_of_dialling_the_filter_leaves_what_the_dialplan_does_and_not_what_we_originate(release: str) -> None:
    phone, busy = Sipp("uas-answers-hangs-up"), Sipp("uas-busy-486")
    phones = [Endpoint(name=name, contact=one.contact(name)) for name, one in (("1001", phone), ("1002", busy))]
    async with pbx(release, *phones) as a, phone, busy:
        async with Listener(a.asterisk, "ctid") as filtered, Listener(a.asterisk, "naive") as everything:
            a.ring("leg-1", "PJSIP/1001", "nobody.1")
            await a.seen.first(LegEnded, unique_id="leg-1")
            await everything.until(b"Event: DialEnd")
            await filtered.until(b"Event: Hangup")
            assert b"Event: Dial" not in filtered.heard
            async with a.call(number="998"):
                dialled = await a.seen.first(LegDialled)
                await a.seen.first(DialEnded, called_unique_id=dialled.called_unique_id, status="BUSY")
            assert (dialled.extension, dialled.called_device) == ("998", "PJSIP/1002")
            assert (dialled.device, dialled.number) == ("PJSIP/carrier", "+12025550123")
            await filtered.until(b"Event: DialEnd")
        assert filtered.heard.count(b"Event: DialBegin") == 1


async def test_agent_who_does_not_answer_refuses_forwards_or_is_not_there() -> None:
    """Each is one end of the leg, told once; and a forwarded call rings nowhere else."""
    never, busy, declines = Sipp("uas-never-answers"), Sipp("uas-busy-486"), Sipp("uas-declines-603")
    other = Sipp("uas-answers")
    forwards = Sipp("uas-forwards-302", values={"forward_to": f"1005@{other.host}"})
    endpoints = [
        Endpoint(name=name, contact=phone.contact(name))
        for name, phone in (("1001", never), ("1002", busy), ("1003", declines), ("1004", forwards), ("1005", other))
    ]
    async with pbx("22", *endpoints, Endpoint(name="1006")) as a, never, busy, declines, forwards, other, a.call():
        caller = (await a.seen.first(CallArrived)).unique_id
        for number, cause in (("1001", 19), ("1002", 17), ("1003", 21)):
            # Only the phone that never answers is given up on; a busy machine may take its time with the others.
            a.ring(f"leg-{number}", f"PJSIP/{number}", caller, timeout_ms=1_500 if number == "1001" else 15_000)
            await a.seen.first(LegEnded, unique_id=f"leg-{number}", cause=cause)
        a.ring("leg-1004", "PJSIP/1004", caller, timeout_ms=15_000)
        # Asterisk gives cause 23, or is quicker than its own refusal and gives none; the forward is told before.
        assert (await a.seen.first(LegEnded, unique_id="leg-1004")).cause in (23, 0, 127)
        await a.seen.first(DialEnded, called_unique_id="leg-1004", forward="1005")
        for device in ("PJSIP/1006", "PJSIP/nobody"):
            a.ring(f"leg-{device}", device, caller)
            await a.seen.first(LegFailed, unique_id=f"leg-{device}", reason=0)
        assert len(a.seen.all(LegFailed)) == 2
        assert a.seen.all(LegAnswered) == []
        assert not any("1005" in channel for channel in await a.asterisk.channels())
        a.link.execute(HangUpLeg(pbx="a", unique_id=caller))
        await a.seen.first(LegEnded, unique_id=caller)


@pytest.mark.parametrize("release", RELEASES)
async def test_where_a_phone_forwards_is_told_before_its_end(release: str) -> None:
    """Of our own originate as well, of whose dialling nothing else comes through the filter."""
    forwards = Sipp("uas-forwards-302", values={"forward_to": "1005@127.0.0.1"})
    async with pbx(release, Endpoint(name="1004", contact=forwards.contact("1004"))) as a, forwards:
        a.ring("leg-1", "PJSIP/1004", "nobody.1")
        await a.seen.first(LegEnded, unique_id="leg-1")
        (told,) = a.seen.all(DialEnded)
        assert (told.called_unique_id, told.forward) == ("leg-1", "1005")
        assert a.seen.all(LegDialled) == []
        end = next(each for each in a.seen.all(LegEnded) if each.unique_id == "leg-1")
        assert a.seen.events.index(told) < a.seen.events.index(end)


@pytest.mark.parametrize("release", RELEASES)
async def test_what_is_set_for_a_phone_is_set_with_the_least_rights(release: str) -> None:
    """Asterisk's own database is closed to us; a global variable is not, and holds as long as Asterisk runs."""
    async with pbx(release) as a:
        for calls in ("dnd", "030123", ""):
            a.link.execute(SetPhone(pbx="a", extension="1001", calls=calls))

            async def is_so(calls: str = calls) -> bool:
                return f"CTID_CALLS_1001={calls}\n" in await a.asterisk.cli("dialplan show globals") + "\n"

            await eventually(is_so, f"the dialplan knows {calls!r}")
        async with Listener(a.asterisk, "naive", "off") as naive:
            naive.send(b"Action: Setvar\r\nVariable: DB(ctid/1001)\r\nValue: dnd\r\n\r\n")
            await naive.until(b"Variable not set")


async def test_hang_up_right_behind_the_originate_never_leaves_a_phone_ringing() -> None:
    never = Sipp("uas-never-answers", calls=None)
    async with pbx("22", Endpoint(name="1001", contact=never.contact("1001"))) as a, never:
        for number in range(20):
            a.ring(f"leg-{number}", "PJSIP/1001", "1.1", timeout_ms=120_000)
            a.link.execute(HangUpLeg(pbx="a", unique_id=f"leg-{number}"))
        wanted = {f"leg-{number}" for number in range(20)}

        def told() -> set[str]:
            # A hang-up may come so soon that no channel is ever told of: then the originate has failed.
            return {each.unique_id for each in [*a.seen.all(LegEnded), *a.seen.all(LegFailed)]}

        await ami_running.until(lambda: told() >= wanted)

        async def none_is_up() -> bool:
            return not await a.asterisk.channels()

        await eventually(none_is_up, "no phone rings any more")


async def test_agi_server_that_dies_hangs_up_on_the_naive_caller_and_ours_is_taken_up_again() -> None:
    async with pbx() as a:
        async with a.call(number="999"), a.call():
            naive = await a.seen.first(CallArrived, dnis="999")
            waiting = await a.seen.first(CallArrived, dnis=DNIS)
            for session in list(a.agi._sessions.values()):
                session.close()
            # The naive dialplan is told SUCCESS, goes on, and hangs up.
            await a.seen.first(LegEnded, unique_id=naive.unique_id)
            # Ours comes back by itself, as the same leg, without having been hung up.
            again = await a.seen.several(CallArrived, 2, dnis=DNIS)
            assert {call.unique_id for call in again} == {waiting.unique_id}
            assert not [end for end in a.seen.all(LegEnded) if end.unique_id == waiting.unique_id]
            a.agi.execute(ReleaseLeg(pbx="a", unique_id=waiting.unique_id, next="fallback"))
            await a.seen.first(LegEnded, unique_id=waiting.unique_id)

        def logged() -> bool:
            log = a.asterisk.log.read_text()
            naive_went_on = re.search(r'Executing .*UserEvent\(.*"NaiveEnd,AgiStatus: SUCCESS"', log)
            return naive_went_on is not None and "Executing [s@ctid-fallback:2] Playback" in log

        await eventually(logged, "Asterisk has written down where the two went")


@pytest.mark.parametrize("release", RELEASES)
async def test_a_long_agi_line_is_taken_for_two_commands_and_none_of_ours_is(release: str) -> None:
    """16 reads 2,047 bytes at once, 22 four times as many: what a value holds behind that would be a command."""
    reads = {"16": 2_047, "22": 8_191}[release]
    head = 'SET VARIABLE "CTID_ATTR_topic" "'
    hidden = "x" * (reads - len(head)) + "EXEC Hangup 44 "
    async with pbx(release) as a, a.call():
        arrived = await a.seen.first(CallArrived)
        leg = {"pbx": "a", "unique_id": arrived.unique_id}
        assert a.agi.execute(AnswerLeg(**leg))
        assert a.agi.execute(SetVariable(**leg, name="CTID_ATTR_topic", value=hidden))
        assert a.agi.execute(SetVariable(**leg, name="CTID_ATTR_topic", value="x" * 1_900))
        assert a.agi.execute(ReleaseLeg(**leg, next="hangup"))
        # Not by the value's own command.
        assert (await a.seen.first(LegEnded, unique_id=arrived.unique_id)).cause != 44
        await a.seen.first(AgiEnded)


async def test_a_customer_with_a_long_name_is_rung_for_all_the_same() -> None:
    """Asterisk takes no AMI line of more than 1,023 bytes: it would refuse to ring any agent for this caller."""
    phone = Sipp("uas-answers-hangs-up")
    async with pbx("22", Endpoint(name="1001", contact=phone.contact("1001"))) as a, phone, a.call():
        arrived = await a.seen.first(CallArrived)
        a.ring("leg-1", "PJSIP/1001", arrived.unique_id, caller_name="Ännchen " * 300)
        await a.seen.first(LegAlerting, unique_id="leg-1")
        assert a.seen.all(LegFailed) == []


async def test_slow_reader_is_cut_off_and_misses_events_for_good_and_ours_reconciles() -> None:
    loop = asyncio.get_running_loop()
    async with pbx(user="naive") as a, a.call():
        caller = (await a.seen.first(CallArrived)).unique_id
        with socket.socket() as naive:
            naive.setblocking(False)
            naive.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            # The loopback's segments of 64 kB never fit into that window: its opening would not be told to the PBX's
            # side, which would find it out by probes that come ever more seldom.
            naive.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
            await loop.sock_connect(naive, ("127.0.0.1", a.asterisk.ami_port))
            await loop.sock_sendall(naive, login("naive"))
            # Neither reads any more; then more comes than any buffer holds.
            assert a.link._events is not None
            transport = a.link._events.wire._transport
            assert transport is not None
            transport.pause_reading()
            async with Listener(a.asterisk, "naive", events="off") as flood:
                for _ in range(FLOOD):
                    flood.send(b"Action: UserEvent\r\nUserEvent: Flood\r\n" + b"X: " + b"y" * 900 + b"\r\n")
                    flood.send((b"Z: " + b"y" * 900 + b"\r\n") * 100 + b"\r\n")
                await flood.until(b"Response: Success\r\n", FLOOD)
            told = b""
            async with asyncio.timeout(60):
                while data := await loop.sock_recv(naive, 65_536):
                    told += data
        assert told.count(b"\r\nEvent: UserEvent\r\n") < FLOOD
        await a.seen.first(PbxLost)
        found = (await a.seen.several(PbxReconciled, 2))[-1]
        # What happened meanwhile was never repeated; what there is, is known.
        assert [leg.unique_id for leg in found.legs] == [caller]


class Listener:
    """A manager connection that keeps all it is told, as bytes."""

    def __init__(self, asterisk: Asterisk, user: str, events: str = "on") -> None:
        self._asterisk = asterisk
        self._login = login(user, events)
        self.heard = b""

    async def __aenter__(self) -> Listener:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._asterisk.ami_port)
        self._writer.write(self._login)
        # What happens before it has logged in is not told to it.
        await self.until(b"Authentication accepted")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    def send(self, action: bytes) -> None:
        self._writer.write(action)

    async def until(self, text: bytes, times: int = 1) -> None:
        async with asyncio.timeout(30):
            while self.heard.count(text) < times:
                data = await self._reader.read(65_536)
                assert data
                self.heard += data


def login(user: str, events: str = "on") -> bytes:
    return f"Action: Login\r\nUsername: {user}\r\nSecret: {SECRET}\r\nEvents: {events}\r\n\r\n".encode()
