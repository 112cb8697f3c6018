"""Supervisors at agents' talks: who hears whom in each mode after each thing that becomes of the call, by tones."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import pytest

from ctid.client import RefusedError
from ctid.model.access import Grant, Role
from sip_test_rig.asterisk_config import Endpoint, pjsip_endpoint
from sip_test_rig.desktop import Desktop, JsonObject
from sip_test_rig.eventually import eventually
from sip_test_rig.phone import Phone, PhoneCall
from sip_test_rig.site import RigSite
from sip_test_rig.tones import MUSIC_HZ
from tests.integration.call_acts import (
    act,
    asked,
    finish,
    hold,
    in_talk,
    retrieve,
    until_consultation,
    until_ended,
)
from tests.integration.floor import (
    CALLER_HZ,
    PATIENCE_S,
    Seat,
    both_hear,
    floor_config,
    hear,
    staff,
    until_hears_more,
    until_quiet,
    until_record,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]

BOSS = "9004"
BOSS_HZ = 2_150.0
LEAD = Grant(subject="lead", role=Role.SUPERVISOR, agent_id="a03", teams=["red"])
MODES = ("monitor", "whisper", "barge")


def config() -> dict[str, Any]:
    """Three agents, of whom the first serves the queue; a phone for supervisors; agents are not told who listens."""
    data = floor_config(3, ring_seconds=20, wrap_up_seconds=60)
    for queue in data["queues"].values():
        queue["steps"] = [{"agents": ["a01"]}]
        queue["dispositions"] = []
    data["agents"]["a03"]["team"] = "blue"
    data["policy"]["supervision"] = {
        "tell_agent": {"monitor": False},
        "devices": [f"PJSIP/{BOSS}", "PJSIP/9009"],
        "numbers": ["900[0-9]"],
    }
    return data


CONFIG = config()
SITE = {"files": {"pjsip.conf": pjsip_endpoint(Endpoint(name=BOSS))}}


class Supervisor:
    """A supervisor with a desktop, and a phone that is no agent's."""

    def __init__(self, desktop: Desktop, phone: Phone) -> None:
        self.desktop = desktop
        self.phone = phone

    async def ask(self, method: str, path: str, body: JsonObject | None = None) -> JsonObject:
        """Ask for something, and give the supervision as it is then."""
        answer: JsonObject = await self.desktop.request(method, path, body)
        view: JsonObject = answer["supervision"]
        return view

    async def request(self, body: JsonObject) -> JsonObject:
        """Ask for a supervision, once the PBX has told that the phone is there and in no other call any more."""
        views: list[JsonObject] = []

        async def asked_for() -> bool:
            try:
                views.append(await self.ask("POST", "/v1/supervisions", body))
            except RefusedError as refused:
                if "the phone" not in refused.detail:
                    raise
            return bool(views)

        await eventually(asked_for, "the phone is free", timeout=PATIENCE_S, every=0.1)
        return views[0]

    async def begins(
        self, mode: str = "monitor", phone: JsonObject | None = None, **more: Any
    ) -> tuple[str, PhoneCall]:
        """Supervise the first agent; gives the supervision's id and the call at the phone."""
        body = {"of": {"agent": "a01"}, "mode": mode, "phone": phone or {"device": f"PJSIP/{BOSS}"}, **more}
        view = await self.request(body)
        assert (view["state"], view["agent_id"], view["mode"]) == ("ringing", "a01", mode)
        call = await self.phone.next_call(PATIENCE_S)
        await call.until("answered", timeout=PATIENCE_S)

        def is_set_up(event: JsonObject) -> bool:
            told = event["data"]["supervision"]
            return told["id"] == view["id"] and told["state"] in ("active", "waiting")

        await self.desktop.wait("supervision.changed", is_set_up, PATIENCE_S)
        return str(view["id"]), call

    async def mode(self, supervision: str, mode: str) -> None:
        """Be heard by others than before."""
        assert (await self.ask("PATCH", f"/v1/supervisions/{supervision}", {"mode": mode}))["mode"] == mode

    async def until_ended(self, reason: str) -> JsonObject:
        """Wait until a supervision is over, for this reason."""
        event = await self.desktop.wait("supervision.ended", timeout=PATIENCE_S)
        assert event["data"]["reason"] == reason
        view: JsonObject = event["data"]["supervision"]
        return view


@contextlib.asynccontextmanager
async def supervisor(site: RigSite) -> AsyncIterator[Supervisor]:
    """A supervisor takes their seat."""
    async with site.supervisor() as desktop, Phone.of(site.pbx, BOSS, voice_hz=BOSS_HZ) as phone:
        yield Supervisor(desktop, phone)


async def until_nobody_supervises(site: RigSite) -> None:
    async with site.supervisor() as desktop:

        async def nobody() -> bool:
            return (await desktop.request("GET", "/v1/supervisions"))["items"] == []

        await eventually(nobody, "nobody supervises", timeout=PATIENCE_S)


class Talk(NamedTuple):
    """An agent and a supervisor, the calls of caller and agent, who talk, and their contact's id."""

    seat: Seat
    sue: Supervisor
    call: PhoneCall
    mine: PhoneCall
    contact_id: str


@contextlib.asynccontextmanager
async def talk(site: RigSite) -> AsyncIterator[Talk]:
    """A caller talks to the first agent, and a supervisor has their seat; at the end nobody supervises any more."""
    async with (
        staff(site, "a01") as (seat,),
        supervisor(site) as sue,
        Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller,
    ):
        yield Talk(seat, sue, *await in_talk(caller, seat))
    await until_nobody_supervises(site)


async def keep_waiting(seat: Seat, contact_id: str) -> None:
    """The caller is put on hold, and ctid has seen it."""
    await act(seat, contact_id, "hold")
    await seat.desktop.wait("leg.held", timeout=PATIENCE_S)


async def take_back(seat: Seat, contact_id: str) -> None:
    """The caller is taken off hold, and ctid has seen it."""
    await act(seat, contact_id, "retrieve")
    await seat.desktop.wait("leg.retrieved", timeout=PATIENCE_S)


async def test_each_mode_through_hold_consultation_and_conference(site: RigSite, boss: Desktop) -> None:
    async with (
        staff(site, "a01", "a02") as (seat, other),
        supervisor(site) as sue,
        Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller,
    ):
        call, mine, contact_id = await in_talk(caller, seat)
        agent_hz, other_hz = seat.phone.voice_hz, other.phone.voice_hz
        supervision, own = await sue.begins()

        def heard_by(mode: str) -> tuple[set[float], set[float]]:
            """What the agent hears more than without, and what the other side does."""
            return (set() if mode == "monitor" else {BOSS_HZ}), ({BOSS_HZ} if mode == "barge" else set())

        for mode in MODES:
            if mode != "monitor":
                await sue.mode(supervision, mode)
            to_agent, to_all = heard_by(mode)
            talking = ((call, {agent_hz} | to_all), (mine, {CALLER_HZ} | to_agent), (own, {agent_hz, CALLER_HZ}))
            await hear(*talking)
            await keep_waiting(seat, contact_id)
            await hear((call, {MUSIC_HZ}), (mine, to_agent), (own, {agent_hz}))
            await take_back(seat, contact_id)
            await hear(*talking)
        for mode in MODES:
            await sue.mode(supervision, mode)
            to_agent, to_all = heard_by(mode)
            consultation, theirs = await asked(seat, other, contact_id, call, mine)
            await hear(
                (call, {MUSIC_HZ}),
                (mine, {other_hz} | to_agent),
                (theirs, {agent_hz} | to_all),
                (own, {agent_hz, other_hz}),
            )
            await seat.desktop.request("POST", f"/v1/consultations/{consultation}/conference")
            await until_consultation(seat, "conferenced")
            await hear(
                (call, {agent_hz, other_hz} | to_all),
                (mine, {CALLER_HZ, other_hz} | to_agent),
                (theirs, {agent_hz, CALLER_HZ} | to_all),
                (own, {agent_hz, other_hz, CALLER_HZ}),
            )
            theirs.hang_up()
            await seat.desktop.wait("consultation.ended", timeout=PATIENCE_S)
            await hear((call, {agent_hz} | to_all), (mine, {CALLER_HZ} | to_agent), (own, {agent_hz, CALLER_HZ}))
            await keep_waiting(seat, contact_id)
            await hear((call, {MUSIC_HZ}), (mine, to_agent), (own, {agent_hz}))
            await take_back(seat, contact_id)
            await hear((call, {agent_hz} | to_all), (mine, {CALLER_HZ} | to_agent), (own, {agent_hz, CALLER_HZ}))
        call.hang_up()
        await sue.until_ended("talk_ended")
        await until_ended(mine, own)
        await finish(seat, contact_id)
    await until_nobody_supervises(site)
    await until_quiet(site, boss)


async def test_a_muted_agent_is_not_heard_and_keys_of_the_supervisors_phone_change_nothing(
    site: RigSite, boss: Desktop
) -> None:
    async with talk(site) as (seat, sue, call, mine, contact_id):
        supervision, own = await sue.begins()
        await act(seat, contact_id, "mute", {"on": True})
        await hear((call, set()), (mine, {CALLER_HZ}), (own, {CALLER_HZ}))
        await sue.mode(supervision, "barge")
        await hear((call, set()), (mine, {CALLER_HZ, BOSS_HZ}), (own, {CALLER_HZ}))
        await act(seat, contact_id, "mute", {"on": False})
        talking = (
            (call, {seat.phone.voice_hz, BOSS_HZ}),
            (mine, {CALLER_HZ, BOSS_HZ}),
            (own, {CALLER_HZ, seat.phone.voice_hz}),
        )
        await hear(*talking)
        # ChanSpy() would look for another channel by the first, and end by the others with a result that hangs up.
        for keys in ("*", "1001#", "*1#"):
            own.press(keys)
            await hear(*talking)
        await hear(*talking)
        call.hang_up()
        await until_ended(mine, own)
        await finish(seat, contact_id)
    await until_quiet(site, boss)


async def test_the_supervisor_takes_over_and_is_no_agent(site: RigSite, boss: Desktop) -> None:
    async with talk(site) as (seat, sue, call, mine, contact_id):
        supervision, own = await sue.begins("whisper")
        await hear((mine, {CALLER_HZ, BOSS_HZ}))
        view = await sue.ask("POST", f"/v1/supervisions/{supervision}/take-over")
        assert (view["state"], view["allowed_actions"]) == ("taking_over", [])
        await sue.until_ended("taken_over")
        await until_ended(mine)
        await hear((call, {BOSS_HZ}), (own, {CALLER_HZ}))
        await finish(seat, contact_id)
        record = await until_record(boss, contact_id)
        assert record["outcome"] == "transferred"
        assert [(each["agent_id"], each["result"]) for each in record["segments"]] == [("a01", "taken_over")]
        assert (record["path"][-1]["kind"], record["path"][-1]["result"]) == ("transfer", "taken_over")
        own.hang_up()
        await until_ended(call)
    await until_quiet(site, boss)


@pytest.mark.parametrize("while_", ["talking", "on_hold", "asking", "conferring"])
async def test_a_supervisor_who_is_an_agent_takes_over(site: RigSite, boss: Desktop, while_: str) -> None:
    async with (
        staff(site, "a01", "a02", "a03", ready=False) as (seat, other, lead),
        site.client(LEAD) as client,
        Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller,
    ):
        await seat.ready()
        for each in (other, lead):
            await each.desktop.set_state("NOT_READY", "break")
        call, mine, contact_id = await in_talk(caller, seat)
        theirs = None
        if while_ == "on_hold":
            await hold(seat, contact_id, call, mine)
        elif while_ != "talking":
            consultation, theirs = await asked(seat, other, contact_id, call, mine)
            if while_ == "conferring":
                await seat.desktop.request("POST", f"/v1/consultations/{consultation}/conference")
                await until_consultation(seat, "conferenced")
        mode = "barge" if while_ == "conferring" else "monitor"
        supervision = await client.supervise(contact=contact_id, mode=mode)
        assert (supervision["supervisor_agent"], supervision["phone"]) == ("a03", "PJSIP/1003")
        own = await lead.ringing()
        assert "answer-after=0" in str(own.header("Call-Info"))
        await boss.wait("supervision.changed", timeout=PATIENCE_S)
        await client.take_over(supervision["id"])
        await until_ended(mine, *([theirs] if theirs is not None else []))
        await hear((call, {lead.phone.voice_hz}), (own, {CALLER_HZ}))
        await lead.until_state("BUSY")
        # The contact is theirs like any other: they hold it, too.
        await hold(lead, contact_id, call, own)
        await retrieve(lead, contact_id, call, own)
        await finish(seat, contact_id)
        own.hang_up()
        await until_ended(call)
        await finish(lead, contact_id)
        record = await until_record(boss, contact_id)
        parts = [(each["agent_id"], each["result"]) for each in record["segments"]]
        assert (record["outcome"], parts) == ("handled", [("a01", "taken_over"), ("a03", "ended")])
    await until_nobody_supervises(site)
    await until_quiet(site, boss)


@pytest.mark.parametrize("who", ["supervisor", "request", "agent", "caller"])
async def test_however_it_ends_nothing_is_left(site: RigSite, boss: Desktop, who: str) -> None:
    async with talk(site) as (seat, sue, call, mine, contact_id):
        supervision, own = await sue.begins()
        await hear((own, {seat.phone.voice_hz, CALLER_HZ}))
        match who:
            case "supervisor":
                own.hang_up()
                await sue.until_ended("supervisor_left")
            case "request":
                await sue.ask("DELETE", f"/v1/supervisions/{supervision}")
                await sue.until_ended("ended")
            case _:
                (mine if who == "agent" else call).hang_up()
                await sue.until_ended("talk_ended")
        await until_ended(own)
        if who in ("supervisor", "request"):
            await both_hear(call, mine, seat)
            mine.hang_up()
        await until_ended(mine, call)
        await finish(seat, contact_id)
        # Nobody told the agent of it.
        assert not [event for event in seat.desktop.events if "supervision" in event["type"]]
    await until_quiet(site, boss)


async def test_it_waits_for_the_next_talk_and_a_number_may_be_the_phone(site: RigSite, boss: Desktop) -> None:
    async with (
        staff(site, "a01") as (seat,),
        supervisor(site) as sue,
        Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller,
    ):
        supervision, own = await sue.begins("barge", {"number": BOSS}, stays=True)
        for _ in range(2):
            call, mine, contact_id = await in_talk(caller, seat)
            await hear(
                (call, {seat.phone.voice_hz, BOSS_HZ}),
                (mine, {CALLER_HZ, BOSS_HZ}),
                (own, {CALLER_HZ, seat.phone.voice_hz}),
            )
            # Barge is told to agents at this site.
            told = await seat.desktop.wait("supervision.changed", timeout=PATIENCE_S)
            assert told["data"]["supervision"]["id"] == supervision
            mine.hang_up()
            await until_ended(call)
            await finish(seat, contact_id)
            await hear((own, set()))
        assert own.state == "answered"
        await seat.desktop.set_state("LOGGED_OUT")
        await sue.until_ended("agent_left")
        await until_ended(own)
    await until_nobody_supervises(site)
    await until_quiet(site, boss)


async def test_the_phone_transfers_and_the_supervision_stays_with_the_contact(site: RigSite, boss: Desktop) -> None:
    async with (
        staff(site, "a01", "a02") as (seat, other),
        supervisor(site) as sue,
        Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller,
    ):
        call, mine, contact_id = await in_talk(caller, seat)
        _, own = await sue.begins("barge", of={"contact": contact_id})
        await hear((own, {seat.phone.voice_hz, CALLER_HZ}))
        mine.hold()
        asking = await seat.phone.call("1002")
        theirs = await other.ringing()
        # Before the two are in a bridge the PBX would transfer the caller into whatever it does to bring them there.
        await until_hears_more(asking, other.phone.voice_hz)
        assert await mine.transfer_to(asking) == 200
        await other.until_state("BUSY")
        await hear(
            (call, {other.phone.voice_hz, BOSS_HZ}),
            (theirs, {CALLER_HZ, BOSS_HZ}),
            (own, {CALLER_HZ, other.phone.voice_hz}),
        )
        await finish(seat, contact_id)
        theirs.hang_up()
        await until_ended(call)
        await sue.until_ended("talk_ended")
        await until_ended(own)
        await finish(other, contact_id)
    await until_nobody_supervises(site)
    await until_quiet(site, boss)


async def test_a_phone_that_cannot_be_had(site: RigSite, boss: Desktop) -> None:
    async with talk(site) as (seat, sue, call, mine, contact_id):
        for status, reason in ((486, "busy"), (603, "rejected")):
            sue.phone.reject_with = status
            body = {"of": {"agent": "a01"}, "phone": {"device": f"PJSIP/{BOSS}"}}
            await sue.request(body)
            await sue.until_ended(reason)
        body = {"of": {"agent": "a01"}, "phone": {"device": "PJSIP/9009"}}
        await sue.ask("POST", "/v1/supervisions", body)
        await sue.until_ended("unreachable")
        await both_hear(call, mine, seat)
        call.hang_up()
        await finish(seat, contact_id)
    await until_quiet(site, boss)


async def test_killed_while_somebody_listens_and_while_the_talk_ends(site: RigSite, boss: Desktop) -> None:
    async with talk(site) as (seat, sue, call, mine, contact_id):
        supervision, own = await sue.begins("whisper")
        talking = ((call, {seat.phone.voice_hz}), (mine, {CALLER_HZ, BOSS_HZ}), (own, {seat.phone.voice_hz, CALLER_HZ}))
        await hear(*talking)
        await site.ctid.kill()
        await hear(*talking)
        await site.ctid.start()
        await seat.come_back()
        async with site.supervisor() as fresh:
            known = fresh.snapshot["data"]["supervisions"]
            assert [(each["id"], each["mode"], each["state"]) for each in known] == [(supervision, "whisper", "active")]
        await hear(*talking)
        await sue.mode(supervision, "barge")
        await hear((call, {seat.phone.voice_hz, BOSS_HZ}), (mine, {CALLER_HZ, BOSS_HZ}))
        await site.ctid.kill()
        mine.hang_up()
        await until_ended(mine)
        await site.ctid.start()
        await seat.come_back()
        await until_ended(own, call)
        await finish(seat, contact_id)
    async with site.supervisor() as fresh:
        await until_quiet(site, fresh)


async def test_killed_in_the_middle_of_a_take_over(site: RigSite, boss: Desktop) -> None:
    async with talk(site) as (seat, sue, call, mine, contact_id):
        supervision, own = await sue.begins()
        await hear((own, {seat.phone.voice_hz, CALLER_HZ}))
        await sue.ask("POST", f"/v1/supervisions/{supervision}/take-over")
        await site.ctid.kill()
        await site.ctid.start()
        await seat.come_back()
        await hear((call, {BOSS_HZ}), (own, {CALLER_HZ}))
        await until_ended(mine)
        await finish(seat, contact_id)
        own.hang_up()
        await until_ended(call)
    async with site.supervisor() as fresh:
        record = await until_record(fresh, contact_id)
        assert [each["result"] for each in record["segments"]] == ["taken_over"]
        await until_quiet(site, fresh)
