"""Whom an agent is connected to on a real Asterisk, when another caller's unique id begins like the one that is meant."""

from __future__ import annotations

import pytest

from ctid.model.commands import RingAgent
from ctid.pbx_adapters import asterisk_config
from ctid.pbx_adapters.ami.commands import ring_agent
from sip_test_rig.ami_recorder import AmiClient
from sip_test_rig.asterisk import Asterisk
from sip_test_rig.asterisk_config import Endpoint
from sip_test_rig.sipp import Sipp

pytestmark = [pytest.mark.integration, pytest.mark.timeout(90)]

MEANT = "1700000000.2"
OTHERS = [f"{MEANT}{digit}" for digit in range(10)]
WAITING_ROOM = """
[waiting-room]
exten => s,1,Answer()
 same => n,MusicOnHold(default)
"""


@pytest.mark.parametrize("release", ["22", pytest.param("16", marks=pytest.mark.asterisk16)])
async def test_the_caller_meant_is_connected_and_no_other_of_the_same_beginning(release: str) -> None:
    files = asterisk_config.fragments(
        asterisk_config.ManagerUser(name="ctid", secret="demo-only-ami"),
        asterisk_config.Dialplan(pbx="a", agi="127.0.0.1:1"),
        [],
        release,  # type: ignore[arg-type]
    )
    phone = Sipp("uas-answers", calls=None)
    phones = [Endpoint(name="1001", contact=phone.contact("1001"))]
    dialplan = files["extensions.conf"] + WAITING_ROOM
    async with Asterisk(release, endpoints=phones, fragments={"extensions.conf": dialplan}) as pbx, phone:
        async with AmiClient.of(pbx) as ami:
            for unique_id in [*OTHERS, MEANT]:
                await ami.action(
                    "Originate", Async="true", Channel="Local/s@waiting-room/n", ChannelId=f"{unique_id}",
                    OtherChannelId=f"x{unique_id}", Application="MusicOnHold", Data="default",
                )  # fmt: skip
                await ami.wait_event(_ran("OriginateResponse", unique_id))
            assert await _partner(ami, "naive", Application="Bridge", Data=MEANT) != MEANT
            ours = ring_agent(
                RingAgent(
                    pbx="a",
                    unique_id="ours",
                    device="PJSIP/1001",
                    peer_unique_id=MEANT,
                    caller_number="",
                    caller_name="",
                    timeout_ms=5_000,
                    headers={},
                )
            )
            assert await _partner(ami, "ours", **{key: value for key, value in ours.items() if key != "Action"}) == MEANT  # type: ignore[arg-type]


async def _partner(ami: AmiClient, leg: str, **fields: str | list[str]) -> str:
    """Ring the phone by this originate, and tell who is in one bridge with it."""
    begin = len(ami.events)
    await ami.action("Originate", **{"Channel": "PJSIP/1001", "ChannelId": leg, "Async": "true", **fields})
    entered = await ami.wait_event(_ran("BridgeEnter", leg), since=begin)
    bridge = entered["BridgeUniqueid"]
    other = await ami.wait_event(
        lambda event: event["Event"] == "BridgeEnter"
        and event["BridgeUniqueid"] == bridge
        and event["Uniqueid"] != leg,
        since=begin,
    )
    await ami.action("Hangup", Channel=leg)
    await ami.wait_event(_ran("Hangup", leg), since=begin)
    return other["Uniqueid"]


def _ran(name: str, unique_id: str):  # type: ignore[no-untyped-def]
    return lambda event: event["Event"] == name and event.get("Uniqueid") == unique_id
