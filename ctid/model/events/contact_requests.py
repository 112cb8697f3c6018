"""What is asked of contacts wherever they are: other channels' contacts, callbacks, attached data, routing."""

from __future__ import annotations

from typing import Any

from ctid.model.customer import Customer
from ctid.model.events.request import Request


class ContactSubmitted(Request, frozen=True, kw_only=True, tag="request.contact_submit"):
    """An integrator has a contact of another channel than voice; it enters a queue.

    Attributes:
        channel: Its channel, one of those that agents' ``capacity`` names.
        queue: Where it waits.
        priority: Its own; its queue's is added.
        attributes: Attached data.
        customer: Whose it is, if that is known.
    """

    channel: str
    queue: str
    priority: int = 0
    attributes: dict[str, str] = {}
    customer: Customer | None = None


class ContactWithdrawn(Request, frozen=True, kw_only=True, tag="request.contact_withdraw"):
    """The customer of a contact that an integrator submitted has left."""

    contact_id: str


class CallbackRequested(Request, frozen=True, kw_only=True, tag="request.callback"):
    """Call a customer back: one who waits in a queue, or somebody new.

    Attributes:
        contact_id: The waiting contact; empty for a new one.
        number: Whom to call; of a waiting contact, its own number if empty.
        queue: Where a new contact waits.
        attributes: Attached to a new contact.
        priority: Of a new contact.
        not_before_utc_ms: No try before this moment; 0 for as soon as its turn comes.
    """

    contact_id: str = ""
    number: str = ""
    queue: str = ""
    attributes: dict[str, str] = {}
    priority: int = 0
    not_before_utc_ms: int = 0


class CallbackCanceled(Request, frozen=True, kw_only=True, tag="request.callback_cancel"):
    """The customer is not to be called back any more."""

    contact_id: str


class AttributesSet(Request, frozen=True, kw_only=True, tag="request.attributes"):
    """Merge attached data into a contact; an empty value removes the key."""

    contact_id: str
    attributes: dict[str, str]


class RoutingSet(Request, frozen=True, kw_only=True, tag="request.routing"):
    """Change what a waiting contact needs, how urgent it is or where it waits; its place is kept.

    Attributes:
        priority: Its own priority; ``None`` to leave it.
        steps: A requirement of its own, as plain data of ``StepSpec``; empty to go back to the queue's; ``None`` to
            leave it.
        queue: The queue it is to wait in; ``None`` to leave it.
    """

    contact_id: str
    priority: int | None = None
    steps: list[dict[str, Any]] | None = None
    queue: str | None = None
