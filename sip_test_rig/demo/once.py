"""Once: one call carried through to its wrap-up; every claim is checked by what was heard, seen and recorded."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from ctid.client import RefusedError
from sip_test_rig.demo.errors import DemoError
from sip_test_rig.demo.stage import AGENT_VOICES_HZ, CALLER_VOICE_HZ, Stage, stage
from sip_test_rig.demo.steps import Steps
from sip_test_rig.desktop import JsonObject
from sip_test_rig.eventually import eventually
from sip_test_rig.phone import Phone, PhoneCall

CALLER: Final = "+493023125017"
"""Greta Lindqvist of customers.csv; a number of the block that is kept for fiction."""

AGENT: Final = "alice"
DISPOSITION: Final = "order"
# "For sales, press 1." is over; who knows what they want does not hear the rest out.
MENU_HEARD_S: Final = 2.0


async def once(steps: Steps) -> JsonObject:
    """Carry one call through.

    Returns:
        What happened, as it is printed.

    Raises:
        DemoError: Something did not happen as it must.
        TimeoutError: Something did not happen in time.
    """
    async with stage(steps) as set_up, Phone.outside(set_up.site.pbx, CALLER, voice_hz=CALLER_VOICE_HZ) as caller:
        return await _carry_through(set_up, caller, steps)


async def _carry_through(set_up: Stage, caller: Phone, steps: Steps) -> JsonObject:
    desktop, phone = set_up.desktops[AGENT], set_up.phones[AGENT]
    with steps.step("call_answered", f"{CALLER} dials 100"):
        call = await caller.call("100")
        await call.until("answered")
    with steps.step("menu_heard", "The caller hears the welcome and the menu") as step:
        await set_up.prompts.until_heard(call, "ctid/welcome")
        likeness = await set_up.prompts.until_heard(call, "ctid/main-menu", MENU_HEARD_S)
        step.detail = f"recognised by ear, {likeness:.0%} alike"
    with steps.step("screen_popped", "They press 1, and Alice's screen shows who calls") as step:
        call.press("1")
        offered = await desktop.wait("offer.created")
        pop, contact_id = offered["data"]["offer"]["pop"], offered["contact_id"]
        _must(pop["ani"] == CALLER, f"the screen pop shows {pop['ani']} as the caller, not {CALLER}")
        _must(pop["customer"] is not None, "the screen pop does not know the customer")
        step.detail = f"{pop['customer']['name']} ({pop['customer']['tier']}), queue {pop['queue']}"
    with steps.step("phone_rang", "Only then her phone rings") as step:
        ringing = await phone.next_call()
        pop_ahead_s = ringing.began_at - offered["received_at"]
        _must(pop_ahead_s > 0, f"the phone rang {-pop_ahead_s * 1000:.1f} ms before the screen pop")
        _must(ringing.header("X-Ctid-Contact") == contact_id, "the phone rings for another contact")
        step.detail = f"{pop_ahead_s * 1000:.1f} ms after the pop"
    with steps.step("talked", "Alice answers, and each hears the other") as step:
        await _talk(set_up, call, ringing)
        step.detail = f"the caller hears {AGENT_VOICES_HZ[AGENT]:.0f} Hz, Alice {CALLER_VOICE_HZ:.0f} Hz"
    with steps.step("hung_up", "The caller hangs up; Alice's phone is let go and her wrap-up begins"):
        call.hang_up()
        await ringing.until("ended")
        await desktop.wait("contact.wrap_up")
    with steps.step("wrapped_up", f"Alice closes the contact with the disposition {DISPOSITION}"):
        body = {"disposition": DISPOSITION, "notes": "Two lamps, delivery on Friday.", "complete": True}
        await desktop.request("PUT", f"/v1/contacts/{contact_id}/wrap-up", body)
        await desktop.wait_state("READY")
    with steps.step("recorded", "The call-tracking record is in the database") as step:
        record = await _record(set_up, contact_id)
        step.detail = f"waited {record['wait_ms']} ms, talked {record['talk_ms']} ms"
    return {
        "contact_id": contact_id,
        "path": record["path"],
        "steps": steps.as_json(),
        "outcome": record["outcome"],
        "disposition": record["disposition"],
        "caller": record["ani"],
        "dnis": record["dnis"],
        "customer": record["customer"]["name"],
        "queue": record["queue"],
        "agent": record["agent_id"],
        "menu_likeness": round(likeness, 3),
        "pop_before_ring_ms": round(pop_ahead_s * 1000, 1),
        "wait_ms": record["wait_ms"],
        "talk_ms": record["talk_ms"],
        "wrap_up_ms": record["wrap_up_ms"],
    }


async def _talk(set_up: Stage, call: PhoneCall, ringing: PhoneCall) -> None:
    ringing.answer()
    await set_up.desktops[AGENT].wait("contact.connected")
    await asyncio.gather(
        call.until_heard(AGENT_VOICES_HZ[AGENT], seconds=0.5), ringing.until_heard(CALLER_VOICE_HZ, seconds=0.5)
    )


async def _record(set_up: Stage, contact_id: str) -> JsonObject:
    found: JsonObject = {}

    async def written() -> bool:
        try:
            found.update(await set_up.supervisor.request("GET", f"/v1/records/{contact_id}"))
        except RefusedError as refused:
            if refused.status != 404:
                raise
        return bool(found)

    await eventually(written, "the record is written", every=0.05)
    expected: dict[str, Any] = {
        "outcome": "handled", "disposition": DISPOSITION, "agent_id": AGENT, "queue": "sales", "ani": CALLER,
    }  # fmt: skip
    for name, value in expected.items():
        _must(found[name] == value, f"the record says {name} {found[name]!r}, not {value!r}")
    way = [(step["kind"], step["name"]) for step in found["path"] if step["kind"] not in ("node", "left")]
    _must(
        way == [("entry", "hotline"), ("flow", "main"), ("key", "1"), ("queue", "sales")],
        f"the record's path is {way}",
    )
    states = [span["state"] for span in found["spans"]]
    _must(states == ["created", "queued", "offered", "connected", "wrap_up"], f"the record's states are {states}")
    return found


def _must(holds: bool, otherwise: str) -> None:
    if not holds:
        raise DemoError(otherwise)
