"""Callers of the bank: they listen to its flows in their language, press keys, hear a balance, and tell how it was."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping
from typing import Any, Final

from rich.markup import escape

from sip_test_rig.demo.callers import ended, reaches_an_agent
from sip_test_rig.demo.cast import BANK_CAST, BankCaller
from sip_test_rig.demo.event_log import EventLog
from sip_test_rig.demo.stage import CALLER_VOICE_HZ
from sip_test_rig.eventually import eventually
from sip_test_rig.phone import Phone, PhoneCall, PhoneError
from sip_test_rig.recognise import recognise
from sip_test_rig.site import RigSite
from sip_test_rig.tones import SAMPLE_RATE

PAUSE_S: Final = 12.0
PATIENCE_S: Final = 40.0
"""How long a caller listens for what comes next: the first time it may have to be rendered before."""

LISTEN_EVERY_S: Final = 0.4
SHARE: Final = 0.6
"""So much of a text has to be heard; on a busy machine some is lost, and no other text is like it."""

JUST_NOW_S: Final = 3.0
LANGUAGES: Final = {"en": ("1", "English"), "zh": ("2", "中文")}


async def keep_calling_the_bank(site: RigSite, log: EventLog) -> None:
    """Have one caller after another call the bank, until cancelled; one at a time, as others want the agents too."""
    for caller in itertools.cycle(BANK_CAST):
        try:
            async with Phone.outside(site.pbx, caller.number, voice_hz=CALLER_VOICE_HZ) as phone:
                call = await phone.call(caller.dials)
                log.tell(f"[cyan]☎[/]  [bold]{escape(caller.name)}[/] dials {caller.dials}, the bank")
                await call.until("answered", "ended")
                await _Caller(caller, call, site, log).go_through()
        except (PhoneError, TimeoutError) as error:
            # As with everybody else: a caller's mishap is shown, and the next one calls.
            log.tell(f"[red]✗[/]  [bold]{escape(caller.name)}[/]: {escape(str(error))}")
        await asyncio.sleep(PAUSE_S)


class _Caller:
    """One call to the bank."""

    def __init__(self, caller: BankCaller, call: PhoneCall, site: RigSite, log: EventLog) -> None:
        self._caller = caller
        self._call = call
        self._site = site
        self._log = log

    async def go_through(self) -> None:
        caller, call = self._caller, self._call
        key, language = LANGUAGES[caller.language]
        # Until they have chosen, the bank speaks the first of its languages.
        await self._answer("bank/language", key, f"presses {key} for {language}", language="en")
        if caller.account:
            await self._answer("bank/main", "1", "presses 1 for the balance")
            await self._answer("identify/account", f"{caller.account}#", f"enters the account {caller.account}")
            await self._answer("identify/account", "1", "hears it read out, and presses 1: it is right", confirm=True)
            await self._answer("identify/pin", caller.pin, "enters the code " + "•" * len(caller.pin))
            if not caller.score:
                await self._hear("bank/more")
                self._tell("[green]✓[/]", "has heard the balance and hangs up")
                call.hang_up()
                return
            await self._hear("bank/wrong")
            self._tell("[yellow]…[/]", "hears that account and code do not fit")
        else:
            await self._answer("bank/main", "2", "presses 2 to talk to somebody")
        call.media.forget()
        if not await reaches_an_agent(call, caller.patience_s):
            self._tell("[yellow]✗[/]", "has waited long enough and hangs up")
            call.hang_up()
            return
        call.media.forget()
        await self._answer("survey/score", caller.score, f"is asked how it was, and presses {caller.score}")
        if not await ended(call, PATIENCE_S):
            call.hang_up()

    async def _answer(self, node: str, keys: str, told: str, *, language: str = "", confirm: bool = False) -> None:
        """Hear a node out, press keys, and forget what was heard."""
        await self._hear(node, language or self._caller.language, confirm=confirm)
        self._tell("[cyan]#[/]", told)
        self._call.press(keys)
        self._call.media.forget()

    async def _hear(self, node: str, language: str = "", *, confirm: bool = False) -> None:
        language = language or self._caller.language
        text = last_text(self._site.config["flows"], node, language, confirm=confirm)

        async def heard() -> bool:
            if self._call.state == "ended":
                raise PhoneError(f"the call ended before “{text}” was heard")
            try:
                sound = self._site.sound(text, language)
            except FileNotFoundError:
                # Nobody has spoken it yet.
                return False
            recording = self._call.media.recording(len(sound) / SAMPLE_RATE + JUST_NOW_S)
            # In a thread: meanwhile all the phones of the demo go on to send and to hear.
            return bool(await asyncio.to_thread(recognise, recording, {text: sound}, share=SHARE))

        await eventually(heard, f"“{text}” heard", timeout=PATIENCE_S, every=LISTEN_EVERY_S)

    def _tell(self, sign: str, what: str) -> None:
        self._log.tell(f"{sign}  [bold]{escape(self._caller.name)}[/] {escape(what)}")


def last_text(flows: Mapping[str, Any], node: str, language: str, *, confirm: bool = False) -> str:
    """The last text that a node ``flow/node`` says in a language, or says to have digits confirmed."""
    flow, _, name = node.partition("/")
    spec = flows[flow]["nodes"][name]
    asks = spec.get("menu") or spec.get("collect") or spec
    say = (asks["confirm"] if confirm else asks)["say"]
    texts = [item.get("text", item) for item in (say if isinstance(say, list) else [say])]
    return str(next(text[language] for text in reversed(texts) if language in text))
