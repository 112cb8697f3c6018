"""A caller's way: events in, commands out."""

from __future__ import annotations

import pytest

from ctid.engine.contact.contacts import MAX_STEPS
from ctid.model import commands as cmd
from ctid.model import events as ev
from ctid.model.contact import Contact
from ctid.model.customer import Customer
from ctid.model.position import IvrPosition
from ctid.model.states import AgentState, ContactState, Outcome
from tests.unit.site import SPEC, Site, changed

pytestmark = pytest.mark.unit


@pytest.fixture
def site() -> Site:
    return Site()


def tries(contact: Contact) -> int:
    """How often they have pressed nothing that means something in the present menu."""
    assert contact.ivr is not None
    assert contact.ivr.flow is not None
    return contact.ivr.flow.tries


def test_a_call_is_answered_looked_up_and_led_into_the_menu(site: Site) -> None:
    contact = site.call(dnis="100", ani="030 123456", attributes={"trunk": "north"})
    assert [type(command).__name__ for command in site.out] == [
        "SetVariable",
        "Publish",
        "AnswerLeg",
        "LookUpCustomer",
        "StartTimer",
        "CancelTimer",
        "PlayAndCollect",
    ]
    assert site.only(cmd.SetVariable).value == contact.id
    assert site.only(cmd.LookUpCustomer).ani == "+4930123456"
    play = site.only(cmd.PlayAndCollect)
    assert (play.prompts, play.accept, play.max_digits, play.timeout_ms) == (
        ["welcome", "choose"],
        "0123456789*#",
        1,
        4_000,
    )
    assert contact.attributes == {"trunk": "north"}
    assert [(step.kind, step.name, step.result) for step in contact.path] == [
        ("entry", "hotline", "open"),
        ("flow", "main", site.engine.site.flows["main"].version),
        ("node", "main/menu", ""),
    ]


def test_a_withheld_number_is_not_looked_up(site: Site) -> None:
    site.call(dnis="100", ani="")
    assert site.all(cmd.LookUpCustomer) == []


def test_outside_the_hours_an_announcement_and_a_hang_up(site: Site) -> None:
    site.utc_ms += 12 * 3_600_000
    contact = site.call(dnis="102")
    assert contact.path[0].result == "closed"
    assert site.only(cmd.PlayAndCollect).prompts == ["closed"]
    site.played()
    assert site.only(cmd.ReleaseLeg).next == "hangup"
    site.ended()
    assert site.record().outcome is Outcome.HANDLED
    assert site.record().queue == ""


def test_inside_the_hours_the_queue(site: Site) -> None:
    assert site.call(dnis="102").state is ContactState.QUEUED


def test_a_number_that_no_entry_takes_is_the_dialplans(site: Site) -> None:
    site.give(ev.CallArrived(pbx="main", unique_id="c1", ani="", dnis="999"))
    assert site.only(cmd.Note).code == "no-entry"
    assert site.only(cmd.ReleaseLeg).next == "fallback"
    assert site.record().outcome is Outcome.FAILED
    assert site.engine.state.legs == {}
    assert site.ended() == []


def test_a_key_leads_on(site: Site) -> None:
    contact = site.call(dnis="100")
    site.key("1")
    assert (contact.state, contact.queue) == (ContactState.QUEUED, "sales")
    assert site.only(cmd.PlayMusic).music_class == "default"
    assert [(step.kind, step.name, step.result) for step in contact.path[3:]] == [
        ("key", "1", "valid"),
        ("node", "main/key-1", ""),
        ("left", "main/key-1", "left"),
        ("queue", "sales", ""),
    ]


def test_a_key_with_an_announcement_on_the_way(site: Site) -> None:
    contact = site.call(dnis="100")
    site.key("2")
    play = site.only(cmd.PlayAndCollect)
    assert (play.prompts, play.accept, play.timeout_ms) == (["wait"], "", 0)
    assert "topic" not in contact.attributes
    site.played()
    assert (contact.state, contact.queue, contact.attributes["topic"]) == (ContactState.QUEUED, "support", "help")
    assert site.only(cmd.PlayMusic).music_class == "jazz"


def test_a_key_that_hangs_up(site: Site) -> None:
    site.call(dnis="100")
    site.key("4")
    assert site.only(cmd.ReleaseLeg).next == "hangup"
    site.ended()
    assert site.record().outcome is Outcome.HANDLED


def test_a_key_that_leads_to_the_menu_again_gives_all_tries_again(site: Site) -> None:
    contact = site.call(dnis="100")
    site.key("8")
    site.key("3")
    assert site.only(cmd.PlayAndCollect).prompts == ["welcome", "choose"]
    assert tries(contact) == 0


@pytest.mark.parametrize(
    ("digits", "end", "result", "apology"),
    [
        ("8", ev.CollectEnd.DIGITS, "invalid", "wrong-key"),
        ("", ev.CollectEnd.TIMEOUT, "timeout", "no-key"),
        ("", ev.CollectEnd.FAILED, "timeout", "no-key"),
    ],
)
def test_no_valid_key_is_asked_again_and_then_led_elsewhere(
    site: Site, digits: str, end: ev.CollectEnd, result: str, apology: str
) -> None:
    contact = site.call(dnis="100")
    site.key(digits, end=end)
    assert site.only(cmd.PlayAndCollect).prompts == [apology, "welcome", "choose"]
    assert [note.code for note in site.all(cmd.Note)] == ["prompt-failed"] * (end is ev.CollectEnd.FAILED)
    site.key(digits, end=end)
    assert (contact.state, contact.queue) == (ContactState.QUEUED, "support")
    assert [step.result for step in contact.path if step.kind == "key"] == [result, result]
    assert sum(step.name == "main/menu" for step in contact.path) == 1


def test_a_late_key_is_dropped(site: Site) -> None:
    site.call(dnis="100")
    token = site.only(cmd.PlayAndCollect).token
    late = ev.DigitsCollected(pbx="main", unique_id="c1", token=token, digits="1", ended_by=ev.CollectEnd.DIGITS)
    site.give(late)
    assert site.give(late) == []
    site.ended()
    assert site.give(late) == []


@pytest.mark.parametrize(
    ("seconds", "outcome"), [(0, Outcome.SHORT_ABANDON), (4.999, Outcome.SHORT_ABANDON), (5, Outcome.ABANDONED)]
)
def test_a_caller_who_leaves_the_queue(site: Site, seconds: float, outcome: Outcome) -> None:
    site.call()
    site.wait(seconds)
    site.ended()
    record = site.record()
    assert record.outcome is outcome
    assert record.wait_ms == seconds * 1_000
    assert record.agent_id == ""
    site.give(ev.RecordSaved(contact_id=record.contact_id))
    assert site.engine.state.contacts == {}
    assert site.engine.state.timers == {}


def test_a_caller_who_leaves_the_menu(site: Site) -> None:
    site.call(dnis="100")
    site.ended()
    assert site.record().outcome is Outcome.ABANDONED
    assert site.record().wait_ms == 0


def test_a_record_is_kept_until_it_is_saved(site: Site) -> None:
    contact = site.call()
    site.give(ev.RecordSaved(contact_id=contact.id))
    assert contact.id in site.engine.state.contacts


def test_the_longest_wait_ends_in_the_overflow(site: Site) -> None:
    contact = site.call(dnis="103")
    site.wait(59.999)
    assert contact.state is ContactState.QUEUED
    site.wait(0.001)
    assert contact.state is ContactState.CREATED
    assert "contact.overflowed" in site.published()
    assert site.only(cmd.PlayAndCollect).prompts == ["sorry"]
    site.played()
    site.ended()
    assert site.record().outcome is Outcome.OVERFLOW
    assert [span.state for span in site.record().spans] == ["created", "queued", "created"]


def test_while_an_agent_is_rung_the_overflow_waits_for_the_offer(site: Site) -> None:
    site.call(dnis="103")
    site.wait(50)
    site.ready("alice")
    leg = site.only(cmd.RingAgent).unique_id
    site.wait(12)
    assert site.contact().state is ContactState.OFFERED
    site.ended(leg, cause=21)
    site.wait(0)
    assert "contact.overflowed" in site.published()


def test_a_caller_between_two_sessions_overflows_once_they_are_back(site: Site) -> None:
    contact = site.call(dnis="103")
    site.wait(2)
    site.give(ev.AgiEnded(pbx="main", unique_id="c1"))
    site.wait(59.5)
    assert contact.state is ContactState.QUEUED
    site.call(dnis="103")
    site.wait(1)
    assert site.only(cmd.PlayAndCollect).prompts == ["sorry"]


def test_two_queues_that_overflow_into_each_other_each_grant_their_own_wait() -> None:
    spec = changed("queues/support/overflow", [{"wait_seconds": 60, "to": {"queue": "other"}}])
    spec["queues"]["other"] = {"steps": [{}], "overflow": [{"wait_seconds": 10, "to": {"queue": "support"}}]}
    site = Site(spec)
    contact = site.call(dnis="103")
    queues = []
    for _ in range(4):
        queues.append(contact.queue)
        site.wait({"support": 60, "other": 10}[contact.queue])
    assert queues == ["support", "other", "support", "other"]
    assert contact.queued_at is not None
    assert site.mono_ms - contact.queued_at.mono_ms == 140_000


def test_the_directory_answers_in_time_late_not_at_all_or_never(site: Site) -> None:
    contact = site.call()
    carla = Customer(id="7", name="Carla")
    site.give(ev.CustomerLookedUp(contact_id=contact.id, customer=None, failure="timeout"))
    assert [note.code for note in site.all(cmd.Note)] == ["lookup-failed"]
    assert site.give(ev.CustomerLookedUp(contact_id=contact.id, customer=None)) == []
    site.give(ev.CustomerLookedUp(contact_id=contact.id, customer=carla))
    assert site.published() == ["contact.updated"]
    site.ready("alice")
    assert site.only(cmd.RingAgent).caller_name == "Carla"
    site.ended()
    assert site.give(ev.CustomerLookedUp(contact_id=contact.id, customer=carla)) == []
    assert site.give(ev.CustomerLookedUp(contact_id="gone", customer=carla)) == []


def test_a_cut_session_resumes_where_it_was(site: Site) -> None:
    contact = site.call(dnis="100")
    site.key("8")
    site.give(ev.AgiEnded(pbx="main", unique_id="c1"))
    assert site.call(dnis="100") is contact
    assert site.only(cmd.PlayAndCollect).prompts == ["welcome", "choose"]
    assert tries(contact) == 1
    site.key("2")
    site.give(ev.AgiEnded(pbx="main", unique_id="c1"))
    site.call(dnis="100")
    assert site.only(cmd.PlayAndCollect).prompts == ["wait"]
    site.played()
    site.call(dnis="100")
    assert [type(command) for command in site.out] == [cmd.PlayMusic]


def test_a_menu_entered_between_two_sessions_is_played_when_the_caller_is_back() -> None:
    site = Site(changed("queues/support/overflow/0/to", {"menu": "main"}))
    contact = site.call(dnis="100")
    token = site.only(cmd.PlayAndCollect).token
    site.give(ev.AgiEnded(pbx="main", unique_id="c1"))
    for key in ("8", "2"):
        site.give(
            ev.DigitsCollected(pbx="main", unique_id="c1", token=token, digits=key, ended_by=ev.CollectEnd.DIGITS)
        )
        assert site.all(cmd.PlayAndCollect) == []
        assert contact.ivr is not None
        token = contact.ivr.token
    site.call(dnis="100")
    assert site.only(cmd.PlayAndCollect).prompts == ["wait"]


@pytest.mark.parametrize("comes", ["again", "key"])
def test_a_caller_whom_an_earlier_release_left_in_a_menu_is_the_dialplans(site: Site, comes: str) -> None:
    contact = site.call(dnis="100")
    token = site.only(cmd.PlayAndCollect).token
    contact.ivr = IvrPosition(node="menu:main", token=token)
    if comes == "again":
        site.call(dnis="100")
    else:
        site.key("1")
    assert site.only(cmd.ReleaseLeg).next == "fallback"
    assert contact.state is ContactState.CLOSED


def test_a_released_caller_who_comes_again_is_released_again(site: Site) -> None:
    site.call(dnis="100")
    site.key("4")
    site.call(dnis="100")
    assert site.only(cmd.ReleaseLeg).next == "hangup"


def test_a_caller_nobody_knows_who_comes_from_a_talk_is_let_go(site: Site) -> None:
    site.back("c9")
    assert site.out == [cmd.ReleaseLeg(pbx="main", unique_id="c9", next="hangup")]


def test_a_caller_who_comes_from_a_talk_whose_record_is_saved_is_let_go() -> None:
    site = Site(changed("queues/sales/wrap_up_seconds", 0))
    leg = site.connected()
    site.ended(leg)
    site.give(ev.RecordSaved(contact_id=site.record().contact_id))
    site.back()
    assert site.only(cmd.ReleaseLeg).next == "hangup"
    site.ended()
    assert site.engine.state.legs == {}


def test_a_call_over_a_pbx_that_has_no_agents_waits_without_harm(site: Site) -> None:
    site.ready("alice")
    site.give(ev.CallArrived(pbx="trunks", unique_id="t1", ani="", dnis="101"))
    assert site.contact().state is ContactState.QUEUED
    assert site.agent().state is AgentState.READY


def test_destinations_that_a_reload_took_away_lead_to_the_fallback(site: Site) -> None:
    contact = site.call(dnis="100")
    site.key("2")
    play = site.only(cmd.PlayAndCollect)
    spec = changed("menus/main/keys/2", None)
    site.give(ev.ConfigLoaded(spec=spec))
    site.out = [play]
    site.played()
    assert site.only(cmd.ReleaseLeg).next == "fallback"
    assert contact.outcome is Outcome.FAILED


def test_an_announcement_that_a_reload_took_away_is_the_fallback_for_a_caller_who_was_cut_off(site: Site) -> None:
    contact = site.call(dnis="100")
    site.key("2")
    site.give(ev.ConfigLoaded(spec=changed("menus/main/keys/2", None)))
    site.call(dnis="100")
    assert site.only(cmd.ReleaseLeg).next == "fallback"
    assert contact.state is ContactState.CLOSED


def test_a_kept_menu_whose_queues_are_gone_leads_to_the_fallback(site: Site) -> None:
    contact = site.call(dnis="100")
    play = site.only(cmd.PlayAndCollect)
    site.give(ev.ConfigLoaded(spec={**SPEC, "menus": {}, "queues": {}, "entries": {}}))
    site.out = [play]
    site.key("1")
    assert site.only(cmd.ReleaseLeg).next == "fallback"
    assert contact.outcome is Outcome.FAILED


def test_a_menu_that_leads_to_itself_and_cannot_be_played_ends_in_the_fallback() -> None:
    site = Site(changed("menus/main/otherwise", {"menu": "main"}))
    site.call(dnis="100")
    for _ in range(MAX_STEPS):
        if not site.all(cmd.PlayAndCollect):
            break
        site.key("", end=ev.CollectEnd.FAILED)
    assert site.only(cmd.ReleaseLeg).next == "fallback"
    assert site.only(cmd.SaveRecord).record.outcome is Outcome.FAILED


def test_a_queues_priority_counts_while_the_contact_waits_there() -> None:
    site = Site(changed("queues/sales/priority", 5, changed("entries/direct/open/priority", None)))
    site.call("c2", dnis="103")
    site.tick(1_000)
    contact = site.call("c1", dnis="101")
    assert contact.priority == 0  # its own, which it keeps when it goes on to another queue
    site.ready("alice")
    assert site.only(cmd.RingAgent).peer_unique_id == "c1"


def test_a_customer_not_found_out_before_a_crash_is_asked_for_again(site: Site) -> None:
    site.call()
    site.give(ev.SiteStarted(site="demo", epoch="e2", release="0"))
    assert site.only(cmd.LookUpCustomer).ani == "+4930123456"
