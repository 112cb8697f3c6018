"""What happens at desks: agents' states, offers, calls of their own, phones' own keys, supervisors, tasks."""

from __future__ import annotations

from hypothesis import strategies as st

from ctid.model import events as ev
from ctid.model.states import AgentState
from ctid.model.supervision import SupervisionMode
from tests.properties.call_centre import AGENTS, SITE, happens
from tests.properties.call_rules import SOMEWHERE, CallRules
from tests.properties.sites import BOSS
from tests.properties.talks import Caller, Talk

DEVICES = [SITE["agents"][each]["device"] for each in AGENTS]
ALWAYS = lambda _: True  # noqa: E731


class DeskRules(CallRules):
    """Beside the services of a talk, everything else that agents and supervisors do."""

    # ---- states ------------------------------------------------------------------------------------------------

    @happens("at a desk", ALWAYS)
    def everybody_is_ready(self, data: st.DataObject) -> None:
        for agent_id in AGENTS:
            self.ask(ev.AgentStateRequested, sure=False, agent_id=agent_id, state=AgentState.READY)

    @happens("at a desk", ALWAYS)
    def ask_for_a_state(self, data: st.DataObject) -> None:
        agent_id = data.draw(st.sampled_from(AGENTS), label="agent")
        state = data.draw(st.sampled_from([AgentState.NOT_READY, AgentState.READY, AgentState.LOGGED_OUT]))
        self.ask(ev.AgentStateRequested, sure=False, agent_id=agent_id, state=state)

    @happens("at a desk", "complete_wrap_up")
    def complete_the_wrap_up(self, data: st.DataObject) -> None:
        contact = self.state.contacts[self.one_that_may(data, "complete_wrap_up")]
        segment = contact.segments[-1]
        fields = {"disposition": "solved", "complete": True}
        self.ask(ev.WrapUpSet, sure=False, agent_id=segment.agent_id, contact_id=contact.id, **fields)

    @happens("at a desk", ALWAYS)
    def set_the_phone(self, data: st.DataObject) -> None:
        agent_id = data.draw(st.sampled_from(AGENTS), label="agent")
        calls = data.draw(
            st.sampled_from(
                [
                    {"do_not_disturb": True},
                    {"do_not_disturb": False, "forwarded_to": None},
                    *({"forwarded_to": number} for number in ("1002", "1003", "030777")),
                ]
            ),
            label="calls",
        )
        self.ask(ev.AgentPhoneSet, sure=False, agent_id=agent_id, **calls)

    # ---- offers ------------------------------------------------------------------------------------------------

    @happens("an offer", "answer_offer")
    def answer_at_the_desktop(self, data: st.DataObject) -> None:
        offer = self.state.offers[self.one_that_may(data, "answer_offer")]
        self.ask(ev.AnswerRequested, sure=False, agent_id=offer.agent_id, offer_id=offer.id)

    @happens("an offer", "accept_offer")
    def accept(self, data: st.DataObject) -> None:
        offer = self.state.offers[self.one_that_may(data, "accept_offer")]
        self.ask(ev.OfferAccepted, agent_id=offer.agent_id, offer_id=offer.id)

    @happens("an offer", "reject_offer")
    def reject(self, data: st.DataObject) -> None:
        offer = self.state.offers[self.one_that_may(data, "reject_offer")]
        self.ask(ev.OfferRejected, agent_id=offer.agent_id, offer_id=offer.id)

    @happens("an offer", "deflect_offer")
    def deflect(self, data: st.DataObject) -> None:
        offer = self.state.offers[self.one_that_may(data, "deflect_offer")]
        to = data.draw(SOMEWHERE.filter(lambda each: "flow" not in each), label="to")
        self.ask(ev.OfferDeflected, sure=False, **{"agent_id": offer.agent_id, "offer_id": offer.id, **to})

    @happens("an offer", "pick_up")
    def pick_up(self, data: st.DataObject) -> None:
        contact_id = self.one_that_may(data, "pick_up")
        agent_id = data.draw(st.sampled_from(AGENTS), label="agent")
        self.ask(ev.PickUpRequested, sure=False, contact_id=contact_id, agent_id=agent_id)

    # ---- calls of their own ------------------------------------------------------------------------------------

    @happens("a call of their own", ALWAYS)
    def have_somebody_called(self, data: st.DataObject) -> None:
        agent_id = data.draw(st.sampled_from(AGENTS), label="agent")
        number = data.draw(st.sampled_from(["030123456", "1001", "1002"]), label="number")
        queue = data.draw(st.sampled_from(["", "support"]), label="queue")
        ask = {"agent_id": agent_id, "number": number, "queue": queue}
        self.and_is_answered(
            lambda: self.ask(ev.CallRequested, sure=False, **ask), really=data.draw(st.booleans(), label="answers")
        )

    @happens("a call of their own", ALWAYS)
    def dial_at_the_phone(self, data: st.DataObject) -> None:
        caller = data.draw(st.sampled_from([*DEVICES, "PJSIP/trunk"]), label="caller")
        called = data.draw(
            st.sampled_from([*DEVICES, "PJSIP/trunk"]).filter(lambda each: each != caller), label="called"
        )
        number = "030123456" if called == "PJSIP/trunk" else called.removeprefix("PJSIP/")
        self.world.phone_calls.dial(caller, called, number)
        self.goes_on()

    # ---- keys of the phone -------------------------------------------------------------------------------------

    def plain_talks(self) -> list[str]:
        """Contacts whose agent and caller talk, and nobody else has to do with it."""
        with_agent = [key for key, talk in self.talks.items() if talk.place is Caller.WITH_AGENT and not talk.asked]
        return [
            each for each in with_agent if self.world.channels[self.talks[each].agent].peer == self.talks[each].caller
        ]

    @happens("keys of the phone", plain_talks)
    def transfer_by_phone(self, data: st.DataObject) -> None:
        contact_id = data.draw(st.sampled_from(self.plain_talks()), label="contact")
        talk = self.talks.pop(contact_id)
        agent, caller = self.world.channels[talk.agent], self.world.channels[talk.caller]
        extension = data.draw(st.sampled_from(["1001", "1002", "030654321", "nobody"]), label="extension")
        self.world.transfers.send_on(agent, caller, extension)
        self.goes_on()

    @happens("keys of the phone", plain_talks)
    def join_by_phone(self, data: st.DataObject) -> None:
        contact_id = data.draw(st.sampled_from(self.plain_talks()), label="contact")
        device = data.draw(st.sampled_from([*DEVICES, "PJSIP/9999"]), label="device")
        if self.world.in_use(device):
            return
        talk = self.talks.pop(contact_id)
        agent, caller = self.world.channels[talk.agent], self.world.channels[talk.caller]
        taker = next((each for each in AGENTS if SITE["agents"][each]["device"] == device), "")
        taken = self.can_take(taker)
        self.world.transfers.join(agent, caller, device, agent.bridge)
        if taken:
            self.talks[contact_id] = Talk(talk.caller, caller.peer, taker)
        else:
            self.left |= {talk.caller, caller.peer}
        self.goes_on()

    # ---- supervisors -------------------------------------------------------------------------------------------

    @happens("a supervisor", "supervise")
    def supervise(self, data: st.DataObject) -> None:
        contact_id = self.one_that_may(data, "supervise")
        phone = data.draw(st.sampled_from([{"device": BOSS}, *({"own_agent": each} for each in AGENTS)]), label="phone")
        mode = data.draw(st.sampled_from(list(SupervisionMode)), label="mode")
        stays = data.draw(st.booleans(), label="stays")
        self.ask(ev.SupervisionRequested, sure=False, contact_id=contact_id, mode=mode, stays=stays, **phone)

    @happens("a supervisor", lambda self: self.state.supervisions)
    def set_the_mode(self, data: st.DataObject) -> None:
        supervision_id = data.draw(st.sampled_from(list(self.state.supervisions)), label="supervision")
        mode = data.draw(st.sampled_from(list(SupervisionMode)), label="mode")
        self.ask(ev.SupervisionModeSet, sure=False, supervision_id=supervision_id, mode=mode)

    @happens("a supervisor", lambda self: self.state.supervisions)
    def end_the_supervision(self, data: st.DataObject) -> None:
        supervision_id = data.draw(st.sampled_from(list(self.state.supervisions)), label="supervision")
        self.ask(ev.SupervisionWithdrawn, sure=False, supervision_id=supervision_id)

    @happens("a supervisor", "take_over")
    def take_over(self, data: st.DataObject) -> None:
        supervision = self.state.supervisions[self.one_that_may(data, "take_over")]
        contact_id, phone = supervision.contact_id, supervision.leg_id

        def then(_: object) -> None:
            talk = self.talks.pop(contact_id, None)
            if talk is None:
                return
            if self.can_take(supervision.own_agent):
                self.talks[contact_id] = Talk(talk.caller, phone, supervision.own_agent)
            else:
                self.left |= {talk.caller, phone}

        self.ask(ev.TakeOverRequested, then, sure=False, supervision_id=supervision.id)

    # ---- the rest ----------------------------------------------------------------------------------------------

    @happens("the rest", "set_routing")
    def route_otherwise(self, data: st.DataObject) -> None:
        contact_id = self.one_that_may(data, "set_routing")
        queue = data.draw(st.sampled_from(["support", "letters", "crowded"]), label="queue")
        self.ask(ev.RoutingSet, sure=False, contact_id=contact_id, queue=queue)

    @happens("the rest", "set_routing")
    def have_them_called_back(self, data: st.DataObject) -> None:
        contact_id = self.one_that_may(data, "set_routing")
        self.ask(ev.CallbackRequested, sure=False, contact_id=contact_id, number="+4930123456")

    @happens("the rest", "record")
    def record(self, data: st.DataObject) -> None:
        self.ask(ev.RecordingRequested, contact_id=self.one_that_may(data, "record"), action="record")

    @happens("the rest", ALWAYS)
    def write(self, data: st.DataObject) -> None:
        self.ask(ev.ContactSubmitted, sure=False, channel="chat", queue="support")
