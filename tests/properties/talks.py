"""A model of talks: who hears whom, as docs/call-control.md tells it, in channels of the PBX and without the engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum


class At(StrEnum):
    """Where somebody is whom an agent asks or calls in."""

    RINGS = "rings"
    ASKED = "asked"
    WAITS = "waits"
    CONFERS = "confers"


class Caller(StrEnum):
    """Where the caller is while an agent has them."""

    WITH_AGENT = "with the agent"
    HELD = "held"
    AWAY = "in a menu or a flow"


@dataclass
class Asked:
    """Somebody whom the agent asks or calls in.

    Attributes:
        agent_id: Who it is; empty for a stranger.
        joins: Whether they are called into the talk itself.
        at: Where they are.
        channel: Theirs; empty before they are called.
    """

    agent_id: str
    joins: bool
    at: At = At.RINGS
    channel: str = ""


@dataclass
class Talk:
    """An agent's talk to a caller.

    Attributes:
        caller: The caller's channel.
        agent: The agent's channel.
        agent_id: The agent.
        place: Where the caller is.
        asked: Whom the agent asks or has called in, by the consultation's id.
        muted: Channels whose voice is kept from the others.
    """

    caller: str
    agent: str
    agent_id: str
    place: Caller = Caller.WITH_AGENT
    asked: dict[str, Asked] = field(default_factory=dict)
    muted: set[str] = field(default_factory=set)

    # ---- what is asked for -------------------------------------------------------------------------------------

    def hold(self, place: Caller = Caller.HELD) -> None:
        """The caller hears music, a menu or a flow."""
        self.place = place

    def retrieve(self) -> None:
        """The agent talks to the caller; whom they talked to meanwhile is let go, who waits is not."""
        self.place = Caller.WITH_AGENT
        self._keep({key: each for key, each in self.asked.items() if each.at is At.WAITS or each.joins})

    def returned(self) -> None:
        """A menu or a flow has come to its end."""
        self.place = Caller.HELD if self._one_at(At.ASKED) else Caller.WITH_AGENT

    def ask(self, consultation_id: str, agent_id: str) -> None:
        """The caller is put on hold, and somebody is called; who was asked before is let go."""
        self._keep({})
        self.place = self.place if self.place is Caller.AWAY else Caller.HELD
        self.asked[consultation_id] = Asked(agent_id, joins=False)

    def announces(self) -> None:
        """The phones ask somebody; who was asked before is let go."""
        self._keep({})

    def call_in(self, consultation_id: str, agent_id: str) -> None:
        """Somebody is called while all talk on."""
        self.asked[consultation_id] = Asked(agent_id, joins=True)

    def alternate(self, consultation_id: str) -> None:
        """The agent talks to the other of the two."""
        one = self.asked[consultation_id]
        if one.at is At.WAITS:
            one.at, self.place = At.ASKED, Caller.HELD
        else:
            one.at, self.place = At.WAITS, Caller.WITH_AGENT

    def confer(self, consultation_id: str) -> None:
        """All hear each other."""
        self.asked[consultation_id].at, self.place = At.CONFERS, Caller.WITH_AGENT

    def mute(self, channel: str, *, on: bool) -> None:
        """One is kept from being heard, or is no more."""
        (self.muted.add if on else self.muted.discard)(channel)

    def withdraw(self, consultation_id: str) -> None:
        """One is let go, or has left; whoever was on hold still is."""
        self._keep({key: each for key, each in self.asked.items() if key != consultation_id})

    # ---- what people do ----------------------------------------------------------------------------------------

    def answers(self, channel: str) -> None:
        """One whose phone rang talks: to all, or to the agent, if they still wait for that."""
        for consultation_id, one in list(self.asked.items()):
            if one.channel != channel:
                continue
            if one.joins:
                one.at, self.place = At.CONFERS, Caller.WITH_AGENT
            elif self.place is Caller.WITH_AGENT:
                self.withdraw(consultation_id)
            else:
                one.at = At.ASKED

    def leaves(self, channel: str) -> None:
        """One who was asked hangs up."""
        self._keep({key: each for key, each in self.asked.items() if each.channel != channel})

    def handed_to(self, consultation_id: str) -> Talk:
        """The talk that goes on without the agent, if who was asked has the contact from now on."""
        one = self.asked[consultation_id]
        others = {key: each for key, each in self.asked.items() if each.at is At.CONFERS and each is not one}
        muted = self.muted & {each.channel for each in others.values()}
        return Talk(self.caller, one.channel, one.agent_id, asked=others, muted=muted)

    # ---- who hears whom ----------------------------------------------------------------------------------------

    def channels(self) -> Iterator[str]:
        """Of everybody."""
        yield from (self.caller, self.agent)
        yield from (each.channel for each in self.asked.values() if each.channel)

    def conferring(self) -> dict[str, Asked]:
        """Those who hear caller and agent."""
        return {key: each for key, each in self.asked.items() if each.at is At.CONFERS}

    def groups(self) -> list[set[str]]:
        """Those who hear each other; whoever hears nobody is a group of their own."""
        with_agent = {self.agent, *(each.channel for each in self.conferring().values())}
        if self.place is Caller.WITH_AGENT:
            with_agent.add(self.caller)
        with_agent |= {each.channel for each in self.asked.values() if each.at is At.ASKED}
        return [with_agent, *({each} for each in self.channels() if each not in with_agent)]

    def _keep(self, those: dict[str, Asked]) -> None:
        self.asked = those
        self.muted &= set(self.channels())

    def _one_at(self, at: At) -> bool:
        return any(each.at is at for each in self.asked.values())
