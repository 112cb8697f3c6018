"""Random walks through a simulated site: whatever happens in whatever order, the invariants hold at every event."""

from __future__ import annotations

from collections import Counter

import pytest

from ctid.model.commands import Note, Publish, Refuse, SetPhone
from ctid.model.events import ConfigLoaded
from ctid.model.states import Direction, Outcome
from sip_test_rig.invariants import is_own
from tests.properties.walks import walk

pytestmark = pytest.mark.properties


@pytest.mark.parametrize("first", range(0, 160, 40))
def test_nothing_that_happens_breaks_an_invariant(first: int) -> None:
    worlds = [walk(seed) for seed in range(first, first + 40)]
    outcomes = {outcome for world in worlds for outcome in world.watch.outcomes}
    assert sum(world.watch.connected for world in worlds) > 40, "the walks never reach a talk"
    assert outcomes >= {Outcome.HANDLED, Outcome.ABANDONED, Outcome.FAILED, Outcome.CALLBACK, Outcome.OVERFLOW}
    assert sum(world.customers.talked for world in worlds) > 0, "nobody is called back agent first"
    assert sum(world.customers.answered - world.customers.talked for world in worlds) > 0, "nor customer first"
    ways = {step.result for world in worlds for save in world.watch.records.values() for step in save.record.path}
    ends = {step.kind for world in worlds for save in world.watch.records.values() for step in save.record.path}
    assert ways >= {"closed", "overflow", "regained", "moved"}, "the walks never take some way out of a queue"
    assert ends >= {"number", "voicemail", "transfer", "message"}
    assert sum(world.transfers.fetched for world in worlds) > 0, "no desktop transfers"
    assert sum(world.transfers.sent_on for world in worlds) > 0, "no phone transfers without asking"
    assert sum(world.transfers.joined for world in worlds) > 0, "no phone transfers after a consultation"
    served = [save.record.segments for world in worlds for save in world.watch.records.values()]
    assert any(len(segments) > 1 for segments in served), "no contact is served by two"


@pytest.mark.parametrize("first", range(1_000, 1_080, 40))
def test_nothing_that_ctid_does_for_phones_breaks_an_invariant(first: int) -> None:
    worlds = [walk(seed, controlled=0.4) for seed in range(first, first + 40)]
    done = {
        name: sum(getattr(world.call_control, name) for world in worlds)
        for name in ("held", "reminded", "retrieved", "asked", "alternated", "called_in", "conferences")
    }
    assert min(done.values()) > 1, f"the walks reach too little: {done}"
    given = [part.result for world in worlds for save in world.watch.records.values() for part in save.record.segments]
    assert "transferred" in given
    assert sum(world.transfers.undelivered for world in worlds) > 0, "every number answers"


def test_nothing_that_takes_contacts_elsewhere_breaks_an_invariant() -> None:
    worlds = [walk(seed, diverted=0.4) for seed in range(2_000, 2_080)]
    records = [save.record for world in worlds for save in world.watch.records.values()]
    picked = {each.offer_id for record in records for each in record.decisions if each.trigger == "picked_up"}
    fate = Counter(each.state for record in records for each in record.offers if each.offer_id in picked)
    assert fate["accepted"] > 10, "nobody picks anything up"
    assert fate["canceled"] > 3, "and every phone works"
    causes = Counter(each.cause for record in records for each in record.offers)
    assert causes["deflected"] > 10, "nobody sends anything on"
    assert causes["sent_elsewhere"] > 0, "nor while it rings for somebody else, too"
    parked = [each for each in records if any(step.kind == "park" for step in each.path)]
    assert {"handled", "abandoned"} <= {each.outcome for each in parked}
    assert {each.segments[-1].result for each in parked} > {"parked"}, "nobody is ever fetched"
    assert sum(step.result == "returned" for each in parked for step in each.path) > 3, "everybody is fetched in time"
    deflected = [each for each in records if any(offer.cause == "deflected" for offer in each.offers)]
    assert {"handled", "abandoned", "transferred"} <= {each.outcome for each in deflected}


def test_nothing_that_supervisors_do_breaks_an_invariant() -> None:
    worlds = [walk(seed, steps=120, controlled=0.3, supervised=0.35) for seed in range(5_000, 5_080)]
    done = {
        name: sum(getattr(world.supervisors, name) for world in worlds) for name in ("heard", "took_part", "took_over")
    }
    assert min(done.values()) > 1, f"the walks reach too little: {done}"
    given = [part.result for world in worlds for save in world.watch.records.values() for part in save.record.segments]
    assert "taken_over" in given


def test_no_call_outside_the_acd_breaks_an_invariant() -> None:
    worlds = [walk(seed, controlled=0.15, called=0.4) for seed in range(2_000, 2_080)]
    done = {
        name: sum(getattr(world.phone_calls, name) for world in worlds) for name in ("made", "talked", "emergencies")
    }
    assert min(done.values()) > 3, f"the walks reach too little: {done}"
    records = [save.record for world in worlds for save in world.watch.records.values()]
    placed = [each for each in records if is_own(each)]
    assert {each.direction for each in placed} == set(Direction)
    assert {each.outcome for each in placed} >= {Outcome.HANDLED, Outcome.NOT_REACHED, Outcome.ABANDONED}
    assert any(each.visits for each in placed), "none is given to a queue"


def test_no_phone_that_is_not_to_ring_breaks_an_invariant() -> None:
    worlds = [walk(seed, controlled=0.25, diverted=0.1, called=0.1, forwarded=0.15) for seed in range(4_000, 4_040)]
    commands = [command for world in worlds for commands in world.outputs for command in commands]
    assert sum(isinstance(each, SetPhone) and each.calls == "dnd" for each in commands) > 10
    refused = [each.detail for each in commands if isinstance(each, Refuse)]
    assert any(each.endswith("is not to be disturbed") for each in refused), "nobody calls who is not to be disturbed"
    asked = [
        each.data["consultation"] for each in commands if isinstance(each, Publish) and "consultation" in each.type
    ]
    assert any(each["to_agent"] is None and each["number"] == "030123456" for each in asked), "nobody is forwarded"


def test_nothing_that_happens_in_flows_breaks_an_invariant() -> None:
    worlds = [walk(seed, flowing=0.45) for seed in range(3_000, 3_035)]
    worlds += [walk(seed, flowing=0.35, controlled=0.2, diverted=0.15, steps=80) for seed in range(3_100, 3_110)]
    done = {
        name: sum(getattr(world.flows, name) for world in worlds)
        for name in ("fetched", "lost", "keys", "cut_short", "decided")
    }
    assert min(done.values()) > 1, f"the walks reach too little: {done}"
    records = [save.record for world in worlds for save in world.watch.records.values()]
    steps = Counter((step.kind, step.result) for record in records for step in record.path)
    left = {result for kind, result in steps if kind == "left"}
    assert left >= {"left", "ended", "hung_up", "content", "back", "taken_back", "given_on", "lost"}, left
    fetched = {result for kind, result in steps if kind == "fetch"}
    assert fetched >= {"ok", "not_found", "timeout", "invalid", "sealed_lost"}, fetched
    assert min(steps[("record", "ok")], steps[("record", "failed")], steps[("confirm", "no")]) > 0
    notes = {
        command.detail
        for world in worlds
        for commands in world.outputs
        for command in commands
        if isinstance(command, Note) and command.code == "flow-lost"
    }
    assert "endless" in notes, notes
    surveyed = [record for record in records if "score" in record.attributes]
    assert {record.outcome for record in surveyed} > {Outcome.HANDLED}, "nobody goes on from a survey"
    versioned = [event for world in worlds for _, event in world.journal if isinstance(event, ConfigLoaded)]
    assert len(versioned) > 50, "nothing changes"


def test_a_busy_day_without_faults() -> None:
    world = walk(4711, faults=False, steps=1_000)
    assert world.watch.connected > 100
    assert len(world.watch.records) > 300
