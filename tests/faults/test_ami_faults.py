"""AMI faults: for each, the state that /readyz shows, one log line, the metric, the events, and no leaked task."""

from __future__ import annotations

import asyncio
import time

import msgspec
import pytest
from structlog.testing import capture_logs

from ctid.errors import OverloadedError
from ctid.model.commands import Confer, FetchLeg, HangUpLeg, LetWait, RingAgent, SendDigits
from ctid.model.events import DeviceChanged, Event, LegEnded, LegFailed, LegSeen, PbxLost, PbxReconciled
from ctid.pbx_adapters.ami.executor import PAUSES_S
from ctid.pbx_adapters.ami.supervisor import AmiLink
from ctid.telemetry.metrics import Metrics
from sip_test_rig.asterisk import Asterisk
from sip_test_rig.fake_ami import BANNER, FakeAmi
from tests.adapters.ami_running import Waits, running, spec, until
from tests.adapters.seen import Seen

pytestmark = [pytest.mark.faults, pytest.mark.timeout(120)]

RING = RingAgent(
    pbx="a",
    unique_id="leg-1",
    device="PJSIP/1001",
    peer_unique_id="1.1",
    caller_number="",
    caller_name="",
    timeout_ms=5_000,
    headers={},
)
CHANNEL = {"Uniqueid": "1.1", "ChannelState": "6", "BridgeId": ""}


async def test_reconciles_before_anything_else_and_buffers_meanwhile() -> None:
    async with FakeAmi() as ami:
        ami.channels = [CHANNEL]
        ami.devices = {"PJSIP/1001": "NOT_INUSE", "PJSIP/1002": "UNAVAILABLE"}
        ami.booted = False
        async with running(spec(ami.port)) as run:
            await ami.requested("Login", 2)
            await until(lambda: run.link.state == "booting")
            # A slow boot: events come, but what exists is not known before FullyBooted.
            ami.event("Hangup", Uniqueid="1.9", Cause="16")
            await ami.requested("Ping")
            assert (run.seen.events, run.link.ready) == ([], False)
            ami.event("FullyBooted")
            await run.until_ready()
            assert run.seen.events == [
                PbxReconciled(
                    pbx="a",
                    legs=[LegSeen(unique_id="1.1", answered=True)],
                    devices={"PJSIP/1001": True, "PJSIP/1002": False},
                    boot="2026-01-01 08:00:00",
                ),
                LegEnded(pbx="a", unique_id="1.9", cause=16),
            ]
            assert (run.link.state, run.up) == ("ready", 1.0)


async def test_refused_login() -> None:
    async with FakeAmi() as ami:
        ami.login_error = "Authentication failed"
        with capture_logs() as logs:
            async with running(spec(ami.port)) as run:
                await run.waits.count(4)
                assert run.link.state == "lost: refused-login: Authentication failed"
                assert not run.link.ready
                assert run.reconnects("refused-login") >= 4
                assert run.waits.asked[:4] == [0.5, 1.0, 2.0, 4.0]
                assert run.seen.events == [PbxLost(pbx="a", reason="refused-login")]
                ami.login_error = ""
                await run.until_ready()
        assert [(line["event"], line["log_level"]) for line in logs] == [("pbx.lost", "warning"), ("pbx.ready", "info")]
        assert "demo-only-ami" not in str(logs)


async def test_pbx_down_at_the_start_then_up() -> None:
    ami = FakeAmi()
    await ami.open()
    await ami.close()
    with capture_logs() as logs:
        async with running(spec(ami.port)) as run:
            await run.waits.count(7)
            assert run.waits.asked[:7] == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
            assert run.link.state.startswith("lost: connection-refused")
            assert run.up == 0.0
            await ami.open()
            await run.until_ready()
            assert [type(event) for event in run.seen.events] == [PbxLost, PbxReconciled]
            await ami.close()
    assert [line["event"] for line in logs][:2] == ["pbx.lost", "pbx.ready"]


async def test_a_process_that_was_late_itself_does_not_take_the_pbx_for_silent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with FakeAmi() as ami, running(spec(ami.port, ping_seconds=0.3)) as run:
        await run.until_ready()
        answer = ami._answer

        def answer_and_stall(writer: asyncio.StreamWriter, request: dict[str, str]) -> None:
            answer(writer, request)
            # Longer than the answer may take, which lies in the socket meanwhile.
            time.sleep(0.5)

        monkeypatch.setattr(ami, "_answer", answer_and_stall)
        pings = sum(one["Action"] == "Ping" for one in ami.requests)
        await ami.requested("Ping", pings + 2)
        assert not run.seen.all(PbxLost)


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        (lambda ami: ami.cut(), "lost"),
        (lambda ami: setattr(ami, "mute", True), "silent"),
        (lambda ami: ami.send(b"\x00\xff garbage\r\n\r\n"), "garbage"),
        (lambda ami: ami.send(b"x" * 3_000_000), "garbage"),
        (lambda ami: ami.event("Shutdown", Shutdown="Cleanly", Restart="False"), "shutdown"),
        (lambda ami: (ami.send(b"Event: Hangup\r\nUniq"), ami.cut()), "lost"),
        (lambda ami: (ami.send(b"Event: Hangup\r\nUniq"), setattr(ami, "mute", True)), "silent"),
    ],
)
async def test_loss_of_a_ready_link(fault: object, cause: str) -> None:
    async with FakeAmi() as ami:
        with capture_logs() as logs:
            async with running(spec(ami.port)) as run:
                await run.until_ready()
                run.waits.go.clear()
                fault(ami)  # type: ignore[operator]
                await run.seen.first(PbxLost, reason=cause)
                assert run.link.state.startswith(f"lost: {cause}")
                assert (run.link.ready, run.up, run.reconnects(cause)) == (False, 0.0, 1.0)
                ami.mute = False
                run.waits.go.set()
                await run.seen.several(PbxReconciled, 2)
                await run.until_ready()
        assert [line["event"] for line in logs] == ["pbx.ready", "pbx.lost", "pbx.ready"]


async def test_snapshot_refused() -> None:
    async with FakeAmi() as ami:
        ami.errors = {"CoreShowChannels": "Permission denied"}
        async with running(spec(ami.port)) as run:
            await run.seen.first(PbxLost, reason="refused-action")
            assert run.link.state == "lost: refused-action: Permission denied"


@pytest.mark.parametrize("banner", [b"", b"SSH-2.0-OpenSSH_9.2\r\n", BANNER[:9]])
async def test_peer_that_is_no_ami(banner: bytes) -> None:
    async with FakeAmi() as ami:
        ami.banner = banner
        ami.mute = True
        async with running(spec(ami.port)) as run:
            lost = await run.seen.first(PbxLost)
            assert lost.reason == ("garbage" if banner.startswith(b"SSH") else "timeout")
            # What it is was not taken for an Asterisk, and is left when it becomes one.
            ami.reset()
            await run.until_ready()


async def test_another_cause_is_another_line_but_no_other_event() -> None:
    async with FakeAmi() as ami:
        ami.login_error = "Authentication failed"
        with capture_logs() as logs:
            async with running(spec(ami.port)) as run:
                await run.waits.count(2)
                await ami.close()
                await until(lambda: run.reconnects("connection-refused"))
        assert [line["cause"] for line in logs] == ["refused-login", "connection-refused"]
        assert len(run.seen.all(PbxLost)) == 1


async def test_link_that_breaks_at_once_again_and_again_backs_off() -> None:
    async with FakeAmi() as ami, running(spec(ami.port)) as run:
        for times in range(1, 5):
            await run.seen.several(PbxReconciled, times)
            await run.until_ready()
            ami.cut()
            await run.seen.several(PbxLost, times)
        await run.waits.count(4)
        assert run.waits.asked[:4] == [0.5, 1.0, 2.0, 4.0]


async def test_closing_while_it_waits_to_connect_again_leaves_nothing() -> None:
    ami = FakeAmi()
    await ami.open()
    await ami.close()
    async with running(spec(ami.port)) as run:
        run.waits.go.clear()
        await run.waits.count(1)
    await ami.open()
    try:
        assert len(run.waits.asked) == 1
        assert ami.connections == 0
        assert ami.requests == []
    finally:
        await ami.close()


async def test_closing_while_ready_closes_both_connections() -> None:
    async with FakeAmi() as ami:
        async with running(spec(ami.port)) as run:
            await run.until_ready()
            assert ami.connections == 2
        await until(lambda: not ami.connections)
        logins = [(one["Events"]) for one in ami.requests if one["Action"] == "Login"]
        assert logins == ["on", "off"]


async def test_ring_while_the_pbx_is_away_fails_at_once() -> None:
    ami = FakeAmi()
    await ami.open()
    await ami.close()
    async with running(spec(ami.port)) as run:
        await run.seen.first(PbxLost)
        run.link.execute(RING)
        run.link.execute(HangUpLeg(pbx="a", unique_id="1.1"))
        assert run.seen.all(LegFailed) == [LegFailed(pbx="a", unique_id="leg-1", reason=0)]


async def test_refused_ring_fails_and_a_channel_that_is_gone_does_not() -> None:
    async with FakeAmi() as ami:
        ami.errors = {"Originate": "Channel not specified", "Hangup": "No such channel"}
        with capture_logs() as logs:
            async with running(spec(ami.port)) as run:
                await run.until_ready()
                run.link.execute(HangUpLeg(pbx="a", unique_id="1.1"))
                run.link.execute(RING)
                await run.seen.first(LegFailed, unique_id="leg-1", reason=0)
                assert run.link.ready
        assert [line["event"] for line in logs] == ["pbx.ready", "leg.ring_refused"]


async def test_line_break_in_a_command_is_refused_and_nothing_is_sent() -> None:
    async with FakeAmi() as ami:
        async with running(spec(ami.port)) as run:
            await run.until_ready()
            run.link.execute(RingAgent(**{**_fields(RING), "device": "PJSIP/1\r\nAction: Command"}))
            await run.seen.first(LegFailed)
            await ami.requested("Ping")
        assert {one["Action"] for one in ami.requests} == {
            "Login", "CoreStatus", "CoreShowChannels", "DeviceStateList", "Ping",
        }  # fmt: skip


async def test_actions_do_not_wait_for_each_other() -> None:
    async with FakeAmi() as ami, running(spec(ami.port, ping_seconds=5)) as run:
        await run.until_ready()
        ami.mute = True
        for number in range(50):
            run.link.execute(RingAgent(**{**_fields(RING), "unique_id": f"leg-{number}"}))
        # One that waited for another's answer would wait for a link that is lost by then, and never be sent.
        sent = await asyncio.wait_for(ami.requested("Originate", 50), 30)
        assert [one["ChannelId"] for one in sent] == [f"leg-{number}" for number in range(50)]
        # Whether those phones ring, nobody knows: only a snapshot can tell, so no LegFailed.
        await run.seen.first(PbxLost, reason="timeout")
        assert run.seen.all(LegFailed) == []


async def test_a_conference_is_ordered_again_for_who_is_still_on_the_way() -> None:
    async with FakeAmi() as ami, running(spec(ami.port)) as run:
        await run.until_ready()
        ami.errors = {"Redirect": "Redirect failed, extra channel not up."}
        run.link.execute(Confer(pbx="a", unique_id="1.1", agent_unique_id="leg-1", consulted_unique_id="leg-2"))
        first, again = await ami.requested("Redirect", 2)
        assert (first["Channel"], first["ExtraChannel"]) == (again["Channel"], again["ExtraChannel"])
        ami.errors = {}
        await until(lambda: ami.requests[-1].get("Channel") == "1.1")


async def test_a_later_order_for_the_caller_ends_the_one_that_is_not_carried_out_yet() -> None:
    async with FakeAmi() as ami, running(spec(ami.port)) as run:
        await run.until_ready()
        ami.errors = {"Redirect": "Redirect failed, channel not up."}
        run.link.execute(Confer(pbx="a", unique_id="1.1", agent_unique_id="leg-1", consulted_unique_id="leg-2"))
        await ami.requested("Redirect")
        run.link.execute(FetchLeg(pbx="a", unique_id="1.1"))

        def ordered(channel: str) -> int:
            return sum(each.get("Channel") == channel for each in ami.requests)

        # Until it is given up: whoever has hung up is on no way at all.
        await until(lambda: ordered("1.1") == 1 + len(PAUSES_S))
        run.link.execute(LetWait(pbx="a", unique_id="leg-3", ringing=False))
        await until(lambda: ordered("leg-3") == 1)
        assert (ordered("leg-1"), ordered("1.1")) == (1, 1 + len(PAUSES_S))


async def test_digits_go_in_turn_and_on_a_connection_of_their_own() -> None:
    async with FakeAmi() as ami, running(spec(ami.port, ping_seconds=5)) as run:
        await run.until_ready()
        assert ami.connections == 2
        for channel, digits in (("c1", "12"), ("c2", "34"), ("c1", "5")):
            run.link.execute(SendDigits(pbx="a", unique_id=channel, digits=digits))
        sent = await ami.requested("PlayDTMF", 5)
        assert [(one["Channel"], one["Digit"]) for one in sent] == [
            ("c1", "1"), ("c2", "3"), ("c1", "2"), ("c2", "4"), ("c1", "5"),
        ]  # fmt: skip
        assert ami.connections == 3


async def test_digits_without_end_keep_nobody_from_being_rung() -> None:
    async with FakeAmi() as ami, running(spec(ami.port, ping_seconds=5)) as run:
        await run.until_ready()
        run.link.execute(SendDigits(pbx="a", unique_id="c1", digits="1"))
        await ami.requested("PlayDTMF")
        # From here on no digit ever sounds: at most one is asked for, until it is given up with what waits behind it.
        ami.mute = True
        for _ in range(1_000):
            run.link.execute(SendDigits(pbx="a", unique_id="c1", digits="123456789"))
        await ami.requested("PlayDTMF", 2)
        ami.mute = False
        run.link.execute(RING)
        await ami.requested("Originate")
        assert sum(one["Action"] == "PlayDTMF" for one in ami.requests) == 2
        assert not run.seen.all(PbxLost)


async def test_digits_for_a_party_who_has_hung_up_are_forgotten_and_the_next_are_sent() -> None:
    async with FakeAmi() as ami, running(spec(ami.port, ping_seconds=5)) as run:
        await run.until_ready()
        ami.errors = {"PlayDTMF": "No such channel"}
        run.link.execute(SendDigits(pbx="a", unique_id="gone", digits="123"))
        await ami.requested("PlayDTMF")
        ami.errors = {}
        run.link.execute(SendDigits(pbx="a", unique_id="c2", digits="7"))
        sent = await ami.requested("PlayDTMF", 2)
        assert [(one["Channel"], one["Digit"]) for one in sent] == [("gone", "1"), ("c2", "7")]


async def test_hang_up_that_overtakes_its_originate_is_sent_again_when_the_channel_is_made() -> None:
    async with FakeAmi() as ami:
        ami.errors = {"Hangup": "No such channel"}
        async with running(spec(ami.port)) as run:
            await run.until_ready()
            run.link.execute(RING)
            run.link.execute(HangUpLeg(pbx="a", unique_id="leg-1", cause=16))
            await ami.requested("Hangup")
            await asyncio.sleep(0)
            await ami.requested("Ping")
            ami.errors = {}
            ami.event("Newchannel", Uniqueid="leg-1")
            assert len(await ami.requested("Hangup", 2)) == 2
            # It had a channel: its Hangup tells the end, the OriginateResponse adds nothing.
            ami.event("Hangup", Uniqueid="leg-1", Cause="16")
            ami.event("OriginateResponse", Uniqueid="leg-1", Response="Failure", Reason="0")
            ami.event("OriginateResponse", Uniqueid="leg-2", Response="Failure", Reason="0")
            await run.seen.first(LegFailed, unique_id="leg-2")
            assert [type(event) for event in run.seen.events] == [PbxReconciled, LegEnded, LegFailed]


async def test_a_channel_that_is_told_of_behind_its_originates_failure_tells_how_it_ended() -> None:
    async with FakeAmi() as ami, running(spec(ami.port)) as run:
        await run.until_ready()
        for leg in ("leg-1", "leg-2"):
            run.link.execute(msgspec.structs.replace(RING, unique_id=leg))
        await ami.requested("Originate", 2)
        for leg in ("leg-1", "leg-2"):
            ami.event("OriginateResponse", Uniqueid=leg, Response="Failure", Reason="0")
        ami.event("Newchannel", Uniqueid="leg-1")
        ami.event("Hangup", Uniqueid="leg-1", Cause="17")
        await run.seen.first(LegFailed, unique_id="leg-2")
        (ended,) = run.seen.all(LegEnded)
        assert (ended.unique_id, ended.cause) == ("leg-1", 17)
        assert len(run.seen.all(LegFailed)) == 1


async def test_ami_storm_a_full_inbox_begins_again_with_a_snapshot() -> None:
    seen = Seen()

    def emit(event: Event) -> None:
        if isinstance(event, LegEnded):
            raise OverloadedError("the inbox is full")
        seen(event)

    async with FakeAmi() as ami:
        link = AmiLink("a", spec(ami.port), emit, Metrics("0"), sleep=Waits())
        task = asyncio.create_task(link.run())
        await seen.first(PbxReconciled)
        ami.event("Hangup", Uniqueid="1.1", Cause="16")
        await seen.first(PbxLost, reason="overloaded")
        await seen.several(PbxReconciled, 2)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_device_state_is_told_only_when_it_changes() -> None:
    async with FakeAmi() as ami:
        ami.devices = {"PJSIP/1001": "NOT_INUSE"}
        async with running(spec(ami.port)) as run:
            await run.until_ready()
            for state in ("NOT_INUSE", "RINGING", "INUSE", "ONHOLD", "UNAVAILABLE", "UNAVAILABLE", "NOT_INUSE"):
                ami.event("DeviceStateChange", Device="PJSIP/1001", State=state)
            ami.event("Hangup", Uniqueid="1.1", Cause="16")
            await run.seen.first(LegEnded)
            told = [(each.reachable, each.in_use) for each in run.seen.events if isinstance(each, DeviceChanged)]
            assert told == [(True, True), (False, False), (True, False)]


async def test_real_asterisk_stalled_killed_and_restarted() -> None:
    """The real thing: frozen, it is found silent; killed, lost; then reconciled, and known as another run."""
    async with Asterisk() as asterisk:
        to = spec(asterisk.ami_port, username=asterisk.ami_user, secret=asterisk.ami_secret, ping_seconds=1)
        with capture_logs() as logs:
            async with running(to) as run:
                await run.until_ready()
                asterisk.pause()
                await run.seen.first(PbxLost, reason="silent")
                asterisk.resume()
                await run.seen.several(PbxReconciled, 2)
                await run.until_ready()
                await asterisk.kill()
                await run.seen.first(PbxLost, reason="lost")
                await asterisk.start()
                await run.seen.several(PbxReconciled, 3)
                await run.until_ready()
                await asterisk.restart()
                await run.seen.several(PbxReconciled, 4)
                first, stalled, killed, _ = run.seen.all(PbxReconciled)
                assert first.boot == stalled.boot != killed.boot
                assert run.seen.all(PbxLost)[-1].reason == "shutdown"
        outages: list[list[str]] = []
        for line in logs:
            if line["event"] == "pbx.ready":
                outages.append([])
            else:
                outages[-1].append(str(line["cause"]))
        assert [outage[0] for outage in outages[:3]] == ["silent", "lost", "shutdown"]
        # While it stops and boots it refuses, accepts and drops by turns: each cause is one line at most.
        assert all(len(outage) == len(set(outage)) for outage in outages)


def _fields(command: RingAgent) -> dict[str, object]:
    return {name: getattr(command, name) for name in command.__struct_fields__}
