"""What becomes of a channel on a PBX: it rings, answers, meets others, is held, ends."""

from __future__ import annotations

from typing import Final

from ctid.model.events.event import Event

MACHINE: Final = 88
"""The cause (Q.850: incompatible destination) with which our dialplan ends the call of an answering machine."""


class LegAlerting(Event, frozen=True, kw_only=True, tag="leg.alerting"):
    """The device of this leg rings (AMI ``Newstate`` Ringing)."""

    pbx: str
    unique_id: str


class LegAnswered(Event, frozen=True, kw_only=True, tag="leg.answered"):
    """The leg was answered (AMI ``Newstate`` Up)."""

    pbx: str
    unique_id: str


class LegBridged(Event, frozen=True, kw_only=True, tag="leg.bridged"):
    """The leg entered a bridge (AMI ``BridgeEnter``)."""

    pbx: str
    unique_id: str
    bridge_id: str


class LegReplaced(Event, frozen=True, kw_only=True, tag="leg.replaced"):
    """Another channel took a leg's place in its bridge (AMI ``BridgeEnter`` with ``SwapUniqueid``).

    So a page that was loaded anew takes up its call again (INVITE with Replaces, RFC 3891). The end of the one that was
    replaced is told besides.

    Attributes:
        unique_id: Of the channel that is in the bridge now.
        replaced: Of the channel that was.
        device: The phone or trunk that the new channel leads to, ``PJSIP/1001``.
    """

    pbx: str
    unique_id: str
    replaced: str
    device: str
    bridge_id: str


class LegUnbridged(Event, frozen=True, kw_only=True, tag="leg.unbridged"):
    """The leg left a bridge (AMI ``BridgeLeave``)."""

    pbx: str
    unique_id: str
    bridge_id: str


class LegHeld(Event, frozen=True, kw_only=True, tag="leg.held"):
    """The device put its peer on hold (AMI ``Hold``)."""

    pbx: str
    unique_id: str


class LegRetrieved(Event, frozen=True, kw_only=True, tag="leg.retrieved"):
    """The device took its peer off hold (AMI ``Unhold``)."""

    pbx: str
    unique_id: str


class SpyStarted(Event, frozen=True, kw_only=True, tag="spy.started"):
    """A channel hears another one from now on (AMI ``ChanSpyStart``).

    Attributes:
        unique_id: Of the channel that hears.
        spied: Of the channel that is heard.
    """

    pbx: str
    unique_id: str
    spied: str


class SpyStopped(Event, frozen=True, kw_only=True, tag="spy.stopped"):
    """A channel hears another one no more (AMI ``ChanSpyStop``)."""

    pbx: str
    unique_id: str


class LegEnded(Event, frozen=True, kw_only=True, tag="leg.ended"):
    """The leg is gone (AMI ``Hangup``).

    Attributes:
        cause: Q.850 cause as Asterisk gives it (16 normal, 17 busy, 19 no answer, 20 absent, 21 rejected).
    """

    pbx: str
    unique_id: str
    cause: int


class LegFailed(Event, frozen=True, kw_only=True, tag="leg.failed"):
    """An originate of ours came to nothing (AMI ``OriginateResponse`` Failure, or the action was refused).

    Attributes:
        reason: Asterisk's originate reason (0 no such device or unreachable, 3 no answer, 5 busy, 8 congestion).
    """

    pbx: str
    unique_id: str
    reason: int


class AnswerRefused(Event, frozen=True, kw_only=True, tag="leg.answer_refused"):
    """The PBX did not tell this leg's phone to answer: it may not, it could not be asked, or the leg has no dialog."""

    pbx: str
    unique_id: str


class RecordingRefused(Event, frozen=True, kw_only=True, tag="recording.refused"):
    """The PBX records nothing on this channel, although it was told to when the channel was made."""

    pbx: str
    unique_id: str
