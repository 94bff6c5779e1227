"""What a unit is worth where it stands: the loss that is expected if it is taken away.

A place sells `rate` units a day by itself and is filled up again in `days`. Without one of its `stock` units it loses a sale
exactly when at least `stock` are asked for until then, so the last unit is worth P(D >= stock) of what a lost sale costs: the
marginal value of the newsvendor (Arrow, Harris, Marschak 1951), with D after Poisson. The next unit taken is worth P(D >= stock - 1),
never less. Units that expire earlier are sold first; one of `old` of them is wasted exactly when fewer than `old` are asked
for in time, so taking it saves P(D < old) of what it cost. Shares are integers in millionths, so plans stay exact.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

MILLION = 1_000_000
_FAR = 8.0
"""Standard deviations beyond which a share is taken for 0 or 1."""
_SMOOTH = 400.0
"""Means from which on the normal distribution stands in."""


@dataclass(frozen=True, slots=True)
class Value:
    """What is known of a product at a place: units sold a day, days until it is filled up, what a lost sale costs.

    `loss` in thousandths of a minor unit. `fixed`: a value for each unit, set from above, instead. `old` units expire in
    `old_days`, and each that is thrown away costs `old_loss`.
    """

    rate: float = 0.0
    days: float = 7.0
    loss: int = 0
    fixed: int | None = None
    old: int = 0
    old_days: float = 0.0
    old_loss: int = 0


@lru_cache(maxsize=65_536)
def value_of(
    rate: int | None,
    hours: int | None,
    loss: int | None,
    fixed: int | None,
    spoilt: int | None = None,
    old: int | None = None,
    old_days: int | None = None,
) -> Value:
    """What a unit is worth, from the columns that it is kept in."""
    days = (hours or 168) / 24
    return Value(
        (rate or 0) / 1_000_000, days, loss or 0, fixed, (old or 0) // 1_000, float(old_days or 0), spoilt or 0
    )


def reached(mean: float, units: int) -> int:
    """The share, in millionths, of times in which at least so many units are asked for."""
    return _reached(round(mean * 1_000), units)


@lru_cache(maxsize=262_144)
def _reached(mean_milli: int, units: int) -> int:
    mean = mean_milli / 1_000
    if units <= 0:
        return MILLION
    if mean <= 0 or units > mean + _FAR * math.sqrt(mean) + _FAR:
        return 0
    if mean > _SMOOTH:
        return round(MILLION * 0.5 * math.erfc((units - 0.5 - mean) / math.sqrt(2 * mean)))
    term = total = math.exp(-mean)
    for number in range(1, units):
        term *= mean / number
        total += term
    return round(MILLION * min(1.0, max(0.0, 1.0 - total)))


def keep_row(value: Value, stock: int, portions: int, share: int = 1_000) -> tuple[int, ...]:
    """What each of the first `portions` units is worth where it stands, of `stock`; `share` thousandths of it counts."""
    many = max(min(stock, portions), 0)
    if value.fixed is not None:
        return (value.fixed * share // 1_000,) * many
    mean, worth = value.rate * value.days, value.loss * share // 1_000
    if not worth or mean <= 0:
        return (0,) * many
    return tuple([worth * reached(mean, stock - taken) // MILLION for taken in range(many)])


def waste_row(value: Value, stock: int, portions: int, share: int = 1_000) -> tuple[int, ...]:
    """What taking each of the first `portions` units saves of spoiling: the oldest are taken first."""
    many = max(min(stock, portions), 0)
    if not value.old or not value.old_loss:
        return (0,) * many
    mean, worth = value.rate * value.old_days, value.old_loss * share // 1_000
    return tuple(
        [
            worth * (MILLION - reached(mean, value.old - taken)) // MILLION if taken < value.old else 0
            for taken in range(many)
        ]
    )


def shrunk(count: float, own_share: float, everywhere: float, weight: float) -> float:
    """A rate from few sales: what was counted here, and as if `weight` more had been seen at the product's rate
    elsewhere times this place's share of trade (the mean of a gamma prior with that weight).
    """
    prior = own_share * everywhere
    if prior <= 0:
        return count
    return prior * (count + weight) / (prior + weight)


def chance_there(have: int, want: int, wrong: int) -> int:
    """How sure it is, in thousandths, that `want` are really there where the books say `have`.

    `wrong` thousandths of such records are wrong; of a wrong one it is only taken that what is there lies anywhere between
    nothing and what the books say.
    """
    if have < want or have <= 0:
        return 0
    return 1_000 - wrong * want // have


def all_of(chances: Sequence[int]) -> int:
    """The chance, in thousandths, that all of them hold."""
    product = 1_000
    for chance in chances:
        product = product * chance // 1_000
    return product
