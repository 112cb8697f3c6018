"""No work is left undone: whatever happens on a site with every kind of routing, in whatever order.

After every event the world's watch (``sip_test_rig.invariants``) finds no free agent and contact they may serve both
waiting, no agent with two offers, no contact lost, no wrap-up cut short. Here it is made sure besides that those taken
come in their true order, and at the end that the whole journal gives the same commands again, byte for byte.
"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from ctid.engine.agent import assignment
from ctid.engine.engine import Engine
from ctid.engine.turn import Turn
from ctid.engine.waiting.requirement import line_key
from ctid.model import commands as cmd
from ctid.model import events as ev
from ctid.model.instant import Instant
from ctid.model.states import AgentState, ContactState, OfferState
from sip_test_rig.simulated_pbx import SimulatedPbx
from sip_test_rig.simulated_world import Odds

pytestmark = pytest.mark.properties

SPEC: dict[str, Any] = {
    "site": "demo",
    "country": "DE",
    "skills": ["sales", "support", "english"],
    "groups": ["red", "blue"],
    "reasons": {"break": "Break"},
    "dispositions": {"solved": "Solved"},
    "policy": {"max_misses": 3, "exclude_seconds": 8, "priority_seconds": 10},
    "entries": {
        "sales": {"dnis": "100", "open": {"queue": "sales"}},
        "support": {"dnis": "101", "open": {"queue": "support", "priority": 2}},
        "own": {"dnis": "102", "open": {"queue": "own", "set": {"owner": "dora"}}},
        "all": {"dnis": "103", "open": {"queue": "everybody"}},
    },
    "queues": {
        "sales": {
            "strategy": "best_match",
            "steps": [
                {"skills": {"sales": 5}, "prefer": {"groups": ["red"]}},
                {"after_seconds": 6, "any": [{"skills": {"sales": 1}}, {"groups": ["blue"]}]},
            ],
            "ring_seconds": 6,
            "wrap_up_seconds": 4,
        },
        "support": {
            "strategy": "highest_skill",
            "steps": [{"skills": {"support": 1}, "none": [{"groups": ["red"]}]}, {"after_seconds": 9, "skills": {}}],
            "requirements": [
                {
                    "when": "has(attributes.language) && attributes.language == 'en'",
                    "steps": [{"skills": {"english": 3}}],
                }
            ],
            "ring_seconds": 7,
        },
        "own": {
            "strategy": "round_robin",
            "steps": [{"agent_from": "owner", "skip_if_absent": True}, {"after_seconds": 5}],
            "wrap_up_seconds": 3,
        },
        "everybody": {"steps": [{}], "strategy": "least_occupied", "ring": 2, "ring_seconds": 5},
        "chats": {"steps": [{}], "strategy": "fewest_contacts", "ring_seconds": 9},
    },
    "agents": {
        "alice": {"name": "A", "device": "PJSIP/1001", "pbx": "main", "skills": {"sales": 8}, "groups": ["red"]},
        "bob": {
            "name": "B",
            "device": "PJSIP/1002",
            "pbx": "main",
            "skills": {"support": 7, "sales": 2, "english": 4},
            "capacity": {"voice": 1, "chat": 2},
        },
        "carol": {
            "name": "C",
            "device": "PJSIP/1003",
            "pbx": "main",
            "skills": {"support": 3},
            "queues": {"support": {"priority": 2}, "everybody": {"delay_seconds": 4}, "chats": {}},
            "capacity": {"voice": 1, "chat": 1},
        },
        "dora": {
            "name": "D",
            "device": "PJSIP/1004",
            "pbx": "main",
            "groups": ["blue"],
            "answer": "desktop",
            "cost": 3,
        },
    },
}
AGENTS = st.sampled_from(sorted(SPEC["agents"]))
QUEUES = st.sampled_from(["sales", "support", "own", "everybody"])


class ContactCentre(RuleBasedStateMachine):
    """A site, and everything that callers, agents, supervisors and faults do to it."""

    @initialize(seed=st.integers(0, 2**16), answered=st.sampled_from([0.5, 0.9]))
    def opens(self, seed: int, answered: float) -> None:
        self.world = SimulatedPbx(seed, SPEC, Odds(answer=answered))
        self.world.run(4_000)
        for agent_id in SPEC["agents"]:
            self.world.desktop_back(agent_id, f"s-{agent_id}")
            self.asks(agent_id, AgentState.READY)

    def asks(self, agent_id: str, state: AgentState) -> None:
        self.world.request(ev.AgentStateRequested, agent_id=agent_id, state=state)

    # ---- callers -----------------------------------------------------------------------------------------------

    @rule(dnis=st.sampled_from(["100", "101", "102", "103"]), patience_ms=st.sampled_from([500, 8_000, 90_000]))
    def call(self, dnis: str, patience_ms: int) -> None:
        self.world.call(dnis, patience_ms)

    @rule(data=st.data())
    def hang_up(self, data: st.DataObject) -> None:
        if self.world.channels:
            self.world.hang_up(data.draw(st.sampled_from(sorted(self.world.channels))))

    @rule(priority=st.integers(0, 3))
    def chat(self, priority: int) -> None:
        self.world.request(ev.ContactSubmitted, channel="chat", queue="chats", priority=priority)

    # ---- agents and supervisors --------------------------------------------------------------------------------

    @rule(agent_id=AGENTS, state=st.sampled_from([AgentState.READY, AgentState.NOT_READY, AgentState.LOGGED_OUT]))
    def ask_for_state(self, agent_id: str, state: AgentState) -> None:
        self.asks(agent_id, state)

    @rule()
    def everybody_ready(self) -> None:
        for agent_id in SPEC["agents"]:
            self.asks(agent_id, AgentState.READY)

    @rule(accept=st.booleans(), data=st.data())
    def decide_on_an_offer(self, accept: bool, data: st.DataObject) -> None:
        pending = [each for each in self.world.engine.state.offers.values() if each.state is OfferState.PENDING]
        if pending:
            offer = data.draw(st.sampled_from(sorted(pending, key=lambda each: each.id)))
            kind = ev.OfferAccepted if accept else ev.OfferRejected
            self.world.request(kind, agent_id=offer.agent_id, offer_id=offer.id)

    @rule(data=st.data())
    def complete(self, data: st.DataObject) -> None:
        served = sorted(contact.id for contact in self.world.engine.state.contacts.values() if contact.agent_id)
        if served:
            contact = self.world.engine.state.contacts[data.draw(st.sampled_from(served))]
            self.world.request(
                ev.WrapUpSet, agent_id=contact.agent_id, contact_id=contact.id, disposition="solved", complete=True
            )

    @rule(
        data=st.data(),
        to=st.sampled_from(
            [{"queue": "support"}, {"queue": "own"}, {"agent": "bob"}, {"agent": "dora"}, {"number": "1"}]
        ),
    )
    def transfer(self, data: st.DataObject, to: dict[str, str]) -> None:
        if talking := self.talking():
            self.world.request(ev.TransferRequested, contact_id=data.draw(st.sampled_from(talking)), **to)

    @rule(data=st.data(), agent_id=AGENTS)
    def consult(self, data: st.DataObject, agent_id: str) -> None:
        if talking := self.talking():
            contact_id = data.draw(st.sampled_from(talking))
            self.world.request(ev.ConsultationRequested, contact_id=contact_id, agent=agent_id)

    @rule(data=st.data())
    def transfer_by_phone(self, data: st.DataObject) -> None:
        channels = self.world.channels
        if agents := sorted(name for name, each in channels.items() if each.device and each.peer):
            channel = channels[data.draw(st.sampled_from(agents))]
            self.world.transfers.by_phone(channel, channel.bridge)

    @rule(data=st.data())
    def hang_up_by_desktop(self, data: st.DataObject) -> None:
        if talking := self.talking():
            self.world.request(ev.HangUpRequested, contact_id=data.draw(st.sampled_from(talking)))

    def talking(self) -> list[str]:
        contacts = self.world.engine.state.contacts.values()
        return sorted(each.id for each in contacts if each.state is ContactState.CONNECTED and each.channel == "voice")

    @rule(
        agent_id=AGENTS,
        skill=st.sampled_from(SPEC["skills"]),
        level=st.sampled_from([None, 1, 5, 9]),
        queues=st.sampled_from([msgspec.UNSET, None, {"sales": {"priority": 1, "delay_seconds": 2}}]),
    )
    def change_profile(self, agent_id: str, skill: str, level: int | None, queues: Any) -> None:
        self.world.request(ev.AgentProfileSet, agent_id=agent_id, skills={skill: level}, queues=queues)

    @rule(
        data=st.data(),
        priority=st.sampled_from([None, 0, 5]),
        steps=st.sampled_from([None, [], [{"skills": {"english": 1}}], [{"agents": ["bob", "carol"]}]]),
        queue=st.one_of(st.none(), QUEUES),
    )
    def change_routing(self, data: st.DataObject, priority: int | None, steps: Any, queue: str | None) -> None:
        if contacts := sorted(self.world.engine.state.contacts):
            contact_id = data.draw(st.sampled_from(contacts))
            self.world.request(ev.RoutingSet, contact_id=contact_id, priority=priority, steps=steps, queue=queue)

    @rule(data=st.data(), key=st.sampled_from(["language", "owner"]), value=st.sampled_from(["", "en", "alice", "bob"]))
    def change_attributes(self, data: st.DataObject, key: str, value: str) -> None:
        if contacts := sorted(self.world.engine.state.contacts):
            contact_id = data.draw(st.sampled_from(contacts))
            self.world.request(ev.AttributesSet, contact_id=contact_id, attributes={key: value})

    # ---- time and faults ---------------------------------------------------------------------------------------

    @rule(ms=st.sampled_from([1, 200, 3_000, 7_000, 20_000]))
    def time_goes_by(self, ms: int) -> None:
        self.world.run(ms)
        self.those_offered_were_first()

    @rule(agent_id=AGENTS)
    def lose_desktop(self, agent_id: str) -> None:
        self.world.desktop_gone(agent_id)
        self.world.later(100, 20_000, lambda: self.world.desktop_back(agent_id, f"s-{self.world.requests}"))

    @rule(agent_id=AGENTS, reachable=st.booleans())
    def phone(self, agent_id: str, reachable: bool) -> None:
        self.world.set_device(SPEC["agents"][agent_id]["device"], reachable=reachable)

    @precondition(lambda self: self.world.running)
    @rule(away_ms=st.sampled_from([100, 4_000]))
    def crash(self, away_ms: int) -> None:
        self.world.crash()
        self.world.after(away_ms, self.world.start_daemon)

    @rule(away_ms=st.sampled_from([50, 9_000]))
    def lose_pbx(self, away_ms: int) -> None:
        self.world.cut_ami()
        self.world.after(away_ms, self.world.connect_ami)

    @rule(priority=st.integers(0, 3), strategy=st.sampled_from(["longest_idle", "lowest_skill", "best_match"]))
    def reload(self, priority: int, strategy: str) -> None:
        queues = SPEC["queues"] | {"sales": SPEC["queues"]["sales"] | {"priority": priority, "strategy": strategy}}
        self.world.spec = SPEC | {"queues": queues}
        self.world.tell_daemon(ev.ConfigLoaded(spec=self.world.spec))

    # ---- what must hold ----------------------------------------------------------------------------------------

    def those_offered_were_first(self) -> None:
        """Nobody who waits was passed over by a later place that needs the same: order is broken by nothing."""
        engine = self.world.engine
        now = Instant(self.world.now_ms, 0)
        turn = Turn(engine.state, engine.site, now, engine.floor)
        for contact in engine.state.contacts.values():
            if assignment.awaits(turn, contact):
                key = line_key(turn, contact, assignment.pbx_of(turn, contact))
                line = engine.floor.lines[key]
                assert line.contacts == sorted(line.contacts)
                assert contact.id in [waiting.contact_id for waiting in line.contacts]

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        self.world.settle()
        for contact in list(self.world.engine.state.contacts.values()):
            if contact.channel == "chat":
                self.world.request(ev.ContactWithdrawn, contact_id=contact.id)
        self.world.run(60_000)
        self.world.watch.nothing_left()
        again = Engine()
        for (at, event), then in zip(self.world.journal, self.world.outputs, strict=True):
            assert _bytes(again.handle(event, at)) == _bytes(then), "the journal gives other commands"


def _bytes(commands: list[cmd.Command]) -> bytes:
    return msgspec.json.encode(commands)


ContactCentre.TestCase.settings = settings(
    max_examples=40,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
TestNoWorkIsLeft = ContactCentre.TestCase
