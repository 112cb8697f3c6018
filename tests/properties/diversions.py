"""Steps of a random walk in which somebody takes a contact elsewhere than ctid would."""

from __future__ import annotations

from ctid.model import events as ev
from ctid.model.states import WAITING, ContactState
from sip_test_rig.simulated_pbx import SimulatedPbx

AGENTS = ("alice", "bob", "carol", "nobody")


def divert(world: SimulatedPbx) -> None:
    """One of them."""
    world.random.choice([pick_up, deflect, park])(world)


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
    if world.chance(0.4):
        # Two are offered it at once.
        world.request(ev.ContactSubmitted, channel="chat", queue="support")
    else:
        somebody_waits(world)
    for _ in range(10):
        if not state.offers:
            world.run(200)
            state = world.engine.state
    several = {offer_id for each in state.contacts.values() if len(each.offer_ids) > 1 for offer_id in each.offer_ids}
    shared = [offer_id for offer_id in state.offers if offer_id in several]
    offer_id = dice.choice(shared or [*state.offers, "of-none"])
    offer = state.offers.get(offer_id)
    to = dice.choice(
        [
            *({"agent": each} for each in AGENTS),
            {"queue": "support"},
            {"queue": "letters"},
            {"queue": "crowded"},
            {"queue": "night"},
            {"voicemail_agent": "bob"},
            *({"number": "112"},) * 3,
            {},
        ]
    )
    fields = {"agent_id": offer.agent_id if offer is not None else "bob", "offer_id": offer_id, **to}
    world.later(0, 2_000, lambda: world.request(ev.OfferDeflected, **fields))


def park(world: SimulatedPbx) -> None:
    """An agent parks a caller, who is fetched, or is not, or leaves, or is sent elsewhere by a supervisor."""
    dice = world.random
    contact_id = somebody_talks(world)
    if world.chance(0.3):
        world.request(ev.HoldRequested, contact_id=contact_id)
        world.run(dice.choice([0, 1, 100]))
    world.request(ev.ParkRequested, contact_id=contact_id, agent=dice.choice(["", "", *AGENTS]))
    for _ in range(dice.randrange(3)):
        world.later(
            0,
            12_000,
            lambda: world.request(ev.PickUpRequested, contact_id=contact_id, agent_id=dice.choice(AGENTS)),
        )
    if world.chance(0.15):
        world.later(0, 6_000, lambda: world.request(ev.RoutingSet, contact_id=contact_id, queue="letters"))
    if world.chance(0.1):
        world.later(0, 6_000, lambda: world.request(ev.CallbackRequested, contact_id=contact_id, number="+4930123456"))


def set_phone(world: SimulatedPbx) -> None:
    """An agent's phone is not to ring, or calls for them go elsewhere, in a circle too; or it is as ever."""
    dice = world.random
    calls = dice.choice(
        [
            {"do_not_disturb": True},
            {"do_not_disturb": False},
            {"forwarded_to": None},
            *({"forwarded_to": number} for number in ("1001", "1002", "1003")),
            {"forwarded_to": "030123456"},
            {"forwarded_to": "112"},
        ]
    )
    world.request(ev.AgentPhoneSet, agent_id=dice.choice(AGENTS), **calls)


def somebody_talks(world: SimulatedPbx) -> str:
    """Wait until somebody talks; gives the contact, or none that there is."""

    def talking() -> list[str]:
        contacts = world.engine.state.contacts.values()
        return [each.id for each in contacts if each.state is ContactState.CONNECTED and each.channel == "voice"]

    for _ in range(20):
        if not talking():
            world.run(500)
    return str(world.random.choice(talking() or ["none"]))


def somebody_waits(world: SimulatedPbx) -> str:
    """Wait until somebody waits; gives the contact, or any that there is."""

    def waiting() -> list[str]:
        return [each.id for each in world.engine.state.contacts.values() if each.state in WAITING]

    for _ in range(20):
        if not waiting():
            world.call(world.random.choice(["101", "103"]))
            world.run(300)
    return str(world.random.choice(waiting() or [*world.engine.state.contacts, "none"]))
