"""Cases of customers as directories give them, kept to what a screen pop can carry and a browser may open."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from ctid.model.customer import Case, Customer

MAX_CASES: Final = 20
MAX_TITLE: Final = 200
MAX_URL: Final = 2_000
"""A customer goes out with every event about their contact."""

_WEB: Final = re.compile(r"https?://[^\s\x00-\x1f]+")


def is_web(url: str) -> bool:
    """Whether a page may offer the URL to be opened: it can't hold script, and is not too long."""
    return len(url) <= MAX_URL and _WEB.fullmatch(url) is not None


def presentable(customer: Customer) -> Customer:
    """The customer with the first of their cases, shortened; a URL that is no page of the web is left out."""
    if not customer.cases:
        return customer
    return msgspec.structs.replace(customer, cases=[_presentable(case) for case in customer.cases[:MAX_CASES]])


def _presentable(case: Case) -> Case:
    return msgspec.structs.replace(
        case,
        title=case.title[:MAX_TITLE],
        state=case.state[:MAX_TITLE],
        url=case.url if case.url is not None and is_web(case.url) else None,
    )
