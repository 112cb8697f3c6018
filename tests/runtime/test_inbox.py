"""The inbox: order, bounds, and what is refused at its door."""

from __future__ import annotations

import asyncio

import pytest

from ctid.errors import OverloadedError, RequestError
from ctid.model import events as ev
from ctid.model.events import Event
from ctid.runtime.inbox import Inbox
from ctid.store.codec import decode_event


def ended(number: int) -> ev.LegEnded:
    return ev.LegEnded(pbx="main", unique_id=f"u{number}", cause=16)


def request(text: str = "x") -> ev.AttributesSet:
    return ev.AttributesSet(command_id="c1", principal="alice", contact_id="ct-1", attributes={"note": text})


async def test_inputs_come_out_in_order_and_at_most_so_many() -> None:
    inbox = Inbox()
    for number in range(5):
        inbox.put(ended(number))
    first, rest = await inbox.take(3), await inbox.take(3)
    assert [each.event for each in (*first, *rest)] == [ended(number) for number in range(5)]
    assert [decode_event(each.written) for each in first] == [each.event for each in first]
    assert len(inbox) == 0


async def test_take_waits_for_the_next_input() -> None:
    inbox = Inbox()
    taking = asyncio.create_task(inbox.take(10))
    await asyncio.sleep(0)
    assert not taking.done()
    inbox.put(ended(1))
    assert [each.event for each in await taking] == [ended(1)]


@pytest.mark.parametrize(
    "again",
    [
        request(),
        ev.CallArrived(pbx="main", unique_id="u", ani="", dnis="100"),
        ev.CallerReturned(pbx="main", unique_id="u"),
        ev.PbxReconciled(pbx="main", legs=[], devices={}),
        ended(9),
    ],
    ids=lambda event: type(event).__name__,
)
def test_when_full_what_can_come_again_is_refused(again: Event) -> None:
    inbox = Inbox(capacity=2)
    inbox.put(ended(1))
    inbox.put(ended(2))
    with pytest.raises(OverloadedError):
        inbox.put(again)
    assert len(inbox) == 2


@pytest.mark.parametrize(
    "last",
    [
        ev.TimerFired(timer_id="wrap:alice"),
        ev.PbxLost(pbx="main", reason="overloaded"),
        ev.AgiEnded(pbx="main", unique_id="u"),
        ev.DesktopLost(agent_id="alice", session_id="d"),
        ev.RecordSaved(contact_id="ct-1"),
    ],
    ids=lambda event: type(event).__name__,
)
def test_when_full_what_is_told_once_is_taken_all_the_same(last: Event) -> None:
    inbox = Inbox(capacity=1)
    inbox.put(ended(1))
    inbox.put(last)
    assert len(inbox) == 2


def test_text_that_cannot_be_written_is_refused_to_who_brings_it() -> None:
    inbox = Inbox()
    with pytest.raises(RequestError, match="no Unicode"):
        inbox.put(request("half a pair: \ud83d"))
    assert len(inbox) == 0
