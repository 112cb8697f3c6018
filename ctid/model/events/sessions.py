"""What FastAGI sessions tell: a caller comes to ctid, presses keys, leaves a message, is gone from it."""

from __future__ import annotations

from enum import StrEnum

from ctid.model.events.event import Event


class CallArrived(Event, frozen=True, kw_only=True, tag="call.arrived"):
    """A FastAGI session began for a caller's leg: for the first time, or again after a crash of ours.

    Attributes:
        pbx: Name of the PBX.
        unique_id: Of the caller's channel.
        ani: Number calling as the PBX gave it, empty if withheld.
        dnis: Number dialled.
        attributes: Whatever the dialplan hands over as ``key=value`` arguments of the AGI request.
    """

    pbx: str
    unique_id: str
    ani: str
    dnis: str
    attributes: dict[str, str] = {}


class DecisionAsked(Event, frozen=True, kw_only=True, tag="decision.asked"):
    """The PBX, which deals with a call by itself, asks what is to become of it (dialplan ``AGI(agi://…/decide)``).

    Attributes:
        flow: The flow that decides.
        ani: As received, empty if withheld.
        dnis: As received.
        attributes: What the dialplan tells besides.
    """

    pbx: str
    unique_id: str
    flow: str
    ani: str
    dnis: str
    attributes: dict[str, str] = {}


class CallerReturned(Event, frozen=True, kw_only=True, tag="call.returned"):
    """The caller's leg came back to ctid after the agent's leg had gone (dialplan ``ctid-after``)."""

    pbx: str
    unique_id: str


class CallUndelivered(Event, frozen=True, kw_only=True, tag="call.undelivered"):
    """A number that a caller was given on to did not answer: FastAGI script ``undelivered``.

    Attributes:
        unique_id: Of the caller's channel, which is with us.
        cause: ``busy``, ``no_answer``, ``rejected``, ``unreachable`` or ``failed``.
    """

    pbx: str
    unique_id: str
    cause: str


class AgiEnded(Event, frozen=True, kw_only=True, tag="agi.ended"):
    """The FastAGI session of a leg is over: hung up, bridged away, or the connection died. The leg may live on."""

    pbx: str
    unique_id: str


class CollectEnd(StrEnum):
    """How a ``PlayAndCollect`` ended."""

    DIGITS = "digits"
    TIMEOUT = "timeout"
    PLAYED = "played"
    FAILED = "failed"


class DigitsCollected(Event, frozen=True, kw_only=True, tag="digits.collected"):
    """A ``PlayAndCollect`` ended.

    Attributes:
        token: As in the command it answers.
        ended_by: ``digits``: keys were pressed; ``timeout``: none came; ``played``: nothing was to be collected;
            ``failed``: the PBX could not play it.
        digits: The keys; none if they are sensitive.
        sealed: What stands for sensitive digits; empty if there are none.
        acceptable: Whether sensitive digits are what they must be.
    """

    pbx: str
    unique_id: str
    token: str
    digits: str
    ended_by: CollectEnd
    sealed: str = ""
    acceptable: bool = False


class MessageBegun(Event, frozen=True, kw_only=True, tag="message.begun"):
    """The beep of a ``RecordMessage`` comes now: what the caller says from here on is recorded.

    Attributes:
        token: As in the command.
    """

    pbx: str
    unique_id: str
    token: str
