"""How sure a promise is: records may be wrong, and what nobody holds may be sold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from storeline.sourcing.domain.options import Code, ProductNeed, Reason
from storeline.sourcing.domain.values import all_of, chance_there, reached
from storeline.sourcing.domain.ways import Source, Sure

T = TypeVar("T")
TRUST_HALVES = timedelta(days=180)
"""After so long without a count half of the trust in a record is gone: invented, until counts say otherwise."""
NEVER_COUNTED_DAYS = 90
"""A record that nobody ever counted is trusted like one counted so long ago."""


def sure_of(
    source: Source,
    has: Sequence[int],
    needs: Sequence[ProductNeed],
    wanted: Sequence[int],
    at: datetime,
    unheld: timedelta,
) -> Sure:
    """How sure it is that what is `wanted` is found here: records may be wrong, and goods that are not held may be sold."""
    days = unheld / timedelta(days=1)
    found: list[tuple[int, int, int]] = []
    for number, want in enumerate(wanted):
        if not want:
            continue
        have = has[number]
        wrong = _wrong(_of(source.wrong, number), _of(source.counted_at, number), at)
        taken = reached((_of(source.rate, number) or 0) * days / 1_000_000, (have - want) // 1_000 + 1) if days else 0
        found.append((chance_there(have, want, wrong) * (1_000_000 - taken) // 1_000_000, number, taken))
    told = [_doubt(source, number, needs[number], taken, has[number], at) for _, number, taken in sorted(found)[:2]]
    return Sure(all_of([chance for chance, _, _ in found]), tuple(told))


def _of(column: Sequence[T | None] | None, number: int) -> T | None:
    return None if column is None else column[number]


def _wrong(base: int | None, counted_at: datetime | None, at: datetime) -> int:
    """Thousandths of such records that are wrong by now: some at the count, more with every day since."""
    days = NEVER_COUNTED_DAYS if counted_at is None else max((at - counted_at) / timedelta(days=1), 0.0)
    right = (1_000 - (100 if base is None else base)) * math.pow(0.5, days / TRUST_HALVES.days)
    return 1_000 - round(right)


def _doubt(source: Source, number: int, need: ProductNeed, taken: int, has: int, at: datetime) -> Reason:
    """What speaks most for or against finding it."""
    product, counted = need.product_id, _of(source.counted_at, number)
    if taken > 50_000:  # noqa: PLR2004  # one time in twenty
        return Reason(Code.SELLS_FAST, "It sells fast here, and nobody holds it.", product)
    if has < 3 * need.quantity:
        return Reason(Code.FEW_LEFT, "Few more than wanted are there by the books.", product)
    if counted is None:
        return Reason(Code.NOT_COUNTED, "Plenty by the books; it was not counted here yet.", product)
    days = max((at - counted).days, 0)
    return Reason(Code.COUNTED, f"Plenty by the books, counted {days} days ago.", product)
