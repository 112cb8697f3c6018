"""pjsip.conf: the endpoints of the agents' phones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ctid.pbx_adapters.asterisk_config.values import refuse_unsafe


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """An agent's phone.

    Attributes:
        name: User name and resource: ``1001`` is the device ``PJSIP/1001``.
        password: For registering.
        context: Where its own calls go.
    """

    name: str
    password: str
    context: str = "ctid-phones"


def pjsip_conf(phones: Sequence[Phone]) -> str:
    """Write the endpoints of the agents' phones.

    Raises:
        ConfigError: A value would break out of its line.
    """
    for phone in phones:
        refuse_unsafe(f"phone {phone.name}", phone.name, phone.password, phone.context)
    return "\n".join(_PHONE.format(name=phone.name, password=phone.password, context=phone.context) for phone in phones)


_PHONE: Final = """\
[{name}]
type=endpoint
context={context}
disallow=all
allow=ulaw,alaw
direct_media=no
auth={name}
aors={name}
[{name}]
type=auth
auth_type=userpass
username={name}
password={password}
[{name}]
type=aor
max_contacts=1
remove_existing=yes
qualify_frequency=30
"""
