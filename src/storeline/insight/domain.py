"""Spans of days, what each is compared with, and how figures follow from sums. Amounts are minor units."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta

from storeline.kernel.api import round_div, time_zone

WEEK = 7
YEAR = 364
"""A year before is 52 weeks before, so that a Sunday is compared with a Sunday."""
LONG = 92
"""Spans of more days than this are drawn by weeks."""
IN_SHOP = ("store", "till")
"""Channels of the shop floor; every other channel is online."""
_MINUTES = 60
_DAY_MINUTES = 24 * 60
_THOUSAND = 1000


@dataclass(frozen=True, slots=True)
class Span:
    """Business days from `first` to `last`, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1

    def back(self, days: int) -> Span:
        """The same number of days, so many days earlier."""
        return Span(self.first - timedelta(days=days), self.last - timedelta(days=days))

    @property
    def before(self) -> Span:
        """What it is compared with first: the whole weeks before, so that weekdays meet; of one day, that day a week before."""
        return self.back(WEEK * -(-self.days // WEEK))

    @property
    def year_before(self) -> Span | None:
        """The same weekdays a year before; of a span longer than a year there is none that lies before it."""
        return self.back(YEAR) if self.days <= YEAR else None

    @property
    def step(self) -> int:
        """How many days one point of its line stands for."""
        return WEEK if self.days > LONG else 1


@dataclass(frozen=True, slots=True)
class Parts:
    """A span as whole months and the days at its edges: most of a long span is already summed up."""

    months: tuple[date, ...] = ()
    edges: tuple[Span, ...] = ()


def split(span: Span) -> Parts:
    """Whole months of `span`, by their first days, and what is left at either end."""
    first = span.first if span.first.day == 1 else _next_month(span.first)
    end = (span.last + timedelta(days=1)).replace(day=1)
    if first >= end:
        return Parts(edges=(span,))
    months = [first]
    while (following := _next_month(months[-1])) < end:
        months.append(following)
    edges = []
    if span.first < first:
        edges.append(Span(span.first, first - timedelta(days=1)))
    if end <= span.last:
        edges.append(Span(end, span.last))
    return Parts(tuple(months), tuple(edges))


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


@dataclass(frozen=True, slots=True)
class Sums:
    """What was sold and came back, without tax, in minor units of one currency; `promoted`, `costed` and `cost` as in the tables."""

    baskets: int = 0
    items: int = 0
    net: int = 0
    tax: int = 0
    promoted: int = 0
    costed: int = 0
    cost: int = 0
    discount_retailer: int = 0
    discount_manufacturer: int = 0
    discount_partner: int = 0
    returns: int = 0
    returned_items: int = 0
    returned_net: int = 0
    returned_tax: int = 0
    waiting: int = 0
    online_baskets: int = 0
    online_sales: int = 0

    @property
    def sales(self) -> int:
        """What was sold less what came back."""
        return self.net - self.returned_net

    @property
    def average(self) -> int:
        """What a basket came to, before anything came back."""
        return round_div(self.net, self.baskets) if self.baskets else 0

    @property
    def margin(self) -> int | None:
        """What is left of those sales whose cost is known; None where of none it is."""
        return self.costed - self.cost if self.costed else None

    @property
    def discount(self) -> int:
        """All that was agreed to be taken off, whoever pays for it."""
        return self.discount_retailer + self.discount_manufacturer + self.discount_partner

    def plus(self, other: Sums) -> Sums:
        """Both together."""
        return Sums(*[getattr(self, name) + getattr(other, name) for name in MEASURES])


MEASURES = tuple(each.name for each in fields(Sums))


def total(parts: Iterable[Sums]) -> Sums:
    """All together."""
    columns = list(zip(*[[getattr(part, name) for name in MEASURES] for part in parts], strict=True))
    return Sums(*[sum(column) for column in columns])


def change(now: int, before: int | None) -> int | None:
    """How far `now` is from `before`, in tenths of a percent; None where there is nothing to compare with.

    Against nothing, or less than nothing, no percentage says anything.
    """
    return None if before is None or before <= 0 else round_div((now - before) * _THOUSAND, before)


def change_of_share(part: int, whole: int, part_before: int, whole_before: int) -> int | None:
    """How far one share is from another, in tenths of a percentage point."""
    if whole <= 0 or whole_before <= 0:
        return None
    return round_div(part * _THOUSAND, whole) - round_div(part_before * _THOUSAND, whole_before)


def per_thousand(part: int, whole: int) -> int:
    """`part` of `whole` in thousandths; nothing of nothing is nothing."""
    return round_div(part * _THOUSAND, whole) if whole > 0 else 0


def minutes_gone(day: date, moment: datetime, zone: str) -> int:
    """How many minutes of `day` have gone at `moment` where the clocks show `zone`: 0 to 1440."""
    local = moment.astimezone(time_zone(zone))
    if local.date() != day:
        return _DAY_MINUTES if local.date() > day else 0
    return local.hour * _MINUTES + local.minute


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a line: a day, or a week that begins on it; `before` and `year_before` are None where nothing is held."""

    day: date
    now: Sums
    before: Sums | None = None
    year_before: Sums | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """A span's sums beside those that it is compared with; None where the retailer's data does not reach so far."""

    now: Sums
    before: Sums | None = None
    year_before: Sums | None = None
    points: tuple[Point, ...] = field(default=())
