"""A supervision: somebody listens to an agent's talk, coaches the agent, or takes part in it."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from ctid.model.instant import Instant


class SupervisionMode(StrEnum):
    """Who hears the supervisor, who hears all: nobody, the agent alone, or everybody in the talk."""

    MONITOR = "monitor"
    WHISPER = "whisper"
    BARGE = "barge"


class SupervisionState(StrEnum):
    """How far it is.

    The supervisor's phone is rung (``ringing``); they hear the talk (``active``); they wait for the next one
    (``waiting``); the caller is on their way to them (``taking_over``).
    """

    RINGING = "ringing"
    ACTIVE = "active"
    WAITING = "waiting"
    TAKING_OVER = "taking_over"


class SupervisionChange(StrEnum):
    """Why a supervision is another than before.

    It was asked for another ``mode``; they hear the talk (``active``), or wait for the next one (``waiting``); it is of
    another contact of the agent's (``contact``), or the contact has another agent (``agent``); a take-over began
    (``taking_over``), or came to nothing (``not_taken_over``).
    """

    MODE = "mode"
    ACTIVE = "active"
    WAITING = "waiting"
    CONTACT = "contact"
    AGENT = "agent"
    TAKING_OVER = "taking_over"
    NOT_TAKEN_OVER = "not_taken_over"


class SupervisionEnd(StrEnum):
    """Why a supervision is over.

    It was asked for (``ended``); the supervisor hung up (``supervisor_left``); the agent's talk ended
    (``talk_ended``), or their contact has an agent whom this supervisor may not supervise (``out_of_scope``); the agent
    of whom the next talk was waited for has logged out (``agent_left``); the supervisor has the caller now
    (``taken_over``); the PBX was lost with all calls (``pbx_lost``). Or the phone could not be had: ``busy``,
    ``no_answer``, ``rejected``, ``unreachable``; or the PBX did not let them hear (``failed``).
    """

    ENDED = "ended"
    SUPERVISOR_LEFT = "supervisor_left"
    TALK_ENDED = "talk_ended"
    OUT_OF_SCOPE = "out_of_scope"
    AGENT_LEFT = "agent_left"
    TAKEN_OVER = "taken_over"
    PBX_LOST = "pbx_lost"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    UNREACHABLE = "unreachable"
    FAILED = "failed"


class Supervision(msgspec.Struct, kw_only=True):
    """One supervisor at one agent's talk.

    Attributes:
        id: Minted by ctid.
        supervisor: Who, as the audit trail names them.
        teams: Whose agents they may supervise; empty for all.
        own_agent: The agent who they are; empty if none.
        pbx: Where their phone is, and the talk.
        device: Their phone; empty if a number was dialled.
        number: The number, without a device.
        leg_id: Of their phone.
        follows_contact: Whether it stays with the contact, whoever has it, or with the agent.
        stays: Whether it outlives the talk, to wait for the next one of the agent or of the contact.
        agent_id: Who is supervised now.
        contact_id: Whose talk it is; empty while they wait for one of the agent.
        mode: Who hears them.
        state: How far it is.
        told: Whether the agent is told; who was told once is told the rest, too.
        created_at: When it was asked for.
        attached: What the PBX was last told to let them hear, in words that change with it; empty for nothing yet.
        hears: Whether the PBX has said that they do.
        tries: How often the PBX was told in vain.
        version: Raised with every change, for ``If-Match``.
    """

    id: str
    supervisor: str
    teams: list[str] = []
    own_agent: str = ""
    pbx: str
    device: str = ""
    number: str = ""
    leg_id: str = ""
    follows_contact: bool = False
    stays: bool = False
    agent_id: str
    contact_id: str = ""
    mode: SupervisionMode
    state: SupervisionState = SupervisionState.RINGING
    told: bool = False
    created_at: Instant
    attached: str = ""
    hears: bool = False
    tries: int = 0
    version: int = 0
