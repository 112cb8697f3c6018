"""Agents: people at a phone and a desktop, who answer what rings, talk, and close each contact with a disposition."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from typing import Any, Final

from rich.markup import escape

from ctid.client import RefusedError
from sip_test_rig.demo.callers import ended
from sip_test_rig.demo.cast import BankCaller, Caller
from sip_test_rig.demo.event_log import EventLog
from sip_test_rig.desktop import Desktop, JsonObject
from sip_test_rig.phone import Phone, PhoneCall

ANSWERS_AFTER_S: Final = 1.5
WRITES_S: Final = 3.0
LONGEST_CALL_S: Final = 120.0
BREAK_EVERY: Final = 5
BREAK_S: Final = 10.0
COMES_BACK_S: Final = 6.0


class AgentAtWork:
    """One agent.

    Args:
        agent_id: Who it is.
        config: The site's configuration.
        desktop: Their desktop, connected; nobody else takes its events.
        phone: Their phone, registered.
        cast: The callers by number, for what is noted in the wrap-up.
        missed: The contacts that some agent has let ring already; shared by all agents.
        log: Where it is told.
    """

    def __init__(
        self,
        agent_id: str,
        config: Mapping[str, Any],
        desktop: Desktop,
        phone: Phone,
        cast: Mapping[str, Caller],
        missed: set[str],
        log: EventLog,
    ) -> None:
        self._id = agent_id
        self._queues = config["queues"]
        self._who = f"[bold]{escape(config['agents'][agent_id]['name'])}[/]"
        self._desktop = desktop
        self._phone = phone
        self._cast = cast
        self._missed = missed
        self._log = log
        self._offer: JsonObject = {}
        self._served = 0

    async def work(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch_screen(), name=f"screen-{self._id}")
            group.create_task(self._answer_phone(), name=f"agent-{self._id}")

    async def _watch_screen(self) -> None:
        while True:
            for event in await self._desktop.take():
                if event["type"] == "offer.created":
                    self._offer = event
                elif event["type"] == "agent.state_changed":
                    agent = event["data"]["agent"]
                    if agent["state"] == "NOT_READY" and agent["reason"] != "break":
                        await asyncio.sleep(COMES_BACK_S)
                        await self._desktop.set_state("READY")

    async def _answer_phone(self) -> None:
        while True:
            call = await self._phone.next_call(timeout=math.inf)
            contact_id = call.header("X-Ctid-Contact") or ""
            # The pop came first; had it not, nothing could be said of the caller here.
            shown = self._offer.get("contact_id") == contact_id
            self._log.tell(f"[magenta]♪[/]  {self._who}'s phone rings" + (", after the pop" if shown else ""))
            caller = self._cast.get(call.other)
            if caller is not None and caller.unanswered and contact_id not in self._missed:
                self._missed.add(contact_id)
                self._log.tell(f"[yellow]…[/]  {self._who} is not at the desk")
                await ended(call, LONGEST_CALL_S)
            elif await self._talk(call, caller):
                await self._wrap_up(contact_id, caller)
            call.media.forget()

    async def _talk(self, call: PhoneCall, caller: Caller | None) -> bool:
        """Answer and talk to the end; tell whether there was a talk."""
        if await ended(call, ANSWERS_AFTER_S):
            self._log.tell(f"[yellow]…[/]  {self._who}'s phone falls silent: the caller has left")
            return False
        call.answer()
        # Who stays to tell how it was is left by the agent; everybody else says goodbye themselves.
        longest_s = caller.talk_s if isinstance(caller, BankCaller) else LONGEST_CALL_S
        if not await ended(call, longest_s):
            call.hang_up()
        return True

    async def _wrap_up(self, contact_id: str, caller: Caller | None) -> None:
        await asyncio.sleep(WRITES_S)
        self._served += 1
        takes_break = self._served % BREAK_EVERY == 0
        path = f"/v1/contacts/{contact_id}/wrap-up"
        body = {"disposition": "follow-up"}
        if caller is not None:
            body = {"disposition": caller.disposition, "notes": caller.notes}
        try:
            await self._desktop.request("PUT", path, {**body, "complete": not takes_break})
            if takes_break:
                await self._desktop.set_state("NOT_READY", "break")
        except RefusedError as refused:
            self._log.tell(f"[red]![/]  {self._who}'s wrap-up was refused: {escape(refused.problem['detail'])}")
        if takes_break:
            await asyncio.sleep(BREAK_S)
            await self._desktop.set_state("READY")
