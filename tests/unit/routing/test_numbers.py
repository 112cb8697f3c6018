"""Numbers to E.164, as far as the site's country tells what they mean."""

from __future__ import annotations

import pytest

from ctid.routing.numbers import to_e164

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("received", "country", "number"),
    [
        ("030 123456", "DE", "+4930123456"),
        ("004930123456", "DE", "+4930123456"),
        ("+49 (30) 123456", "DE", "+4930123456"),
        ("tel:+4930123456", "DE", "+4930123456"),
        ("02079460018", "GB", "+442079460018"),
        ("011442079460018", "US", "+442079460018"),
        ("1001", "DE", "1001"),
        ("100", "DE", "100"),
        ("112", "DE", "112"),
        ("+1", "DE", "+1"),
        ("", "DE", ""),
        ("anonymous", "DE", "anonymous"),
        ("12345678901234567890", "DE", "12345678901234567890"),
        ("x" * 300, "DE", "x" * 300),
    ],
)
def test_numbers(received: str, country: str, number: str) -> None:
    assert to_e164(received, country) == number
