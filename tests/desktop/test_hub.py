"""The hub: what it remembers of contacts ends with them."""

from __future__ import annotations

import pytest

from ctid.desktop.stream.hub import Hub
from ctid.model.commands import Publish
from ctid.model.instant import Instant
from ctid.telemetry.metrics import Metrics


@pytest.mark.parametrize(
    "afterwards", ["recording.finished", "recording.failed", "voicemail.left"], ids=lambda type_: type_
)
def test_what_is_told_of_a_contact_after_its_end_has_it_remembered_no_more(afterwards: str) -> None:
    hub, seq = Hub("demo", "e1", 10, Metrics("test")), 0
    for number in range(100):
        for type_, queue in (
            ("contact.created", ""),
            ("contact.queued", "sales"),
            ("recording.started", "sales"),
            ("contact.closed", "sales"),
            (afterwards, "sales"),
        ):
            seq += 1
            told = {"contact_id": f"ct-{number}", "queue": queue}
            hub.publish(Publish(seq=seq, at=Instant(seq, seq), type=type_, agent_ids=["alice"], data={}, **told))
    assert hub._queues == {}
