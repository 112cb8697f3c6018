"""The demo's customers: config/demo/customers.csv, imported into the directory that ctid looks callers up in."""

from __future__ import annotations

from pathlib import Path

from ctid.store.customer_import import import_customers
from ctid.store.database import Database
from sip_test_rig.demo.errors import DemoError
from sip_test_rig.site import RigSite


async def import_all(source: Path, site: RigSite) -> str:
    """Import the file; tell in words what came of it.

    Raises:
        DemoError: The file has faults.
    """
    async with Database(f"sqlite:///{site.folder}/ctid.db") as database:
        report = await import_customers(database, source, site.config["country"])
    if report.faults:
        raise DemoError("; ".join(f"{source.name}:{fault}" for fault in report.faults))
    return f"{report.customers} customers with {report.numbers} numbers"
