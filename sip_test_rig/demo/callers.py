"""Callers: real SIP calls by the cast, who listen to the menu, press keys, wait, talk, or give up."""

from __future__ import annotations

import asyncio
import itertools
from typing import Final

from rich.markup import escape

from sip_test_rig.asterisk import Asterisk
from sip_test_rig.demo.cast import CAST, Caller
from sip_test_rig.demo.event_log import EventLog
from sip_test_rig.demo.prompts import Prompts
from sip_test_rig.demo.stage import AGENT_VOICES_HZ, CALLER_VOICE_HZ
from sip_test_rig.eventually import eventually
from sip_test_rig.phone import Phone, PhoneCall, PhoneError

PAUSES_S: Final = (2.0, 7.0, 3.0, 8.0, 4.0, 5.0, 6.0)
"""Between one caller and the next; of another length than the cast, so that no two rounds are alike."""

AT_ONCE: Final = 4
# Where in the spoken menu a caller knows which key is theirs.
MENU_HEARD_S: Final = {"1": 2.0, "2": 3.6, "9": 5.0}
WRONG_KEY_AFTER_S: Final = 1.0


async def keep_calling(pbx: Asterisk, prompts: Prompts, log: EventLog) -> None:
    """Have one caller after another call, a few at a time, until cancelled."""
    places = asyncio.Semaphore(AT_ONCE)
    async with asyncio.TaskGroup() as group:
        for caller, pause in zip(itertools.cycle(CAST), itertools.cycle(PAUSES_S), strict=False):
            await places.acquire()
            task = group.create_task(_call_or_tell(caller, pbx, prompts, log), name=f"caller-{caller.number}")
            task.add_done_callback(lambda _: places.release())
            await asyncio.sleep(pause)


async def ended(call: PhoneCall, within_s: float) -> bool:
    """Wait so long for a call to end; tell whether it did."""
    try:
        await call.until("ended", timeout=within_s)
    except TimeoutError:
        return False
    return True


async def _call_or_tell(caller: Caller, pbx: Asterisk, prompts: Prompts, log: EventLog) -> None:
    try:
        await _call(caller, pbx, prompts, log)
    except (PhoneError, TimeoutError) as error:
        # One caller's mishap is shown; it does not end the demo for the others.
        log.tell(f"[red]✗[/]  [bold]{escape(caller.name)}[/]: {escape(str(error))}")


async def _call(caller: Caller, pbx: Asterisk, prompts: Prompts, log: EventLog) -> None:
    who = f"[bold]{escape(caller.name)}[/]"
    async with Phone.outside(pbx, caller.number, voice_hz=CALLER_VOICE_HZ) as phone:
        call = await phone.call(caller.dials)
        log.tell(f"[cyan]☎[/]  {who} dials {caller.dials}")
        await call.until("answered", "ended")
        if caller.dials == "100":
            await _choose(caller, call, prompts, log, who)
        if not await reaches_an_agent(call, caller.patience_s):
            if call.state == "answered":
                log.tell(f"[yellow]✗[/]  {who} has waited long enough and hangs up")
                call.hang_up()
            return
        if not await ended(call, caller.talk_s):
            log.tell(f"[cyan]⏎[/]  {who} says goodbye and hangs up")
            call.hang_up()


async def _choose(caller: Caller, call: PhoneCall, prompts: Prompts, log: EventLog, who: str) -> None:
    for key in caller.keys:
        if not key:
            await prompts.until_heard(call, "ctid/no-key", timeout=40)
            log.tell(f"[cyan]…[/]  {who} presses nothing, and is asked again")
        else:
            await prompts.until_heard(call, "ctid/main-menu", MENU_HEARD_S.get(key, WRONG_KEY_AFTER_S))
            log.tell(f"[cyan]#[/]  {who} listens to the menu and presses {key}")
            call.press(key)
        call.media.forget()


async def reaches_an_agent(call: PhoneCall, patience_s: float) -> bool:
    """Wait until an agent's voice is heard; tell whether it was, before patience or the call ended."""
    voices = set(AGENT_VOICES_HZ.values())

    def heard_or_ended() -> bool:
        return call.state == "ended" or bool(voices & set(call.heard(last_s=1.0)))

    try:
        await eventually(heard_or_ended, "an agent's voice", timeout=patience_s, every=0.1)
    except TimeoutError:
        return False
    return call.state != "ended"
