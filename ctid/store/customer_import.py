"""Fills the embedded customer directory from a CSV file: every fault is told by line and column, all or nothing."""

from __future__ import annotations

import asyncio
import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, TextIO

import msgspec
import phonenumbers
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ctid.errors import RequestError
from ctid.model.customer import Case
from ctid.routing.numbers import to_e164
from ctid.store.cases import MAX_CASES, MAX_TITLE, is_web
from ctid.store.database import Database
from ctid.store.schema import customer_numbers, customers

REQUIRED: Final = ("id", "name", "numbers")
OPTIONAL: Final = ("tier", "language", "cases")
# ITU-T E.164 allows 15 digits; no country has numbers of less than 7 with its code.
_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
# Statements are kept well below the parameters that either database takes in one.
_CHUNK: Final = 500


class ImportFault(msgspec.Struct, frozen=True):
    """What is wrong with one cell or line. It holds no caller data.

    Attributes:
        line: Line of the file, from 1.
        column: Name of the column; empty if it is about the line as a whole.
        reason: What is wrong, and what would be right.
    """

    line: int
    column: str
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}" + (f", {self.column}" if self.column else "") + f": {self.reason}"


class ImportReport(msgspec.Struct, frozen=True):
    """What came of an import; with any fault nothing was changed.

    Attributes:
        customers: How many were imported.
        numbers: How many numbers they have together.
        removed: How many customers that the file does not have were removed.
        faults: What has to be put right.
    """

    customers: int
    numbers: int
    removed: int
    faults: list[ImportFault]


class _Row(msgspec.Struct, frozen=True):
    line: int
    id: str
    name: str
    tier: str
    language: str
    attributes: dict[str, str]
    cases: list[dict[str, Any]]
    numbers: list[str]


async def import_customers(
    database: Database, source: Path | TextIO, country: str, *, replace: bool = False
) -> ImportReport:
    """Import customers; one that is known already is replaced with all its numbers.

    Args:
        database: Where to; open.
        source: CSV in UTF-8, with or without a byte order mark, with a header: ``id``, ``name`` and ``numbers``
            (separated by ``;``), if wanted ``tier``, ``language`` and ``cases`` (a JSON list of ``Case``); further
            columns become attributes.
        country: Two letters; numbers without a country code are taken to be of this country.
        replace: Remove the customers that the file does not have.

    Raises:
        RequestError: The file cannot be read, or there is no such country.
        StoreError: The database failed.
    """
    if country not in phonenumbers.SUPPORTED_REGIONS:
        raise RequestError("no such country; write its two letters, for example DE")
    rows, faults = await asyncio.to_thread(_read, source, country)
    if faults:
        return ImportReport(0, 0, 0, faults)
    async with database.begin() as connection:
        removed = await _remove_others(connection, rows) if replace else 0
        faults = await _store(connection, rows)
        if faults:
            await connection.rollback()
            return ImportReport(0, 0, 0, faults)
    return ImportReport(len(rows), sum(len(row.numbers) for row in rows), removed, [])


def _read(source: Path | TextIO, country: str) -> tuple[list[_Row], list[ImportFault]]:
    try:
        text = source.read_bytes().decode("utf-8") if isinstance(source, Path) else source.read()
    except UnicodeDecodeError as error:
        return [], [ImportFault(error.object[: error.start].count(b"\n") + 1, "", "not UTF-8")]
    except OSError as error:
        raise RequestError(f"the file cannot be read: {error.strerror}") from error
    faults: list[ImportFault] = []
    lines = _lines(text.removeprefix("\ufeff"), faults)
    first_line, header = next(lines, (1, []))
    faults += _header_faults(first_line, header)
    if faults:
        return [], faults
    reader = _Reader(header, country, faults)
    rows = [row for line, cells in lines if (row := reader.row(line, cells)) is not None]
    return rows, faults


def _lines(text: str, faults: list[ImportFault]) -> Iterator[tuple[int, list[str]]]:
    """Iterate over the records that are not empty, each with the line it begins at."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            faults.append(ImportFault(line, "", f"not CSV: {error}"))
            return
        if any(cell.strip() for cell in cells):
            yield line, cells


def _header_faults(line: int, header: list[str]) -> Iterator[ImportFault]:
    names = [name.strip() for name in header]
    for name in REQUIRED:
        if name not in names:
            yield ImportFault(line, name, "the column is missing; the first line names the columns")
    for position, name in enumerate(names, start=1):
        if not name:
            yield ImportFault(line, "", f"column {position} has no name")
        elif names.index(name) != position - 1:
            yield ImportFault(line, name, "the column is there twice")


class _Reader:
    """Checks one line after another, against those before it too."""

    def __init__(self, header: list[str], country: str, faults: list[ImportFault]) -> None:
        self._names = [name.strip() for name in header]
        self._country = country
        self._faults = faults
        self._lines_of_ids: dict[str, int] = {}
        self._lines_of_numbers: dict[str, int] = {}

    def row(self, line: int, cells: list[str]) -> _Row | None:
        """Make a customer of a line, or note its faults."""
        before = len(self._faults)
        if len(cells) != len(self._names):
            self._fault(line, "", f"{len(cells)} cells, but the first line names {len(self._names)} columns")
            return None
        cell = dict(zip(self._names, (text.strip() for text in cells), strict=True))
        for name, text in cell.items():
            if "\x00" in text:
                self._fault(line, name, "holds a NUL character")
        for name in ("id", "name"):
            if not cell[name]:
                self._fault(line, name, "is empty")
        first = self._lines_of_ids.setdefault(cell["id"], line)
        if cell["id"] and first != line:
            self._fault(line, "id", f"is that of line {first} too")
        if cell.get("language") and not _LANGUAGE.fullmatch(cell["language"]):
            self._fault(line, "language", "is no language tag; write for example en or zh-CN")
        numbers, cases = self._numbers(line, cell["numbers"]), self._cases(line, cell.get("cases", ""))
        if len(self._faults) > before:
            return None
        further = {name: text for name, text in cell.items() if name not in REQUIRED + OPTIONAL and text}
        tier, language = cell.get("tier", ""), cell.get("language", "")
        return _Row(line, cell["id"], cell["name"], tier, language, further, cases, numbers)

    def _cases(self, line: int, text: str) -> list[dict[str, Any]]:
        if not text:
            return []
        try:
            cases = msgspec.json.decode(text, type=list[Case])
        except (msgspec.MsgspecError, RecursionError):
            self._fault(line, "cases", 'is no list of cases; write for example [{"id": "17", "title": "Refund"}]')
            return []
        if len(cases) > MAX_CASES:
            self._fault(line, "cases", f"holds {len(cases)} cases; {MAX_CASES} are shown at most")
        for position, case in enumerate(cases, start=1):
            if "\x00" in f"{case.id}{case.title}{case.state}":
                self._fault(line, "cases", f"case {position} holds a NUL character")
            if len(case.title) > MAX_TITLE:
                self._fault(line, "cases", f"case {position} has a title of more than {MAX_TITLE} characters")
            if case.url is not None and not is_web(case.url):
                self._fault(line, "cases", f"case {position} has a url that is no http:// or https:// address")
        return [msgspec.to_builtins(case) for case in cases]

    def _numbers(self, line: int, text: str) -> list[str]:
        numbers: list[str] = []
        for position, written in enumerate(filter(None, map(str.strip, text.split(";"))), start=1):
            number = to_e164(written, self._country)
            if not _E164.fullmatch(number):
                reason = f"number {position} is no telephone number; write for example +4930901820"
                self._fault(line, "numbers", reason)
                continue
            first = self._lines_of_numbers.setdefault(number, line)
            if first != line:
                self._fault(line, "numbers", f"number {position} is in line {first} too")
            elif number not in numbers:
                numbers.append(number)
        return numbers

    def _fault(self, line: int, column: str, reason: str) -> None:
        self._faults.append(ImportFault(line, column, reason))


async def _remove_others(connection: AsyncConnection, rows: list[_Row]) -> int:
    known = set((await connection.execute(select(customers.c.id))).scalars())
    others = sorted(known - {row.id for row in rows})
    await _delete(connection, others)
    return len(others)


async def _delete(connection: AsyncConnection, ids: list[str]) -> None:
    for first in range(0, len(ids), _CHUNK):
        chunk = ids[first : first + _CHUNK]
        # Their numbers go with them (ON DELETE CASCADE).
        await connection.execute(delete(customers).where(customers.c.id.in_(chunk)))


async def _store(connection: AsyncConnection, rows: list[_Row]) -> list[ImportFault]:
    if not rows:
        return []
    await _delete(connection, [row.id for row in rows])
    faults = []
    line_of = {number: row.line for row in rows for number in row.numbers}
    numbers = list(line_of)
    for first in range(0, len(numbers), _CHUNK):
        chunk = numbers[first : first + _CHUNK]
        taken = select(customer_numbers.c.number).where(customer_numbers.c.number.in_(chunk))
        for number in (await connection.execute(taken)).scalars():
            reason = "a number is that of a customer who is not in this file"
            faults.append(ImportFault(line_of[number], "numbers", reason))
    if faults:
        return sorted(faults, key=lambda fault: fault.line)
    columns = ("id", "name", "tier", "language", "attributes", "cases")
    await connection.execute(customers.insert(), [{name: getattr(row, name) for name in columns} for row in rows])
    pairs = [{"number": number, "customer_id": row.id} for row in rows for number in row.numbers]
    if pairs:
        await connection.execute(customer_numbers.insert(), pairs)
    return []
