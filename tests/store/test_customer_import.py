"""Importing customers from CSV: every fault by line and column, and all or nothing."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from sqlalchemy import func, select

from ctid.errors import RequestError
from ctid.model.customer import Case, Customer
from ctid.store.customer_import import ImportFault, ImportReport, import_customers
from ctid.store.database import Database
from ctid.store.directory import TableDirectory
from ctid.store.schema import customer_numbers, customers

pytestmark = pytest.mark.store

GOOD = '''\
id,name,numbers,tier,language,case,branch
7,Ada Lovelace,030 901820; +49 30 901821 ;030-901820,gold,en,12,

8,"Bob
the ""Builder""",+86 138 0013 8000,,zh-CN,,Köln
9,No Number,,,,,
'''


async def counts(database: Database) -> tuple[int, int]:
    async with database.read() as connection:
        tables = (customers, customer_numbers)
        first, second = [
            (await connection.execute(select(func.count()).select_from(table))).scalar_one() for table in tables
        ]
    return first, second


async def run(database: Database, text: str, *, replace: bool = False) -> ImportReport:
    return await import_customers(database, io.StringIO(text), "DE", replace=replace)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
async def test_customers_are_found_once_imported(
    database: Database, tmp_path: Path, encoding: str, line_end: str
) -> None:
    path = tmp_path / "customers.csv"
    path.write_bytes(GOOD.replace("\n", line_end).encode(encoding))
    assert await import_customers(database, path, "DE") == ImportReport(3, 3, 0, [])
    directory = TableDirectory(database)
    ada = Customer(id="7", name="Ada Lovelace", tier="gold", language="en", attributes={"case": "12"})
    assert await directory.find("+4930901820") == ada
    assert await directory.find("+4930901821") == ada
    bob = await directory.find("+8613800138000")
    assert bob is not None
    assert bob.name == f'Bob{line_end}the "Builder"'
    assert bob.attributes == {"branch": "Köln"}


async def test_an_open_text_may_be_imported_too(database: Database) -> None:
    assert (await run(database, "\ufeff" + GOOD)).customers == 3


async def test_a_known_customer_is_replaced_with_all_numbers(database: Database) -> None:
    await run(database, GOOD)
    report = await run(database, "id,name,numbers\n7,Ada King,030 555123\n8,Bob,030 901820\n")
    assert report == ImportReport(2, 2, 0, [])
    directory = TableDirectory(database)
    assert await directory.find("+4930555123") == Customer(id="7", name="Ada King")
    assert await directory.find("+4930901820") == Customer(id="8", name="Bob")
    assert await directory.find("+4930901821") is None
    assert await counts(database) == (3, 2)


async def test_replace_removes_whom_the_file_does_not_have(database: Database) -> None:
    await run(database, GOOD)
    assert await run(database, "id,name,numbers\n8,Bob,030 901820\n", replace=True) == ImportReport(1, 1, 2, [])
    assert await counts(database) == (1, 1)
    assert await run(database, "id,name,numbers\n", replace=True) == ImportReport(0, 0, 1, [])
    assert await counts(database) == (0, 0)


async def test_many_customers(database: Database) -> None:
    lines = "".join(f"{n},Name {n},030 {9_000_000 + n};+44 20 7{n:03} {n:04}\n" for n in range(1_000))
    for _ in range(2):
        assert (await run(database, "id,name,numbers\n" + lines)).numbers == 2_000
    assert await counts(database) == (1_000, 2_000)


FAULTY = """\
id,name,numbers,language
1,Ada,030 901820,en
1,Twice,030 901822,
,No Id,030 901823,
3,"  ",030 901824,
4,Bad Numbers,030 901825;hello;+4912;,de
5,Taken Number,+4930901820,
6,Too Few,030 901826
7,Too Many,030 901827,,
8,Bad Language,030 901828,germanic tongue
"""


@pytest.mark.parametrize("replace", [False, True])
async def test_every_fault_is_told_and_nothing_is_changed(database: Database, replace: bool) -> None:
    await run(database, GOOD)
    report = await run(database, FAULTY, replace=replace)
    assert report == ImportReport(
        0,
        0,
        0,
        [
            ImportFault(3, "id", "is that of line 2 too"),
            ImportFault(4, "id", "is empty"),
            ImportFault(5, "name", "is empty"),
            ImportFault(6, "numbers", "number 2 is no telephone number; write for example +4930901820"),
            ImportFault(6, "numbers", "number 3 is no telephone number; write for example +4930901820"),
            ImportFault(7, "numbers", "number 1 is in line 2 too"),
            ImportFault(8, "", "3 cells, but the first line names 4 columns"),
            ImportFault(9, "", "5 cells, but the first line names 4 columns"),
            ImportFault(10, "language", "is no language tag; write for example en or zh-CN"),
        ],
    )
    assert str(report.faults[0]) == "line 3, id: is that of line 2 too"
    assert str(report.faults[6]) == "line 8: 3 cells, but the first line names 4 columns"
    assert await counts(database) == (3, 3)


async def test_a_number_of_somebody_else_is_a_fault_and_nothing_is_changed(database: Database) -> None:
    await run(database, GOOD)
    text = "id,name,numbers\n9,Now With Number,030 901829\n10,New,030 901828;030 901820\n"
    report = await run(database, text)
    assert report.faults == [ImportFault(3, "numbers", "a number is that of a customer who is not in this file")]
    assert await counts(database) == (3, 3)
    assert (await run(database, text, replace=True)).customers == 2


async def test_a_text_that_is_no_such_csv_is_refused(database: Database) -> None:
    no_columns = ["line 1, id: the column is missing", "line 1, name: the", "line 1, numbers: the"]
    for text, faults in (
        ("", no_columns),
        ("id;name;numbers\n1;Ada;1\n", no_columns),
        ("id,name,numbers,,id\n", ["line 1: column 4 has no name", "line 1, id: the column is there twice"]),
        ("\n\nid,name\n", ["line 3, numbers: the column is missing"]),
        ('id,name,numbers\n1,Ada,030 901820\n2,"never closed\n3,Bob,\n', ["line 3: not CSV: "]),
        ("id,name,numbers\n1,A\x00da,\n", ["line 2"]),
    ):
        report = await run(database, text)
        assert len(report.faults) == len(faults)
        for fault, expected in zip(report.faults, faults, strict=True):
            assert str(fault).startswith(expected)
    assert await counts(database) == (0, 0)


async def test_a_file_that_is_not_utf_8_is_refused_by_line(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    path.write_bytes(b"id,name,numbers\n1,Ada,\n2,J\xf6rg,\n")
    assert (await import_customers(database, path, "DE")).faults == [ImportFault(3, "", "not UTF-8")]
    with path.open(encoding="utf-8") as stream:
        assert (await import_customers(database, stream, "DE")).faults == [ImportFault(3, "", "not UTF-8")]


async def test_what_cannot_be_read_and_no_country_are_refused(database: Database, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="cannot be read: No such file"):
        await import_customers(database, tmp_path / "missing.csv", "DE")
    with pytest.raises(RequestError, match="no such country"):
        await import_customers(database, io.StringIO(GOOD), "Germany")


CASES = [
    {"id": "17", "title": "Refund", "state": "open", "url": "https://crm.example/17"},
    {"id": "18", "title": "New"},
]


def with_cases(cell: object) -> str:
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerows(
        [
            ("id", "name", "numbers", "cases"),
            ("7", "Ada", "030901820", cell if isinstance(cell, str) else json.dumps(cell)),
        ]
    )
    return text.getvalue()


async def test_cases_come_with_their_customer(database: Database) -> None:
    assert (await run(database, with_cases(CASES))).faults == []
    found = await TableDirectory(database).find("+4930901820")
    assert found is not None
    assert found.cases == [
        Case(id="17", title="Refund", state="open", url="https://crm.example/17"),
        Case(id="18", title="New"),
    ]
    assert found.attributes == {}
    assert (await run(database, with_cases(""))).faults == []
    found = await TableDirectory(database).find("+4930901820")
    assert found is not None
    assert found.cases == []


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("Refund", "is no list of cases"),
        ({"id": "17", "title": "Refund"}, "is no list of cases"),
        ([{"id": "17"}], "is no list of cases"),
        ([{"id": 17, "title": "Refund"}], "is no list of cases"),
        ("[" * 5_000, "is no list of cases"),
        ([CASES[1], {"id": "1", "title": "x", "url": "javascript:alert(1)"}], "case 2 has a url that is no http://"),
        ([{"id": "1", "title": "x", "url": "https://crm.example/a b"}], "case 1 has a url that is no http://"),
        ([{"id": "1", "title": "x" * 201}], "case 1 has a title of more than 200 characters"),
        ([{"id": "1", "title": "\x00"}], "case 1 holds a NUL character"),
        ([CASES[1]] * 21, "holds 21 cases; 20 are shown at most"),
    ],
)
async def test_faulty_cases_are_told_by_line_and_column(database: Database, cell: object, reason: str) -> None:
    (fault,) = (await run(database, with_cases(cell))).faults
    assert (fault.line, fault.column) == (2, "cases")
    assert reason in fault.reason
    assert await counts(database) == (0, 0)
