"""Steps of a random walk that lead callers into flows, and into whatever becomes of them there."""

from __future__ import annotations

from ctid.model import events as ev
from sip_test_rig.simulated_pbx import SimulatedPbx
from tests.properties.diversions import somebody_talks

FLOWS = ("bank", "bank", "odd", "survey", "nowhere")


def into_flows(world: SimulatedPbx) -> None:
    """One of them."""
    dice = world.random
    match dice.randrange(12):
        case 0 | 1 | 2 | 3:
            world.call(dice.choice(["110", "110", "110", "111"]), dice.choice([dice.randint(0, 9_000), 60_000, 90_000]))
        case 4:
            world.flows.ask(dice.choice(FLOWS), dice.choice([dice.randint(0, 9_000), 60_000]))
        case 5 | 6 | 7:
            detour(world)
        case 8:
            world.request(ev.TransferRequested, contact_id=somebody_talks(world), flow=dice.choice(FLOWS))
        case 9:
            world.call(dice.choice(["101", "103"]), 90_000)
        case 10:
            world.flows.cut()
        case _:
            world.spec = dice.choice(world.reloads)
            world.tell_daemon(ev.ConfigLoaded(spec=world.spec))


def detour(world: SimulatedPbx) -> None:
    """An agent sends their caller into a flow, and waits for them, or does not."""
    dice = world.random
    contact_id = somebody_talks(world)
    if world.chance(0.3):
        world.request(ev.HoldRequested, contact_id=contact_id)
        world.run(dice.choice([0, 1, 100]))
    if world.chance(0.3):
        world.request(ev.RecordingRequested, contact_id=contact_id, action="record")
    world.request(ev.DetourRequested, contact_id=contact_id, flow=dice.choice(FLOWS))

    def another() -> None:
        match dice.randrange(8):
            case 0 | 1:
                world.request(ev.RetrieveRequested, contact_id=contact_id)
            case 2:
                world.request(ev.HangUpRequested, contact_id=contact_id)
            case 3:
                world.request(ev.TransferRequested, contact_id=contact_id, queue="support")
            case 4:
                world.request(ev.DetourRequested, contact_id=contact_id, flow=dice.choice(FLOWS))
            case 5:
                world.request(ev.ParkRequested, contact_id=contact_id, agent="bob")
            case 6:
                world.request(ev.TransferRequested, contact_id=contact_id, agent="carol")
            case _:
                world.request(ev.ConsultationRequested, contact_id=contact_id, dial=True, agent="bob")

    for _ in range(dice.randrange(3)):
        world.later(0, 12_000, another)
