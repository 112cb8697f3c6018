"""A key pressed on a real Asterisk, and when the next prompt is heard: a flow of ctid's beside Asterisk's dialplan."""

from __future__ import annotations

import random
from typing import Any, Final

import numpy as np

from benchmarks.spread import spread
from sip_test_rig import tones
from sip_test_rig.phone import Phone, PhoneCall
from sip_test_rig.site import RigSite

CALLS: Final = 4
KEYS: Final = 50
"""In each call: ctid takes a caller who goes round in menus for too long out of them."""

PROMPT_S: Final = 20.0
LISTEN_S: Final = (0.4, 0.9)
HZ: Final = {"a": 610.0, "b": 1310.0}
"""The prompts of the two menus, each of which leads to the other."""

SIDES: Final = {"ctid": "400", "dialplan": "401"}
_LEVEL: Final = 0.1
_TIME_LIMIT_S: Final = 10.0
_PACKET: Final = 160


async def measure() -> dict[str, Any]:
    """Tell the times from a key's end to the first packet of the next prompt on both sides, in microseconds."""
    took: dict[str, list[float]] = {side: [] for side in SIDES}
    sounds = {f"bench/{name}": tones.to_wav(tones.tone(hz, PROMPT_S)) for name, hz in HZ.items()}
    async with RigSite(_config(), extensions=_dialplan(), sounds=sounds) as site, Phone.outside(site.pbx) as phone:
        chance = random.Random(20)
        for _ in range(CALLS):
            calls = {side: await phone.call(number) for side, number in SIDES.items()}
            for number in range(KEYS):
                prompt, next_prompt = "ab" if number % 2 == 0 else "ba"
                for side, call in calls.items():
                    # Heard for a random time, so that the key comes anywhere between two packets.
                    await call.until_heard(HZ[prompt], chance.uniform(*LISTEN_S))
                    took[side].append(await _press(call, next_prompt))
            for call in calls.values():
                call.hang_up()
    return {f"key: {side}": spread(each, "µs") for side, each in took.items()}


async def _press(call: PhoneCall, next_prompt: str) -> float:
    """Press a key while a prompt plays, and tell how long after it the other one begins."""
    media = call.media
    media.forget()
    pressed = len(media.pressed_at)
    call.press("1")
    await call.until_heard(HZ[next_prompt], 0.1, _TIME_LIMIT_S)
    samples = media.recording()
    packets = samples[: len(samples) // _PACKET * _PACKET].reshape(-1, _PACKET)
    first = next(at for at, packet in enumerate(packets) if _is_of(packet, next_prompt))
    took = media.heard_at[first] - media.pressed_at[pressed]
    media.forget()
    return took


def _is_of(packet: tones.Samples, prompt: str) -> bool:
    ours, other = (_level(packet, HZ[name]) for name in (prompt, "b" if prompt == "a" else "a"))
    return ours > max(other, _LEVEL)


def _level(packet: tones.Samples, hz: float) -> float:
    turn = np.exp(-2j * np.pi * hz * np.arange(len(packet)) / tones.SAMPLE_RATE)
    return float(2 * np.abs(np.mean(packet / 32768 * turn)))


def _config() -> dict[str, Any]:
    nodes = {
        name: {"menu": {"say": [{"prompt": f"bench/{name}"}], "keys": {"1": other}, "otherwise": "over"}}
        for name, other in (("a", "b"), ("b", "a"))
    }
    return {
        "site": "bench",
        "country": "DE",
        "entries": {"menu": {"dnis": SIDES["ctid"], "open": {"flow": "menus"}}},
        "flows": {"menus": {"start": "a", "nodes": {**nodes, "over": {"end": "over"}}}},
        "queues": {"none": {"steps": [{}]}},
        "agents": {"nobody": {"name": "Nobody", "device": "PJSIP/1001", "pbx": "main"}},
    }


def _dialplan() -> str:
    menus = "".join(
        f"[bench-{name}]\nexten => s,1,Background(bench/{name})\n same => n,WaitExten(10)\n"
        f"exten => 1,1,Goto(bench-{other},s,1)\n"
        for name, other in (("a", "b"), ("b", "a"))
    )
    number = f"exten => {SIDES['dialplan']},1,Answer()\n same => n,Goto(bench-a,s,1)\n"
    return f"{menus}[from-carrier](+)\n{number}[internal](+)\n"
