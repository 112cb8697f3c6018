"""Web phone config: what a stock Asterisk needs in its own files so that browsers can be agents' phones. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from ctid.pbx_adapters.asterisk_config.values import refuse_unsafe
from ctid.spec.web_phone import WebPhonesSpec

RTP_TIMEOUT_SECONDS: Final = 30
"""A browser that is gone without a word sends no sound: its call ends after so long."""

RTP_TIMEOUT_HOLD_SECONDS: Final = 300
"""The same on hold."""

QUALIFY_SECONDS: Final = 20
"""How often a browser is asked whether it is still there; one that is not is offered nothing."""

_DEFAULT_PORTS: Final = {"ws": 8088, "wss": 8089}


def web_phone_fragments(spec: WebPhonesSpec, names: Sequence[str]) -> dict[str, str]:
    """Write the fragments for web phones, by the name of the file they belong to.

    Args:
        spec: How browsers reach this PBX.
        names: Of the phones, as in ``PJSIP/<name>``.

    Raises:
        ConfigError: A value would break out of its line.
    """
    refuse_unsafe("web phone", *names)
    return {
        "pjsip.conf": "\n".join([_TRANSPORTS, *(_endpoint(spec, name) for name in names)]),
        "http.conf": _http_conf(spec.url),
        "rtp.conf": _RTP + (_LOOPBACK_ICE.format(host=host) if (host := _loopback(spec.url)) else ""),
    }


def _endpoint(spec: WebPhonesSpec, name: str) -> str:
    host = _loopback(spec.url)
    return _WEB_PHONE.format(
        name=name,
        password=spec.password(name),
        loopback=_LOOPBACK_MEDIA.format(host=host) if host else "",
        timeout=RTP_TIMEOUT_SECONDS,
        timeout_hold=RTP_TIMEOUT_HOLD_SECONDS,
        qualify=QUALIFY_SECONDS,
    )


def _http_conf(url: str) -> str:
    parts = urlsplit(url)
    port = parts.port or _DEFAULT_PORTS[parts.scheme]
    if parts.scheme == "wss":
        return _HTTPS.format(port=port)
    address = parts.hostname if _is_address(parts.hostname or "") else "0.0.0.0"  # noqa: S104 - what the browser reaches
    return _HTTP.format(address=address, port=port)


def _is_address(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).version == 4
    except ValueError:
        return False


def _loopback(url: str) -> str:
    """The loopback address that browsers reach the PBX at, or nothing where it is another one."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return "127.0.0.1"
    return host if _is_address(host) and ipaddress.ip_address(host).is_loopback else ""


_TRANSPORTS: Final = """\
; Browsers come over the WebSocket of http.conf; bind says nothing here, but has to stand there.
[transport-ws]
type=transport
protocol=ws
bind=0.0.0.0
[transport-wss]
type=transport
protocol=wss
bind=0.0.0.0
"""

# Telephone codecs only: with opus in the list, Asterisk would transcode every call although both sides speak G.711.
_WEB_PHONE: Final = """\
[{name}]
type=endpoint
context=ctid-phones
webrtc=yes
dtls_auto_generate_cert=yes
disallow=all
allow=ulaw,alaw
direct_media=no
{loopback}; A browser that is gone without a word ends its call after so many seconds without sound.
rtp_timeout={timeout}
rtp_timeout_hold={timeout_hold}
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
qualify_frequency={qualify}
"""

_LOOPBACK_MEDIA: Final = """\
media_address={host}
bind_rtp_to_media_address=yes
"""

_HTTP: Final = """\
[general]
enabled=yes
bindaddr={address}
bindport={port}
"""

_HTTPS: Final = """\
; With TLS at a proxy in front, leave out the three lines of TLS and point the proxy at port 8088.
[general]
enabled=yes
bindaddr=127.0.0.1
bindport=8088
tlsenable=yes
tlsbindaddr=0.0.0.0:{port}
tlscertfile=/etc/asterisk/keys/fullchain.pem
tlsprivatekey=/etc/asterisk/keys/privkey.pem
"""

_RTP: Final = """\
; Beside what is in [general] of rtp.conf already. Behind a translation of addresses Asterisk has to say under which
; address it is reached: own-address => public-address in [ice_host_candidates].
[general]
icesupport=yes
"""

_LOOPBACK_ICE: Final = """\
; Everything on one machine. Asterisk names no loopback address by itself: put any other address of this machine
; (ip -4 addr) on the left, so that {host} is named in its place.
ice_deny=0.0.0.0/0
ice_deny=::/0
ice_permit=127.0.0.0/8
[ice_host_candidates]
;192.0.2.2 => {host}
"""
