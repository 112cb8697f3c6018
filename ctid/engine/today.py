"""The site's day: when it began, and what its queues and agents have done since.

A day begins with whatever comes in first after the site's local midnight. Nothing has to fire for that, and a view
that is asked for meanwhile shows the new day already.
"""

from __future__ import annotations

from copy import deepcopy
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ctid.engine.state import SiteState
from ctid.engine.turn import Turn
from ctid.model.agent import Agent
from ctid.model.day import AgentDay, QueueDay, Today
from ctid.model.instant import Instant
from ctid.model.leg import Leg
from ctid.model.states import AgentState, LegState, SystemReason

STEP_BACK_MS = 3_600_000
"""A clock that is set back over midnight by less begins no day anew; one that was far ahead has had a wrong day."""


def holds(today: Today, now: Instant) -> bool:
    """Whether the day is the present one."""
    return today.since_utc_ms - STEP_BACK_MS <= now.utc_ms < today.until_utc_ms


def begin(state: SiteState, zone: str, now: Instant) -> None:
    """Begin the day that ``now`` is part of, if it has not begun yet."""
    today = state.today
    if not holds(today, now):
        state.today = _day_of(zone, now)
    elif zone != today.zone:
        # The configuration came, or came with another zone: what was counted stays, the day's bounds are others.
        fresh = _day_of(zone, now)
        today.zone, today.until_utc_ms = zone, fresh.until_utc_ms
        today.since_utc_ms, today.since_mono_ms = fresh.since_utc_ms, fresh.since_mono_ms


def present(state: SiteState, now: Instant) -> Today:
    """The day as it is now, be it one of which nothing has come in yet."""
    return state.today if holds(state.today, now) else _day_of(state.today.zone or "UTC", now)


def _day_of(zone: str, now: Instant) -> Today:
    clock = ZoneInfo(zone)
    day = datetime.fromtimestamp(now.utc_ms // 1000, clock).date()
    since = _midnight(day, clock)
    return Today(
        zone=zone,
        since_utc_ms=since,
        since_mono_ms=now.mono_ms - (now.utc_ms - since),
        until_utc_ms=_midnight(day + timedelta(days=1), clock),
    )


def _midnight(day: date, clock: ZoneInfo) -> int:
    # Of a midnight that comes twice the first, of one that is left out the moment at which it is left out.
    return int(datetime.combine(day, time(), clock).timestamp()) * 1000


# ---- queues ---------------------------------------------------------------------------------------------------


def of_queue(turn: Turn, name: str) -> QueueDay:
    """The queue's numbers of today, to be counted up."""
    return turn.state.today.queues.setdefault(name, QueueDay())


# ---- agents ---------------------------------------------------------------------------------------------------


def of_agent(turn: Turn, agent_id: str) -> AgentDay:
    """The agent's day, to be counted up."""
    return turn.state.today.agents.setdefault(agent_id, AgentDay())


def state_ends(turn: Turn, agent: Agent, to: AgentState, reason: str) -> None:
    """Count the time of the agent's present state, and the contact that begins with the next."""
    if agent.state is not AgentState.LOGGED_OUT:
        _add(of_agent(turn, agent.id), agent, _since(turn.state.today, agent.since.mono_ms, turn.now))
    if agent.state is AgentState.BUSY:
        leg = leg_of(turn.state, agent)
        if leg is not None:
            hold_ends(turn, leg)
    if to is AgentState.BUSY:
        day = of_agent(turn, agent.id)
        if reason == SystemReason.NON_ACD_CALL:
            day.own_calls += 1
        else:
            day.contacts += 1


def hold_ends(turn: Turn, leg: Leg) -> None:
    """Count the time for which an agent had their caller on hold, as far as they were talking."""
    agent = turn.state.agents.get(leg.agent_id)
    if leg.state is LegState.HELD and agent is not None and agent.state is AgentState.BUSY:
        of_agent(turn, agent.id).held_ms += _since(turn.state.today, leg.since_ms, turn.now)


def leg_of(state: SiteState, agent: Agent) -> Leg | None:
    """The leg of the agent's phone, while one lives."""
    offer = state.offers.get(agent.offer_id)
    return None if offer is None else state.legs.get(offer.leg_id)


def day_of_agent(state: SiteState, agent: Agent, now: Instant) -> tuple[Today, AgentDay]:
    """The agent's day up to now, the present state and a present hold included; the state is left as it is."""
    today = present(state, now)
    day = deepcopy(today.agents.get(agent.id, AgentDay()))
    if agent.state is not AgentState.LOGGED_OUT:
        _add(day, agent, _since(today, agent.since.mono_ms, now))
    leg = leg_of(state, agent)
    if agent.state is AgentState.BUSY and leg is not None and leg.state is LegState.HELD:
        day.held_ms += _since(today, leg.since_ms, now)
    return today, day


def _since(today: Today, mono_ms: int, now: Instant) -> int:
    return max(0, now.mono_ms - max(mono_ms, today.since_mono_ms))


def _add(day: AgentDay, agent: Agent, passed_ms: int) -> None:
    match agent.state:
        case AgentState.READY:
            day.ready_ms += passed_ms
        case AgentState.NOT_READY:
            day.not_ready_ms[agent.reason] = day.not_ready_ms.get(agent.reason, 0) + passed_ms
        case AgentState.RESERVED:
            day.reserved_ms += passed_ms
        case AgentState.BUSY:
            day.busy_ms += passed_ms
            day.own_ms += passed_ms if agent.reason == SystemReason.NON_ACD_CALL else 0
        case AgentState.WRAP_UP:
            day.wrap_up_ms += passed_ms
        case AgentState.LOGGED_OUT:
            pass
