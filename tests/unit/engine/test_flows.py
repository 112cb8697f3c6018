"""Callers who are taken through flows: what they hear, where they get to, what a cut, a reload and a hang-up leave."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ctid.model import commands as cmd
from ctid.model import events as ev
from ctid.model.contact import Contact
from ctid.model.customer import Customer
from ctid.model.flow import FlowPosition
from ctid.model.speech import Speech
from ctid.model.states import AgentState, ContactState, Outcome
from tests.unit.engine.talks import arrives, asked, consultation, dialled, unbridged
from tests.unit.site import SPEC, Site

FLOWS: dict[str, Any] = {
    "bank": {
        "start": "welcome",
        "languages": ["en", "zh"],
        "attributes": {"account": "digits", "balance": "money"},
        "nodes": {
            "welcome": {"say": [{"prompt": "chime"}, {"en": "Welcome.", "zh": "欢迎。"}], "then": "what"},
            "what": {
                "menu": {
                    "say": {"en": "Press 1.", "zh": "请按一。"},
                    "no_input": {"en": "Nothing.", "zh": "没有。"},
                    "tries": 2,
                    "keys": {"1": "who", "2": {"then": "what", "language": "zh"}, "3": "agent", "4": "say"},
                    "otherwise": "bye",
                }
            },
            "who": {"call": "identify", "then": {"known": "fetch", "unknown": "agent"}},
            "fetch": {
                "fetch": {
                    "lookup": "balance",
                    "give": {"account": "{account}", "pin": "{pin}"},
                    "into": {"balance": "account.balance"},
                    "then": "tell",
                    "failed": "agent",
                }
            },
            "tell": {"say": [{"en": "You have", "zh": "您有"}, {"money": "balance", "currency": "EUR"}], "then": "bye"},
            "say": {
                "record": {"into": "words", "say": {"en": "Speak.", "zh": "请说。"}, "then": "bye", "failed": "agent"}
            },
            "agent": {"go": {"queue": "sales", "set": {"topic": "bank"}, "needs": [{"skills": {"sales": 7}}]}},
            "bye": {"end": "done"},
        },
    },
    "identify": {
        "start": "account",
        "languages": ["en", "zh"],
        "nodes": {
            "account": {
                "collect": {
                    "into": "account",
                    "say": {"en": "Account?", "zh": "账号？"},
                    "min": 4,
                    "max": 6,
                    "then": "pin",
                    "otherwise": "no",
                }
            },
            "pin": {
                "collect": {
                    "into": "pin",
                    "say": {"en": "Pin?", "zh": "密码？"},
                    "min": 4,
                    "max": 4,
                    "sensitive": True,
                    "then": "yes",
                    "otherwise": "no",
                }
            },
            "yes": {"end": "known"},
            "no": {"end": "unknown"},
        },
    },
    "survey": {
        "start": "score",
        "nodes": {
            "score": {
                "collect": {"into": "score", "say": "How was it?", "max": 1, "then": "thanks", "otherwise": "thanks"}
            },
            "thanks": {"say": "Thank you.", "then": "over"},
            "over": {"end": "done"},
        },
    },
}


def spec(**queue: Any) -> dict[str, Any]:
    made = copy.deepcopy(SPEC)
    made["flows"] = copy.deepcopy(FLOWS)
    made["entries"]["bank"] = {"dnis": "200", "open": {"flow": "bank"}}
    made["queues"]["sales"].update(queue)
    return made


def site_in_bank(**fields: Any) -> Site:
    site = Site(spec())
    site.call(dnis="200", **fields)
    return site


def unknown(site: Site) -> Contact:
    """A caller of whom the directory has not said yet who they are."""
    site.give(ev.CallArrived(pbx="main", unique_id="c1", ani="+4930123456", dnis="200"))
    return site.contact()


def position(site: Site) -> FlowPosition:
    ivr = site.contact().ivr
    assert ivr is not None
    assert ivr.flow is not None
    return ivr.flow


def texts(site: Site) -> list[str]:
    return [each.text if isinstance(each, Speech) else each for each in site.only(cmd.PlayAndCollect).prompts]


def seal(site: Site, *, good: bool = True) -> None:
    token = site.only(cmd.PlayAndCollect).token
    site.give(
        ev.DigitsCollected(
            pbx="main",
            unique_id="c1",
            token=token,
            digits="",
            ended_by=ev.CollectEnd.DIGITS,
            sealed=token if good else "",
            acceptable=good,
        )
    )


def fetched(site: Site, failure: str = "", **fields: str | None) -> list[cmd.Command]:
    asked = site.contact().ivr
    assert asked is not None
    named = {name.replace("__", "."): value for name, value in fields.items()}
    return site.give(ev.LookupAnswered(contact_id=site.contact().id, token=asked.token, fields=named, failure=failure))


def test_a_caller_hears_their_balance() -> None:
    site = site_in_bank()
    assert [type(each) for each in site.out if isinstance(each, cmd.AnswerLeg | cmd.PlayAndCollect)] == [
        cmd.AnswerLeg,
        cmd.PlayAndCollect,
    ]
    assert texts(site) == ["chime", "Welcome."]
    site.played()
    assert texts(site) == ["Press 1."]
    site.key("2")
    assert site.only(cmd.SetVariable) == cmd.SetVariable(
        pbx="main", unique_id="c1", name="CHANNEL(language)", value="zh"
    )
    assert site.only(cmd.PlayAndCollect).prompts == [Speech(text="请按一。", language="zh")]
    site.key("1")
    asked = site.only(cmd.PlayAndCollect)
    assert (asked.max_digits, asked.terminator, asked.sealed) == (6, "#", None)
    site.key("12345")
    asked = site.only(cmd.PlayAndCollect)
    assert asked.sealed == cmd.SealedCheck(min_digits=4)
    seal(site)
    fetch = site.only(cmd.FetchLookup)
    assert (fetch.lookup, fetch.give, fetch.sealed, fetch.fields) == (
        "balance",
        {"account": "12345"},
        {"pin": asked.token},
        ["account.balance"],
    )
    fetched(site, account__balance="12.5")
    assert texts(site)[0] == "您有"
    assert len(texts(site)) > 1
    site.played()
    assert site.only(cmd.ForgetSealed).sealed == [asked.token]
    assert site.only(cmd.ReleaseLeg).next == "hangup"
    site.ended()
    record = site.record()
    assert (record.outcome, record.attributes) == (
        Outcome.HANDLED,
        {"language": "zh", "account": "12345", "balance": "12.50"},
    )
    assert [(each.kind, each.name, each.result) for each in record.path if each.kind not in ("entry", "node")] == [
        ("flow", "bank", position_version(site, "bank")),
        ("key", "2", "valid"),
        ("key", "1", "valid"),
        ("flow", "identify", position_version(site, "identify")),
        ("digits", "", "valid"),
        ("digits", "", "valid"),
        ("end", "identify", "known"),
        ("fetch", "balance", "ok"),
        ("end", "bank", "done"),
        ("left", "bank/bye", "ended"),
    ]


def position_version(site: Site, name: str) -> str:
    return site.engine.site.flows[name].version


def test_to_an_agent_with_what_the_flow_says_is_needed() -> None:
    site = Site(spec())
    site.ready("bob")
    site.call(dnis="200")
    site.played()
    site.key("3")
    contact = site.contact()
    assert (contact.state, contact.queue, contact.attributes["topic"]) == (ContactState.QUEUED, "sales", "bank")
    assert not site.all(cmd.RingAgent), "Bob is not good enough"
    site.ready("alice")
    assert site.agent().state is AgentState.RESERVED


@pytest.mark.parametrize("failure", ["timeout", "unavailable", "invalid", "overloaded", "not_found"])
def test_a_lookup_that_fails_leads_on(failure: str) -> None:
    site = site_in_bank()
    site.played()
    site.key("1")
    site.key("12345")
    seal(site)
    fetched(site, failure)
    assert site.contact().state is ContactState.QUEUED
    assert [each.result for each in site.contact().path if each.kind == "fetch"] == [failure]


def test_an_answer_of_the_wrong_kind_is_none() -> None:
    site = site_in_bank()
    site.played()
    site.key("1")
    site.key("12345")
    seal(site)
    fetched(site, account__balance="plenty")
    assert site.contact().state is ContactState.QUEUED
    assert "balance" not in site.contact().attributes


def test_music_while_a_lookup_takes_its_time() -> None:
    site = site_in_bank()
    site.played()
    site.key("1")
    site.key("12345")
    seal(site)
    assert not site.wait(0.9)
    site.wait(0.2)
    assert site.only(cmd.PlayMusic)
    fetched(site, account__balance="1")
    assert texts(site)[0] == "You have"


def test_a_late_answer_of_another_lookup_is_dropped() -> None:
    site = site_in_bank()
    assert not site.give(ev.LookupAnswered(contact_id=site.contact().id, token="tk-old", failure="timeout"))
    assert not site.give(ev.LookupAnswered(contact_id="ct-none", token="tk-old", failure="timeout"))


def test_cut_off_they_are_led_back_into_the_node_with_what_they_had_entered() -> None:
    site = site_in_bank()
    site.played()
    site.key("1")
    site.key("12345")
    site.give(ev.AgiEnded(pbx="main", unique_id="c1"))
    site.give(ev.CallArrived(pbx="main", unique_id="c1", ani="", dnis="200"))
    assert texts(site) == ["Pin?"]
    assert site.contact().attributes["account"] == "12345"
    seal(site)
    assert not site.only(cmd.FetchLookup).again
    site.give(ev.AgiEnded(pbx="main", unique_id="c1"))
    assert not fetched(site, "sealed_lost"), "nobody is there to hear what follows"
    site.give(ev.CallArrived(pbx="main", unique_id="c1", ani="", dnis="200"))
    assert site.only(cmd.FetchLookup).again


def test_sensitive_digits_do_not_outlive_a_restart_and_are_asked_for_again() -> None:
    made = spec()
    # In one flow, so that the node that asks is found.
    nodes = made["flows"]["bank"]["nodes"]
    nodes["who"] = {
        "collect": {
            "into": "pin",
            "say": {"en": "Pin?", "zh": "密码？"},
            "max": 4,
            "sensitive": True,
            "then": "fetch",
            "otherwise": "agent",
        }
    }
    site = Site(made)
    site.call(dnis="200")
    site.played()
    site.key("1")
    seal(site)
    fetched(site, "sealed_lost")
    assert texts(site) == ["Pin?"]
    assert position(site).sealed == {}


def test_a_customer_hears_their_language_from_the_first_word() -> None:
    site = Site(spec())
    contact = unknown(site)
    assert not site.all(cmd.PlayAndCollect)
    site.give(ev.CustomerLookedUp(contact_id=contact.id, customer=Customer(id="1", name="Li", language="zh-CN")))
    assert texts(site) == ["chime", "欢迎。"]
    assert contact.attributes["language"] == "zh-CN"


def test_a_directory_that_says_nothing_is_not_waited_for_long() -> None:
    site = Site(spec())
    contact = unknown(site)
    site.wait(0.5)
    assert texts(site) == ["chime", "Welcome."]
    assert not site.give(ev.CustomerLookedUp(contact_id=contact.id, customer=None))


def test_a_caller_who_withholds_their_number_is_nobody_we_could_know() -> None:
    site = Site(spec())
    site.call(dnis="200", ani="")
    assert texts(site) == ["chime", "Welcome."]


def test_who_hangs_up_while_it_is_waited_to_know_them_leaves_nothing() -> None:
    site = Site(spec())
    unknown(site)
    site.ended()
    assert site.record().outcome is Outcome.ABANDONED
    assert not [each for each in site.engine.state.timers if each.startswith("known")]


def test_no_key_twice_ends_it() -> None:
    site = site_in_bank()
    site.played()
    site.key("", end=ev.CollectEnd.TIMEOUT)
    assert texts(site) == ["Nothing.", "Press 1."]
    site.key("", end=ev.CollectEnd.FAILED)
    assert site.only(cmd.ReleaseLeg).next == "hangup"


def test_no_key_is_taken_by_what_is_said_before_sensitive_digits() -> None:
    made = spec()
    nodes = made["flows"]["identify"]["nodes"]
    nodes["account"]["collect"]["then"] = "hint"
    nodes["hint"] = {"say": {"en": "Now the pin.", "zh": "密码。"}, "then": "on"}
    nodes["on"] = {"set": {"asked": "yes"}, "then": "pin"}
    # It may also be asked by the flow that called.
    nodes["yes"] = {"say": {"en": "Right.", "zh": "对。"}, "then": "known"}
    nodes["known"] = {"end": "known"}
    made["flows"]["bank"]["nodes"]["who"]["then"]["known"] = "again"
    made["flows"]["bank"]["nodes"]["again"] = {"call": "identify", "then": "bye"}
    site = Site(made)
    site.call(dnis="200")
    site.played()
    site.key("1")
    site.key("12345")
    assert (texts(site), site.only(cmd.PlayAndCollect).accept) == (["Now the pin."], "")
    site.played()
    seal(site)
    assert (texts(site), site.only(cmd.PlayAndCollect).accept) == (["Right."], "0123456789*#")


def test_a_key_ahead_of_the_menu_counts_there() -> None:
    site = site_in_bank()
    site.key("3")
    assert site.contact().state is ContactState.QUEUED


@pytest.mark.parametrize("presses", [[], [""], ["", "1"], ["", "1", "12345"]])
def test_who_hangs_up_in_any_node_is_abandoned_and_leaves_nothing(presses: list[str]) -> None:
    site = site_in_bank()
    for key in presses:
        site.key(key, end=ev.CollectEnd.DIGITS if key else ev.CollectEnd.PLAYED)
    site.ended()
    assert site.record().outcome is Outcome.ABANDONED
    site.give(ev.RecordSaved(contact_id=site.contact().id))
    assert not site.engine.state.contacts
    assert not [each for each in site.engine.state.timers if each.startswith("hush")]


def test_who_has_what_they_came_for_may_hang_up() -> None:
    made = spec()
    made["flows"]["bank"]["nodes"]["tell"]["goal"] = True
    site = Site(made)
    site.call(dnis="200")
    site.played()
    site.key("1")
    site.key("12345")
    seal(site)
    fetched(site, account__balance="1")
    site.ended()
    record = site.record()
    assert (record.outcome, record.path[-1].kind, record.path[-1].result) == (Outcome.HANDLED, "left", "content")


# ---- what is said -------------------------------------------------------------------------------------------------


def test_what_a_caller_says_is_recorded() -> None:
    site = site_in_bank()
    site.played()
    site.key("4")
    order = site.only(cmd.RecordMessage)
    site.give(ev.MessageBegun(pbx="main", unique_id="c1", token=order.token))
    site.give(
        ev.DigitsCollected(pbx="main", unique_id="c1", token=order.token, digits="", ended_by=ev.CollectEnd.PLAYED)
    )
    assert site.only(cmd.StoreRecording).recording.id == order.record
    assert site.contact().attributes["words"] == order.record


def test_who_hangs_up_while_they_speak_has_said_what_they_said() -> None:
    site = site_in_bank()
    site.played()
    site.key("4")
    order = site.only(cmd.RecordMessage)
    site.give(ev.MessageBegun(pbx="main", unique_id="c1", token=order.token))
    site.ended()
    assert site.only(cmd.StoreRecording).recording.id == order.record


def test_where_nothing_can_be_recorded_they_go_on() -> None:
    site = site_in_bank()
    site.played()
    heard = site.out
    site.give(ev.RecordingSpaceTold(fault="disk_full"))
    site.out = heard
    site.key("4")
    assert texts(site) == ["Speak."]
    site.played()
    assert site.contact().state is ContactState.QUEUED


@pytest.mark.parametrize("play", [[], ["wait"]])
def test_a_key_that_ends_what_is_said_counts_in_the_flow_that_comes_next(play: list[str]) -> None:
    made = spec()
    hello = {"say": "Hello.", "then": "on"}
    made["flows"]["hello"] = {"start": "hi", "nodes": {"hi": hello, "on": {"go": {"flow": "survey", "play": play}}}}
    made["entries"]["bank"]["open"] = {"flow": "hello"}
    site = Site(made)
    site.call(dnis="200")
    assert texts(site) == ["Hello."]
    site.key("7")
    if play:
        # They hear something else in between, at which no key counts.
        site.played()
    assert site.only(cmd.PlayAndCollect).ahead == ("" if play else "7")
    assert site.contact().ahead == ""


# ---- surveys -------------------------------------------------------------------------------------------------------


def talked(site: Site, *, back_first: bool = False) -> None:
    leg = site.connected()
    site.tick(10_000)
    if back_first:
        site.back()
        heard = site.out
        site.ended(leg)
        assert not site.all(cmd.ReleaseLeg)
        site.out = heard
    else:
        site.ended(leg)
        site.back()


@pytest.mark.parametrize("back_first", [True, False])
def test_after_the_talk_the_caller_is_asked_and_the_agent_wraps_up(back_first: bool) -> None:
    site = Site(spec(survey="survey"))
    talked(site, back_first=back_first)
    assert texts(site) == ["How was it?"]
    assert site.agent().state is AgentState.WRAP_UP
    site.key("9")
    assert texts(site) == ["Thank you."]
    site.played()
    assert site.only(cmd.ReleaseLeg).next == "hangup"
    site.ended("c1")
    site.wait(25)
    record = site.record()
    assert (record.outcome, record.attributes["score"], record.agent_id) == (Outcome.HANDLED, "9", "alice")
    assert record.talk_ms == 10_000
    assert site.agent().state is AgentState.READY


def test_who_hangs_up_on_the_survey_was_handled_all_the_same() -> None:
    site = Site(spec(survey="survey"))
    talked(site)
    site.wait(25)
    assert site.contact().state is ContactState.CREATED
    site.ended("c1")
    assert site.record().outcome is Outcome.HANDLED


def test_cut_off_in_the_survey_they_are_led_back_into_it() -> None:
    site = Site(spec(survey="survey"))
    talked(site)
    site.give(ev.AgiEnded(pbx="main", unique_id="c1"))
    site.give(ev.CallArrived(pbx="main", unique_id="c1", ani="", dnis="101"))
    assert texts(site) == ["How was it?"]


@pytest.mark.parametrize("there", [True, False])
def test_a_caller_on_hold_whose_agent_hangs_up_is_asked_at_once(there: bool) -> None:
    site = Site(spec(survey="survey"))
    leg = site.connected()
    site.request(ev.HoldRequested, contact_id=site.contact().id)
    unbridged(site, leg, "c1")
    if there:
        arrives(site)
        site.ended(leg)
    else:
        site.ended(leg)
        assert not site.all(cmd.PlayAndCollect)
        arrives(site)
    assert texts(site) == ["How was it?"]
    assert site.agent().state is AgentState.WRAP_UP


def test_a_colleague_is_asked_no_more_once_the_agent_has_left_the_caller_to_the_survey() -> None:
    site = Site(spec(survey="survey"))
    site.ask("bob", AgentState.NOT_READY, reason="break")
    leg, theirs = dialled(site)
    site.ended(leg)
    assert site.only(cmd.HangUpLeg).unique_id == theirs
    assert not site.engine.state.consultations
    assert texts(site) == ["How was it?"]


@pytest.mark.parametrize("number", ["030654321", "112"])
def test_an_agent_to_whom_nobody_is_left_is_let_go_while_their_caller_is_asked(number: str) -> None:
    site = Site(spec(survey="survey"))
    leg, theirs = asked(site, number=number)
    site.request(ev.ConsultationCompleted, consultation_id=consultation(site).id)
    # They have hung up before it was told that they talked to the caller.
    site.back()
    assert texts(site) == ["How was it?"]
    let_go = [each.unique_id for each in site.all(cmd.HangUpLeg)]
    assert (leg in let_go) == (number != "112"), "an emergency service is not left alone"
    site.ended(theirs)
    let_go += [each.unique_id for each in site.all(cmd.HangUpLeg)]
    assert leg in let_go
    site.ended(leg)
    assert site.agent().state is AgentState.WRAP_UP


def test_a_caller_who_hangs_up_first_is_asked_nothing() -> None:
    site = Site(spec(survey="survey"))
    site.connected()
    site.ended("c1")
    assert not site.all(cmd.PlayAndCollect)
    site.wait(25)
    assert site.record().outcome is Outcome.HANDLED


# ---- versions ------------------------------------------------------------------------------------------------------


def reload(site: Site, made: dict[str, Any]) -> None:
    site.give(ev.ConfigLoaded(spec=made))


def test_a_changed_flow_is_for_new_calls_and_who_is_in_it_goes_through_it_as_it_was() -> None:
    site = site_in_bank()
    first = site.only(cmd.PlayAndCollect)
    made = spec()
    made["flows"]["bank"]["nodes"]["what"]["menu"]["say"] = {"en": "New.", "zh": "新。"}
    reload(site, made)
    site.call("c2", dnis="200")
    site.played("c2")
    assert texts(site) == ["New."]
    site.out = [first]
    site.played("c1")
    assert texts(site) == ["Press 1."]
    assert position(site).flow.startswith("bank@")
    reload(site, made)
    assert len(site.engine.state.spec["flows"]) == 5, "it stays while somebody is in it"
    site.ended("c1")
    reload(site, made)
    assert len(site.engine.state.spec["flows"]) == 4
    assert site.contact(-1).path[1].result != site.contact(0).path[1].result


def test_a_called_flow_that_changes_stays_as_it_was_for_who_may_get_there() -> None:
    site = site_in_bank()
    site.played()
    made = spec()
    made["flows"]["identify"]["nodes"]["account"]["collect"]["say"] = {"en": "New.", "zh": "新。"}
    before = site.only(cmd.PlayAndCollect)
    reload(site, made)
    site.out = [before]
    site.key("1")
    assert texts(site) == ["Account?"]
    reload(site, made)
    made["flows"].pop("bank")
    made["entries"].pop("bank")
    reload(site, made)
    site.out = []
    site.give(ev.AgiEnded(pbx="main", unique_id="c1"))
    site.give(ev.CallArrived(pbx="main", unique_id="c1", ani="", dnis="200"))
    assert texts(site) == ["Account?"]
    site.key("12345")
    seal(site)
    assert site.only(cmd.FetchLookup), "back in the flow that called, which is gone from the configuration"


def test_a_flow_that_did_not_change_is_the_same_after_a_reload() -> None:
    site = site_in_bank()
    reload(site, spec())
    assert position(site).flow == "bank"
    assert set(site.engine.state.spec["flows"]) == {"bank", "identify", "survey", "main"}


def test_replay_of_a_snapshot_goes_on_the_same() -> None:
    site = site_in_bank()
    site.played()
    copied = type(site.engine).restore(site.engine.snapshot())
    event = ev.DigitsCollected(
        pbx="main",
        unique_id="c1",
        token=site.only(cmd.PlayAndCollect).token,
        digits="1",
        ended_by=ev.CollectEnd.DIGITS,
    )
    assert copied.handle(event, site.now) == site.engine.handle(event, site.now)
    assert copied.snapshot() == site.engine.snapshot()
