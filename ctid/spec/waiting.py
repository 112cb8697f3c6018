"""What callers hear and may do while they wait in a queue; none of it while an agent is being rung for them."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field

from ctid.spec.base import Key, Seconds, Spec
from ctid.spec.destination import Destination
from ctid.spec.say import Language, Say

POSITION, EXPECTED_WAIT = "position", "expected_wait"
"""What announcements may say as a value: a number, and seconds."""

_POSITION: Final = [
    {"en": "You are number", "zh": "您目前排在第"},
    {"number": POSITION},
    {"en": "in the queue.", "zh": "位。"},
]
_EXPECTED_WAIT: Final = [
    {"en": "We expect to take your call in about", "zh": "预计等待时间大约"},
    {"duration": EXPECTED_WAIT},
]


def _usual(usual: list[dict[str, str]]) -> BeforeValidator:
    def chosen(data: Any) -> Any:
        return usual if data is True else [] if data is False else data

    return BeforeValidator(chosen)


class WaitingSpec(Spec):
    """Announcements to callers who wait, and keys by which they leave.

    Attributes:
        languages: That its texts are in; the first is for callers whose own is not among them.
        first_seconds: How long after entering the queue the first announcement comes.
        every_seconds: How long after the end of one the next one comes.
        position: Says the caller's place; ``true`` for the usual words. Never one that is worse than the last.
        expected_wait: Says how long it will take, if that is known; ``true`` for the usual words. It never rises.
        messages: Said in turn, one in each announcement.
        offer: What the keys do; said with each announcement.
        keys: Key to where it leads.
    """

    languages: list[Language] = Field(default=["en"], min_length=1)
    first_seconds: Annotated[Seconds, Field(ge=1)] = 15
    every_seconds: Annotated[Seconds, Field(ge=5)] = 45
    position: Annotated[Say, _usual(_POSITION)] = []
    expected_wait: Annotated[Say, _usual(_EXPECTED_WAIT)] = []
    messages: list[Say] = []
    offer: Say = []
    keys: dict[Key, Destination] = {}
