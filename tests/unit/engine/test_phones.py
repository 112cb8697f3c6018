"""Phones not to be disturbed, forwarded, or refusing by themselves: what is offered, whom calls reach, what is told."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ctid.model import commands as cmd
from ctid.model import events as ev
from ctid.model.offer import OfferCause
from ctid.model.states import AgentState, ContactState, Direction, OfferState
from tests.unit.engine.talks import arrives, dialled, refused
from tests.unit.site import SPEC, Site, changed

BUSY, NO_ANSWER, DECLINED = 17, 19, 21
CHAT = {"voice": 1, "chat": 1}


def spec(**policy: Any) -> dict[str, Any]:
    """Alice, bob and carol; what bob is offered, alice may be as well."""
    data = copy.deepcopy(SPEC)
    data["queues"]["sales"]["steps"] = [{"skills": {"sales": 1}}]
    data["agents"]["carol"] = {"name": "Carol", "device": "PJSIP/1003", "pbx": "main"}
    data["agents"]["dave"] = {"name": "Dave", "device": "PJSIP/1004", "pbx": "main"}
    data["agents"]["eve"] = {"name": "Eve", "device": "PJSIP/1005", "pbx": "main"}
    data["own_calls"] = {"blocked": ["0900"]}
    data["policy"] |= {"busy_backoff_seconds": 10, "exclude_seconds": 0.1, **policy}
    return data


@pytest.fixture
def site() -> Site:
    return Site(spec())


def set_phone(site: Site, agent_id: str = "alice", **what: Any) -> list[cmd.Command]:
    return site.request(ev.AgentPhoneSet, agent_id=agent_id, **what)


def phone(site: Site, agent_id: str = "alice") -> dict[str, Any]:
    """As it was published last."""
    told = [each for each in site.all(cmd.Publish) if each.data.get("agent", {}).get("id") == agent_id]
    view: dict[str, Any] = told[-1].data["agent"]["phone"]
    return view


# ---- set: what is offered --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "off", "state"),
    [
        ({"do_not_disturb": True}, {"do_not_disturb": False}, "do_not_disturb"),
        ({"forwarded_to": "030123"}, {"forwarded_to": None}, "forwarded"),
    ],
    ids=["do not disturb", "forwarded"],
)
def test_a_ready_agent_is_offered_no_call_and_the_one_that_waits_at_once_afterwards(
    site: Site, what: dict[str, Any], off: dict[str, Any], state: str
) -> None:
    site.ready("alice")
    set_phone(site, **what)
    assert site.published() == ["agent.updated"]
    assert phone(site)["state"] == state
    assert site.agent().state is AgentState.READY
    site.call()
    assert site.all(cmd.RingAgent) == []
    set_phone(site, **off)
    assert site.only(cmd.RingAgent).device == "PJSIP/1001"
    site.ready("bob")
    set_phone(site, **what)
    site.call("c2")
    assert site.only(cmd.RingAgent).device == "PJSIP/1002", "to somebody else, it goes"


def test_a_chat_rings_no_phone_and_is_offered_all_the_same() -> None:
    data = spec()
    data["agents"]["alice"]["capacity"] = CHAT
    site = Site(data)
    site.ready("alice")
    set_phone(site, do_not_disturb=True)
    site.request(ev.ContactSubmitted, channel="chat", queue="support")
    assert site.offer().agent_id == "alice"


def test_what_rings_already_goes_on_ringing(site: Site) -> None:
    leg = site.offered()
    set_phone(site, do_not_disturb=True)
    assert site.all(cmd.HangUpLeg) == []
    site.answered(leg)
    site.bridged(leg, "c1")
    assert site.contact().state is ContactState.CONNECTED


def test_what_the_agent_asks_for_themselves_rings(site: Site) -> None:
    site.ready("alice")
    set_phone(site, do_not_disturb=True)
    contact = site.call()
    site.request(ev.PickUpRequested, agent_id="alice", contact_id=contact.id)
    leg = site.only(cmd.RingAgent).unique_id
    site.ended(leg)
    site.ended("c1")
    site.request(ev.CallRequested, agent_id="alice", number="030123456")
    assert site.only(cmd.RingAgent).device == "PJSIP/1001"


def test_what_is_not_given_stays_and_nothing_new_is_told_to_nobody(site: Site) -> None:
    set_phone(site, do_not_disturb=True)
    set_phone(site, forwarded_to="030123")
    assert (site.agent().do_not_disturb, site.agent().forwarded_to) == (True, "030123")
    version = site.agent().version
    set_phone(site, do_not_disturb=True, forwarded_to="030123")
    assert (site.published(), site.all(cmd.SetPhone), site.agent().version) == ([], [], version)
    set_phone(site, do_not_disturb=False, if_version=version - 1)
    assert site.only(cmd.Refuse).code == "version-mismatch"
    assert site.agent().do_not_disturb


@pytest.mark.parametrize(
    ("number", "says"),
    [
        ("sip:x", "no number that can be dialled"),
        ("0900123", "own_calls.blocked"),
        ("112", "emergency service"),
        ("1001", "leads back to agent alice"),
        ("1002", "leads back to agent alice"),
    ],
)
def test_where_no_calls_can_go(site: Site, number: str, says: str) -> None:
    set_phone(site, "bob", forwarded_to="1001")
    before = site.engine.snapshot()
    set_phone(site, forwarded_to=number)
    assert says in refused(site)
    assert site.engine.snapshot() == before


def test_a_chain_is_no_longer_than_the_dialplan_follows_it(site: Site) -> None:
    for one, other in (("bob", "1003"), ("carol", "1004"), ("dave", "1005"), ("eve", "030123")):
        set_phone(site, one, forwarded_to=other)
    set_phone(site, forwarded_to="1002")
    assert "more than 3" in refused(site)
    set_phone(site, forwarded_to="1003")
    assert site.agent().forwarded_to == "1003"


@pytest.mark.parametrize(("agent_id", "code"), [("nobody", "not-found")])
def test_of_whom_there_is_none(site: Site, agent_id: str, code: str) -> None:
    set_phone(site, agent_id, do_not_disturb=True)
    assert site.only(cmd.Refuse).code == code


# ---- set: whom calls reach -------------------------------------------------------------------------------------------


def test_a_colleague_who_is_not_to_be_disturbed_is_not_called_asked_or_given_anything(site: Site) -> None:
    site.ready("bob")
    set_phone(site, "bob", do_not_disturb=True)
    site.connected()
    contact_id = site.contact().id
    for kind, more in (
        (ev.TransferRequested, {"agent": "bob"}),
        (ev.ConsultationRequested, {"agent": "bob", "dial": True}),
        (ev.ConsultationRequested, {"number": "1002", "dial": True}),
        (ev.PartyRequested, {"agent": "bob"}),
    ):
        before = site.engine.snapshot()
        site.request(kind, contact_id=contact_id, **more)
        assert "agent bob is not to be disturbed" in refused(site)
        assert site.engine.snapshot() == before
    site.ask("carol", AgentState.NOT_READY)
    site.request(ev.CallRequested, agent_id="carol", number="1002")
    assert "agent bob is not to be disturbed" in refused(site)


@pytest.mark.parametrize(("to", "device", "number"), [("030123", "", "030123"), ("1003", "PJSIP/1003", "1003")])
def test_who_is_forwarded_is_asked_there(site: Site, to: str, device: str, number: str) -> None:
    site.ask("carol", AgentState.NOT_READY)
    set_phone(site, "bob", forwarded_to=to, do_not_disturb=True)
    dialled(site, agent="bob")
    (leg,) = [each for each in site.engine.state.legs.values() if each.party == "consulted"]
    assert leg.agent_id == ("carol" if device else "")
    (consultation,) = site.engine.state.consultations.values()
    assert (consultation.number, consultation.to_agent) == (number, leg.agent_id)


def test_a_call_goes_where_the_colleague_is(site: Site) -> None:
    site.ask("alice", AgentState.NOT_READY)
    set_phone(site, "bob", forwarded_to="030123")
    site.request(ev.CallRequested, agent_id="alice", number="1002")
    assert site.contact().direction is Direction.OUTBOUND
    site.answered(site.only(cmd.RingAgent).unique_id)
    assert (site.only(cmd.DialCustomer).device, site.only(cmd.DialCustomer).number) == ("", "030123")


def test_a_call_to_who_is_forwarded_to_the_caller_is_refused(site: Site) -> None:
    site.ask("alice", AgentState.NOT_READY)
    set_phone(site, "bob", forwarded_to="1001")
    site.request(ev.CallRequested, agent_id="alice", number="1002")
    assert "forwarded to who calls" in refused(site)


@pytest.mark.parametrize("by", ["desktop", "phone"])
def test_a_transfer_goes_where_the_colleague_is(site: Site, by: str) -> None:
    site.ready("bob")
    set_phone(site, "bob", forwarded_to="030123")
    leg = site.connected()
    if by == "desktop":
        site.request(ev.TransferRequested, contact_id=site.contact().id, agent="bob")
        site.ended(leg)
        arrives(site)
    else:
        site.unbridged("c1")
        site.give(ev.CallSentOn(pbx="main", unique_id="c1", extension="1002", arrived=True))
    assert {(each.next, each.target) for each in site.all(cmd.ReleaseLeg)} == {("given", "030123")}


def test_a_deflection_goes_where_the_colleague_is(site: Site) -> None:
    site.ready("bob")
    set_phone(site, "bob", forwarded_to="030123")
    site.offered()
    site.request(ev.OfferDeflected, agent_id="alice", offer_id=site.offer().id, agent="bob")
    assert site.only(cmd.ReleaseLeg).target == "030123"


def test_a_phone_gives_a_contact_to_who_is_not_to_be_disturbed_and_gets_it_back_at_once(site: Site) -> None:
    site.ready("bob")
    set_phone(site, "bob", do_not_disturb=True)
    leg = site.connected()
    site.unbridged("c1")
    site.give(ev.CallSentOn(pbx="main", unique_id="c1", extension="1002", arrived=True))
    assert "contact.returned" in site.published()
    returned = site.contact().returned
    assert returned is not None
    assert (returned.by, returned.cause) == ("bob", "do_not_disturb")
    site.ended(leg)
    assert site.only(cmd.RingAgent).device == "PJSIP/1001"


# ---- set: what the PBX is told ---------------------------------------------------------------------------------------


def told(site: Site) -> dict[str, str]:
    return {each.extension: each.calls for each in site.all(cmd.SetPhone)}


def test_the_dialplan_is_told_of_every_change_and_of_all_when_the_pbx_comes() -> None:
    site = Site(spec())
    assert told(site) == dict.fromkeys(("1001", "1002", "1003", "1004", "1005"), ""), "it may know of another life"
    set_phone(site, do_not_disturb=True)
    assert told(site) == {"1001": "dnd"}
    set_phone(site, forwarded_to="030123")
    assert told(site) == {"1001": "030123"}
    site.give(ev.PbxLost(pbx="main", reason="closed"))
    set_phone(site, forwarded_to=None)
    set_phone(site, "bob", do_not_disturb=True)
    assert told(site) == {}
    site.up()
    assert told(site) == {"1001": "dnd", "1002": "dnd"}
    set_phone(site, do_not_disturb=False)
    site.up()
    assert told(site) == {"1002": "dnd"}


def test_a_phone_that_changes_hands_rings_for_its_next_owner(site: Site) -> None:
    set_phone(site, do_not_disturb=True)
    data = spec()
    data["agents"]["alice"]["device"] = "PJSIP/1009"
    site.give(ev.ConfigLoaded(spec=data))
    assert told(site) == {"1009": "dnd", "1001": ""}
    del data["agents"]["alice"]
    site.give(ev.ConfigLoaded(spec=data))
    assert told(site) == {"1009": ""}


@pytest.mark.parametrize("by", ["phone", "ctid", "conference"])
def test_who_calls_an_emergency_service_can_be_called_back(site: Site, by: str) -> None:
    set_phone(site, do_not_disturb=True, forwarded_to="030123")
    match by:
        case "phone":
            site.give(
                ev.LegDialled(
                    pbx="main", unique_id="a", device="PJSIP/1001", number="1001", extension="112",
                    called_unique_id="b", called_device="PJSIP/trunk",
                )
            )  # fmt: skip
        case "ctid":
            site.request(ev.CallRequested, agent_id="alice", number="112")
        case _:
            set_phone(site, do_not_disturb=False, forwarded_to=None)
            site.connected()
            set_phone(site, do_not_disturb=True)
            site.request(ev.PartyRequested, contact_id=site.contact().id, number="112")
            site.give(*(ev.LegUnbridged(pbx="main", unique_id=each, bridge_id="br") for each in ("c1",)))
    assert (site.agent().do_not_disturb, site.agent().forwarded_to) == (False, "")


# ---- what a phone does by itself -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cause", "said", "state"),
    [(BUSY, "busy", "rejected"), (DECLINED, "rejected", "rejected"), (NO_ANSWER, "no_answer", "timed_out")],
)
def test_a_phone_that_refuses_at_once_is_seen_not_to_want_calls(site: Site, cause: int, said: str, state: str) -> None:
    leg = site.offered()
    ends = site.ended(leg, cause)
    view = [each.data["agent"]["phone"] for each in ends if isinstance(each, cmd.Publish) and "agent" in each.data]
    assert (view[-1]["state"], view[-1]["said"]["state"], view[-1]["said"]["cause"]) == (
        "do_not_disturb", "do_not_disturb", said,
    )  # fmt: skip
    offer = [each.data["offer"] for each in ends if isinstance(each, cmd.Publish) and "offer" in each.data][-1]
    assert (offer["state"], offer["cause"]) == (state, said)


def test_a_human_who_declines_says_nothing_of_the_phone(site: Site) -> None:
    leg = site.offered()
    site.give(ev.LegAlerting(pbx="main", unique_id=leg))
    site.tick(1_000)
    site.ended(leg, DECLINED)
    assert site.engine.state.refusals == {}
    site.wait(2)
    leg = site.only(cmd.RingAgent).unique_id
    site.give(ev.LegAlerting(pbx="main", unique_id=leg))
    site.tick(999)
    site.ended(leg, DECLINED)
    assert list(site.engine.state.refusals) == ["main|PJSIP/1001"]


def test_an_agent_who_declines_at_the_desktop_says_nothing_of_the_phone(site: Site) -> None:
    leg = site.offered()
    site.request(ev.OfferRejected, agent_id="alice", offer_id=site.offer().id)
    site.ended(leg, DECLINED)
    assert site.engine.state.refusals == {}


def test_a_phone_that_is_busy_with_a_call_says_nothing_but_that() -> None:
    site = Site(spec(non_acd_calls="ignore"))
    site.give(
        ev.LegDialled(
            pbx="main", unique_id="a", device="PJSIP/1001", number="1001", extension="030123",
            called_unique_id="b", called_device="PJSIP/trunk",
        )
    )  # fmt: skip
    site.ended(site.offered(), BUSY)
    assert site.engine.state.refusals == {}


@pytest.mark.parametrize("cause", [23, 0, 127])
def test_a_phone_that_forwards_is_seen_to_and_where_to(site: Site, cause: int) -> None:
    leg = site.offered()
    site.give(ev.DialEnded(pbx="main", called_unique_id=leg, status="CANCEL", forward="0301234@somewhere"))
    ends = site.ended(leg, cause)
    offer = [each.data["offer"] for each in ends if isinstance(each, cmd.Publish) and "offer" in each.data][-1]
    assert (offer["state"], offer["cause"]) == ("rejected", "forwarded")
    view = phone(site)
    assert (view["state"], view["forwarded_to"]) == ("forwarded", None)
    assert (view["said"]["state"], view["said"]["cause"], view["said"]["forwarded_to"]) == (
        "forwarded", "forwarded", "0301234",
    )  # fmt: skip


def test_it_is_spared_longer_each_time_and_not_for_ever(site: Site) -> None:
    site.ready("alice")
    site.call()
    spared = []
    for _ in range(7):
        site.ended(site.only(cmd.RingAgent).unique_id, BUSY)
        spared.append((site.agent().backoff_until_ms - site.mono_ms) // 1_000)
        while not site.all(cmd.RingAgent):
            site.wait(1)
    assert spared == [10, 20, 40, 80, 160, 160, 160]
    assert site.engine.state.refusals["main|PJSIP/1001"].times == 7
    leg = site.only(cmd.RingAgent).unique_id
    site.give(ev.LegAlerting(pbx="main", unique_id=leg))
    assert phone(site) == {"state": "rings", "do_not_disturb": False, "forwarded_to": None, "said": None}


@pytest.mark.parametrize("how", ["rings", "answers", "registers", "agent"])
def test_it_is_over_when_the_phone_takes_a_call_or_registers_or_its_agent_says_so(site: Site, how: str) -> None:
    site.ended(site.offered(), BUSY)
    assert phone(site)["state"] == "do_not_disturb"
    match how:
        case "rings":
            site.wait(10)
            site.give(ev.LegAlerting(pbx="main", unique_id=site.only(cmd.RingAgent).unique_id))
        case "answers":
            site.wait(10)
            site.answered(site.only(cmd.RingAgent).unique_id)
        case "registers":
            site.give(ev.DeviceChanged(pbx="main", device="PJSIP/1001", reachable=False))
            assert phone(site)["state"] == "unreachable"
            site.give(ev.DeviceChanged(pbx="main", device="PJSIP/1001", reachable=True))
        case _:
            site.wait(1)
            assert site.all(cmd.RingAgent) == []
            set_phone(site, do_not_disturb=False)
            assert site.only(cmd.RingAgent).device == "PJSIP/1001", "and is tried at once"
            assert "agent.updated" in site.published()
    assert site.engine.state.refusals == {}


def test_a_colleague_whom_the_dialplan_rings_is_seen_as_well(site: Site) -> None:
    site.give(
        ev.LegDialled(
            pbx="main", unique_id="a", device="PJSIP/1002", number="1002", extension="1001",
            called_unique_id="b", called_device="PJSIP/1001",
        ),
        ev.LegEnded(pbx="main", unique_id="b", cause=DECLINED),
    )  # fmt: skip
    assert site.engine.state.refusals["main|PJSIP/1001"].cause is OfferCause.REJECTED


def test_what_a_lost_pbx_ends_says_nothing(site: Site) -> None:
    site.offered()
    site.up(ev.LegSeen(unique_id="c1", answered=True))
    assert site.engine.state.refusals == {}
    assert all(each.state is not OfferState.PENDING for each in site.engine.state.offers.values())


def test_customers_are_not_dialled_ahead_for_who_is_not_to_be_disturbed() -> None:
    data = changed(
        "queues/sales/callback", {"dial": "PJSIP/{number}@trunk", "first": "customer", "ahead_seconds": 30}, spec()
    )
    data["own_calls"]["caller_id"] = "+4930999"
    site = Site(data)
    site.ready("alice")
    set_phone(site, do_not_disturb=True)
    site.request(ev.CallbackRequested, number="030123456", queue="sales")
    assert not any(isinstance(each, cmd.DialCustomer) for each in site.wait(30))
    set_phone(site, do_not_disturb=False)
    assert any(isinstance(each, cmd.DialCustomer) for each in [*site.out, *site.wait(30)])
