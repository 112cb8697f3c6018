"""AMI translation: by table, and a whole recorded call."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctid.model.events import (
    AnyEvent,
    DeviceChanged,
    DialEnded,
    Event,
    LegAlerting,
    LegAnswered,
    LegBridged,
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
)
from ctid.pbx_adapters.ami.framing import AmiParser
from ctid.pbx_adapters.ami.supervisor import WANTED
from ctid.pbx_adapters.ami.translate import TRANSLATED, reconciled, translate

pytestmark = pytest.mark.adapters

DATA = Path(__file__).parent / "data"
ID = {"Uniqueid": "1.1"}
LEG = {"pbx": "a", "unique_id": "1.1"}


@pytest.mark.parametrize(
    ("message", "event"),
    [
        ({"Event": "Newstate", "ChannelState": "5", **ID}, LegAlerting(**LEG)),
        ({"Event": "Newstate", "ChannelState": "6", **ID}, LegAnswered(**LEG)),
        ({"Event": "Newstate", "ChannelState": "4", **ID}, None),
        ({"Event": "Newstate", **ID}, None),
        ({"Event": "DialEnd", "DestUniqueid": "1.1", "DialStatus": "CANCEL"}, None),
        (
            {"Event": "DialEnd", "DestUniqueid": "1.1", "DialStatus": "CANCEL", "Forward": "1005"},
            DialEnded(pbx="a", called_unique_id="1.1", status="CANCEL", forward="1005"),
        ),
        (
            {"Event": "DialEnd", "Channel": "PJSIP/1001-1", "DestUniqueid": "1.1", "DialStatus": "BUSY"},
            DialEnded(pbx="a", called_unique_id="1.1", status="BUSY"),
        ),
        ({"Event": "BridgeEnter", "BridgeUniqueid": "b", **ID}, LegBridged(**LEG, bridge_id="b")),
        (
            {
                "Event": "BridgeEnter",
                "BridgeUniqueid": "b",
                "SwapUniqueid": "1.0",
                "Channel": "PJSIP/a-b-0000000a",
                **ID,
            },
            LegReplaced(**LEG, replaced="1.0", device="PJSIP/a-b", bridge_id="b"),
        ),
        ({"Event": "BridgeEnter", "BridgeUniqueid": "b", "SwapUniqueid": "1.0", **ID}, None),
        ({"Event": "BridgeLeave", "BridgeUniqueid": "b", **ID}, LegUnbridged(**LEG, bridge_id="b")),
        ({"Event": "BridgeEnter", **ID}, None),
        (
            {"Event": "ChanSpyStart", "SpyerUniqueid": "1.9", "SpyeeUniqueid": "1.1"},
            SpyStarted(pbx="a", unique_id="1.9", spied="1.1"),
        ),
        ({"Event": "ChanSpyStart", "SpyerUniqueid": "1.9"}, None),
        ({"Event": "ChanSpyStop", "SpyerUniqueid": "1.9"}, SpyStopped(pbx="a", unique_id="1.9")),
        ({"Event": "Hold", **ID}, LegHeld(**LEG)),
        ({"Event": "Unhold", **ID}, LegRetrieved(**LEG)),
        ({"Event": "Hangup", "Cause": "17", **ID}, LegEnded(**LEG, cause=17)),
        ({"Event": "Hangup", "Cause": "busy", **ID}, LegEnded(**LEG, cause=0)),
        ({"Event": "Hangup", "Cause": "9" * 5_000, **ID}, LegEnded(**LEG, cause=0)),
        ({"Event": "Hangup", **ID}, LegEnded(**LEG, cause=0)),
        ({"Event": "Hangup", "Cause": "16"}, None),
        ({"Event": "OriginateResponse", "Response": "Failure", "Reason": "3", **ID}, LegFailed(**LEG, reason=3)),
        ({"Event": "OriginateResponse", "Response": "Failure", "Reason": "", **ID}, LegFailed(**LEG, reason=0)),
        ({"Event": "OriginateResponse", "Response": "Success", "Reason": "4", **ID}, None),
        (
            {"Event": "DeviceStateChange", "Device": "PJSIP/1", "State": "UNAVAILABLE"},
            DeviceChanged(pbx="a", device="PJSIP/1", reachable=False),
        ),
        (
            {"Event": "DeviceStateChange", "Device": "SIP/1", "State": "INVALID"},
            DeviceChanged(pbx="a", device="SIP/1", reachable=False),
        ),
        (
            {"Event": "DeviceStateChange", "Device": "PJSIP/1", "State": "RINGING"},
            DeviceChanged(pbx="a", device="PJSIP/1", reachable=True, in_use=True),
        ),
        *(
            (
                {"Event": "DeviceStateChange", "Device": "PJSIP/1", "State": state},
                DeviceChanged(pbx="a", device="PJSIP/1", reachable=True, in_use=in_use),
            )
            for state, in_use in (
                ("NOT_INUSE", False),
                ("UNKNOWN", False),
                ("INUSE", True),
                ("BUSY", True),
                ("RINGINUSE", True),
                ("ONHOLD", True),
            )
        ),
        ({"Event": "DeviceStateChange", "Device": "Surrogate/PJSIP/1", "State": "UNKNOWN"}, None),
        ({"Event": "DeviceStateChange", "Device": "Queue:sales", "State": "INVALID"}, None),
        ({"Event": "DeviceStateChange"}, None),
        ({"Event": "VarSet", **ID}, None),
        ({"Response": "Success"}, None),
    ],
)
def test_event(message: dict[str, str], event: Event | None) -> None:
    assert translate("a", message) == event


@given(
    st.sampled_from(sorted(TRANSLATED)),
    st.dictionaries(
        st.sampled_from(
            ["Uniqueid", "Cause", "Reason", "Response", "ChannelState", "Device", "State", "BridgeUniqueid"]
        ),
        st.text(max_size=10) | st.sampled_from(["5", "6", "Failure", "PJSIP/1", "²", "١", "-1", "1_0"]),
    ),
)
def test_never_raises(name: str, fields: dict[str, str]) -> None:
    event = translate("a", {**fields, "Event": name})
    if event is not None:
        assert msgspec.json.decode(msgspec.json.encode(event), type=AnyEvent) == event


def test_snapshot() -> None:
    channels = [
        {"Event": "CoreShowChannel", "Uniqueid": "1.1", "ChannelState": "6", "BridgeId": "b"},
        {"Event": "CoreShowChannel", "Uniqueid": "1.2", "ChannelState": "5", "BridgeId": ""},
        {"Event": "CoreShowChannel"},
    ]
    devices = [
        {"Event": "DeviceStateChange", "Device": "PJSIP/1", "State": "NOT_INUSE"},
        {"Event": "DeviceStateChange", "Device": "PJSIP/2", "State": "UNAVAILABLE"},
        {"Event": "DeviceStateChange", "Device": "PJSIP/3", "State": "ONHOLD"},
        {"Event": "DeviceStateChange", "Device": "Queue:x", "State": "NOT_INUSE"},
    ]
    status = {"Response": "Success", "CoreStartupDate": "2026-01-01", "CoreStartupTime": "08:00:00"}
    assert reconciled("a", status, channels, devices) == PbxReconciled(
        pbx="a",
        legs=[LegSeen(unique_id="1.1", answered=True, bridge_id="b"), LegSeen(unique_id="1.2", answered=False)],
        devices={"PJSIP/1": True, "PJSIP/2": False, "PJSIP/3": True},
        in_use=["PJSIP/3"],
        boot="2026-01-01 08:00:00",
    )


def test_recorded_call_gives_the_recorded_events() -> None:
    """A diff here is a decision: the expected events stand in the file beside the stream."""
    messages = AmiParser(WANTED).feed((DATA / "inbound-call.ami").read_bytes())
    events = [event for message in messages if (event := translate("a", message)) is not None]
    expected = [
        msgspec.json.decode(line, type=AnyEvent)
        for line in (DATA / "inbound-call.events.jsonl").read_bytes().splitlines()
    ]
    assert events == expected
