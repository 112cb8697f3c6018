"""Which numbers call an emergency service: those of a country, and those that a site adds."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from phonenumbers import shortnumberinfo
from phonenumbers.phonemetadata import PhoneMetadata


@lru_cache(maxsize=16)
def of_country(country: str) -> tuple[str, ...]:
    """All emergency numbers of a country, by its numbering plan; in order.

    Args:
        country: ISO 3166 code.
    """
    metadata = PhoneMetadata.short_metadata_for_region(country)
    if metadata is None or metadata.emergency is None:
        return ()
    lengths = metadata.emergency.possible_length
    candidates = (f"{number:0{length}}" for length in lengths for number in range(10**length))
    return tuple(each for each in candidates if shortnumberinfo.is_emergency_number(each, country))


def is_emergency(number: str, country: str, more: Iterable[str]) -> bool:
    """Whether the number, just as it is dialled, is one.

    Exactly so: a longer number that only begins like one is an extension, say.

    Args:
        number: As dialled.
        country: ISO 3166 code.
        more: Numbers that the site adds.
    """
    return number in more or shortnumberinfo.is_emergency_number(number, country)
