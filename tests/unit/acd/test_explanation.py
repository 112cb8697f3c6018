"""What agents lack, who comes nearest, and who goes before whom, against plain looking at everybody."""

from __future__ import annotations

import pytest

from ctid.acd.eligibility import Candidate, unfit
from ctid.acd.explanation import Lack, ahead, lacking, nearest
from ctid.acd.line import LineKey, able_to_serve
from ctid.acd.needs import Need
from ctid.acd.roster import Roster, numbers
from ctid.spec.agent import AgentSpec
from tests.unit.acd.test_floor import Walk

pytestmark = pytest.mark.unit

SALES_5 = Need(skills=(("sales", 5),))
ENGLISH_3 = Need(skills=(("english", 3),))
RED = Need(groups=("red",))


def key(*needs: Need, delay_ms: int = 0) -> LineKey:
    return LineKey("voice", "main", "q1", delay_ms, needs)


def profile(**fields: object) -> AgentSpec:
    return AgentSpec.model_validate({"name": "x", "device": "PJSIP/1", "pbx": "main", **fields})


@pytest.mark.parametrize(
    ("fields", "asked", "lacks"),
    [
        ({"skills": {"sales": 5}}, key(SALES_5), []),
        ({"skills": {"sales": 3}}, key(SALES_5), [Lack("skill", ("sales",), 5, 3)]),
        ({}, key(SALES_5), [Lack("skill", ("sales",), 5, 0)]),
        ({"pbx": "other"}, key(Need()), [Lack("pbx", ("main",))]),
        ({"queues": {"q2": {}}}, key(Need()), [Lack("queue", ("q1",))]),
        ({"queues": {"q1": {"delay_seconds": 20}}}, key(Need(), delay_ms=5), [Lack("delay", (), 20_000, 5)]),
        ({"queues": {"q1": {"delay_seconds": 20}}}, key(Need(), delay_ms=20_000), []),
        ({}, key(RED), [Lack("groups", ("red",))]),
        ({}, key(Need(agents=("bob", "carol"))), [Lack("agents", ("bob", "carol"))]),
        ({}, key(Need(vacant=True)), [Lack("vacant")]),
        ({"groups": ["red"]}, key(Need(none=(RED,))), [Lack("none", need=RED)]),
        ({}, key(Need(none=(RED,))), []),
        ({}, key(Need(all=(SALES_5, RED))), [Lack("skill", ("sales",), 5, 0), Lack("groups", ("red",))]),
        # Of several that would do, the one they come nearest to.
        ({}, key(SALES_5, ENGLISH_3), [Lack("skill", ("english",), 3, 0)]),
        ({"skills": {"sales": 4}}, key(SALES_5, ENGLISH_3), [Lack("skill", ("sales",), 5, 4)]),
        ({}, key(Need(any=(RED, SALES_5))), [Lack("skill", ("sales",), 5, 0)]),
        (
            {"pbx": "other", "queues": {"q2": {}}, "skills": {"sales": 1}},
            key(SALES_5),
            [Lack("pbx", ("main",)), Lack("queue", ("q1",)), Lack("skill", ("sales",), 5, 1)],
        ),
    ],
)
def test_what_an_agent_lacks(fields: dict[str, object], asked: LineKey, lacks: list[Lack]) -> None:
    assert lacking("alice", profile(**fields), asked) == lacks


@pytest.mark.parametrize("seed", range(30))
def test_who_lacks_nothing_is_able_and_nobody_else(seed: int) -> None:
    walk = Walk(seed, agents=12)
    for number in range(40):
        asked = walk.asking("c", number).key
        able = able_to_serve(asked, walk.floor.roster)
        for agent_id, each in walk.profiles.items():
            lacks = lacking(agent_id, each, asked)
            assert (not lacks) == (unfit(Candidate(walk.agents[agent_id], each, True), asked) is None)
            assert (not lacks) == bool(able & walk.floor.roster.bits[agent_id])


def test_who_lacks_fewest_levels_comes_first_and_those_who_cannot_learn_it_last() -> None:
    roster = Roster(
        {
            "far": profile(skills={"sales": 1}),
            "elsewhere": profile(skills={"sales": 9}, pbx="other"),
            "near": profile(skills={"sales": 4}),
            "new": profile(),
            "able": profile(skills={"sales": 5}),
        }
    )
    others = roster.everybody & ~able_to_serve(key(SALES_5), roster)
    assert nearest(key(SALES_5), roster, others, 20) == ["near", "far", "new", "elsewhere"]
    assert nearest(key(SALES_5), roster, others, 2) == ["near", "far"]
    assert nearest(key(SALES_5), roster, 0, 20) == []
    # Not being in a group cannot be made up for.
    roster = Roster({"red": profile(groups=["red"]), "sold": profile(skills={"sales": 4})})
    asked = key(Need(skills=(("sales", 5),), groups=("red",)))
    assert nearest(asked, roster, roster.everybody, 20) == ["red", "sold"]


@pytest.mark.parametrize("seed", range(15))
def test_those_ahead_are_those_who_go_first_at_some_agent(seed: int) -> None:
    walk = Walk(seed, agents=10)
    for number in range(25):
        walk.wait(f"c{number}", number)
    roster, point_ms = walk.floor.roster, round(walk.site.policy.priority_seconds * 1000)
    counted = 0
    for asking in walk.waiting.values():
        able = able_to_serve(asking.key, roster)

        def place(queue: str, agent_id: str, at: int) -> int:
            queues = walk.profiles[agent_id].queues
            return at - (queues[queue].priority * point_ms if queues else 0)

        first = [
            other
            for other in walk.waiting.values()
            if other is not asking
            and any(
                (place(other.key.queue, agent_id, other.waiting.place), other.waiting.seq)
                < (place(asking.key.queue, agent_id, asking.waiting.place), asking.waiting.seq)
                for agent_id in (roster.ids[n] for n in numbers(able & able_to_serve(other.key, roster)))
            )
        ]
        assert ahead(walk.floor, asking.key, asking.waiting, able, point_ms) == len(first)
        counted += len(first)
    assert counted > 20
