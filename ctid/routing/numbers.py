"""Telephone numbers to E.164, as far as the site's country tells what they mean."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import phonenumbers

_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)

_COSTLY: Final = (phonenumbers.PhoneNumberType.PREMIUM_RATE, phonenumbers.PhoneNumberType.SHARED_COST)
"""Whoever may have us dial a number of these kinds may earn by it."""


@lru_cache(maxsize=10_000)
def to_e164(number: str, country: str) -> str:
    """The number in E.164 (ITU-T) form where it is one, else as received (an internal extension, say).

    A number with its country code need only be possible. One without must be valid in the site's country: short
    internal extensions are possible numbers of many countries.

    Args:
        number: As the PBX gave it; empty if withheld.
        country: ISO 3166 code that a number without a country code belongs to.
    """
    try:
        parsed = phonenumbers.parse(number, country)
    except phonenumbers.NumberParseException:
        return number
    fits = phonenumbers.is_possible_number if number.strip().startswith("+") else phonenumbers.is_valid_number
    if not fits(parsed):
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


@lru_cache(maxsize=10_000)
def dialable(number: str, country: str) -> str:
    """The number in E.164 form if ctid may dial it: ``+`` and digits only, and none that costs extra; else empty.

    Args:
        number: As somebody gave it.
        country: ISO 3166 code that a number without a country code belongs to.
    """
    normal = to_e164(number, country)
    if not _E164.fullmatch(normal):
        return ""
    return "" if phonenumbers.number_type(phonenumbers.parse(normal)) in _COSTLY else normal


@lru_cache(maxsize=10_000)
def writings(number: str, country: str) -> tuple[str, ...]:
    """The number as given, and all other ways in which it is dialled from the country; the first is the one given.

    Args:
        number: As somebody gave it.
        country: ISO 3166 code of where it is dialled, to which a number without a country code belongs.
    """
    normal = to_e164(number, country)
    if not _E164.fullmatch(normal):
        return (number,)
    parsed = phonenumbers.parse(normal)
    from_here = phonenumbers.format_out_of_country_calling_number(parsed, country)
    return number, normal, re.sub(r"[^0-9*#+]", "", from_here)


def is_blocked(number: str, country: str, prefixes: Iterable[str]) -> bool:
    """Whether the number begins like one of these, in whichever of its writings.

    Args:
        number: As somebody gave it.
        country: See ``writings``.
        prefixes: Of numbers that are not to be dialled.
    """
    return any(each.startswith(prefix) for prefix in prefixes for each in writings(number, country))
