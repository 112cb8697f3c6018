"""An agent's phone as it is shown: what becomes of calls for it, by whose doing."""

from __future__ import annotations

from typing import Any

from ctid.engine.state import SiteState, alias_key
from ctid.model.agent import Agent
from ctid.model.offer import OfferCause
from ctid.model.phone import PhoneRefusal
from ctid.spec.agent import AgentSpec


def phone_view(state: SiteState, agent: Agent, spec: AgentSpec | None) -> dict[str, Any]:
    """What was set for the phone, what it says itself, and in one word what that comes to."""
    key = alias_key(spec.pbx, spec.device) if spec is not None else ""
    refusal = state.refusals.get(key)
    return {
        "state": _state(agent, reachable=spec is not None and state.devices.get(key, True), refusal=refusal),
        "do_not_disturb": agent.do_not_disturb,
        "forwarded_to": agent.forwarded_to or None,
        "said": None
        if refusal is None
        else {
            "state": _said(refusal),
            "cause": refusal.cause,
            "forwarded_to": refusal.forwarded_to or None,
            "since": refusal.since.iso(),
        },
    }


def _state(agent: Agent, *, reachable: bool, refusal: PhoneRefusal | None) -> str:
    if agent.forwarded_to:
        return "forwarded"
    if agent.do_not_disturb:
        return "do_not_disturb"
    if not reachable:
        return "unreachable"
    return "rings" if refusal is None else _said(refusal)


def _said(refusal: PhoneRefusal) -> str:
    return "forwarded" if refusal.cause is OfferCause.FORWARDED else "do_not_disturb"
