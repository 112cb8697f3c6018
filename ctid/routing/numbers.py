"""Telephone numbers to E.164, as far as the site's country tells what they mean."""

from __future__ import annotations

from functools import lru_cache

import phonenumbers


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
