"""Webhooks: where published events are posted to, which of them, and how long that is tried."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Final, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from ctid.model.event_types import EVENT_TYPES
from ctid.spec.base import Name, Spec, is_loopback
from ctid.spec.secret import Secret

PREFIX: Final = "whsec_"
_KEY_BYTES: Final = range(24, 65)


def signing_key(secret: str) -> bytes:
    """The HMAC key that a secret of Standard Webhooks stands for.

    Raises:
        ValueError: It is none.
    """
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (ValueError, binascii.Error):
        key = b""
    if not secret.startswith(PREFIX) or len(key) not in _KEY_BYTES:
        raise ValueError(f"is no secret of Standard Webhooks: give {PREFIX} and 24 to 64 random bytes in base64")
    return key


def _checked(secret: SecretStr) -> SecretStr:
    signing_key(secret.get_secret_value())
    return secret


def _pattern(pattern: str) -> str:
    if not any(fits(pattern, known) for known in EVENT_TYPES):
        families = ", ".join(sorted({known.partition(".")[0] + ".*" for known in EVENT_TYPES}))
        raise ValueError(f"no event is like {pattern!r}; give a type of docs/api.md, or one of: *, {families}")
    return pattern


def fits(pattern: str, event_type: str) -> bool:
    """Whether an event's type is meant by ``*``, ``family.*`` or the type itself."""
    if pattern == "*":
        return True
    return event_type.startswith(pattern[:-1]) if pattern.endswith(".*") else event_type == pattern


SigningSecret = Annotated[Secret, AfterValidator(_checked)]


class WebhookSpec(Spec):
    """One receiver of events.

    Attributes:
        url: ``https://``; ``http://`` on the loopback, or anywhere with ``allow_plain_http``.
        secret: ``whsec_`` and 24 to 64 random bytes in base64.
        previous_secret: Signs too, while receivers go over to a new one.
        events: Types of events, ``family.*``, or ``*``.
        queues: Only events that name one of these; all if empty.
        timeout_seconds: How long one attempt may take.
        max_parallel: Attempts under way at once; events of one contact or agent go one after another all the same.
        backoff_max_seconds: Longest wait between two attempts of one event.
        give_up_after_seconds: An event that is refused for so long since its first attempt becomes a dead letter.
        capacity: Events that may wait; when more come, the oldest become dead letters.
        dead_letters: How many are kept; of more, the oldest are lost.
        allow_plain_http: Let caller data and signatures travel unencrypted.
    """

    url: str
    secret: SigningSecret
    previous_secret: SigningSecret | None = None
    events: Annotated[list[Annotated[str, AfterValidator(_pattern)]], Field(min_length=1)]
    queues: list[Name] = []
    timeout_seconds: Annotated[float, Field(gt=0, le=60)] = 10
    max_parallel: Annotated[int, Field(ge=1, le=100)] = 4
    backoff_max_seconds: Annotated[float, Field(gt=0, le=86_400)] = 600
    give_up_after_seconds: Annotated[float, Field(gt=0, le=2_592_000)] = 86_400
    capacity: Annotated[int, Field(ge=10, le=1_000_000)] = 10_000
    dead_letters: Annotated[int, Field(ge=10, le=1_000_000)] = 10_000
    allow_plain_http: bool = False

    @model_validator(mode="after")
    def _url_is_safe(self) -> Self:
        try:
            url = urlsplit(self.url)
            host, _ = url.hostname or "", url.port
        except ValueError as error:
            raise ValueError("the url cannot be read") from error
        if url.scheme not in ("http", "https") or not host:
            raise ValueError("the url is none of https://host/path")
        if url.username is not None or url.password is not None or url.fragment:
            raise ValueError("the url has a user, a password or a fragment; the signature tells who we are")
        if url.scheme == "http" and not (self.allow_plain_http or is_loopback(host)):
            raise ValueError("the url is http:// beyond this machine; use https://, or say allow_plain_http: true")
        return self
