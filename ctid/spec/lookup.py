"""Lookups: how flows ask other systems, by HTTP or by SQL, and for how long."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, Field, SecretStr, StringConstraints, model_validator

from ctid.spec.base import Seconds, Spec, is_loopback
from ctid.spec.secret import Secret
from ctid.spec.select import Select, parse

_PARAMETER: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_BEFORE_PATH: Final = re.compile(r"[A-Za-z]+://[^/?#]*")

HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$")]


def named(text: str) -> list[str]:
    """The parameters that a text names in braces, in order."""
    return _PARAMETER.findall(text)


def put_in(text: str, values: Mapping[str, str], form: Callable[[str], str] = str) -> str:
    """The text with the values of its parameters, each in a form."""
    return _PARAMETER.sub(lambda found: form(values[found[1]]), text)


def _header(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if not text.isprintable() or not text.isascii():
        raise ValueError("a header is one line of plain ASCII")
    return value


class HttpLookupSpec(Spec):
    """A question by HTTP. Answers are JSON objects; 404 says that there is nothing of the kind.

    What is put in for ``{parameter}`` is encoded so that it stays what it is: one segment of the path, one value.

    Attributes:
        method: ``GET`` or ``POST``.
        url: ``https://``; ``http://`` on the loopback, or anywhere with ``allow_plain_http``. Parameters stand in its
            path and its query.
        headers: Sent along; secrets go here.
        query: Added to the URL's query; parameters stand in values.
        json_: ``json``: what is posted; parameters stand in its strings.
        idempotent: Whether to ask twice is the same as to ask once; a ``GET`` is so anyway.
        allow_plain_http: Let caller data and secrets travel unencrypted.
    """

    method: Literal["GET", "POST"] = "GET"
    url: Annotated[str, StringConstraints(pattern=r"^[!-~]+$", max_length=2_000)]
    headers: dict[HeaderName, Annotated[Secret, AfterValidator(_header)]] = {}
    query: dict[str, str] = {}
    json_: dict[str, Any] | None = Field(default=None, alias="json")
    idempotent: bool = False
    allow_plain_http: bool = False

    @model_validator(mode="after")
    def _url_is_safe(self) -> Self:
        if "{" in (before := _before_path(self.url)) or "}" in before:
            raise ValueError("the url has a parameter in its host; parameters go in the path and the query")
        try:
            url = urlsplit(self.url)
            host, _ = url.hostname or "", url.port
        except ValueError as error:
            raise ValueError("the url cannot be read") from error
        if url.scheme not in ("http", "https") or not host:
            raise ValueError("the url is none of https://host/path")
        if url.username is not None or url.password is not None or "#" in self.url:
            raise ValueError("the url has a user, a password or a fragment; secrets go in headers")
        if re.search(r"[{}]", _PARAMETER.sub("", self.url)):
            raise ValueError("the url has a brace that is none of a {parameter}")
        if any(unquote(part) in (".", "..") for part in url.path.split("/")):
            raise ValueError("the url has . or .. in its path")
        if url.scheme == "http" and not (self.allow_plain_http or is_loopback(host)):
            raise ValueError("the url is http:// beyond this machine; use https://, or say allow_plain_http: true")
        return self

    @model_validator(mode="after")
    def _body_is_posted(self) -> Self:
        if self.json_ is not None and self.method == "GET":
            raise ValueError("json is posted: say method: POST, or use query")
        return self

    @cached_property
    def repeatable(self) -> bool:
        """Whether it may be asked again when it is not known what came of it."""
        return self.method == "GET" or self.idempotent

    @cached_property
    def parameters(self) -> frozenset[str]:
        """What it needs to be given."""
        return self.in_url | {name for text in _strings(self.json_) for name in named(text)}

    @cached_property
    def in_url(self) -> frozenset[str]:
        """Of its parameters those that stand in the URL, which others write to their logs."""
        return frozenset(name for text in (self.url, *self.query.values()) for name in named(text))


class SqlLookupSpec(Spec):
    """A question by SQL, over a connection that can only read.

    The answer is the first row; none says that there is nothing of the kind.

    Attributes:
        url: SQLAlchemy URL: ``sqlite:////var/lib/shop/orders.db`` or ``postgresql://user:password@host/shop``.
        query: One ``SELECT``; parameters, all of them text, stand in it as ``:name``.
    """

    url: Secret
    query: Annotated[str, StringConstraints(min_length=1, max_length=10_000)]

    @model_validator(mode="after")
    def _readable(self) -> Self:
        url = self.url.get_secret_value()
        if not url.startswith(("sqlite:///", "postgresql://")):
            raise ValueError("the url begins with neither sqlite:/// nor postgresql://")
        try:
            _ = urlsplit(url).port
        except ValueError:
            raise ValueError("the url cannot be read") from None
        parse(self.query)
        return self

    @cached_property
    def select(self) -> Select:
        """The query."""
        return parse(self.query)

    @property
    def repeatable(self) -> bool:
        """Whether it may be asked again when it is not known what came of it."""
        return True

    @property
    def parameters(self) -> frozenset[str]:
        """What it needs to be given."""
        return self.select.parameters


class LookupSpec(Spec):
    """A lookup: exactly one of ``http`` and ``sql``.

    Attributes:
        http: Asks by HTTP.
        sql: Asks by SQL.
        timeout_seconds: How long one try may take.
        total_seconds: How long all of it may take: the wait for a turn, tries, and pauses between them.
        retries: Tries after the first, if no connection could be made, none came in time, or the server failed; of a
            ``POST`` that is not ``idempotent`` only in the first case.
        cache_seconds: How long an answer is good for who asks the same; never one that sensitive digits were given for.
        max_parallel: Questions under way at once.
        max_waiting: Questions that wait for their turn; one more fails at once.
    """

    http: HttpLookupSpec | None = None
    sql: SqlLookupSpec | None = None
    timeout_seconds: Annotated[float, Field(gt=0, le=30)] = 3
    total_seconds: Annotated[float, Field(gt=0, le=60)] = 10
    retries: Annotated[int, Field(ge=0, le=5)] = 1
    cache_seconds: Seconds = 0
    max_parallel: Annotated[int, Field(ge=1, le=1_000)] = 20
    max_waiting: Annotated[int, Field(ge=0, le=10_000)] = 200

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.http is None) == (self.sql is None):
            raise ValueError("give exactly one of http and sql")
        if self.timeout_seconds > self.total_seconds:
            raise ValueError(f"timeout_seconds {self.timeout_seconds:g} is more than total_seconds")
        if self.cache_seconds and not self.way.repeatable:
            raise ValueError("cache_seconds needs a GET, or http.idempotent: true")
        return self

    @property
    def way(self) -> HttpLookupSpec | SqlLookupSpec:
        """How it asks."""
        way = self.http or self.sql
        assert way is not None
        return way


def _before_path(url: str) -> str:
    found = _BEFORE_PATH.match(url)
    return found[0] if found is not None else url


def _strings(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict | list):
        for item in data.values() if isinstance(data, dict) else data:
            yield from _strings(item)
