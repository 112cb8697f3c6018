"""manager.conf: the users that ctid logs in as, with the least rights and only the events that ctid reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from ctid.pbx_adapters.ami.supervisor import WANTED
from ctid.pbx_adapters.asterisk_config.values import refuse_unsafe

Release = Literal["16", "22"]

DIALS: Final = ("DialBegin", "DialEnd")
"""Events of which only those of a channel that calls are wanted; ctid's own originates have none."""

FORWARDS: Final = "DialEnd"
"""The event that tells of a phone that sends its call elsewhere; wanted of ctid's originates too."""

READ_RIGHTS: Final = "call,system"
WRITE_RIGHTS: Final = "call,originate,reporting"
"""Originate and hang-up; channels, devices and status for the snapshot. No commands, no configuration."""

NOTIFY_RIGHTS: Final = "system"
"""The only class with ``PJSIPNotify``. It may do much else: load modules, change the dialplan, run programs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagerUser:
    """How ctid logs in at the manager interface.

    Attributes:
        permit: Networks that may.
    """

    name: str
    secret: str
    permit: Sequence[str] = ("127.0.0.1/32",)


def manager_conf(user: ManagerUser, release: Release) -> str:
    """Write the manager user, with the least rights and only the events that ctid reads.

    Raises:
        ConfigError: A value would break out of its line.
    """
    lines = [
        "; In [general] of manager.conf: enabled=yes and timestampevents=yes.",
        *_login(user),
        f"read={READ_RIGHTS}",
        f"write={WRITE_RIGHTS}",
        "; Asterisk cuts off whoever does not read for so long, and repeats nothing.",
        "writetimeout=5000",
        *_event_filters(release),
    ]
    return "\n".join(lines) + "\n"


def notify_user_conf(user: ManagerUser) -> str:
    """Write the manager user with whom phones are told to answer; it reads nothing, and no other user has its right.

    Raises:
        ConfigError: A value would break out of its line.
    """
    lines = [
        "; Tells phones to answer, and nothing else; but its class has rights over the whole of Asterisk.",
        *_login(user),
        "read=",
        f"write={NOTIFY_RIGHTS}",
    ]
    return "\n".join(lines) + "\n"


def _login(user: ManagerUser) -> list[str]:
    refuse_unsafe("manager user", user.name, user.secret, *user.permit)
    return [
        f"[{user.name}]",
        f"secret={user.secret}",
        "deny=0.0.0.0/0.0.0.0",
        *(f"permit={network}" for network in user.permit),
    ]


def _event_filters(release: Release) -> list[str]:
    names = sorted(WANTED.difference(DIALS))
    match release:
        case "22":
            return [
                *(f"eventfilter(action(include),name({name})) =" for name in names),
                *(f"eventfilter(action(include),name({name}),header(Channel),method(contains)) = /" for name in DIALS),
                f"eventfilter(action(include),name({FORWARDS}),header(Forward),method(regex)) = .",
            ]
        case "16":
            # A regular expression over the whole event; the two dots are the line break behind the name.
            return [
                f"eventfilter=^Event: ({'|'.join(names)})..Privilege: ",
                f"eventfilter=^Event: ({'|'.join(DIALS)})..Privilege: .*[[:space:]]Channel: ",
                f"eventfilter=^Event: {FORWARDS}..Privilege: .*[[:space:]]Forward: ",
            ]
