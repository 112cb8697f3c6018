"""Steps of a random walk in which an agent asks somebody about a caller, or has them called into the talk."""

from __future__ import annotations

from ctid.model import events as ev
from sip_test_rig.simulated_pbx import SimulatedPbx


def ask_somebody(world: SimulatedPbx, contact_id: str) -> None:
    """The agent has ctid call somebody about their caller, and goes on from there in any way, or in several."""
    dice = world.random
    whom = dice.choice([{"agent": "bob"}, {"agent": "carol"}, {"number": "112"}, {"number": "112"}])
    world.request(ev.ConsultationRequested, contact_id=contact_id, dial=True, **whom)

    def go_on() -> None:
        known = [each.id for each in world.engine.state.consultations.values() if each.contact_id == contact_id]
        consultation_id = dice.choice(known or ["co-none"])
        match dice.randrange(10):
            case 0 | 1 | 2:
                world.request(ev.ConsultationCompleted, consultation_id=consultation_id)
            case 3 | 4 | 5:
                world.request(ev.ConferenceRequested, consultation_id=consultation_id)
            case 6:
                world.request(ev.ConsultationWithdrawn, consultation_id=consultation_id)
            case 7:
                world.request(ev.RetrieveRequested, contact_id=contact_id)
            case _:
                world.request(ev.AlternateRequested, consultation_id=consultation_id)

    for _ in range(dice.randrange(5)):
        world.later(0, 12_000, go_on)


def call_in(world: SimulatedPbx, contact_id: str) -> None:
    """The agent has people called into the talk, and some of them let go again."""
    dice = world.random

    def one_more() -> None:
        whom = dice.choice([{"agent": "bob"}, {"agent": "carol"}, {"number": "112"}])
        world.request(ev.PartyRequested, contact_id=contact_id, **whom)

    def one_less() -> None:
        legs = [leg.id for leg in world.engine.state.legs.values() if leg.contact_id == contact_id]
        world.request(ev.LegClearRequested, contact_id=contact_id, leg_id=dice.choice([*legs, "lg-none"]))

    def hush() -> None:
        legs = [leg.id for leg in world.engine.state.legs.values() if leg.contact_id == contact_id]
        world.request(ev.MuteRequested, contact_id=contact_id, leg_id=dice.choice([*legs, ""]), on=world.chance(0.6))

    for _ in range(1 + dice.randrange(3)):
        world.later(0, 5_000, one_more)
    for action in (one_less, hush):
        if world.chance(0.4):
            world.later(500, 15_000, action)
