"""Readers: what a person understands of a number that is said; made independently of what says it."""

from __future__ import annotations

from collections.abc import Sequence

_ENGLISH_ONES = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50,
    "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
_ENGLISH_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}


def english(phrases: Sequence[str]) -> int:
    words = " ".join(phrases).replace("-", " ").split()
    sign = 1
    if words[0] == "minus":
        sign, words = -1, words[1:]
    total = group = 0
    for word in words:
        if word == "hundred":
            group *= 100
        elif word in _ENGLISH_SCALES:
            total, group = total + group * _ENGLISH_SCALES[word], 0
        else:
            group += _ENGLISH_ONES[word]
    return sign * (total + group)


def chinese(phrases: Sequence[str]) -> int:
    text = "".join(phrases)
    if text.startswith("负"):
        return -chinese([text[1:]])
    for mark, scale in (("亿", 10**8), ("万", 10**4), ("千", 1_000), ("百", 100), ("十", 10)):
        head, found, rest = text.rpartition(mark)
        if found:
            return (chinese([head]) if head.strip("零") else 1) * scale + (chinese([rest]) if rest else 0)
    text = text.lstrip("零") or "零"
    return {"两": 2}.get(text) or "零一二三四五六七八九".index(text)
