"""What waiting callers are told, and the keys by which they leave."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ctid.model import commands as cmd
from ctid.model import events as ev
from ctid.model.speech import Speech
from ctid.model.states import AgentState, ContactState, Outcome
from tests.unit.site import SPEC, Site

WAITING: dict[str, Any] = {
    "languages": ["en", "zh"],
    "first_seconds": 10,
    "every_seconds": 30,
    "position": True,
    "messages": [{"en": "Hello.", "zh": "您好。"}, {"prompt": "soon"}],
    "offer": {"en": "Press 1 or 2.", "zh": "请按一或二。"},
    "keys": {"1": {"queue": "support"}, "2": {"play": ["bye"], "hangup": True}},
}


def waiting_site(**waiting: Any) -> Site:
    made = copy.deepcopy(SPEC)
    made["queues"]["sales"]["waiting"] = {**WAITING, **waiting}
    site = Site(made)
    site.call()
    return site


def said(site: Site) -> list[str]:
    return [each.text if isinstance(each, Speech) else each for each in site.only(cmd.PlayAndCollect).prompts]


def test_announcements_come_between_the_music() -> None:
    site = waiting_site()
    assert site.only(cmd.AwaitKey).accept == "12"
    site.wait(9.9)
    assert not site.all(cmd.PlayAndCollect)
    site.wait(0.1)
    assert said(site) == ["You are number", "one", "in the queue.", "Hello.", "Press 1 or 2."]
    assert site.only(cmd.PlayAndCollect).accept == "12"
    site.played()
    assert [type(each) for each in site.out if isinstance(each, cmd.PlayMusic | cmd.AwaitKey)] == [
        cmd.PlayMusic,
        cmd.AwaitKey,
    ]
    site.wait(29.9)
    assert not site.all(cmd.PlayAndCollect)
    site.wait(0.1)
    assert said(site)[-2:] == ["soon", "Press 1 or 2."]


def test_a_place_that_got_worse_is_not_said() -> None:
    site = waiting_site()
    site.wait(10)
    site.played()
    site.call("c2")
    site.request(ev.RoutingSet, contact_id=site.contact(1).id, priority=100)
    first = site.contact(0)
    site.wait(30)
    of_first = [each for each in site.all(cmd.PlayAndCollect) if each.unique_id == "c1"]
    assert [each.text for each in of_first[0].prompts if isinstance(each, Speech)] == ["Press 1 or 2."]
    assert first.treatment is not None
    assert first.treatment.position == 1


def test_nothing_is_said_while_an_agent_is_being_rung() -> None:
    site = waiting_site()
    site.ready("alice")
    assert site.contact().state is ContactState.OFFERED
    site.wait(12)
    assert not site.all(cmd.PlayAndCollect)
    site.wait(4)
    assert site.contact().state is not ContactState.OFFERED
    assert site.all(cmd.PlayAndCollect)


@pytest.mark.parametrize("while_announced", [True, False])
def test_a_key_leads_elsewhere(while_announced: bool) -> None:
    site = waiting_site()
    token = site.only(cmd.AwaitKey).token
    if while_announced:
        site.wait(10)
        token = site.only(cmd.PlayAndCollect).token
    site.give(ev.DigitsCollected(pbx="main", unique_id="c1", token=token, digits="1", ended_by=ev.CollectEnd.DIGITS))
    contact = site.contact()
    assert (contact.state, contact.queue, contact.treatment) == (ContactState.QUEUED, "support", None)
    assert [(each.kind, each.name) for each in contact.path][-2:] == [("key", "1"), ("queue", "support")]
    assert not [each for each in site.engine.state.timers if each.startswith("treat")]


def test_a_key_ends_the_call() -> None:
    site = waiting_site()
    token = site.only(cmd.AwaitKey).token
    site.give(ev.DigitsCollected(pbx="main", unique_id="c1", token=token, digits="2", ended_by=ev.CollectEnd.DIGITS))
    assert site.only(cmd.PlayAndCollect).prompts == ["bye"]
    site.played()
    site.ended()
    assert site.record().outcome is Outcome.OVERFLOW


def test_a_key_while_an_agent_is_being_rung_is_not_meant_any_more() -> None:
    site = waiting_site()
    token = site.only(cmd.AwaitKey).token
    site.ready("alice")
    site.give(ev.DigitsCollected(pbx="main", unique_id="c1", token=token, digits="2", ended_by=ev.CollectEnd.DIGITS))
    assert site.contact().state is ContactState.OFFERED
    assert site.only(cmd.AwaitKey).token != token


def test_the_language_of_the_caller() -> None:
    site = waiting_site()
    site.contact().attributes["language"] = "zh-CN"
    site.wait(10)
    assert said(site)[-2:] == ["您好。", "请按一或二。"]


def test_cut_off_in_an_announcement_the_next_one_comes_in_its_time() -> None:
    site = waiting_site()
    site.wait(10)
    site.give(ev.AgiEnded(pbx="main", unique_id="c1"))
    site.give(ev.CallArrived(pbx="main", unique_id="c1", ani="", dnis="101"))
    assert site.only(cmd.AwaitKey)
    site.wait(31)
    assert site.all(cmd.PlayAndCollect)


def test_who_leaves_leaves_no_timer() -> None:
    site = waiting_site()
    site.ended()
    assert not [each for each in site.engine.state.timers if each.startswith("treat")]


def test_a_queue_without_treatment_says_nothing() -> None:
    site = Site()
    site.call()
    assert not site.all(cmd.AwaitKey)
    assert site.contact().treatment is None


@pytest.mark.parametrize("picked_up", [False, True])
def test_an_announcement_is_cut_short_when_an_agent_begins_to_be_rung(picked_up: bool) -> None:
    site = waiting_site()
    site.ask("alice", AgentState.NOT_READY, reason="break")
    site.wait(10)
    token = site.only(cmd.PlayAndCollect).token
    if picked_up:
        site.request(ev.PickUpRequested, contact_id=site.contact().id, agent_id="alice")
    else:
        site.ready("alice")
    assert site.only(cmd.CutPrompts) == cmd.CutPrompts(pbx="main", unique_id="c1", token=token)
    assert site.out.index(site.only(cmd.CutPrompts)) < site.out.index(site.only(cmd.RingAgent))
    site.give(ev.DigitsCollected(pbx="main", unique_id="c1", token=token, digits="", ended_by=ev.CollectEnd.TIMEOUT))
    assert site.only(cmd.PlayMusic)
    assert site.contact().state is ContactState.OFFERED
    if not picked_up:
        # Once the offer has come to nothing, the next one comes in its time.
        site.wait(16)
        assert site.contact().state is ContactState.QUEUED
        assert not site.all(cmd.PlayAndCollect)
        site.wait(14.1)
        assert said(site)[-2:] == ["soon", "Press 1 or 2."]


def test_music_is_not_cut_short_and_a_session_that_is_away_has_nothing_to_cut() -> None:
    site = waiting_site()
    site.ready("alice")
    assert not site.all(cmd.CutPrompts)
    site = waiting_site()
    site.wait(10)
    site.give(ev.AgiEnded(pbx="main", unique_id="c1"))
    site.ready("alice")
    assert not site.all(cmd.CutPrompts)


def test_keys_are_listened_for_until_the_next_announcement_is_due() -> None:
    site = waiting_site()
    assert site.only(cmd.AwaitKey).for_ms == 10_000
    site.wait(10)
    site.played()
    assert site.only(cmd.AwaitKey).for_ms == 30_000
