"""The one answer to "may this agent serve this contact now": for selection, empty-queue checks, estimates, reports."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from ctid.model.agent import Agent
from ctid.model.contact import Contact
from ctid.model.instant import Instant
from ctid.model.states import AgentState
from ctid.spec.agent import AgentSpec
from ctid.spec.requirement import StepSpec


class Hindrance(StrEnum):
    """Why an agent may not serve a contact now."""

    STATE = "state"
    RESERVED = "reserved"
    DESKTOP = "desktop"
    DEVICE = "device"
    NON_ACD_CALL = "non_acd_call"
    BACKOFF = "backoff"
    EXCLUDED = "excluded"
    SKILL = "skill"
    PBX = "pbx"


class Candidate(NamedTuple):
    """An agent with what the configuration and the PBX say of them.

    Attributes:
        agent: The live state.
        spec: Skills and phone.
        reachable: Whether the phone can be reached.
        in_call: Whether the phone is in a call, and such calls count (``policy.non_acd_calls``). While nothing is
            offered to the agent it is one of their own.
    """

    agent: Agent
    spec: AgentSpec
    reachable: bool
    in_call: bool = False


def unavailable(candidate: Candidate, now: Instant) -> Hindrance | None:
    """Why the agent can take no contact at all now; ``None`` if they can."""
    agent = candidate.agent
    if agent.state is not AgentState.READY:
        return Hindrance.STATE
    if agent.offer_id:
        return Hindrance.RESERVED
    if agent.desktop_lost_ms:
        return Hindrance.DESKTOP
    if not candidate.reachable:
        return Hindrance.DEVICE
    if candidate.in_call:
        return Hindrance.NON_ACD_CALL
    if agent.backoff_until_ms > now.mono_ms:
        return Hindrance.BACKOFF
    return None


def unfit(candidate: Candidate, pbx: str, step: StepSpec) -> Hindrance | None:
    """Why an available agent may serve no contact of this kind now; ``None`` if they may.

    Args:
        candidate: The agent.
        pbx: The PBX that has the callers' legs.
        step: The requirement's step in force.
    """
    if candidate.spec.pbx != pbx:
        return Hindrance.PBX
    if any(candidate.spec.skills.get(skill, 0) < level for skill, level in step.skills.items()):
        return Hindrance.SKILL
    return None


def excluded(candidate: Candidate, contact: Contact, now: Instant) -> Hindrance | None:
    """Whether the contact is kept from this agent for now; ``None`` if it is not."""
    return Hindrance.EXCLUDED if contact.excluded.get(candidate.agent.id, 0) > now.mono_ms else None


def unable(candidate: Candidate, contact: Contact, pbx: str, step: StepSpec, now: Instant) -> Hindrance | None:
    """Why an available agent may not serve this contact now; ``None`` if they may."""
    return unfit(candidate, pbx, step) or excluded(candidate, contact, now)
