"""Whom a call for an agent reaches: phones not to be disturbed, forwarded, or refusing by themselves."""

from __future__ import annotations

from ctid.engine import outage
from ctid.engine.agent import agents, devices
from ctid.engine.state import alias_key
from ctid.engine.turn import Turn
from ctid.errors import ConflictError
from ctid.model.agent import Agent
from ctid.model.commands import SetPhone
from ctid.model.leg import Leg
from ctid.model.offer import OfferCause
from ctid.model.phone import PhoneRefusal
from ctid.model.states import AgentState, LegState, OfferState, Party

MOST_FORWARDS = 3
"""From one colleague to the next; the dialplan counts the same."""

AT_ONCE_MS = 1_000
"""Nobody looks at a phone that rings and refuses within less."""

MOST_PATIENCE = 16
"""So many times the back-off of its cause, at most, a phone is spared that refuses again and again."""

SAID: dict[int, OfferCause] = {
    17: OfferCause.BUSY,
    19: OfferCause.NO_ANSWER,
    21: OfferCause.REJECTED,
    23: OfferCause.FORWARDED,
}
"""Q.850 causes of what a phone says that is not to ring: 486, 480, 603, 302."""

DO_NOT_DISTURB = "dnd"
"""What ``SetPhone`` says of a phone that is not to ring."""


def reach(turn: Turn, agent_id: str) -> tuple[str, str]:
    """Whom a call for an agent reaches: an agent, or a number that is no colleague's.

    Args:
        turn: The turn.
        agent_id: Of the configuration; one that is not is given back.

    Raises:
        ConflictError: The phone is not to ring, or is forwarded in a circle.
    """
    at = agent_id
    for _ in range(MOST_FORWARDS + 1):
        agent, spec = turn.state.agents.get(at), turn.site.agents.get(at)
        if agent is None or spec is None or _calls(agent) == "":
            return at, ""
        if agent.forwarded_to == "":
            raise ConflictError(f"agent {at} is not to be disturbed", current=agent.state)
        colleague = devices.agent_at(turn, spec.pbx, f"PJSIP/{agent.forwarded_to}")
        if not colleague:
            return "", agent.forwarded_to
        at = colleague
    raise ConflictError(
        f"the phone of agent {agent_id} is forwarded in a circle", current=turn.state.agents[agent_id].state
    )


def refuses(turn: Turn, agent_id: str) -> bool:
    """Whether calls for the agent are refused: their phone is not to ring, and they go nowhere else."""
    agent = turn.state.agents.get(agent_id)
    return agent is not None and _calls(agent) == DO_NOT_DISTURB


def _calls(agent: Agent) -> str:
    """What is to become of calls for the agent, as ``SetPhone`` says it."""
    return agent.forwarded_to or (DO_NOT_DISTURB if agent.do_not_disturb else "")


def set_to(turn: Turn, agent: Agent, *, do_not_disturb: bool, forwarded_to: str) -> None:
    """Set what becomes of calls for the agent; what rings already goes on ringing."""
    agent.do_not_disturb, agent.forwarded_to = do_not_disturb, forwarded_to
    spec = turn.site.agents.get(agent.id)
    if spec is not None:
        tell(turn, spec.pbx)
    agents.changed(turn, agent, "agent.updated")


def may_be_called_back(turn: Turn, agent_id: str) -> None:
    """The agent calls an emergency service, which may want to ring back: from now on their phone rings."""
    agent = turn.state.agents.get(agent_id)
    if agent is not None and _calls(agent):
        set_to(turn, agent, do_not_disturb=False, forwarded_to="")


# ---- what the PBX is told ----------------------------------------------------------------------------------------


def tell(turn: Turn, pbx: str) -> None:
    """Have the PBX's dialplan know what it does not know yet."""
    if outage.is_up(turn, pbx):
        wanted, told = _wanted(turn, pbx), _told(turn, pbx)
        _tell(turn, pbx, {each: wanted.get(each, "") for each in wanted | told if wanted.get(each) != told.get(each)})


def tell_all(turn: Turn, pbx: str, *, new: bool) -> None:
    """Have the PBX know all: what it was told may have been lost on the way.

    Args:
        turn: The turn.
        pbx: Has just come.
        new: It was never there before in the life of this journal, and may know things of another one.
    """
    wanted = _wanted(turn, pbx)
    phones = wanted | _told(turn, pbx)
    if new:
        phones |= {devices.extension_of(device): "" for at, device in turn.site.phones if at == pbx}
    _tell(turn, pbx, {each: wanted.get(each, "") for each in phones})


def _tell(turn: Turn, pbx: str, calls: dict[str, str]) -> None:
    for extension, what in calls.items():
        turn.state.phones_told.pop(alias_key(pbx, extension), None)
        if what:
            turn.state.phones_told[alias_key(pbx, extension)] = what
        turn.emit(SetPhone(pbx=pbx, extension=extension, calls=what))


def _wanted(turn: Turn, pbx: str) -> dict[str, str]:
    return {
        devices.extension_of(spec.device): calls
        for agent in turn.state.agents.values()
        if (calls := _calls(agent)) and (spec := turn.site.agents.get(agent.id)) is not None and spec.pbx == pbx
    }


def _told(turn: Turn, pbx: str) -> dict[str, str]:
    prefix = alias_key(pbx, "")
    return {key.removeprefix(prefix): what for key, what in turn.state.phones_told.items() if key.startswith(prefix)}


# ---- what phones do by themselves --------------------------------------------------------------------------------


def forwards(turn: Turn, leg: Leg, to: str) -> None:
    """A phone sends the call elsewhere; the end of its leg follows."""
    leg.forwarded_to = to.partition("@")[0][:64]


def takes_calls(turn: Turn, leg: Leg) -> None:
    """An agent's phone rings, or was answered: it refuses no more."""
    agent = turn.state.agents.get(leg.agent_id)
    if agent is not None and turn.state.refusals.pop(_key(turn, agent.id), None) is not None:
        agents.changed(turn, agent, "agent.updated")


def ends(turn: Turn, leg: Leg, cause: int) -> None:
    """A leg is about to end; one of an agent's phone may have been refused by the phone itself.

    Args:
        turn: The turn.
        leg: As it was.
        cause: The PBX's (Q.850).
    """
    agent, key = turn.state.agents.get(leg.agent_id), _key(turn, leg.agent_id)
    said = OfferCause.FORWARDED if leg.forwarded_to else SAID.get(cause)
    if agent is None or not key or said is None or not _is_of_itself(turn, leg, agent):
        return
    present = turn.state.refusals.get(key)
    if present is not None and (present.cause, present.forwarded_to) == (said, leg.forwarded_to):
        present.times += 1
        return
    turn.state.refusals[key] = PhoneRefusal(cause=said, forwarded_to=leg.forwarded_to, since=turn.now)
    agents.changed(turn, agent, "agent.updated")


def _is_of_itself(turn: Turn, leg: Leg, agent: Agent) -> bool:
    """Whether neither a human nor another call, nor we, have ended what was to ring."""
    at_once = leg.state is LegState.INITIATED or (
        leg.state is LegState.ALERTING and turn.now.mono_ms - leg.since_ms < AT_ONCE_MS
    )
    calls = [*agent.own_calls, *([agent.contact_id] if agent.state is AgentState.BUSY else [])]
    if not at_once or any(each != leg.contact_id for each in calls):
        return False
    if leg.party is not Party.AGENT or leg.watched:
        return True
    offer = turn.state.offers.get(agent.offer_id)
    return offer is not None and offer.state in (OfferState.PENDING, OfferState.ACCEPTED)


def patience(turn: Turn, agent_id: str, cause: OfferCause) -> int:
    """How many times longer than usual a phone is spared after an offer that came to nothing."""
    refusal = turn.state.refusals.get(_key(turn, agent_id))
    if refusal is None or refusal.cause is not cause:
        return 1
    return min(MOST_PATIENCE, 1 << min(refusal.times - 1, MOST_PATIENCE.bit_length()))


def forgive(turn: Turn, agent: Agent) -> None:
    """The agent says that their phone takes calls: it is tried at once."""
    if turn.state.refusals.pop(_key(turn, agent.id), None) is None:
        return
    turn.cancel_timer(f"backoff:{agent.id}")
    agents.back_off_over(turn, agent)
    agents.changed(turn, agent, "agent.updated")


def _key(turn: Turn, agent_id: str) -> str:
    spec = turn.site.agents.get(agent_id)
    return alias_key(spec.pbx, spec.device) if spec is not None else ""
