"""Customers who are called back through a real Asterisk: both modes, every way in which a try fails, and crashes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from sip_test_rig.asterisk_config import Endpoint, pjsip_endpoint
from sip_test_rig.desktop import Desktop, JsonObject
from sip_test_rig.eventually import eventually
from sip_test_rig.phone import Phone, PhoneCall
from sip_test_rig.site import RigSite
from sip_test_rig.tones import MUSIC_HZ
from tests.integration.floor import (
    DIRECT,
    MENU,
    PATIENCE_S,
    WELCOME_HZ,
    Seat,
    both_hear,
    floor_config,
    staff,
    states,
    until_hears_more,
    until_quiet,
    until_record,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

RINGBACK_HZ = 440.0
"""The lower of the two tones that a phone in the rig's country hears while another one rings."""
GOODBYE_HZ = 1_150.0
SHOWN = "+493055501"


def callback(**more: Any) -> dict[str, Any]:
    """How customers are called back: all of them at the one phone that is the trunk."""
    return {
        "dial": "PJSIP/{number}@trunk",
        "caller_id": SHOWN,
        "prompts": ["ctid/sorry"],
        "ring_seconds": 60,
        "attempts": 3,
        "retry_seconds": 1,
        "expire_seconds": 600,
        **more,
    }


def config() -> dict[str, Any]:
    """A floor of two agents; key 5 asks for a call agent first, 6 for one customer first, 7 for a hasty one."""
    data = floor_config(2, ring_seconds=20)
    sales = data["queues"]["sales"]
    data["queues"] |= {
        "sales": {**sales, "callback": callback()},
        "later": {**sales, "callback": callback(first="customer", ahead_seconds=5)},
        "human": {**sales, "callback": callback(first="customer", detect_machine=True, attempts=1)},
        "hasty": {**sales, "callback": callback(expire_seconds=3)},
    }
    data["menus"]["main"]["keys"] |= {
        "5": {"callback": "sales"},
        "6": {"callback": "later"},
        "7": {"callback": "hasty"},
        "8": {"callback": "human"},
    }
    return data


CONFIG = config()
SITE = {"files": {"pjsip.conf": pjsip_endpoint(Endpoint(name="trunk"))}}


@contextlib.asynccontextmanager
async def trunk(site: RigSite, *, answer_after: float | None = 0.3) -> AsyncIterator[Phone]:
    """The phone at which all customers are reached."""
    phone = Phone.of(site.pbx, "trunk", voice_hz=2030, answer_after=answer_after)
    async with phone:
        yield phone


async def ask(site: RigSite, boss: Desktop, key: str = "5", number: str = "+12025550100") -> str:
    """A caller asks to be called back and is let go; gives the contact."""
    async with Phone.outside(site.pbx, number) as caller:
        call = await caller.call(MENU)
        await call.until_heard(WELCOME_HZ, 0.1, PATIENCE_S)
        call.press(key)
        await call.until_heard(GOODBYE_HZ, 0.3, PATIENCE_S)
        await call.until("ended", timeout=PATIENCE_S)
        assert call.ended_by == "them", "the caller is let go"
    event = await boss.wait("callback.requested", timeout=PATIENCE_S)
    contact: JsonObject = event["data"]["contact"]
    assert contact["callback"]["number"] == number
    return str(contact["id"])


def told(record: JsonObject) -> list[str | None]:
    """What the record's path tells of the callback."""
    return [step["result"] for step in record["path"] if step["kind"] == "callback"]


async def until_callback(boss: Desktop, contact_id: str, **wanted: Any) -> None:
    """Wait until the callback is as wanted."""

    async def so() -> bool:
        view = (await boss.request("GET", f"/v1/callbacks/{contact_id}"))["callback"]
        return all(view[key] == value for key, value in wanted.items())

    await eventually(so, f"callback {contact_id} is {wanted}", timeout=PATIENCE_S)


def dialled(call: PhoneCall) -> str:
    """The number that the PBX dialled at the trunk."""
    return str(call.dialog.request.headers["To"]["number"])


async def test_agent_first_they_talk_and_the_agent_ends_it(site: RigSite, boss: Desktop) -> None:
    contact_id = await ask(site, boss)

    async def is_gone() -> bool:
        (waiting,) = (await boss.request("GET", "/v1/callbacks"))["items"]
        assert (waiting["id"], waiting["state"]) == (contact_id, "queued")
        return bool(waiting["legs"] == [])

    await eventually(is_gone, "the caller's leg is gone", timeout=PATIENCE_S)
    async with trunk(site, answer_after=None) as customers, staff(site, "a01") as (seat,):
        offer = await seat.offer()
        assert offer["contact_id"] == contact_id
        assert offer["data"]["offer"]["pop"]["callback"]["number"] == "+12025550100"
        agent = await seat.ringing()
        ringing = await customers.next_call(PATIENCE_S)
        assert (ringing.other, dialled(ringing)) == (SHOWN, "+12025550100")
        await agent.until_heard(RINGBACK_HZ, 0.5, PATIENCE_S)
        assert (await boss.request("GET", f"/v1/contacts/{contact_id}"))["state"] == "offered"
        ringing.answer()
        await both_hear(ringing, agent, seat)
        await seat.until_state("BUSY")
        agent.hang_up()
        await ringing.until("ended", timeout=PATIENCE_S)
        record = await until_record(boss, contact_id)
        assert (record["outcome"], record["agent_id"], told(record)) == ("handled", "a01", [None])
        assert states(record) == ["created", "queued", "offered", "connected"]
        await seat.until_state("READY")
        await until_quiet(site, boss)
        seat.assert_popped_before_ringing()


async def test_agent_first_the_customer_ends_it(site: RigSite, boss: Desktop) -> None:
    async with trunk(site) as customers, staff(site, "a01") as (seat,):
        contact_id = await ask(site, boss)
        agent = await seat.ringing()
        customer = await customers.next_call(PATIENCE_S)
        await both_hear(customer, agent, seat)
        await seat.until_state("BUSY")
        customer.hang_up()
        await agent.until("ended", timeout=PATIENCE_S)
        assert (await until_record(boss, contact_id))["outcome"] == "handled"
        await seat.until_state("READY")
        await until_quiet(site, boss)


@pytest.mark.parametrize(
    ("status", "cause"), [(486, "busy"), (603, "rejected"), (480, "no_answer"), (404, "unreachable")]
)
async def test_a_customer_who_is_not_reached_is_tried_again(
    site: RigSite, boss: Desktop, status: int, cause: str
) -> None:
    # Customers are dialled as an agent answers.
    async with trunk(site) as customers, staff(site, "a01", answer_after=None) as (seat,):
        customers.reject_with = status
        contact_id = await ask(site, boss)
        first = await seat.ringing()
        first.answer()
        await first.until("ended", timeout=PATIENCE_S)
        assert first.ended_by == "them", "the agent does not wait for nobody"
        await boss.wait("callback.attempted", timeout=PATIENCE_S)
        customers.reject_with = None
        again = await seat.ringing()
        again.answer()
        customer = await customers.next_call(PATIENCE_S)
        await both_hear(customer, again, seat)
        again.hang_up()
        record = await until_record(boss, contact_id)
        assert (record["outcome"], told(record)) == ("handled", [None, cause])
        assert [(offer["state"], offer["cause"]) for offer in record["offers"]] == [
            ("canceled", "not_reached"),
            ("accepted", None),
        ]
        await seat.until_state("READY")
        await until_quiet(site, boss)


async def test_nobody_answers_until_the_attempts_are_used_up(site: RigSite, boss: Desktop) -> None:
    async with trunk(site) as customers, staff(site, "a01") as (seat,):
        customers.reject_with = 486
        contact_id = await ask(site, boss)
        record = await until_record(boss, contact_id)
        assert (record["outcome"], told(record)) == ("callback", [None, "busy", "busy", "busy"])
        assert record["agent_id"] is None
        await seat.until_state("READY")
        assert len(seat.phone.invites) == 3
        await until_quiet(site, boss)


async def test_the_agent_hangs_up_while_the_customer_rings(site: RigSite, boss: Desktop) -> None:
    async with trunk(site, answer_after=None) as customers, staff(site, "a01", "a02", ready=False) as (first, second):
        await first.ready()
        contact_id = await ask(site, boss)
        agent = await first.ringing()
        ringing = await customers.next_call(PATIENCE_S)
        agent.hang_up()
        await ringing.until("ended", timeout=PATIENCE_S)
        await until_callback(boss, contact_id, attempts=0, last_cause="agent_left", dialling=False)
        await second.ready()
        agent = await second.ringing()
        ringing = await customers.next_call(PATIENCE_S)
        ringing.answer()
        await both_hear(ringing, agent, second)
        ringing.hang_up()
        record = await until_record(boss, contact_id)
        assert (record["outcome"], record["agent_id"], told(record)) == ("handled", "a02", [None, "agent_left"])
        await until_quiet(site, boss)


async def test_the_agent_hangs_up_in_the_instant_in_which_the_customer_answers(site: RigSite, boss: Desktop) -> None:
    ways = set()
    async with trunk(site, answer_after=None) as customers, staff(site, "a01", "a02", ready=False) as (first, second):
        loop = asyncio.get_running_loop()
        for apart_ms in (-30, -10, -5, -2, -1, 0, 1, 2, 5, 10, 30):
            await first.ready()
            contact_id = await ask(site, boss)
            agent = await first.ringing()
            ringing = await customers.next_call(PATIENCE_S)
            await agent.until_heard(RINGBACK_HZ, 0.1, PATIENCE_S)
            # Once she has hung up the customer is not to be hers again before they were seen to wait.
            await first.desktop.set_state("NOT_READY")
            at = loop.time() + 0.05
            loop.call_at(at, lambda call=ringing: call.answer() if call.state == "ringing" else None)
            loop.call_at(at + apart_ms / 1000, agent.hang_up)
            await agent.until("ended", timeout=PATIENCE_S)

            async def decided(contact_id: str = contact_id) -> bool:
                contact = await boss.request("GET", f"/v1/contacts/{contact_id}")
                waits = contact["state"] == "queued" and not contact["callback"]["dialling"]
                return waits or contact["state"] == "closed"

            await eventually(decided, "the customer waits, is to be called again, or has talked", timeout=PATIENCE_S)
            contact = await boss.request("GET", f"/v1/contacts/{contact_id}")
            ways.add("talked" if contact["state"] == "closed" else "waits" if contact["legs"] else "again")
            if contact["state"] != "closed":
                if contact["legs"]:
                    await until_hears_more(ringing, MUSIC_HZ, 0.2)
                await second.ready()
                agent = await second.ringing()
                if not contact["legs"]:
                    await ringing.until("ended", timeout=PATIENCE_S)
                    ringing = await customers.next_call(PATIENCE_S)
                    ringing.answer()
                await both_hear(ringing, agent, second)
                agent.hang_up()
            assert (await until_record(boss, contact_id))["outcome"] == "handled"
            await second.desktop.set_state("NOT_READY")
            await until_quiet(site, boss)
    assert len(ways) >= 2, f"only {ways} were tried"


async def test_trap_callback_position(site: RigSite, boss: Desktop) -> None:
    """Live callers and callbacks in one true order, and never more customers dialled than agents reserved."""
    async with (
        trunk(site, answer_after=None) as customers,
        staff(site, "a01", ready=False) as (seat,),
        Phone.outside(site.pbx, "+12025550191", voice_hz=740) as early,
        Phone.outside(site.pbx, "+12025550192", voice_hz=2150) as late,
    ):
        first = await early.call(DIRECT)
        await until_hears_more(first, MUSIC_HZ, 0.2)
        wants = [await ask(site, boss, number="+12025550181"), await ask(site, boss, number="+12025550182")]
        last = await late.call(DIRECT)
        await until_hears_more(last, MUSIC_HZ, 0.2)
        live = [contact["id"] for contact in (await boss.request("GET", "/v1/contacts"))["items"]]
        assert live == [live[0], *wants, live[-1]]
        await seat.ready()
        agent = await seat.ringing()
        await both_hear(first, agent, seat)
        assert customers.calls == [], "nobody is dialled while no agent is there for them"
        agent.hang_up()
        for number in ("+12025550181", "+12025550182"):
            agent = await seat.ringing()
            customer = await customers.next_call(PATIENCE_S)
            assert dialled(customer) == number
            assert sum(call.state != "ended" for call in customers.calls) == 1
            customer.answer()
            await both_hear(customer, agent, seat)
            agent.hang_up()
            await customer.until("ended", timeout=PATIENCE_S)
        agent = await seat.ringing()
        await both_hear(last, agent, seat)
        last.hang_up()
        served = [str(call.header("X-Ctid-Contact")) for call in seat.phone.calls]
        assert served == live
        await until_quiet(site, boss)


async def test_a_waiting_caller_is_called_back_by_request_and_a_number_only_once(site: RigSite, boss: Desktop) -> None:
    async with (
        trunk(site) as customers,
        staff(site, "a01", ready=False) as (seat,),
        Phone.outside(site.pbx, "+12025550177") as outside,
    ):
        call = await outside.call(DIRECT)
        await until_hears_more(call, MUSIC_HZ, 0.2)
        queued = await boss.wait("contact.queued", timeout=PATIENCE_S)
        contact_id = queued["contact_id"]
        await boss.request("POST", "/v1/callbacks", {"contact_id": contact_id})
        await call.until_heard(GOODBYE_HZ, 0.2, PATIENCE_S)
        await call.until("ended", timeout=PATIENCE_S)
        with pytest.raises(Exception, match="conflict"):
            await boss.request("POST", "/v1/callbacks", {"number": "+12025550177", "queue": "sales"})
        again = await outside.call(MENU)
        await again.until_heard(WELCOME_HZ, 0.1, PATIENCE_S)
        again.press("5")
        await again.until("ended", timeout=PATIENCE_S)
        await seat.ready()
        agent = await seat.ringing()
        customer = await customers.next_call(PATIENCE_S)
        await both_hear(customer, agent, seat)
        agent.hang_up()
        record = await until_record(boss, contact_id)
        assert (record["outcome"], record["queued_at"]) == ("handled", queued["data"]["contact"]["queued_at"])
        await until_quiet(site, boss)
        assert len(customers.calls) == 1


async def test_a_callback_that_is_taken_back_or_expires_is_never_dialled(site: RigSite, boss: Desktop) -> None:
    async with trunk(site) as customers, staff(site, "a01", ready=False) as (seat,):
        hasty = await ask(site, boss, "7")
        record = await until_record(boss, hasty)
        assert (record["outcome"], told(record)) == ("callback", [None, "expired"])
        asked = await boss.request("POST", "/v1/callbacks", {"number": "+12025550171", "queue": "sales"})
        await boss.request("DELETE", f"/v1/callbacks/{asked['contact']['id']}")
        await seat.ready()
        await until_quiet(site, boss)
        assert (customers.calls, seat.phone.invites) == ([], {})


async def test_customer_first_they_wait_at_their_place_and_are_offered_like_any_caller(
    site: RigSite, boss: Desktop
) -> None:
    async with trunk(site, answer_after=None) as customers, staff(site, "a01") as (seat,):
        contact_id = await ask(site, boss, "6")
        ringing = await customers.next_call(PATIENCE_S)
        assert seat.phone.invites == {}, "the customer first"
        await seat.desktop.set_state("NOT_READY")
        ringing.answer()
        await until_hears_more(ringing, MUSIC_HZ, 0.5)
        await boss.wait("callback.waited", timeout=PATIENCE_S)
        await seat.ready()
        agent = await seat.ringing()
        await both_hear(ringing, agent, seat)
        agent.hang_up()
        await ringing.until("ended", timeout=PATIENCE_S)
        record = await until_record(boss, contact_id)
        assert (record["outcome"], told(record)) == ("handled", [None])
        await until_quiet(site, boss)


async def test_customer_first_one_who_hangs_up_while_waiting_is_called_again(site: RigSite, boss: Desktop) -> None:
    async with trunk(site) as customers, staff(site, "a01") as (seat,):
        seat.phone.answer_after = None
        contact_id = await ask(site, boss, "6")
        customer = await customers.next_call(PATIENCE_S)
        rung = await seat.ringing()
        # The next call, not this one.
        seat.phone.answer_after = 0.0
        customer.hang_up()
        await rung.until("ended", timeout=PATIENCE_S)
        customer = await customers.next_call(PATIENCE_S)
        agent = await seat.ringing()
        await both_hear(customer, agent, seat)
        customer.hang_up()
        record = await until_record(boss, contact_id)
        assert (record["outcome"], told(record)) == ("handled", [None, "hung_up"])
        await until_quiet(site, boss)


async def test_customer_first_an_answering_machine_is_no_customer(site: RigSite, boss: Desktop) -> None:
    async with trunk(site) as customers, staff(site, "a01") as (seat,):
        contact_id = await ask(site, boss, "8")
        machine = await customers.next_call(PATIENCE_S)
        await machine.until("ended", timeout=PATIENCE_S)
        assert machine.ended_by == "them"
        record = await until_record(boss, contact_id)
        assert (record["outcome"], told(record)) == ("callback", [None, "machine"])
        assert seat.phone.invites == {}
        await until_quiet(site, boss)


async def come_back(site: RigSite, *seats: Seat) -> None:
    await site.ctid.start()
    await asyncio.gather(*(seat.come_back() for seat in seats))


@pytest.mark.parametrize("answers", ["while the daemon is away", "when the daemon is back"])
async def test_the_daemon_is_killed_while_the_customer_rings(site: RigSite, answers: str) -> None:
    async with trunk(site, answer_after=None) as customers, staff(site, "a01") as (seat,):
        async with site.supervisor() as boss:
            contact_id = await ask(site, boss)
            agent = await seat.ringing()
            ringing = await customers.next_call(PATIENCE_S)
            await until_callback(boss, contact_id, dialling=True)
        await site.ctid.kill()
        if answers == "while the daemon is away":
            ringing.answer()
            await both_hear(ringing, agent, seat)
        await come_back(site, seat)
        if answers == "when the daemon is back":
            ringing.answer()
            await both_hear(ringing, agent, seat)
        await seat.until_state("BUSY")
        agent.hang_up()
        async with site.supervisor() as boss:
            record = await until_record(boss, contact_id)
            assert (record["outcome"], told(record)) == ("handled", [None])
            assert len(customers.calls) == 1, "nobody is dialled twice"
            await until_quiet(site, boss)


async def test_the_daemon_is_killed_while_the_agents_phone_rings_for_a_callback(site: RigSite) -> None:
    async with trunk(site) as customers, staff(site, "a01", answer_after=None) as (seat,):
        async with site.supervisor() as boss:
            contact_id = await ask(site, boss)
        agent = await seat.ringing()
        await site.ctid.kill()
        agent.answer()
        await agent.until_heard(RINGBACK_HZ, 0.3, PATIENCE_S)
        assert customers.calls == []
        await come_back(site, seat)
        customer = await customers.next_call(PATIENCE_S)
        await both_hear(customer, agent, seat)
        customer.hang_up()
        async with site.supervisor() as boss:
            assert (await until_record(boss, contact_id))["outcome"] == "handled"
            await until_quiet(site, boss)
        assert len(customers.calls) == 1


async def test_the_daemon_is_killed_while_the_customer_waits_on_the_line(site: RigSite) -> None:
    async with trunk(site) as customers, staff(site, "a01") as (seat,):
        customers.answer_after = None
        async with site.supervisor() as boss:
            contact_id = await ask(site, boss, "6")
        customer = await customers.next_call(PATIENCE_S)
        await seat.desktop.set_state("NOT_READY")
        customer.answer()
        await until_hears_more(customer, MUSIC_HZ, 0.3)
        await site.ctid.kill()
        await until_hears_more(customer, MUSIC_HZ, 1.0)
        await come_back(site, seat)
        await seat.ready()
        agent = await seat.ringing()
        await both_hear(customer, agent, seat)
        customer.hang_up()
        async with site.supervisor() as boss:
            assert (await until_record(boss, contact_id))["outcome"] == "handled"
            await until_quiet(site, boss)
        assert len(customers.calls) == 1
