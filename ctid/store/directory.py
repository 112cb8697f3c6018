"""The customer directory: who has this number? Answered by the embedded table, or by HTTP.

Neither ever logs a number, nor has one in its errors.
"""

from __future__ import annotations

from typing import ClassVar, Final, Literal, Protocol

import msgspec
from sqlalchemy import bindparam, select

from ctid.errors import StoreError
from ctid.model.customer import Customer
from ctid.store.cases import presentable
from ctid.store.database import Database
from ctid.store.rows import storable
from ctid.store.schema import customer_numbers, customers

LookupFailure = Literal["timeout", "unavailable", "invalid"]
"""No answer in time; no connection, an error or overload; an answer that is no customer."""


class LookupFailed(StoreError):
    """The directory could not say whether it knows the number.

    Attributes:
        reason: Why, out of a closed set; as ``CustomerLookedUp.failure`` and metrics' labels take it.
    """

    code: ClassVar[str] = "lookup-failed"

    def __init__(self, reason: LookupFailure) -> None:
        super().__init__(f"the customer lookup failed: {reason}")
        self.reason: LookupFailure = reason


class CustomerDirectory(Protocol):
    """Finds customers by number."""

    async def find(self, ani: str) -> Customer | None:
        """Return the customer who has the number, or ``None`` if nobody has.

        Args:
            ani: Number calling, E.164.

        Raises:
            LookupFailed: The directory could not say.
        """
        ...


_OF_NUMBER: Final = (
    select(customers)
    .join(customer_numbers, customer_numbers.c.customer_id == customers.c.id)
    .where(customer_numbers.c.number == bindparam("number"))
)


class TableDirectory:
    """The directory in ctid's own database, filled by ``customer_import``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, ani: str) -> Customer | None:
        """See ``CustomerDirectory.find``."""
        if not ani:
            return None
        try:
            async with self._database.read() as connection:
                row = (await connection.execute(_OF_NUMBER, {"number": storable(ani)})).mappings().one_or_none()
        except StoreError as error:
            raise LookupFailed("unavailable") from error
        return None if row is None else presentable(msgspec.convert(row, Customer))
