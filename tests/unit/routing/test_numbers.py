"""Numbers to E.164, as far as the site's country tells what they mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctid.routing.numbers import dialable, is_blocked, to_e164

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


@pytest.mark.parametrize(
    ("number", "dialled"),
    [
        ("030 123456", "+4930123456"),
        ("+49 30 123456", "+4930123456"),
        ("+12025550100", "+12025550100"),
        ("0900 1 123456", ""),
        ("+49 180 5 123456", ""),
        ("110", ""),
        ("2001", ""),
        ("", ""),
        ("anonymous", ""),
        ("+4930123456@evil", ""),
        ("+49;30", ""),
        ("PJSIP/1001", ""),
    ],
)
def test_only_whole_numbers_are_dialled_and_none_that_costs_extra(number: str, dialled: str) -> None:
    assert dialable(number, "DE") == dialled


@given(st.text(alphabet="+0123456789 @;,&|/$(){}-xPJSI٠", max_size=40))
def test_nothing_but_digits_and_a_plus_reaches_a_dial_string(number: str) -> None:
    assert set(dialable(number, "DE")) <= set("+0123456789")


@pytest.mark.parametrize(
    ("number", "prefix", "blocked"),
    [
        ("+49 900 1 123456", "0900", True),
        ("09001123456", "+49900", True),
        ("+12025550100", "00", True),
        ("+12025550100", "001202", True),
        ("+4930123456", "00", False),
        ("+4930123456", "0900", False),
        ("2001", "2", True),
        ("2001", "02", False),
    ],
)
def test_a_number_is_blocked_however_it_is_written(number: str, prefix: str, blocked: bool) -> None:
    assert is_blocked(number, "DE", [prefix]) == blocked
