"""Every way in which an agent's phone does not take a call: the caller waits on, and the next agent gets them."""

from __future__ import annotations

import asyncio

import pytest

from sip_test_rig.desktop import Desktop, JsonObject
from sip_test_rig.eventually import eventually
from sip_test_rig.phone import Phone, PhoneCall
from sip_test_rig.sipp import Sipp
from sip_test_rig.site import RigSite
from sip_test_rig.tones import MUSIC_HZ
from tests.integration.floor import (
    DIRECT,
    PATIENCE_S,
    Seat,
    floor_config,
    staff,
    states,
    until_hears_more,
    until_quiet,
    until_record,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

CONFIG = floor_config(4, ring_seconds=20)
IMPATIENT = "201"
"""Dialled by who goes to a queue that does not ring for long."""
CONFIG["entries"]["impatient"] = {"dnis": IMPATIENT, "open": {"queue": "support"}}
CONFIG["queues"]["support"]["ring_seconds"] = 3
for _queue in CONFIG["queues"].values():
    _queue["short_abandon_seconds"] = 60
FORWARDS_TO_A04 = Sipp("uas-forwards-302", calls=None, values={"forward_to": "1004@127.0.0.1"})
SITE = {
    "contacts": {"1003": FORWARDS_TO_A04.contact("1003")},
    # Without ctid's refusal a forward would find the other agent's phone here.
    "extensions": "exten => _1XXX,1,Dial(PJSIP/${EXTEN},30)\n",
}


def told(record: JsonObject) -> list[tuple[str, str, str | None]]:
    """Agent, state and cause of each offer of a record."""
    return [(offer["agent_id"], offer["state"], offer["cause"]) for offer in record["offers"]]


def answer_if_ringing(call: PhoneCall) -> None:
    """Answer, unless the PBX has already told the phone to stop."""
    if call.state == "ringing":
        call.answer()


async def next_agent_takes_over(call: PhoneCall, first: Seat, second: Seat) -> JsonObject:
    """The first agent's phone fails to take the caller, who hears music until the second agent answers."""
    offer = await first.offer()
    await until_hears_more(call, MUSIC_HZ, 0.2)
    await second.ready()
    agent_call = await second.talks_to(call)
    assert (await second.offer())["contact_id"] == offer["contact_id"]
    agent_call.hang_up()
    await call.until("ended", timeout=PATIENCE_S)
    return offer


async def test_the_agent_does_not_answer_and_is_not_ready_after_two_misses(site: RigSite, boss: Desktop) -> None:
    async with (
        staff(site, "a01", "a02", ready=False) as (first, second),
        Phone.outside(site.pbx) as outside,
    ):
        first.phone.answer_after = None
        await first.ready()
        for _ in range(2):
            await first.until_state("READY")
            call = await outside.call(IMPATIENT)
            offer = await next_agent_takes_over(call, first, second)
            rang = await first.ringing()
            await rang.until("ended", timeout=PATIENCE_S)
            assert rang.ended_by == "them", "the phone does not go on ringing"
            record = await until_record(boss, offer["contact_id"])
            assert told(record) == [("a01", "timed_out", "no_answer"), ("a02", "accepted", None)]
            assert states(record) == ["created", "queued", "offered", "queued", "offered", "connected"]
            await second.desktop.set_state("NOT_READY")
        await first.until_state("NOT_READY", "ring-no-answer")
        assert len(first.offers()) == 2
        await until_quiet(site, boss)


@pytest.mark.parametrize(
    ("status", "state", "cause"), [(486, "rejected", "busy"), (603, "rejected", "rejected"), (480, None, None)]
)
async def test_the_agent_refuses(
    site: RigSite, boss: Desktop, status: int, state: str | None, cause: str | None
) -> None:
    async with staff(site, "a01", "a02", ready=False) as (first, second), Phone.outside(site.pbx) as outside:
        first.phone.reject_with = status
        await first.ready()
        call = await outside.call(DIRECT)
        offer = await next_agent_takes_over(call, first, second)
        record = await until_record(boss, offer["contact_id"])
        assert [agent for agent, _, _ in told(record)] == ["a01", "a02"]
        if state is not None:
            assert told(record)[0] == ("a01", state, cause)
        assert told(record)[1] == ("a02", "accepted", None)
        await first.until_state("READY")
        await until_quiet(site, boss)


async def test_the_agent_rejects_at_the_desktop(site: RigSite, boss: Desktop) -> None:
    async with (
        staff(site, "a01", "a02", ready=False, answer_after=None) as (first, second),
        Phone.outside(site.pbx) as outside,
    ):
        second.phone.answer_after = 0.0
        await first.ready()
        call = await outside.call(DIRECT)
        ringing = await first.ringing()
        offer_id = first.offers()[0]
        await first.desktop.request("POST", f"/v1/offers/{offer_id}/reject", {})
        await ringing.until("ended", timeout=PATIENCE_S)
        offer = await next_agent_takes_over(call, first, second)
        record = await until_record(boss, offer["contact_id"])
        assert told(record) == [("a01", "rejected", "rejected"), ("a02", "accepted", None)]
        await until_quiet(site, boss)


async def test_the_agents_phone_is_unregistered(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01", "a02", ready=False) as (first, second), Phone.outside(site.pbx) as outside:
        await first.ready()
        await first.phone.register(away=True)

        async def gone() -> bool:
            return not (await first.view())["device_reachable"]

        await eventually(gone, "ctid knows that the phone is away", timeout=PATIENCE_S)
        call = await outside.call(DIRECT)
        await until_hears_more(call, MUSIC_HZ)
        await second.ready()
        agent_call = await second.talks_to(call)
        agent_call.hang_up()
        assert (first.offers(), first.phone.invites) == ([], {}), "a phone that is away is offered nothing"
        await call.until("ended", timeout=PATIENCE_S)
        await second.desktop.set_state("NOT_READY")
        call = await outside.call(DIRECT)
        await until_hears_more(call, MUSIC_HZ)
        await first.phone.register()
        agent_call = await first.talks_to(call)
        agent_call.hang_up()
        await until_record(boss, (await first.offer())["contact_id"])
        await until_quiet(site, boss)


async def test_the_agents_phone_vanished_without_a_word(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a02", ready=False) as (second,), Phone.outside(site.pbx) as outside:
        gone = Phone.of(site.pbx, "1001")
        await gone.start()
        async with site.desktop("a01") as desktop:
            await desktop.set_state("READY")
            await gone.stop(unregister=False)
            call = await outside.call(IMPATIENT)
            offer = await desktop.wait("offer.created", timeout=PATIENCE_S)
            await second.ready()
            agent_call = await second.talks_to(call)
            agent_call.hang_up()
            record = await until_record(boss, offer["contact_id"])
            assert [agent for agent, _, _ in told(record)] == ["a01", "a02"]
            assert told(record)[0][1] in ("timed_out", "canceled")
            await desktop.set_state("LOGGED_OUT")
        await until_quiet(site, boss)


async def test_the_agents_phone_forwards_and_it_rings_nowhere_else(site: RigSite, boss: Desktop) -> None:
    async with (
        FORWARDS_TO_A04,
        staff(site, "a02", "a04", ready=False) as (second, fourth),
        site.desktop("a03") as desktop,
        Phone.outside(site.pbx) as outside,
    ):
        await desktop.set_state("READY")
        call = await outside.call(DIRECT)
        offer = await desktop.wait("offer.created", timeout=PATIENCE_S)
        await until_hears_more(call, MUSIC_HZ, 0.2)
        await desktop.wait("agent.state_changed", lambda event: event["data"]["agent"]["state"] == "READY")
        await second.ready()
        agent_call = await second.talks_to(call)
        agent_call.hang_up()
        record = await until_record(boss, offer["contact_id"])
        assert [agent for agent, _, _ in told(record)] == ["a03", "a02"]
        assert told(record)[0][1:] == ("rejected", "forwarded")
        assert fourth.phone.invites == {}
        await desktop.set_state("LOGGED_OUT")
        await until_quiet(site, boss)


async def test_the_caller_hangs_up_while_the_phone_rings(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01", answer_after=None) as (seat,), Phone.outside(site.pbx) as outside:
        call = await outside.call(DIRECT)
        ringing = await seat.ringing()
        call.hang_up()
        await ringing.until("ended", timeout=PATIENCE_S)
        assert ringing.ended_by == "them"
        await seat.until_state("READY")
        record = await until_record(boss, (await seat.offer())["contact_id"])
        assert told(record) == [("a01", "rescinded", "caller_left")]
        assert record["outcome"] == "short_abandon"
        await until_quiet(site, boss)


async def test_the_agent_answers_in_the_instant_in_which_the_caller_hangs_up(site: RigSite, boss: Desktop) -> None:
    outcomes = set()
    async with staff(site, "a01", answer_after=None) as (seat,), Phone.outside(site.pbx) as outside:
        loop = asyncio.get_running_loop()
        for apart_ms in (-40, -25, -15, -10, -7, -5, -4, -3, -2, -1, 0, 0, 1, 2, 3, 4, 5, 7, 10, 15, 25, 40):
            call = await outside.call(DIRECT)
            ringing = await seat.ringing()
            offer = await seat.offer()
            at = loop.time() + 0.05
            loop.call_at(at, answer_if_ringing, ringing)
            loop.call_at(at + apart_ms / 1000, call.hang_up)
            await asyncio.gather(call.until("ended", timeout=PATIENCE_S), ringing.until("ended", timeout=PATIENCE_S))
            await seat.until_state("READY")
            record = await until_record(boss, offer["contact_id"])
            assert len(record["offers"]) == 1
            connected = "connected" in states(record)
            assert record["outcome"] == ("handled" if connected else "short_abandon")
            outcomes.add(connected)
        await until_quiet(site, boss)
        assert len(seat.phone.invites) == 22
        seat.assert_popped_before_ringing()
    assert outcomes == {True, False}, "both sides of the instant were tried"
