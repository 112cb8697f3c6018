"""How agents work, live: desktops that accept, several phones, calls of their own, wrap-up, chats, skills."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sip_test_rig.desktop import Desktop, JsonObject
from sip_test_rig.eventually import eventually
from sip_test_rig.phone import Phone, PhoneCall
from sip_test_rig.site import RigSite
from sip_test_rig.tones import MUSIC_HZ
from tests.integration.floor import (
    DIRECT,
    MENU,
    PATIENCE_S,
    Seat,
    all_records,
    both_hear,
    floor_config,
    staff,
    through_the_menu,
    until_hears_more,
    until_quiet,
    until_record,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

RING_ALL = "300"
AFTER_CALL = "301"
ENGLISH = "302"
ELSEWHERE = "Call completed elsewhere"
ROUNDS = 50


def _config() -> dict[str, Any]:
    config = floor_config(5, ring_seconds=15)
    config["skills"].append("cooking")
    queues, entries, agents = config["queues"], config["entries"], config["agents"]
    plain = {"steps": [{}], "ring_seconds": 15}
    queues["everybody"] = {**plain, "ring": 3}
    queues["after"] = {
        **plain,
        "wrap_up_seconds": 5,
        "wrap_up_max_seconds": 60,
        "disposition_required": True,
    }
    queues["kitchen"] = {"steps": [{"skills": {"cooking": 5}}], "ring_seconds": 15}
    for name, number in (("everybody", RING_ALL), ("after", AFTER_CALL), ("kitchen", ENGLISH)):
        entries[name] = {"dnis": number, "open": {"queue": name}}
    agents["a01"]["answer"] = "desktop"
    agents["a02"]["answer"] = "auto"
    agents["a03"]["capacity"] = {"voice": 1, "chat": 2}
    return config


CONFIG = _config()
SITE = {"extensions": "exten => _1XXX,1,Dial(PJSIP/${EXTEN},30)\n"}


async def hang_up(site: RigSite, boss: Desktop, *calls: PhoneCall) -> None:
    for call in calls:
        call.hang_up()
    await until_quiet(site, boss)


async def wrap_up(seat: Seat, contact_id: str, **body: Any) -> JsonObject:
    answer: JsonObject = await seat.desktop.request("PUT", f"/v1/contacts/{contact_id}/wrap-up", body)
    return answer


async def test_an_offer_accepted_at_the_desktop_rings_a_phone_that_answers_by_itself(
    site: RigSite, boss: Desktop
) -> None:
    async with staff(site, "a01", answer_after=None) as (seat,), Phone.outside(site.pbx) as outside:
        call = await outside.call(DIRECT)
        offer = (await seat.offer())["data"]["offer"]
        assert offer["allowed_actions"] == ["accept_offer", "reject_offer", "deflect_offer"]
        await until_hears_more(call, MUSIC_HZ, 0.2)
        assert seat.phone.calls == [], "nothing rings before the agent has accepted"
        accepted = await seat.desktop.request("POST", f"/v1/offers/{offer['id']}/accept")
        assert accepted["offer"]["state"] == "accepted"
        agent_call = await seat.ringing()
        assert "answer-after=0" in str(agent_call.header("Call-Info"))
        await both_hear(call, agent_call, seat)
        seat.assert_popped_before_ringing()
        await hang_up(site, boss, call)
        record = await until_record(boss, offer["contact_id"])
        assert [(each["agent_id"], each["state"]) for each in record["offers"]] == [("a01", "accepted")]


async def test_an_agent_who_wants_it_so_has_a_phone_that_answers_by_itself(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a02", answer_after=None) as (seat,), Phone.outside(site.pbx) as outside:
        call = await outside.call(DIRECT)
        await both_hear(call, await seat.ringing(), seat)
        await hang_up(site, boss, call)


async def test_non_acd_calls_stop_routing_until_the_phone_is_free(site: RigSite, boss: Desktop) -> None:
    async with (
        staff(site, "a04", "a05", answer_after=0.0, ready=False) as (agent, colleague),
        Phone.outside(site.pbx) as outside,
    ):
        await agent.ready()
        own_call = await agent.phone.call("1005")
        await both_hear(own_call, await colleague.ringing(), colleague)

        async def in_use() -> bool:
            return bool((await agent.view())["device_in_use"])

        await eventually(in_use, "the agent's phone is seen in use", timeout=PATIENCE_S)
        call = await outside.call(DIRECT)
        await until_hears_more(call, MUSIC_HZ, 1.0)
        view = await agent.view()
        assert (view["state"], view["offer_id"]) == ("READY", None)
        own_call.hang_up()
        agent_call = await agent.ringing()
        await both_hear(call, agent_call, agent)
        assert len([each for each in agent.phone.calls if each.incoming]) == 1
        await hang_up(site, boss, call)


async def test_ringall_winners_two_answer_at_once_fifty_times(site: RigSite, boss: Desktop) -> None:
    """Three phones ring, two answer in the same moment: one talks, the others are told, nobody's talk is cut."""
    winners = set()
    async with (
        staff(site, "a03", "a04", "a05", answer_after=None) as seats,
        Phone.outside(site.pbx) as outside,
    ):
        for _ in range(ROUNDS):
            call = await outside.call(RING_ALL)
            ringing = await asyncio.gather(*(seat.ringing() for seat in seats))
            ringing[0].answer()
            ringing[1].answer()
            await ringing[2].until("ended", timeout=PATIENCE_S)

            def one_left(ringing: list[PhoneCall] = ringing) -> bool:
                return sum(each.state == "ended" for each in ringing) == 2

            await eventually(one_left, "two of three were told to stop", timeout=PATIENCE_S)
            (winner,) = [index for index, each in enumerate(ringing) if each.state != "ended"]
            winners.add(winner)
            assert winner in (0, 1)
            for index, each in enumerate(ringing):
                if index != winner:
                    assert ELSEWHERE in each.reason, (index, each.reason)
            await both_hear(call, ringing[winner], seats[winner], 0.1)
            assert ringing[winner].state == call.state == "answered"
            ringing[winner].hang_up()
            await call.until("ended", timeout=PATIENCE_S)
            for seat in seats:
                await seat.until_state("READY")
        await until_quiet(site, boss)

        async def all_saved() -> bool:
            return len(await all_records(boss, queue="everybody")) == ROUNDS

        await eventually(all_saved, "every call has its record", timeout=PATIENCE_S)
        records = await all_records(boss, queue="everybody")
    for record in records:
        assert record["outcome"] == "handled"
        assert sorted((each["state"], each["cause"] or "") for each in record["offers"]) == [
            ("accepted", ""),
            ("rescinded", "answered_elsewhere"),
            ("rescinded", "answered_elsewhere"),
        ]


async def test_wrap_up_waits_for_its_disposition_and_is_extended(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a04") as (seat,), Phone.outside(site.pbx) as outside:
        call = await outside.call(AFTER_CALL)
        contact_id = (await seat.offer())["contact_id"]
        await both_hear(call, await seat.ringing(), seat)
        call.hang_up()
        await seat.until_state("WRAP_UP")
        before = (await seat.view())["wrap_up_until"]
        await wrap_up(seat, contact_id, extend_seconds=1)
        assert (await seat.view())["wrap_up_until"] > before

        async def overdue() -> bool:
            return "extend_wrap_up" not in (await seat.view())["allowed_actions"]

        await eventually(overdue, "the time of the wrap-up is over", timeout=PATIENCE_S)
        view = await seat.view()
        assert (view["state"], view["allowed_actions"]) == ("WRAP_UP", ["wrap_up"])
        await wrap_up(seat, contact_id, disposition="order")
        await seat.until_state("READY")
        record = await until_record(boss, contact_id)
        assert (record["disposition"], record["disposition_missing"]) == ("order", False)
        assert record["wrap_up_ms"] >= 6_000


async def test_a_call_interrupts_a_chat_and_both_are_finished(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a03") as (seat,), Phone.outside(site.pbx) as outside:
        chat = (await boss.request("POST", "/v1/contacts", {"channel": "chat", "queue": "everybody"}))["contact"]
        offer = (await seat.offer())["data"]["offer"]
        assert offer["contact_id"] == chat["id"]
        await seat.desktop.request("POST", f"/v1/offers/{offer['id']}/accept")
        assert (await seat.view())["channels"]["chat"] == {"capacity": 2, "in_use": 1}
        call = await outside.call(DIRECT)
        await both_hear(call, await seat.ringing(), seat)
        await seat.desktop.wait("contact.interrupted", timeout=PATIENCE_S)
        assert [task["interrupted"] for task in (await seat.view())["tasks"]] == [True]
        call.hang_up()
        await seat.desktop.wait("contact.resumed", timeout=PATIENCE_S)
        await seat.until_state("READY")
        await wrap_up(seat, chat["id"], complete=True)
        await until_quiet(site, boss)
        found = [each for each in await all_records(boss, agent_id="a03") if each["contact_id"] == chat["id"]]
        assert [(each["channel"], each["outcome"]) for each in found] == [("chat", "handled")]


async def test_a_skill_given_while_a_caller_waits_connects_them(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a04") as (seat,), Phone.outside(site.pbx) as outside:
        call = await outside.call(ENGLISH)
        await until_hears_more(call, MUSIC_HZ, 0.5)
        await boss.request("PATCH", "/v1/agents/a04", {"skills": {"cooking": 7}})
        await both_hear(call, await seat.ringing(), seat)
        await hang_up(site, boss, call)
        await boss.request("PATCH", "/v1/agents/a04", {"skills": None})


async def test_a_caller_who_comes_back_is_known_by_who_served_them(site: RigSite, boss: Desktop) -> None:
    number = "+493055512999"
    async with staff(site, "a04") as (seat,), Phone.outside(site.pbx, number) as outside:
        pops = []
        for _ in range(2):
            call = await outside.call(MENU)
            await through_the_menu(call)
            offer = (await seat.offer())["data"]["offer"]
            pops.append(offer["pop"]["attributes"])
            await both_hear(call, await seat.ringing(), seat)
            await hang_up(site, boss, call)
            await until_record(boss, offer["contact_id"])
        assert [(pop.get("last_agent"), pop.get("last_queue")) for pop in pops] == [(None, None), ("a04", "sales")]
