"""Needs, lacks, times and measures in words, and that both languages say the same things."""

from __future__ import annotations

import string

import pytest

from ctid.acd.eligibility import Hindrance
from ctid.acd.explanation import Lack
from ctid.acd.needs import Need
from ctid.acd.phrases import CATALOGUES, EN, ZH
from ctid.acd.strategies import STRATEGIES
from ctid.acd.wording import Words
from ctid.model.offer import OfferCause
from ctid.model.states import OfferState, Outcome

pytestmark = pytest.mark.unit

EN_WORDS, ZH_WORDS = Words("en"), Words("zh")


def skill(name: str, level: int = 1) -> Need:
    return Need(skills=((name, level),))


@pytest.mark.parametrize(
    ("needs", "english", "chinese"),
    [
        ([Need()], "anybody", "任何人"),
        ([skill("sales", 5)], "sales at 5 or above", "sales 5 级以上"),
        ([skill("sales")], "sales", "sales"),
        ([Need(groups=("red",))], "group red", "red 组"),
        ([Need(groups=("red", "blue"))], "group red or group blue", "red 组或blue 组"),
        ([Need(agents=("alice", "bob"))], "alice or bob", "alice或bob"),
        ([Need(vacant=True)], "an agent whom nothing names", "未指明的座席"),
        (
            [
                Need(
                    skills=(("sales", 5),),
                    any=(skill("english"), skill("german")),
                    none=(Need(groups=("trainees",)),),
                )
            ],
            "sales at 5 or above and (english or german), not group trainees",
            "sales 5 级以上且（english或german），但不是trainees 组",
        ),
        ([Need(all=(skill("sales"), skill("english", 2)))], "sales and english at 2 or above", None),
        ([Need(any=(Need(all=(skill("a"), skill("b"))), skill("c")))], "(a and b) or c", None),
        ([Need(none=(Need(any=(skill("a"), skill("b"))),))], "anybody, not (a or b)", None),
        ([Need(any=(skill("a"), skill("b")), none=(skill("c"),))], "(a or b), not c", None),
        # What a wider need includes is not told beside it.
        ([skill("sales", 5), skill("sales", 1)], "sales", None),
        ([skill("sales", 5), Need()], "anybody", None),
        ([skill("sales", 5), skill("sales", 5)], "sales at 5 or above", None),
        ([skill("sales", 5), skill("english", 3)], "sales at 5 or above, or english at 3 or above", None),
        (
            [Need(skills=(("sales", 5),), groups=("red",)), Need(skills=(("sales", 2),), groups=("red",))],
            "sales at 2 or above and group red",
            None,
        ),
        (
            [Need(skills=(("sales", 5),), groups=("red",)), Need(skills=(("sales", 6),), groups=("blue",))],
            "sales at 5 or above and group red, or sales at 6 or above and group blue",
            None,
        ),
    ],
)
def test_needs_in_words(needs: list[Need], english: str, chinese: str | None) -> None:
    assert EN_WORDS.needs(needs) == english
    if chinese is not None:
        assert ZH_WORDS.needs(needs) == chinese


@pytest.mark.parametrize(
    ("lack", "english"),
    [
        (Lack("skill", ("english",), 5, 3), "english 5 (has 3)"),
        (Lack("skill", ("english",), 5, 0), "english 5 (has 0)"),
        (Lack("skill", ("english",), 1, 0), "no english"),
        (Lack("groups", ("red", "blue")), "not in group red or blue"),
        (Lack("agents", ("alice",)), "is not alice"),
        (Lack("vacant"), "an agent is asked for whom nothing names"),
        (Lack("none", need=Need(groups=("trainees",))), "must not be group trainees"),
        (Lack("queue", ("sales",)), "does not serve queue sales"),
        (Lack("delay", wanted=20_000), "helps out only after 20 s"),
        (Lack("pbx", ("main",)), "phone is not at main"),
    ],
)
def test_lacks_in_words(lack: Lack, english: str) -> None:
    assert EN_WORDS.lacks([lack]) == english
    assert EN_WORDS.lacks([lack, Lack("queue", ("q",))]) == f"{english}, does not serve queue q"
    assert ZH_WORDS.lacks([lack])


@pytest.mark.parametrize(
    ("ms", "english", "chinese"),
    [
        (0, "0 s", "0 秒"),
        (999, "0 s", "0 秒"),
        (-999, "0 s", "0 秒"),
        (59_999, "59 s", "59 秒"),
        (60_000, "1 min", "1 分"),
        (312_000, "5 min 12 s", "5 分 12 秒"),
        (3_905_000, "1 h 5 min", "1 小时 5 分"),
        (3_605_000, "1 h 5 s", "1 小时 5 秒"),
        (90_000_000, "25 h", "25 小时"),
        (-61_000, "−1 min 1 s", "−1 分 1 秒"),
    ],
)
def test_times_in_words(ms: int, english: str, chinese: str) -> None:
    assert EN_WORDS.time(ms) == english
    assert ZH_WORDS.time(ms) == chinese


def test_measures_in_words() -> None:
    told = {"level": 12, "idle_ms": 312_000, "contacts_thousandths": 3_450, "worth_ms": -60_000, "shoe_size": 43}
    assert EN_WORDS.measures(told) == (
        "levels 12 in all, idle 5 min 12 s, 3.5 recent contacts, −1 min for skill, cost and preference, shoe_size 43"
    )


def fields(phrase: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(phrase) if name is not None}


def test_both_languages_say_the_same_things() -> None:
    assert {key for key in EN if not key.endswith(".one")} == set(ZH)
    for key, phrase in ZH.items():
        assert fields(phrase) == fields(EN[key]), key
    for key in EN:
        if key.endswith(".one"):
            assert fields(EN[key]) == fields(EN[key.removesuffix(".one")]) - {"n"}, key


@pytest.mark.parametrize("language", CATALOGUES)
def test_every_name_of_a_closed_set_is_put_into_words(language: str) -> None:
    not_able = {Hindrance.STATE, Hindrance.QUEUE, Hindrance.DELAY, Hindrance.SKILL, Hindrance.PBX}
    names = [f"hindrance.{each}" for each in Hindrance if each not in not_able]
    names += [f"hindrance.{state}" for state in ("busy", "wrap_up", "not_ready", "reserved")]
    names += [f"outcome.{each}" for each in Outcome]
    names += [f"cause.{each}" for each in OfferCause]
    names += [f"offer.{each}" for each in OfferState]
    names += [f"strategy.{each}" for each in STRATEGIES]
    assert [name for name in names if name not in CATALOGUES[language]] == []
