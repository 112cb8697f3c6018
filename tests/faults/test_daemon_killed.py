"""Kill -9 the daemon while calls are up: no talk is cut, no caller is lost or in silence, nobody is offered twice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from ctid.client import Client, Event, Snapshot
from ctid.client.client import State
from ctid.model.access import Role
from sip_test_rig.desktop import Desktop, JsonObject
from sip_test_rig.eventually import eventually
from sip_test_rig.phone import Phone, PhoneCall
from sip_test_rig.site import PROMPTS, RigSite, prompts
from sip_test_rig.tones import MUSIC_HZ
from tests.integration.floor import (
    DIRECT,
    MENU,
    MENU_HZ,
    PATIENCE_S,
    Seat,
    assert_log_clean,
    assert_replays,
    both_hear,
    floor_config,
    staff,
    states,
    until_hears_more,
    until_quiet,
    until_record,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]


FLOW = "500"
WELCOME_HZ, CLOSED_HZ = PROMPTS["ctid/welcome"], PROMPTS["ctid/closed"]
CONFIG = floor_config(2, ring_seconds=120)
CONFIG["menus"]["main"]["timeout_seconds"] = 60
CONFIG["entries"]["flow"] = {"dnis": FLOW, "open": {"flow": "two_menus"}}
CONFIG["flows"] = {
    "two_menus": {
        "start": "first",
        "nodes": {
            "first": {
                "menu": {
                    "say": [{"prompt": "ctid/main-menu"}],
                    "keys": {"1": "second"},
                    "timeout_seconds": 60,
                    "otherwise": "lost",
                }
            },
            "second": {
                "menu": {
                    "say": [{"prompt": "ctid/closed"}],
                    "keys": {"2": "chosen"},
                    "timeout_seconds": 60,
                    "otherwise": "lost",
                }
            },
            "chosen": {"say": [{"prompt": "ctid/welcome"}], "then": "done"},
            "done": {"end": "done"},
            "lost": {"end": "lost"},
        },
    }
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site() -> AsyncIterator[RigSite]:
    async with RigSite(CONFIG, sounds=prompts(welcome=2.0, main_menu=2.0)) as site:
        yield site
        await assert_replays(site)
        assert_log_clean(site)


async def contacts(boss: Desktop) -> list[JsonObject]:
    """Live contacts in order of arrival."""
    items: list[JsonObject] = (await boss.request("GET", "/v1/contacts"))["items"]
    return items


async def until_contact_states(boss: Desktop, *wanted: str) -> list[JsonObject]:
    """Wait until the live contacts, in order of arrival, are in these states."""

    async def so() -> bool:
        return [contact["state"] for contact in await contacts(boss)] == list(wanted)

    await eventually(so, f"contacts are {wanted}", timeout=PATIENCE_S)
    return await contacts(boss)


def without(contact: JsonObject, *keys: str) -> JsonObject:
    """A contact but for what changes as time goes by."""
    return {key: value for key, value in contact.items() if key not in keys}


@pytest.mark.parametrize("answers", ["while the daemon is away", "when the daemon is back"])
async def test_one_call_talks_one_waits_and_one_rings(site: RigSite, answers: str) -> None:
    async with (
        staff(site, "a01", "a02", ready=False) as (talker, ringer),
        Phone.outside(site.pbx, "+12025550101", voice_hz=740) as one,
        Phone.outside(site.pbx, "+12025550102", voice_hz=2030) as two,
        Phone.outside(site.pbx, "+12025550103", voice_hz=2150) as three,
        Phone.outside(site.pbx, "+12025550104", voice_hz=2290) as four,
    ):
        ringer.phone.answer_after = None
        await talker.ready()
        talk = await one.call(DIRECT)
        talking = await talker.ringing()
        await both_hear(talk, talking, talker)
        await ringer.ready()
        rung = await two.call(DIRECT)
        ringing = await ringer.ringing()
        async with site.supervisor() as boss:
            first_waits = await three.call(DIRECT)
            await until_contact_states(boss, "connected", "offered", "queued")
            second_waits = await four.call(DIRECT)
            before = await until_contact_states(boss, "connected", "offered", "queued", "queued")
            looked_at = time.monotonic()

        await site.ctid.kill()
        await asyncio.gather(
            both_hear(talk, talking, talker, 1.0),
            until_hears_more(rung, MUSIC_HZ, 1.0),
            until_hears_more(first_waits, MUSIC_HZ, 1.0),
            until_hears_more(second_waits, MUSIC_HZ, 1.0),
        )
        assert ringing.state == "ringing"
        if answers == "while the daemon is away":
            ringing.answer()
            await both_hear(rung, ringing, ringer)
        await site.ctid.start()
        await asyncio.gather(talker.come_back(), ringer.come_back())

        async with site.supervisor() as boss:
            if answers == "when the daemon is back":
                await until_contact_states(boss, "connected", "offered", "queued", "queued")
                ringing.answer()
                await both_hear(rung, ringing, ringer)
            asked_at = time.monotonic()
            after = await until_contact_states(boss, "connected", "connected", "queued", "queued")
            for then, now in zip(before, after, strict=True):
                for key in ("id", "ani", "queue", "created_at", "queued_at", "path", "offer_ids"):
                    assert now[key] == then[key], key
                # Who served them last may have been found out only since.
                assert then["attributes"].items() <= now["attributes"].items()
            for then, now in zip(before[2:], after[2:], strict=True):
                assert now["wait_ms"] >= then["wait_ms"] + (asked_at - looked_at) * 1000 - 1_000
            await asyncio.gather(
                until_hears_more(first_waits, MUSIC_HZ, 0.5), until_hears_more(second_waits, MUSIC_HZ, 0.5)
            )
            await both_hear(talk, talking, talker)

            talking.hang_up()
            await talk.until("ended", timeout=PATIENCE_S)
            next_talk = await talker.ringing()
            await both_hear(first_waits, next_talk, talker)
            next_talk.hang_up()
            last_talk = await talker.ringing()
            await both_hear(second_waits, last_talk, talker)
            second_waits.hang_up()
            rung.hang_up()
            served = [before[0]["id"], before[2]["id"], before[3]["id"]]
            for contact, agent_id in zip(before, ("a01", "a02", "a01", "a01"), strict=True):
                record = await until_record(boss, contact["id"])
                assert states(record) == ["created", "queued", "offered", "connected"]
                offers = [(offer["agent_id"], offer["state"]) for offer in record["offers"]]
                assert (record["outcome"], offers) == ("handled", [(agent_id, "accepted")])
            await talker.until_state("READY")
            await ringer.until_state("READY")
            await until_quiet(site, boss)
        assert [call.header("X-Ctid-Contact") for call in talker.phone.calls] == served
        assert len(talker.phone.invites) == 3
        assert len(ringer.phone.invites) == 1, "nobody was offered twice"


async def test_the_talk_ends_while_the_daemon_is_away(site: RigSite) -> None:
    async with staff(site, "a01") as (seat,), Phone.outside(site.pbx) as outside:
        call = await outside.call(DIRECT)
        agent_call = await seat.ringing()
        await both_hear(call, agent_call, seat)
        contact_id = (await seat.offer())["contact_id"]
        await seat.desktop.wait("contact.connected", timeout=PATIENCE_S)
        await site.ctid.kill()
        call.hang_up()
        await agent_call.until("ended", timeout=PATIENCE_S)
        await site.ctid.start()
        await seat.come_back()
        await seat.until_state("READY")
        async with site.supervisor() as boss:
            record = await until_record(boss, contact_id)
            assert (record["outcome"], states(record)[-1]) == ("handled", "connected")
            await until_quiet(site, boss)


async def test_a_whole_talk_while_the_daemon_is_away_is_no_reason_to_ring_anybody_again(site: RigSite) -> None:
    async with staff(site, "a01", "a02", ready=False) as (one, two), Phone.outside(site.pbx) as outside:
        one.phone.answer_after = None
        await one.ready()
        call = await outside.call(DIRECT)
        ringing = await one.ringing()
        contact_id = (await one.offer())["contact_id"]
        await two.ready()
        await site.ctid.kill()
        ringing.answer()
        await both_hear(call, ringing, one)
        ringing.hang_up()
        await site.ctid.start()
        await asyncio.gather(one.come_back(), two.come_back())
        async with site.supervisor() as boss:
            record = await until_record(boss, contact_id)
            assert record["outcome"] == "handled"
            assert [(offer["agent_id"], offer["state"]) for offer in record["offers"]] == [("a01", "accepted")]
            assert not two.phone.invites
            await until_quiet(site, boss)


async def test_the_waiting_caller_and_the_one_whose_agent_rings_leave_while_the_daemon_is_away(site: RigSite) -> None:
    async with (
        staff(site, "a01", answer_after=None) as (seat,),
        Phone.outside(site.pbx, "+12025550101") as one,
        Phone.outside(site.pbx, "+12025550102") as two,
    ):
        rung = await one.call(DIRECT)
        ringing = await seat.ringing()
        waits = await two.call(DIRECT)
        async with site.supervisor() as boss:
            before = await until_contact_states(boss, "offered", "queued")
        await site.ctid.kill()
        rung.hang_up()
        waits.hang_up()
        await asyncio.gather(rung.until("ended"), waits.until("ended"))
        await site.ctid.start()
        await seat.come_back()
        await ringing.until("ended", timeout=PATIENCE_S)
        assert ringing.ended_by == "them", "nobody's phone rings for a caller who has left"
        async with site.supervisor() as boss:
            for contact in before:
                record = await until_record(boss, contact["id"])
                assert record["outcome"] in ("abandoned", "short_abandon")
            await seat.until_state("READY")
            await until_quiet(site, boss)
        assert len(seat.phone.invites) == 1


async def test_callers_in_a_menu_and_in_one_of_a_flow_are_led_back_into_them(site: RigSite) -> None:
    async with (
        staff(site, "a01") as (seat,),
        Phone.outside(site.pbx) as outside,
        Phone.outside(site.pbx, "+12025550101") as another,
    ):
        call = await outside.call(MENU)
        await call.until_heard(MENU_HZ, 0.1, PATIENCE_S)
        async with site.supervisor() as boss:
            (before,) = await until_contact_states(boss, "created")
            in_flow = await another.call(FLOW)
            await in_flow.until_heard(MENU_HZ, 0.1, PATIENCE_S)
            in_flow.press("1")
            await in_flow.until_heard(CLOSED_HZ, 0.1, PATIENCE_S)
            _, in_flow_before = await until_contact_states(boss, "created", "created")
        await site.ctid.kill()
        await asyncio.gather(until_hears_more(call, MUSIC_HZ), until_hears_more(in_flow, MUSIC_HZ))
        await site.ctid.start()
        await seat.come_back()

        async def press(into: PhoneCall, hz: float, key: str) -> None:
            await until_hears_more(into, hz, 0.1)
            into.press(key)

        await asyncio.gather(press(call, MENU_HZ, "1"), press(in_flow, CLOSED_HZ, "2"))
        agent_call = await seat.ringing()
        await both_hear(call, agent_call, seat)
        agent_call.hang_up()
        await in_flow.until_heard(WELCOME_HZ, 0.2, PATIENCE_S)
        await in_flow.until("ended", timeout=PATIENCE_S)
        async with site.supervisor() as boss:
            record = await until_record(boss, before["id"])
            assert [(step["kind"], step["name"]) for step in record["path"]] == [
                ("entry", "hotline"),
                ("flow", "main"),
                ("node", "main/menu"),
                ("key", "1"),
                ("node", "main/key-1"),
                ("left", "main/key-1"),
                ("queue", "sales"),
            ]
            record = await until_record(boss, in_flow_before["id"])
            keys = [(step["name"], step["result"]) for step in record["path"] if step["kind"] == "key"]
            assert (keys, record["outcome"]) == ([("1", "valid"), ("2", "valid")], "handled")
            await until_quiet(site, boss)


async def test_killed_with_nothing_up_it_comes_back_as_it_was(site: RigSite) -> None:
    async with staff(site, "a01") as (seat,), Phone.outside(site.pbx) as outside:
        then = await seat.view()
        await site.ctid.kill()
        await site.ctid.start()
        await seat.come_back()
        now = await seat.view()
        assert {key: now[key] for key in ("state", "since", "reason")} == {
            key: then[key] for key in ("state", "since", "reason")
        }
        call = await outside.call(DIRECT)
        agent_call = await seat.ringing()
        await both_hear(call, agent_call, seat)
        agent_call.hang_up()
        async with site.supervisor() as boss:
            await until_quiet(site, boss)


async def test_killed_again_and_again_at_any_moment_every_caller_is_served_once(site: RigSite) -> None:
    async with staff(site, "a01", "a02") as seats:
        served: list[str] = []
        daemon_is_there = asyncio.Event()
        daemon_is_there.set()

        async def serve(seat: Seat) -> None:
            while True:
                call = await seat.phone.next_call(PATIENCE_S * 4)
                await call.until("answered", "ended", timeout=PATIENCE_S)
                await call.media.until_heard(740, 0.2, PATIENCE_S)
                served.append(str(call.header("X-Ctid-Contact")))
                # A talk that began and ended while no daemon was there is told by nobody.
                await daemon_is_there.wait()
                call.hang_up()

        async def call(number: int) -> None:
            async with Phone.outside(site.pbx, f"+120255502{number:02}") as outside:
                dialled = await outside.call(DIRECT)
                await dialled.until("ended", timeout=PATIENCE_S * 4)
                assert dialled.ended_by == "them"

        async with asyncio.TaskGroup() as group:
            servers = [asyncio.create_task(serve(seat)) for seat in seats]
            for number in range(12):
                group.create_task(call(number))
            for enough in (3, 6, 9):
                await eventually(
                    lambda least=enough: len(served) >= least, "callers are served", timeout=PATIENCE_S * 2
                )
                daemon_is_there.clear()
                await site.ctid.kill()
                await site.ctid.start()
                await asyncio.gather(*(seat.come_back() for seat in seats))
                daemon_is_there.set()
        for server in servers:
            server.cancel()
        await asyncio.gather(*servers, return_exceptions=True)
        assert len(served) == len(set(served)) == 12
        async with site.supervisor() as boss:
            for contact_id in served:
                assert (await until_record(boss, contact_id))["outcome"] == "handled"
            await until_quiet(site, boss)


async def test_who_follows_the_events_misses_none_over_a_kill(site: RigSite) -> None:
    """The client library comes back by itself and is told of what happened before, at and after the kill."""
    seqs: list[int] = []
    types: list[str] = []
    async with (
        Client(site.ctid.url, site.token("boss", Role.SUPERVISOR), tries=20) as client,
        client.events() as stream,
        # It holds a whole start of the daemon, of which others may be under way.
        asyncio.timeout(3 * PATIENCE_S),
    ):

        async def follow_to(last: str) -> None:
            async for message in stream:
                assert not (seqs and isinstance(message, Snapshot)), "it is replayed, not shown anew"
                if isinstance(message, Snapshot):
                    seqs.append(message.position.seq)
                if isinstance(message, Event) and message.seq is not None:
                    seqs.append(message.seq)
                    types.append(message.type)
                if getattr(message, "caused_by", "") == last or (type(message).__name__ == last):
                    return

        async def change(state: State) -> str:
            answer = await client.request("PUT", "/v1/agents/a01/state", {"state": state})
            command_id: str = answer["command_id"]
            return command_id

        await follow_to("Live")
        await follow_to(await change("NOT_READY"))
        # The answer counts as given once it is in the journal, whether or not anybody was told of the event yet.
        last = await change("READY")
        await site.ctid.kill()
        await site.ctid.start()
        await follow_to(last)
        await follow_to(await change("LOGGED_OUT"))
    assert "site.started" in types
    assert seqs == list(range(seqs[0], seqs[-1] + 1))
