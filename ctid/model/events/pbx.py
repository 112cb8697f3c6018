"""What a PBX tells of itself: what it has when it is reached, that it is lost, its devices."""

from __future__ import annotations

import msgspec

from ctid.model.events.event import Event


class LegSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A channel that exists on the PBX, as its snapshot tells.

    Attributes:
        unique_id: Asterisk's ``Uniqueid``.
        answered: Whether the channel is up.
        bridge_id: The bridge it is in, or empty.
        returned: Whether it is in the part of the dialplan that callers come to from a bridge with an agent.
        device: The phone or trunk it leads to, ``PJSIP/1002``.
    """

    unique_id: str
    answered: bool
    bridge_id: str = ""
    returned: bool = False
    device: str = ""


class PbxReconciled(Event, frozen=True, kw_only=True, tag="pbx.reconciled"):
    """The PBX is reachable; this is what it has. The difference to our state becomes ordinary events.

    Attributes:
        pbx: Name of the PBX.
        legs: All its channels.
        devices: Device name (``PJSIP/1001``) to whether it can be reached now.
        in_use: Names of the devices that are in a call or ringing now.
        boot: Names the run of the PBX (its start-up time); another one means that all legs of before are gone.
    """

    pbx: str
    legs: list[LegSeen]
    devices: dict[str, bool]
    in_use: list[str] = []
    boot: str = ""


class PbxLost(Event, frozen=True, kw_only=True, tag="pbx.lost"):
    """The PBX can't be reached. Nothing is known of its legs until it is reconciled; talk may well go on."""

    pbx: str
    reason: str


class DeviceChanged(Event, frozen=True, kw_only=True, tag="device.changed"):
    """A device became reachable or unreachable, or a call of it began or ended (AMI ``DeviceStateChange``).

    Attributes:
        device: Technology and resource, ``PJSIP/1001``.
        in_use: Whether it is in a call or rings, whoever's call it is.
    """

    pbx: str
    device: str
    reachable: bool
    in_use: bool = False
