"""Why a contact waits: who goes before it, who of those not able comes nearest, and what they lack."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ctid.acd.floor import Floor
from ctid.acd.line import LineKey, Waiting, able_to_serve
from ctid.acd.needs import Need, Single, meeting
from ctid.acd.roster import LEVELS, Roster, numbers
from ctid.spec.agent import AgentSpec


class Lack(NamedTuple):
    """One thing that keeps an agent from being able to serve a contact.

    Attributes:
        kind: ``skill``, ``groups`` or ``agents`` (in none of these), ``vacant`` (an agent is asked for whom nothing
            names), ``none`` (is what they must not be), ``queue`` (does not serve it), ``delay`` (helps out later),
            ``pbx`` (the phone is elsewhere).
        names: The skill, groups, agents, queue or PBX asked for.
        wanted: Level of the skill; milliseconds of waiting after which they help out.
        has: Level of the skill that they have; milliseconds waited.
        need: For ``none``, what they must not be.
    """

    kind: str
    names: tuple[str, ...] = ()
    wanted: int = 0
    has: int = 0
    need: Need | None = None


_FAR = 2 * LEVELS
"""What cannot be learned weighs more than any level of one skill."""


def lacking(agent_id: str, profile: AgentSpec, key: LineKey) -> list[Lack]:
    """All that an agent lacks for contacts of a kind; nothing if they are able.

    Where one of several needs would do, it is the one that they come nearest to.
    """
    lacks: list[Lack] = []
    if key.pbx and profile.pbx != key.pbx:
        lacks.append(Lack("pbx", (key.pbx,)))
    if profile.queues:
        membership = profile.queues.get(key.queue)
        if membership is None:
            lacks.append(Lack("queue", (key.queue,)))
        elif (delay_ms := round(membership.delay_seconds * 1000)) > key.delay_ms:
            lacks.append(Lack("delay", wanted=delay_ms, has=key.delay_ms))
    return lacks + _nearest(key.needs, Single(agent_id, profile), profile)


def _nearest(needs: tuple[Need, ...], single: Single, profile: AgentSpec) -> list[Lack]:
    return min((list(_missed(need, single, profile)) for need in needs), key=_weight)


def _weight(lacks: list[Lack]) -> int:
    return sum(lack.wanted - lack.has if lack.kind == "skill" else _FAR for lack in lacks)


def _missed(need: Need, single: Single, profile: AgentSpec) -> Iterator[Lack]:
    if meeting(need, single):
        return
    if need.vacant:
        yield Lack("vacant")
    for skill, level in need.skills:
        if not single.skilled(skill, level):
            yield Lack("skill", (skill,), level, profile.skills.get(skill, 0))
    if need.groups and not any(map(single.grouped, need.groups)):
        yield Lack("groups", need.groups)
    if need.agents and not any(map(single.named, need.agents)):
        yield Lack("agents", need.agents)
    for each in need.all:
        yield from _missed(each, single, profile)
    if need.any and not any(meeting(each, single) for each in need.any):
        yield from _nearest(need.any, single, profile)
    for each in need.none:
        if meeting(each, single):
            yield Lack("none", need=each)


def nearest(key: LineKey, roster: Roster, agents: int, count: int) -> list[str]:
    """Those of the agents who come nearest to being able: who lack fewest levels, then all others in any order.

    Args:
        key: What would have to be met.
        roster: All agents.
        agents: Who is asked about.
        count: How many at most.
    """
    found: list[str] = []
    left = agents
    for lower in range(1, LEVELS + 1):
        if not left or len(found) >= count:
            break
        eased = key._replace(needs=tuple(_eased(need, lower) for need in key.needs))
        near = able_to_serve(eased, roster) & left
        left &= ~near
        found += [roster.ids[number] for number, _ in zip(numbers(near), range(count - len(found)), strict=False)]
    found += [roster.ids[number] for number, _ in zip(numbers(left), range(count - len(found)), strict=False)]
    return found


def _eased(need: Need, lower: int) -> Need:
    return need._replace(
        skills=tuple((skill, level - lower) for skill, level in need.skills if level > lower),
        all=tuple(_eased(each, lower) for each in need.all),
        any=tuple(_eased(each, lower) for each in need.any),
    )


def ahead(floor: Floor, key: LineKey, waiting: Waiting, competing: int, point_ms: int) -> int:
    """How many waiting contacts go before this one at some agent.

    Args:
        floor: All that wait.
        key: What this contact needs.
        waiting: Its place.
        competing: The agents who are able to serve it and count.
        point_ms: What a point of priority is worth.
    """
    count = 0
    for line in floor.all_occupied():
        shared = line.able & competing
        if not shared:
            continue
        head_start = _head_start(floor.roster, line.key.queue, key.queue, shared) * point_ms
        count += line.before(Waiting(waiting.place + head_start, waiting.seq, waiting.contact_id))
    return count


def _head_start(roster: Roster, queue: str, other: str, agents: int) -> int:
    """By how much more priority, at most, one of the agents gives a queue than another."""
    if queue == other:
        return 0
    return max(
        priority - given
        for priority, those in roster.priorities(queue)
        for given, these in roster.priorities(other)
        if those & these & agents
    )
