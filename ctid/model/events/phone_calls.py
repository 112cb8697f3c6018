"""What phones do by themselves: they transfer calls, and call each other through the dialplan alone."""

from __future__ import annotations

import msgspec

from ctid.model.events.event import Event


class TransferParty(msgspec.Struct, frozen=True, kw_only=True):
    """A channel that a phone's transfer left behind in a bridge with another.

    Attributes:
        unique_id: Asterisk's ``Uniqueid``.
        device: The phone or trunk it leads to, ``PJSIP/1002``.
    """

    unique_id: str
    device: str


class CallTransferred(Event, frozen=True, kw_only=True, tag="call.transferred"):
    """A phone brought two of its calls together and left (REFER with Replaces; AMI ``AttendedTransfer``).

    Attributes:
        transferers: Unique ids of the phone's own channels, in any order.
        parties: Those who talk to each other now, in any order; one alone if it was brought to an application.
        bridge_id: Their bridge; empty where two bridges were linked.
        dialling: The extension that the second call was still ringing at, if it was.
    """

    pbx: str
    transferers: list[str]
    parties: list[TransferParty]
    bridge_id: str = ""
    dialling: str = ""


class CallSentOn(Event, frozen=True, kw_only=True, tag="call.sent_on"):
    """A phone sent the caller on without asking first (REFER; AMI ``BlindTransfer``, then a FastAGI session).

    Attributes:
        unique_id: Of the caller's channel.
        extension: Where to, as the phone had it.
        arrived: Told by the FastAGI session: the caller is with us.
    """

    pbx: str
    unique_id: str
    extension: str
    arrived: bool = False


class LegDialled(Event, frozen=True, kw_only=True, tag="leg.dialled"):
    """The dialplan rings somebody for a channel by itself (AMI ``DialBegin``); ctid's own originates are none of these.

    Attributes:
        unique_id: Of the channel that calls.
        device: The phone or trunk that it leads to, ``PJSIP/1001``.
        number: What is shown of who calls, empty if withheld.
        extension: What was dialled.
        called_unique_id: Of the channel that rings.
        called_device: The phone or trunk that rings.
    """

    pbx: str
    unique_id: str
    device: str
    number: str
    extension: str
    called_unique_id: str
    called_device: str


class DialEnded(Event, frozen=True, kw_only=True, tag="leg.dial_ended"):
    """What the dialplan rang by itself was answered, or rings no more (AMI ``DialEnd``).

    Attributes:
        called_unique_id: Of the channel that rang.
        status: Asterisk's ``DIALSTATUS``: ``ANSWER``, ``CANCEL``, ``NOANSWER`` …
        forward: Where the phone sends the call instead (302); empty if it does not. Told of ctid's own originates too.
    """

    pbx: str
    called_unique_id: str
    status: str
    forward: str = ""
