"""AMI framing: every cut of a stream gives the same messages; what is no AMI is refused at once."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctid.errors import PbxProtocolError
from ctid.pbx_adapters.ami import framing
from ctid.pbx_adapters.ami.framing import AmiParser, Message, parse_message

pytestmark = pytest.mark.adapters

RECORDING = Path(__file__).parent / "data/inbound-call.ami"
STREAM = (
    b"Asterisk Call Manager/11.0.0\r\n"
    b"Response: Success\r\nActionID: 1\r\nMessage: Authentication accepted\r\n\r\n"
    b"Event: VarSet\r\nVariable: X\r\nValue: \xc3\xa4\r\n\r\n"
    b"Event: Newstate\r\nChannelState: 5\r\nCallerIDName: Zo\xc3\xab \xf0\x9f\x93\x9e\r\nUniqueid: 1.1\r\n\r\n"
    # RTCP events end with one line break too many.
    b"Event: RTCPSent\r\nSSRC: 1\r\n\r\n\r\n"
    b"Event: Hangup\r\nCause: 16\r\nUniqueid: 1.1\r\n\r\n"
    b"Response: Success\r\nActionID: 2\r\nMessage: Command output follows\r\nOutput: one\r\nOutput: \r\n"
    b"Output: two: three\r\n\r\n"
)
EXPECTED: list[Message] = [
    {"Response": "Success", "ActionID": "1", "Message": "Authentication accepted"},
    {"Event": "Newstate", "ChannelState": "5", "CallerIDName": "Zoë 📞", "Uniqueid": "1.1"},
    {"Event": "Hangup", "Cause": "16", "Uniqueid": "1.1"},
    {
        "Response": "Success",
        "ActionID": "2",
        "Message": "Command output follows",
        "Output": "one\n\ntwo: three",
    },
]
WANTED = ("Newstate", "Hangup")


def read(parser: AmiParser, *chunks: bytes) -> list[Message]:
    return [message for chunk in chunks for message in parser.feed(chunk)]


def test_whole_stream() -> None:
    parser = AmiParser(WANTED)
    assert read(parser, STREAM) == EXPECTED
    assert (parser.version, parser.dropped, parser.malformed) == ("11.0.0", 2, 0)


@pytest.mark.parametrize("cut", range(len(STREAM) + 1))
def test_every_cut(cut: int) -> None:
    parser = AmiParser(WANTED)
    assert read(parser, STREAM[:cut], STREAM[cut:]) == EXPECTED
    assert parser.dropped == 2


def test_byte_by_byte() -> None:
    assert read(AmiParser(WANTED), *(STREAM[i : i + 1] for i in range(len(STREAM)))) == EXPECTED


@given(st.lists(st.integers(min_value=0, max_value=len(STREAM)), max_size=12))
def test_any_cuts(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(STREAM)]
    chunks = [STREAM[a:b] for a, b in pairwise(edges)]
    assert read(AmiParser(WANTED), *chunks) == EXPECTED


@given(st.integers(min_value=1, max_value=5_000))
def test_recorded_call_in_reads_of_any_size(size: int) -> None:
    stream = RECORDING.read_bytes()
    whole = read(AmiParser(WANTED), stream)
    assert len(whole) > 5
    assert read(AmiParser(WANTED), *(stream[i : i + size] for i in range(0, len(stream), size))) == whole


@given(
    st.dictionaries(
        st.from_regex(r"[A-Z][A-Za-z]{0,20}", fullmatch=True).filter(lambda name: name != "Event"),
        st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=50),
        max_size=8,
    )
)
def test_what_is_written_is_read(fields: dict[str, str]) -> None:
    message = {"Event": "Hangup", **fields}
    raw = "\r\n".join(f"{key}: {value}" for key, value in message.items())
    assert parse_message(raw.encode()) == message


@given(st.binary(max_size=400))
def test_garbage_is_refused_or_dropped_never_taken(garbage: bytes) -> None:
    parser = AmiParser(WANTED)
    try:
        messages = parser.feed(framing.BANNER + b"1\r\n" + garbage)
    except PbxProtocolError:
        return
    assert all(message.get("Event") in WANTED or "Response" in message for message in messages)


@pytest.mark.parametrize(
    "greeting",
    [b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"A\r\n", b"\0", framing.BANNER + b"9" * 200],
)
def test_another_service_is_refused(greeting: bytes) -> None:
    with pytest.raises(PbxProtocolError):
        AmiParser(WANTED).feed(greeting)


def test_another_service_is_refused_by_its_first_byte() -> None:
    parser = AmiParser(WANTED)
    assert parser.feed(b"Asterisk C") == []
    with pytest.raises(PbxProtocolError):
        parser.feed(b"x")


def test_endless_message_is_refused_without_an_end() -> None:
    parser = AmiParser(WANTED)
    parser.feed(framing.BANNER + b"1\r\n")
    for _ in range(framing.MAX_MESSAGE_BYTES // 1024):
        assert parser.feed(b"x" * 1024) == []
    with pytest.raises(PbxProtocolError, match="longer than"):
        parser.feed(b"x")


def test_long_message_is_refused_even_when_whole() -> None:
    long = b"Event: Hangup\r\n" + b"Key: value\r\n" * 30_000 + b"\r\n"
    with pytest.raises(PbxProtocolError, match="longer than"):
        AmiParser(WANTED).feed(framing.BANNER + b"1\r\n" + long)


def test_long_line_is_refused() -> None:
    long = b"Event: Hangup\r\nValue: " + b"x" * framing.MAX_LINE_BYTES + b"\r\n\r\n"
    with pytest.raises(PbxProtocolError, match="a line"):
        AmiParser(WANTED).feed(framing.BANNER + b"1\r\n" + long)


def test_tail_of_an_event_with_an_empty_line_in_a_value_is_counted() -> None:
    parser = AmiParser(WANTED)
    stream = b"Event: UserEvent\r\nBody: a\r\n\r\nb: c\r\n\r\nEvent: Hangup\r\nCause: 1\r\n\r\n"
    assert read(parser, framing.BANNER + b"1\r\n" + stream) == [{"Event": "Hangup", "Cause": "1"}]
    assert parser.malformed == 1


def test_value_keeps_its_own_blanks_and_colons() -> None:
    assert parse_message(b"Event: X\r\nA:  two \r\nB:\r\nC: a: b") == {"Event": "X", "A": " two ", "B": "", "C": "a: b"}


def test_event_of_one_line() -> None:
    parser = AmiParser(["Shutdown"])
    assert read(parser, framing.BANNER + b"1\r\nEvent: Shutdown\r\n\r\n") == [{"Event": "Shutdown"}]
