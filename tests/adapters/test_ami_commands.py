"""AMI actions: their fields, and what may not stand in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctid.errors import PbxActionError
from ctid.model.commands import (
    Alternate,
    Confer,
    DialConsulted,
    DialCustomer,
    HangUpLeg,
    HoldCall,
    JoinLegs,
    LetWait,
    MuteLeg,
    MuteRecording,
    RejoinConsulted,
    RemindAgent,
    RingAgent,
    RingSupervisor,
    SetPhone,
    Supervise,
)
from ctid.model.supervision import SupervisionMode
from ctid.pbx_adapters.ami.commands import (
    Originating,
    alternate,
    confer,
    dial_consulted,
    dial_customer,
    hang_up,
    hold_call,
    join_legs,
    let_wait,
    mute_leg,
    mute_recording,
    rejoin_consulted,
    remind_agent,
    ring_agent,
    ring_supervisor,
    send_digit,
    set_phone,
    stop_recording,
    supervise,
    tell_to_answer,
)
from ctid.pbx_adapters.ami.protocol import refuse_injection
from ctid.pbx_adapters.backoff import Backoff

pytestmark = pytest.mark.adapters


def ring(**changes: object) -> RingAgent:
    fields: dict[str, object] = {
        "pbx": "a",
        "unique_id": "leg-1",
        "device": "PJSIP/1001",
        "peer_unique_id": "1700000000.1",
        "caller_number": "+12025550123",
        "caller_name": "Ann",
        "timeout_ms": 15_000,
        "headers": {},
    }
    return RingAgent(**(fields | changes))  # type: ignore[arg-type]


def test_ring_agent() -> None:
    assert ring_agent(ring(headers={"X-Contact": 'a,b "c" (d) \\e'})) == {
        "Action": "Originate",
        "Async": "true",
        "Channel": "PJSIP/1001",
        "ChannelId": "leg-1",
        "Context": "ctid-connect",
        "Exten": "s",
        "Priority": "1",
        "Timeout": "15000",
        "CallerID": '"Ann" <+12025550123>',
        "Variable": [
            "FORWARD_CONTEXT=ctid-no-forward",
            "TRANSFER_CONTEXT=ctid-transfer",
            "CTID_CALLER=1700000000.1",
            r"PJSIP_HEADER(add,X-Contact)=a\,b \"c\" \(d\) \\e",
        ],
    }


def test_withheld_caller_has_no_caller_id() -> None:
    assert "CallerID" not in ring_agent(ring(caller_number="", caller_name=""))


def test_name_cannot_break_out_of_the_caller_id() -> None:
    assert ring_agent(ring(caller_name='A" <666>\r\n'))["CallerID"] == '"A   666   " <+12025550123>'


def test_number_cannot_break_out_of_the_caller_id() -> None:
    assert ring_agent(ring(caller_number='1> "B" <2\r\n'))["CallerID"] == '"Ann" <1 B 2>'


def test_caller_id_is_no_longer_than_asterisk_takes() -> None:
    """It refuses an action with a line of more than 1,023 bytes, and nobody could be rung for that caller."""
    line = str(ring_agent(ring(caller_name="\N{FACE WITH MONOCLE}" * 2_000, caller_number="1" * 1_024))["CallerID"])
    assert len(line.encode()) < 1_000
    assert line.endswith(" <" + "1" * 80 + ">")


def test_an_agent_whose_customer_is_yet_to_be_dialled_hears_it_ring_for_a_bounded_time() -> None:
    fields = ring_agent(ring(peer_unique_id="", wait_ms=37_500))
    assert fields["Context"] == "ctid-await"
    assert fields["Variable"] == ["FORWARD_CONTEXT=ctid-no-forward", "TRANSFER_CONTEXT=ctid-transfer", "CTID_AWAIT=37"]


def dial(**changes: object) -> DialCustomer:
    fields: dict[str, object] = {
        "pbx": "a",
        "unique_id": "leg-2",
        "device": "PJSIP/+4930123456@trunk",
        "peer_unique_id": "leg-1",
        "caller_number": "+4930999",
        "timeout_ms": 27_000,
    }
    return DialCustomer(**(fields | changes))  # type: ignore[arg-type]


def test_dial_customer() -> None:
    assert dial_customer(dial()) == {
        "Action": "Originate",
        "Async": "true",
        "Channel": "PJSIP/+4930123456@trunk",
        "ChannelId": "leg-2",
        "Context": "ctid-called",
        "Exten": "agent",
        "Priority": "1",
        "Timeout": "27000",
        "CallerID": "<+4930999>",
        "Variable": ["FORWARD_CONTEXT=ctid-no-forward", "CTID_CALLER=leg-1"],
    }


@pytest.mark.parametrize(("detect_machine", "exten"), [(False, "s"), (True, "machine")])
def test_a_customer_who_is_dialled_first_comes_to_ctid(detect_machine: bool, exten: str) -> None:
    fields = dial_customer(dial(peer_unique_id="", caller_number="", detect_machine=detect_machine))
    assert (fields["Exten"], fields["Variable"]) == (exten, ["FORWARD_CONTEXT=ctid-no-forward"])
    assert "CallerID" not in fields


CALLER, AGENT, ASKED = "1700000000.1", "lg-1", "lg-2"


def test_a_hold_takes_both_out_of_their_bridge_in_one_action() -> None:
    assert hold_call(HoldCall(pbx="a", unique_id=CALLER, agent_unique_id=AGENT, music_class="jazz")) == {
        "Action": "Redirect",
        "Channel": CALLER,
        "Context": "ctid-ask",
        "Exten": "heldjazz",
        "Priority": "1",
        "ExtraChannel": AGENT,
        "ExtraContext": "ctid-await",
        "ExtraExten": "hold",
        "ExtraPriority": "1",
    }


@pytest.mark.parametrize(("ringing", "exten"), [(True, "ring"), (False, "hold")])
def test_an_agent_waits_in_silence_or_hears_it_ring(ringing: bool, exten: str) -> None:
    fields = let_wait(LetWait(pbx="a", unique_id=AGENT, ringing=ringing))
    assert (fields["Action"], fields["Channel"], fields["Context"], fields["Exten"]) == (
        "Redirect",
        AGENT,
        "ctid-await",
        exten,
    )


def test_an_agent_who_waits_is_reminded_where_they_wait() -> None:
    fields = remind_agent(RemindAgent(pbx="a", unique_id=AGENT))
    assert (fields["Action"], fields["Channel"], fields["Context"], fields["Exten"]) == (
        "Redirect",
        AGENT,
        "ctid-await",
        "recall",
    )


def test_the_caller_to_be_joined_is_named_by_the_extension() -> None:
    fields = join_legs(JoinLegs(pbx="a", unique_id=ASKED, peer_unique_id=CALLER))
    assert (fields["Channel"], fields["Context"], fields["Exten"]) == (ASKED, "ctid-join", f"to{CALLER}")


@pytest.mark.parametrize(
    ("device", "number", "channel"),
    [("PJSIP/1002", "1002", "PJSIP/1002"), ("", "+4930123456", "Local/+4930123456@ctid-phones/n")],
)
def test_who_is_asked_is_called_by_device_or_number(device: str, number: str, channel: str) -> None:
    fields = dial_consulted(
        DialConsulted(
            pbx="a",
            unique_id=ASKED,
            device=device,
            number=number,
            peer_unique_id=AGENT,
            caller_number="1001",
            caller_name='Ann "A"',
            timeout_ms=60_000,
        )
    )
    assert fields == {
        "Action": "Originate",
        "Async": "true",
        "Channel": channel,
        "ChannelId": ASKED,
        "Context": "ctid-consult",
        "Exten": f"to{AGENT}",
        "Priority": "1",
        "Timeout": "60000",
        "CallerID": '"Ann  A " <1001>',
        "Variable": [
            "FORWARD_CONTEXT=ctid-no-forward",
            "TRANSFER_CONTEXT=ctid-transfer",
            *([] if device else ["CTID_PHONE=1001"]),
        ],
    }


def test_who_is_called_in_enters_the_callers_conference() -> None:
    command = DialConsulted(
        pbx="a",
        unique_id=ASKED,
        device="PJSIP/1002",
        number="1002",
        peer_unique_id=AGENT,
        caller_number="",
        caller_name="",
        timeout_ms=60_000,
        conference=CALLER,
    )
    fields = dial_consulted(command)
    assert (fields["Context"], fields["Exten"]) == ("ctid-conference", f"staff{CALLER}")


def test_an_agent_goes_from_one_to_the_other_in_one_step() -> None:
    fields = alternate(Alternate(pbx="a", unique_id=CALLER, agent_unique_id=AGENT, consulted_unique_id=ASKED))
    assert (fields["Channel"], fields["Context"], fields["Exten"]) == (AGENT, "ctid-join", f"to{CALLER}")
    assert (fields["ExtraChannel"], fields["ExtraContext"], fields["ExtraExten"]) == (ASKED, "ctid-await", "music")
    back = rejoin_consulted(RejoinConsulted(pbx="a", unique_id=ASKED, peer_unique_id=AGENT))
    assert (back["Channel"], back["Context"], back["Exten"]) == (ASKED, "ctid-consult", f"to{AGENT}")


def test_a_conference_takes_the_two_who_talk_first() -> None:
    command = Confer(pbx="a", unique_id=CALLER, agent_unique_id=AGENT, consulted_unique_id=ASKED)
    two, caller = confer(command)
    assert (two["Channel"], two["ExtraChannel"], two["Exten"], two["ExtraExten"]) == (
        AGENT,
        ASKED,
        f"staff{CALLER}",
        f"staff{CALLER}",
    )
    assert (caller["Channel"], caller["Exten"]) == (CALLER, f"caller{CALLER}")
    (both,) = confer(Confer(pbx="a", unique_id=CALLER, agent_unique_id=AGENT, consulted_unique_id=""))
    assert (both["Channel"], both["ExtraChannel"], both["ExtraExten"]) == (AGENT, CALLER, f"caller{CALLER}")


@pytest.mark.parametrize(
    ("agent", "conference", "extension"),
    [(AGENT, "", f"coach{AGENT}"), (AGENT, CALLER, f"room{CALLER}"), ("", "", "wait")],
)
def test_what_a_supervisor_hears_is_named_by_the_extension(agent: str, conference: str, extension: str) -> None:
    what = {"mode": SupervisionMode.WHISPER, "agent_unique_id": agent, "conference": conference}
    fields = supervise(Supervise(pbx="a", unique_id=ASKED, **what))  # type: ignore[arg-type]
    assert (fields["Channel"], fields["Context"], fields["Exten"]) == (ASKED, "ctid-supervise", extension)
    for device, number, channel in (("PJSIP/9", "", "PJSIP/9"), ("", "+49301", "Local/+49301@ctid-phones/n")):
        rung = ring_supervisor(
            RingSupervisor(
                pbx="a",
                unique_id=ASKED,
                device=device,
                number=number,
                caller_number="1001",
                caller_name='Ann "A"',
                timeout_ms=30_000,
                headers={"Alert-Info": "<sip:ctid>;info=x"},
                **what,  # type: ignore[arg-type]
            )
        )
        assert (rung["Channel"], rung["Context"], rung["Exten"]) == (channel, "ctid-supervise", extension)
        assert rung["CallerID"] == '"Ann  A " <1001>'
        # A Local channel has no SIP headers; the function would be refused.
        assert len(rung["Variable"]) == (2 if device else 1)


def test_a_mute_needs_no_right_to_the_system() -> None:
    fields = mute_leg(MuteLeg(pbx="a", unique_id=AGENT, on=True))
    assert fields == {"Action": "Setvar", "Channel": AGENT, "Variable": "MUTEAUDIO(in)", "Value": "on"}
    assert mute_leg(MuteLeg(pbx="a", unique_id=AGENT, on=False))["Value"] == "off"


def test_a_leg_is_told_what_it_is_recorded_to() -> None:
    assert "CTID_RECORD=rc-e1-7" in ring_agent(ring(record="rc-e1-7"))["Variable"]
    assert not any("CTID_RECORD" in each for each in ring_agent(ring())["Variable"])


def test_a_recording_is_muted_and_ended_without_a_right_to_the_system() -> None:
    muted = {"Action": "MixMonitorMute", "Channel": AGENT, "Direction": "both", "State": "1"}
    assert mute_recording(MuteRecording(pbx="a", unique_id=AGENT, on=True)) == muted
    assert mute_recording(MuteRecording(pbx="a", unique_id=AGENT, on=False)) == {**muted, "State": "0"}
    assert stop_recording(AGENT) == {"Action": "StopMixMonitor", "Channel": AGENT}


@pytest.mark.parametrize(("name", "variable"), [("1001", "CTID_CALLS_1001"), ("a)(b,$1", "CTID_CALLS_ab1")])
def test_what_is_set_for_a_phone_is_a_global_variable(name: str, variable: str) -> None:
    command = SetPhone(pbx="main", extension=name, calls="dnd")
    assert set_phone(command) == {"Action": "Setvar", "Variable": variable, "Value": "dnd"}


def test_a_digit_is_sent_to_the_party() -> None:
    assert send_digit(CALLER, "#") == {"Action": "PlayDTMF", "Channel": CALLER, "Digit": "#", "Duration": "120"}


def test_a_phone_is_told_to_answer_within_the_call_that_rings() -> None:
    assert tell_to_answer("lg-1") == {"Action": "PJSIPNotify", "Channel": "lg-1", "Variable": "Event=talk"}


def test_hang_up() -> None:
    assert hang_up("1.1", 21) == {"Action": "Hangup", "Channel": "1.1", "Cause": "21"}


@given(
    st.sampled_from(["Channel", "ChannelId", "Data", "Variable"]),
    st.text(max_size=5),
    st.sampled_from("\r\n\0"),
    st.text(max_size=5),
)
def test_no_field_takes_a_line_break(field: str, before: str, bad: str, after: str) -> None:
    value: str | list[str] = before + bad + after
    with pytest.raises(PbxActionError, match=field) as refusal:
        refuse_injection({"Action": "Originate", field: [str(value)] if field == "Variable" else value})
    assert "666" not in str(refusal.value)


def test_no_field_name_takes_a_line_break() -> None:
    with pytest.raises(PbxActionError):
        refuse_injection({"Action: Command\r\nX": "y"})


STOP = HangUpLeg(pbx="a", unique_id="leg-1")


def test_a_hang_up_that_overtakes_its_originate_waits_for_the_channel() -> None:
    originating = Originating()
    originating.began("leg-1")
    assert not originating.not_found(STOP)
    assert not originating.had_channel("leg-1")
    assert originating.made("leg-1") == STOP
    assert originating.had_channel("leg-1")
    assert not originating.not_found(STOP)


def test_a_hang_up_that_was_overtaken_by_the_news_of_the_channel_is_tried_again_once() -> None:
    originating = Originating()
    originating.began("leg-1")
    assert originating.made("leg-1") is None
    assert originating.not_found(STOP)
    assert not originating.not_found(STOP)


def test_a_channel_that_has_ended_is_not_hung_up_again() -> None:
    originating = Originating()
    originating.began("leg-1")
    originating.made("leg-1")
    originating.hung_up("leg-1")
    assert not originating.not_found(STOP)
    assert originating.had_channel("leg-1")
    originating.over("leg-1")
    assert not originating.had_channel("leg-1")
    assert not originating.not_found(STOP)


def test_foreign_channels_are_left_alone() -> None:
    originating = Originating()
    assert originating.made("1.1") is None
    originating.hung_up("1.1")
    assert not originating.had_channel("1.1")
    assert not originating.not_found(HangUpLeg(pbx="a", unique_id="1.1"))


def test_backoff_doubles_to_its_cap_and_begins_anew() -> None:
    longest = Backoff(0.5, 30, lambda: 1.0)
    assert [longest.next() for _ in range(8)] == [0.5, 1, 2, 4, 8, 16, 30, 30]
    longest.reset()
    assert longest.next() == 0.5
    shortest = Backoff(0.5, 30, lambda: 0.0)
    assert [shortest.next() for _ in range(3)] == [0.25, 0.5, 1]


def test_backoff_never_passes_a_small_cap() -> None:
    assert Backoff(5, 0.1, lambda: 1.0).next() == 0.1


def test_whom_an_agent_calls_is_dialled_as_the_pbx_dials_out() -> None:
    called = dial(device="", number="030123", caller_number="+4930555000", peer_unique_id="lg-1")
    fields = dial_customer(called, "PJSIP/{number}@trunk")
    assert (fields["Channel"], fields["CallerID"], fields["Exten"]) == (
        "PJSIP/030123@trunk",
        "<+4930555000>",
        "agent",
    )
    variables = ["FORWARD_CONTEXT=ctid-no-forward", "TRANSFER_CONTEXT=ctid-transfer", "CTID_CALLER=lg-1"]
    assert fields["Variable"] == variables
    through_the_dialplan = dial_customer(called)
    assert through_the_dialplan["Channel"] == "Local/030123@ctid-phones/n"
    assert "CTID_OWN_NUMBER=+4930555000" in through_the_dialplan["Variable"]


def test_a_colleague_who_is_called_is_told_by_whom() -> None:
    fields = dial_customer(dial(device="PJSIP/1002", number="1002", caller_number="1001", caller_name="Alice"))
    assert (fields["Channel"], fields["CallerID"]) == ("PJSIP/1002", '"Alice" <1001>')
