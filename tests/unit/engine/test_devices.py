"""Agents' phones: reachable or not, in a call of ctid's or of the agent's own."""

from __future__ import annotations

import pytest

from ctid.model import commands as cmd
from ctid.model import events as ev
from ctid.model.states import AgentState, ContactState
from tests.unit.site import Site, changed

pytestmark = pytest.mark.unit


@pytest.fixture
def site() -> Site:
    return Site()


def phone(*, in_use: bool, reachable: bool = True, device: str = "PJSIP/1001") -> ev.DeviceChanged:
    return ev.DeviceChanged(pbx="main", device=device, reachable=reachable, in_use=in_use)


def test_nothing_is_offered_during_a_call_of_their_own_and_at_once_afterwards(site: Site) -> None:
    site.ready("alice")
    site.give(phone(in_use=True))
    (told,) = site.all(cmd.Publish)
    assert (told.type, told.data["agent"]["device_in_use"]) == ("agent.updated", True)
    site.call()
    assert site.all(cmd.RingAgent) == []
    assert (site.agent().state, site.contact().state) == (AgentState.READY, ContactState.QUEUED)
    site.give(phone(in_use=False))
    assert site.only(cmd.RingAgent).device == "PJSIP/1001"


def test_a_site_may_ignore_calls_of_their_own() -> None:
    site = Site(changed("policy/non_acd_calls", "ignore"))
    site.ready("alice")
    site.give(phone(in_use=True))
    site.call()
    assert site.only(cmd.RingAgent).device == "PJSIP/1001"


def test_stale_not_in_use_event_frees_nobody(site: Site) -> None:
    """The phone's state says free while our own leg lives: only the leg's end frees the agent."""
    leg = site.offered()
    site.call("c2", "103")
    site.give(phone(in_use=True), phone(in_use=False), phone(in_use=False))
    assert (site.agent().state, site.agent().offer_id) == (AgentState.RESERVED, site.offer().id)
    site.answered(leg)
    site.give(phone(in_use=True))
    site.bridged(leg, "c1")
    site.give(phone(in_use=False))
    assert site.agent().state is AgentState.BUSY
    assert site.all(cmd.RingAgent) == []


def test_a_phone_that_is_still_in_use_when_our_leg_has_ended_blocks_new_offers(site: Site) -> None:
    leg = site.offered()
    site.give(phone(in_use=True))
    site.ended("c1")
    site.ended(leg)
    site.call("c2")
    assert site.agent().state is AgentState.READY
    assert site.all(cmd.RingAgent) == []
    site.give(phone(in_use=False))
    assert site.only(cmd.RingAgent).peer_unique_id == "c2"


def test_a_snapshot_of_the_pbx_tells_who_is_in_a_call(site: Site) -> None:
    site.ready("alice")
    site.give(ev.PbxReconciled(pbx="main", legs=[], devices={"PJSIP/1001": True}, in_use=["PJSIP/1001"], boot="b1"))
    site.call()
    assert site.all(cmd.RingAgent) == []
    site.give(
        ev.PbxReconciled(
            pbx="main",
            legs=[ev.LegSeen(unique_id="c1", answered=True)],
            devices={"PJSIP/1001": True},
            boot="b1",
        )
    )
    assert site.only(cmd.RingAgent).device == "PJSIP/1001"


def test_a_device_that_the_pbx_no_longer_knows_is_forgotten(site: Site) -> None:
    site.give(phone(in_use=True), phone(in_use=False, device="PJSIP/1002", reachable=False))
    site.up()
    assert (site.engine.state.devices, site.engine.state.devices_in_use) == ({}, {})


def test_only_the_phones_own_agent_is_told(site: Site) -> None:
    site.give(phone(in_use=True, device="PJSIP/1002"))
    (told,) = site.all(cmd.Publish)
    assert told.agent_ids == ["bob"]
    assert site.give(phone(in_use=True, device="PJSIP/1002")) == []
    assert site.give(phone(in_use=True, device="PJSIP/9999")) == []
