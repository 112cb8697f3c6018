"""Why a lookup has no answer."""

from __future__ import annotations

from typing import ClassVar, Literal

from ctid.errors import CtidError

Failure = Literal["not_found", "timeout", "unavailable", "invalid", "overloaded"]
"""As ``LookupAnswered.failure``: nothing of the kind; no answer in time; none to be had; none that makes sense, or a
parameter that cannot be put in; too many wait."""


class NoAnswer(CtidError):
    """A lookup has no answer. Neither parameters nor answers are in it.

    Attributes:
        failure: Why, out of a closed set; metrics' labels take it.
        cause: More about that for who runs the site, in a word: ``status-503``, ``connection``, ``sql-42P01``.
        again: Whether it makes sense to ask once more.
    """

    code: ClassVar[str] = "lookup-no-answer"

    def __init__(self, failure: Failure, cause: str = "", *, again: bool = False) -> None:
        super().__init__(f"the lookup failed: {failure} {cause}".rstrip())
        self.failure: Failure = failure
        self.cause = cause
        self.again = again
