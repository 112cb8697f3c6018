"""Web phones: what a browser needs to register at a PBX and to get its audio through."""

from __future__ import annotations

import base64
import hmac
from typing import Annotated, Final, Self

from pydantic import Field, StringConstraints, model_validator

from ctid.spec.base import Spec
from ctid.spec.secret import Secret

PASSWORD_LENGTH: Final = 26
"""In base32, 130 bits."""


class IceServerSpec(Spec):
    """A STUN or TURN server, as browsers take it (W3C WebRTC, RTCIceServer).

    Attributes:
        urls: ``stun:host:port``, ``turn:host:port?transport=udp``, ``turns:…``.
        username: For TURN.
        credential: For TURN; every agent's browser gets it.
    """

    urls: list[Annotated[str, StringConstraints(pattern=r"^(stuns?|turns?):[^\s]+$")]] = Field(min_length=1)
    username: str | None = None
    credential: Secret | None = None

    @model_validator(mode="after")
    def _turn_login(self) -> Self:
        if any(url.startswith("turn") for url in self.urls) and (self.username is None or self.credential is None):
            raise ValueError("a TURN server needs username and credential")
        return self


class WebPhonesSpec(Spec):
    """How agents' browsers reach one PBX.

    Attributes:
        url: The PBX's WebSocket, as the browser reaches it. From a page that came by https it has to be ``wss``.
        domain: Right side of the phones' SIP addresses; Asterisk takes any.
        secret: Key that every phone's password is derived from, 32 characters at least; a new one is a new password
            for every phone, here and in the PBX.
        ice_servers: For browsers that do not reach the PBX's audio directly.
    """

    url: Annotated[str, StringConstraints(pattern=r"^wss?://[^/\s?#]+(/[^\s?#]*)?$")]
    domain: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$")]
    secret: Annotated[Secret, Field(min_length=32)]
    ice_servers: list[IceServerSpec] = []

    def password(self, phone: str) -> str:
        """The password of a phone, by its name in the PBX (``1001``): nobody's guess without our secret.

        Made anew whenever it is asked for, so that it is kept nowhere but in the PBX.
        """
        mac = hmac.digest(self.secret.get_secret_value().encode(), f"web-phone:{phone}".encode(), "sha256")
        return base64.b32encode(mac).decode()[:PASSWORD_LENGTH]
