"""Why each agent was chosen for a contact, and what became of the offer: as data and in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ctid.acd.strategies import STRATEGIES, Place
from ctid.acd.wording import Words
from ctid.engine.shown.views import View, stamp
from ctid.model.history import Decision, OfferResult
from ctid.model.states import OfferState

PICKED_UP = "picked_up"
"""Triggers the decision of an agent who took a contact by themselves."""


def decision_views(decisions: Iterable[Decision], offers: Iterable[OfferResult], words: Words) -> list[View]:
    """Every decision of a contact, in order, each with what became of its offer."""
    results = {offer.offer_id: offer for offer in offers}
    return [_decision_view(decision, results.get(decision.offer_id), words) for decision in decisions]


def _decision_view(decision: Decision, result: OfferResult | None, words: Words) -> View:
    measured = decision.trigger != PICKED_UP
    chosen = _told(decision, Place(decision.fit, decision.turn)) if measured else {}
    other = _told(decision, Place(decision.runner_up_fit, decision.runner_up_turn)) if decision.runner_up else None
    reason = words.say(
        f"decision.{decision.trigger}",
        time=words.time(decision.waited_ms),
        queue=decision.queue,
        agent=decision.agent_id,
        why=_why(decision, chosen, other or {}, words),
    )
    return {
        "at": stamp(decision.at),
        "queue": decision.queue,
        "agent_id": decision.agent_id,
        "offer_id": decision.offer_id,
        "trigger": decision.trigger,
        "step": decision.step,
        "waited_ms": decision.waited_ms,
        "strategy": decision.strategy,
        "able": decision.able,
        "by": decision.by or None,
        "measures": chosen,
        "runner_up": None if other is None else {"agent_id": decision.runner_up, "measures": other},
        "offer_state": OfferState.PENDING if result is None else result.state,
        "offer_cause": None if result is None else result.cause or None,
        "offered_ms": None if result is None else result.rang_ms,
        "text": words.join("sentences", [reason, _fate(result, words)]),
    }


def _told(decision: Decision, place: Place) -> dict[str, int]:
    rule = STRATEGIES.get(decision.strategy)
    # A record outlives the strategies of its day.
    return {} if rule is None else rule.told(place, decision.at.mono_ms)


def _why(decision: Decision, chosen: Mapping[str, int], other: Mapping[str, int], words: Words) -> str:
    strategy = words.named("strategy", decision.strategy)
    by = decision.by if decision.by in ("alone", "priority", "preferred", "id") else "rule"
    if not chosen:
        return strategy
    return words.say(
        f"by.{by}",
        able=decision.able,
        strategy=strategy,
        measures=words.measures(chosen),
        other=decision.runner_up,
        others=words.measures(other) if other else "",
    )


def _fate(result: OfferResult | None, words: Words) -> str:
    if result is None:
        return words.say("offer.pending")
    cause = words.named("cause", result.cause) if result.cause else ""
    return words.say(f"offer.{result.state}", time=words.time(result.rang_ms), cause=cause)
