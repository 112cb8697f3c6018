"""A caller who is sent through a menu, and comes back to their agent or goes on without."""

from __future__ import annotations

import pytest

from ctid.model import commands as cmd
from ctid.model import events as ev
from ctid.model.states import AgentState, ContactState, LegState, Outcome
from tests.unit.engine.flow_site import flow_site, said
from tests.unit.engine.flow_site import press as heard
from tests.unit.site import Site


def sent(site: Site) -> str:
    """The caller hears the menu, the agent waits; gives the agent's leg."""
    leg = site.connected()
    site.request(ev.DetourRequested, contact_id=site.contact().id, flow="main")
    assert site.only(cmd.HoldCall).agent_unique_id == leg
    site.give(*(ev.LegUnbridged(pbx="main", unique_id=each, bridge_id="br") for each in (leg, "c1")))
    arrives(site)
    assert site.only(cmd.PlayAndCollect).prompts == ["welcome", "choose"]
    return leg


def arrives(site: Site) -> None:
    site.give(ev.CallArrived(pbx="main", unique_id="c1", ani="", dnis=""))


def press(site: Site, key: str) -> None:
    ivr = site.contact().ivr
    assert ivr is not None
    end = ev.CollectEnd.DIGITS if key else ev.CollectEnd.TIMEOUT
    site.give(ev.DigitsCollected(pbx="main", unique_id="c1", token=ivr.token, digits=key, ended_by=end))


def test_they_come_back_when_the_menu_has_come_to_its_end() -> None:
    site = Site()
    leg = sent(site)
    contact = site.contact()
    assert (contact.state, contact.agent_id, site.agent().state) == (ContactState.CONNECTED, "alice", AgentState.BUSY)
    press(site, "3")
    assert site.only(cmd.PlayAndCollect), "that key leads to the menu again"
    press(site, "2")
    assert site.only(cmd.PlayAndCollect).prompts == ["wait"]
    press(site, "")
    assert site.only(cmd.JoinLegs) == cmd.JoinLegs(pbx="main", unique_id=leg, peer_unique_id="c1")
    assert contact.attributes["topic"] == "help"
    site.bridged(leg, "c1", bridge="b2")
    assert (contact.on_hold, contact.ivr, site.engine.state.legs[leg].state) == (False, None, LegState.CONNECTED)
    assert [each.name for each in contact.path if each.kind == "key"][-2:] == ["3", "2"]


def test_the_agent_is_told_where_they_are() -> None:
    site = Site()
    site.connected()
    site.request(ev.DetourRequested, contact_id=site.contact().id, flow="main")
    told = [each.data["contact"] for each in site.all(cmd.Publish) if each.type == "contact.updated"]
    assert [(each["kind"], each["name"]) for each in told[-1]["path"][-2:]] == [("flow", "main"), ("node", "main/menu")]
    assert "retrieve" in told[-1]["allowed_actions"]
    assert "send_to_menu" not in told[-1]["allowed_actions"]


@pytest.mark.parametrize("key", ["1", "4", ""])
def test_wherever_the_menu_would_lead_in_the_end(key: str) -> None:
    site = Site()
    leg = sent(site)
    press(site, key)
    if not key:
        press(site, key)
    assert site.only(cmd.JoinLegs).unique_id == leg
    assert not site.all(cmd.ReleaseLeg)
    assert site.contact().state is ContactState.CONNECTED


def test_the_agent_takes_them_out_of_it() -> None:
    site = Site()
    leg = sent(site)
    site.request(ev.RetrieveRequested, contact_id=site.contact().id)
    assert site.only(cmd.JoinLegs).unique_id == leg
    assert site.contact().ivr is None


def test_the_agent_who_leaves_gives_them_to_the_menu() -> None:
    site = Site()
    leg = sent(site)
    site.ended(leg)
    assert site.agent().state is AgentState.WRAP_UP
    contact = site.contact()
    assert (contact.state, contact.agent_id, contact.offer_ids) == (ContactState.CREATED, "", [])
    press(site, "2")
    press(site, "")
    assert (contact.state, contact.queue) == (ContactState.QUEUED, "support")


def test_the_caller_who_leaves_lets_the_agent_go() -> None:
    site = Site()
    leg = sent(site)
    site.ended("c1")
    assert site.only(cmd.HangUpLeg).unique_id == leg
    assert site.contact().outcome is Outcome.HANDLED


def test_while_the_agent_talks_to_somebody_else_the_caller_waits() -> None:
    site = Site()
    site.ask("bob", AgentState.NOT_READY, reason="break")
    leg = sent(site)
    site.request(ev.ConsultationRequested, contact_id=site.contact().id, agent="bob", dial=True)
    asked = site.only(cmd.DialConsulted).unique_id
    site.answered(asked)
    site.bridged(asked, leg, bridge="co")
    press(site, "4")
    assert not site.all(cmd.JoinLegs)
    assert site.only(cmd.PlayMusic).unique_id == "c1"
    assert site.contact().ivr is None


def test_it_outlives_a_restart() -> None:
    site = Site()
    leg = sent(site)
    site.give(ev.SiteStarted(site="demo", epoch="e2", release="0"))
    site.up(*(ev.LegSeen(unique_id=each, answered=True, bridge_id="") for each in (leg, "c1")))
    arrives(site)
    assert site.only(cmd.PlayAndCollect)
    press(site, "4")
    assert site.only(cmd.JoinLegs).unique_id == leg


def test_what_is_refused() -> None:
    site = Site()
    sent(site)
    site.request(ev.DetourRequested, contact_id=site.contact().id, flow="main")
    assert site.only(cmd.Refuse).code == "conflict"
    site.request(ev.DetourRequested, contact_id="ct-none", flow="main")
    assert site.only(cmd.Refuse).code == "not-found"
    site = Site()
    site.connected()
    site.request(ev.DetourRequested, contact_id=site.contact().id, flow="nowhere")
    assert "there is: main" in site.only(cmd.Refuse).detail


def test_a_menu_without_a_way_back() -> None:
    site = Site()
    leg = site.connected()
    site.request(ev.TransferRequested, contact_id=site.contact().id, flow="main")
    assert site.only(cmd.FetchLeg).unique_id == "c1"
    assert site.agent().state is AgentState.WRAP_UP
    site.ended(leg)
    arrives(site)
    assert site.only(cmd.PlayAndCollect).prompts == ["welcome", "choose"]
    press(site, "1")
    assert (site.contact().state, site.contact().queue) == (ContactState.QUEUED, "sales")


# ---- through flows --------------------------------------------------------------------------------------------------


def sent_to_flow() -> tuple[Site, str]:
    """The caller hears the flow, the agent waits."""
    site = flow_site()
    leg = site.connected()
    site.request(ev.DetourRequested, contact_id=site.contact().id, flow="identify")
    assert site.only(cmd.HoldCall).agent_unique_id == leg
    site.give(*(ev.LegUnbridged(pbx="main", unique_id=each, bridge_id="br") for each in (leg, "c1")))
    arrives(site)
    assert said(site) == ["hello"]
    assert [(step.name, step.title) for step in site.contact().path if step.kind == "flow"] == [
        ("identify", "Who is calling")
    ]
    return site, leg


def test_a_flow_that_ends_gives_them_back() -> None:
    site, leg = sent_to_flow()
    heard(site)
    heard(site, "2")
    assert site.only(cmd.JoinLegs) == cmd.JoinLegs(pbx="main", unique_id=leg, peer_unique_id="c1")
    assert not site.all(cmd.ReleaseLeg)
    contact = site.contact()
    site.bridged(leg, "c1", bridge="b2")
    assert (contact.state, contact.on_hold, contact.ivr) == (ContactState.CONNECTED, False, None)
    assert [each.name for each in contact.path if each.kind == "node"][-1] == "identify/done"


def test_so_does_one_that_would_leave_for_a_queue_and_what_it_has_collected_is_known() -> None:
    site, leg = sent_to_flow()
    heard(site)
    heard(site, "1")
    heard(site, "4711")
    heard(site, sealed="se-1", acceptable=True)
    assert said(site) == ["wait"]
    assert site.only(cmd.ForgetSealed).sealed == ["se-1"], "nothing of it is needed any more"
    heard(site)
    assert site.only(cmd.JoinLegs).unique_id == leg
    contact = site.contact()
    assert contact.state is ContactState.CONNECTED
    assert (contact.attributes["account"], contact.attributes["identified"]) == ("4711", "yes")
    assert "pin" not in contact.attributes


def test_another_flow_that_it_leads_to_is_gone_through_too() -> None:
    site, leg = sent_to_flow()
    heard(site)
    heard(site, "4")
    assert said(site) == ["bye"]
    heard(site)
    assert site.only(cmd.JoinLegs).unique_id == leg


def test_the_agent_takes_them_out_of_the_flow_and_its_sensitive_digits_are_forgotten() -> None:
    site, leg = sent_to_flow()
    heard(site)
    heard(site, "1")
    heard(site, "4711")
    assert site.only(cmd.PlayAndCollect).sealed is not None
    flow = site.contact().ivr
    assert flow is not None
    assert flow.flow is not None
    flow.flow.sealed["card"] = "se-0"
    site.request(ev.RetrieveRequested, contact_id=site.contact().id)
    assert site.only(cmd.ForgetSealed).sealed == ["se-0"]
    assert site.only(cmd.JoinLegs).unique_id == leg
    assert site.contact().ivr is None


def test_the_agent_who_leaves_gives_them_to_the_flow() -> None:
    site, leg = sent_to_flow()
    site.ended(leg)
    contact = site.contact()
    assert (site.agent().state, contact.state) == (AgentState.WRAP_UP, ContactState.CREATED)
    heard(site)
    heard(site, "3")
    heard(site)
    assert (contact.state, contact.queue) == (ContactState.QUEUED, "support")


def test_the_flow_outlives_a_restart_of_the_detour() -> None:
    site, leg = sent_to_flow()
    heard(site)
    site.give(ev.SiteStarted(site="demo", epoch="e2", release="0"))
    site.up(*(ev.LegSeen(unique_id=each, answered=True, bridge_id="") for each in (leg, "c1")))
    arrives(site)
    assert said(site) == ["topic"]
    heard(site, "2")
    assert site.only(cmd.JoinLegs).unique_id == leg


def test_a_flow_without_a_way_back() -> None:
    site = flow_site()
    leg = site.connected()
    site.request(ev.TransferRequested, contact_id=site.contact().id, flow="identify")
    assert site.only(cmd.FetchLeg).unique_id == "c1"
    transferred = next(each for each in site.all(cmd.Publish) if each.type == "contact.transferred")
    assert transferred.data["to"]["flow"] == "identify"
    site.ended(leg)
    arrives(site)
    assert said(site) == ["hello"]
    heard(site)
    heard(site, "3")
    heard(site)
    assert (site.contact().state, site.contact().queue) == (ContactState.QUEUED, "support")


def test_what_is_refused_of_flows() -> None:
    site = flow_site()
    site.connected()
    contact_id = site.contact().id
    site.request(ev.DetourRequested, contact_id=contact_id, flow="nowhere")
    assert site.only(cmd.Refuse).detail == "there is no flow 'nowhere'; there is: bye, identify, main"
    site.request(ev.TransferRequested, contact_id=contact_id, flow="nowhere")
    assert "there is no flow 'nowhere'" in site.only(cmd.Refuse).detail
    assert site.contact().state is ContactState.CONNECTED
    assert not site.contact().on_hold
