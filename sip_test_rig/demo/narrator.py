"""The narrator: what an event of the API means, in human words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.markup import escape

from sip_test_rig.demo.board import Board
from sip_test_rig.desktop import JsonObject


class Narrator:
    """Tells events in words.

    Args:
        board: The site; it has taken the event in already.
        names: Callers' names by number, for those whom the directory does not know.
        config: The site's configuration.
    """

    def __init__(self, board: Board, names: Mapping[str, str], config: Mapping[str, Any]) -> None:
        self._board = board
        self._names = names
        self._dispositions = config["dispositions"]

    def caller(self, contact: JsonObject) -> str:
        """Who calls, as the viewer shall read it."""
        if contact["customer"] is not None:
            return str(contact["customer"]["name"])
        return self._names.get(contact["ani"] or "", contact["ani"] or "withheld")

    def tell(self, event: JsonObject) -> str | None:
        """A line of rich markup; None for what is not worth one."""
        data = event["data"]
        match event["type"]:
            case "contact.queued":
                return self._queued(data["contact"])
            case "offer.created":
                offer = data["offer"]
                known = offer["pop"]["customer"]
                pop = _bold(known["name"]) if known else f"{offer['pop']['ani']}, not in the directory"
                return f"[magenta]→[/]  screen pop for {self._agent(offer)}: {pop}"
            case "offer.timed_out":
                return f"[yellow]✗[/]  {self._agent(data['offer'])} did not answer; the caller keeps the place"
            case "contact.connected":
                contact = data["contact"]
                waited = f"after {contact['wait_ms'] / 1000:.1f} s of waiting"
                return f"[green]⇄[/]  {_bold(self.caller(contact))} talks with {self._agent(contact)} {waited}"
            case "contact.closed":
                return self._closed(data["contact"])
            case "agent.state_changed" if data["agent"]["state"] == "NOT_READY":
                agent = data["agent"]
                return f"[yellow]‖[/]  {_bold(agent['name'])} is not ready: {agent['reason'] or 'no reason given'}"
            case "pbx.down" | "pbx.up" as change:
                return f"[red]![/]  Asterisk is {change.removeprefix('pbx.')}"
        return None

    def _queued(self, contact: JsonObject) -> str:
        who, queue = _bold(self.caller(contact)), _bold(self._board.queue_name(contact["queue"]))
        if sum(span["state"] == "queued" for span in contact["spans"]) > 1:
            return f"[blue]◷[/]  {who} waits in {queue} again, for {contact['wait_ms'] / 1000:.0f} s by now"
        return f"[blue]◷[/]  {who} enters the queue {queue}"

    def _closed(self, contact: JsonObject) -> str:
        who, outcome = _bold(self.caller(contact)), contact["outcome"].replace("_", " ")
        if contact["disposition"]:
            meaning = self._dispositions.get(contact["disposition"], contact["disposition"])
            score = contact["attributes"].get("score")
            gave = f", and the caller gave {escape(score)} of 5" if score else ""
            return f"[green]✓[/]  {who}: {outcome}, “{escape(meaning)}”{gave}"
        if "balance" in contact["attributes"] and not contact["queue"]:
            return f"[green]✓[/]  {who}: {outcome} by the bank's hotline, without anybody's time"
        if not contact["queue"] and contact["path"] and contact["path"][0]["result"] == "closed":
            return f"[yellow]✓[/]  {who} has heard that the office is closed now"
        waited = f" after {contact['wait_ms'] / 1000:.0f} s in the queue" if contact["queue"] else ""
        return f"[yellow]✓[/]  {who}: {outcome}{waited}"

    def _agent(self, of: JsonObject) -> str:
        return _bold(self._board.agent_name(of["agent_id"]))


def _bold(text: str) -> str:
    return f"[bold]{escape(text)}[/]"
