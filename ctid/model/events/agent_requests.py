"""What is asked of agents: their state, their profile and phone, the offers to them, their wrap-up; words for them."""

from __future__ import annotations

import msgspec

from ctid.model.events.request import Request
from ctid.model.states import AgentState


class AgentStateRequested(Request, frozen=True, kw_only=True, tag="request.agent_state"):
    """Change an agent's state: log in (NOT_READY from LOGGED_OUT), READY, NOT_READY with a reason, LOGGED_OUT.

    From WRAP_UP, READY and NOT_READY end the wrap-up. While an offer or a contact lasts, the state becomes pending.

    Attributes:
        forced: Asked for by a supervisor for somebody else.
    """

    agent_id: str
    state: AgentState
    reason: str = ""
    forced: bool = False


class AgentProfileSet(Request, frozen=True, kw_only=True, tag="request.agent_profile"):
    """Change an agent's skills and queues while running (RFC 7396); kept over restarts and reloads.

    Attributes:
        skills: Skill to level, ``None`` to take it away; ``None`` as a whole goes back to the configuration.
        queues: Queue to ``{priority, delay_seconds}``, ``None`` to take it away; as a whole as ``skills``.
    """

    agent_id: str
    skills: dict[str, int | None] | msgspec.UnsetType | None = msgspec.UNSET
    queues: dict[str, dict[str, float] | None] | msgspec.UnsetType | None = msgspec.UNSET


class AgentPhoneSet(Request, frozen=True, kw_only=True, tag="request.agent_phone"):
    """Set what is to become of calls for an agent; what is not given stays as it is.

    Attributes:
        do_not_disturb: Whether nobody else has their phone rung.
        forwarded_to: The number that calls for them go to; ``None`` for none.
    """

    agent_id: str
    do_not_disturb: bool | msgspec.UnsetType = msgspec.UNSET
    forwarded_to: str | msgspec.UnsetType | None = msgspec.UNSET


class OfferAccepted(Request, frozen=True, kw_only=True, tag="request.offer_accept"):
    """The agent takes the offer at the desktop: their phone is rung now, or the task begins."""

    agent_id: str
    offer_id: str


class OfferRejected(Request, frozen=True, kw_only=True, tag="request.offer_reject"):
    """The agent declines the offer at the desktop."""

    agent_id: str
    offer_id: str


class OfferDeflected(Request, frozen=True, kw_only=True, tag="request.offer_deflect"):
    """The agent sends on, without answering, what they are being offered; exactly one target.

    Attributes:
        queue: To wait there, in its place.
        agent: To be offered to this agent, and to its queue's others if they don't take it.
        number: To leave for this number.
        voicemail_queue: To leave a message for whoever serves this queue.
        voicemail_agent: To leave a message for this agent.
    """

    agent_id: str
    offer_id: str
    queue: str = ""
    agent: str = ""
    number: str = ""
    voicemail_queue: str = ""
    voicemail_agent: str = ""


class AnswerRequested(Request, frozen=True, kw_only=True, tag="request.answer"):
    """Have the agent's phone, which rings for an offer, answer."""

    agent_id: str
    offer_id: str


class PickUpRequested(Request, frozen=True, kw_only=True, tag="request.pick_up"):
    """An agent takes a contact that waits, or that others are being offered."""

    contact_id: str
    agent_id: str


class WrapUpSet(Request, frozen=True, kw_only=True, tag="request.wrap_up"):
    """Set disposition and notes of a contact, while connected or in wrap-up; extend or end the wrap-up.

    Attributes:
        extend_seconds: The wrap-up lasts so much longer; 0 to leave its end.
        complete: The wrap-up ends.
        forced: Asked for by a supervisor for somebody else: ends a wrap-up that lacks its disposition, too.
    """

    agent_id: str
    contact_id: str
    disposition: str | None = None
    notes: str | None = None
    extend_seconds: int = 0
    complete: bool = False
    forced: bool = False


class MessageRequested(Request, frozen=True, kw_only=True, tag="request.message"):
    """Somebody has a few words for agents: for those named, and for all of the teams and queues.

    Attributes:
        sender: Who it is from, as agents read it.
        text: The words.
        agents: Agents.
        teams: Teams.
        queues: Queues: whoever is able to serve one of their steps.
        everybody: All agents of the site.
        among: If it is not ``None``, nobody but these gets it: the teams that the sender may reach.
    """

    sender: str
    text: str
    agents: list[str] = []
    teams: list[str] = []
    queues: list[str] = []
    everybody: bool = False
    among: list[str] | None = None
