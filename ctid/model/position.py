"""Where a contact's caller is who is not in talk: in the IVR, waiting, at a mailbox, parked, to be called back."""

from __future__ import annotations

import msgspec

from ctid.model.flow import FlowPosition
from ctid.model.instant import Instant


class MenuPosition(msgspec.Struct, kw_only=True):
    """Where a contact is in the IVR.

    Attributes:
        node: ``menu:<name>``, ``play:<place>`` or ``flow:<name>``: what is being played; ``known:<place>`` while it is
            waited to know who they are.
        token: Names the one prompt being played; an answer with another token is late and is dropped.
        tries: How often the menu was played without a valid key.
        then: For an announcement, the destination that follows, as its key in the configuration.
        flow: Where in the flow, while in one.
    """

    node: str
    token: str
    tries: int = 0
    then: str = ""
    flow: FlowPosition | None = None


class Treatment(msgspec.Struct, kw_only=True):
    """What a waiting caller has been told, and what they may press.

    Attributes:
        token: Names what is played or listened for now; an answer with another token is late and is dropped.
        announcing: Whether an announcement plays, instead of music.
        position: The place in the queue that they were told last; 0 if none.
        message: How many messages they have heard.
    """

    token: str = ""
    announcing: bool = False
    position: int = 0
    message: int = 0


class MessagePosition(msgspec.Struct, kw_only=True):
    """That the contact's caller leaves a message.

    Attributes:
        agent_id: For this agent; empty if it is for a queue.
        queue: For whoever serves this queue; empty if it is for an agent.
        token: Names what is played or recorded now; an answer with another token is late and is dropped.
        recording_id: What it is recorded as; empty if nothing can be recorded, and the caller is being told so.
        begun: Whether the beep has come.
    """

    agent_id: str
    queue: str
    token: str
    recording_id: str = ""
    begun: bool = False


class Park(msgspec.Struct, frozen=True, kw_only=True):
    """That an agent has parked the contact: its caller waits to be fetched, and is offered to nobody.

    Attributes:
        by: Who parked it.
        agent: The colleague who is to fetch it; empty for anybody who serves its queue.
        at: When.
        until_ms: Monotonic moment at which it goes back.
        returned: Whether nobody has fetched it in time, so that it waits like any other, for who parked it first.
    """

    by: str
    agent: str
    at: Instant
    until_ms: int
    returned: bool = False


class Callback(msgspec.Struct, kw_only=True):
    """That the contact's customer is to be called back.

    Attributes:
        number: To be dialled, E.164.
        pbx: Where.
        requested_at: When it was asked for.
        expires_ms: Monotonic moment it is given up.
        attempts: How often the customer was dialled, but for tries that failed for no reason of theirs.
        not_before_ms: No try before this monotonic moment.
        held: Whether it waits for the queue to open.
        leg_id: The customer's leg while it is being dialled, waits or talks. The leg of the call in which they asked
            for the callback is only the contact's ``caller_leg``.
        ending: Why we are hanging up on that leg, whose end the PBX has yet to tell; empty if we are not.
        last_cause: Why the last try failed, or why the callback was given up, in one word.
    """

    number: str
    pbx: str
    requested_at: Instant
    expires_ms: int
    attempts: int = 0
    not_before_ms: int = 0
    held: bool = False
    leg_id: str = ""
    ending: str = ""
    last_cause: str = ""
