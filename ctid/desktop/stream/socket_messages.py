"""What is said on the event socket beside events: by desktops, checked before use, and by us, for its description."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from ctid.desktop.schemas.agent_schemas import AgentView
from ctid.desktop.schemas.bodies import Input
from ctid.desktop.schemas.call_control_schemas import ConsultationView
from ctid.desktop.schemas.contact_schemas import ContactView
from ctid.desktop.schemas.general import View
from ctid.desktop.schemas.offer_schemas import OfferView, ScreenPopView
from ctid.desktop.schemas.queue_schemas import QueueView
from ctid.desktop.schemas.supervision_schemas import SupervisionView
from ctid.desktop.topics import Topic

Token = Annotated[str, StringConstraints(min_length=1, max_length=8_192)]


class ResumeFrom(Input):
    """Where a desktop that comes back has got to."""

    epoch: Annotated[str, StringConstraints(max_length=64)]
    seq: Annotated[int, Field(ge=0)]


class Hello(Input):
    """The first message of a socket."""

    type: Literal["hello"]
    token: Annotated[Token | None, Field(description="If it came neither in a header nor as a subprotocol.")] = None
    client_id: Annotated[
        str | None,
        StringConstraints(pattern=r"^[A-Za-z0-9._-]{8,64}$"),
        Field(description="Of your making, kept for a tab: a new socket takes the place of the old one with it."),
    ] = None
    takeover: Annotated[bool, Field(description="Take the place of the agent's other desktop.")] = False
    subscribe: Annotated[
        list[Topic] | None,
        Field(
            max_length=len(Topic),
            description="own: your agent's work (which makes this the agent's desktop); queues: numbers of queues, and "
            "for supervision their contacts; agents: agents of your scope; site: PBXes, configuration, start and end. "
            "Without: all of it, for agents own, queues and site.",
        ),
    ] = None
    resume_from: ResumeFrom | None = None


class Ping(Input):
    """Are you there?"""

    type: Literal["ping"]
    id: Annotated[str | int | None, Field(description="Given back in the pong.")] = None


class NewToken(Input):
    """A fresh token for the socket, before the old one ends."""

    type: Literal["token"]
    token: Token


class OwnConsultationView(ConsultationView):
    """An announced enquiry, and what it is about."""

    pop: ScreenPopView


class ParkedContactView(View):
    """A parked contact, and what it is about."""

    contact: ContactView
    pop: ScreenPopView


class SnapshotDataView(View):
    """All that a desktop may see and has subscribed to."""

    site: str
    agents: list[AgentView]
    contacts: list[ContactView]
    offers: list[OfferView]
    consultations: list[OwnConsultationView] = Field(description="That one's own agent asks or is asked about.")
    supervisions: list[SupervisionView] = Field(
        description="Of the agents of one's scope; of oneself those that one is told of."
    )
    parked: list[ParkedContactView] = Field(description="That one's own agent may fetch, in order of parking.")
    queues: list[QueueView]
    pbxes: dict[str, bool] = Field(description="Name to whether it can be reached.")


class SnapshotView(View):
    """The site at one position of the stream; forget what you had."""

    type: Literal["snapshot"]
    epoch: str
    seq: int
    time: datetime
    data: SnapshotDataView


class ReplayView(View):
    """What was missed follows, as so many events."""

    type: Literal["replay"]
    epoch: str
    from_seq: int
    seq: int = Field(description="Where the replay ends.")
    events: int


class ResyncView(View):
    """Nothing can be replayed from that position: a snapshot follows."""

    type: Literal["resync_required"]
    epoch: str
    seq: int


class LiveView(View):
    """You are up to date; from here on events come as they happen."""

    type: Literal["live"]
    epoch: str
    seq: int
    heartbeat_seconds: float = Field(description="You are pinged so often; silent for twice as long, you are cut off.")
    token_expires_at: datetime


class PongView(View):
    """The answer to a ping."""

    type: Literal["pong"]
    epoch: str
    seq: int = Field(description="Everything up to here that is for you was sent: resume from here.")
    id: str | int | None = None


class TokenExpiringView(View):
    """Send a new token; without, the socket is closed with 4003 then."""

    type: Literal["token_expiring"]
    expires_at: datetime


class TokenAcceptedView(View):
    """The new token counts from now on."""

    type: Literal["token_accepted"]
    expires_at: datetime


class SocketErrorView(View):
    """What you sent was not understood, or the token does not count; nothing was changed."""

    type: Literal["error"]
    code: str = Field(description="message-invalid, token-invalid or token-expired.")
    detail: str
