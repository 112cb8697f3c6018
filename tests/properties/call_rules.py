"""Rules of a state machine: what callers do, phones, and agents in talk."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize

from ctid.engine.shown.views import legs_of
from ctid.model import events as ev
from ctid.model.leg import Leg
from tests.properties.call_centre import AGENTS, CallCentre, happens
from tests.properties.talks import Caller, Talk

SOMEBODY = st.sampled_from([*({"agent": each} for each in AGENTS), *({"number": "030654321"},) * 4, {"number": "1002"}])
SOMEWHERE = st.sampled_from(
    [
        *({"agent": each} for each in AGENTS),
        {"queue": "support"},
        {"queue": "letters"},
        {"queue": "night"},
        {"number": "030654321"},
        {"flow": "main"},
        {"flow": "bank"},
        {"voicemail_queue": "sales"},
        {"voicemail_agent": "carol"},
    ]
)


class CallRules(CallCentre):
    """People at phones, and the services of a talk."""

    @initialize(talks=st.integers(0, 3))
    def some_talk_already(self, talks: int) -> None:
        for _ in range(talks):
            self.and_is_answered(lambda: self.comes("101"))

    # ---- people at phones --------------------------------------------------------------------------------------

    @happens("a call", CallCentre.has_room)
    def somebody_calls(self, data: st.DataObject) -> None:
        dnis = data.draw(st.sampled_from(["101", "103", "100", "104", "105", "106", "110", "111"]), label="number")
        self.comes(dnis, data.draw(st.text("1279*", max_size=4), label="keys"))

    @happens("a call", CallCentre.has_room)
    def somebody_calls_and_is_answered(self, data: st.DataObject) -> None:
        dnis = data.draw(st.sampled_from(["101", "103"]), label="number")
        self.and_is_answered(lambda: self.comes(dnis))

    def comes(self, dnis: str, keys: str = "") -> None:
        """Somebody calls, and presses these keys when asked for some."""
        self.calls += 1
        unique_id = self.world.call(dnis, patience_ms=3_600_000)
        self.world.channels[unique_id].keys = keys
        self.goes_on()

    def and_is_answered(self, what: Callable[[], None], *, really: bool = True) -> None:
        """Something has a phone ring, which is answered at once; or not, as it is drawn."""
        before = self.ringing()
        what()
        for unique_id in [each for each in self.ringing() if each not in before][: int(really)]:
            self.picks_up(unique_id)

    def picks_up(self, unique_id: str) -> None:
        """Whoever a phone rings for answers it."""
        channel = self.world.channels[unique_id]
        assert channel.pick_up is not None
        for talk in self.talks.values():
            talk.answers(unique_id)
        channel.pick_up()
        if channel.released:
            self.left.add(unique_id)
        self.goes_on()

    @happens("away from the caller", lambda self: self.world.channels)
    def hang_up_the_phone(self, data: st.DataObject) -> None:
        self.hangs_up(data.draw(st.sampled_from(list(self.world.channels)), label="phone"))

    @happens("time", lambda _: True)
    def time_goes_by(self, data: st.DataObject) -> None:
        self.world.run(data.draw(st.sampled_from([1_000, 3_000, 6_000, 12_000, 40_000]), label="ms"))
        self.goes_on()

    # ---- with the caller ---------------------------------------------------------------------------------------

    @happens("with the caller", "hold")
    def hold(self, data: st.DataObject) -> None:
        contact_id = self.one_that_may(data, "hold")
        self.ask(ev.HoldRequested, self.tells(contact_id, Talk.hold), contact_id=contact_id)

    @happens("with the caller", "retrieve")
    def retrieve(self, data: st.DataObject) -> None:
        contact_id = self.one_that_may(data, "retrieve")
        self.ask(ev.RetrieveRequested, self.tells(contact_id, Talk.retrieve), contact_id=contact_id)

    @happens("with the caller", "send_to_menu")
    def send_away_and_wait(self, data: st.DataObject) -> None:
        contact_id = self.one_that_may(data, "send_to_menu")
        to = data.draw(st.sampled_from([{"flow": "main"}, {"flow": "bank"}, {"flow": "odd"}]))
        then = self.tells(contact_id, lambda talk: talk.hold(Caller.AWAY))
        self.ask(ev.DetourRequested, then, contact_id=contact_id, **to)

    @happens("with the caller", "mute")
    def mute(self, data: st.DataObject) -> None:
        contact_id = self.one_that_may(data, "mute")
        on = data.draw(st.booleans(), label="on")
        then = self.tells(contact_id, lambda talk: talk.mute(talk.agent, on=on))
        self.ask(ev.MuteRequested, then, contact_id=contact_id, on=on)

    @happens("with the caller", "mute")
    def mute_another(self, data: st.DataObject) -> None:
        contact_id, leg = self.one_leg(data, "mute")
        on = data.draw(st.booleans(), label="on")
        then = self.tells(contact_id, lambda talk: talk.mute(leg.unique_id, on=on))
        self.ask(ev.MuteRequested, then, sure=False, contact_id=contact_id, leg_id=leg.id, on=on)

    @happens("with the caller", "send_digits")
    def send_digits(self, data: st.DataObject) -> None:
        self.ask(ev.DigitsRequested, sure=False, contact_id=self.one_that_may(data, "send_digits"), digits="42#")

    @happens("away from the caller", "hang_up")
    def hang_up_at_the_desktop(self, data: st.DataObject) -> None:
        contact_id = self.one_that_may(data, "hang_up")
        self.ask(ev.HangUpRequested, lambda _: self.agent_leaves(contact_id), contact_id=contact_id)

    @happens("away from the caller", "transfer")
    def end_the_part_of_one(self, data: st.DataObject) -> None:
        contact_id, leg = self.one_leg(data, "transfer")
        then = partial(self.is_left, contact_id, leg.unique_id)
        self.ask(ev.LegClearRequested, lambda _: then(), contact_id=contact_id, leg_id=leg.id)

    @happens("away from the caller", "transfer")
    def transfer(self, data: st.DataObject) -> None:
        contact_id = self.one_that_may(data, "transfer")
        to = data.draw(SOMEWHERE, label="to")
        self.ask(ev.TransferRequested, lambda _: self.is_over(contact_id), sure=False, contact_id=contact_id, **to)

    @happens("away from the caller", "park")
    def park(self, data: st.DataObject) -> None:
        contact_id = self.one_that_may(data, "park")
        agent = data.draw(st.sampled_from(["", *AGENTS]), label="for")
        ask = {"contact_id": contact_id, "agent": agent}
        self.ask(ev.ParkRequested, lambda _: self.is_over(contact_id), sure=not agent, **ask)

    # ---- with others -------------------------------------------------------------------------------------------

    @happens("somebody is called", "consult")
    def consult(self, data: st.DataObject) -> None:
        contact_id = self.one_that_may(data, "consult")
        self.calls_somebody(data, ev.ConsultationRequested, Talk.ask, contact_id=contact_id, dial=True)

    @happens("somebody is called", "add_party")
    def call_in(self, data: st.DataObject) -> None:
        contact_id = self.one_that_may(data, "add_party")
        self.calls_somebody(data, ev.PartyRequested, Talk.call_in, contact_id=contact_id)

    def calls_somebody(
        self,
        data: st.DataObject,
        kind: type[ev.Request],
        what: Callable[[Talk, str, str], None],
        *,
        contact_id: str,
        **fields: Any,
    ) -> None:
        """Somebody is called about a contact, or into it, and answers at once, or later, or not at all."""
        whom = data.draw(SOMEBODY, label="whom")

        def then(answer: dict[str, Any]) -> None:
            consultation = answer["consultation"]
            if (talk := self.talks.get(contact_id)) is not None:
                what(talk, consultation["id"], consultation["to_agent"] or "")

        self.and_is_answered(
            lambda: self.ask(kind, then, sure=False, contact_id=contact_id, **fields, **whom),
            really=data.draw(st.booleans(), label="answers"),
        )

    @happens("at a desk", "announce_consultation")
    def announce_a_consultation(self, data: st.DataObject) -> None:
        contact_id = self.one_that_may(data, "announce_consultation")
        agent = data.draw(st.sampled_from(AGENTS), label="whom")
        then = self.tells(contact_id, Talk.announces)
        self.ask(ev.ConsultationRequested, then, sure=False, contact_id=contact_id, agent=agent)

    @happens("an enquiry", "alternate")
    def alternate(self, data: st.DataObject) -> None:
        consultation_id, contact_id = self.one_enquiry(data, "alternate")
        then = self.tells(contact_id, lambda talk: talk.alternate(consultation_id))
        self.ask(ev.AlternateRequested, then, consultation_id=consultation_id)

    @happens("an enquiry", "complete")
    def complete(self, data: st.DataObject) -> None:
        consultation_id, contact_id = self.one_enquiry(data, "complete")
        then = partial(self.is_given_to, contact_id, consultation_id)
        self.ask(ev.ConsultationCompleted, lambda _: then(), consultation_id=consultation_id)

    @happens("an enquiry", "confer")
    def confer(self, data: st.DataObject) -> None:
        consultation_id, contact_id = self.one_enquiry(data, "confer")
        then = self.tells(contact_id, lambda talk: talk.confer(consultation_id))
        self.ask(ev.ConferenceRequested, then, consultation_id=consultation_id)

    @happens("away from the caller", "withdraw")
    def withdraw(self, data: st.DataObject) -> None:
        consultation_id, contact_id = self.one_enquiry(data, "withdraw")
        then = self.tells(contact_id, lambda talk: talk.withdraw(consultation_id))
        self.ask(ev.ConsultationWithdrawn, then, consultation_id=consultation_id)

    def one_enquiry(self, data: st.DataObject, action: str) -> tuple[str, str]:
        """A consultation of which this may be asked, and the contact that it is about."""
        consultation_id = self.one_that_may(data, action)
        return consultation_id, self.state.consultations[consultation_id].contact_id

    def one_leg(self, data: st.DataObject, action: str) -> tuple[str, Leg]:
        """A contact of which this may be asked, and one of its legs."""
        contact = self.state.contacts[self.one_that_may(data, action)]
        leg_id = data.draw(st.sampled_from([leg.id for leg in legs_of(self.state, contact)]), label="leg")
        return contact.id, self.state.legs[leg_id]
