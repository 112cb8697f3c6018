"""Events come back as they went, and digests depend on what the commands say alone."""

from __future__ import annotations

import pytest

from ctid.errors import JournalError
from ctid.model.commands import Command, Publish, StartTimer
from ctid.model.customer import Customer
from ctid.model.events import (
    AnyEvent,
    CallArrived,
    ConfigLoaded,
    CustomerLookedUp,
    LegSeen,
    PbxReconciled,
    TimerFired,
)
from ctid.model.instant import Instant
from ctid.store.codec import DIGEST_BYTES, decode_event, digest, encode_event

pytestmark = pytest.mark.store


@pytest.mark.parametrize(
    "event",
    [
        TimerFired(timer_id="wrap-up:1001"),
        CallArrived(pbx="a", unique_id="1.2", ani="+4930123", dnis="100", attributes={"käse": "中文\x00\n"}),
        PbxReconciled(pbx="a", legs=[LegSeen(unique_id="1", answered=True)], devices={"PJSIP/1001": False}),
        CustomerLookedUp(contact_id="c", customer=Customer(id="1", name="Ada", attributes={"x": "y"})),
        CustomerLookedUp(contact_id="c", customer=None, failure="timeout"),
        ConfigLoaded(spec={"queues": {"sales": {"steps": [1, 2.5, None, True]}}}),
    ],
)
def test_an_event_comes_back_as_it_went(event: AnyEvent) -> None:
    again = decode_event(encode_event(event))
    assert again == event
    assert type(again) is type(event)


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b'{"event":"call.teleported"}', b'{"event":"timer.fired"}', b"[" * 100_000, b"\xff"],
)
def test_what_is_no_event_is_refused(data: bytes) -> None:
    with pytest.raises(JournalError, match="not an event that this release knows"):
        decode_event(data)


def test_an_event_that_json_cannot_hold_is_refused_without_its_content() -> None:
    with pytest.raises(JournalError) as caught:
        encode_event(TimerFired(timer_id="secret\udcff"))
    assert caught.value.detail == "an event TimerFired cannot be written as JSON"


def test_a_digest_tells_commands_apart_and_nothing_else() -> None:
    def publish(data: dict[str, object]) -> Publish:
        return Publish(seq=1, at=Instant(1, 2), type="contact.queued", data=data)

    first: list[Command] = [publish({"a": 1, "b": {"c": 2, "d": 3}}), StartTimer(timer_id="t", due_ms=5)]
    same: list[Command] = [publish({"b": {"d": 3, "c": 2}, "a": 1}), StartTimer(timer_id="t", due_ms=5)]
    assert digest(first) == digest(same)
    assert len(digest(first)) == DIGEST_BYTES
    others: list[list[Command]] = [[], first[:1], first[::-1], [first[0], StartTimer(timer_id="t", due_ms=6)]]
    digests = {digest(first), *map(digest, others)}
    assert len(digests) == 5
