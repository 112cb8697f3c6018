"""Live: callers call and agents answer until somebody ends it; a picture on a terminal, plain lines elsewhere."""

from __future__ import annotations

import asyncio
from typing import Final

import aiohttp
from rich.console import Console
from rich.live import Live
from rich.text import Text

from ctid.client import UnreachableError
from sip_test_rig.demo.agents import AgentAtWork
from sip_test_rig.demo.bank_callers import keep_calling_the_bank
from sip_test_rig.demo.board import Board
from sip_test_rig.demo.callers import keep_calling
from sip_test_rig.demo.cast import BANK_CAST, CAST
from sip_test_rig.demo.errors import DemoError
from sip_test_rig.demo.event_log import EventLog
from sip_test_rig.demo.narrator import Narrator
from sip_test_rig.demo.stage import Stage, stage
from sip_test_rig.demo.steps import Steps
from sip_test_rig.demo.view import View, addresses

DRAW_EVERY_S: Final = 0.25
LOOK_EVERY_S: Final = 1.0
LOG_LINES: Final = 8


async def live(console: Console, steps: Steps) -> None:
    """Run the demo until cancelled."""
    async with stage(steps) as set_up:
        for line in addresses(set_up):
            console.print(f"  {line}", soft_wrap=True)
        board = Board(set_up.supervisor.snapshot)
        try:
            await _perform(console, set_up, board)
        finally:
            counts = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in sorted(board.outcomes.items()))
            console.print(f"  {board.outcomes.total()} calls ended: {counts or 'none'}. Taking it all down …")


async def _perform(console: Console, set_up: Stage, board: Board) -> None:
    config = set_up.site.config
    log = EventLog(None if console.is_terminal else lambda line: _print(console, line))
    cast = {caller.number: caller for caller in (*CAST, *BANK_CAST)}
    narrator = Narrator(board, {number: caller.name for number, caller in cast.items()}, config)
    missed: set[str] = set()
    try:
        async with asyncio.TaskGroup() as group:
            if console.is_terminal:
                group.create_task(_draw(console, View(set_up, board, narrator, log)), name="picture")
            group.create_task(_follow(set_up, board, narrator, log), name="events")
            group.create_task(_watch(set_up), name="watch")
            for agent_id, desktop in set_up.desktops.items():
                agent = AgentAtWork(agent_id, config, desktop, set_up.phones[agent_id], cast, missed, log)
                group.create_task(agent.work(), name=f"agent-{agent_id}")
            group.create_task(keep_calling(set_up.site.pbx, set_up.prompts, log), name="callers")
            group.create_task(keep_calling_the_bank(set_up.site, log), name="bank-callers")
    except* (ConnectionError, aiohttp.ClientError, UnreachableError) as lost:
        raise DemoError(f"ctid is not there any more:\n{_end_of_log(set_up)}") from lost


async def _follow(set_up: Stage, board: Board, narrator: Narrator, log: EventLog) -> None:
    while True:
        for event in await set_up.supervisor.take():
            # The socket's own messages (it is live, a heartbeat) hold no data.
            if "data" not in event:
                continue
            board.apply(event)
            if line := narrator.tell(event):
                log.tell(line)


async def _draw(console: Console, view: View) -> None:
    # Drawn by this loop and not by rich's own thread, which would read the board while it changes.
    with Live(console=console, screen=True, auto_refresh=False) as picture:
        while True:
            picture.update(view.draw(*console.size), refresh=True)
            await asyncio.sleep(DRAW_EVERY_S)


async def _watch(set_up: Stage) -> None:
    while True:
        if not set_up.site.pbx.is_running:
            raise DemoError("Asterisk has ended")
        if not set_up.site.ctid.is_running:
            raise DemoError(f"ctid has ended:\n{_end_of_log(set_up)}")
        await asyncio.sleep(LOOK_EVERY_S)


def _end_of_log(set_up: Stage) -> str:
    return "\n".join(set_up.site.ctid.log.read_text(errors="replace").splitlines()[-LOG_LINES:])


def _print(console: Console, line: Text) -> None:
    console.print(line, soft_wrap=True)
    console.file.flush()
