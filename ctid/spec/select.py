"""SQL of lookups: one statement that reads, with named parameters; what is doubtful is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_TOKEN: Final = re.compile(
    r"""
    (?P<quoted>'(?:[^']|'')*'|"(?:[^"]|"")*")
    |(?P<refused>'|"|;|\$|--|/\*)
    |(?P<cast>::)
    |(?<!\w):(?P<parameter>[A-Za-z_]\w*)(?!\w|:(?!:))
    |(?P<word>[^\W\d]\w*)
    |(?P<other>\d[\w.]*|.)
    """,
    re.VERBOSE | re.DOTALL,
)

_REFUSED: Final = {
    "'": "a ' without its end",
    '"': 'a " without its end',
    ";": "a ;: give one statement, without one",
    "$": "a $: name parameters as :name, and quote with '",
    "--": "a comment",
    "/*": "a comment",
}

_WRITES: Final = frozenset({"insert", "update", "delete", "merge", "into"})
"""Words by which what begins as a ``SELECT`` or a ``WITH`` writes or locks all the same."""


@dataclass(frozen=True, slots=True)
class Select:
    """A statement that reads.

    Attributes:
        text: As SQLAlchemy's ``text`` takes it.
        parameters: What it names as ``:name``.
    """

    text: str
    parameters: frozenset[str]


def parse(query: str) -> Select:
    """Read a query.

    Raises:
        ValueError: It is not one ``SELECT``, or none that can be told to be so.
    """
    if "\\" in query:
        raise ValueError(r"the query has a \: there is no use for it here")
    text, parameters, words = "", set(), []
    cast_next = False
    for token in _TOKEN.finditer(query):
        kind, found = token.lastgroup, token[0]
        if kind == "refused":
            raise ValueError(f"the query has {_REFUSED[found]}")
        if kind == "cast" and cast_next:
            raise ValueError("the query casts a parameter by :: ; write CAST(:name AS type)")
        cast_next = kind == "parameter"
        if kind == "parameter":
            parameters.add(token["parameter"])
        elif kind == "word":
            words.append(found.lower())
        elif found == ":":
            raise ValueError("the query has a : that begins no parameter; parameters are :name, with a blank before")
        text += found.replace(":", r"\:") if kind == "quoted" else found
    if not words or words[0] not in ("select", "with"):
        raise ValueError("the query is no SELECT")
    if writes := _WRITES.intersection(words):
        raise ValueError(
            f"the query has {min(writes).upper()}: a lookup only reads; names like that go in double quotes"
        )
    return Select(text.strip(), frozenset(parameters))
