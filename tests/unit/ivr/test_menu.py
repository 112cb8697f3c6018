"""One menu: what an answer means."""

from __future__ import annotations

import pytest

from ctid.ivr.menu import Leave, PlayAgain, Verdict, judge
from ctid.model.events import CollectEnd
from ctid.spec.destination import Destination
from ctid.spec.site import MenuSpec

pytestmark = pytest.mark.unit

MENU = MenuSpec(
    prompts=["welcome"],
    tries=2,
    timeout_prompts=["no-key"],
    invalid_prompts=["wrong"],
    keys={"1": Destination(hangup=True), "*": Destination(hangup=True)},
    otherwise=Destination(hangup=True),
)


@pytest.mark.parametrize(
    ("tries", "digits", "end", "verdict"),
    [
        (1, "1", CollectEnd.DIGITS, Verdict("valid", Leave("keys/1"))),
        (2, "*", CollectEnd.DIGITS, Verdict("valid", Leave("keys/*"))),
        (1, "7", CollectEnd.DIGITS, Verdict("invalid", PlayAgain(["wrong", "welcome"]))),
        (1, "", CollectEnd.TIMEOUT, Verdict("timeout", PlayAgain(["no-key", "welcome"]))),
        (1, "", CollectEnd.PLAYED, Verdict("timeout", PlayAgain(["no-key", "welcome"]))),
        (1, "", CollectEnd.FAILED, Verdict("timeout", PlayAgain(["no-key", "welcome"]))),
        (2, "7", CollectEnd.DIGITS, Verdict("invalid", Leave("otherwise"))),
        (2, "", CollectEnd.TIMEOUT, Verdict("timeout", Leave("otherwise"))),
    ],
)
def test_what_an_answer_means(tries: int, digits: str, end: CollectEnd, verdict: Verdict) -> None:
    assert judge(MENU, tries, digits, end) == verdict
