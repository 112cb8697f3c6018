"""The engine: one event in, commands out, the same every time.

    commands = engine.handle(event, now)

``handle`` never raises for what a PBX, a desktop or a configuration may do: a request that does not fit yields
``Refuse``, an odd event a ``Note``. Only a bug of ours raises (``InvariantError``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from ctid.acd.floor import Floor
from ctid.engine import leg_events, pbx, reload, sessions, today
from ctid.engine.agent import (
    agents,
    answering,
    assignment,
    devices,
    holding,
    own_calls,
    phone_calls,
    profiles,
    returning,
    wrap_up,
)
from ctid.engine.call import arrivals, dialling, journey, leases
from ctid.engine.contact import contacts, messages, recording_ends, recordings, voicemail
from ctid.engine.flow import flows
from ctid.engine.queue import callbacks, queueing, treatment, ways_out
from ctid.engine.service import (
    call_control,
    call_requests,
    callback_requests,
    consultation_requests,
    deflecting,
    parking,
    phone_requests,
    picking_up,
    recording_requests,
    requests,
    supervising,
    supervision_requests,
    transfers,
)
from ctid.engine.state import SiteState
from ctid.engine.turn import Turn
from ctid.errors import ConflictError, InvariantError, RequestError
from ctid.model import events as ev
from ctid.model.commands import Accept, Command, LookUpCustomer, Refuse, SaveRecord, StartTimer
from ctid.model.instant import Instant
from ctid.model.states import ContactState
from ctid.spec.site import SiteSpec

_HANDLERS: dict[type[ev.Event], Callable[[Turn, Any], None]] = {
    ev.CallArrived: sessions.begun,
    ev.DecisionAsked: arrivals.decide,
    ev.CallerReturned: sessions.begun,
    ev.AgiEnded: leg_events.session_ended,
    ev.DigitsCollected: journey.collected,
    ev.CustomerLookedUp: arrivals.looked_up,
    ev.LookupAnswered: journey.fetched,
    ev.RecordSaved: journey.saved,
    ev.LegAlerting: leg_events.alerting,
    ev.LegAnswered: leg_events.answered,
    ev.LegBridged: leg_events.bridged,
    ev.LegReplaced: leg_events.replaced,
    ev.LegUnbridged: leg_events.unbridged,
    ev.LegHeld: leg_events.held,
    ev.LegRetrieved: leg_events.retrieved,
    ev.SpyStarted: supervising.heard,
    ev.SpyStopped: supervising.heard,
    ev.LegDialled: phone_calls.dialled,
    ev.DialEnded: leg_events.dial_ended,
    ev.LegEnded: leg_events.ended,
    ev.CallTransferred: transfers.completed,
    ev.CallSentOn: sessions.sent_on,
    ev.CallUndelivered: sessions.begun,
    ev.LegFailed: leg_events.failed,
    ev.DeviceChanged: devices.changed,
    ev.AnswerRefused: answering.refused,
    ev.RecordingRefused: recordings.refused,
    ev.MessageBegun: voicemail.begun,
    ev.RecordingSettled: recording_ends.settled,
    ev.RecordingSpaceTold: recordings.space_told,
    ev.PbxLost: pbx.lost,
    ev.PbxReconciled: pbx.reconciled,
    ev.DesktopConnected: agents.desktop_connected,
    ev.DesktopLost: agents.desktop_lost,
}

_REQUESTS: dict[type[ev.Request], Callable[[Turn, Any], dict[str, Any]]] = {
    ev.AgentStateRequested: requests.agent_state,
    ev.AgentProfileSet: profiles.change,
    ev.AgentPhoneSet: phone_requests.set_phone,
    ev.OfferAccepted: requests.accept_offer,
    ev.OfferRejected: requests.reject_offer,
    ev.ContactSubmitted: requests.submit_contact,
    ev.ContactWithdrawn: requests.withdraw_contact,
    ev.WrapUpSet: requests.wrap_up,
    ev.AttributesSet: requests.attributes,
    ev.RoutingSet: requests.routing,
    ev.TransferRequested: call_control.transfer,
    ev.HangUpRequested: call_control.hang_up,
    ev.HoldRequested: call_control.hold,
    ev.DetourRequested: call_control.send_to_menu,
    ev.RetrieveRequested: call_control.retrieve,
    ev.MuteRequested: call_control.mute,
    ev.LegClearRequested: call_control.clear,
    ev.DigitsRequested: call_control.send_digits,
    ev.RecordingRequested: recording_requests.act,
    ev.AnswerRequested: call_control.answer,
    ev.OfferDeflected: deflecting.deflect,
    ev.PickUpRequested: picking_up.pick_up,
    ev.ParkRequested: parking.park,
    ev.ConsultationRequested: consultation_requests.consult,
    ev.ConsultationCompleted: consultation_requests.complete,
    ev.ConferenceRequested: consultation_requests.confer,
    ev.AlternateRequested: consultation_requests.alternate,
    ev.PartyRequested: consultation_requests.add_party,
    ev.ConsultationWithdrawn: consultation_requests.withdraw,
    ev.SupervisionRequested: supervision_requests.supervise,
    ev.SupervisionModeSet: supervision_requests.set_mode,
    ev.SupervisionWithdrawn: supervision_requests.end,
    ev.TakeOverRequested: supervision_requests.take_over,
    ev.CallRequested: call_requests.call,
    ev.CallbackRequested: callback_requests.ask,
    ev.CallbackCanceled: callback_requests.cancel,
    ev.MessageRequested: messages.send,
}


class Engine:
    """Routing, IVR and ACD of one site, as a function of its events.

    Attributes:
        state: Everything it knows; read it freely between two events, never change it.
        site: The configuration in force.
        floor: Waiting contacts and free agents; all of it follows from the state.
        quiet: Nobody listens, as in a simulation: no ``Publish`` is made. State and all other commands are the same.
    """

    def __init__(self, state: SiteState | None = None, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self.state = state if state is not None else SiteState()
        self.site = reload.parse(self.state.spec) if self.state.spec else _NO_SITE
        self.floor = self._floor()

    def handle(self, event: ev.Event, now: Instant) -> list[Command]:
        """Take in one event.

        Args:
            event: What happened.
            now: When; ``mono_ms`` never less than at the event before.

        Returns:
            What has to be done, in this order.
        """
        try:
            return self._handle(event, now)
        except Exception:
            # A bug of ours. The floor may be behind the state now, and a daemon that recovers would have another one.
            self.floor = self._floor()
            raise

    def _floor(self) -> Floor:
        """Everybody on the floor as the state has them."""
        floor = assignment.empty_floor(self.state, self.site)
        turn = Turn(self.state, self.site, Instant(0, 0), floor)
        assignment.place_all(turn, list(self.state.agents), list(self.state.contacts))
        return floor

    def _handle(self, event: ev.Event, now: Instant) -> list[Command]:
        if not today.holds(self.state.today, now):
            today.begin(self.state, self.site.timezone, now)
        turn = Turn(self.state, self.site, now, self.floor, quiet=self.quiet)
        match event:
            case ev.Request():
                self._request(turn, event)
            case ev.TimerFired():
                self._timer(turn, event.timer_id)
            case ev.ConfigLoaded():
                self.site = turn.site = reload.load(turn, event.spec)
            case ev.SiteStarted():
                self._started(turn, event)
            case ev.DrainStarted():
                self.state.draining = True
                turn.publish("site.draining", {})
            case _:
                handler = _HANDLERS.get(type(event))
                if handler is None:
                    raise InvariantError(f"no handler for {type(event).__name__}")
                handler(turn, event)
        supervising.settle(turn)
        if turn.deserted:
            ways_out.recheck(turn)
        assignment.settle(turn)
        self.floor = turn.floor
        return turn.commands

    def snapshot(self) -> bytes:
        """The whole state, byte for byte the same for the same history."""
        return msgspec.json.encode(self.state)

    @classmethod
    def restore(cls, snapshot: bytes) -> Engine:
        """An engine in the state of a snapshot."""
        state = msgspec.json.decode(snapshot, type=SiteState)
        for consultation in state.consultations.values():
            # Earlier snapshots tell only this way round.
            about = state.contacts[consultation.contact_id].consultation_ids
            if consultation.id not in about:
                about.append(consultation.id)
        return cls(state)

    def _request(self, turn: Turn, event: ev.Request) -> None:
        turn.caused_by = event.command_id
        try:
            requests.check_agent(turn, event)
            result = _REQUESTS[type(event)](turn, event)
        except ConflictError as error:
            turn.emit(
                Refuse(
                    command_id=event.command_id,
                    code=error.code,
                    detail=error.detail,
                    current=error.current,
                    allowed_actions=list(error.allowed_actions),
                )
            )
        except RequestError as error:
            turn.emit(Refuse(command_id=event.command_id, code=error.code, detail=error.detail))
        else:
            turn.emit(Accept(command_id=event.command_id, result=result))

    def _started(self, turn: Turn, event: ev.SiteStarted) -> None:
        """A process took over: pick up what the last one left, in whatever middle it was."""
        state = self.state
        state.site, state.epoch, state.minted, state.draining = event.site, event.epoch, 0, False
        state.stream_epoch = state.stream_epoch or event.epoch
        pbx.restart(turn)
        for agent in state.agents.values():
            if agent.desktops:
                agent.desktops.clear()
                agents.lose_desktop(turn, agent)
        for queue in state.callbacks:
            callbacks.hold(turn, queue)
        for timer_id, due_ms in state.timers.items():
            turn.emit(StartTimer(timer_id=timer_id, due_ms=due_ms))
        for contact in state.contacts.values():
            if contact.state is ContactState.CLOSED:
                turn.emit(SaveRecord(record=contacts.record_of(turn, contact)))
            elif (number := contacts.customer_number(turn, contact)) and contact.customer is None:
                turn.emit(LookUpCustomer(contact_id=contact.id, ani=number))
        recordings.restart(turn)
        turn.touch_all()
        turn.publish("site.started", {"site": event.site, "release": event.release})

    def _timer(self, turn: Turn, timer_id: str) -> None:
        state = self.state
        due = state.timers.get(timer_id)
        if due is None:
            return
        if due > turn.now.mono_ms:
            # It fired early, or was started anew while it was on its way to us: either way it is still to come.
            turn.emit(StartTimer(timer_id=timer_id, due_ms=due))
            return
        del state.timers[timer_id]
        kind, _, subject = timer_id.partition(":")
        match kind:
            case "offer" if offer := state.offers.get(subject):
                leases.expire(turn, offer)
            case "lease" if offer := state.offers.get(subject):
                leases.over(turn, offer)
            case "tell" if offer := state.offers.get(subject):
                answering.time_over(turn, offer)
            case "wrap" if agent := state.agents.get(subject):
                wrap_up.time_over(turn, agent)
            case "desktop" if agent := state.agents.get(subject):
                agents.desktop_grace_over(turn, agent)
            case "step" if contact := state.contacts.get(subject):
                queueing.widen(turn, contact)
            case "treat" if contact := state.contacts.get(subject):
                treatment.due(turn, contact)
            case "known" if contact := state.contacts.get(subject):
                arrivals.known_or_not(turn, contact)
            case "hush" if contact := state.contacts.get(subject):
                flows.still_waiting(turn, contact)
            case "wait" if contact := state.contacts.get(subject):
                journey.leave_queue(turn, contact)
            case "ewt" if subject in turn.site.queues:
                queueing.look_ahead(turn, subject)
            case "meant" if contact := state.contacts.get(subject):
                returning.patience_over(turn, contact)
            case "recall" if leg := state.legs.get(subject):
                holding.recall(turn, leg)
            case "park" if contact := state.contacts.get(subject):
                parking.time_over(turn, contact)
            case "parted" if contact := state.contacts.get(subject):
                transfers.parted(turn, contact)
            case "spy" if supervision := state.supervisions.get(subject):
                supervising.look_again(turn, supervision)
            case "takeover" if supervision := state.supervisions.get(subject):
                supervising.not_taken_over(turn, supervision)
            case "exclude" if contact := state.contacts.get(subject):
                queueing.readmit(turn, contact)
            case "expire" if contact := state.contacts.get(subject):
                callbacks.expire(turn, contact)
            case "call" if contact := state.contacts.get(subject):
                own_calls.time_over(turn, contact)
            case "dial" if contact := state.contacts.get(subject):
                dialling.over(turn, contact)
            case "waited" if contact := state.contacts.get(subject):
                dialling.waited(turn, contact)
            case "callbacks":
                dialling.pulse(turn, subject)
            case "retry":
                turn.touch_contact(subject)
            case "backoff" if agent := state.agents.get(subject):
                agents.back_off_over(turn, agent)
            case "unseen" if leg := state.legs.get(subject):
                leg_events.unseen_over(turn, leg)
            case "pbx":
                pbx.grace_over(turn, subject)
            case _:
                pass


_NO_SITE = SiteSpec.model_construct(site="", country="", entries={}, queues={})
