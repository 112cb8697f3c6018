"""Who gets whom."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctid.acd.eligibility import Candidate, Hindrance, excluded, unavailable, unfit
from ctid.acd.matching import Waiting, match
from ctid.model.agent import Agent
from ctid.model.contact import Contact
from ctid.model.instant import Instant
from ctid.model.states import AgentState
from ctid.spec.agent import AgentSpec
from ctid.spec.requirement import StepSpec

pytestmark = pytest.mark.unit

NOW = Instant(100_000, 0)
STEP = StepSpec(skills={"sales": 5})


def candidate(name: str = "alice", level: int = 5, **fields: object) -> Candidate:
    agent = Agent(id=name, state=AgentState.READY, since=NOW, idle_since_ms=0)
    for key, value in fields.items():
        setattr(agent, key, value)
    spec = AgentSpec(name=name, device="PJSIP/1", pbx="main", skills={"sales": level})
    return Candidate(agent, spec, reachable=True)


def contact(seq: int = 1, priority: int = 0, queued: int = 0) -> Contact:
    return Contact(id=f"ct{seq}", seq=seq, created_at=NOW, place_ms=1 + queued, priority=priority)


@pytest.mark.parametrize(
    ("fields", "hindrance"),
    [
        ({}, None),
        ({"state": AgentState.NOT_READY}, Hindrance.STATE),
        ({"offer_id": "of"}, Hindrance.RESERVED),
        ({"desktop_lost_ms": 5}, Hindrance.DESKTOP),
        ({"backoff_until_ms": 100_001}, Hindrance.BACKOFF),
        ({"backoff_until_ms": 100_000}, None),
    ],
    ids=str,
)
def test_why_an_agent_takes_nothing(fields: dict[str, object], hindrance: Hindrance | None) -> None:
    assert unavailable(candidate(**fields), NOW) == hindrance


def test_a_phone_that_cannot_be_reached() -> None:
    assert unavailable(candidate()._replace(reachable=False), NOW) is Hindrance.DEVICE


def test_why_an_agent_does_not_take_this_contact() -> None:
    assert unfit(candidate(), "main", STEP) is None
    assert unfit(candidate(), "other", STEP) is Hindrance.PBX
    assert unfit(candidate(level=4), "main", STEP) is Hindrance.SKILL
    waiting = contact()
    assert excluded(candidate(), waiting, NOW) is None
    waiting.excluded["alice"] = 100_000
    assert excluded(candidate(), waiting, NOW) is None
    waiting.excluded["alice"] = 100_001
    assert excluded(candidate(), waiting, NOW) is Hindrance.EXCLUDED


@given(
    contacts=st.lists(
        st.tuples(st.integers(-2, 2), st.integers(0, 3), st.integers(1, 4), st.sets(st.integers(0, 7))), max_size=8
    ),
    agents=st.lists(st.tuples(st.integers(0, 3), st.integers(1, 4)), max_size=8),
)
def test_matching_is_fair_and_leaves_nobody(
    contacts: list[tuple[int, int, int, set[int]]], agents: list[tuple[int, int]]
) -> None:
    steps = {level: StepSpec(skills={"sales": level}) for level in range(1, 5)}
    waiting = [
        Waiting(contact(seq, priority, queued), "main", steps[level])
        for seq, (priority, queued, level, _) in enumerate(contacts)
    ]
    for each, (*_, kept_from) in zip(waiting, contacts, strict=True):
        each.contact.excluded = {f"a{n}": NOW.mono_ms + 1 for n in kept_from}
    free = [candidate(f"a{n}", level, idle_since_ms=idle) for n, (idle, level) in enumerate(agents)]
    found = list(match(waiting, free, NOW))
    served = {pair.contact.id: pair.candidate for pair in found}
    taken = [pair.candidate.agent.id for pair in found]
    assert len(taken) == len(set(taken))
    assert len(served) == len(found)
    left = [each for each in free if each.agent.id not in taken]
    for each in waiting:
        able = [
            other
            for other in left
            if unfit(other, "main", each.step) is None and excluded(other, each.contact, NOW) is None
        ]
        if each.contact.id not in served:
            assert not able, "a free agent and a contact they may serve are both left"
        elif able:
            chosen = served[each.contact.id].agent
            assert all((chosen.idle_since_ms, chosen.id) < (o.agent.idle_since_ms, o.agent.id) for o in able)
    order = [pair.contact for pair in found]
    assert order == sorted(order, key=lambda c: (-c.priority, c.place_ms, c.seq))
