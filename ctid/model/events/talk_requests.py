"""What is asked of calls in talk: hold, mute, give on, park, record, hang up; and to call somebody."""

from __future__ import annotations

from typing import Literal

from ctid.model.events.request import Request


class CallRequested(Request, frozen=True, kw_only=True, tag="request.call"):
    """Call somebody for an agent, whose phone is rung first; a call of their own.

    Attributes:
        number: An extension or a number outside, as a phone would dial it.
        caller_id: The number to be shown; empty for the usual one.
        queue: On whose behalf: its dispositions and wrap-up; empty for nobody's.
        attributes: Attached data.
    """

    agent_id: str
    number: str
    caller_id: str = ""
    queue: str = ""
    attributes: dict[str, str] = {}


class TransferRequested(Request, frozen=True, kw_only=True, tag="request.transfer"):
    """Give a contact in talk on, without asking first; exactly one target.

    Attributes:
        queue: To wait there, at the place of its first queue.
        agent: To be offered to this agent, and to its queue's others if they don't take it.
        number: To leave for this number.
        voicemail_queue: To leave a message for whoever serves this queue.
        voicemail_agent: To leave a message for this agent.
        menu: To go through this menu and on from there.
        flow: To go through this flow and on from there.
    """

    contact_id: str
    queue: str = ""
    agent: str = ""
    number: str = ""
    voicemail_queue: str = ""
    voicemail_agent: str = ""
    menu: str = ""
    flow: str = ""


class DetourRequested(Request, frozen=True, kw_only=True, tag="request.detour"):
    """Have the caller go through a menu or a flow, exactly one, and come back to the agent who talks to them."""

    contact_id: str
    menu: str = ""
    flow: str = ""


class HangUpRequested(Request, frozen=True, kw_only=True, tag="request.hang_up"):
    """End the agent's part in the talk of a contact.

    Attributes:
        by_agent: The agent who asks for it; empty if it is somebody else.
    """

    contact_id: str
    by_agent: str = ""


class HoldRequested(Request, frozen=True, kw_only=True, tag="request.hold"):
    """Put the caller on hold, whatever phone the agent has."""

    contact_id: str


class RetrieveRequested(Request, frozen=True, kw_only=True, tag="request.retrieve"):
    """Have the agent talk again to the caller whom ctid has put on hold."""

    contact_id: str


class ParkRequested(Request, frozen=True, kw_only=True, tag="request.park"):
    """Leave a caller in talk to whoever fetches them; the agent wraps up.

    Attributes:
        agent: The colleague who is to; empty for anybody who serves its queue.
    """

    contact_id: str
    agent: str = ""


class MuteRequested(Request, frozen=True, kw_only=True, tag="request.mute"):
    """Keep what somebody in the talk says from the others, or let them hear it again.

    Attributes:
        leg_id: Whose leg; empty for the agent's.
    """

    contact_id: str
    on: bool
    leg_id: str = ""


class LegClearRequested(Request, frozen=True, kw_only=True, tag="request.leg_clear"):
    """End one party's part in a talk."""

    contact_id: str
    leg_id: str


class DigitsRequested(Request, frozen=True, kw_only=True, tag="request.digits"):
    """Send digits to whom the agent talks to.

    Attributes:
        digits: ``0`` to ``9``, ``*``, ``#``, ``A`` to ``D``.
    """

    contact_id: str
    digits: str


class RecordingRequested(Request, frozen=True, kw_only=True, tag="request.recording"):
    """Record a call from now on, or be silent on the recording for a while.

    Attributes:
        action: ``record``, ``pause`` or ``resume``.
    """

    contact_id: str
    action: Literal["record", "pause", "resume"]
