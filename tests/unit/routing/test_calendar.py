"""Opening hours over the nights when clocks change, holidays, exceptions, midnight."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from ctid.model.instant import Instant
from ctid.routing.calendar import is_open
from ctid.routing.entry import choose_entry
from ctid.spec.calendar import CalendarSpec
from ctid.spec.destination import Destination
from ctid.spec.site import EntrySpec, SiteSpec

pytestmark = pytest.mark.unit

BERLIN = ZoneInfo("Europe/Berlin")


def utc(text: str) -> Instant:
    return Instant(0, round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000))


def berlin(text: str) -> Instant:
    return Instant(0, round(datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp() * 1000))


def calendar(**fields: object) -> CalendarSpec:
    return CalendarSpec.model_validate({"timezone": "Europe/Berlin", "hours": {}} | fields)


NIGHT = calendar(hours={"sun": ["02:30-03:30"]})


@pytest.mark.parametrize(
    ("at", "is_it"),
    [
        ("2026-03-29 00:59", False),  # 01:59 CET
        ("2026-03-29 01:00", True),  # 03:00 CEST: 02:30 never was, but the hour is inside
        ("2026-03-29 01:29:59.999", True),
        ("2026-03-29 01:30", False),
        ("2026-10-25 00:29", False),  # 02:29 CEST
        ("2026-10-25 00:30", True),  # 02:30 CEST
        ("2026-10-25 01:00", False),  # 02:00 CET, for the second time
        ("2026-10-25 01:30", True),  # 02:30 CET
        ("2026-10-25 02:29", True),
        ("2026-10-25 02:30", False),
    ],
)
def test_both_nights_when_clocks_change(at: str, is_it: bool) -> None:
    assert is_open(NIGHT, utc(at)) is is_it


@pytest.mark.parametrize(
    ("at", "is_it"),
    [
        ("2026-11-18 07:59:59.999", False),
        ("2026-11-18 08:00", True),
        ("2026-11-18 11:59:59.999", True),
        ("2026-11-18 12:00", False),
        ("2026-11-18 13:00", True),
        ("2026-11-21 10:00", False),  # a Saturday
        ("2026-11-22 23:59:59.999", True),  # a Sunday until 24:00
        ("2026-11-23 00:00", False),
        ("2026-12-25 10:00", False),  # a holiday
        ("2026-12-23 10:00", False),  # closed
        ("2026-12-24 08:30", False),  # an exception's own hours
        ("2026-12-24 09:30", True),
        ("2027-01-01 10:00", True),  # an exception goes before a holiday
    ],
)
def test_hours_holidays_and_exceptions(at: str, is_it: bool) -> None:
    office = calendar(
        hours={"mon-fri": ["08:00-12:00", "13:00-18:00"], "sun": ["20:00-24:00"]},
        holidays="DE-BE",
        closed=["2026-12-23"],
        exceptions={"2026-12-24": ["09:00-10:00"], "2027-01-01": ["00:00-00:00"]},
    )
    assert is_open(office, berlin(at)) is is_it


def test_a_subdivisions_holidays_are_its_own() -> None:
    womens_day = berlin("2027-03-08 10:00")
    everyday = {"mon-sun": ["00:00-24:00"]}
    assert is_open(calendar(hours=everyday, holidays="DE"), womens_day)
    assert not is_open(calendar(hours=everyday, holidays="DE-BE"), womens_day)


def test_the_first_entry_whose_whole_pattern_matches_is_chosen() -> None:
    def to(queue: str) -> Destination:
        return Destination(queue=queue)

    site = SiteSpec(
        site="s",
        country="DE",
        calendars={"never": calendar()},
        entries={
            "short": EntrySpec(dnis="10", open=to("a")),
            "shut": EntrySpec(dnis="1.0", calendar="never", open=to("a"), closed=to("b")),
            "rest": EntrySpec(dnis=r"\d+", open=to("c")),
        },
        queues={},
    )
    found = {dnis: choose_entry(site, dnis, NOON) for dnis in ("10", "100", "1000", "x", "")}
    places = {dnis: choice and (choice.entry, choice.open, choice.place) for dnis, choice in found.items()}
    assert places == {
        "10": ("short", True, "entries/short/open"),
        "100": ("shut", False, "entries/shut/closed"),
        "1000": ("rest", True, "entries/rest/open"),
        "x": None,
        "": None,
    }


NOON = berlin("2026-11-18 12:00")
