"""Spoken values: tables of what is said, what can't be said, and the closed vocabulary."""

from __future__ import annotations

import string
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ctid.ivr.spoken import chinese, english, values
from ctid.ivr.spoken.spoken import KINDS, LANGUAGES, phrases, primary, vocabulary
from tests.unit.ivr.spoken import readers

pytestmark = pytest.mark.unit

SUNDAY = "2026-11-29"


def said(kind: str, value: values.Value, language: str, **more: str) -> str:
    return ("" if language == "zh" else " ").join(phrases(kind, value, language, **more))


@pytest.mark.parametrize(
    ("value", "in_english", "in_chinese"),
    [
        (0, "zero", "零"),
        (2, "two", "二"),
        (10, "ten", "十"),
        (12, "twelve", "十二"),
        (20, "twenty", "二十"),
        (99, "ninety-nine", "九十九"),
        (100, "one hundred", "一百"),
        (102, "one hundred two", "一百零二"),
        (110, "one hundred ten", "一百一十"),
        (115, "one hundred fifteen", "一百一十五"),
        (200, "two hundred", "二百"),
        (222, "two hundred twenty-two", "二百二十二"),
        (1_000, "one thousand", "一千"),
        (1_001, "one thousand one", "一千零一"),
        (1_010, "one thousand ten", "一千零一十"),
        (1_100, "one thousand one hundred", "一千一百"),
        (2_000, "two thousand", "两千"),
        (2_002, "two thousand two", "两千零二"),
        (10_000, "ten thousand", "一万"),
        (10_010, "ten thousand ten", "一万零一十"),
        (10_500, "ten thousand five hundred", "一万零五百"),
        (12_000, "twelve thousand", "一万两千"),
        (20_000, "twenty thousand", "两万"),
        (20_002, "twenty thousand two", "两万零二"),
        (100_000, "one hundred thousand", "十万"),
        (105_000, "one hundred five thousand", "十万五千"),
        (110_000, "one hundred ten thousand", "十一万"),
        (200_000, "two hundred thousand", "二十万"),
        (1_100_000, "one million one hundred thousand", "一百一十万"),
        (10_000_000, "ten million", "一千万"),
        (20_030_004, "twenty million thirty thousand four", "两千零三万零四"),
        (100_000_000, "one hundred million", "一亿"),
        (100_005_000, "one hundred million five thousand", "一亿零五千"),
        (100_100_000, "one hundred million one hundred thousand", "一亿零一十万"),
        (110_000_000, "one hundred ten million", "一亿一千万"),
        (200_000_002, "two hundred million two", "两亿零二"),
        (1_000_000_000, "one billion", "十亿"),
        (1_000_000_000_000, "one trillion", "一万亿"),
        (2_000_200_000_000, "two trillion two hundred million", "两万零二亿"),
        (-7, "minus seven", "负七"),
        ("-0", "zero", "零"),
        ("007", "seven", "七"),
        ("3.14", "three point one four", "三点一四"),
        ("-0.5", "minus zero point five", "负零点五"),
        ("2.0", "two point zero", "二点零"),
        (2.0, "two", "二"),
        (0.1 + 0.2, "zero point three", "零点三"),
        (Decimal("1E+3"), "one thousand", "一千"),
    ],
)
def test_numbers(value: values.Value, in_english: str, in_chinese: str) -> None:
    assert (said("number", value, "en"), said("number", value, "zh")) == (in_english, in_chinese)


@pytest.mark.parametrize(
    ("kind", "value", "more", "in_english", "in_chinese"),
    [
        ("digits", "0049 30-12", {}, "zero zero four nine three zero one two", "零零四九三零一二"),
        ("digits", "+49", {}, "plus four nine", "加四九"),
        ("digits", 112, {}, "one one two", "一一二"),
        ("digits", "*12#3", {}, "star one two pound three", "星号一二井号三"),
        ("ordinal", 1, {}, "first", "第一"),
        ("ordinal", "2", {}, "second", "第二"),
        ("ordinal", 12, {}, "twelfth", "第十二"),
        ("ordinal", 20, {}, "twentieth", "第二十"),
        ("ordinal", 43, {}, "forty-third", "第四十三"),
        ("ordinal", 100, {}, "one hundredth", "第一百"),
        ("ordinal", 1_001, {}, "one thousand first", "第一千零一"),
        ("ordinal", 10**6, {}, "one millionth", "第一百万"),
        ("money", "1", {"currency": "EUR"}, "one euro", "一欧元"),
        ("money", "0", {"currency": "EUR"}, "zero euros", "零欧元"),
        ("money", "2", {"currency": "USD"}, "two dollars", "两美元"),
        ("money", "2.50", {"currency": "USD"}, "two dollars and fifty cents", "二点五美元"),
        ("money", "0.01", {"currency": "USD"}, "one cent", "零点零一美元"),
        ("money", "1.01", {"currency": "GBP"}, "one pound and one penny", "一点零一英镑"),
        ("money", "-0.02", {"currency": "GBP"}, "minus two pence", "负零点零二英镑"),
        ("money", "-0.00", {"currency": "CHF"}, "zero Swiss francs", "零瑞士法郎"),
        ("money", "1200", {"currency": "JPY"}, "one thousand two hundred yen", "一千二百日元"),
        ("money", "1.00", {"currency": "JPY"}, "one yen", "一日元"),
        ("money", "12", {"currency": "HKD"}, "twelve Hong Kong dollars", "十二港元"),
        ("money", "2", {"currency": "CNY"}, "two yuan", "两元"),
        ("money", "12.3", {"currency": "CNY"}, "twelve yuan and thirty fen", "十二元三角"),
        ("money", "2.22", {"currency": "CNY"}, "two yuan and twenty-two fen", "两元二角二分"),
        ("money", "100.05", {"currency": "CNY"}, "one hundred yuan and five fen", "一百元零五分"),
        ("money", "0.20", {"currency": "CNY"}, "twenty fen", "两角"),
        ("money", "0.02", {"currency": "CNY"}, "two fen", "两分"),
        ("money", "-1234.56", {"currency": "CNY"},
         "minus one thousand two hundred thirty-four yuan and fifty-six fen", "负一千二百三十四元五角六分"),
        ("money", 19.99, {"currency": "EUR"}, "nineteen euros and ninety-nine cents", "十九点九九欧元"),
        ("money", 0.1 + 0.2, {"currency": "EUR"}, "thirty cents", "零点三欧元"),
        ("money", "1234.50", {"currency": "JPY"}, "one thousand two hundred thirty-five yen", "一千二百三十五日元"),
        ("money", "1234.49", {"currency": "KRW"}, "one thousand two hundred thirty-four won", "一千二百三十四韩元"),
        ("money", "2.5", {"currency": "JPY"}, "three yen", "三日元"),
        ("money", "-2.5", {"currency": "JPY"}, "minus three yen", "负三日元"),
        ("money", "-0.4", {"currency": "JPY"}, "zero yen", "零日元"),
        ("money", "0.005", {"currency": "EUR"}, "one cent", "零点零一欧元"),
        ("money", "-0.004", {"currency": "EUR"}, "zero euros", "零欧元"),
        ("money", "9.995", {"currency": "CNY"}, "ten yuan", "十元"),
        ("money", 2.675, {"currency": "EUR"}, "two euros and sixty-eight cents", "二点六八欧元"),
        ("money", "12.345", {"currency": "KWD"},
         "twelve Kuwaiti dinars and three hundred forty-five fils", "十二点三四五科威特第纳尔"),
        ("money", "1.05", {"currency": "BHD"}, "one Bahraini dinar and fifty fils", "一点零五巴林第纳尔"),
        ("money", "0.001", {"currency": "TND"}, "one millime", "零点零零一突尼斯第纳尔"),
        ("money", "3.0005", {"currency": "OMR"}, "three Omani rials and one baisa", "三点零零一阿曼里亚尔"),
        ("money", "0.9999", {"currency": "JOD"}, "one Jordanian dinar", "一约旦第纳尔"),
        ("date", SUNDAY, {}, "November twenty-ninth twenty twenty-six", "二零二六年十一月二十九日"),
        ("date", "2005-02-02", {}, "February second two thousand five", "二零零五年二月二日"),
        ("date", "1900-10-10", {}, "October tenth nineteen hundred", "一九零零年十月十日"),
        ("date", "1906-01-01", {}, "January first nineteen oh six", "一九零六年一月一日"),
        ("date", "2000-12-31", {}, "December thirty-first two thousand", "二零零零年十二月三十一日"),
        ("date", SUNDAY, {"today": SUNDAY}, "today", "今天"),
        ("date", "2026-11-28", {"today": SUNDAY}, "yesterday", "昨天"),
        ("date", "2026-11-30", {"today": SUNDAY}, "tomorrow", "明天"),
        ("date", "2026-12-01", {"today": SUNDAY}, "Tuesday December first", "十二月一日星期二"),
        ("date", "2026-12-07", {"today": SUNDAY}, "December seventh", "十二月七日"),
        ("date", "2027-01-01", {"today": "2026-12-30"},
         "Friday January first twenty twenty-seven", "二零二七年一月一日星期五"),
        ("time", "14:05", {}, "two oh five p m", "下午两点零五分"),
        ("time", "14:00:30", {}, "two p m", "下午两点"),
        ("time", "00:00", {}, "midnight", "凌晨零点"),
        ("time", "00:30", {}, "twelve thirty a m", "凌晨零点三十分"),
        ("time", "12:00", {}, "noon", "中午十二点"),
        ("time", "12:10", {}, "twelve ten p m", "中午十二点十分"),
        ("time", "09:02", {}, "nine oh two a m", "上午九点零二分"),
        ("time", "20:45", {}, "eight forty-five p m", "晚上八点四十五分"),
        ("datetime", "2026-11-30T08:15:00+01:00", {"today": SUNDAY},
         "tomorrow at eight fifteen a m", "明天早上八点十五分"),
        ("datetime", "2026-11-29 22:00", {},
         "November twenty-ninth twenty twenty-six at ten p m", "二零二六年十一月二十九日晚上十点"),
        ("duration", 0, {}, "zero seconds", "零秒"),
        ("duration", 1, {}, "one second", "一秒"),
        ("duration", 90, {}, "one minute thirty seconds", "一分钟三十秒"),
        ("duration", 119.6, {}, "two minutes", "两分钟"),
        ("duration", 149, {}, "two minutes", "两分钟"),
        ("duration", 150, {}, "three minutes", "三分钟"),
        ("duration", 3_599, {}, "one hour", "一小时"),
        ("duration", 7_320, {}, "two hours two minutes", "两小时两分钟"),
        ("duration", 360_000, {}, "one hundred hours", "一百小时"),
    ],
)  # fmt: skip
def test_other_kinds(kind: str, value: values.Value, more: dict[str, str], in_english: str, in_chinese: str) -> None:
    assert (said(kind, value, "en", **more), said(kind, value, "zh", **more)) == (in_english, in_chinese)


@pytest.mark.parametrize(
    ("kind", "value", "more", "right"),
    [
        ("digits", "12a", {}, "1 to 64 digits, \\* or #"),
        ("digits", "", {}, "1 to 64 digits"),
        ("digits", "٣", {}, "1 to 64 digits"),
        ("digits", 1.5, {}, "1 to 64 digits"),
        ("number", "1e5", {}, "3.14"),
        ("number", "1,5", {}, "3.14"),
        ("number", True, {}, "3.14"),
        ("number", 10**15, {}, "below 10^15"),
        ("number", float("nan"), {}, "3.14"),
        ("number", float("inf"), {}, "3.14"),
        ("number", "1" * 5_000, {}, "below 10^15"),
        ("ordinal", 0, {}, "from 1 on"),
        ("ordinal", "1.5", {}, "from 1 on"),
        ("money", "1", {}, "EUR"),
        ("money", "1", {"currency": "eur"}, "EUR"),
        ("money", "1,234", {"currency": "EUR"}, "like 1234.56,"),
        ("money", "some", {"currency": "KWD"}, "like 1234.567,"),
        ("money", "999999999999999.5", {"currency": "JPY"}, "like 1234,"),
        ("money", float("inf"), {"currency": "JPY"}, "like 1234,"),
        ("date", "2026-02-30", {}, "calendar"),
        ("date", "29.11.2026", {}, "2026-11-29"),
        ("date", 20261129, {}, "2026-11-29"),
        ("time", "24:00", {}, "23:59"),
        ("time", "9:00", {}, "14:05"),
        ("datetime", "2026-11-29", {}, "2026-11-29T14:05"),
        ("datetime", "2026-11-29T25:00", {}, "2026-11-29T14:05"),
        ("datetime", "2026-11-29T14:05 CET", {}, "2026-11-29T14:05"),
        ("duration", -1, {}, "seconds"),
        ("duration", "soon", {}, "seconds"),
        ("song", "1", {}, "digits, number"),
        ("date", SUNDAY, {"today": "now"}, "2026-11-29"),
    ],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_cannot_be_said_is_refused(
    kind: str, value: values.Value, more: dict[str, str], right: str, language: str
) -> None:
    with pytest.raises(ValueError, match=right.replace("^", r"\^")):
        phrases(kind, value, language, **more)


def test_the_value_of_a_caller_is_in_no_complaint() -> None:
    for kind in KINDS:
        with pytest.raises(ValueError, match=r"\S") as refused:
            phrases(kind, "secret-4711", "en", currency="EUR")
        assert "4711" not in str(refused.value)


def test_language_tags_fall_on_their_first_part() -> None:
    assert [primary(tag) for tag in ("en", "en-GB", "EN_us", "zh-Hans-CN")] == ["en", "en", "en", "zh"]
    assert phrases("number", 2, "en-GB") == phrases("number", 2, "en")
    for refused in ("de", "", "english"):
        with pytest.raises(ValueError, match="en or zh"):
            phrases("number", 2, refused)


def test_every_currency_can_be_said_in_every_language() -> None:
    assert english.CURRENCIES.keys() == chinese.CURRENCIES.keys() == values.MINOR_DIGITS.keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_vocabulary_is_a_few_hundred_phrases_each_once(language: str) -> None:
    words = vocabulary(language)
    assert 100 < len(words) < 500
    assert len(set(words)) == len(words)
    assert all(word.strip() == word and word for word in words)


_integers = some.integers(min_value=-(10**15) + 1, max_value=10**15 - 1)
# Few digits that are not zero make the gaps that are hard to say.
_gappy = some.lists(some.tuples(some.integers(0, 14), some.integers(1, 9)), max_size=4).map(
    lambda places: sum(digit * 10**place for place, digit in dict(places).items())
)


@given(_integers | _gappy)
def test_a_number_is_understood_as_it_was_meant(value: int) -> None:
    assert readers.english(phrases("number", value, "en")) == value
    assert readers.chinese(phrases("number", value, "zh")) == value


_meant: some.SearchStrategy[tuple[str, values.Value, str]] = some.one_of(
    some.tuples(some.just("digits"), some.text(string.digits, min_size=1, max_size=20), some.just("")),
    some.tuples(some.just("number"), _integers | _gappy, some.just("")),
    some.tuples(
        some.just("number"),
        some.decimals(min_value=-(10**9), max_value=10**9, places=4, allow_nan=False),
        some.just(""),
    ),
    some.tuples(some.just("ordinal"), some.integers(1, 10**15 - 1) | _gappy.filter(bool), some.just("")),
    some.tuples(
        some.just("money"),
        some.integers(-(10**9), 10**9) | some.integers(-200, 200),
        some.sampled_from(sorted(values.MINOR_DIGITS)),
    ).map(lambda all_: (all_[0], Decimal(all_[1]).scaleb(-values.MINOR_DIGITS[all_[2]]), all_[2])),
    some.tuples(some.just("date"), some.dates(min_value=date(1, 1, 1)).map(date.isoformat), some.just("")),
    some.tuples(some.just("time"), some.times().map(lambda at: f"{at:%H:%M:%S}"), some.just("")),
    some.tuples(some.just("datetime"), some.datetimes().map(datetime.isoformat), some.just("")),
    some.tuples(some.just("duration"), some.integers(0, 10**7) | some.integers(0, 8_000), some.just("")),
)


@given(_meant, some.none() | some.dates())
def test_nothing_is_said_outside_the_vocabulary(meant: tuple[str, values.Value, str], today: date | None) -> None:
    kind, value, currency = meant
    for language in LANGUAGES:
        said_now = phrases(kind, value, language, currency=currency, today=today)
        assert said_now
        assert set(said_now) <= set(vocabulary(language, [kind]))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_phrase_of_a_vocabulary_is_said_of_something(language: str) -> None:
    """What nobody ever hears need not be rendered."""
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    cents = (*range(130), 200, 302, 1_000, 2_000)
    examples: list[tuple[str, values.Value, str, date | None]] = [
        *(("number", n, "", None) for n in range(130)),
        *(
            (kind, lead * 10**power, "EUR", None)
            for kind in ("number", "ordinal", "money", "duration")
            for power in range(15)
            for lead in range(1, 10)
        ),
        *((kind, n * unit, "EUR", None) for kind in ("ordinal", "money") for n in range(1, 130) for unit in (1, 1_000)),
        *(("ordinal", 10**power + 1, "", None) for power in range(2, 15)),
        *(("duration", 3_600 * n, "", None) for n in (*range(130), *(10**power for power in range(3, 12)))),
        *(
            ("money", Decimal(n).scaleb(-places), currency, None)
            for currency, places in values.MINOR_DIGITS.items()
            for n in cents
        ),
        *(("date", day.isoformat(), "", None) for day in days),
        *(("date", day.isoformat(), "", today) for day in days[:10] for today in days[:3]),
        *(("time", f"{minute // 60:02}:{minute % 60:02}", "", None) for minute in range(1_440)),
        *(("date", f"{year}-01-01", "", None) for year in range(1_000, 10_000)),
        *(("duration", seconds, "", None) for seconds in range(7_500)),
        ("digits", "+0123456789*#", "", None),
        ("number", "-1.5", "", None),
        ("money", "-1.51", "EUR", None),
    ]
    examples += [("datetime", f"{value}T00:00", "", today) for kind, value, _, today in examples if kind == "date"]
    examples += [("datetime", f"2026-11-29T{value}", "", None) for kind, value, _, _ in examples if kind == "time"]
    heard: dict[str, set[str]] = {kind: set() for kind in KINDS}
    for kind, value, currency, today in examples:
        heard[kind].update(phrases(kind, value, language, currency=currency, today=today))
    for kind in KINDS:
        assert set(vocabulary(language, [kind])) == heard[kind], kind
    assert set(vocabulary(language)) == set().union(*heard.values())
