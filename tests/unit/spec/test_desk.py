"""Links, thresholds, phone book: what is refused, and how that is told."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from ctid.spec.desk import PLACEHOLDERS, LinkSpec
from ctid.spec.site import SiteSpec
from tests.unit.site import changed

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "url",
    [
        "https://crm.example/customers/{customer.id}",
        "http://10.0.0.7:8080/?n={ani}&d={dnis}&c={contact.id}&o={attributes.order-no}",
        "https://[2001:db8::7]/x",
        "https://crm.example?q={ani}",
        "https://crm.example/#/c/{customer.id}",
    ],
)
def test_a_link_is_a_page_of_the_web_with_known_placeholders(url: str) -> None:
    parts = LinkSpec(name="CRM", url=url).parts
    assert "".join(f"{{{part}}}" if number % 2 else part for number, part in enumerate(parts)) == url


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("https://crm.example/{customer}", "there is no placeholder {customer}; there is: {ani}, {dnis}"),
        ("https://crm.example/{customer.name}", "there is no placeholder {customer.name}"),
        ("https://crm.example/{attributes.}", "there is no placeholder {attributes.}"),
        ("https://crm.example/{}", "there is no placeholder {}"),
        ("https://crm.example/{ani", "holds a brace without its counterpart"),
        ("https://crm.example/{{ani}}", "holds a brace without its counterpart"),
        ("javascript:alert({ani})", "write http:// or https://"),
        ("//crm.example/{ani}", "write http:// or https://"),
        ("https://{attributes.host}/x", "a host without placeholders"),
        ("https://crm.example{attributes.rest}", "a host without placeholders"),
        ("https://user@crm.example/", "a host without placeholders"),
        ("https://crm.example/a b", "percent-encode them"),
        ("https://crm.example/\n", "percent-encode them"),
        ('https://crm.example/"', "percent-encode them"),
    ],
)
def test_other_links_are_refused_with_what_would_be_right(url: str, fault: str) -> None:
    with pytest.raises(ValidationError) as caught:
        LinkSpec(name="CRM", url=url)
    assert fault in str(caught.value)


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        ("queues/sales/thresholds", {"waiting": {"warn": 5, "alarm": 4}}, "alarm is less than warn"),
        ("queues/sales/thresholds", {"service_level_percent": {"warn": 60, "alarm": 80}}, "alarm is more than warn"),
        ("queues/sales/thresholds", {"service_level_percent": {"warn": 101, "alarm": 80}}, "less than or equal to 100"),
        ("queues/sales/thresholds", {"talking": {"warn": 1, "alarm": 2}}, "Extra inputs are not permitted"),
        ("queues/sales/service_level_percent", 0, "greater than 0"),
        ("queues/sales/script", "x" * 4_001, "at most 4000 characters"),
        ("phone_book", [{"name": "Taxi", "number": "030 202020"}], "String should match pattern"),
    ],
)
def test_faults_of_queues_and_phone_book_are_told(path: str, value: Any, fault: str) -> None:
    with pytest.raises(ValidationError) as caught:
        SiteSpec.model_validate(changed(path, value))
    assert fault in str(caught.value)


def test_the_page_shows_a_configuration_that_loads() -> None:
    page = (Path(__file__).parents[3] / "docs" / "desk-data.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    shown = yaml.safe_load(example)
    site = SiteSpec.model_validate({"site": "demo", "country": "DE", "skills": ["sales"], "entries": {}, **shown})
    assert {f"{{{name}}}" for name in PLACEHOLDERS} <= set(re.findall(r"`(\{[^`]*\})`", page))
    assert site.queues["sales"].thresholds.model_dump(exclude_none=True) == shown["queues"]["sales"]["thresholds"]
