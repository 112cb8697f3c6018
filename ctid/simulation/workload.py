"""What comes to a simulated site from outside: callers with all that they will do, and agents who come and go.

A caller's chance is drawn with the arrival, never by what the engine does with them: so two configurations are compared
with the very same callers (common random numbers).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from ctid.model.customer import Customer
from ctid.model.events import CollectEnd
from ctid.model.states import AgentState

NEVER = -1
"""In place of a duration: the caller does not give up, the agent leaves the wrap-up to the configuration."""


class Reply(NamedTuple):
    """What a caller does with one prompt.

    Attributes:
        after_ms: How long the prompt and the caller take.
        digits: The keys pressed, if any.
        ended_by: How it ended.
    """

    after_ms: int
    digits: str
    ended_by: CollectEnd


@dataclass(slots=True, eq=False)
class Call:
    """One caller, and how far they are.

    Attributes:
        at_ms: Arrival, from the scenario's start.
        unique_id: Of their channel.
        pbx: The PBX that has it.
        dnis: The number they dial.
        patience_ms: How long they wait in queues, or ``NEVER``.
        handling_ms: How long they talk once they are connected.
        wrap_up_ms: How long the agent takes afterwards, or ``NEVER`` for what the configuration says.
        hang_up_ms: They hang up so long after their arrival unless they talk by then, or ``NEVER``.
        ani: The number they call from.
        attributes: What the dialplan hands over.
        replies: What they do in menus, in order; after the last they press nothing.
        customer: What the directory knows of them.
        reached: Whether they pick up when they are called back.
        called_back: Whether they have been dialled.
        leg: The agent's leg they talk to, once they do.
        agent_id: Who is at its end.
        prompts: How many prompts they have heard.
        waiting: Whether their patience runs.
    """

    at_ms: int
    unique_id: str
    pbx: str
    dnis: str
    patience_ms: int
    handling_ms: int
    wrap_up_ms: int = NEVER
    hang_up_ms: int = NEVER
    ani: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    replies: Sequence[Reply] = ()
    customer: Customer | None = None
    reached: bool = True
    called_back: bool = False
    leg: str = ""
    agent_id: str = ""
    prompts: int = 0
    waiting: bool = False


class Presence(NamedTuple):
    """An agent asks for a state.

    Attributes:
        at_ms: When, from the scenario's start.
        agent_id: Who.
        state: READY to be there, NOT_READY or LOGGED_OUT to leave, when the present work is done.
    """

    at_ms: int
    agent_id: str
    state: AgentState


class Workload(Protocol):
    """Everything that one replication brings.

    Attributes:
        length_ms: From the start to the end of arrivals; agents who stay are there at least so long.
    """

    length_ms: int

    def calls(self) -> Iterator[Call]:
        """Every caller in order of arrival."""

    def presence(self) -> list[Presence]:
        """Every coming and going of agents, in order."""

    def answer_ms(self) -> int:
        """How long the next agent who is rung takes to answer."""
