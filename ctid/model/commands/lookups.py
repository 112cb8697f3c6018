"""What is asked of directories and other systems, and what stands for the digits given to them."""

from __future__ import annotations

from ctid.model.commands.command import Command


class LookUpCustomer(Command, frozen=True, kw_only=True, tag="customer.look_up"):
    """Ask the customer directory; answered by ``CustomerLookedUp``."""

    contact_id: str
    ani: str


class FetchLookup(Command, frozen=True, kw_only=True, tag="lookup.fetch"):
    """Ask one of the configuration's lookups for a flow; answered by ``LookupAnswered`` with the token.

    Attributes:
        contact_id: For whom.
        token: Given back in the answer.
        lookup: Its name.
        give: Its parameters.
        sealed: Parameter to what stands for sensitive digits.
        fields: What is needed of the answer; ``account.balance`` is a field in a field.
        again: Whether the same was asked before, and what came of it is not known: the caller was cut off.
    """

    contact_id: str
    token: str
    lookup: str
    give: dict[str, str]
    sealed: dict[str, str]
    fields: list[str]
    again: bool = False


class ForgetSealed(Command, frozen=True, kw_only=True, tag="sealed.forget"):
    """Sensitive digits are needed no more.

    Attributes:
        sealed: What stands for them.
    """

    sealed: list[str]
