"""Supervision: what is ordered, when it counts, whom it is told to, how it ends; and every request in every state."""

from __future__ import annotations

from typing import Any

import pytest

from ctid.model import commands as cmd
from ctid.model import events as ev
from ctid.model.states import AgentState, ContactState, Outcome, Party
from ctid.model.supervision import Supervision, SupervisionEnd, SupervisionMode, SupervisionState
from tests.unit.site import Site, changed

DEVICE = "PJSIP/1090"
MODES = list(SupervisionMode)
POLICY = {"devices": [DEVICE, "PJSIP/1002"], "numbers": ["90[0-9]+"], "tell_agent": {"monitor": False}}
SPEC = changed("agents/bob/team", "blue", changed("policy/supervision", POLICY))
SPEC = changed("agents/carol", {"name": "Carol", "device": "PJSIP/1003", "pbx": "main", "team": "red"}, SPEC)


@pytest.fixture
def site() -> Site:
    site = Site(SPEC)
    site.ask("bob", AgentState.NOT_READY, reason="break")
    return site


def asked(site: Site, **fields: Any) -> list[cmd.Command]:
    """Supervise alice from a phone that is no agent's, unless told otherwise."""
    given = {"mode": SupervisionMode.MONITOR, **fields}
    if not given.keys() & {"agent_id", "contact_id"}:
        given["agent_id"] = "alice"
    if not given.keys() & {"device", "number", "own_agent"}:
        given["device"] = DEVICE
    return site.request(ev.SupervisionRequested, **given)


def supervision(site: Site) -> Supervision:
    (one,) = site.engine.state.supervisions.values()
    return one


def hears(site: Site, theirs: str, spied: str) -> list[cmd.Command]:
    return site.give(ev.SpyStarted(pbx="main", unique_id=theirs, spied=spied))


def active(site: Site, **fields: Any) -> tuple[str, str]:
    """A supervisor who hears alice's talk; gives her leg and theirs."""
    leg = site.connected()
    asked(site, **fields)
    theirs = site.only(cmd.RingSupervisor).unique_id
    site.give(ev.LegAlerting(pbx="main", unique_id=theirs))
    site.answered(theirs)
    hears(site, theirs, leg)
    assert supervision(site).state is SupervisionState.ACTIVE
    return leg, theirs


def ended(site: Site) -> SupervisionEnd:
    """Why it has just ended, once."""
    (event,) = [each for each in site.all(cmd.Publish) if each.type == "supervision.ended"]
    reason: SupervisionEnd = event.data["reason"]
    return reason


def reasons(site: Site) -> list[str]:
    return [each.data["reason"] for each in site.all(cmd.Publish) if each.type.startswith("supervision.")]


def refused(site: Site) -> cmd.Refuse:
    return site.only(cmd.Refuse)


def unbridged(site: Site, *unique_ids: str, bridge: str = "br") -> list[cmd.Command]:
    return site.give(*(ev.LegUnbridged(pbx="main", unique_id=each, bridge_id=bridge) for each in unique_ids))


def arrives(site: Site) -> list[cmd.Command]:
    return site.give(ev.CallArrived(pbx="main", unique_id="c1", ani="", dnis=""))


def held(site: Site, leg: str) -> None:
    site.request(ev.HoldRequested, contact_id=site.contact().id)
    unbridged(site, leg, "c1")
    arrives(site)


def taking_over(site: Site, **fields: Any) -> tuple[str, str]:
    leg, theirs = active(site, **fields)
    site.request(ev.TakeOverRequested, supervision_id=supervision(site).id)
    return leg, theirs


def taken_over(site: Site, **fields: Any) -> tuple[str, str]:
    leg, theirs = taking_over(site, **fields)
    unbridged(site, leg, "c1")
    arrives(site)
    site.bridged(theirs, "c1", bridge="b2")
    return leg, theirs


def test_a_talk_that_was_given_to_another_team_meanwhile_is_not_heard(site: Site) -> None:
    """Whose it is may have changed between the request's coming in and its turn."""
    leg = site.connected()
    site.give(
        ev.CallTransferred(
            pbx="main",
            transferers=["17.3", leg],
            parties=[
                ev.TransferParty(unique_id=each, device=device) for each, device in (("17.4", "PJSIP/1002"), ("c1", ""))
            ],
            bridge_id="b2",
        )
    )
    assert site.contact().agent_id == "bob"
    asked(site, contact_id=site.contact().id, teams=["red"])
    assert (refused(site).code, site.engine.state.supervisions) == ("forbidden", {})
    asked(site, contact_id=site.contact().id, teams=["blue"])
    assert supervision(site).agent_id == "bob"


# ---- begin, hear -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
def test_the_phone_is_rung_to_answer_by_itself_and_to_hear_at_once(site: Site, mode: SupervisionMode) -> None:
    leg = site.connected()
    asked(site, mode=mode)
    ring = site.only(cmd.RingSupervisor)
    assert (ring.device, ring.number, ring.mode, ring.agent_unique_id) == (DEVICE, "", mode, leg)
    assert "answer-after=0" in ring.headers["Call-Info"]
    assert reasons(site) == ["requested"]
    assert site.engine.state.legs[ring.unique_id].party is Party.SUPERVISOR
    site.answered(ring.unique_id)
    assert supervision(site).state is SupervisionState.RINGING, "that they hear, the PBX says"
    hears(site, ring.unique_id, leg)
    assert (supervision(site).state, reasons(site)) == (SupervisionState.ACTIVE, ["active"])
    assert not site.all(cmd.Supervise)


def test_a_channel_that_does_not_hear_is_told_again_and_given_up(site: Site) -> None:
    site.connected()
    asked(site)
    theirs = site.only(cmd.RingSupervisor).unique_id
    site.answered(theirs)
    told = 0
    for _ in range(10):
        if not site.engine.state.supervisions:
            break
        told += sum(isinstance(each, cmd.Supervise) for each in site.wait(1))
    assert told == 5
    assert ended(site) is SupervisionEnd.FAILED
    assert site.only(cmd.HangUpLeg).unique_id == theirs


def test_one_that_hears_no_more_by_itself_is_told_again(site: Site) -> None:
    leg, theirs = active(site)
    site.give(ev.SpyStopped(pbx="main", unique_id=theirs))
    site.wait(1)
    assert [each.agent_unique_id for each in site.all(cmd.Supervise)] == [leg]
    hears(site, theirs, leg)
    assert not any(isinstance(each, cmd.Supervise) for each in site.wait(30))


def test_what_it_was_told_before_counts_no_more(site: Site) -> None:
    _, theirs = active(site)
    hears(site, theirs, "another")
    assert not supervision(site).hears


def test_another_mode_is_one_order(site: Site) -> None:
    leg, theirs = active(site)
    for mode in (SupervisionMode.BARGE, SupervisionMode.WHISPER, SupervisionMode.MONITOR):
        site.request(ev.SupervisionModeSet, supervision_id=supervision(site).id, mode=mode)
        order = site.only(cmd.Supervise)
        assert (order.unique_id, order.mode, order.agent_unique_id) == (theirs, mode, leg)
        assert reasons(site) == ["mode"]
        hears(site, theirs, leg)


def test_in_another_bridge_it_takes_hold_of_the_talk_anew_once(site: Site) -> None:
    leg, theirs = active(site, mode=SupervisionMode.BARGE)
    site.request(ev.HoldRequested, contact_id=site.contact().id)
    unbridged(site, leg)
    assert site.only(cmd.Supervise).unique_id == theirs, "the caller on hold must not hear them"
    unbridged(site, "c1")
    arrives(site)
    site.request(ev.RetrieveRequested, contact_id=site.contact().id)
    assert not site.all(cmd.Supervise)
    site.bridged(leg, bridge="b2")
    assert not site.all(cmd.Supervise), "the caller is not there yet"
    site.bridged("c1", bridge="b2")
    assert site.only(cmd.Supervise).mode is SupervisionMode.BARGE


@pytest.mark.parametrize("mode", MODES)
def test_in_a_conference_who_takes_part_is_in_it_like_the_others(site: Site, mode: SupervisionMode) -> None:
    leg, theirs = active(site, mode=mode)
    site.request(ev.ConsultationRequested, contact_id=site.contact().id, agent="bob", dial=True)
    unbridged(site, leg, "c1")
    arrives(site)
    (consultation,) = site.engine.state.consultations.values()
    bobs = site.engine.state.legs[consultation.leg_id].unique_id
    site.answered(bobs)
    site.bridged(bobs, leg, bridge="co")
    hears(site, theirs, leg)
    site.request(ev.ConferenceRequested, consultation_id=consultation.id)
    unbridged(site, bobs, leg, bridge="co")
    site.bridged(leg, bobs, "c1", bridge="conf")
    order = site.only(cmd.Supervise)
    assert order.conference == ("c1" if mode is SupervisionMode.BARGE else "")
    if mode is SupervisionMode.BARGE:
        site.bridged(theirs, bridge="conf")
        assert supervision(site).hears
        # Who was asked leaves: it is a conference still.
        site.ended(bobs)
        assert not site.all(cmd.Supervise)
        site.request(ev.SupervisionModeSet, supervision_id=supervision(site).id, mode=SupervisionMode.WHISPER)
        assert (site.only(cmd.Supervise).conference, site.only(cmd.Supervise).agent_unique_id) == ("", leg)


def test_a_page_that_was_loaded_anew_is_heard_on(site: Site) -> None:
    leg, theirs = active(site)
    new = ev.LegReplaced(pbx="main", unique_id="new", replaced=leg, device="PJSIP/1001", bridge_id="br")
    site.give(new)
    assert site.only(cmd.Supervise) == cmd.Supervise(
        pbx="main", unique_id=theirs, mode=SupervisionMode.MONITOR, agent_unique_id="new"
    )


# ---- whom it is told to ----------------------------------------------------------------------------------------------


def test_who_is_not_to_be_told_is_not_and_sees_no_difference(site: Site) -> None:
    site.connected()
    agent, contact = site.agent().version, site.contact().version
    asked(site)
    theirs = site.only(cmd.RingSupervisor).unique_id
    told = site.all(cmd.Publish)
    told += [
        each for each in hears(site, theirs, supervision(site).attached.split()[1]) if isinstance(each, cmd.Publish)
    ]
    site.ended(theirs)
    told += site.all(cmd.Publish)
    assert [each.type for each in told] == ["supervision.started", "supervision.changed", "supervision.ended"]
    assert all((each.agent_ids, each.hidden_from) == (["alice"], ["alice"]) for each in told)
    assert (site.agent().version, site.contact().version) == (agent, contact)


def test_who_was_told_once_is_told_the_rest(site: Site) -> None:
    _, theirs = active(site, mode=SupervisionMode.BARGE)
    site.request(ev.SupervisionModeSet, supervision_id=supervision(site).id, mode=SupervisionMode.MONITOR)
    assert [each.hidden_from for each in site.all(cmd.Publish)] == [[]]
    site.ended(theirs)
    assert [each.hidden_from for each in site.all(cmd.Publish)] == [[]]


def test_nothing_is_published_of_the_supervisors_leg(site: Site) -> None:
    _, theirs = active(site)
    for event in (ev.LegHeld, ev.LegRetrieved):
        assert site.give(event(pbx="main", unique_id=theirs)) == []
    site.ended(theirs)
    assert site.published() == ["supervision.ended"]


# ---- the end ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cause", "why"),
    [(17, "busy"), (19, "no_answer"), (21, "rejected"), (20, "unreachable"), (23, "rejected"), (38, "failed")],
)
def test_a_phone_that_is_not_answered(site: Site, cause: int, why: str) -> None:
    site.connected()
    asked(site)
    site.ended(site.only(cmd.RingSupervisor).unique_id, cause=cause)
    assert ended(site) == why
    assert not site.all(cmd.HangUpLeg)
    assert site.contact().state is ContactState.CONNECTED
    assert site.engine.state.supervisors == {}


def test_a_phone_without_a_channel(site: Site) -> None:
    site.connected()
    asked(site)
    site.failed(site.only(cmd.RingSupervisor).unique_id, 0)
    assert ended(site) is SupervisionEnd.UNREACHABLE


@pytest.mark.parametrize("who", ["supervisor", "request", "agent", "caller"])
def test_whoever_ends_it_the_phone_is_let_go_once(site: Site, who: str) -> None:
    leg, theirs = active(site)
    match who:
        case "supervisor":
            site.ended(theirs)
            assert (ended(site), site.all(cmd.HangUpLeg)) == (SupervisionEnd.SUPERVISOR_LEFT, [])
            return
        case "request":
            site.request(ev.SupervisionWithdrawn, supervision_id=supervision(site).id)
            assert ended(site) is SupervisionEnd.ENDED
        case _:
            site.ended(leg if who == "agent" else "c1")
            assert ended(site) is SupervisionEnd.TALK_ENDED
    assert theirs in [each.unique_id for each in site.all(cmd.HangUpLeg)]
    site.ended(theirs)
    assert (site.published(), site.engine.state.supervisors) == ([], {})


def test_a_phone_that_rings_when_all_is_over_is_hung_up(site: Site) -> None:
    site.connected()
    asked(site)
    theirs = site.only(cmd.RingSupervisor).unique_id
    site.ended("c1")
    assert ended(site) is SupervisionEnd.TALK_ENDED
    for event in (ev.LegAlerting, ev.LegAnswered):
        site.give(event(pbx="main", unique_id=theirs))
        assert site.only(cmd.HangUpLeg).unique_id == theirs


def test_who_stays_waits_for_the_next_talk(site: Site) -> None:
    leg, theirs = active(site, stays=True)
    site.ended(leg)
    order = site.only(cmd.Supervise)
    assert (order.agent_unique_id, reasons(site), supervision(site).contact_id) == ("", ["waiting"], "")
    site.back()
    site.ended("c1")
    site.wait(20)
    leg = site.connected("c2")
    assert site.only(cmd.Supervise).agent_unique_id == leg
    assert supervision(site).contact_id == site.contact(-1).id
    hears(site, theirs, leg)
    assert supervision(site).state is SupervisionState.ACTIVE
    site.ended(leg)
    site.back("c2")
    site.ended("c2")
    site.wait(20)
    site.ask("alice", AgentState.LOGGED_OUT)
    assert ended(site) is SupervisionEnd.AGENT_LEFT


def test_it_begins_before_the_talk_for_who_waits(site: Site) -> None:
    site.ready("alice")
    asked(site, stays=True)
    ring = site.only(cmd.RingSupervisor)
    assert ring.agent_unique_id == ""
    site.answered(ring.unique_id)
    assert supervision(site).state is SupervisionState.WAITING


# ---- with the contact ------------------------------------------------------------------------------------------------


def attended(site: Site, leg: str) -> None:
    """Alice's phone gives the caller on to bob."""
    site.give(
        ev.CallTransferred(
            pbx="main",
            transferers=[leg, "x"],
            parties=[
                ev.TransferParty(unique_id="c1", device="PJSIP/trunk"),
                ev.TransferParty(unique_id="bobs", device="PJSIP/1002"),
            ],
            bridge_id="b2",
        )
    )


def test_it_stays_with_the_contact_when_that_has_another_agent(site: Site) -> None:
    leg = site.connected()
    asked(site, contact_id=site.contact().id)
    theirs = site.only(cmd.RingSupervisor).unique_id
    site.answered(theirs)
    hears(site, theirs, leg)
    attended(site, leg)
    assert (supervision(site).agent_id, site.only(cmd.Supervise).agent_unique_id) == ("bob", "bobs")
    (told,) = [each for each in site.all(cmd.Publish) if each.type == "supervision.changed"]
    assert (told.data["reason"], told.agent_ids, told.hidden_from) == ("agent", ["bob", "alice"], ["bob", "alice"])


def test_who_may_not_supervise_the_other_agent_hears_nothing_of_them(site: Site) -> None:
    leg, theirs = active(site, contact_id=site_contact(site), teams=["red"])
    attended(site, leg)
    assert ended(site) is SupervisionEnd.OUT_OF_SCOPE
    assert theirs in [each.unique_id for each in site.all(cmd.HangUpLeg)]


def site_contact(site: Site) -> str:
    """The id that the next contact will have."""
    return f"ct-e1-{site.engine.state.minted + 1}"


def test_with_the_agent_it_ends_when_they_give_the_contact_on(site: Site) -> None:
    leg, _ = active(site)
    attended(site, leg)
    assert ended(site) is SupervisionEnd.TALK_ENDED


def test_the_end_of_the_agents_leg_before_word_of_the_transfer_is_no_end(site: Site) -> None:
    leg, _ = active(site, contact_id=site_contact(site))
    unbridged(site, leg)
    site.give(ev.LegEnded(pbx="main", unique_id=leg, cause=16))
    assert supervision(site).state is SupervisionState.ACTIVE
    attended(site, leg)
    assert supervision(site).agent_id == "bob"


# ---- take-over -------------------------------------------------------------------------------------------------------


def test_a_take_over_is_a_hold_then_a_bridge_then_theirs(site: Site) -> None:
    leg, theirs = taking_over(site, own_agent="bob")
    assert site.only(cmd.HoldCall) == cmd.HoldCall(pbx="main", unique_id="c1", agent_unique_id=leg)
    unbridged(site, leg, "c1")
    assert not site.all(cmd.JoinLegs)
    arrives(site)
    assert site.only(cmd.JoinLegs) == cmd.JoinLegs(pbx="main", unique_id=theirs, peer_unique_id="c1")
    site.bridged(theirs, bridge="b2")
    assert supervision(site).state is SupervisionState.TAKING_OVER
    site.bridged("c1", bridge="b2")
    assert ended(site) is SupervisionEnd.TAKEN_OVER
    assert [each.unique_id for each in site.all(cmd.HangUpLeg)] == [leg]
    assert [(each.agent_id, each.result) for each in site.contact().segments] == [("alice", "taken_over"), ("bob", "")]
    assert (site.agent("alice").state, site.agent("bob").state) == (AgentState.WRAP_UP, AgentState.BUSY)
    site.ended(leg)
    site.ended(theirs)
    site.back()
    assert site.agent("bob").pending_state is AgentState.NOT_READY, "back to their break afterwards"
    site.ended("c1")
    site.wait(40)
    assert (site.engine.state.legs, site.contact().outcome) == ({}, Outcome.HANDLED)


def test_to_who_is_no_agent_the_contact_leaves_us(site: Site) -> None:
    leg, _ = taken_over(site)
    assert (site.contact().outcome, site.contact().segments[0].result) == (Outcome.TRANSFERRED, "taken_over")
    assert site.only(cmd.HangUpLeg).unique_id == leg
    site.ended(leg)
    assert site.engine.state.legs == {}


def test_a_caller_on_hold_already_is_bridged_at_once(site: Site) -> None:
    leg, theirs = active(site)
    held(site, leg)
    hears(site, theirs, leg)
    site.request(ev.TakeOverRequested, supervision_id=supervision(site).id)
    assert not site.all(cmd.HoldCall)
    assert site.only(cmd.JoinLegs).peer_unique_id == "c1"


def test_an_agent_who_hangs_up_in_the_middle_changes_nothing_about_it(site: Site) -> None:
    leg, theirs = taking_over(site, own_agent="bob")
    unbridged(site, leg, "c1")
    site.give(ev.LegEnded(pbx="main", unique_id=leg, cause=16))
    assert (site.agent().state, site.contact().state) == (AgentState.WRAP_UP, ContactState.CONNECTED)
    site.back()
    assert site.only(cmd.JoinLegs).unique_id == theirs
    site.bridged(theirs, "c1", bridge="b2")
    assert [(each.agent_id, each.result) for each in site.contact().segments] == [("alice", "taken_over"), ("bob", "")]
    assert site.agent("bob").state is AgentState.BUSY


def test_a_supervisor_who_hangs_up_in_the_middle_gives_the_caller_back(site: Site) -> None:
    leg, theirs = taking_over(site)
    unbridged(site, leg, "c1")
    arrives(site)
    site.ended(theirs)
    assert ended(site) is SupervisionEnd.SUPERVISOR_LEFT
    assert site.only(cmd.JoinLegs) == cmd.JoinLegs(pbx="main", unique_id=leg, peer_unique_id="c1")
    site.bridged(leg, "c1", bridge="b2")
    assert (site.contact().on_hold, site.agent().state) == (False, AgentState.BUSY)


def test_a_caller_who_hangs_up_in_the_middle_ends_it_all(site: Site) -> None:
    leg, theirs = taking_over(site)
    unbridged(site, leg, "c1")
    site.ended("c1")
    assert ended(site) is SupervisionEnd.TALK_ENDED
    assert {each.unique_id for each in site.all(cmd.HangUpLeg)} == {leg, theirs}


def test_one_that_comes_to_nothing_gives_the_caller_back_and_goes_on(site: Site) -> None:
    leg, theirs = taking_over(site)
    unbridged(site, leg, "c1")
    arrives(site)
    site.wait(5)
    assert "not_taken_over" in reasons(site)
    assert site.all(cmd.JoinLegs)[-1].unique_id == leg
    site.bridged(leg, "c1", bridge="b2")
    assert site.only(cmd.Supervise).unique_id == theirs
    hears(site, theirs, leg)
    assert supervision(site).state is SupervisionState.ACTIVE


def test_nothing_else_moves_the_call_meanwhile(site: Site) -> None:
    leg, _ = taking_over(site)
    unbridged(site, leg, "c1")
    arrives(site)
    site.request(ev.RetrieveRequested, contact_id=site.contact().id)
    assert "just being connected" in refused(site).detail


# ---- PBX away, restart -----------------------------------------------------------------------------------------------


def seen(leg: str, theirs: str, *, bridge: str = "br") -> list[ev.LegSeen]:
    return [
        ev.LegSeen(unique_id=leg, answered=True, bridge_id=bridge),
        ev.LegSeen(unique_id="c1", answered=True, bridge_id=bridge),
        ev.LegSeen(unique_id=theirs, answered=True),
    ]


def test_after_a_restart_it_is_known_and_told_anew_what_it_hears(site: Site) -> None:
    leg, theirs = active(site, mode=SupervisionMode.WHISPER)
    site.give(ev.SiteStarted(site="demo", epoch="e2", release="0"))
    site.up(*seen(leg, theirs))
    assert site.only(cmd.Supervise).mode is SupervisionMode.WHISPER
    assert not site.all(cmd.HangUpLeg)


def test_what_ended_while_nobody_looked_is_over(site: Site) -> None:
    leg, theirs = active(site)
    site.give(ev.PbxLost(pbx="main", reason="closed"))
    site.up(ev.LegSeen(unique_id=theirs, answered=True))
    assert ended(site) is SupervisionEnd.TALK_ENDED
    assert theirs in [each.unique_id for each in site.all(cmd.HangUpLeg)]
    assert leg not in site.engine.state.legs


def test_a_hang_up_that_was_lost_is_repeated(site: Site) -> None:
    leg, theirs = active(site)
    site.request(ev.SupervisionWithdrawn, supervision_id=supervision(site).id)
    site.give(ev.PbxLost(pbx="main", reason="closed"))
    site.up(*seen(leg, theirs))
    assert [each.unique_id for each in site.all(cmd.HangUpLeg)] == [theirs]


def test_a_hold_for_a_take_over_that_was_lost_is_repeated(site: Site) -> None:
    leg, theirs = taking_over(site)
    site.give(ev.SiteStarted(site="demo", epoch="e2", release="0"))
    site.up(*seen(leg, theirs))
    assert site.only(cmd.HoldCall) == cmd.HoldCall(pbx="main", unique_id="c1", agent_unique_id=leg)
    unbridged(site, leg, "c1")
    arrives(site)
    assert site.only(cmd.JoinLegs).unique_id == theirs


def test_a_join_that_was_lost_is_repeated(site: Site) -> None:
    leg, theirs = taking_over(site)
    unbridged(site, leg, "c1")
    arrives(site)
    site.give(ev.SiteStarted(site="demo", epoch="e2", release="0"))
    site.up(*seen(leg, theirs, bridge=""))
    assert not site.all(cmd.JoinLegs), "the caller has yet to come back"
    arrives(site)
    assert site.only(cmd.JoinLegs).unique_id == theirs


def test_a_pbx_that_died_ends_it(site: Site) -> None:
    active(site)
    site.give(ev.PbxLost(pbx="main", reason="closed"))
    site.up(boot="b2")
    assert ended(site) is SupervisionEnd.PBX_LOST
    assert site.engine.state.legs == {}


# ---- the supervisor as an agent --------------------------------------------------------------------------------------


def test_who_supervises_is_offered_nothing_until_their_phone_is_free(site: Site) -> None:
    site.connected()
    site.ask("carol", AgentState.READY)
    asked(site, own_agent="carol")
    theirs = site.only(cmd.RingSupervisor).unique_id
    assert site.only(cmd.RingSupervisor).device == "PJSIP/1003"
    site.call("c2", dnis="103")
    assert not site.all(cmd.RingAgent)
    site.request(ev.SupervisionWithdrawn, supervision_id=supervision(site).id)
    assert not site.all(cmd.RingAgent), "their phone is not free yet"
    site.ended(theirs)
    assert site.only(cmd.RingAgent).agent_id == "carol"


def test_who_supervises_is_not_asked_by_colleagues(site: Site) -> None:
    site.connected()
    site.ask("carol", AgentState.NOT_READY)
    asked(site, own_agent="carol")
    site.request(ev.ConsultationRequested, contact_id=site.contact().id, agent="carol", dial=True)
    assert "in a call" in refused(site).detail


# ---- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "code", "says"),
    [
        ({"agent_id": "alice", "contact_id": "ct-e1-1"}, "request-invalid", "one of agent_id, contact_id"),
        ({"agent_id": "nobody"}, "not-found", "no agent"),
        ({"contact_id": "none"}, "not-found", "no such live contact"),
        ({"agent_id": "bob"}, "conflict", "talks to nobody"),
        ({"agent_id": "carol", "stays": True}, "conflict", "not logged in"),
        ({"own_agent": "alice"}, "conflict", "themselves"),
        ({"device": "PJSIP/7777"}, "request-invalid", "policy.supervision.devices"),
        ({"number": "112"}, "request-invalid", "policy.supervision.numbers"),
        ({"device": DEVICE, "number": "900"}, "request-invalid", "one of device, number"),
        ({"device": ""}, "request-invalid", "no agent with a phone"),
        ({"device": "PJSIP/1002"}, "conflict", "phone of agent bob"),
    ],
    ids=str,
)
def test_what_cannot_be_begun(site: Site, fields: dict[str, Any], code: str, says: str) -> None:
    site.connected()
    before = site.engine.snapshot()
    asked(site, **fields)
    assert says in refused(site).detail
    assert refused(site).code == code
    assert site.engine.snapshot() == before


def test_a_phone_that_is_away_or_in_a_call(site: Site) -> None:
    site.connected()
    for reachable, in_use, says in ((False, False, "can't be reached"), (True, True, "in a call")):
        site.give(ev.DeviceChanged(pbx="main", device=DEVICE, reachable=reachable, in_use=in_use))
        asked(site)
        assert says in refused(site).detail
    site.give(ev.PbxLost(pbx="main", reason="closed"))
    asked(site)
    assert "PBX can't be reached" in refused(site).detail


def test_a_phone_for_which_something_rings(site: Site) -> None:
    site.ready("bob")
    site.connected()
    site.call("c2", dnis="103")
    assert site.only(cmd.RingAgent).agent_id == "bob"
    asked(site, own_agent="bob")
    assert (refused(site).current, "RESERVED" in refused(site).detail) == (AgentState.RESERVED, True)


def test_the_same_talk_twice_by_one_and_one_phone_for_two(site: Site) -> None:
    active(site)
    asked(site, number="900")
    assert "already" in refused(site).detail
    assert refused(site).allowed_actions == ["whisper", "barge", "take_over", "end"]
    site.request(ev.SupervisionRequested, agent_id="alice", device=DEVICE, mode=SupervisionMode.MONITOR)
    assert site.all(cmd.Refuse)
    site.give(
        ev.SupervisionRequested(
            command_id="x", principal="other", agent_id="alice", device=DEVICE, mode=SupervisionMode.MONITOR
        )
    )
    assert "supervises already" in refused(site).detail
    site.give(
        ev.SupervisionRequested(
            command_id="x", principal="other", agent_id="alice", number="901", mode=SupervisionMode.MONITOR
        )
    )
    assert len(site.engine.state.supervisions) == 2, "two may supervise one"


ACTS: dict[str, tuple[type[ev.Request], dict[str, Any]]] = {
    "monitor": (ev.SupervisionModeSet, {"mode": SupervisionMode.MONITOR}),
    "whisper": (ev.SupervisionModeSet, {"mode": SupervisionMode.WHISPER}),
    "barge": (ev.SupervisionModeSet, {"mode": SupervisionMode.BARGE}),
    "take_over": (ev.TakeOverRequested, {}),
    "end": (ev.SupervisionWithdrawn, {}),
}
MODE_CHANGES = ["whisper", "barge"]
ALLOWED: dict[str, list[str]] = {
    "ringing": [*MODE_CHANGES, "end"],
    "active": [*MODE_CHANGES, "take_over", "end"],
    "waiting": [*MODE_CHANGES, "end"],
    "taking_over": [],
}


def brought_to(site: Site, state: str) -> Supervision:
    match state:
        case "ringing":
            site.connected()
            asked(site)
        case "active":
            active(site)
        case "waiting":
            leg, _ = active(site, stays=True)
            site.ended(leg)
        case _:
            taking_over(site)
    one = supervision(site)
    assert one.state == state
    return one


@pytest.mark.parametrize("state", ALLOWED)
@pytest.mark.parametrize("act", ACTS)
def test_every_act_in_every_state(site: Site, state: str, act: str) -> None:
    one = brought_to(site, state)
    kind, fields = ACTS[act]
    before, version = site.engine.snapshot(), one.version
    site.request(kind, supervision_id=one.id, **fields)
    if act in ALLOWED[state]:
        assert site.all(cmd.Accept)
        assert one.version > version
    else:
        assert refused(site).code == "conflict"
        assert refused(site).allowed_actions == ALLOWED[state]
        assert site.engine.snapshot() == before
    for wrong in ({"supervision_id": "none"}, {"supervision_id": one.id, "if_version": 99}):
        site.request(kind, **{**fields, **wrong})
        assert refused(site).code in ("not-found", "version-mismatch")


def test_while_the_pbx_is_away_nothing_can_be_done(site: Site) -> None:
    active(site)
    site.give(ev.PbxLost(pbx="main", reason="closed"))
    for name in ALLOWED["active"]:
        kind, fields = ACTS[name]
        site.request(kind, supervision_id=supervision(site).id, **fields)
        assert "can't be reached" in refused(site).detail


def test_no_take_over_while_the_call_is_being_moved(site: Site) -> None:
    leg, theirs = active(site)
    held(site, leg)
    hears(site, theirs, leg)
    site.request(ev.RetrieveRequested, contact_id=site.contact().id)
    site.request(ev.TakeOverRequested, supervision_id=supervision(site).id)
    assert "just being connected" in refused(site).detail
