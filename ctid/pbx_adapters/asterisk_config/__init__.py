"""Asterisk config: what a stock Asterisk needs in its own files to work with ctid. Pure: text out of plain values."""

from __future__ import annotations

from collections.abc import Sequence

from ctid.pbx_adapters.asterisk_config.dialplan import Dialplan
from ctid.pbx_adapters.asterisk_config.extensions import extensions_conf
from ctid.pbx_adapters.asterisk_config.manager import (
    WRITE_RIGHTS,
    ManagerUser,
    Release,
    manager_conf,
    notify_user_conf,
)
from ctid.pbx_adapters.asterisk_config.phones import Phone, pjsip_conf

__all__ = [
    "WRITE_RIGHTS",
    "Dialplan",
    "ManagerUser",
    "Phone",
    "Release",
    "extensions_conf",
    "fragments",
    "manager_conf",
    "notify_user_conf",
    "pjsip_conf",
]


def fragments(
    user: ManagerUser, dialplan: Dialplan, phones: Sequence[Phone], release: Release = "22"
) -> dict[str, str]:
    """Write all fragments, by the name of the file they belong to.

    Raises:
        ConfigError: A value would break out of its line.
    """
    return {
        "manager.conf": manager_conf(user, release),
        "extensions.conf": extensions_conf(dialplan),
        "pjsip.conf": pjsip_conf(phones),
    }
