"""Whom a real Asterisk connects an agent to, when other callers' unique ids begin like the one that is meant."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from ctid.model.commands import RingAgent
from ctid.pbx_adapters import asterisk_config
from ctid.pbx_adapters.ami.commands import ring_agent
from sip_test_rig.ami_recorder import AmiClient, AmiMessage
from sip_test_rig.asterisk import Asterisk
from sip_test_rig.asterisk_config import Endpoint
from sip_test_rig.sipp import Sipp

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

MEANT = "1700000000.2"
OTHERS = [f"{MEANT}{digit}" for digit in range(10)]


@pytest.mark.parametrize("release", ["22", pytest.param("16", marks=pytest.mark.asterisk16)])
async def test_the_caller_meant_is_connected_and_no_other_of_the_same_beginning(release: str) -> None:
    files = asterisk_config.fragments(
        asterisk_config.ManagerUser(name="ctid", secret="demo-only-ami"),
        asterisk_config.Dialplan(pbx="a", agi="127.0.0.1:1"),
        [],
        release,  # type: ignore[arg-type]
    )
    phone = Sipp("uas-answers", calls=None)
    phones = [Endpoint(name=name, contact=phone.contact(name)) for name in ("1001", "1002")]
    dialplan = {"extensions.conf": files["extensions.conf"]}
    fields = ring_agent(
        RingAgent(
            pbx="a",
            unique_id="ours",
            device="PJSIP/1001",
            peer_unique_id=MEANT,
            caller_number="",
            caller_name="",
            timeout_ms=60_000,
            headers={},
        )
    )
    async with Asterisk(release, endpoints=phones, fragments=dialplan) as pbx, phone, AmiClient.of(pbx) as ami:
        # The short one first: Asterisk 22 refuses a new id that one there begins like.
        for unique_id in [MEANT, *OTHERS]:
            await _originate(
                ami, {"Channel": "PJSIP/1002", "ChannelId": unique_id, "Application": "MusicOnHold", "Data": "default"}
            )
            answer = await ami.wait_event(_of("OriginateResponse", unique_id))
            assert answer["Response"] == "Success"
        naive = {"Channel": "PJSIP/1001", "ChannelId": "naive", "Application": "Bridge", "Data": MEANT}
        assert await _partner(ami, naive) in OTHERS
        assert await _partner(ami, fields) == MEANT


async def _partner(ami: AmiClient, fields: Mapping[str, str | list[str]]) -> str:
    """Ring the phone, and tell who is in one bridge with it."""
    leg = str(fields["ChannelId"])
    begin = len(ami.events)
    await _originate(ami, fields)
    bridge = (await ami.wait_event(_of("BridgeEnter", leg), since=begin))["BridgeUniqueid"]

    def other_enters(event: AmiMessage) -> bool:
        return event["Event"] == "BridgeEnter" and event["BridgeUniqueid"] == bridge and event["Uniqueid"] != leg

    other = await ami.wait_event(other_enters, since=begin)
    await ami.action("Hangup", Channel=leg)
    await ami.wait_event(_of("Hangup", leg), since=begin)
    return other["Uniqueid"]


async def _originate(ami: AmiClient, fields: Mapping[str, str | list[str]]) -> None:
    await ami.action(
        "Originate", Async="true", **{key: fields[key] for key in fields if key not in ("Action", "Async")}
    )


def _of(name: str, unique_id: str) -> Callable[[AmiMessage], bool]:
    return lambda event: event["Event"] == name and event.get("Uniqueid") == unique_id
