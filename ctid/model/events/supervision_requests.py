"""What supervisors ask of agents' talks."""

from __future__ import annotations

from ctid.model.events.request import Request
from ctid.model.supervision import SupervisionMode


class SupervisionRequested(Request, frozen=True, kw_only=True, tag="request.supervision"):
    """A supervisor wants to hear an agent's talk: by the agent, or by the contact.

    Attributes:
        mode: Who is to hear them.
        agent_id: The agent; empty if the contact is given.
        contact_id: The contact, whoever has it; empty if the agent is given.
        stays: Whether to wait for the next talk once this one is over.
        own_agent: The agent who the supervisor is; empty if none.
        device: The supervisor's phone; empty for that of the agent who they are, or if a number is given.
        number: The supervisor's phone as agents' phones would dial it.
        teams: The teams whose agents they may supervise; empty for all.
    """

    mode: SupervisionMode
    agent_id: str = ""
    contact_id: str = ""
    stays: bool = False
    own_agent: str = ""
    device: str = ""
    number: str = ""
    teams: list[str] = []


class SupervisionModeSet(Request, frozen=True, kw_only=True, tag="request.supervision_mode"):
    """A supervisor is to be heard by others than before."""

    supervision_id: str
    mode: SupervisionMode


class SupervisionWithdrawn(Request, frozen=True, kw_only=True, tag="request.supervision_end"):
    """A supervisor has heard enough."""

    supervision_id: str


class TakeOverRequested(Request, frozen=True, kw_only=True, tag="request.take_over"):
    """A supervisor wants to talk to the caller in the agent's place."""

    supervision_id: str
