"""Agents: desktops, requests, refusals."""

from __future__ import annotations

from typing import Any

import pytest

from ctid.engine.agent import agents
from ctid.engine.contact.contacts import move as move_contact
from ctid.engine.contact.contacts import record_of
from ctid.engine.shown.allowed_actions import agent_actions, contact_actions
from ctid.engine.shown.views import agent_view, queue_view
from ctid.engine.turn import Turn
from ctid.errors import InvariantError
from ctid.model import commands as cmd
from ctid.model import events as ev
from ctid.model.states import AgentState, ContactState, SystemReason
from tests.unit.site import SPEC, Site

pytestmark = pytest.mark.unit


@pytest.fixture
def site() -> Site:
    return Site()


def connect(agent_id: str = "alice", session_id: str = "s") -> ev.DesktopConnected:
    return ev.DesktopConnected(agent_id=agent_id, session_id=session_id)


def lose(agent_id: str = "alice", session_id: str = "s") -> ev.DesktopLost:
    return ev.DesktopLost(agent_id=agent_id, session_id=session_id)


def test_without_a_desktop_nothing_is_offered_and_after_the_grace_time_not_ready(site: Site) -> None:
    site.ready("alice")
    site.give(connect(), connect(), lose())
    site.call()
    assert site.all(cmd.RingAgent) == []
    assert site.agent().state is AgentState.READY
    site.wait(60)
    assert (site.agent().state, site.agent().reason) == (AgentState.NOT_READY, SystemReason.CONNECTION_LOST)


def test_a_desktop_that_is_back_in_time_is_offered_at_once(site: Site) -> None:
    site.ready("alice")
    site.give(connect(), lose())
    site.call()
    site.wait(59)
    site.give(connect(session_id="s2"))
    assert site.only(cmd.RingAgent).device == "PJSIP/1001"
    site.wait(10)
    assert site.agent().state is AgentState.RESERVED


def test_one_of_two_desktops_is_enough(site: Site) -> None:
    site.ready("alice")
    site.give(connect(session_id="a"), connect(session_id="b"), lose(session_id="a"), lose(session_id="a"))
    site.call()
    assert site.agent().state is AgentState.RESERVED


def test_a_desktop_that_was_away_for_55_seconds_comes_back_to_its_state(site: Site) -> None:
    site.ready("alice")
    site.give(connect(), lose())
    site.wait(55)
    site.give(connect(session_id="again"))
    site.wait(60)
    assert (site.agent().state, site.agent().reason) == (AgentState.READY, "")
    site.call()
    assert site.agent().state is AgentState.RESERVED


def test_a_desktop_lost_in_a_talk_drops_nothing_and_tells_afterwards(site: Site) -> None:
    site.give(connect())
    leg = site.connected()
    site.give(lose())
    site.wait(60)
    assert site.contact().state is ContactState.CONNECTED
    assert site.agent().pending_state is AgentState.NOT_READY
    site.ended(leg)
    site.wait(20)
    assert (site.agent().state, site.agent().reason) == (AgentState.NOT_READY, SystemReason.CONNECTION_LOST)


def test_what_the_agent_asked_for_goes_before_the_lost_desktop(site: Site) -> None:
    site.give(connect())
    site.connected()
    site.ask("alice", AgentState.LOGGED_OUT)
    site.give(lose())
    site.wait(60)
    assert site.agent().pending_state is AgentState.LOGGED_OUT


def test_desktops_of_those_who_are_logged_out_or_unknown(site: Site) -> None:
    site.give(connect(), lose())
    assert site.engine.state.timers == {}
    site.give(connect("nobody"))
    assert site.only(cmd.Note).code == "unknown-agent"
    assert site.give(lose("nobody")) == []


def test_who_logs_out_needs_no_grace_time(site: Site) -> None:
    site.give(connect())
    site.ask("alice", AgentState.NOT_READY)
    assert site.agent().reason == SystemReason.LOGGED_IN
    site.give(lose())
    site.ask("alice", AgentState.LOGGED_OUT)
    assert site.engine.state.timers == {}
    assert site.agent().desktop_lost_ms == 0


def test_the_grace_time_of_somebody_not_ready_changes_nothing(site: Site) -> None:
    site.ask("alice", AgentState.NOT_READY, reason="break")
    site.give(connect(), lose())
    site.wait(60)
    assert site.agent().reason == "break"
    site.engine.state.timers["desktop:alice"] = site.mono_ms
    assert site.give(ev.TimerFired(timer_id="desktop:alice")) == []


def test_a_supervisors_order_says_so(site: Site) -> None:
    site.ready("alice")
    site.ask("alice", AgentState.NOT_READY, forced=True)
    assert site.agent().reason == SystemReason.SUPERVISOR


def test_a_change_of_state_does_not_touch_the_idle_clock(site: Site) -> None:
    idle = site.agent().idle_since_ms
    site.ready("alice")
    site.tick(5_000)
    site.ask("alice", AgentState.NOT_READY)
    site.ready("alice")
    assert site.agent().idle_since_ms == idle


STATE = ev.AgentStateRequested
REFUSALS: list[tuple[str, type[ev.Request], dict[str, Any], str]] = [
    ("unknown agent", STATE, {"agent_id": "nobody", "state": AgentState.READY}, "not-found"),
    ("stale version", STATE, {"agent_id": "alice", "state": AgentState.READY, "if_version": 99}, "version-mismatch"),
    ("unknown reason", STATE, {"agent_id": "alice", "state": "NOT_READY", "reason": "fun"}, "request-invalid"),
    ("a state of the system's", STATE, {"agent_id": "alice", "state": AgentState.BUSY}, "illegal-transition"),
    ("no such offer", ev.OfferRejected, {"agent_id": "alice", "offer_id": "none"}, "not-found"),
    ("somebody else's offer", ev.OfferRejected, {"agent_id": "bob", "offer_id": "OFFER"}, "not-found"),
    ("no such contact", ev.WrapUpSet, {"agent_id": "alice", "contact_id": "none"}, "not-found"),
    ("nobody's wrap-up", ev.WrapUpSet, {"agent_id": "nobody", "contact_id": "CONTACT"}, "not-found"),
    ("somebody else's contact", ev.WrapUpSet, {"agent_id": "bob", "contact_id": "CONTACT"}, "conflict"),
    ("not connected yet", ev.WrapUpSet, {"agent_id": "alice", "contact_id": "CONTACT"}, "conflict"),
    ("no such contact's data", ev.AttributesSet, {"contact_id": "none", "attributes": {}}, "not-found"),
    ("stale data", ev.AttributesSet, {"contact_id": "CONTACT", "attributes": {}, "if_version": 99}, "version-mismatch"),
    ("too long", ev.AttributesSet, {"contact_id": "CONTACT", "attributes": {"a": "x" * 2_001}}, "request-invalid"),
    (
        "too many",
        ev.AttributesSet,
        {"contact_id": "CONTACT", "attributes": {f"k{n}": "x" for n in range(201)}},
        "request-invalid",
    ),
]


@pytest.mark.parametrize(("kind", "fields", "code"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS])
def test_a_request_that_does_not_fit_is_refused_and_changes_nothing(
    site: Site, kind: type[ev.Request], fields: dict[str, Any], code: str
) -> None:
    site.offered()
    names = {"OFFER": site.offer().id, "CONTACT": site.contact().id}
    before = site.engine.snapshot()
    fields = {key: names.get(value, value) if isinstance(value, str) else value for key, value in fields.items()}
    if "state" in fields:
        fields["state"] = AgentState(fields["state"])
    (refusal,) = site.request(kind, **fields)
    assert isinstance(refusal, cmd.Refuse)
    assert (refusal.code, refusal.command_id) == (code, f"q{site.requests}")
    assert site.engine.snapshot() == before


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"disposition": "solved"}, "request-invalid"),
        ({"notes": "x" * 2_001}, "request-invalid"),
        ({"complete": True, "disposition": "order"}, "conflict"),
        ({"if_version": 99}, "version-mismatch"),
    ],
    ids=str,
)
def test_a_wrap_up_that_does_not_fit_is_refused(site: Site, fields: dict[str, Any], code: str) -> None:
    site.connected()
    before = site.engine.snapshot()
    (refusal,) = site.request(ev.WrapUpSet, agent_id="alice", contact_id=site.contact().id, **fields)
    assert isinstance(refusal, cmd.Refuse)
    assert refusal.code == code
    assert site.engine.snapshot() == before


def test_requests_for_what_is_over(site: Site) -> None:
    site.call()
    site.ended()
    contact = site.contact()
    site.request(ev.AttributesSet, contact_id=contact.id, attributes={"a": "1"})
    assert site.only(cmd.Refuse).current == ContactState.CLOSED
    site.give(ev.ConfigLoaded(spec={**SPEC, "agents": {}}))
    site.give(ev.ConfigLoaded(spec=SPEC))
    site.connected("c2")
    site.give(ev.ConfigLoaded(spec={**SPEC, "agents": {}}))
    site.ask("alice", AgentState.NOT_READY)
    assert site.only(cmd.Refuse).code == "conflict"


def test_the_right_version_is_taken_and_rises(site: Site) -> None:
    version = site.agent().version
    site.ask("alice", AgentState.NOT_READY, if_version=version)
    accepted = site.only(cmd.Accept)
    assert accepted.result["agent"]["version"] == version + 1
    site.ask("alice", AgentState.READY, if_version=version + 1)
    assert site.all(cmd.Accept) != []
    site.ask("alice", AgentState.READY)
    assert [type(command) for command in site.out] == [cmd.Accept], "READY again changes nothing"


def test_attributes_are_merged_and_an_empty_value_removes(site: Site) -> None:
    contact = site.call()
    site.request(ev.AttributesSet, contact_id=contact.id, attributes={"case": "7", "topic": ""})
    assert contact.attributes == {"case": "7"}
    assert site.only(cmd.Accept).result["contact"]["attributes"] == {"case": "7"}


def test_views_of_agents_contacts_and_queues(site: Site) -> None:
    engine = site.engine
    actions = {agent_id: agent_actions(engine.state, site.agent(agent_id)) for agent_id in ("alice",)}
    assert actions == {"alice": ["log_in"]}
    site.ask("alice", AgentState.NOT_READY)
    assert agent_actions(engine.state, site.agent()) == ["ready", "not_ready", "log_out"]
    site.ready("alice")
    assert agent_actions(engine.state, site.agent()) == ["not_ready", "log_out"]
    leg = site.offered()
    assert "reject_offer" in agent_actions(engine.state, site.agent())
    site.call("c2")
    queue = queue_view(engine.state, engine.site, "sales", site.now, engine.floor)
    assert (queue["waiting"], queue["offered"], queue["connected"]) == (2, 1, 0)
    assert contact_actions(site.engine.state, site.contact()) == ["set_attributes", "set_routing", "pick_up"]
    site.answered(leg)
    site.bridged(leg, "c1")
    assert (
        agent_actions(engine.state, site.agent())[0]
        == contact_actions(site.engine.state, site.contact())[1]
        == "wrap_up"
    )
    site.ended(leg)
    view = agent_view(engine.state, engine.site, site.agent(), site.now)
    assert view["wrap_up_until"] is not None
    assert view["team"] == "red"
    assert "ready" in view["allowed_actions"]
    site.wait(20)
    assert contact_actions(site.engine.state, site.contact()) == []
    site.give(ev.ConfigLoaded(spec={**SPEC, "agents": {}}))
    assert agent_view(engine.state, engine.site, site.agent(), site.now)["name"] == "alice"


def test_our_own_bugs_raise(site: Site) -> None:
    turn = Turn(site.engine.state, site.engine.site, site.now, site.engine.floor)
    with pytest.raises(InvariantError, match="can't go from LOGGED_OUT to BUSY"):
        agents.move(turn, site.agent(), AgentState.BUSY)
    contact = site.call()
    with pytest.raises(InvariantError, match="can't go from queued to connected"):
        move_contact(turn, contact, ContactState.CONNECTED)
    with pytest.raises(InvariantError, match="no end"):
        record_of(turn, contact)

    class Strange(ev.Event, frozen=True, kw_only=True, tag="strange"):
        pass

    with pytest.raises(InvariantError, match="no handler for Strange"):
        site.give(Strange())


def test_a_desktop_that_returns_during_the_talk_keeps_its_agent_ready(site: Site) -> None:
    site.connected()
    site.give(ev.DesktopConnected(agent_id="alice", session_id="d1"))
    site.give(ev.DesktopLost(agent_id="alice", session_id="d1"))
    site.wait(60)
    assert site.agent().pending_reason == SystemReason.CONNECTION_LOST
    site.give(ev.DesktopConnected(agent_id="alice", session_id="d2"))
    assert site.agent().pending_state is None


def test_desktops_are_told_when_a_phone_can_no_longer_be_reached(site: Site) -> None:
    site.ready()
    site.give(ev.DeviceChanged(pbx="main", device="PJSIP/1001", reachable=False))
    (told,) = site.all(cmd.Publish)
    assert told.type == "agent.updated"
    assert told.data["agent"]["device_reachable"] is False
    site.give(ev.DeviceChanged(pbx="main", device="PJSIP/1001", reachable=False))
    assert not site.published()
    site.up(devices={"PJSIP/1001": True})
    assert "agent.updated" in site.published()
