"""Events kept for desktops that come back: the index finds what a look through all of them finds."""

from __future__ import annotations

import random

import pytest

from ctid.desktop.stream.audience import Audience
from ctid.desktop.stream.frames import EventMessage
from ctid.desktop.stream.recent import Recent
from ctid.desktop.topics import Topic
from ctid.model.commands import Publish
from ctid.model.instant import Instant

_TYPES = ["contact.created", "agent.state_changed", "offer.created", "config.loaded", "pbx.up"]
_MOST = 200


def _team_of(agent_id: str) -> str:
    return "even" if int(agent_id[1:]) % 2 == 0 else "odd"


def _message(chance: random.Random, seq: int) -> EventMessage:
    agent_ids = [f"a{chance.randrange(6)}" for _ in range(chance.randrange(3))]
    publish = Publish(
        seq=seq, at=Instant(seq, seq), type=chance.choice(_TYPES), agent_ids=agent_ids, contact_id="c", data={}
    )
    return EventMessage(publish, "site", "epoch", frozenset({chance.choice(["sales", "support"])}))


@pytest.mark.parametrize("agent_id", ["", "a1", "a4", "never"])
@pytest.mark.parametrize(
    "audience",
    [
        Audience(frozenset({Topic.OWN, Topic.QUEUES, Topic.SITE}), False, frozenset(), frozenset()),
        Audience(frozenset({Topic.OWN}), False, frozenset(), frozenset()),
        Audience(frozenset(Topic), True, frozenset(), frozenset()),
        Audience(frozenset(Topic), True, frozenset({"sales"}), frozenset({"even"})),
    ],
    ids=["agent", "agent without site", "sees all", "sees a team and its queue"],
)
def test_what_was_missed_is_what_a_look_through_all_events_finds(audience: Audience, agent_id: str) -> None:
    chance, recent = random.Random(7), Recent(_MOST)
    messages = [_message(chance, seq) for seq in range(1, 1_001)]
    for message in messages:
        recent.add(message)
    kept = messages[-_MOST:]
    assert list(recent) == kept
    assert (recent.first, recent.last) == (801, 1_000)
    for seq in (800, 801, 900, 999, 1_000):
        expected = [
            message
            for message in kept
            if message.seq > seq and (audience.hears(message, _team_of) or agent_id in message.agent_ids)
        ]
        assert recent.since(seq, audience, agent_id, _team_of) == expected


def test_nothing_is_kept_of_an_agent_whose_events_were_all_dropped() -> None:
    recent = Recent(2)
    chance = random.Random(3)
    for seq in range(1, 50):
        recent.add(_message(chance, seq))
    assert set(recent._own) == {agent_id for message in recent for agent_id in message.agent_ids}
