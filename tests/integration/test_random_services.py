"""Four agents do anything that is allowed with their callers, in any order, on a real PBX: nothing is left over."""

from __future__ import annotations

import asyncio
import contextlib
import os
from random import Random
from typing import Any

import pytest

from ctid.client import RefusedError
from sip_test_rig.desktop import Desktop, JsonObject
from sip_test_rig.eventually import eventually
from sip_test_rig.phone import Phone, PhoneCall
from sip_test_rig.site import RigSite
from tests.integration.call_acts import OUTSIDE, OUTSIDE_HZ, OUTSIDE_SITE
from tests.integration.floor import DIRECT, PATIENCE_S, Seat, floor_config, staff, until_quiet, until_record

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]

AGENTS = ("a01", "a02", "a03", "a04")
CALLERS = 20
STEPS = 140
SEEDS = range(1, 1 + int(os.environ.get("CTID_RANDOM_SERVICES", "1")))
"""More of them by hand, as there is time."""


def _config() -> dict[str, Any]:
    data = floor_config(4, ring_seconds=3, transfer_seconds=3, park_seconds=3, exclude_seconds=1)
    for queue in data["queues"].values():
        queue["dispositions"] = []
    return data


CONFIG = _config()
SITE = OUTSIDE_SITE


def _acts(
    dice: Random, contact: JsonObject, consultations: list[JsonObject]
) -> list[tuple[str, str, JsonObject | None]]:
    """Whatever is allowed now."""
    base, whom = f"/v1/contacts/{contact['id']}", dice.choice([{"agent": dice.choice(AGENTS)}, {"number": OUTSIDE}])
    known: dict[str, tuple[str, JsonObject | None]] = {
        "hold": ("hold", None),
        "retrieve": ("retrieve", None),
        "mute": ("mute", {"on": dice.random() < 0.3}),
        "transfer": ("transfer", {"to": dice.choice([{"queue": "support"}, {"menu": "main"}, whom])}),
        "park": ("park", {}),
        "send_to_menu": ("menu", {"menu": "main"}),
        "consult": ("consultations", {**whom, "dial": True}),
        "add_party": ("parties", whom),
        "hang_up": ("hang-up", None),
    }
    acts = [
        ("POST", f"{base}/{path}", body)
        for action, (path, body) in known.items()
        # Whoever hangs up ends the fun: seldom.
        if action in contact["allowed_actions"] and (action != "hang_up" or dice.random() < 0.2)
    ]
    for each in consultations:
        path = f"/v1/consultations/{each['id']}"
        named = {"alternate": "alternate", "complete": "complete", "confer": "conference"}
        acts += [("POST", f"{path}/{named[action]}", None) for action in each["allowed_actions"] if action in named]
        acts += [("DELETE", path, None)] if dice.random() < 0.3 else []
    return acts


async def _step(dice: Random, seat: Seat, asked: dict[str, JsonObject]) -> str:
    """One agent does one thing, if they talk to somebody; gives what, or nothing."""
    contact_id = (await seat.view())["contact_id"]
    if contact_id is None:
        return ""
    contact = await seat.desktop.request("GET", f"/v1/contacts/{contact_id}")
    mine = [each for each in asked.values() if each["contact_id"] == contact_id]
    acts = _acts(dice, contact, mine)
    if not acts:
        return ""
    method, path, body = dice.choice(acts)
    answer = await seat.desktop.request(method, path, body)
    if "consultation" in answer:
        asked[answer["consultation"]["id"]] = answer["consultation"]
    return path.rpartition("/")[2]


@pytest.mark.parametrize("seed", SEEDS)
async def test_nothing_is_left_and_all_adds_up(site: RigSite, boss: Desktop, seed: int) -> None:
    dice, calls, done = Random(seed), [], []
    asked: dict[str, JsonObject] = {}

    def follow(seats: list[Seat]) -> None:
        for seat in seats:
            for event in seat.desktop.events:
                if event["type"].startswith("consultation."):
                    view = event["data"]["consultation"]
                    asked[view["id"]] = view
                if event["type"] == "consultation.ended":
                    asked.pop(event["data"]["consultation"]["id"], None)

    async with (
        staff(site, *AGENTS) as seats,
        Phone.of(site.pbx, OUTSIDE, voice_hz=OUTSIDE_HZ) as outside,
        contextlib.AsyncExitStack() as stack,
    ):
        callers = [await stack.enter_async_context(Phone.outside(site.pbx)) for _ in range(CALLERS)]
        for step in range(STEPS):
            if step % (STEPS // CALLERS) == 0:
                calls.append(await callers[len(calls)].call(DIRECT))
            follow(seats)
            # What is allowed may be another by the time that it is asked: then it is refused, and that is all.
            with contextlib.suppress(RefusedError):
                done.append(await _step(dice, dice.choice(seats), asked))
            if dice.random() < 0.05:
                _random_hang_up(dice, calls)
            # People think between two keys; how long is of no importance to what is tested.
            await asyncio.sleep(dice.random() * 0.4)
        for call in calls:
            call.hang_up()
        for call in calls:
            await call.until("ended", timeout=30)
        for phone in (seat.phone for seat in seats):
            for call in phone.calls:
                call.hang_up()
        # Two from outside may talk on in a conference that all others have left; one alone is let go.
        for call in outside.calls[:-1]:
            call.hang_up()
        await until_quiet(site, boss)
    assert len(set(done)) > 5, f"the agents did too little: {done}"
    # One that is given up before it is answered may never come to ctid.
    had = sum(call.status is None for call in calls)
    assert had > CALLERS / 2
    created: set[str] = set()

    def all_told() -> bool:
        created.update(each["contact_id"] for each in boss.events if each["type"] == "contact.created")
        return len(created) >= had

    await eventually(all_told, "every call was told of", timeout=PATIENCE_S)
    for contact_id in created:
        await until_record(boss, contact_id)


def _random_hang_up(dice: Random, calls: list[PhoneCall]) -> None:
    dice.choice(calls).hang_up()
