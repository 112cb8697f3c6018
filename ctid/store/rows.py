"""A call-tracking record as a row of the database, and back."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from sqlalchemy import RowMapping

from ctid.model.record import ContactRecord

MOMENTS: Final = ("created_at", "queued_at", "connected_at", "ended_at", "closed_at")
"""The record's fields that are moments, in the order in which they come to pass."""


def to_row(record: ContactRecord) -> dict[str, Any]:
    """Lay the record out in the columns of ``schema.records``."""
    row: dict[str, Any] = storable(msgspec.to_builtins(record))
    moments = {name: row[name] for name in MOMENTS}
    row["customer_id"] = row["customer"] and row["customer"]["id"]
    row["mono_ms"] = {name: at["mono_ms"] for name, at in moments.items() if at is not None}
    row.update({name: at and at["utc_ms"] for name, at in moments.items()})
    return row


def from_row(row: RowMapping) -> ContactRecord:
    """Make the record that ``to_row`` laid out."""
    fields: dict[str, Any] = {str(name): value for name, value in row.items()}
    mono_ms = fields.pop("mono_ms")
    del fields["customer_id"]
    for name in MOMENTS:
        if fields[name] is not None:
            fields[name] = {"mono_ms": mono_ms[name], "utc_ms": fields[name]}
    return msgspec.convert(fields, ContactRecord)


def storable(value: Any) -> Any:
    """Replace what PostgreSQL's text cannot hold, NUL and lone surrogates, so that no record is stuck for ever."""
    if isinstance(value, str):
        if "\x00" not in value and (value.isascii() or not any("\ud800" <= char <= "\udfff" for char in value)):
            return value
        return value.replace("\x00", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {storable(key): storable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [storable(item) for item in value]
    return value
