"""extensions.conf: the contexts that inbound trunks, agents' phones and ctid's own originates use."""

from __future__ import annotations

from ctid.pbx_adapters.asterisk_config import agents, callers, conferences, phone_calls
from ctid.pbx_adapters.asterisk_config.dialplan import Dialplan


def extensions_conf(dialplan: Dialplan) -> str:
    """Write all contexts.

    Raises:
        ConfigError: A value would break out of its line.
    """
    dialplan.check()
    return "".join(
        [
            callers.coming(dialplan),
            agents.talking(dialplan),
            conferences.conferences(),
            agents.recorded(dialplan),
            callers.called_back(),
            callers.leaving(dialplan),
            phone_calls.phone_calls(dialplan),
        ]
    )
