"""Chinese (Mandarin): values in phrases as a voice on the telephone says them."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Final

from ctid.ivr.spoken.values import MINOR_DIGITS, Amount, Duration, Number

_DIGITS: Final = "零一二三四五六七八九"
_SIGNS: Final = {"+": "加", "*": "星号", "#": "井号"}


def _under_100(value: int) -> str:
    tens, ones = divmod(value, 10)
    if not tens:
        return _DIGITS[ones]
    return ("" if tens == 1 else _DIGITS[tens]) + "十" + (_DIGITS[ones] if ones else "")


_UNDER_100: Final = tuple(map(_under_100, range(100)))
_INNER_TEENS: Final = {value: f"一{_UNDER_100[value]}" for value in range(10, 20)}
"""After something larger, ten is said as one ten: 一百一十."""

_HUNDREDS: Final = ("", *(f"{digit}百" for digit in _DIGITS[1:]))
_THOUSANDS: Final = ("", *(f"{digit}千" for digit in "一两三四五六七八九"))
_PAIR: Final = "两"
"""Two of something that is counted, where two as a number is 二."""

_WEEKDAYS: Final = tuple(f"星期{day}" for day in "一二三四五六日")
_NEAR_DAYS: Final = {-1: "昨天", 0: "今天", 1: "明天"}
_PARTS_OF_DAY: Final = ((5, "凌晨"), (9, "早上"), (12, "上午"), (13, "中午"), (18, "下午"), (24, "晚上"))
"""Until which hour each lasts."""

CURRENCIES: Final = {
    "AUD": "澳元",
    "BHD": "巴林第纳尔",
    "CAD": "加元",
    "CHF": "瑞士法郎",
    "CNY": "元",
    "CZK": "捷克克朗",
    "DKK": "丹麦克朗",
    "EUR": "欧元",
    "GBP": "英镑",
    "HKD": "港元",
    "INR": "印度卢比",
    "JOD": "约旦第纳尔",
    "JPY": "日元",
    "KRW": "韩元",
    "KWD": "科威特第纳尔",
    "NOK": "挪威克朗",
    "NZD": "新西兰元",
    "OMR": "阿曼里亚尔",
    "PLN": "波兰兹罗提",
    "SEK": "瑞典克朗",
    "SGD": "新加坡元",
    "TND": "突尼斯第纳尔",
    "TWD": "新台币",
    "USD": "美元",
}
"""What amounts are of."""


def _counted_under_100(value: int) -> str:
    return _PAIR if value == 2 else _UNDER_100[value]


_MONTHS: Final = tuple(f"{_UNDER_100[month]}月" for month in range(13))
_DAYS: Final = tuple(f"{_UNDER_100[day]}日" for day in range(32))
_HOURS: Final = tuple(f"{_counted_under_100(hour)}点" for hour in range(13))
_MINUTES: Final = tuple(f"{'零' if minute < 10 else ''}{_UNDER_100[minute]}分" for minute in range(60))
_LONG_MINUTES: Final = tuple(f"{_counted_under_100(count)}分钟" for count in range(60))
_LONG_SECONDS: Final = tuple(f"{_counted_under_100(count)}秒" for count in range(60))
_TENTHS: Final = tuple(f"{digit}角" for digit in _DIGITS)
_HUNDREDTHS: Final = tuple(f"{digit}分" for digit in _DIGITS)
_LEADING: Final = {"二角": "两角", "二分": "两分"}
"""Two is counted at the head of an amount, and a mere digit after it: 两元二角二分."""

_NUMBERS: Final = (*_UNDER_100, *_INNER_TEENS.values(), *_HUNDREDS[1:], *_THOUSANDS[1:], "万", "亿", _PAIR)
_DATES: Final = (*_NEAR_DAYS.values(), *_UNDER_100[:10], "年", *_MONTHS[1:], *_DAYS[1:], *_WEEKDAYS)
_TIMES: Final = (*(name for _, name in _PARTS_OF_DAY), *_HOURS, *_MINUTES[1:])

VOCABULARY: Final = {
    "digits": (*_SIGNS.values(), *_UNDER_100[:10]),
    "number": (*_NUMBERS, "负", "点"),
    "ordinal": ("第", *_NUMBERS),
    "money": (
        *_NUMBERS, "负", "点", *CURRENCIES.values(), *_TENTHS[1:], *_HUNDREDTHS[1:], *_LEADING.values()
    ),
    "date": _DATES,
    "time": _TIMES,
    "datetime": (*_DATES, *_TIMES),
    "duration": (*_NUMBERS, "小时", *_LONG_MINUTES[1:], *_LONG_SECONDS),
}  # fmt: skip
"""All that is ever said here, by kind of value."""


def digits(value: str) -> list[str]:
    """One digit after another."""
    return [_SIGNS.get(one) or _DIGITS[int(one)] for one in value]


def number(value: Number) -> list[str]:
    """An integer, or a decimal number whose fraction is said digit by digit."""
    said = [*(["负"] if value.negative else []), *_cardinal(value.whole)]
    return [*said, "点", *digits(value.fraction)] if value.fraction else said


def ordinal(value: int) -> list[str]:
    """第一."""
    return ["第", *_cardinal(value)]


def money(value: Amount) -> list[str]:
    """Yuan in 元角分; of other currencies a decimal number, as is usual."""
    said = ["负"] if value.negative else []
    name = CURRENCIES[value.currency]
    if value.currency != "CNY":
        if not value.minor:
            return [*said, *_counted(value.major), name]
        fraction = f"{value.minor:0{MINOR_DIGITS[value.currency]}}".rstrip("0")
        return [*said, *_cardinal(value.major), "点", *digits(fraction), name]
    tenths, hundredths = divmod(value.minor, 10)
    parts = [*_counted(value.major), name] if value.major or not value.minor else []
    if tenths:
        parts.append(_TENTHS[tenths] if parts else _LEADING.get(_TENTHS[tenths], _TENTHS[tenths]))
    if hundredths:
        last = _HUNDREDTHS[hundredths]
        if not parts:
            parts.append(_LEADING.get(last, last))
        else:
            parts += [last] if tenths else ["零", last]
    return [*said, *parts]


def day(value: date, today: date | None) -> list[str]:
    """A date; with ``today``, as short as it can be understood on that day."""
    year, plain = [*digits(str(value.year)), "年"], [_MONTHS[value.month], _DAYS[value.day]]
    if today is None:
        return [*year, *plain]
    distance = (value - today) // timedelta(days=1)
    if distance in _NEAR_DAYS:
        return [_NEAR_DAYS[distance]]
    weekday = [_WEEKDAYS[value.weekday()]] if 1 < distance <= 7 else []
    return [*([] if value.year == today.year else year), *plain, *weekday]


def clock(value: time) -> list[str]:
    """A time of day on the dial of twelve hours; the part of the day is said first."""
    part = next(name for until, name in _PARTS_OF_DAY if value.hour < until)
    hour = value.hour - 12 if value.hour > 12 else value.hour
    return [part, _HOURS[hour], *([_MINUTES[value.minute]] if value.minute else [])]


def moment(value: date, at: time, today: date | None) -> list[str]:
    """A date and a time of day."""
    return [*day(value, today), *clock(at)]


def duration(value: Duration) -> list[str]:
    """Hours, minutes and seconds, those that are there."""
    said = [*_counted(value.hours), "小时"] if value.hours else []
    if value.minutes:
        said.append(_LONG_MINUTES[value.minutes])
    if value.seconds:
        said.append(_LONG_SECONDS[value.seconds])
    return said or [_LONG_SECONDS[0]]


def _counted(value: int) -> list[str]:
    """A number of something."""
    return [_PAIR] if value == 2 else _cardinal(value)


def _cardinal(value: int, *, inner: bool = False) -> list[str]:
    """A number, by 亿 and 万.

    Args:
        value: The number, below 10^16.
        inner: Something larger was said before it.
    """
    for scale, name in ((10**8, "亿"), (10**4, "万")):
        if value >= scale:
            head, rest = divmod(value, scale)
            said = [_PAIR] if head == 2 else _cardinal(head, inner=inner)
            # A place that is empty between them is told.
            gap = ["零"] if 0 < rest < scale // 10 else []
            return [*said, name, *gap, *(_cardinal(rest, inner=True) if rest else [])]
    return _under_10000(value, inner)


def _under_10000(value: int, inner: bool) -> list[str]:
    thousands, hundreds, rest = value // 1_000, value // 100 % 10, value % 100
    said = []
    if thousands:
        said.append(_THOUSANDS[thousands])
    if hundreds:
        said.append(_HUNDREDS[hundreds])
    elif thousands and rest >= 10:
        said.append("零")
    if rest:
        if rest < 10 and (thousands or hundreds):
            said.append("零")
        said.append(_INNER_TEENS[rest] if rest in _INNER_TEENS and (said or inner) else _UNDER_100[rest])
    return said or [_DIGITS[0]]
