"""AGI parsing: every cut of a dialogue gives the same events; limits; garbage."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctid.errors import PbxProtocolError
from ctid.pbx_adapters.agi import parser as agi
from ctid.pbx_adapters.agi.parser import AgiEvent, AgiParser, Environment, Eof, Hangup, Reply

pytestmark = pytest.mark.adapters

ENVIRONMENT = b"agi_network_script: in\nagi_uniqueid: 1.1\nagi_calleridname: Zo\xc3\xab: x\nagi_empty: \n\n"
DIALOGUE = (
    ENVIRONMENT
    + b"200 result=0\n"
    + b"200 result=49 endpos=16000\n"
    + b"200 result= (timeout)\n"
    + b"200 result=1 (a (b) c)\n"
    + b"HANGUP\n"
    + b"510 Invalid or unknown command\n"
    + b"520-Invalid command syntax.  Proper usage follows:\n Usage: HANGUP [<channel>]\nHANGUP\n"
    + b"520 End of proper usage.\n"
    + b"100 result=0 Trying...\n200 result=-1\n"
    + b"511 Command Not Permitted on a dead channel or intercept routine\n"
)
EVENTS: list[AgiEvent] = [
    Environment(variables={"network_script": "in", "uniqueid": "1.1", "calleridname": "Zoë: x", "empty": ""}),
    Reply(code=200, result=0),
    Reply(code=200, result=49, endpos=16000),
    Reply(code=200, result=-1, data="timeout"),
    Reply(code=200, result=1, data="a (b"),
    Hangup(),
    Reply(code=510),
    Reply(code=520),
    Reply(code=200, result=-1),
    Reply(code=511),
]


def read(*chunks: bytes) -> list[AgiEvent]:
    parser = AgiParser()
    return [event for chunk in chunks for event in parser.feed(chunk)]


@pytest.mark.parametrize("cut", range(len(DIALOGUE) + 1))
def test_every_cut(cut: int) -> None:
    assert read(DIALOGUE[:cut], DIALOGUE[cut:]) == EVENTS


def test_byte_by_byte() -> None:
    assert read(*(DIALOGUE[i : i + 1] for i in range(len(DIALOGUE)))) == EVENTS


@given(st.lists(st.integers(min_value=0, max_value=len(DIALOGUE)), max_size=10))
def test_any_cuts(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(DIALOGUE)]
    assert read(*(DIALOGUE[a:b] for a, b in pairwise(edges))) == EVENTS


@pytest.mark.parametrize(
    ("stream", "midway"),
    [
        (b"", True),
        (b"agi_network: yes\n", True),
        (ENVIRONMENT, False),
        (ENVIRONMENT + b"200 res", True),
        (ENVIRONMENT + b"520-Usage:\n", True),
        (DIALOGUE, False),
    ],
)
def test_end_of_file_tells_whether_it_came_midway(stream: bytes, midway: bool) -> None:
    parser = AgiParser()
    parser.feed(stream)
    assert parser.eof() == [Eof(midway=midway)]


@pytest.mark.parametrize(
    "stream",
    [
        b"GET / HTTP/1.1\r\n",
        b"\x16\x03\x01\n",
        b"agi_network\n",
        ENVIRONMENT + b"hello\n",
        ENVIRONMENT + b"\n",
        b"agi_x: " + b"x" * agi.MAX_LINE_BYTES,
        b"agi_x: y\n" * (agi.MAX_ENVIRONMENT_BYTES // 9 + 1),
        ENVIRONMENT + b"2" * (agi.MAX_LINE_BYTES + 1),
        ENVIRONMENT + b"520-Usage\n" + b"x\n" * (agi.MAX_USAGE_LINES + 2),
    ],
)
def test_garbage_and_floods_are_refused(stream: bytes) -> None:
    with pytest.raises(PbxProtocolError):
        read(stream)


@given(st.binary(max_size=300))
def test_any_bytes_give_events_or_a_protocol_error(garbage: bytes) -> None:
    parser = AgiParser()
    try:
        parser.feed(ENVIRONMENT + garbage)
    except PbxProtocolError:
        return
    parser.eof()
