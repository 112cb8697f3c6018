"""The view: the demo's picture in the terminal, made anew of the board and the event log each time it is drawn."""

from __future__ import annotations

from typing import Final

from rich.console import RenderableType
from rich.layout import Layout
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from sip_test_rig.demo.board import Board, since_s, wait_s
from sip_test_rig.demo.event_log import EventLog
from sip_test_rig.demo.narrator import Narrator
from sip_test_rig.demo.people import SUPERVISOR, WEB_AGENTS, password
from sip_test_rig.demo.stage import Stage
from sip_test_rig.desktop import JsonObject

_AGENT_STYLES: Final = {
    "LOGGED_OUT": "dim", "NOT_READY": "yellow", "READY": "green", "RESERVED": "magenta", "BUSY": "bold cyan",
    "WRAP_UP": "blue",
}  # fmt: skip
_CONTACT_STYLES: Final = {
    "created": "cyan", "queued": "yellow", "offered": "magenta", "connected": "bold green", "wrap_up": "blue",
    "closed": "dim",
}  # fmt: skip
_IN_WORDS: Final = {"created": "in menu", "offered": "ringing", "connected": "talking", "wrap_up": "wrap-up"}
_WIDE: Final = 116
_TALL: Final = 36
_HEADER_ROWS: Final = 8
_SIDE_ROWS: Final = 10
_POP_ROWS: Final = 12
_CALL_ROWS: Final = 9


def addresses(stage: Stage) -> list[str]:
    """Where everything is, as lines of rich markup that can be copied."""
    url, token = stage.site.ctid.url, stage.token_file("supervisor")
    return [
        f"[bold]{url}/agent[/]        an agent's page, the phone in it: sign in as "
        + " or ".join(f"[bold]{name}[/], password [bold]{password(name)}[/]" for name in WEB_AGENTS),
        f"[bold]{url}/supervisor[/]   and the wallboard [bold]{url}/wallboard[/]: "
        f"[bold]{SUPERVISOR}[/], password [bold]{password(SUPERVISOR)}[/]",
        f"[bold]{url}/docs[/]         the API; metrics /metrics, readiness /readyz",
        f"[bold]curl -H @{token} {url}/v1/agents[/]   or any other path; how the bank's callers fared: "
        "[bold]/v1/flows/bank/report[/]",
        "[bold]bootstrap/with check python -m ctid ivr try bank -c config/demo[/]   the bank's hotline by keyboard; "
        "[bold]ivr graph bank[/] draws it, [bold]ivr test[/] tests it",
        f"[dim]demo tokens of alice, bob and supervisor, and ctid's log, lie in {stage.site.folder}[/]",
    ]


class View:
    """Draws the picture."""

    def __init__(self, stage: Stage, board: Board, narrator: Narrator, log: EventLog) -> None:
        self._addresses = addresses(stage)
        self._pbx = stage.site.pbx
        self._board = board
        self._narrator = narrator
        self._log = log

    def draw(self, width: int, height: int) -> RenderableType:
        """The picture as it is now, for a terminal of so many columns and rows."""
        wide = width >= _WIDE
        calls = Layout(self._calls(wide, _CALL_ROWS if wide else _SIDE_ROWS - 3))
        side = [Layout(self._agents(wide), size=5), Layout(self._queues(), size=5)]
        pop = Layout(self._pop(), size=None if wide else _POP_ROWS)
        header = Layout(self._header(), size=_HEADER_ROWS)
        picture = Layout()
        if wide:
            calls.size = _CALL_ROWS + 3
            left, right, body = Layout(), Layout(size=46), Layout()
            left.split_column(calls, Layout(self._events(height - _HEADER_ROWS - calls.size)))
            right.split_column(*side, pop)
            body.split_row(left, right)
            picture.split_column(header, body)
        else:
            # Words need the whole width, so the log goes below; the pop only where there is room for it too.
            top, right = Layout(size=_SIDE_ROWS), Layout(size=38)
            right.split_column(*side)
            top.split_row(calls, right)
            below = [pop] if height >= _TALL else []
            room = height - _HEADER_ROWS - _SIDE_ROWS - (_POP_ROWS if below else 0)
            picture.split_column(header, top, Layout(self._events(room)), *below)
        return picture

    def _header(self) -> Panel:
        lines = Text("\n", no_wrap=True, overflow="ellipsis").join(map(Text.from_markup, self._addresses))
        title = f"[bold]ctid[/] beside a real Asterisk 22 (SIP 127.0.0.1:{self._pbx.sip_port}), Ctrl-C ends it"
        return Panel(lines, title=title, title_align="left", border_style="bright_blue")

    def _calls(self, wide: bool, rows: int) -> Panel:
        table = _table("caller", "state", "queue", "wait", *(["agent", "contact"] if wide else []))
        live = list(self._board.contacts.values())[-rows:]
        ended = list(self._board.closed)[::-1][: rows - len(live)]
        for contact in live + ended:
            style = _CONTACT_STYLES[contact["state"]]
            closed = contact["state"] == "closed"
            word = contact["outcome"] if closed else _IN_WORDS.get(contact["state"], contact["state"])
            state = Text(str(word).replace("_", " "), style)
            cells = [
                self._narrator.caller(contact),
                state,
                self._board.queue_name(contact["queue"]),
                f"{wait_s(contact):.0f} s" if contact["queued_at"] else "",
                *([_first_name(self._board.agent_name(contact["agent_id"])), contact["id"]] if wide else []),
            ]
            table.add_row(*cells, style="dim" if closed else "")
        total = sum(self._board.outcomes.values())
        counts = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in sorted(self._board.outcomes.items()))
        return Panel(table, title=f"Calls: {len(self._board.contacts)} live, {total} ended", subtitle=counts or None,
                     title_align="left", subtitle_align="right")  # fmt: skip

    def _queues(self) -> Panel:
        table = _table("queue", "wait", "longest", "talk", "wrap-up")
        for queue in self._board.queues():
            table.add_row(
                queue.name,
                Text(str(queue.waiting), "bold yellow" if queue.waiting else "dim"),
                f"{queue.longest_wait_s:.0f} s" if queue.waiting else "",
                str(queue.connected),
                str(queue.wrap_up),
            )
        return Panel(table, title="Queues", title_align="left")

    def _agents(self, wide: bool) -> Panel:
        table = _table("agent", "state", "since", "with")
        for _, agent in sorted(self._board.agents.items()):
            state = agent["state"].replace("_", " ").lower()
            contact = self._board.contacts.get(agent["contact_id"] or "")
            table.add_row(
                agent["name"] if wide else _first_name(agent["name"]),
                Text(f"{state}: {agent['reason']}" if agent["reason"] else state, _AGENT_STYLES[agent["state"]]),
                f"{since_s(agent['since']):.0f} s",
                self._narrator.caller(contact) if contact else "",
            )
        return Panel(table, title="Agents", title_align="left")

    def _pop(self) -> Panel:
        offer = self._board.offer
        if offer is None:
            return Panel(Text("nothing was offered yet", "dim"), title="Screen pop", title_align="left")
        title = f"Screen pop on {self._board.agent_name(offer['agent_id'])}'s desktop"
        return Panel(_pop_table(offer["pop"], self._board), title=title, title_align="left", border_style="magenta")

    def _events(self, height: int) -> Panel:
        newest = list(self._log.lines)[-max(1, height - 2) :]
        lines = Text("\n", no_wrap=True, overflow="ellipsis").join(newest)
        return Panel(lines, title="What happens", title_align="left")


def _pop_table(pop: JsonObject, board: Board) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(style="dim", no_wrap=True, min_width=10)
    table.add_column(overflow="ellipsis", no_wrap=True)
    customer = pop["customer"]
    if customer is None:
        table.add_row("customer", Text("not in the directory", "yellow"))
    else:
        tier = f" ({customer['tier']})" if customer["tier"] else ""
        table.add_row("customer", Text(f"{customer['name']}{tier}", "bold"))
        for name, value in customer["attributes"].items():
            table.add_row(name.replace("_", " "), Text(value))
    way = "".join(f" → {step['menu']}" if step.get("menu") else f" {step['key']}" for step in pop["menu_path"])
    table.add_row("calls from", Text(str(pop["ani"] or "withheld")))
    table.add_row("dialled", Text(pop["dnis"]))
    table.add_row("way", Text(f"{pop['entry'] or ''}{way}"))
    table.add_row("queue", Text(board.queue_name(pop["queue"])))
    table.add_row("waited", Text(f"{pop['wait_ms'] / 1000:.1f} s"))
    for name, value in pop["attributes"].items():
        table.add_row(name, Text(value))
    return table


def _first_name(name: str) -> str:
    return name.split(" ", 1)[0]


def _table(*columns: str) -> Table:
    table = Table(box=None, expand=True, header_style="dim", padding=(0, 1, 0, 0))
    for column in columns:
        table.add_column(column, no_wrap=True, overflow="ellipsis")
    return table
