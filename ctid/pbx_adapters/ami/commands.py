"""Commands: a command of the engine becomes the fields of an AMI action. Pure."""

from __future__ import annotations

import re
from typing import Final

from ctid.model.commands import HangUpLeg, RingAgent
from ctid.pbx_adapters.ami.protocol import Fields

AFTER: Final = "ctid-after^s^1"
"""Where the caller's leg goes on when the agent's is gone: context, extension, priority of our dialplan."""

NO_FORWARD: Final = "ctid-no-forward"
"""The context a forwarding phone (302) is sent to; it refuses, so that the call never rings elsewhere."""

GONE: Final = "No such channel"
"""What ``Hangup`` answers for a channel that is not there."""

_NAME_BREAKERS: Final = re.compile(r'["<>\\\x00-\x1f\x7f]')
_VARIABLE_BREAKERS: Final = re.compile(r'([\\,"()])')


def ring_agent(command: RingAgent) -> Fields:
    """Originate the agent's leg; on answer the application ``Bridge`` takes the caller out of FastAGI."""
    variables = [f"FORWARD_CONTEXT={NO_FORWARD}"]
    variables += [f"PJSIP_HEADER(add,{name})={_escaped(value)}" for name, value in command.headers.items()]
    fields: dict[str, str | list[str]] = {
        "Action": "Originate",
        "Async": "true",
        "Channel": command.device,
        "ChannelId": command.unique_id,
        "Application": "Bridge",
        "Data": f"{command.peer_unique_id},F({AFTER})",
        "Timeout": str(command.timeout_ms),
        "Variable": variables,
    }
    if command.caller_number or command.caller_name:
        fields["CallerID"] = f'"{_NAME_BREAKERS.sub(" ", command.caller_name)}" <{command.caller_number}>'
    return fields


def hang_up(unique_id: str, cause: int) -> Fields:
    """End a channel; ``Hangup`` takes a unique id as well as a channel's name."""
    return {"Action": "Hangup", "Channel": unique_id, "Cause": str(cause)}


class Originating:
    """Our originates that have not come to an end: which have a channel, and which are to be hung up once they do.

    Asterisk answers an originate before the channel is made: a hang-up that follows at once finds no channel, and
    without this the phone would ring for nobody.
    """

    def __init__(self) -> None:
        self._made: dict[str, bool] = {}
        self._doomed: dict[str, HangUpLeg] = {}

    def began(self, unique_id: str) -> None:
        """Note that an originate was sent."""
        self._made[unique_id] = False

    def over(self, unique_id: str) -> None:
        """Note that it succeeded or failed, and will make no channel any more."""
        self._made.pop(unique_id, None)
        self._doomed.pop(unique_id, None)

    def doom(self, command: HangUpLeg) -> bool:
        """Have the leg hung up once it exists; tell whether it is one of ours that may yet."""
        if self._made.get(command.unique_id, True):
            return False
        self._doomed[command.unique_id] = command
        return True

    def appeared(self, unique_id: str) -> HangUpLeg | None:
        """Note that a channel was made, and tell what to do to it."""
        if unique_id in self._made:
            self._made[unique_id] = True
        return self._doomed.pop(unique_id, None)

    def has_channel(self, unique_id: str) -> bool:
        """Tell whether it has, or had, a channel: then its end is told by ``Hangup``, with the true cause."""
        return self._made.get(unique_id, False)

    def clear(self) -> None:
        """Forget all: the link is new, and the snapshot tells what exists."""
        self._made.clear()
        self._doomed.clear()


def _escaped(value: str) -> str:
    r"""Escape a variable's value: Asterisk splits ``Variable`` at commas outside of brackets and quotes."""
    return _VARIABLE_BREAKERS.sub(r"\\\1", value)
