"""What flows say: prompts, texts in each language, and values that are spoken as the caller's language has it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from ctid.spec.base import Spec
from ctid.spec.destination import AttributeKey, Prompt

Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
"""BCP 47 tag of a language that there is a voice for."""

Words = Annotated[str, StringConstraints(min_length=1, max_length=2_000)]
"""What is spoken; ``{name}`` stands for an attribute, ``{customer.name}`` and ``{ani}`` for what is known."""

VALUES: Final = ("digits", "number", "ordinal", "money", "date", "time", "datetime", "duration")
"""Kinds of values that are spoken; each is a key of an item of ``say``."""

ANY_LANGUAGE: Final = ""
"""Key of a text that is the same for all callers."""

_PLACEHOLDER: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_.-]*)\}")


class SayItem(Spec):
    """One thing that is said: exactly one of a prompt, a text and a value.

    A text alone, or a mapping of languages to texts, may stand for ``text``.

    Attributes:
        prompt: A sound of the PBX, by its name without extension; Asterisk takes it in the caller's language.
        text: Language to words; under the empty key what is the same for all.
        digits: The attribute whose characters are spoken one by one.
        number: The attribute that is spoken as a number.
        ordinal: The attribute that is spoken as first, second, third.
        money: The attribute that is spoken as an amount of ``currency``.
        currency: ISO 4217 code of ``money``.
        date: The attribute, ``2026-11-29``, that is spoken as a date.
        time: The attribute, ``14:05``, that is spoken as a time of day.
        datetime: The attribute, ``2026-11-29T14:05``, that is spoken as both.
        duration: The attribute that is spoken as a duration, in seconds.
    """

    prompt: Prompt | None = None
    text: dict[Language | Literal[""], Words] | None = Field(default=None, min_length=1)
    digits: AttributeKey | None = None
    number: AttributeKey | None = None
    ordinal: AttributeKey | None = None
    money: AttributeKey | None = None
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] | None = None
    date: AttributeKey | None = None
    time: AttributeKey | None = None
    datetime: AttributeKey | None = None
    duration: AttributeKey | None = None

    @model_validator(mode="before")
    @classmethod
    def _short(cls, data: Any) -> Any:
        if isinstance(data, str):
            return {"text": {ANY_LANGUAGE: data}}
        if isinstance(data, dict) and data and not data.keys() & {"prompt", "text", "currency", *VALUES}:
            return {"text": data}
        if isinstance(data, dict) and isinstance(data.get("text"), str):
            return {**data, "text": {ANY_LANGUAGE: data["text"]}}
        return data

    @model_validator(mode="after")
    def _one(self) -> Self:
        given = [name for name in ("prompt", "text", *VALUES) if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"give exactly one of prompt, text, {', '.join(VALUES)}, or texts by language")
        if (self.currency is not None) != (self.money is not None):
            raise ValueError("money and currency go together: {money: balance, currency: EUR}")
        return self

    @property
    def value(self) -> tuple[str, str] | None:
        """Kind and attribute of the value that is spoken; ``None`` if it is none."""
        for kind in VALUES:
            if (name := getattr(self, kind)) is not None:
                return kind, name
        return None


def _listed(data: Any) -> Any:
    return data if isinstance(data, list) else [data]


Say = Annotated[list[SayItem], BeforeValidator(_listed), Field(max_length=100)]
"""Things that are said one after another; one alone needs no list."""


def placeholders(text: str) -> list[str]:
    """What a text names in braces, in order."""
    return _PLACEHOLDER.findall(text)


def plain_words(text: str) -> bool:
    """Whether a text has words of its own beside what it names in braces."""
    return any(letter.isalpha() for letter in _PLACEHOLDER.sub("", text))


def stray_braces(text: str) -> bool:
    """Whether a text has braces beside those that name something."""
    return any(brace in _PLACEHOLDER.sub("", text) for brace in "{}")


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with what it names in braces; what is not known is left out."""
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], ""), text)
