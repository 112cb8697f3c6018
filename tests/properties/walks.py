"""Seeded random walks through a simulated site: what callers, agents, operators and faults do, at random moments."""

from __future__ import annotations

from ctid.model import events as ev
from ctid.model.states import WAITING, AgentState
from ctid.model.supervision import SupervisionMode
from sip_test_rig.simulated_pbx import UTC_MS, SimulatedPbx
from tests.properties.asking_steps import ask_somebody, call_in
from tests.properties.diversions import divert, set_phone, somebody_talks
from tests.properties.flow_sites import FLOW_SPEC, FLOW_SPECS
from tests.properties.flow_steps import into_flows
from tests.properties.sites import BOSS, SPEC, SPECS


def walk(
    seed: int,
    *,
    faults: bool = True,
    steps: int = 60,
    controlled: float = 0.0,
    diverted: float = 0.0,
    supervised: float = 0.0,
    called: float = 0.0,
    flowing: float = 0.0,
    forwarded: float = 0.0,
) -> SimulatedPbx:
    """Walk, come to rest, and check that nothing is left.

    Args:
        seed: Of chance.
        faults: Whether there are any.
        steps: How many.
        controlled: The share of steps in which an agent has ctid do something with a call.
        diverted: The share of steps in which somebody takes a contact elsewhere than ctid would.
        supervised: The share of steps in which a supervisor does something.
        called: The share of steps in which somebody calls outside the ACD.
        flowing: The share of steps that have to do with flows; with none, the site has none either.
        forwarded: The share of steps in which somebody says what is to become of calls for them.
    """
    world = SimulatedPbx(seed, FLOW_SPEC if flowing else SPEC)
    world.reloads = FLOW_SPECS if flowing else SPECS
    if supervised:
        world.devices[BOSS] = True
    world.run(4_000)
    for agent in SPEC["agents"]:
        world.desktop_back(agent, f"s-{agent}")
    everybody_works(world)
    for _ in range(steps):
        if controlled and world.chance(controlled):
            call_control(world)
        elif diverted and world.chance(diverted):
            divert(world)
        elif supervised and world.chance(supervised):
            supervise(world)
        elif called and world.chance(called):
            own_call(world)
        elif flowing and world.chance(flowing):
            into_flows(world)
        elif forwarded and world.chance(forwarded):
            set_phone(world)
        else:
            step(world, faults=faults)
        world.run(world.random.choice([1, 50, 500, 3_000, 6_000]))
    world.settle()
    world.watch.nothing_left()
    return world


def step(world: SimulatedPbx, *, faults: bool) -> None:
    """One of the things that happen in a contact centre."""
    dice = world.random
    kind = dice.random()
    if kind < 0.45:
        patience = dice.choice([dice.randint(0, 3_000), 60_000, 90_000])
        world.call(
            dice.choice(["100"] * 4 + ["101"] * 6 + ["103"] * 2 + ["104"] * 4 + ["102", "105", "106", "106", "999"]),
            patience,
        )
    elif kind < 0.52:
        task(world)
    elif kind < 0.66:
        ask_for_state(world)
    elif kind < 0.77:
        other_request(world)
    elif kind < 0.84:
        control_call(world)
    elif kind < 0.87:
        agent = dice.choice(list(SPEC["agents"]))
        world.desktop_gone(agent)
        world.later(100, 20_000, lambda: world.desktop_back(agent, f"s{dice.random()}"))
    elif kind < 0.89:
        world.own_call(dice.choice(list(world.devices)), dice.randint(100, 20_000))
    elif kind < 0.90:
        device = dice.choice(list(world.devices))
        world.set_device(device, reachable=False)
        world.later(100, 15_000, lambda: world.set_device(device, reachable=True))
    elif kind > 0.93 and faults:
        fault(world)
    else:
        everybody_works(world)


def task(world: SimulatedPbx) -> None:
    """An integrator has a contact of another channel, or its customer leaves."""
    dice, contacts = world.random, list(world.engine.state.contacts.values())
    if contacts and world.chance(0.25):
        world.request(ev.ContactWithdrawn, contact_id=dice.choice(contacts).id)
    else:
        world.request(
            ev.ContactSubmitted,
            channel=dice.choice(["chat", "chat", "email", "voice"]),
            queue=dice.choice(["support", "letters", "nowhere"]),
            priority=dice.choice([0, 0, 5]),
        )


def everybody_works(world: SimulatedPbx) -> None:
    """All agents go ready, as they should."""
    for agent in SPEC["agents"]:
        world.request(ev.AgentStateRequested, agent_id=agent, state=AgentState.READY)


def fault(world: SimulatedPbx) -> None:
    """One of the things that must not matter."""
    dice = world.random
    match dice.randrange(6):
        case 0:
            world.crash()
            world.later(100, 20_000, world.start_daemon)
        case 1:
            world.cut_ami()
            world.later(10, 40_000, world.connect_ami)
        case 2:
            world.kill_pbx()
        case 3 | 4:
            world.spec = dice.choice(world.reloads)
            world.tell_daemon(ev.ConfigLoaded(spec=world.spec))
        case _:
            world.tell_daemon(ev.DrainStarted())
            world.later(1_000, 5_000, world.crash)
            world.later(5_000, 6_000, world.start_daemon)


def ask_for_state(world: SimulatedPbx) -> None:
    """An agent or a supervisor asks for a state, the version right, wrong or not given."""
    dice = world.random
    agent_id = dice.choice([*SPEC["agents"], "nobody"])
    agent = world.engine.state.agents.get(agent_id)
    state = dice.choice([AgentState.READY] * 6 + list(AgentState))
    reason = dice.choice(["", "break", "nonsense"]) if state is AgentState.NOT_READY else ""
    version = dice.choice([None, None, agent.version if agent else 0, 1])
    world.request(
        ev.AgentStateRequested,
        agent_id=agent_id,
        state=state,
        reason=reason,
        if_version=version,
        forced=world.chance(0.1),
    )


def control_call(world: SimulatedPbx) -> None:
    """An agent gives a call on, asks a colleague about it or ends it at the desktop; once somebody talks."""
    dice, state = world.random, world.engine.state
    contact_id = somebody_talks(world)
    match dice.randrange(7):
        case 0:
            world.request(ev.HangUpRequested, contact_id=contact_id)
        case 1:
            world.request(
                ev.ConsultationRequested, contact_id=contact_id, agent=dice.choice(["bob", "carol", "nobody"])
            )
        case 2:
            known = dice.choice([*state.consultations, "co-none"])
            world.request(ev.ConsultationWithdrawn, consultation_id=known)
        case _:
            to = dice.choice(
                [
                    {"queue": "support"},
                    {"queue": "night"},
                    {"agent": "bob"},
                    {"agent": "carol"},
                    {"number": "112"},
                    {"voicemail_agent": "carol"},
                    {"voicemail_queue": "sales"},
                    {},
                ]
            )
            world.request(ev.TransferRequested, contact_id=contact_id, **to)


def call_control(world: SimulatedPbx) -> None:
    """An agent whose phone knows nothing of it has ctid hold, ask, call in, mute, send digits, answer."""
    dice, state = world.random, world.engine.state
    match dice.randrange(14):
        case 9 | 10:
            record(world, somebody_talks(world))
        case 0 | 1:
            hold_for_a_while(world, somebody_talks(world))
        case 2 | 3 | 4 | 5:
            ask_somebody(world, somebody_talks(world))
        case 6:
            contact_id = somebody_talks(world)
            world.request(ev.MuteRequested, contact_id=contact_id, on=world.chance(0.7))
            world.request(ev.DigitsRequested, contact_id=contact_id, digits=dice.choice(["1", "42#", "x"]))
        case 7 | 11 | 12:
            call_in(world, somebody_talks(world))
        case 13:
            ask_somebody(world, somebody_talks(world))
        case _:
            offer_id = dice.choice([*state.offers, "of-none"])
            offer = state.offers.get(offer_id)
            world.request(ev.AnswerRequested, agent_id=offer.agent_id if offer else "bob", offer_id=offer_id)


def supervise(world: SimulatedPbx) -> None:
    """A supervisor, who is an agent or none, listens, speaks, takes over, or hangs up."""
    dice, state = world.random, world.engine.state
    known = dice.choice([*state.supervisions, "su-none"])
    match dice.randrange(10):
        case 0 | 1 | 2 | 3 | 4:
            contact_id = somebody_talks(world)
            contact = state.contacts.get(contact_id)
            of = {"contact_id": contact_id} if contact is None or world.chance(0.5) else {"agent_id": contact.agent_id}
            phone = dice.choice([{"device": BOSS}, {"own_agent": "bob"}, {"own_agent": "carol"}])
            mode = dice.choice(list(SupervisionMode))
            world.request(ev.SupervisionRequested, mode=mode, stays=world.chance(0.3), **of, **phone)
        case 5 | 6:
            mode = dice.choice(list(SupervisionMode))
            world.request(ev.SupervisionModeSet, supervision_id=known, mode=mode)
        case 7 | 8:
            world.request(ev.TakeOverRequested, supervision_id=known)
        case _:
            if world.chance(0.5):
                world.request(ev.SupervisionWithdrawn, supervision_id=known)
            elif world.supervisors.phones:
                world.hang_up(dice.choice(list(world.supervisors.phones)))


def own_call(world: SimulatedPbx) -> None:
    """An agent has ctid call somebody, some give it up; or phones call each other and the world, emergencies too."""
    dice = world.random
    agent_id = dice.choice([*SPEC["agents"], "nobody"])
    extensions = [each["device"].removeprefix("PJSIP/") for each in SPEC["agents"].values()]
    match dice.randrange(6):
        case 0 | 1 | 2:
            number = dice.choice(["030123456", "030123456", "030654321", *extensions, "112", "x"])
            queue = dice.choice(["", "", "sales", "support", "nowhere"])
            world.request(ev.CallRequested, agent_id=agent_id, number=number, queue=queue)
            contacts = list(world.engine.state.contacts.values())
            if contacts and contacts[-1].agent_id == agent_id:
                own = contacts[-1].id
                if world.chance(0.3):
                    world.later(0, 9_000, lambda: world.request(ev.HangUpRequested, contact_id=own, by_agent=agent_id))
                else:
                    to = dice.choice([{"queue": "support"}, {"queue": "support"}, {"agent": "bob"}, {"number": "0306"}])
                    world.later(2_000, 12_000, lambda: world.request(ev.TransferRequested, contact_id=own, **to))
        case 3 | 4:
            called = dice.choice([*extensions, "trunk"])
            world.phone_calls.dial(
                f"PJSIP/{dice.choice([*extensions, 'trunk'])}",
                f"PJSIP/{called}",
                dice.choice(["030123456", "112"]) if called == "trunk" else called,
            )
        case _:
            watched = [each for each in world.engine.state.contacts.values() if each.watched]
            if watched:
                contact = dice.choice(watched)
                kind = dice.choice([ev.HangUpRequested, ev.HoldRequested])
                world.request(kind, contact_id=contact.id)


def hold_for_a_while(world: SimulatedPbx, contact_id: str) -> None:
    """The agent holds the caller, and takes them back; some press the key twice, and some forget about it."""
    dice = world.random
    if world.chance(0.3):
        world.request(ev.DetourRequested, contact_id=contact_id, flow=dice.choice(["main", "main", "nowhere"]))
    else:
        world.request(ev.HoldRequested, contact_id=contact_id)
    for _ in range(dice.randrange(3)):
        world.later(0, 6_000, lambda: world.request(ev.RetrieveRequested, contact_id=contact_id))
    if world.chance(0.3):
        world.later(0, 3_000, lambda: world.request(ev.HoldRequested, contact_id=contact_id))
    if world.chance(0.2):
        world.later(0, 3_000, lambda: world.request(ev.TransferRequested, contact_id=contact_id, queue="support"))


def record(world: SimulatedPbx, contact_id: str) -> None:
    """Somebody asks for a recording, a pause or its end; again and again, and mostly in an order that fits."""
    dice = world.random
    for action in ("record", "pause", "resume", "pause", "resume"):
        if world.chance(0.6):
            ask = {"contact_id": contact_id, "action": action}
            world.later(0, 8_000, lambda ask=ask: world.request(ev.RecordingRequested, **ask))  # type: ignore[misc]
    if world.chance(0.2):
        world.tell_daemon(ev.RecordingSpaceTold(fault="disk_full"))
        world.later(100, dice.randint(200, 20_000), lambda: world.tell_daemon(ev.RecordingSpaceTold(fault="")))


def other_request(world: SimulatedPbx) -> None:
    """A desktop rejects an offer, sets a wrap-up or routing, or attaches data; right or wrong."""
    dice, state = world.random, world.engine.state
    agent_id = dice.choice([*SPEC["agents"], "nobody"])
    contact_id = dice.choice([*state.contacts, "none"])
    if agent_id in state.agents and world.chance(0.7):
        agent = state.agents[agent_id]
        contact_id = dice.choice([agent.contact_id, *agent.tasks])
    match dice.randrange(7):
        case 4:
            number = dice.choice(["", "none", f"+4930{1_000_000 + dice.randrange(30)}"])
            world.request(
                ev.CallbackRequested,
                contact_id=dice.choice(["", contact_id]),
                number=number,
                queue=dice.choice(["sales", "support", "nowhere"]),
                not_before_utc_ms=dice.choice([0, 0, UTC_MS + world.now_ms + 9_000]),
            )
        case 5:
            world.request(ev.CallbackCanceled, contact_id=contact_id)
        case 6:
            waiting = [each.id for each in state.contacts.values() if each.state in WAITING]
            world.request(
                ev.RoutingSet,
                contact_id=dice.choice(waiting or [contact_id]),
                priority=dice.choice([None, None, 0, 5]),
                queue=dice.choice([None, "support", "crowded", "crowded", "sales", "letters", "nowhere"]),
                steps=dice.choice(
                    [None, None, None, [], [{"agents": ["bob"]}, {"after_seconds": 5}], [{"groups": ["red"]}]]
                ),
            )
        case 0:
            offer_id = dice.choice([*state.offers, "none"])
            world.request(ev.OfferRejected, agent_id=agent_id, offer_id=offer_id)
        case 1:
            world.request(
                ev.WrapUpSet,
                agent_id=agent_id,
                contact_id=contact_id,
                disposition=dice.choice([None, "solved", "order", "nonsense"]),
                notes=dice.choice([None, "called about it", "x" * 2_001]),
                extend_seconds=dice.choice([0, 0, 2, 60]),
                complete=world.chance(0.7),
                forced=world.chance(0.1),
            )
        case 2:
            world.request(
                ev.AgentProfileSet,
                agent_id=agent_id,
                skills=dice.choice([None, {}, {"sales": dice.choice([None, 1, 9])}, {"support": 2}, {"fun": 1}]),
                queues=dice.choice([None, None, {"sales": None}, {"support": {"priority": 3}}, {"letters": {}}]),
            )
        case _:
            value = dice.choice(["1", "", "x" * 2_001])
            world.request(ev.AttributesSet, contact_id=contact_id, attributes={dice.choice("abc"): value})
