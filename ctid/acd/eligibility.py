"""The one answer to "may this agent serve this contact now": for selection, empty-queue checks, estimates, reports."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from ctid.acd.line import LineKey
from ctid.acd.needs import Single, meeting
from ctid.model.agent import Agent
from ctid.model.contact import Contact
from ctid.model.states import AgentState
from ctid.spec.agent import VOICE, AgentSpec


class Hindrance(StrEnum):
    """Why an agent may not serve a contact now."""

    LOGGED_OUT = "logged_out"
    STATE = "state"
    RESERVED = "reserved"
    DESKTOP = "desktop"
    DO_NOT_DISTURB = "do_not_disturb"
    FORWARDED = "forwarded"
    DEVICE = "device"
    NON_ACD_CALL = "non_acd_call"
    BACKOFF = "backoff"
    CAPACITY = "capacity"
    EXCLUDED = "excluded"
    QUEUE = "queue"
    DELAY = "delay"
    SKILL = "skill"
    PBX = "pbx"


class Candidate(NamedTuple):
    """An agent with what the configuration and the PBX say of them.

    Attributes:
        agent: The live state.
        profile: Skills, queues and phone in force.
        reachable: Whether the phone can be reached.
        in_call: Whether the phone is in a call, and such calls count (``policy.non_acd_calls``). While nothing is
            offered to the agent it is one of their own.
    """

    agent: Agent
    profile: AgentSpec
    reachable: bool
    in_call: bool = False


def silent(candidate: Candidate) -> Hindrance | None:
    """Why the agent's phone does not ring for calls that somebody else gives them; ``None`` if it does."""
    if candidate.agent.forwarded_to:
        return Hindrance.FORWARDED
    if candidate.agent.do_not_disturb:
        return Hindrance.DO_NOT_DISTURB
    return None if candidate.reachable else Hindrance.DEVICE


def unavailable(candidate: Candidate, channel: str) -> Hindrance | None:
    """Why the agent can take no contact of the channel at all now; ``None`` if they can."""
    agent = candidate.agent
    if agent.state is not AgentState.READY:
        return Hindrance.LOGGED_OUT if agent.state is AgentState.LOGGED_OUT else Hindrance.STATE
    if agent.offer_id:
        return Hindrance.RESERVED
    if agent.desktop_lost_ms:
        return Hindrance.DESKTOP
    if channel == VOICE and (phone := silent(candidate)):
        return phone
    if agent.backoff_until_ms:
        return Hindrance.BACKOFF
    if candidate.in_call:
        return Hindrance.NON_ACD_CALL
    at_hand = sum(task.channel == channel for task in agent.tasks.values())
    if at_hand >= candidate.profile.capacity.get(channel, 0):
        return Hindrance.CAPACITY
    return None


def free_for(candidate: Candidate) -> frozenset[str]:
    """The channels of which one more contact may be offered to the agent now."""
    return frozenset(channel for channel in candidate.profile.capacity if unavailable(candidate, channel) is None)


def unfit(candidate: Candidate, key: LineKey) -> Hindrance | None:
    """Why the agent may serve no contact of this kind, free or not; ``None`` if they may."""
    profile = candidate.profile
    if key.pbx and profile.pbx != key.pbx:
        return Hindrance.PBX
    if profile.queues:
        membership = profile.queues.get(key.queue)
        if membership is None:
            return Hindrance.QUEUE
        if round(membership.delay_seconds * 1000) > key.delay_ms:
            return Hindrance.DELAY
    single = Single(candidate.agent.id, profile)
    return None if any(meeting(need, single) for need in key.needs) else Hindrance.SKILL


def excluded(candidate: Candidate, contact: Contact) -> Hindrance | None:
    """Whether the contact is kept from this agent for now; ``None`` if it is not."""
    return Hindrance.EXCLUDED if candidate.agent.id in contact.excluded else None


def hindrance(candidate: Candidate, contact: Contact, key: LineKey) -> Hindrance | None:
    """Why the agent may not serve this contact now; ``None`` if they may."""
    return unfit(candidate, key) or excluded(candidate, contact) or unavailable(candidate, key.channel)
