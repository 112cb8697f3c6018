"""What an agent's desktop is told about the agent's phone."""

from __future__ import annotations

from typing import Literal

from ctid.desktop.schemas.general import View


class IceServerView(View):
    """A STUN or TURN server, as ``RTCPeerConnection`` takes it."""

    urls: list[str]
    username: str | None = None
    credential: str | None = None


class WebPhoneView(View):
    """What a browser needs to be the agent's phone.

    Attributes:
        url: WebSocket of the PBX.
        uri: Own SIP address.
        username: For registering.
        password: For registering; not to be kept.
        ice_servers: For ``RTCConfiguration.iceServers``.
    """

    url: str
    uri: str
    username: str
    password: str
    ice_servers: list[IceServerView]


class PhoneView(View):
    """An agent's phone.

    Attributes:
        kind: ``web``: the page is the phone. ``device``: it stands on the desk.
        device: As the PBX calls it: ``PJSIP/1001``.
        auto_answer: Offers' calls ask to be answered at once (``Call-Info: …;answer-after=0``).
        web: What a web phone needs.
    """

    kind: Literal["web", "device"]
    device: str
    auto_answer: bool
    web: WebPhoneView | None
