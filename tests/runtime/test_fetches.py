"""Lookups of callers who are cut off: what may have done something is not done twice."""

from __future__ import annotations

import asyncio
from typing import Any

from msgspec.structs import replace

from ctid.lookups.failure import NoAnswer
from ctid.model import commands as do
from ctid.model import events as ev
from ctid.runtime.fetches import Fetches
from ctid.runtime.sealed import SealedDigits

PAY = do.FetchLookup(contact_id="co-1", token="tk-1", lookup="pay", give={"sum": "7"}, sealed={}, fields=["receipt"])
AGAIN = replace(PAY, token="tk-2", again=True)


class Till:
    """Takes money, and answers when it is told to."""

    def __init__(self, *, repeatable: bool) -> None:
        self.paid = 0
        self.answers = asyncio.Event()
        self._repeatable = repeatable

    async def ask(self, name: str, give: Any, secret: Any, paths: Any) -> dict[str, str | None]:
        self.paid += 1
        await self.answers.wait()
        if give["sum"] == "0":
            raise NoAnswer("not_found")
        return {"receipt": "R1"}

    def repeatable(self, name: str) -> bool:
        return self._repeatable


async def test_who_is_back_before_the_answer_is_told_it() -> None:
    for command in (PAY, replace(PAY, give={"sum": "0"})):
        till, events = Till(repeatable=False), list[ev.Event]()
        async with asyncio.TaskGroup() as group:
            fetches = Fetches(till, SealedDigits(), events.append, group)
            fetches.start(command)
            fetches.start(replace(command, token="tk-2", again=True))
            till.answers.set()
        failure = "" if command is PAY else "not_found"
        fields = {"receipt": "R1"} if command is PAY else {}
        assert events == [ev.LookupAnswered(contact_id="co-1", token="tk-2", fields=fields, failure=failure)]
        assert till.paid == 1


async def test_what_is_not_known_to_be_done_is_not_done_again() -> None:
    till, events = Till(repeatable=False), list[ev.Event]()
    till.answers.set()
    async with asyncio.TaskGroup() as group:
        # The daemon had ended meanwhile, or the answer came while nobody could be told.
        Fetches(till, SealedDigits(), events.append, group).start(AGAIN)
    assert events == [ev.LookupAnswered(contact_id="co-1", token="tk-2", failure="unavailable")]
    assert till.paid == 0


async def test_what_may_be_asked_twice_is_asked_again_and_so_is_something_else() -> None:
    till, events = Till(repeatable=True), list[ev.Event]()
    till.answers.set()
    async with asyncio.TaskGroup() as group:
        fetches = Fetches(till, SealedDigits(), events.append, group)
        fetches.start(AGAIN)
        fetches.start(replace(AGAIN, token="tk-3", give={"sum": "8"}))
        fetches.start(replace(PAY, token="tk-4"))
    assert [event.token for event in events if isinstance(event, ev.LookupAnswered)] == ["tk-2", "tk-3", "tk-4"]
    assert till.paid == 3
