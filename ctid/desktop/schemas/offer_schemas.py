"""Offers and their screen pops."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from ctid.desktop.schemas.contact_schemas import CallbackView, CustomerView, ParkView
from ctid.desktop.schemas.desk_schemas import LinkView, RecentContactView
from ctid.desktop.schemas.general import AcceptedView, View
from ctid.model.offer import OfferCause
from ctid.model.states import OfferState


class MenuChoiceView(View):
    """A menu, or a node of a flow that offered a choice, by its title; or a key that was pressed there."""

    menu: str | None = None
    key: str | None = None


class ReturnedView(View):
    """That a contact which was given on was not taken."""

    by: str = Field(description="The agent or the number that it was given on to.")
    cause: str = Field(description="`rejected`, `busy`, `no_answer`, `unreachable`, `no_time` …")


class ScreenPopView(View):
    """What an agent's screen shows before the phone rings."""

    ani: str | None
    dnis: str
    entry: str | None
    queue: str | None
    menu_path: list[MenuChoiceView]
    wait_ms: int
    attributes: dict[str, str]
    customer: CustomerView | None
    callback: CallbackView | None = Field(description="Set if the customer is called back: they are dialled for you.")
    returned: ReturnedView | None = Field(description="Set if it was given on to somebody who did not take it.")
    park: ParkView | None = Field(description="Set if it is parked, or was and nobody fetched it: why you are asked.")
    script: str | None = Field(description="Of the queue, to read while you talk.")
    links: list[LinkView] = Field(description="Made from the queue's templates; those that lack a value are left out.")
    recent: list[RecentContactView] = Field(description="The last contacts of the same customer or number.")
    created_at: datetime


class OfferView(View):
    """An offer with its screen pop."""

    id: str
    state: OfferState
    cause: OfferCause | None = Field(description="Why it was not accepted.")
    contact_id: str
    agent_id: str
    queue: str
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    pop: ScreenPopView | None
    allowed_actions: list[str]


class OfferAcceptedView(AcceptedView):
    """A command was carried out; this is the offer now."""

    offer: OfferView
