"""Executor: carries out commands at a PBX over the connection for actions, and tells of originates that failed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from ctid.errors import PbxActionError, PbxError
from ctid.model.commands import (
    Alternate,
    AmiCommand,
    Confer,
    DialConsulted,
    DialCustomer,
    FetchLeg,
    HangUpLeg,
    HoldCall,
    JoinLegs,
    LetWait,
    MuteLeg,
    MuteRecording,
    Originate,
    PlaceCall,
    RejoinConsulted,
    RemindAgent,
    RingAgent,
    RingSupervisor,
    SendDigits,
    SetPhone,
    StopRecording,
    Supervise,
    TellToAnswer,
)
from ctid.model.events import Event, LegFailed, RecordingRefused
from ctid.pbx_adapters.ami.commands import (
    GONE,
    NOT_RECORDED,
    Originating,
    alternate,
    confer,
    dial_consulted,
    dial_customer,
    fetch,
    hang_up,
    hold_call,
    join_legs,
    let_wait,
    mute_leg,
    mute_recording,
    place_call,
    rejoin_consulted,
    remind_agent,
    ring_agent,
    ring_supervisor,
    set_phone,
    stop_recording,
    supervise,
)
from ctid.pbx_adapters.ami.framing import Message
from ctid.pbx_adapters.ami.keypad import Keypad
from ctid.pbx_adapters.ami.notifier import Notifier
from ctid.pbx_adapters.ami.protocol import Fields, OneConnection

_log = structlog.get_logger()

MOVING = ("Redirect failed, channel not up.", "Redirect failed, extra channel not up.")
"""What Asterisk says of a channel that has hung up, and of one that is on its way by an earlier order."""

PAUSES_S = (0.02, 0.05, 0.1, 0.2)
"""How long one that may be on its way is left alone before it is ordered on again; by then it has hung up."""

LATE_CHANNEL_S = 0.5
"""How long the news of a channel may come behind those that its originate has failed; milliseconds were seen."""


class Executor:
    """Commands as actions of one PBX, while there is a link to it.

    Attributes:
        originating: What is known of the channels of our originates; the events of the link are to be told to it.
    """

    def __init__(
        self,
        pbx: str,
        time_limit_s: float,
        emit: Callable[[Event], None],
        keypad: Keypad,
        notifier: Notifier,
        dial_out: str = "",
    ) -> None:
        """Make an executor without a link: originates fail, everything else is dropped.

        Args:
            pbx: Name of the PBX.
            time_limit_s: For the response to an action; a later one ends the link.
            emit: Takes ``LegFailed``.
            keypad: Takes digits.
            notifier: Takes who is to be told to answer.
            dial_out: How the PBX dials a number outside; empty to leave that to its dialplan.
        """
        self._dial_out = dial_out
        self._keypad = keypad
        self._notifier = notifier
        self.originating = Originating()
        self._pbx = pbx
        self._time_limit_s = time_limit_s
        self._emit = emit
        self._log = _log.bind(pbx=pbx)
        self._actions: OneConnection | None = None
        self._group: asyncio.TaskGroup | None = None
        self._insisting: dict[str, AmiCommand] = {}

    def begin(self, actions: OneConnection, group: asyncio.TaskGroup) -> None:
        """Take the connection for actions, and the tasks of the link that lasts as long as it."""
        self._actions, self._group = actions, group

    def end(self) -> None:
        """The link is gone."""
        self._actions = self._group = None
        self.originating.clear()
        self._insisting.clear()

    def made(self, unique_id: str) -> None:
        """A channel was made; one that is wanted no more is hung up now that it can be."""
        doomed = self.originating.made(unique_id)
        if doomed is not None:
            self._hang_up(doomed)

    def originated(self, unique_id: str, failure: LegFailed | None) -> None:
        """An originate has come to its end: that it failed is told if there was no channel.

        Where there was one, its Hangup tells how it ended, with the true cause. Asterisk tells of channels on another
        way than of originates, and a phone that refuses at once can be quicker than the news that it is rung.
        """
        if failure is None or self._group is None or self.originating.had_channel(unique_id):
            self.originating.over(unique_id)
            return
        self._group.create_task(self._settle_failure(failure), name=f"ami-{self._pbx}-failed-{unique_id}")

    def execute(self, command: AmiCommand) -> None:
        """Write the action of a command, without waiting for its response. Never raises.

        An originate that cannot be sent or is refused becomes ``LegFailed`` with reason 0.
        """
        match command:
            case RingAgent():
                self._originate(command, ring_agent(command))
            case DialCustomer():
                self._originate(command, dial_customer(command, self._dial_out))
            case PlaceCall():
                self._originate(command, place_call(command))
            case DialConsulted():
                self._originate(command, dial_consulted(command))
            case RingSupervisor():
                self._originate(command, ring_supervisor(command))
            case FetchLeg():
                self._insist(command, command.unique_id, fetch(command.unique_id))
            case HoldCall():
                self._move(command.unique_id, hold_call(command))
            case LetWait():
                self._move(command.unique_id, let_wait(command))
            case RemindAgent():
                self._move(command.unique_id, remind_agent(command))
            case JoinLegs():
                self._insist(command, command.peer_unique_id, join_legs(command))
            case Alternate():
                self._move(command.unique_id, alternate(command))
            case RejoinConsulted():
                self._move(command.unique_id, rejoin_consulted(command))
            case Confer():
                self._insist(command, command.unique_id, *confer(command))
            case Supervise():
                self._move(command.unique_id, supervise(command))
            case MuteLeg():
                self._move(command.unique_id, mute_leg(command))
            case MuteRecording():
                self._mute_recording(command)
            case StopRecording():
                self._move(command.unique_id, stop_recording(command.unique_id))
            case SendDigits():
                self._keypad.press(command.unique_id, command.digits)
            case TellToAnswer():
                self._notifier.tell(command.unique_id)
            case SetPhone():
                self._set_phone(command)
            case HangUpLeg():
                self._hang_up(command)

    # ---- private -------------------------------------------------------------------------------------------

    def _originate(self, command: Originate, action: Fields) -> None:
        if self._actions is None or self._group is None:
            self._fail(command)
            return
        try:
            answer = self._actions.send_action(dict(action))
        except PbxError as error:
            self._log.warning("leg.ring_refused", unique_id=command.unique_id, detail=error.detail)
            self._fail(command)
            return
        self.originating.began(command.unique_id)
        self._group.create_task(
            self._settle_originate(command, answer), name=f"ami-{self._pbx}-originate-{command.unique_id}"
        )

    async def _settle_originate(self, command: Originate, answer: Awaitable[list[Message]]) -> None:
        assert self._actions is not None
        try:
            await self._actions.response(answer, "Originate", self._time_limit_s)
        except PbxActionError as error:
            self.originating.over(command.unique_id)
            self._log.warning("leg.ring_refused", unique_id=command.unique_id, detail=error.detail)
            self._fail(command)
        # No response in time ends the link: whether the phone rings then, only a snapshot can tell.

    async def _settle_failure(self, failure: LegFailed) -> None:
        await asyncio.sleep(LATE_CHANNEL_S)
        had_channel = self.originating.had_channel(failure.unique_id)
        self.originating.over(failure.unique_id)
        if not had_channel:
            self._emit(failure)

    def _fail(self, command: Originate) -> None:
        self._emit(LegFailed(pbx=self._pbx, unique_id=command.unique_id, reason=0))

    def _insist(self, command: AmiCommand, caller: str, *actions: Fields) -> None:
        """Move channels to or from a caller who may be on the way elsewhere, until a later order for the caller."""
        if self._actions is not None:
            self._insisting[caller] = command
        self._move(caller, *actions, order=command)

    def _move(self, unique_id: str, *actions: Fields, order: AmiCommand | None = None) -> None:
        """Carry out actions on a channel that is there, one after the other; what a refusal means, its events tell."""
        if self._actions is None or self._group is None:
            # The snapshot that comes first when the link is there again shows whether it is still to be done.
            self._log.info("leg.action_dropped", unique_id=unique_id, action=actions[0]["Action"])
            return
        # Written now, so that it keeps its place among the commands; what follows it waits for its answer.
        try:
            answer = self._actions.send_action(dict(actions[0]))
        except PbxError as error:
            self._log.warning("leg.action_refused", unique_id=unique_id, detail=error.detail)
            return
        self._group.create_task(
            self._settle_move(unique_id, actions, answer, order),
            name=f"ami-{self._pbx}-{actions[0]['Action']}-{unique_id}",
        )

    async def _settle_move(
        self, unique_id: str, actions: Sequence[Fields], answer: Awaitable[list[Message]], order: AmiCommand | None
    ) -> None:
        name, left, pauses = str(actions[0]["Action"]), list(actions), iter(PAUSES_S if order is not None else ())
        try:
            while left and self._actions is not None:
                try:
                    await self._actions.response(answer, name, self._time_limit_s)
                    del left[0]
                except PbxActionError as error:
                    pause = next(pauses, None) if error.detail in MOVING else None
                    if pause is None:
                        raise
                    await asyncio.sleep(pause)
                if order is not None and self._insisting.get(unique_id) is not order:
                    return
                if left and self._actions is not None:
                    answer = self._actions.send_action(dict(left[0]))
        except PbxActionError as error:
            # Whoever has just hung up can't be moved; the end of their leg is told, or was.
            self._log.info("leg.action_refused", unique_id=unique_id, action=name, detail=error.detail)
        finally:
            if order is not None and self._insisting.get(unique_id) is order:
                del self._insisting[unique_id]

    def _mute_recording(self, command: MuteRecording) -> None:
        if self._actions is None or self._group is None:
            # The engine orders it anew when the link is there again.
            self._log.info("recording.mute_dropped", unique_id=command.unique_id)
            return
        try:
            answer = self._actions.send_action(dict(mute_recording(command)))
        except PbxError as error:
            self._log.warning("recording.mute_refused", unique_id=command.unique_id, detail=error.detail)
            return
        self._group.create_task(
            self._settle_mute(command, answer), name=f"ami-{self._pbx}-mute-recording-{command.unique_id}"
        )

    async def _settle_mute(self, command: MuteRecording, answer: Awaitable[list[Message]]) -> None:
        assert self._actions is not None
        try:
            await self._actions.response(answer, "MixMonitorMute", self._time_limit_s)
        except PbxActionError as error:
            self._log.warning("recording.mute_refused", unique_id=command.unique_id, detail=error.detail)
            if error.detail == NOT_RECORDED:
                self._emit(RecordingRefused(pbx=self._pbx, unique_id=command.unique_id))

    def _set_phone(self, command: SetPhone) -> None:
        if self._actions is None or self._group is None:
            # The engine orders it anew when the link is there again.
            self._log.info("phone.set_dropped", extension=command.extension)
            return
        try:
            answer = self._actions.send_action(dict(set_phone(command)))
        except PbxError as error:
            self._log.warning("phone.set_refused", extension=command.extension, detail=error.detail)
            return
        self._group.create_task(
            self._settle_phone(command, answer), name=f"ami-{self._pbx}-set-phone-{command.extension}"
        )

    async def _settle_phone(self, command: SetPhone, answer: Awaitable[list[Message]]) -> None:
        assert self._actions is not None
        try:
            await self._actions.response(answer, "Setvar", self._time_limit_s)
        except PbxActionError as error:
            self._log.warning("phone.set_refused", extension=command.extension, detail=error.detail)

    def _hang_up(self, command: HangUpLeg) -> None:
        if self._actions is None or self._group is None:
            self._log.info("leg.hang_up_dropped", unique_id=command.unique_id)
            return
        try:
            answer = self._actions.send_action(dict(hang_up(command.unique_id, command.cause)))
        except PbxError as error:
            self._log.warning("leg.hang_up_refused", unique_id=command.unique_id, detail=error.detail)
            return
        self._group.create_task(
            self._settle_hang_up(command, answer), name=f"ami-{self._pbx}-hang-up-{command.unique_id}"
        )

    async def _settle_hang_up(self, command: HangUpLeg, answer: Awaitable[list[Message]]) -> None:
        assert self._actions is not None
        try:
            await self._actions.response(answer, "Hangup", self._time_limit_s)
        except PbxActionError as error:
            if error.detail == GONE:
                if self.originating.not_found(command):
                    self._hang_up(command)
            else:
                self._log.warning("leg.hang_up_refused", unique_id=command.unique_id, detail=error.detail)
