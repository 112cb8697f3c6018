"""What agents do with a call at desktops whose phones know nothing of it, each with what all parties hear of it."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from sip_test_rig.asterisk_config import Endpoint, pjsip_endpoint
from sip_test_rig.desktop import Desktop, JsonObject
from sip_test_rig.eventually import eventually
from sip_test_rig.phone import Phone, PhoneCall, PhoneError
from sip_test_rig.site import RigSite
from sip_test_rig.tones import MUSIC_HZ
from tests.integration.floor import (
    CALLER_HZ,
    DIRECT,
    PATIENCE_S,
    Seat,
    both_hear,
    floor_config,
    staff,
    until_hears_more,
    until_quiet,
    until_record,
)

OUTSIDE = "9004"
OUTSIDE_HZ = 1_730.0
RINGBACK_HZ = 440.0
"""The lower of the two tones that a phone in the rig's country hears while another one rings."""


def config(agents: int = 3) -> dict[str, Any]:
    """A floor of so many agents, of whom only the first serves the queue."""
    data = floor_config(agents, ring_seconds=20, wrap_up_seconds=60)
    for queue in data["queues"].values():
        queue["steps"] = [{"agents": ["a01"]}]
        queue["dispositions"] = []
    return data


OUTSIDE_SITE = {"files": {"pjsip.conf": pjsip_endpoint(Endpoint(name=OUTSIDE))}}
"""A PBX at which somebody outside can be called."""


async def in_talk(caller: Phone, seat: Seat, number: str = DIRECT) -> tuple[PhoneCall, PhoneCall, str]:
    """A caller who talks to the agent; gives both their calls, and the contact's id."""
    call = await caller.call(number)
    offer = await seat.offer()
    ringing = await seat.talks_to(call)
    await seat.until_state("BUSY")
    return call, ringing, offer["data"]["offer"]["contact_id"]


async def act(seat: Seat, contact_id: str, what: str, body: JsonObject | None = None) -> JsonObject:
    """Ask for something at the agent's desktop."""
    answer: JsonObject = await seat.desktop.request("POST", f"/v1/contacts/{contact_id}/{what}", body)
    return answer


async def rung(caller: Phone, seat: Seat) -> tuple[PhoneCall, PhoneCall, JsonObject]:
    """A caller for whom the agent's phone rings; gives both their calls, and the offer."""
    call = await caller.call(DIRECT)
    offer: JsonObject = (await seat.offer())["data"]["offer"]
    assert "deflect_offer" in offer["allowed_actions"]
    return call, await seat.ringing(), offer


async def answered_as_it_is_sent_on(
    call: PhoneCall, ringing: PhoneCall, one: Seat, two: Seat, offer_id: str, after_ms: int
) -> Seat:
    """An agent's phone is answered so long after they have sent its call on to a colleague; gives who has the caller.

    The colleague's phone answers at once.
    """
    two.phone.answer_after = 0.0

    async def send_on() -> None:
        # Refused if they were too late.
        with contextlib.suppress(Exception):
            await one.desktop.request("POST", f"/v1/offers/{offer_id}/deflect", {"agent": two.agent_id})

    async with asyncio.TaskGroup() as both:
        both.create_task(send_on())
        await asyncio.sleep(after_ms / 1_000)
        with contextlib.suppress(PhoneError):
            ringing.answer()

    async def talks() -> bool:
        return "BUSY" in [(await seat.view())["state"] for seat in (one, two)]

    await eventually(talks, "an agent has the caller", timeout=PATIENCE_S)
    seat = one if (await one.view())["state"] == "BUSY" else two
    await until_hears_more(call, seat.phone.voice_hz)
    return seat


async def until_silence(call: PhoneCall, seconds: float = 0.4) -> None:
    """Wait until the party has heard no tone for so long: silence is sent, or nothing at all."""

    async def silent() -> bool:
        call.media.forget()
        # That something does not come can only be waited for by the clock.
        await asyncio.sleep(seconds)
        return not call.heard()

    await eventually(silent, f"nothing is heard at {call.other}", timeout=PATIENCE_S)


async def hold(seat: Seat, contact_id: str, call: PhoneCall, mine: PhoneCall) -> None:
    """The caller hears music, the agent nothing."""
    answer = await act(seat, contact_id, "hold")
    assert "retrieve" in answer["contact"]["allowed_actions"]
    told = await seat.desktop.wait("leg.held", timeout=PATIENCE_S)
    assert told["data"]["leg"]["agent_id"] == seat.agent_id
    await until_hears_more(call, MUSIC_HZ)
    await until_silence(mine)


async def retrieve(seat: Seat, contact_id: str, call: PhoneCall, mine: PhoneCall) -> None:
    """They talk again."""
    await act(seat, contact_id, "retrieve")
    await seat.desktop.wait("leg.retrieved", timeout=PATIENCE_S)
    await both_hear(call, mine, seat)


async def consult(seat: Seat, contact_id: str, **whom: str) -> str:
    """Have ctid call whom the agent wants to ask; gives the consultation's id."""
    answer = await act(seat, contact_id, "consultations", {**whom, "dial": True})
    assert answer["consultation"]["state"] == "initiated"
    return str(answer["consultation"]["id"])


async def until_consultation(seat: Seat, state: str) -> JsonObject:
    """Wait until the consultation has come so far."""

    async def so() -> bool:
        event = await seat.desktop.wait("consultation.updated", timeout=PATIENCE_S)
        found.append(event["data"]["consultation"])
        return bool(found[-1]["state"] == state)

    found: list[JsonObject] = []
    await eventually(so, f"the consultation is {state}", timeout=PATIENCE_S)
    return found[-1]


async def asked(seat: Seat, other: Seat, contact_id: str, call: PhoneCall, mine: PhoneCall) -> tuple[str, PhoneCall]:
    """The agent talks to a colleague while the caller hears music; gives the consultation and the colleague's call."""
    consultation = await consult(seat, contact_id, agent=other.agent_id)
    told = await other.desktop.wait("consultation.created", timeout=PATIENCE_S)
    assert (told["data"]["consultation"]["id"], told["data"]["pop"]["dnis"]) == (consultation, DIRECT)
    theirs = await other.ringing()
    assert theirs.other == "1001"
    await until_consultation(seat, "connected")
    await until_hears_more(mine, other.phone.voice_hz)
    await until_hears_more(theirs, seat.phone.voice_hz)
    await until_hears_more(call, MUSIC_HZ)
    assert not theirs.heard(0.3).keys() & {CALLER_HZ}
    return consultation, theirs


async def until_ended(*calls: PhoneCall) -> None:
    for call in calls:
        await call.until("ended", timeout=PATIENCE_S)


async def finish(seat: Seat, contact_id: str) -> None:
    """Wrap up."""
    await seat.until_state("WRAP_UP")
    body = {"disposition": "order", "complete": True}
    await seat.desktop.request("PUT", f"/v1/contacts/{contact_id}/wrap-up", body)


async def handed_over_by_who_hangs_up_at_once(site: RigSite, boss: Desktop) -> None:
    """The first agent connects caller and colleague, and hangs up with that; all of it from call to record."""
    async with staff(site, "a01", "a02") as (seat, other), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, mine, contact_id = await in_talk(caller, seat)
        consultation, theirs = await asked(seat, other, contact_id, call, mine)
        await seat.desktop.request("POST", f"/v1/consultations/{consultation}/complete")
        mine.hang_up()
        await other.desktop.wait("contact.transferred", timeout=PATIENCE_S)
        await both_hear(call, theirs, other)
        await finish(seat, contact_id)
        theirs.hang_up()
        await until_ended(call)
        await finish(other, contact_id)
        record = await until_record(boss, contact_id)
        assert [each["result"] for each in record["segments"]] == ["transferred", "ended"]
    await until_quiet(site, boss)
