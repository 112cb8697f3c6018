"""Web phones: what an Asterisk of the rig needs so that browsers on this machine can be agents' phones."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from typing import Any, Final

from pydantic import SecretStr

from ctid.pbx_adapters.web_phone_config import web_phone_fragments
from ctid.spec.web_phone import WebPhonesSpec
from sip_test_rig.ports import PortBlock

WEB_PHONE_SECRET: Final = "demo-only-web-phone-secret-0123456789"


class NoAddressError(Exception):
    """This machine, or network namespace, has no address but those of the loopback."""


def web_phones_config(host: str, ports: PortBlock) -> dict[str, Any]:
    """ctid's configuration for the web phones of an Asterisk that browsers reach at this address and these ports."""
    return {"url": f"ws://{host}:{ports.http}/ws", "domain": host, "secret": WEB_PHONE_SECRET}


def web_phone_files(host: str, ports: PortBlock, names: Sequence[str]) -> dict[str, str]:
    """Write the files for web phones of these names, by file name.

    Raises:
        NoAddressError: Asterisk could name no address for its audio.
    """
    config = web_phones_config(host, ports)
    texts = web_phone_fragments(WebPhonesSpec(**{**config, "secret": SecretStr(config["secret"])}), names)
    first_rtp, last_rtp = ports.rtp
    own_range = f"[general]\nrtpstart={first_rtp}\nrtpend={last_rtp}\nstrictrtp=no\n"
    # Asterisk names no address of 127.0.0.0/8 by itself, but takes another one of the machine's to name in its place.
    candidates = "".join(f"{address} => {host}\n" for address in _own_addresses())
    return {**texts, "rtp.conf": texts["rtp.conf"].replace("[general]\n", own_range) + candidates}


def _own_addresses() -> list[str]:
    shown = subprocess.run(["ip", "-j", "-4", "addr", "show", "up"], capture_output=True, check=True, timeout=10)
    found = [
        address["local"]
        for interface in json.loads(shown.stdout)
        for address in interface.get("addr_info", ())
        if not address["local"].startswith("127.")
    ]
    if not found:
        raise NoAddressError("web phones need an address besides the loopback's: ip addr add 192.0.2.2/32 dev lo")
    return found
