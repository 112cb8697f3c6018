"""Commands: a command of the engine becomes the fields of an AMI action. Pure."""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import Final

from ctid.model.commands import (
    Alternate,
    Confer,
    DialConsulted,
    DialCustomer,
    HangUpLeg,
    HoldCall,
    JoinLegs,
    LetWait,
    MuteLeg,
    MuteRecording,
    PlaceCall,
    RejoinConsulted,
    RemindAgent,
    RingAgent,
    RingSupervisor,
    SetPhone,
    Supervise,
)
from ctid.model.supervision import SupervisionMode
from ctid.pbx_adapters.ami.protocol import Fields

CONNECT: Final = "ctid-connect"
"""The context of our dialplan that an agent's leg runs when it is answered; it bridges the caller."""

AWAIT: Final = "ctid-await"
"""The context in which an agent who has answered hears it ring until the customer who is called back is there."""

HOLD, RING = "hold", "ring"
"""The extensions of ``AWAIT`` for an agent whose caller is on hold: they hear nothing, or it ring elsewhere."""

RECALL: Final = "recall"
"""The extension of ``AWAIT`` that reminds an agent, by a beep, of a caller on hold."""

MUSIC: Final = "music"
"""The extension of ``AWAIT`` for somebody who was asked, and waits while the agent talks to the caller."""

JOIN: Final = "ctid-join"
"""The context of a channel that is bridged with a caller who waits with us: extension ``to`` and their unique id."""

CONSULT: Final = "ctid-consult"
"""The context of somebody whom an agent asks, and who talks to them: extension ``to`` and the agent's unique id."""

CONFERENCE: Final = "ctid-conference"
"""The context of a conference: extensions ``caller`` and ``staff``, each with the conference's name behind it."""

SUPERVISE: Final = "ctid-supervise"
"""The context of a supervisor's channel: an extension for each mode, with the unique id of the agent's channel behind
it, ``ROOM`` with a conference's name, and ``WAIT``."""

MODES: Final = {SupervisionMode.MONITOR: "hear", SupervisionMode.WHISPER: "coach", SupervisionMode.BARGE: "barge"}
"""The extensions of ``SUPERVISE`` for the modes. A pattern takes x, z and n for digits, so none is in these words."""

ROOM: Final = "room"
"""The extension of ``SUPERVISE`` for a supervisor who takes part in a conference."""

WAIT: Final = "wait"
"""The extension of ``SUPERVISE`` for a supervisor who waits for the next talk."""

DIGIT_MS: Final = 120
"""How long a digit sounds that is sent for an agent."""

CALLED: Final = "ctid-called"
"""The context of a customer who was called back: extension ``s`` asks ctid, ``agent`` bridges, ``machine`` listens."""

ASK: Final = "ctid-ask"
"""The context in which callers wait in ctid's hands."""

HELD: Final = "held"
"""The extension of ``ASK`` for callers on hold, with the music that they hear, until ctid is asked, behind it."""

CALLER: Final = "CTID_CALLER"
"""The channel variable that tells a context that bridges the unique id of the one who waits."""

AWAIT_SECONDS: Final = "CTID_AWAIT"
"""The channel variable that tells how long an agent may be kept waiting."""

TRANSFER: Final = "ctid-transfer"
"""The context in which callers come to us whom an agent's phone sends on by REFER, with the extension it gave."""

PHONES: Final = "ctid-phones"
"""The context of what agents' phones dial."""

OWN_NUMBER: Final = "CTID_OWN_NUMBER"
"""The channel variable that tells what is shown of an agent for whom we dial."""

RECORD: Final = "CTID_RECORD"
"""The channel variable that tells the name of the files that a channel is recorded to, and our context for that."""

PHONE: Final = "CTID_PHONE"
"""The channel variable that tells which agent's phone we dial for."""

PHONE_CALLS: Final = "CTID_CALLS_"
"""The global variable, with the phone's name behind it, that tells our dialplan what is to become of calls to it."""

NO_FORWARD: Final = "ctid-no-forward"
"""The context a forwarding phone (302) is sent to; it refuses, so that the call never rings elsewhere."""

GONE: Final = "No such channel"
"""What ``Hangup`` answers for a channel that is not there."""

NO_DIALOG: Final = "Channel not found"
"""What ``PJSIPNotify`` answers for a channel that is not there, or whose phone has sent no 180 with a tag."""

NOT_RECORDED: Final = "Cannot set mute flag"
"""What ``MixMonitorMute`` answers for a channel on which nothing is recorded."""

_MOST_SHOWN: Final = 80
"""Characters of a name or number; no phone shows more, and Asterisk takes no action with a line of over 1,023 bytes."""

_NAME_BREAKERS: Final = re.compile(r'["<>\\\x00-\x1f\x7f]')
_NAME_OF_NO_PHONE: Final = re.compile(r"[^0-9A-Za-z_.@+*#-]")
_VARIABLE_BREAKERS: Final = re.compile(r'([\\,"()])')


def ring_agent(command: RingAgent) -> Fields:
    """Originate the agent's leg; on answer our dialplan's ``Bridge`` takes the caller out of FastAGI."""
    variables = [f"FORWARD_CONTEXT={NO_FORWARD}", f"TRANSFER_CONTEXT={TRANSFER}"]
    if command.peer_unique_id:
        variables.append(f"{CALLER}={_escaped(command.peer_unique_id)}")
    else:
        variables.append(f"{AWAIT_SECONDS}={command.wait_ms // 1000}")
    variables += [f"{RECORD}={_escaped(command.record)}"] if command.record else []
    variables += [f"PJSIP_HEADER(add,{name})={_escaped(value)}" for name, value in command.headers.items()]
    fields: dict[str, str | list[str]] = {
        "Action": "Originate",
        "Async": "true",
        "Channel": command.device,
        "ChannelId": command.unique_id,
        "Context": CONNECT if command.peer_unique_id else AWAIT,
        "Exten": "s",
        "Priority": "1",
        "Timeout": str(command.timeout_ms),
        "Variable": variables,
    }
    if command.caller_number or command.caller_name:
        fields["CallerID"] = _caller_id(command.caller_name, command.caller_number)
    return fields


def dial_customer(command: DialCustomer, dial_out: str = "") -> Fields:
    """Originate the leg of a customer who is called back, or of whom an agent calls.

    Args:
        command: The command.
        dial_out: How a number is dialled for which there is no device; empty to do it as an agent's phone would. Then
            a ``Local`` channel is the customer's, on which Asterisk plays no music.
    """
    variables = [f"FORWARD_CONTEXT={NO_FORWARD}"]
    if command.number:
        variables.append(f"TRANSFER_CONTEXT={TRANSFER}")
    device = command.device or dial_out.replace("{number}", command.number)
    if not device and command.caller_number:
        variables.append(f"{OWN_NUMBER}={_escaped(command.caller_number)}")
    if command.peer_unique_id:
        variables.append(f"{CALLER}={_escaped(command.peer_unique_id)}")
    fields: dict[str, str | list[str]] = {
        "Action": "Originate",
        "Async": "true",
        "Channel": device or f"Local/{command.number}@{PHONES}/n",
        "ChannelId": command.unique_id,
        "Context": CALLED,
        "Exten": "agent" if command.peer_unique_id else "machine" if command.detect_machine else "s",
        "Priority": "1",
        "Timeout": str(command.timeout_ms),
        "Variable": variables,
    }
    if command.caller_number or command.caller_name:
        fields["CallerID"] = _caller_id(command.caller_name, command.caller_number)
    return fields


def place_call(command: PlaceCall) -> Fields:
    """Originate an agent's phone, which dials when it is answered; it shows whom it will reach."""
    own = command.device.partition("/")[2].partition("@")[0]
    variables = [f"FORWARD_CONTEXT={NO_FORWARD}", f"{OWN_NUMBER}={_escaped(own)}"]
    variables += [f"PJSIP_HEADER(add,{name})={_escaped(value)}" for name, value in command.headers.items()]
    return {
        "Action": "Originate",
        "Async": "true",
        "Channel": command.device,
        "ChannelId": command.unique_id,
        "Context": PHONES,
        "Exten": command.number,
        "Priority": "1",
        "CallerID": f"<{command.number}>",
        "Variable": variables,
    }


def fetch(unique_id: str) -> Fields:
    """Take a caller's channel out of its bridge, to where ctid is asked; ``Redirect`` takes a unique id as well."""
    return _redirect(unique_id, ASK, "in")


def hold_call(command: HoldCall) -> Fields:
    """Take caller and agent out of their bridge in one step, so that neither ends with it."""
    held = f"{HELD}{command.music_class}"
    return _redirect_both((command.unique_id, ASK, held), (command.agent_unique_id, AWAIT, HOLD))


def let_wait(command: LetWait) -> Fields:
    """Have an agent's channel wait alone."""
    return _redirect(command.unique_id, AWAIT, RING if command.ringing else HOLD)


def remind_agent(command: RemindAgent) -> Fields:
    """Beep in the ear of an agent whose channel waits."""
    return _redirect(command.unique_id, AWAIT, RECALL)


def join_legs(command: JoinLegs) -> Fields:
    """Have a channel bridge with a caller's."""
    return _redirect(command.unique_id, JOIN, f"to{command.peer_unique_id}")


def dial_consulted(command: DialConsulted) -> Fields:
    """Originate the leg of who is asked; without a device it dials as agents' phones do."""
    variables = [
        f"FORWARD_CONTEXT={NO_FORWARD}",
        f"TRANSFER_CONTEXT={TRANSFER}",
    ]
    variables += [f"{RECORD}={_escaped(command.record)}"] if command.record else []
    if not command.device and command.caller_number:
        variables.append(f"{PHONE}={_escaped(command.caller_number)}")
    fields: dict[str, str | list[str]] = {
        "Action": "Originate",
        "Async": "true",
        # Without /n the channel would give its id away as soon as it is answered.
        "Channel": command.device or f"Local/{command.number}@{PHONES}/n",
        "ChannelId": command.unique_id,
        "Context": CONFERENCE if command.conference else CONSULT,
        "Exten": f"staff{command.conference}" if command.conference else f"to{command.peer_unique_id}",
        "Priority": "1",
        "Timeout": str(command.timeout_ms),
        "Variable": variables,
    }
    if command.caller_number or command.caller_name:
        fields["CallerID"] = _caller_id(command.caller_name, command.caller_number)
    return fields


def alternate(command: Alternate) -> Fields:
    """Take an agent from who was asked to the caller, in one step, so that neither ends with their bridge."""
    return _redirect_both(
        (command.agent_unique_id, JOIN, f"to{command.unique_id}"), (command.consulted_unique_id, AWAIT, MUSIC)
    )


def rejoin_consulted(command: RejoinConsulted) -> Fields:
    """Bridge who was asked with the agent again."""
    return _redirect(command.unique_id, CONSULT, f"to{command.peer_unique_id}")


def confer(command: Confer) -> list[Fields]:
    """Bring three into a conference: the two who talk in one step, then the caller; or two to somebody who is there."""
    agent = (command.agent_unique_id, CONFERENCE, f"staff{command.unique_id}")
    caller = (command.unique_id, CONFERENCE, f"caller{command.unique_id}")
    if not command.consulted_unique_id:
        return [_redirect_both(agent, caller)]
    consulted = (command.consulted_unique_id, CONFERENCE, f"staff{command.unique_id}")
    return [_redirect_both(agent, consulted), _redirect(*caller)]


def ring_supervisor(command: RingSupervisor) -> Fields:
    """Originate the leg of a supervisor; without a device it dials as agents' phones do."""
    variables = [f"FORWARD_CONTEXT={NO_FORWARD}"]
    variables += [f"PJSIP_HEADER(add,{name})={_escaped(value)}" for name, value in command.headers.items()]
    return {
        "Action": "Originate",
        "Async": "true",
        # Without /n the channel would give its id away as soon as it is answered.
        "Channel": command.device or f"Local/{command.number}@{PHONES}/n",
        "ChannelId": command.unique_id,
        "Context": SUPERVISE,
        "Exten": _supervised(command),
        "Priority": "1",
        "Timeout": str(command.timeout_ms),
        "CallerID": _caller_id(command.caller_name, command.caller_number),
        "Variable": variables if command.device else variables[:1],
    }


def supervise(command: Supervise) -> Fields:
    """Have a supervisor's channel hear an agent, in a mode, or take part in a conference, or wait."""
    return _redirect(command.unique_id, SUPERVISE, _supervised(command))


def _supervised(command: RingSupervisor | Supervise) -> str:
    if not command.agent_unique_id:
        return WAIT
    return f"{ROOM}{command.conference}" if command.conference else f"{MODES[command.mode]}{command.agent_unique_id}"


def mute_leg(command: MuteLeg) -> Fields:
    """Keep what a party says from the others; unlike the action ``MuteAudio`` this needs no right to the system."""
    return {
        "Action": "Setvar",
        "Channel": command.unique_id,
        "Variable": "MUTEAUDIO(in)",
        "Value": "on" if command.on else "off",
    }


def mute_recording(command: MuteRecording) -> Fields:
    """Have what a channel is recorded to be silent; of the classes ``system`` and ``call`` this needs one."""
    return {
        "Action": "MixMonitorMute",
        "Channel": command.unique_id,
        "Direction": "both",
        "State": "1" if command.on else "0",
    }


def stop_recording(unique_id: str) -> Fields:
    """End the recording of a channel."""
    return {"Action": "StopMixMonitor", "Channel": unique_id}


def tell_to_answer(unique_id: str) -> Fields:
    """Send a phone ``NOTIFY`` within the call that rings there; needs the class ``system``, which ctid's user has not.

    Answered when it is on its way, not when the phone has taken it.
    """
    return {"Action": "PJSIPNotify", "Channel": unique_id, "Variable": "Event=talk"}


def set_phone(command: SetPhone) -> Fields:
    """Set a global variable: ``Setvar`` may not write into Asterisk's own database, nor may we ``DBPut``."""
    name = f"{PHONE_CALLS}{_NAME_OF_NO_PHONE.sub('', command.extension)}"
    return {"Action": "Setvar", "Variable": name, "Value": command.calls}


def send_digit(unique_id: str, digit: str) -> Fields:
    """Send one digit to a channel's party; answered when it has sounded."""
    return {"Action": "PlayDTMF", "Channel": unique_id, "Digit": digit, "Duration": str(DIGIT_MS)}


def _redirect(unique_id: str, context: str, extension: str) -> dict[str, str | list[str]]:
    return {"Action": "Redirect", "Channel": unique_id, "Context": context, "Exten": extension, "Priority": "1"}


def _redirect_both(one: tuple[str, str, str], other: tuple[str, str, str]) -> dict[str, str | list[str]]:
    """Both are moved, or, if either is gone, neither."""
    unique_id, context, extension = other
    return {
        **_redirect(*one),
        "ExtraChannel": unique_id,
        "ExtraContext": context,
        "ExtraExten": extension,
        "ExtraPriority": "1",
    }


def hang_up(unique_id: str, cause: int) -> Fields:
    """End a channel; ``Hangup`` takes a unique id as well as a channel's name."""
    return {"Action": "Hangup", "Channel": unique_id, "Cause": str(cause)}


class _Channel(Enum):
    """What is known of the channel of an originate: not made yet, there, or hung up (by us or anybody)."""

    AWAITED = auto()
    MADE = auto()
    HUNG_UP = auto()


class Originating:
    """Our originates that have not come to an end, and what is to become of their channels.

    Asterisk answers an originate before the channel is made: a hang-up that follows at once finds no channel, and
    without this the phone would ring for nobody. That answer and the news of the channel come on two connections,
    in either order.
    """

    def __init__(self) -> None:
        self._channels: dict[str, _Channel] = {}
        self._doomed: dict[str, HangUpLeg] = {}

    def began(self, unique_id: str) -> None:
        """Note that an originate was sent."""
        self._channels[unique_id] = _Channel.AWAITED

    def over(self, unique_id: str) -> None:
        """Note that it succeeded or failed, and will make no channel any more."""
        self._channels.pop(unique_id, None)
        self._doomed.pop(unique_id, None)

    def not_found(self, command: HangUpLeg) -> bool:
        """Take the answer that there is no such channel; tell whether to try again at once, for there is one now."""
        match self._channels.get(command.unique_id):
            case _Channel.AWAITED:
                self._doomed[command.unique_id] = command
                return False
            case _Channel.MADE:
                self._channels[command.unique_id] = _Channel.HUNG_UP
                return True
            case _:
                return False

    def made(self, unique_id: str) -> HangUpLeg | None:
        """Note that a channel was made, and tell if it is to be hung up."""
        if unique_id not in self._channels:
            return None
        command = self._doomed.pop(unique_id, None)
        self._channels[unique_id] = _Channel.MADE if command is None else _Channel.HUNG_UP
        return command

    def hung_up(self, unique_id: str) -> None:
        """Note that a channel has ended."""
        if unique_id in self._channels:
            self._channels[unique_id] = _Channel.HUNG_UP

    def had_channel(self, unique_id: str) -> bool:
        """Tell whether there is or was a channel: then its end is told by ``Hangup``, with the true cause."""
        return self._channels.get(unique_id, _Channel.AWAITED) is not _Channel.AWAITED

    def clear(self) -> None:
        """Forget all: the link is new, and the snapshot tells what exists."""
        self._channels.clear()
        self._doomed.clear()


def _caller_id(name: str, number: str) -> str:
    """What a phone shows; callers choose their own number, and whoever wrote the directory their name."""
    shown = f"<{_NAME_BREAKERS.sub('', number[:_MOST_SHOWN])}>"
    return f'"{_NAME_BREAKERS.sub(" ", name[:_MOST_SHOWN])}" {shown}' if name else shown


def _escaped(value: str) -> str:
    r"""Escape a variable's value: Asterisk splits ``Variable`` at commas outside of brackets and quotes."""
    return _VARIABLE_BREAKERS.sub(r"\\\1", value)
