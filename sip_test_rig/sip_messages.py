"""SIP messages: what a phone of the rig writes beside pyVoIP's own REGISTER, INVITE and answer, as pure text.

pyVoIP's own writers of these are wrong in places: its ACK of a 200 carries a made-up tag, and 486 is the only refusal
it knows.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import quote

with warnings.catch_warnings():
    # pyVoIP imports audioop, which Python 3.13 drops; ctid runs on 3.11.
    warnings.simplefilter("ignore", DeprecationWarning)
    # pyVoIP's modules import each other: VoIP has to come first.
    import pyVoIP.VoIP
    from pyVoIP.RTP import PayloadType, TransmitType
    from pyVoIP.SIP import SIPClient, SIPMessage, SIPMessageType

from sip_test_rig.dtmf_events import PAYLOAD_TYPE

# What it does not know it does not read; a PBX that asks by OPTIONS whether a phone is there wants an answer.
pyVoIP.SIPCompatibleMethods.extend(["OPTIONS", "NOTIFY"])

__all__ = ["Dialog", "SIPMessage", "SIPMessageType", "Writer", "audio_of", "read", "target_of"]

_REASONS: Final = {
    180: "Ringing",
    200: "OK",
    480: "Temporarily Unavailable",
    486: "Busy Here",
    487: "Request Terminated",
    603: "Decline",
}
# pyVoIP's annotations disagree with what it does.
_CODECS: Final[Any] = {0: PayloadType.PCMU, PAYLOAD_TYPE: PayloadType.EVENT}


@dataclass(slots=True)
class Dialog:
    """What both ends of a call know of each other (RFC 3261, section 12).

    Attributes:
        request: the INVITE.
        incoming: whether it came to us.
        call_id: the Call-ID of both.
        own_tag: our tag.
        other_tag: the other end's tag, empty until it is known.
        target: where requests in the dialog go.
        sequence: the number of our last request, or of the INVITE that came.
    """

    request: SIPMessage
    incoming: bool
    call_id: str
    own_tag: str
    other_tag: str
    target: str
    sequence: int

    @property
    def other(self) -> str:
        """The number at the other end."""
        return str(self.request.headers["From" if self.incoming else "To"]["number"])


class Writer:
    """Writes the messages of one phone.

    Args:
        server: host and port of the PBX.
        name: the user name.
        password: its password.
        host: the phone's own address.
        port: the phone's own port.
    """

    def __init__(self, server: tuple[str, int], name: str, password: str, host: str, port: int) -> None:
        self._server, self._name, self._host, self._port = server[0], name, host, port
        # Only pyVoIP's call half asks for a phone.
        self._sip = SIPClient(*server, name, password, phone=cast(Any, None), myIP=host, myPort=port)

    def register(self, challenge: SIPMessage | None = None, *, away: bool = False) -> str:
        """Write a REGISTER, or with `away` one that takes the registration back."""
        if challenge is None:
            return str(self._sip.gen_first_response(deregister=away))
        return str(self._sip.gen_register(challenge, deregister=away))

    def invite(self, number: str, call_id: str, rtp_port: int, challenge: SIPMessage | None = None) -> str:
        """Write an INVITE, with credentials if it was challenged; each has a branch of its own."""
        sip = self._sip
        text = str(sip.gen_invite(number, "1", {rtp_port: _CODECS}, TransmitType.SENDRECV, sip.gen_branch(), call_id))
        if challenge is None:
            return text
        told, proof = challenge.authentication, sip.gen_authorization(challenge).decode()
        authorization = (
            f'Authorization: Digest username="{self._name}",realm="{told["realm"]}",nonce="{told["nonce"]}",'
            f'uri="sip:{self._server};transport=UDP",response="{proof}",algorithm=MD5'
        )
        return text.replace("\r\nContent-Length", f"\r\n{authorization}\r\nContent-Length")

    def answer(self, dialog: Dialog, invite: SIPMessage, rtp_port: int) -> str:
        """Write the 200 that answers a call, or an INVITE within it."""
        self._sip.tagLibrary[dialog.call_id] = dialog.own_tag
        return str(self._sip.gen_answer(invite, "1", {rtp_port: _CODECS}, TransmitType.SENDRECV))

    def response(self, request: SIPMessage, status: int, tag: str | None) -> str:
        """Write a response without a body."""
        headers = request.headers
        to_tag = headers["To"]["tag"] or tag
        return self._lines(
            f"SIP/2.0 {status} {_REASONS.get(status, 'Refused')}",
            *self._vias(request),
            f"From: {headers['From']['raw']};tag={headers['From']['tag']}",
            f"To: {headers['To']['raw']}{f';tag={to_tag}' if to_tag else ''}",
            f"Call-ID: {headers['Call-ID']}",
            f"CSeq: {headers['CSeq']['check']} {headers['CSeq']['method']}",
            f"Contact: <sip:{self._name}@{self._host}:{self._port}>",
        )

    def in_dialog(self, dialog: Dialog, method: str, *more: str, body: str = "") -> str:
        """Write a request within the call: the ACK of a 200, a BYE, a REFER, or an INVITE that changes the audio.

        Args:
            dialog: The call.
            method: What is asked for.
            more: Further headers, as lines.
            body: A session description, if it has one.
        """
        own, other = ("To", "From") if dialog.incoming else ("From", "To")
        headers = dialog.request.headers
        return self._lines(
            f"{method} {dialog.target} SIP/2.0",
            f"Via: SIP/2.0/UDP {self._host}:{self._port};branch={self._sip.gen_branch()};rport",
            "Max-Forwards: 70",
            f"From: {headers[own]['raw']};tag={dialog.own_tag}",
            f"To: {headers[other]['raw']};tag={dialog.other_tag}",
            f"Call-ID: {dialog.call_id}",
            f"CSeq: {dialog.sequence} {method}",
            *more,
            body=body,
        )

    def refer(self, dialog: Dialog, number: str, replaced: Dialog | None = None) -> str:
        """Write a REFER (RFC 3515): the other end is to call the number, or to take our place in a call (RFC 3891)."""
        target = f"sip:{number}@{self._server}"
        if replaced is not None:
            tags = f"{replaced.call_id};to-tag={replaced.other_tag};from-tag={replaced.own_tag}"
            target += f"?Replaces={quote(tags, safe='')}"
        own = f"<sip:{self._name}@{self._host}:{self._port}>"
        return self.in_dialog(dialog, "REFER", f"Contact: {own}", f"Referred-By: {own}", f"Refer-To: <{target}>")

    def change_audio(self, dialog: Dialog, rtp_port: int, direction: str) -> str:
        """Write an INVITE within the call that changes the audio's direction: `sendonly` holds."""
        body = (
            f"v=0\r\no=rig 1 {dialog.sequence + 100} IN IP4 {self._host}\r\ns=rig\r\nc=IN IP4 {self._host}\r\nt=0 0\r\n"
            f"m=audio {rtp_port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na={direction}\r\n"
        )
        own = f"Contact: <sip:{self._name}@{self._host}:{self._port}>"
        return self.in_dialog(dialog, "INVITE", own, "Content-Type: application/sdp", body=body)

    def beside_invite(self, dialog: Dialog, method: str, refusal: SIPMessage | None = None) -> str:
        """Write a CANCEL, or the ACK of a refusal: both bear the branch of the INVITE (RFC 3261, 9.1 and 17.1.1.3)."""
        headers = dialog.request.headers
        to_tag = f";tag={refusal.headers['To']['tag']}" if refusal is not None else ""
        return self._lines(
            f"{method} sip:{dialog.other}@{self._server} SIP/2.0",
            *self._vias(dialog.request),
            "Max-Forwards: 70",
            f"From: {headers['From']['raw']};tag={dialog.own_tag}",
            f"To: {headers['To']['raw']}{to_tag}",
            f"Call-ID: {dialog.call_id}",
            f"CSeq: {dialog.sequence} {method}",
        )

    def _vias(self, request: SIPMessage) -> list[str]:
        return str(self._sip._gen_response_via_header(request)).rstrip("\r\n").split("\r\n")

    def _lines(self, *lines: str, body: str = "") -> str:
        return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", body])


_SIPFRAG: Final = re.compile(rb"\r\n\r\nSIP/2\.0 (\d{3})")
"""What a NOTIFY tells of a transfer: a status line as its body (RFC 3515, 2.4.5)."""


def read(data: bytes) -> tuple[SIPMessage, int]:
    """Read a message, and the status that a NOTIFY tells of a transfer; 0 if it tells none.

    pyVoIP takes any body for a session description.
    """
    told = _SIPFRAG.search(data)
    if told is None:
        return SIPMessage(data), 0
    return SIPMessage(data[: told.start()] + b"\r\n\r\n"), int(told[1])


def target_of(message: SIPMessage) -> str:
    """Return the address in a message's Contact."""
    contact = str(message.headers["Contact"])
    return contact.partition("<")[2].partition(">")[0] or contact


def audio_of(message: SIPMessage) -> tuple[str, int]:
    """Return where a session description wants its audio: host and port."""
    return str(message.body["c"][0]["address"]), int(message.body["m"][0]["port"])
