"""Agents' skills and queues changed while running."""

from __future__ import annotations

from typing import Any

import pytest

from ctid.model import commands as cmd
from ctid.model import events as ev
from tests.unit.site import SPEC, Site, changed

pytestmark = pytest.mark.unit


@pytest.fixture
def site() -> Site:
    return Site()


def change(site: Site, agent_id: str = "bob", **fields: Any) -> list[cmd.Command]:
    return site.request(ev.AgentProfileSet, agent_id=agent_id, **fields)


def test_a_skill_given_while_a_contact_waits_has_it_offered_at_once(site: Site) -> None:
    site.ready("bob")
    site.call()
    assert site.all(cmd.RingAgent) == []
    change(site, skills={"sales": 5})
    assert site.published()[0] == "agent.updated"
    assert site.only(cmd.RingAgent).device == "PJSIP/1002"
    view = site.only(cmd.Accept).result["agent"]
    assert (view["skills"], view["live_changes"]) == ({"sales": 5}, ["skills"])


def test_it_is_kept_over_reloads_and_restarts_and_taken_back(site: Site) -> None:
    change(site, skills={"sales": 5})
    site.give(ev.ConfigLoaded(spec=SPEC))
    site.engine = type(site.engine).restore(site.engine.snapshot())
    site.give(ev.SiteStarted(site="demo", epoch="e2", release="0"))
    assert site.agent("bob").skills == {"sales": 5}
    change(site, skills=None)
    view = site.only(cmd.Accept).result["agent"]
    assert (view["skills"], view["live_changes"]) == ({"sales": 2}, [])


def test_a_skill_taken_away_is_no_longer_served(site: Site) -> None:
    site.ready("alice")
    change(site, "alice", skills={"sales": None})
    site.call()
    site.wait(60)
    assert not site.contact().offer_ids
    assert site.agent("alice").skills == {}


def test_queues_are_merged_with_those_that_count_now(site: Site) -> None:
    change(site, queues={"sales": {"priority": 5}})
    assert site.agent("bob").queues == {
        "sales": {"priority": 5, "delay_seconds": 0},
        "support": {"priority": 0, "delay_seconds": 0},
    }
    change(site, queues={"support": None})
    assert site.only(cmd.Accept).result["agent"]["queues"] == {"sales": {"priority": 5, "delay_seconds": 0}}
    change(site, queues=None)
    assert site.agent("bob").queues is None


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"agent_id": "nobody", "skills": {}}, "not-found"),
        ({"skills": {"cooking": 3}}, "request-invalid"),
        ({"skills": {"sales": 11}}, "request-invalid"),
        ({"skills": {"sales": 0}}, "request-invalid"),
        ({"queues": {"kitchen": {}}}, "request-invalid"),
        ({"queues": {"sales": {"priority": 0.5}}}, "request-invalid"),
        ({"queues": {"sales": {"delay": 1}}}, "request-invalid"),
        ({"queues": {"sales": None, "support": None}}, "request-invalid"),
        ({"skills": {"sales": 3}, "if_version": 99}, "version-mismatch"),
    ],
    ids=str,
)
def test_what_does_not_fit_the_site_is_refused_and_changes_nothing(
    site: Site, fields: dict[str, Any], code: str
) -> None:
    before = site.engine.snapshot()
    (refusal,) = change(site, **fields)
    assert isinstance(refusal, cmd.Refuse)
    assert refusal.code == code
    assert site.engine.snapshot() == before


def test_somebody_who_was_removed_has_no_profile(site: Site) -> None:
    site.connected()
    site.give(ev.ConfigLoaded(spec=changed("agents/alice", None)))
    change(site, "alice", skills={"sales": 1})
    assert site.only(cmd.Refuse).code == "conflict"


def test_the_same_again_changes_nothing(site: Site) -> None:
    change(site, skills={"sales": 5})
    version = site.agent("bob").version
    change(site, skills={"sales": 5})
    assert [type(each) for each in site.out] == [cmd.Accept]
    assert site.agent("bob").version == version
