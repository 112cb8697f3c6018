"""What is known of a contact's customer: by the directory, and from their earlier contacts."""

from __future__ import annotations

import msgspec


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A case of a customer's, such as a ticket or an order, as the directory has it.

    Attributes:
        id: The directory's key.
        title: What it is about.
        state: Free text of the site ("open").
        url: Where it can be read, http or https.
    """

    id: str
    title: str
    state: str = ""
    url: str | None = None


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """What the customer directory knows of a caller; the ids are the directory's own.

    Attributes:
        id: The directory's key.
        name: As an agent should see it.
        tier: Service tier, free text of the site ("gold").
        language: BCP 47 tag, for example ``en`` or ``zh-CN``.
        attributes: Whatever else the directory holds, as strings.
        cases: Open cases, those to be shown first in front.
    """

    id: str
    name: str
    tier: str = ""
    language: str = ""
    attributes: dict[str, str] = {}
    cases: list[Case] = []


class RecentContact(msgspec.Struct, frozen=True, kw_only=True):
    """An earlier contact of the same customer or number, as far as an agent needs it at the next one.

    Attributes:
        contact_id: The contact.
        at_utc_ms: When it arrived.
        channel: Its channel.
        queue: The last queue; empty if it never reached one.
        agent_id: Who served it last; empty if nobody.
        outcome: How it ended.
        disposition: The wrap-up's code; empty if none was given.
        notes: The agent's text, or its beginning.
    """

    contact_id: str
    at_utc_ms: int
    channel: str
    queue: str
    agent_id: str
    outcome: str
    disposition: str
    notes: str
