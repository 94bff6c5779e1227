"""Reads of the till: the sale under way, those put aside, the tills of a place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from storeline.kernel.api import Pending, Row, later, pipeline, run

_SALE = """
SELECT s.id, s.place_id, s.till, s.state, s.version, s.customer_id, s.coupons, s.age, s.order_id,
 coalesce(array_agg(l.line_no ORDER BY l.line_no) FILTER (WHERE l.line_no IS NOT NULL), '{{}}'),
 coalesce(array_agg(l.product_id ORDER BY l.line_no) FILTER (WHERE l.line_no IS NOT NULL), '{{}}'),
 coalesce(array_agg(l.quantity ORDER BY l.line_no) FILTER (WHERE l.line_no IS NOT NULL), '{{}}'),
 coalesce(array_agg(l.touched ORDER BY l.line_no) FILTER (WHERE l.line_no IS NOT NULL), '{{}}')
FROM till_sale s LEFT JOIN till_line l ON l.sale_id = s.id
WHERE {where} GROUP BY s.id
"""
CURRENT = "s.place_id = %s AND s.till = %s AND s.state IN ('open', 'paying')"
_PARKED = """
SELECT id, till, pieces, total, (extract(epoch FROM now() - changed_at) / 60)::int FROM till_sale
WHERE place_id = %s AND state = 'parked' ORDER BY changed_at LIMIT 50
"""


@dataclass(frozen=True, slots=True)
class TillAt:
    """A till: the place where it stands, and its number there."""

    place_id: UUID
    number: int


@dataclass(frozen=True, slots=True)
class SaleLine:
    """So many thousandths of a product."""

    line_no: int
    product_id: UUID
    quantity: int
    touched: int


@dataclass(frozen=True, slots=True)
class Sale:
    """A sale as it stands, its lines in the order in which they came."""

    id: UUID
    at: TillAt
    state: str
    version: int
    customer_id: UUID | None
    coupons: tuple[str, ...]
    age: int
    order_id: UUID | None
    lines: tuple[SaleLine, ...]

    def line(self, line_no: int) -> SaleLine | None:
        """The line of this number, if it is there."""
        return next((one for one in self.lines if one.line_no == line_no), None)


@dataclass(frozen=True, slots=True)
class ParkedSale:
    """A sale put aside: of which till, how many pieces, what it came to then (None where it had no price), how long ago."""

    id: UUID
    till: int
    pieces: int
    total: int | None
    minutes: int


def _sale(rows: Sequence[Row]) -> Sale | None:
    if not rows:
        return None
    row = rows[0]
    lines = tuple(SaleLine(*each) for each in zip(*row[9:13], strict=True))
    return Sale(row[0], TillAt(row[1], row[2]), row[3], row[4], row[5], tuple(row[6]), row[7], row[8], lines)


def current(at: TillAt) -> Pending[Sale | None]:
    """Queue: the sale under way at this till."""
    return later(_SALE.format(where=CURRENT), [at.place_id, at.number], _sale)


def get_sale(sale_id: UUID) -> Sale | None:
    """The sale of this id, however it stands."""
    return _sale(run(_SALE.format(where="s.id = %s"), [sale_id]).fetchall())


def parked(place_id: UUID) -> Pending[list[ParkedSale]]:
    """Queue: the sales put aside at this place, whichever till they came from, the oldest first."""
    return later(_PARKED, [place_id], lambda rows: [ParkedSale(*row) for row in rows])


def tills_of(place_id: UUID) -> list[int]:
    """The numbers of the tills that were ever opened at this place."""
    rows = run("SELECT number FROM till_till WHERE place_id = %s ORDER BY number", [place_id]).fetchall()
    return [row[0] for row in rows]


def last_order(at: TillAt) -> UUID | None:
    """The order that was paid last at this till."""
    row = run(
        "SELECT order_id FROM till_sale WHERE place_id = %s AND till = %s AND state = 'done'"
        " ORDER BY changed_at DESC LIMIT 1",
        [at.place_id, at.number],
    ).fetchone()
    return row[0] if row else None


def has_till(at: TillAt) -> bool:
    """Whether this till was opened once."""
    return bool(run("SELECT FROM till_till WHERE place_id = %s AND number = %s", [at.place_id, at.number]).rowcount)


@dataclass(frozen=True, slots=True)
class Takings:
    """What came in, or went back, by one way to pay: how many times, and minor units in all."""

    tender: str
    times: int
    amount: int


@dataclass(frozen=True, slots=True)
class Day:
    """A till's day so far: its sales, what was paid how, and what its whole place gave back."""

    sales: int
    total: int
    tax: int
    paid: tuple[Takings, ...]
    returned: tuple[Takings, ...]


_OF_DAY = "o.place_id = %s AND o.business_date = %s AND o.till = %s AND o.state = 'completed'"
_SALES = f"""
SELECT count(*), coalesce(sum(o.total), 0)::bigint, coalesce(sum(o.tax), 0)::bigint FROM orders_order o WHERE {_OF_DAY}
"""
_TAKEN = f"""
SELECT i.tender, count(DISTINCT o.id), sum(i.captured)::bigint FROM orders_order o
JOIN payments_intent i ON i.source_id = o.id WHERE {_OF_DAY} GROUP BY i.tender ORDER BY i.tender
"""
_GIVEN = """
SELECT f.tender, count(DISTINCT r.id), sum(f.amount)::bigint FROM aftersales_return r
JOIN aftersales_refund f ON f.return_id = r.id
WHERE r.place_id = %s AND r.business_date = %s AND f.state <> 'failed' GROUP BY f.tender ORDER BY f.tender
"""


def day_of(at: TillAt, day: date) -> Day:
    """What this till took on a day of its place's calendar. One wait."""
    of_till = [at.place_id, day, str(at.number)]
    with pipeline():
        sales = later(_SALES, of_till, lambda rows: rows[0])
        taken = later(_TAKEN, of_till, lambda rows: tuple(Takings(*row) for row in rows))
        given = later(_GIVEN, [at.place_id, day], lambda rows: tuple(Takings(*row) for row in rows))
    count, total, tax = sales.result()
    return Day(count, total, tax, taken.result(), given.result())
