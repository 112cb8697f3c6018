"""A few words for agents: who gets them is found out here, by the same eligibility that routes contacts."""

from __future__ import annotations

from ctid.engine.shown.views import View
from ctid.engine.turn import Turn
from ctid.engine.waiting.serving import serving
from ctid.errors import ConflictError, RequestError
from ctid.model.events import MessageRequested

MAX_TEXT = 500
"""Characters of a message."""


def send(turn: Turn, request: MessageRequested) -> View:
    """Tell desktops of the agents it is for, and of everybody who sees all."""
    _check(turn, request)
    found = _receivers(turn, request)
    if request.among is not None:
        found = {each for each in found if turn.site.agents[each].team in request.among}
    if not found:
        raise ConflictError("there is no agent for whom this would be", current="nobody")
    message = {
        "id": turn.mint("ms"),
        "from": request.sender,
        "text": request.text,
        "at": turn.now.iso(),
        "agent_ids": sorted(found),
    }
    turn.publish("message.sent", {"message": message}, agent_ids=list(message["agent_ids"]))
    return {"message": message}


def _check(turn: Turn, request: MessageRequested) -> None:
    if not request.text.strip() or len(request.text) > MAX_TEXT:
        raise RequestError(f"a message has 1 to {MAX_TEXT} characters, and not only blanks")
    teams = {spec.team for spec in turn.site.agents.values() if spec.team is not None}
    known = (("agent", request.agents, turn.site.agents), ("queue", request.queues, turn.site.queues))
    for kind, named, there in (*known, ("team", request.teams, teams)):
        for name in named:
            if name not in there:
                all_of_them = ", ".join(sorted(there)) or "none at all"
                raise RequestError(f"there is no {kind} {name!r}; there is: {all_of_them}")


def _receivers(turn: Turn, request: MessageRequested) -> set[str]:
    agents = turn.site.agents
    if request.everybody:
        return set(agents)
    found = set(request.agents) | {each for each, spec in agents.items() if spec.team in request.teams}
    for name in request.queues:
        found |= serving(turn, name)
    return found
