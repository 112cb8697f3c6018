"""Talks that have come somewhere: on hold, asking somebody, in a conference."""

from __future__ import annotations

from typing import Any

from ctid.model import commands as cmd
from ctid.model import events as ev
from ctid.model.states import ConsultationState
from tests.unit.site import Site


def unbridged(site: Site, *unique_ids: str, bridge: str = "br") -> list[cmd.Command]:
    return site.give(*(ev.LegUnbridged(pbx="main", unique_id=each, bridge_id=bridge) for each in unique_ids))


def arrives(site: Site) -> list[cmd.Command]:
    return site.give(ev.CallArrived(pbx="main", unique_id="c1", ani="", dnis=""))


def held(site: Site) -> str:
    """A caller on hold, who hears music; gives the agent's leg."""
    leg = site.connected()
    site.request(ev.HoldRequested, contact_id=site.contact().id)
    unbridged(site, leg, "c1")
    arrives(site)
    return leg


def dialled(site: Site, **whom: str) -> tuple[str, str]:
    """Somebody is called about the caller, who is on hold; gives the agent's leg and theirs."""
    leg = site.connected()
    site.request(ev.ConsultationRequested, contact_id=site.contact().id, dial=True, **(whom or {"agent": "bob"}))
    gathered = unbridged(site, leg, "c1")
    gathered += unbridged(site, leg)
    asked = site.engine.state.legs[consultation(site).leg_id].unique_id
    arrives(site)
    return leg, asked


def asked(site: Site, **whom: str) -> tuple[str, str]:
    """The agent talks to who is asked."""
    leg, theirs = dialled(site, **whom)
    site.give(ev.LegAlerting(pbx="main", unique_id=theirs))
    site.answered(theirs)
    site.bridged(theirs, leg, bridge="co")
    assert consultation(site).state is ConsultationState.CONNECTED
    return leg, theirs


def consultation(site: Site) -> Any:
    (one,) = site.engine.state.consultations.values()
    return one


def refused(site: Site) -> str:
    return site.only(cmd.Refuse).detail


def alternated(site: Site, **whom: str) -> tuple[str, str]:
    """The agent talks to the caller, and who was asked waits."""
    leg, theirs = asked(site, **whom)
    site.request(ev.AlternateRequested, consultation_id=consultation(site).id)
    order = site.only(cmd.Alternate)
    assert (order.unique_id, order.agent_unique_id, order.consulted_unique_id) == ("c1", leg, theirs)
    unbridged(site, leg, theirs, bridge="co")
    site.bridged(leg, "c1", bridge="b2")
    site.give(ev.AgiEnded(pbx="main", unique_id="c1"))
    assert consultation(site).state is ConsultationState.HELD
    return leg, theirs


def conferenced(site: Site, **whom: str) -> tuple[str, str]:
    leg, theirs = asked(site, **whom)
    site.request(ev.ConferenceRequested, consultation_id=consultation(site).id)
    order = site.only(cmd.Confer)
    assert (order.unique_id, order.agent_unique_id, order.consulted_unique_id) == ("c1", leg, theirs)
    unbridged(site, leg, theirs, bridge="co")
    site.give(ev.AgiEnded(pbx="main", unique_id="c1"))
    site.bridged(theirs, leg, "c1", bridge="conf")
    assert consultation(site).state is ConsultationState.CONFERENCED
    return leg, theirs


def called_in(site: Site, **whom: str) -> tuple[str, str]:
    """Somebody is called into the talk of caller and agent, and has answered; gives the agent's leg and theirs."""
    leg = site.connected()
    site.request(ev.PartyRequested, contact_id=site.contact().id, **(whom or {"agent": "bob"}))
    dial = site.only(cmd.DialConsulted)
    assert (dial.conference, site.contact().on_hold) == ("c1", False)
    site.give(ev.LegAlerting(pbx="main", unique_id=dial.unique_id))
    assert consultation(site).state is ConsultationState.ALERTING
    site.answered(dial.unique_id)
    site.bridged(dial.unique_id, bridge="conf")
    order = site.only(cmd.Confer)
    assert (order.unique_id, order.agent_unique_id, order.consulted_unique_id) == ("c1", leg, "")
    unbridged(site, leg, "c1")
    site.bridged(leg, bridge="conf")
    assert not site.all(cmd.Confer), "once is enough"
    site.bridged("c1", bridge="conf")
    assert consultation(site).state is ConsultationState.CONFERENCED
    return leg, dial.unique_id


def one_more(site: Site, number: str = "112") -> str:
    """One more is called into the conference; gives their leg."""
    site.request(ev.PartyRequested, contact_id=site.contact().id, number=number)
    dial = site.only(cmd.DialConsulted)
    site.answered(dial.unique_id)
    site.bridged(dial.unique_id, bridge="conf")
    assert not site.all(cmd.Confer), "all others are there"
    return dial.unique_id
