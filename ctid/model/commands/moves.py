"""Channels that are brought together, apart, to wait or to hear somebody."""

from __future__ import annotations

from ctid.model.commands.command import Command
from ctid.model.supervision import SupervisionMode


class FetchLeg(Command, frozen=True, kw_only=True, tag="leg.fetch"):
    """Take a caller's channel out of its bridge, to ask ctid by FastAGI again. That it is gone is no failure."""

    pbx: str
    unique_id: str


class HoldCall(Command, frozen=True, kw_only=True, tag="call.hold"):
    """Take caller and agent out of their bridge: the caller to music and to ask ctid again, the agent to wait.

    Attributes:
        unique_id: The caller's channel.
        agent_unique_id: The agent's channel.
        music_class: What the caller hears, before ctid is asked.
    """

    pbx: str
    unique_id: str
    agent_unique_id: str
    music_class: str = "default"


class LetWait(Command, frozen=True, kw_only=True, tag="leg.wait"):
    """Have an agent's channel wait alone, with nobody on the other end.

    Attributes:
        ringing: Whether they hear it ring, or nothing.
    """

    pbx: str
    unique_id: str
    ringing: bool


class RemindAgent(Command, frozen=True, kw_only=True, tag="leg.remind"):
    """Beep in the ear of an agent whose channel waits alone, and have it wait on."""

    pbx: str
    unique_id: str


class JoinLegs(Command, frozen=True, kw_only=True, tag="leg.join"):
    """Bridge a channel with the caller's, taking both out of what they are in.

    When it ends, the caller goes on as after any talk.

    Attributes:
        unique_id: Of an agent, or of who was asked.
        peer_unique_id: The caller's channel.
    """

    pbx: str
    unique_id: str
    peer_unique_id: str


class Alternate(Command, frozen=True, kw_only=True, tag="call.alternate"):
    """Take an agent from who was asked to the caller; who was asked hears music meanwhile.

    Attributes:
        unique_id: The caller's channel, which waits with us.
        agent_unique_id: The agent's channel.
        consulted_unique_id: The channel of who was asked.
    """

    pbx: str
    unique_id: str
    agent_unique_id: str
    consulted_unique_id: str


class RejoinConsulted(Command, frozen=True, kw_only=True, tag="leg.rejoin_consulted"):
    """Bridge who was asked, and waits, with the agent who asks, and waits as well.

    Attributes:
        unique_id: The channel of who was asked.
        peer_unique_id: The agent's channel.
    """

    pbx: str
    unique_id: str
    peer_unique_id: str


class Confer(Command, frozen=True, kw_only=True, tag="call.confer"):
    """Bring caller, agent and who was asked into one conference; it ends for the caller when all others have left.

    Attributes:
        unique_id: The caller's channel, and the name of the conference.
        agent_unique_id: The agent's channel.
        consulted_unique_id: The channel of who was asked; empty if whoever is called in is there already.
    """

    pbx: str
    unique_id: str
    agent_unique_id: str
    consulted_unique_id: str


class MuteLeg(Command, frozen=True, kw_only=True, tag="leg.mute"):
    """Keep what a channel's party says from the others, or let them hear it again."""

    pbx: str
    unique_id: str
    on: bool


class Supervise(Command, frozen=True, kw_only=True, tag="leg.supervise"):
    """Have a supervisor's channel hear an agent, from now on or anew, and be heard by whom the mode says.

    Told anew it takes hold of whom the agent talks to just now.

    Attributes:
        unique_id: The supervisor's channel.
        mode: Who hears them.
        agent_unique_id: The agent's channel; empty to have the supervisor wait and hear nothing.
        conference: The conference that the supervisor is to take part in instead, named by the caller's channel; empty
            if the agent is in none.
    """

    pbx: str
    unique_id: str
    mode: SupervisionMode
    agent_unique_id: str
    conference: str = ""


Move = (
    FetchLeg | HoldCall | LetWait | RemindAgent | JoinLegs | Alternate | RejoinConsulted | Confer | Supervise | MuteLeg
)
"""What is done to channels that are there; that one is gone is no failure."""
