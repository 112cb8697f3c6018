"""Commands: a command of the engine becomes the fields of an AMI action. Pure."""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import Final

from ctid.model.commands import DialCustomer, HangUpLeg, PlaceCall, RingAgent
from ctid.pbx_adapters.ami.protocol import Fields

CONNECT: Final = "ctid-connect"
"""The context of our dialplan that an agent's leg runs when it is answered; it bridges the caller."""

AWAIT: Final = "ctid-await"
"""The context in which an agent who has answered hears it ring until the customer who is called back is there."""

CALLED: Final = "ctid-called"
"""The context of a customer who was called back: extension ``s`` asks ctid, ``agent`` bridges, ``machine`` listens."""

ASK: Final = "ctid-ask"
"""The context in which callers wait in ctid's hands."""

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

NO_FORWARD: Final = "ctid-no-forward"
"""The context a forwarding phone (302) is sent to; it refuses, so that the call never rings elsewhere."""

GONE: Final = "No such channel"
"""What ``Hangup`` answers for a channel that is not there."""

_NAME_BREAKERS: Final = re.compile(r'["<>\\\x00-\x1f\x7f]')
_VARIABLE_BREAKERS: Final = re.compile(r'([\\,"()])')


def ring_agent(command: RingAgent) -> Fields:
    """Originate the agent's leg; on answer our dialplan's ``Bridge`` takes the caller out of FastAGI."""
    variables = [f"FORWARD_CONTEXT={NO_FORWARD}", f"TRANSFER_CONTEXT={TRANSFER}"]
    if command.peer_unique_id:
        variables.append(f"{CALLER}={_escaped(command.peer_unique_id)}")
    else:
        variables.append(f"{AWAIT_SECONDS}={command.wait_ms // 1000}")
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
        fields["CallerID"] = f'"{_NAME_BREAKERS.sub(" ", command.caller_name)}" <{command.caller_number}>'
    return fields


def dial_customer(command: DialCustomer) -> Fields:
    """Originate the leg of a customer who is called back."""
    variables = [f"FORWARD_CONTEXT={NO_FORWARD}"]
    if command.peer_unique_id:
        variables.append(f"{CALLER}={_escaped(command.peer_unique_id)}")
    fields: dict[str, str | list[str]] = {
        "Action": "Originate",
        "Async": "true",
        "Channel": command.device,
        "ChannelId": command.unique_id,
        "Context": CALLED,
        "Exten": "agent" if command.peer_unique_id else "machine" if command.detect_machine else "s",
        "Priority": "1",
        "Timeout": str(command.timeout_ms),
        "Variable": variables,
    }
    if command.caller_number:
        fields["CallerID"] = f"<{command.caller_number}>"
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
    return {"Action": "Redirect", "Channel": unique_id, "Context": ASK, "Exten": "in", "Priority": "1"}


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


def _escaped(value: str) -> str:
    r"""Escape a variable's value: Asterisk splits ``Variable`` at commas outside of brackets and quotes."""
    return _VARIABLE_BREAKERS.sub(r"\\\1", value)
