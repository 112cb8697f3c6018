"""Why a contact waits: its place, what it needs, who is able and why not now, who nearly is, and what would help."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from heapq import nsmallest
from typing import Any, NamedTuple

import msgspec

from ctid.acd.eligibility import Candidate, Hindrance, excluded, unavailable
from ctid.acd.explanation import ahead, lacking, nearest
from ctid.acd.line import LineKey, able_to_serve
from ctid.acd.needs import meeting, resolve
from ctid.acd.order import place
from ctid.acd.roster import numbers
from ctid.acd.steps import steps_of
from ctid.acd.wording import Words
from ctid.engine import outage
from ctid.engine.agent.assignment import awaits, candidate_of
from ctid.engine.queue import callbacks, queueing
from ctid.engine.shown.parked import is_parked
from ctid.engine.shown.views import View, stamp_of_mono
from ctid.engine.turn import Turn, ms
from ctid.engine.waiting import outlook
from ctid.engine.waiting.requirement import line_key, names_of, pbx_of
from ctid.model.agent import Agent
from ctid.model.contact import Contact
from ctid.model.states import AgentState, OfferState

MOST = 20
"""Agents told one by one."""

_FREE = "free"
_ORDER = (_FREE, "busy", "reserved", "capacity", "non_acd_call", "desktop", "device", "do_not_disturb", "forwarded",
    "not_ready",
)  # fmt: skip
"""Hindrances whose end nobody knows, those that end soonest first."""

_STATES = {
    AgentState.BUSY: "busy",
    AgentState.WRAP_UP: "wrap_up",
    AgentState.NOT_READY: "not_ready",
    AgentState.RESERVED: "reserved",
}


class Standing(NamedTuple):
    """An able agent, and why they cannot take the contact now.

    Attributes:
        agent: The agent.
        code: ``free``, the state in lower case, or the ``Hindrance``.
        since_ms: Monotonic moment it began, where that is known.
        until_ms: Monotonic moment it ends, where that is known.
    """

    agent: Agent
    code: str
    since_ms: int | None = None
    until_ms: int | None = None


def waiting_view(turn: Turn, contact: Contact, words: Words) -> View:
    """Explain a contact that waits in a queue."""
    key = line_key(turn, contact, pbx_of(turn, contact))
    roster = turn.floor.roster
    line = turn.floor.lines.get(key)
    able = line.able if line is not None else able_to_serve(key, roster)
    there = able & roster.on_duty
    waiting = place(contact, turn.site.queues[contact.queue], turn.site.policy)
    before = ahead(turn.floor, key, waiting, there or able, ms(turn.site.policy.priority_seconds))
    priority = contact.priority + turn.site.queues[contact.queue].priority
    steps = list(_steps(turn, contact, key, able, words))
    data: View = {
        "queue": contact.queue,
        "place": before + 1,
        "waited_ms": queueing.waited(turn, contact),
        "priority": priority,
        "head_start_ms": priority * ms(turn.site.policy.priority_seconds),
        "expected_wait_ms": outlook.of_waiting(turn, contact).expected_ms,
        "held": _held(turn, contact),
        "needs": words.needs(key.needs),
        "preferred": None if key.prefer is None else words.needs([key.prefer]),
        "requirement": None if contact.steps or contact.requirement < 0 else contact.requirement,
        "steps": steps,
        "able": _able(turn, contact, key, able, words),
        "near_misses": _near_misses(turn, key, able, words),
        "helps": list(_helps(turn, contact, key, able, steps, words)),
    }
    return data | {"text": words.join("sentences", _told(turn, contact, data, words))}


# ---- why not at once ---------------------------------------------------------------------------------------------


def _held(turn: Turn, contact: Contact) -> str | None:
    """Why nobody at all is offered the contact now; ``None`` if that is not so."""
    if turn.state.draining:
        return "draining"
    if is_parked(contact):
        return "parked"
    if awaits(turn, contact):
        return None
    if contact.callback is not None and not callbacks.is_on_the_line(contact):
        return "callback"
    leg = turn.legs.get(contact.caller_leg)
    if leg is not None and not outage.is_up(turn, leg.pbx):
        return "pbx"
    return "no_leg" if leg is None else "unseen"


# ---- who is able -------------------------------------------------------------------------------------------------


def standing(turn: Turn, contact: Contact, candidate: Candidate, channel: str) -> Standing:
    """Why an able agent cannot take the contact now."""
    agent = candidate.agent
    why = excluded(candidate, contact) or unavailable(candidate, channel)
    match why:
        case None:
            return Standing(agent, _FREE)
        case Hindrance.EXCLUDED:
            return Standing(agent, why, until_ms=contact.excluded[agent.id])
        case Hindrance.STATE | Hindrance.RESERVED:
            code = _STATES.get(agent.state, "reserved")
            until = agent.wrap_up_until_ms or None if agent.state is AgentState.WRAP_UP else None
            offer = turn.state.offers.get(agent.offer_id)
            if code == "reserved" and offer is not None and offer.state is OfferState.PENDING:
                until = offer.expires_at.mono_ms
            # Free again but for the offer's leg, which lives on: nobody knows since when.
            return Standing(agent, code, agent.since.mono_ms if agent.state in _STATES else None, until)
        case Hindrance.DESKTOP:
            return Standing(agent, why, agent.desktop_lost_ms)
        case Hindrance.BACKOFF:
            return Standing(agent, why, until_ms=agent.backoff_until_ms)
        case _:
            return Standing(agent, why)


def _soonest(each: Standing) -> tuple[int, int, str]:
    if each.until_ms is not None:
        return 0, each.until_ms, each.agent.id
    rank = _ORDER.index(each.code) if each.code in _ORDER else len(_ORDER)
    return 1 + rank, each.since_ms or 0, each.agent.id


def _able(turn: Turn, contact: Contact, key: LineKey, able: int, words: Words) -> View:
    roster, agents = turn.floor.roster, turn.state.agents
    there = able & roster.on_duty
    kept = 0
    for agent_id in contact.excluded:
        kept |= there & roster.named(agent_id)
    free = there & turn.floor.free(key.channel) & ~kept
    # Thousands may be in one state; they are counted as sets, and looked at only as far as they are told of.
    counts, told = Counter({_FREE: free.bit_count()}), _first(turn, free, _idle)
    for state, code in _STATES.items():
        those = there & roster.in_state[state] & ~kept
        counts[code] += those.bit_count()
        told += _first(turn, those, _wrapped_up if state is AgentState.WRAP_UP else _since)
    others = [
        agents[roster.ids[number]] for number in numbers((there & roster.in_state[AgentState.READY] & ~free) | kept)
    ]
    standings = [standing(turn, contact, candidate_of(turn, agent), key.channel) for agent in others]
    counts.update(each.code for each in standings)
    standings += [standing(turn, contact, candidate_of(turn, agent), key.channel) for agent in told]
    prefer = meeting(key.prefer, roster) if key.prefer is not None else roster.everybody
    return {
        "total": able.bit_count(),
        "logged_in": there.bit_count(),
        "logged_out": (able & ~roster.on_duty).bit_count(),
        "by_hindrance": {str(code): count for code, count in counts.items() if count or code == _FREE},
        "agents": [
            _standing_view(turn, each, words) | {"preferred": bool(prefer & roster.bits[each.agent.id])}
            for each in nsmallest(MOST, standings, key=_soonest)
        ],
    }


def _first(turn: Turn, those: int, order: Callable[[Agent], int]) -> list[Agent]:
    """The first of a set, as many as may be told of."""
    ids, agents = turn.floor.roster.ids, turn.state.agents
    return nsmallest(MOST, (agents[ids[number]] for number in numbers(those)), key=order)


def _idle(agent: Agent) -> int:
    return agent.idle_since_ms


def _since(agent: Agent) -> int:
    return agent.since.mono_ms


def _wrapped_up(agent: Agent) -> int:
    return agent.wrap_up_until_ms


def _standing_view(turn: Turn, each: Standing, words: Words) -> View:
    now = turn.now
    reason = each.agent.reason if each.code == "not_ready" else ""
    what = words.say("hindrance.not_ready.reason", reason=reason) if reason else words.named("hindrance", each.code)
    if each.since_ms is not None:
        what = words.say("since", what=what, time=words.time(now.mono_ms - each.since_ms))
    if each.until_ms is not None:
        what = words.say("until", what=what, time=words.time(max(0, each.until_ms - now.mono_ms)))
    return {
        "agent_id": each.agent.id,
        "hindrance": each.code,
        "reason": reason or None,
        "since": None if each.since_ms is None else stamp_of_mono(each.since_ms, now),
        "until": None if each.until_ms is None else stamp_of_mono(each.until_ms, now),
        "text": what,
    }


# ---- who nearly is -----------------------------------------------------------------------------------------------


def _near_misses(turn: Turn, key: LineKey, able: int, words: Words) -> View:
    roster = turn.floor.roster
    others = turn.floor.free(key.channel) & ~able
    return {
        "total": others.bit_count(),
        "agents": [_miss_view(agent_id, turn, key, words) for agent_id in nearest(key, roster, others, MOST)],
    }


def _miss_view(agent_id: str, turn: Turn, key: LineKey, words: Words) -> View:
    lacks = lacking(agent_id, turn.floor.roster.profiles[agent_id], key)
    return {
        "agent_id": agent_id,
        "lacks": [
            {
                "kind": lack.kind,
                "names": list(lack.names),
                "wanted": lack.wanted if lack.kind in ("skill", "delay") else None,
                "has": lack.has if lack.kind in ("skill", "delay") else None,
                "text": words.lacks([lack]),
            }
            for lack in lacks
        ],
        "text": words.lacks(lacks),
    }


# ---- what would help ---------------------------------------------------------------------------------------------


def _steps(turn: Turn, contact: Contact, key: LineKey, able: int, words: Words) -> Iterator[View]:
    """Every step of the requirement; of those to come, whom they would add."""
    named = names_of(contact)
    for index, step in enumerate(steps_of(turn.site.queues[contact.queue], contact)):
        reached = line_key(turn, msgspec.structs.replace(contact, step=index), key.pbx)
        by_time = index == 0 or step.after_seconds > 0
        begins_ms = contact.queued_at.mono_ms + ms(step.after_seconds) if contact.queued_at and by_time else None
        expected = step.expected_wait_seconds
        yield {
            "index": index,
            "in_force": index <= contact.step,
            "begins": None if begins_ms is None else stamp_of_mono(begins_ms, turn.now),
            "begins_in_ms": None if begins_ms is None else max(0, begins_ms - turn.now.mono_ms),
            "expected_wait_ms": None if expected is None else ms(expected),
            "needs": words.needs([resolve(step, named)]),
            "preferred": None if step.prefer is None else words.needs([resolve(step.prefer, named)]),
            **_added(turn, key, able_to_serve(reached, turn.floor.roster) & ~able),
        }


def _helps(turn: Turn, contact: Contact, key: LineKey, able: int, steps: list[View], words: Words) -> Iterator[View]:
    """What will add agents by itself: the next steps, and agents who help out after a while."""
    waited_ms = queueing.waited(turn, contact)
    for step in steps:
        if step["in_force"]:
            continue
        told: list[str] = []
        if step["begins_in_ms"] is not None:
            told.append(words.say("help.step", time=words.time(step["begins_in_ms"]), needs=step["needs"]))
        if step["expected_wait_ms"] is not None:
            over = words.time(step["expected_wait_ms"])
            told.append(words.say("help.expected", time=over, needs=step["needs"]))
        yield _help_view(words, "step", step, told)
    for delay_ms in turn.floor.roster.delays(contact.queue):
        if delay_ms > key.delay_ms:
            added = able_to_serve(key._replace(delay_ms=delay_ms), turn.floor.roster) & ~able
            left_ms = max(0, delay_ms - waited_ms)
            begins = stamp_of_mono(turn.now.mono_ms + left_ms, turn.now)
            data = {"begins": begins, "begins_in_ms": left_ms, "expected_wait_ms": None, **_added(turn, key, added)}
            yield _help_view(words, "delay", data, [words.say("help.delay", time=words.time(left_ms))])


def _added(turn: Turn, key: LineKey, added: int) -> dict[str, int]:
    return {
        "adds": (added & turn.floor.roster.on_duty).bit_count(),
        "adds_free": (added & turn.floor.free(key.channel)).bit_count(),
    }


def _help_view(words: Words, kind: str, data: View, told: list[str]) -> View:
    adds, free = data["adds"], data["adds_free"]
    told.append(words.counted("adds", adds, free=free) if adds else words.say("adds.nobody"))
    kept = ("begins", "begins_in_ms", "expected_wait_ms", "adds", "adds_free")
    return {"kind": kind, **{name: data[name] for name in kept}, "text": words.join("sentences", told)}


# ---- in words ----------------------------------------------------------------------------------------------------


def _told(turn: Turn, contact: Contact, data: View, words: Words) -> Iterator[str]:
    waited = words.time(data["waited_ms"])
    if data["place"] == 1:
        yield words.say("waits.first", time=waited, queue=contact.queue)
    else:
        yield words.counted("waits", data["place"] - 1, time=waited, queue=contact.queue, place=data["place"])
    if data["head_start_ms"]:
        yield words.say("priority", priority=data["priority"], time=words.time(data["head_start_ms"]))
    yield words.say("needs", needs=data["needs"])
    if data["preferred"] is not None:
        yield words.say("prefers", prefer=data["preferred"])
    if data["held"] is not None:
        leg = turn.legs.get(contact.caller_leg)
        yield words.say(f"held.{data['held']}", pbx=leg.pbx if leg is not None else "")
    yield from _able_told(data["able"], words)
    misses: dict[str, Any] = data["near_misses"]
    if misses["agents"]:
        first = misses["agents"][0]
        yield words.counted("misses", misses["total"], agent=first["agent_id"], lacks=first["text"])
    for each in data["helps"][:1]:
        yield each["text"]
    if data["expected_wait_ms"] is not None:
        yield words.say("expected", time=words.time(data["expected_wait_ms"]))


def _able_told(able: View, words: Words) -> Iterator[str]:
    if not able["total"]:
        yield words.say("able.none")
        return
    if not able["logged_in"]:
        yield words.counted("able.away", able["logged_out"])
        return
    counts = words.join(
        "list",
        (
            words.say("counted", n=count, what=words.named("hindrance", code))
            for code, count in sorted(able["by_hindrance"].items(), key=lambda item: (-item[1], item[0]))
            if count
        ),
    )
    yield words.counted("able.free" if able["by_hindrance"][_FREE] else "able.busy", able["logged_in"], counts=counts)
    if able["logged_out"]:
        yield words.counted("away", able["logged_out"])
    first = able["agents"][0]
    if first["until"] is not None:
        yield words.say("soonest", agent=first["agent_id"], what=first["text"])
