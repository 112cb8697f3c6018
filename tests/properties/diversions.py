"""Steps of a random walk in which somebody takes a contact elsewhere than ctid would."""

from __future__ import annotations

from ctid.model import events as ev
from ctid.model.states import WAITING
from sip_test_rig.simulated_pbx import SimulatedPbx

AGENTS = ("alice", "bob", "carol", "nobody")


def divert(world: SimulatedPbx) -> None:
    """One of them."""
    world.random.choice([pick_up, deflect])(world)


def pick_up(world: SimulatedPbx) -> None:
    """An agent picks up what waits; two at once, as it happens when a supervisor calls out for help."""
    dice = world.random
    contact_id = somebody_waits(world)

    def ask() -> None:
        world.request(ev.PickUpRequested, contact_id=contact_id, agent_id=dice.choice(AGENTS))

    for _ in range(dice.choice([1, 1, 2])):
        world.later(0, 200, ask)


def deflect(world: SimulatedPbx) -> None:
    """An agent whose phone rings, or whose desktop shows an offer, has it go elsewhere; others may answer just then."""
    dice, state = world.random, world.engine.state
    somebody_waits(world)
    for _ in range(10):
        if not state.offers:
            world.run(200)
            state = world.engine.state
    offer_id = dice.choice([*state.offers, "of-none"])
    offer = state.offers.get(offer_id)
    to = dice.choice(
        [
            *({"agent": each} for each in AGENTS),
            {"queue": "support"},
            {"queue": "letters"},
            {"queue": "crowded"},
            {"queue": "night"},
            {"number": "112"},
            {},
        ]
    )
    fields = {"agent_id": offer.agent_id if offer is not None else "bob", "offer_id": offer_id, **to}
    world.later(0, 2_000, lambda: world.request(ev.OfferDeflected, **fields))


def somebody_waits(world: SimulatedPbx) -> str:
    """Wait until somebody waits; gives the contact, or any that there is."""

    def waiting() -> list[str]:
        return [each.id for each in world.engine.state.contacts.values() if each.state in WAITING]

    for _ in range(20):
        if not waiting():
            world.call(world.random.choice(["101", "103"]))
            world.run(300)
    return str(world.random.choice(waiting() or [*world.engine.state.contacts, "none"]))
