"""Webhooks in the configuration: what is refused, and with which words; every event's type is known."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import pytest

from ctid.desktop.stream.event_types import EVENT_TYPES as DESCRIBED
from ctid.errors import ConfigError
from ctid.model.event_types import EVENT_TYPES
from ctid.spec.loader import load_config
from ctid.spec.webhook import WebhookSpec, fits

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[3]
DEMO = ROOT / "config" / "demo"
SECRET = "whsec_" + base64.b64encode(b"demo-only-key-of-the-config-test").decode()
GOOD = {"url": "https://crm.example.org/hooks?t=1", "secret": SECRET, "events": ["contact.*", "offer.created"]}


def faults(tmp_path: Path, **webhook: Any) -> list[str]:
    """What is said of the demo with this webhook."""
    for file in DEMO.glob("*.yaml"):
        (tmp_path / file.name).write_text(file.read_text())
    lines = [f"    {key}: {value!r}" for key, value in webhook.items()]
    (tmp_path / "webhooks.yaml").write_text("\n".join(["webhooks:", "  crm:", *lines]) + "\n")
    try:
        load_config(tmp_path)
    except ConfigError as error:
        return [fault.removeprefix(f"{tmp_path}/") for fault in error.faults]
    return []


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"url": "http://127.0.0.1:9000/"},
        {"url": "http://127.9.9.9/"},
        {"url": "http://[::1]:9000/"},
        {"url": "http://localhost/x"},
        {"url": "http://crm.example.org/", "allow_plain_http": True},
        {"events": ["*"]},
        {"queues": ["sales"]},
        {"previous_secret": SECRET},
    ],
)
def test_what_can_be_used(tmp_path: Path, change: dict[str, Any]) -> None:
    assert faults(tmp_path, **{**GOOD, **change}) == []


@pytest.mark.parametrize(
    ("change", "line", "said"),
    [
        ({"url": "http://crm.example.org/"}, 2, "beyond this machine; use https://, or say allow_plain_http: true"),
        ({"url": "ftp://crm.example.org/"}, 2, "none of https://host/path"),
        ({"url": "https:///hooks"}, 2, "none of https://host/path"),
        ({"url": "https://user:pass@crm.example.org/"}, 2, "the signature tells who we are"),
        ({"url": "https://crm.example.org/#x"}, 2, "fragment"),
        ({"url": "https://crm.example.org:99999/"}, 2, "cannot be read"),
        ({"secret": "short"}, 4, "give whsec_ and 24 to 64 random bytes in base64"),
        ({"secret": "whsec_AAAA"}, 4, "24 to 64 random bytes"),
        ({"secret": "whsec_!!!"}, 4, "24 to 64 random bytes"),
        ({"secret": "env:CTID_NO_SUCH_SECRET"}, 4, "no variable CTID_NO_SUCH_SECRET"),
        ({"events": []}, 5, "at least 1 item"),
        ({"events": ["contact.close"]}, 5, "no event is like 'contact.close'"),
        ({"events": ["queue.stats"]}, 5, "no event is like 'queue.stats'"),
        ({"events": ["con*"]}, 5, "no event is like 'con*'"),
        ({"queues": ["nowhere"]}, 6, "there is no queue 'nowhere'"),
        ({"timeout_seconds": 0}, 6, "greater than 0"),
        ({"timeout": 5}, 6, "is not known here"),
    ],
)
def test_what_is_refused_and_where(tmp_path: Path, change: dict[str, Any], line: int, said: str) -> None:
    (fault,) = faults(tmp_path, **{**GOOD, **change})
    assert said in fault
    assert fault.startswith("webhooks.yaml:")
    assert int(fault.split(":")[1]) <= line
    assert "demo-only" not in fault
    assert SECRET not in fault


def test_secrets_do_not_show() -> None:
    spec = WebhookSpec.model_validate(GOOD)
    assert SECRET not in repr(spec)


@pytest.mark.parametrize(
    ("pattern", "type_", "meant"),
    [
        ("*", "contact.closed", True),
        ("contact.*", "contact.closed", True),
        ("contact.closed", "contact.closed", True),
        ("contact.*", "contactless.x", False),
        ("contact.close", "contact.closed", False),
        ("offer.*", "contact.closed", False),
    ],
)
def test_patterns(pattern: str, type_: str, meant: bool) -> None:
    assert fits(pattern, type_) is meant


def test_every_type_that_the_engine_publishes_is_known() -> None:
    families = "|".join(sorted({known.partition(".")[0] for known in EVENT_TYPES}))
    said: set[str] = set()
    for module in (ROOT / "ctid" / "engine").rglob("*.py"):
        said |= set(re.findall(rf'"((?:{families})\.[a-z_]+)"', module.read_text(encoding="utf-8")))
    # A phrase of an explanation, and a name in templates of links.
    said -= {"offer.pending", "contact.id"}
    assert said - EVENT_TYPES == set()
    assert len(said) > 25


def test_every_type_that_is_described_is_known() -> None:
    described = {known.name for known in DESCRIBED}
    assert described - {"queue.stats"} <= EVENT_TYPES
