"""The written baskets again, one by one in time order, for the replay."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
AT_ONCE = 50_000


class Discount(NamedTuple):
    """A discount on a line: cents, who pays for it, and the refs of its promotion or coupon where known."""

    kind: str
    funder: str
    amount: int
    promotion: str | None
    coupon: str | None


class Line(NamedTuple):
    """A line as it was sold: quantity in thousandths, cents. `amount` is what the retailer receives."""

    line: int
    product: str
    quantity: int
    gross: int
    amount: int
    discounts: tuple[Discount, ...]


class Basket(NamedTuple):
    """A sale as it happened; refs are those of the written folder."""

    ref: str
    place: str
    customer: str
    at: datetime
    currency: str
    lines: tuple[Line, ...]


def baskets(
    folder: Path,
    since: datetime | None = None,
    until: datetime | None = None,
    *,
    share: tuple[int, int] = (0, 1),
) -> Iterator[Basket]:
    """The baskets of a folder that `write_folder` wrote, from moment `since` until just before `until`.

    `share` (n, of) gives only those of one part of the places.
    """
    con = duckdb.connect()
    con.execute("set enable_progress_bar = false")
    con.execute(
        f"""select ref, o.place, customer, epoch_us(ordered_at), currency, l.line, product, (quantity * 1000)::bigint,
                   (gross * 100)::bigint, (l.amount * 100)::bigint, kind, funder, (d.amount * 100)::bigint,
                   promotion, coupon
            from '{folder}/orders.parquet' o join '{folder}/order_lines.parquet' l on l."order" = ref
            left join '{folder}/line_discounts.parquet' d on d."order" = ref and d.line = l.line
            where epoch_us(ordered_at) >= ? and epoch_us(ordered_at) < ? and hash(o.place) % ? = ?
            order by ordered_at, ref, l.line, seq""",
        [_microseconds(since, 0), _microseconds(until, 2**62), share[1], share[0]],
    )
    for _, rows in groupby(_rows(con), key=lambda row: row[0]):
        yield _basket(list(rows))


def _microseconds(at: datetime | None, otherwise: int) -> int:
    return otherwise if at is None else (at - EPOCH) // timedelta(microseconds=1)


def _rows(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    while rows := con.fetchmany(AT_ONCE):
        yield from rows


def _basket(rows: list[tuple[Any, ...]]) -> Basket:
    ref, place, customer, at, currency = rows[0][:5]
    lines: list[Line] = []
    for row in rows:
        discounts: tuple[Discount, ...] = () if row[10] is None else (Discount._make(row[10:]),)
        if lines and lines[-1].line == row[5]:
            discounts = lines.pop().discounts + discounts
        lines.append(Line(row[5], row[6], row[7], row[8], row[9], discounts))
    return Basket(ref, place, customer, EPOCH + timedelta(microseconds=at), currency, tuple(lines))


def count_baskets(folder: Path) -> int:
    """How many baskets a written folder holds."""
    (count,) = duckdb.connect().execute(f"select count(*) from '{folder}/orders.parquet'").fetchone() or (0,)
    return int(count)
