"""Distributions of durations: how a scenario gives them, and how they are drawn."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from ctid.spec.base import Spec

Positive = Annotated[float, Field(gt=0, le=31_536_000)]
"""A duration in seconds, longer than none and at most a year."""


class Exponential(Spec):
    """Memoryless, as arrivals and the patience of many are.

    Attributes:
        mean_seconds: The mean.
    """

    distribution: Literal["exponential"]
    mean_seconds: Positive


class LogNormal(Spec):
    """The usual shape of handling times: many short ones, a few very long.

    Attributes:
        mean_seconds: The mean.
        sd_seconds: The standard deviation.
    """

    distribution: Literal["lognormal"]
    mean_seconds: Positive
    sd_seconds: Positive


class Gamma(Spec):
    """Between exponential and deterministic.

    Attributes:
        mean_seconds: The mean.
        sd_seconds: The standard deviation.
    """

    distribution: Literal["gamma"]
    mean_seconds: Positive
    sd_seconds: Positive


class Deterministic(Spec):
    """Always the same.

    Attributes:
        seconds: How long.
    """

    distribution: Literal["deterministic"]
    seconds: Annotated[float, Field(ge=0, le=31_536_000)]


class Empirical(Spec):
    """One of the measured values, each as likely as the others.

    Attributes:
        values_seconds: What was measured.
    """

    distribution: Literal["empirical"]
    values_seconds: list[Annotated[float, Field(ge=0, le=31_536_000)]] = Field(min_length=1)


Distribution = Annotated[
    Exponential | LogNormal | Gamma | Deterministic | Empirical, Field(discriminator="distribution")
]

PerInterval = Annotated[
    list[Distribution],
    Field(min_length=1),
    BeforeValidator(lambda value: value if isinstance(value, list) else [value]),
]
"""One distribution for the whole scenario, or one for each interval of arrival."""

Draw = Callable[[Random], int]
"""Draws a duration in milliseconds."""


def draw(distribution: Distribution) -> Draw:
    """A function that draws from the distribution, in milliseconds."""
    match distribution:
        case Exponential():
            mean = distribution.mean_seconds * 1000
            # Inverse by hand: one draw of the stream each, so that streams stay in step between configurations.
            return lambda chance: round(-mean * math.log(1.0 - chance.random()))
        case LogNormal():
            spread = math.log(1 + (distribution.sd_seconds / distribution.mean_seconds) ** 2)
            middle, sigma = math.log(distribution.mean_seconds * 1000) - spread / 2, math.sqrt(spread)
            return lambda chance: round(chance.lognormvariate(middle, sigma))
        case Gamma():
            shape = (distribution.mean_seconds / distribution.sd_seconds) ** 2
            scale = distribution.mean_seconds * 1000 / shape
            return lambda chance: round(chance.gammavariate(shape, scale))
        case Deterministic():
            fixed = round(distribution.seconds * 1000)
            return lambda chance: fixed
        case Empirical():
            values = [round(value * 1000) for value in distribution.values_seconds]
            return lambda chance: values[int(chance.random() * len(values))]
