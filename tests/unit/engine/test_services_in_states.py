"""Every service in every state: done where it is allowed, refused with a reason and nothing changed everywhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from ctid.model import commands as cmd
from tests.unit.engine.services import SERVICES, STATES, Service, ask, site_in, subject, table

PAGE = Path(__file__).parents[3] / "docs" / "call-control.md"


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.csta)
def test_it_is_done_exactly_where_it_is_allowed(service: Service, state: str) -> None:
    site = site_in(state)
    _, allowed = subject(site, service)
    before = site.engine.snapshot()
    answer = ask(site, service)
    if service.action in allowed:
        assert isinstance(answer, cmd.Accept), answer
        assert len(site.out) > 1, "nothing comes of it"
    else:
        assert isinstance(answer, cmd.Refuse), f"{service.action} is done, though not among {allowed}"
        assert answer.code in ("conflict", "not-found")
        assert answer.detail
        assert site.engine.snapshot() == before


def test_every_service_may_be_asked_somewhere_and_every_talk_can_be_ended() -> None:
    sites = {state: site_in(state) for state in STATES}
    for service in SERVICES:
        assert any(service.action in subject(site, service)[1] for site in sites.values()), service.csta
    for state, site in sites.items():
        contact = next(iter(site.engine.state.contacts.values()), None)
        if contact is not None and contact.agent_id and contact.connected_at is not None and contact.ended_at is None:
            assert "hang_up" in subject(site, SERVICES[-1])[1], state


def test_the_page_shows_the_table() -> None:
    page = PAGE.read_text(encoding="utf-8")
    lines = "\n".join(table())
    assert lines in page, f"docs/call-control.md holds another table; it is:\n{lines}"
