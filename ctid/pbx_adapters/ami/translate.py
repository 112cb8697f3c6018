"""Translate: an AMI event becomes the model's, or nothing. Pure; never raises on what a PBX sends."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from ctid.model.events import (
    CallSentOn,
    CallTransferred,
    DeviceChanged,
    DialEnded,
    Event,
    LegAlerting,
    LegAnswered,
    LegBridged,
    LegDialled,
    LegEnded,
    LegFailed,
    LegHeld,
    LegReplaced,
    LegRetrieved,
    LegSeen,
    LegUnbridged,
    PbxReconciled,
    SpyStarted,
    SpyStopped,
    TransferParty,
)
from ctid.pbx_adapters.ami.commands import TRANSFER
from ctid.pbx_adapters.ami.framing import Message

UNREACHABLE_STATES: Final = frozenset({"UNAVAILABLE", "INVALID"})
"""Device states with no contact behind them; ``UNKNOWN`` is what a device says before it is first asked."""

IN_USE_STATES: Final = frozenset({"INUSE", "BUSY", "RINGING", "RINGINUSE", "ONHOLD"})
"""Device states with a call, be it one that rings."""

TECHNOLOGIES: Final = ("PJSIP/", "SIP/")
"""Whose devices can be an agent's phone; states of queues, custom hints and surrogates are none of ours."""

AFTER_A_BRIDGE: Final = frozenset({("ctid-after", "s"), ("ctid-ask", "after")})
"""Context and extension of callers who come from a bridge with an agent (see ``asterisk_config``)."""

_UP: Final = "6"


def _newstate(pbx: str, message: Message) -> Event | None:
    match message.get("ChannelState"):
        case "5":
            return LegAlerting(pbx=pbx, unique_id=message["Uniqueid"])
        case "6":
            return LegAnswered(pbx=pbx, unique_id=message["Uniqueid"])
        case _:
            return None


def _bridge_enter(pbx: str, message: Message) -> Event | None:
    unique_id, bridge_id = message["Uniqueid"], message["BridgeUniqueid"]
    if replaced := message.get("SwapUniqueid"):
        # PJSIP/1001-0000001a: the device, and what tells its channels apart.
        device = message["Channel"].rpartition("-")[0]
        return LegReplaced(pbx=pbx, unique_id=unique_id, replaced=replaced, device=device, bridge_id=bridge_id)
    return LegBridged(pbx=pbx, unique_id=unique_id, bridge_id=bridge_id)


def _bridge_leave(pbx: str, message: Message) -> Event | None:
    return LegUnbridged(pbx=pbx, unique_id=message["Uniqueid"], bridge_id=message["BridgeUniqueid"])


def _hold(pbx: str, message: Message) -> Event | None:
    return LegHeld(pbx=pbx, unique_id=message["Uniqueid"])


def _unhold(pbx: str, message: Message) -> Event | None:
    return LegRetrieved(pbx=pbx, unique_id=message["Uniqueid"])


def _attended_transfer(pbx: str, message: Message) -> Event | None:
    if message.get("Result") != "Success" or message.get("DestType") not in ("Bridge", "Link", "App"):
        return None
    parties = [
        TransferParty(unique_id=message[f"{role}Uniqueid"], device=_device(message[f"{role}Channel"]))
        for role in ("Transferee", "TransferTarget")
        if f"{role}Uniqueid" in message
    ]
    # In an application only one of the two calls was in a bridge; the other one tells by its extension where it rang.
    rings = "Second" if "SecondBridgeUniqueid" not in message else "Orig"
    return CallTransferred(
        pbx=pbx,
        transferers=[message["OrigTransfererUniqueid"], message["SecondTransfererUniqueid"]],
        parties=parties,
        bridge_id=message.get("DestBridgeUniqueid", ""),
        dialling=message.get(f"{rings}TransfererExten", "") if message.get("DestApp") == "Dial" else "",
    )


def _blind_transfer(pbx: str, message: Message) -> Event | None:
    if message.get("Result") != "Success" or message.get("Context") != TRANSFER:
        return None
    return CallSentOn(pbx=pbx, unique_id=message["TransfereeUniqueid"], extension=message["Extension"])


def _device(channel: str) -> str:
    """The device of a channel: its name without what tells one call from another, ``PJSIP/1002-0000001a``."""
    return channel.rpartition("-")[0]


def _spy_start(pbx: str, message: Message) -> Event | None:
    return SpyStarted(pbx=pbx, unique_id=message["SpyerUniqueid"], spied=message["SpyeeUniqueid"])


def _spy_stop(pbx: str, message: Message) -> Event | None:
    return SpyStopped(pbx=pbx, unique_id=message["SpyerUniqueid"])


def _dial_begin(pbx: str, message: Message) -> Event | None:
    # An originate, ctid's own above all, has no channel that calls, and means nothing here.
    return LegDialled(
        pbx=pbx,
        unique_id=message["Uniqueid"],
        device=_device(message["Channel"]),
        number=_known(message.get("CallerIDNum", "")),
        extension=message.get("Exten", ""),
        called_unique_id=message["DestUniqueid"],
        called_device=_device(message["DestChannel"]),
    )


def _dial_end(pbx: str, message: Message) -> Event | None:
    forward = message.get("Forward", "")
    if "Channel" not in message and not forward:
        return None
    status = message.get("DialStatus", "")
    return DialEnded(pbx=pbx, called_unique_id=message["DestUniqueid"], status=status, forward=forward)


def _known(number: str) -> str:
    """A number, or nothing where Asterisk says that it has none."""
    return "" if number == "<unknown>" else number


def _hangup(pbx: str, message: Message) -> Event | None:
    return LegEnded(pbx=pbx, unique_id=message["Uniqueid"], cause=_number(message.get("Cause", "")))


def _originate_response(pbx: str, message: Message) -> Event | None:
    if message.get("Response") != "Failure":
        return None
    return LegFailed(pbx=pbx, unique_id=message["Uniqueid"], reason=_number(message.get("Reason", "")))


def _device_state_change(pbx: str, message: Message) -> Event | None:
    device = message["Device"]
    if not device.startswith(TECHNOLOGIES):
        return None
    state = message.get("State")
    return DeviceChanged(
        pbx=pbx, device=device, reachable=state not in UNREACHABLE_STATES, in_use=state in IN_USE_STATES
    )


# ContactStatus and PeerStatus are left out on purpose: a device may have several contacts, and Asterisk
# itself sums them up in the device's state.
_TRANSLATIONS: Final[dict[str, Callable[[str, Message], Event | None]]] = {
    "Newstate": _newstate,
    "BridgeEnter": _bridge_enter,
    "BridgeLeave": _bridge_leave,
    "Hold": _hold,
    "Unhold": _unhold,
    "AttendedTransfer": _attended_transfer,
    "BlindTransfer": _blind_transfer,
    "ChanSpyStart": _spy_start,
    "ChanSpyStop": _spy_stop,
    "DialBegin": _dial_begin,
    "DialEnd": _dial_end,
    "Hangup": _hangup,
    "OriginateResponse": _originate_response,
    "DeviceStateChange": _device_state_change,
}

TRANSLATED: Final = frozenset(_TRANSLATIONS)
"""Names of the AMI events that can become events of the model."""


def translate(pbx: str, message: Message) -> Event | None:
    """Tell what an AMI event means to the engine.

    Args:
        pbx: Name of the PBX it came from.
        message: The event, whole.

    Returns:
        ``None`` if it means nothing to the engine, or lacks the fields that its name promises.
    """
    translation = _TRANSLATIONS.get(message.get("Event", ""))
    if translation is None:
        return None
    try:
        return translation(pbx, message)
    except KeyError:
        return None


def reconciled(pbx: str, status: Message, channels: Iterable[Message], devices: Iterable[Message]) -> PbxReconciled:
    """Sum up a snapshot.

    Args:
        pbx: Name of the PBX.
        status: Response to ``CoreStatus``.
        channels: ``CoreShowChannel`` events.
        devices: ``DeviceStateChange`` events of a ``DeviceStateList``.
    """
    states = {
        device["Device"]: device.get("State") for device in devices if device.get("Device", "").startswith(TECHNOLOGIES)
    }
    return PbxReconciled(
        pbx=pbx,
        legs=[
            LegSeen(
                unique_id=channel["Uniqueid"],
                answered=channel.get("ChannelState") == _UP,
                bridge_id=channel.get("BridgeId", ""),
                returned=(channel.get("Context"), channel.get("Exten")) in AFTER_A_BRIDGE,
                device=_device(channel.get("Channel", "")),
            )
            for channel in channels
            if "Uniqueid" in channel
        ],
        devices={device: state not in UNREACHABLE_STATES for device, state in states.items()},
        in_use=[device for device, state in states.items() if state in IN_USE_STATES],
        boot=f"{status.get('CoreStartupDate', '')} {status.get('CoreStartupTime', '')}".strip(),
    )


def _number(text: str) -> int:
    """Read a number that Asterisk wrote; 0, "unknown" in both of its tables, if it is none."""
    try:
        return int(text) if len(text) <= 6 else 0
    except ValueError:
        return 0
