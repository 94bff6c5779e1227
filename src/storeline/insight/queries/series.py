"""A span of days beside those that it is compared with, as totals, by channel and point by point."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from storeline.insight.domain import IN_SHOP, MEASURES, Compared, Point, Span, Sums, total
from storeline.insight.queries.scope import ENTITY_AND_CHANNEL, Scope
from storeline.kernel.api import Pending, Row, dates_array, ints_array, later

SPARK: Final = 28
"""How many days the small line beside a figure goes back."""
_TABLE_MEASURES: Final = tuple(name for name in MEASURES if not name.startswith("online_"))


_SERIES = f"""
SELECT w.no, (d.day - w.first) / w.step, d.channel, {", ".join(f"sum(d.{name})::bigint" for name in _TABLE_MEASURES)}
FROM unnest(%s::int[], %s::date[], %s::date[], %s::int[]) AS w (no, first, last, step)
JOIN insight_trade_day d ON d.place_id = ANY(%s::uuid[]) AND d.day BETWEEN w.first AND w.last
WHERE d.currency = %s {ENTITY_AND_CHANNEL}
GROUP BY 1, 2, 3
"""


_NOW, _BEFORE, _YEAR_BEFORE, _SPARK = range(4)


@dataclass(frozen=True, slots=True)
class Series:
    """A span's sums with those that it is compared with, by day or week, by channel, and day by day up to its end."""

    compared: Compared
    channels: Mapping[str, Compared]
    spark: tuple[Sums, ...]


def series(scope: Scope, span: Span, since: date) -> Pending[Series]:
    """The sums of `span`, and of the spans that it is compared with where trade is held since before them."""
    windows = _windows(span, since)
    numbers = list(windows)
    return later(
        _SERIES,
        [
            ints_array(numbers),
            dates_array(windows[number].first for number in numbers),
            dates_array(windows[number].last for number in numbers),
            ints_array(1 if number == _SPARK else span.step for number in numbers),
            scope.rows,
            *scope.condition,
        ],
        lambda rows: _series(rows, span, windows),
    )


def _windows(span: Span, since: date) -> dict[int, Span]:
    """What is to be read; what would begin before the first day held is no comparison."""
    windows = {_NOW: span, _SPARK: Span(span.last - timedelta(days=SPARK - 1), span.last)}
    if span.before.first >= since:
        windows[_BEFORE] = span.before
    year_before = span.year_before
    if year_before is not None and year_before.first >= since and year_before != span.before:
        windows[_YEAR_BEFORE] = year_before
    return windows


def _sums(channel: str, values: Sequence[int]) -> Sums:
    sums = Sums(**dict(zip(_TABLE_MEASURES, values, strict=True)))
    if channel in IN_SHOP:
        return sums
    return sums.plus(Sums(online_baskets=sums.baskets, online_sales=sums.sales))


def _series(rows: list[Row], span: Span, windows: Mapping[int, Span]) -> Series:
    found: dict[tuple[int, int], list[Sums]] = {}
    channels: dict[str, dict[int, list[Sums]]] = {}
    for number, bucket, channel, *values in rows:
        sums = _sums(channel, values)
        found.setdefault((number, bucket), []).append(sums)
        if number != _SPARK:
            channels.setdefault(channel, {}).setdefault(number, []).append(sums)
    merged = {key: total(parts) for key, parts in found.items()}

    def of(number: int, bucket: int) -> Sums | None:
        return merged.get((number, bucket), Sums()) if number in windows else None

    points = tuple(
        Point(
            span.first + timedelta(days=bucket * span.step),
            merged.get((_NOW, bucket), Sums()),
            of(_BEFORE, bucket),
            of(_YEAR_BEFORE, bucket),
        )
        for bucket in range(-(-span.days // span.step))
    )
    whole: dict[int, list[Sums]] = {number: [] for number in windows}
    for (number, _), sums in merged.items():
        whole[number].append(sums)
    spark = tuple(merged.get((_SPARK, day), Sums()) for day in range(SPARK))
    return Series(
        _compared(whole, windows, points),
        {name: _compared(of_channel, windows) for name, of_channel in sorted(channels.items())},
        spark,
    )


def _compared(
    found: Mapping[int, Collection[Sums]], windows: Mapping[int, Span], points: tuple[Point, ...] = ()
) -> Compared:
    def of(number: int) -> Sums | None:
        return total(found.get(number, ())) if number in windows else None

    return Compared(total(found.get(_NOW, ())), of(_BEFORE), of(_YEAR_BEFORE), points)
