"""Lists of orders as staff look for them, and how many of them are open or hang."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from storeline.kernel.api import ids_array, now, run
from storeline.orders.models import IN_SHOPS
from storeline.orders.queries.orders import OrderHead


@dataclass(frozen=True, slots=True)
class Search:
    """Which orders a list holds: sold at these places (None: anywhere), on days, by channel, in a state, of people.

    `number` is the end of an order's id (`order_number`), of those that were not carried out of a shop.
    """

    places: Collection[UUID] | None = None
    first: date | None = None
    last: date | None = None
    channel: str | None = None
    state: str | None = None
    customer_ids: Collection[UUID] | None = None
    order_ids: Collection[UUID] | None = None
    number: str | None = None

    def sql(self) -> tuple[list[str], list[Any]]:
        """Conditions and their parameters, the places apart."""
        found: list[tuple[str, Any]] = [
            ("o.business_date >= %s", self.first),
            ("o.business_date <= %s", self.last),
            ("o.channel = %s", self.channel),
            ("o.state = %s", self.state),
            ("o.customer_id = ANY(%s::uuid[])", None if self.customer_ids is None else ids_array(self.customer_ids)),
            ("o.id = ANY(%s::uuid[])", None if self.order_ids is None else ids_array(self.order_ids)),
            ("right(o.id::text, 6) = %s AND NOT (o.method = 'carry_out')", self.number and self.number.lower()),
        ]
        conditions = [condition for condition, value in found if value is not None]
        # Said once more as the partial indexes say it.
        if self.channel is not None and self.channel not in IN_SHOPS:
            conditions.append("NOT (o.channel IN ('store', 'till'))")
        if self.state in {"pending", "confirmed", "cancelled"}:
            conditions.append(f"o.state = '{self.state}'")
        return conditions, [value for _, value in found if value is not None]


_FEW_PLACES = 20
_COLUMNS = """
o.id, o.ref, o.source, o.entity_id, o.place_id, o.served_by_id, o.channel, o.till, o.customer_id, o.method, o.slot_id,
o.currency, o.tax_included, o.amount, o.tax, o.total, o.funded, o.payable, o.state, o.reason, o.placed_at,
o.business_date, o.expires_at, o.completed_at
"""
_AT_EACH = f"""
SELECT {_COLUMNS} FROM unnest(%s::uuid[]) p (id)
CROSS JOIN LATERAL (
    SELECT o.* FROM orders_order o WHERE {{where}} ORDER BY o.business_date DESC, o.id DESC LIMIT %s
) o ORDER BY o.business_date DESC, o.id DESC LIMIT %s
"""


def search(only: Search, *, before: tuple[date, UUID] | None = None, limit: int = 50) -> list[OrderHead]:
    """Orders as a list shows them, the latest first, after the last one seen (its day and id). One statement.

    At a few places by their day, then id; anywhere by id, which is by time.
    """
    conditions, params = only.sql()
    few = only.places is not None and len(only.places) <= _FEW_PLACES and only.order_ids is None
    if before is not None:
        conditions.append("(o.business_date, o.id) < (%s, %s)" if few else "o.id < %s")
        params += before if few else before[1:]
    if few:
        where = " AND ".join(["o.place_id = p.id", *conditions])
        rows = run(_AT_EACH.format(where=where), [ids_array(only.places or ()), *params, limit, limit])
    else:
        if only.places is not None:
            conditions.append("o.place_id = ANY(%s::uuid[])")
            params.append(ids_array(only.places))
        where = " AND ".join(conditions) or "true"
        rows = run(f"SELECT {_COLUMNS} FROM orders_order o WHERE {where} ORDER BY o.id DESC LIMIT %s", [*params, limit])
    return [OrderHead(*row) for row in rows.fetchall()]


@dataclass(frozen=True, slots=True)
class OpenCount:
    """How many orders are in an open state, since when the oldest, and how many of them should have left it."""

    orders: int
    oldest: datetime | None
    overdue: int


# One part for each partial index.
_OPEN_COUNTS = """
SELECT 'pending', count(*), min(o.placed_at), count(*) FILTER (WHERE o.expires_at < %(late)s)
FROM orders_order o WHERE o.state = 'pending' AND (%(own)s::uuid[] IS NULL OR o.place_id = ANY(%(own)s::uuid[]))
UNION ALL
SELECT 'confirmed', count(*), min(o.placed_at), count(*) FILTER (WHERE o.method = 'carry_out' AND o.placed_at < %(late)s)
FROM orders_order o WHERE o.state = 'confirmed' AND (%(own)s::uuid[] IS NULL OR o.place_id = ANY(%(own)s::uuid[]))
"""
_TAKES = timedelta(minutes=1)
"""How long after its time a job may take to get to an order."""


def count_open(*, places: Collection[UUID] | None = None) -> dict[str, OpenCount]:
    """Orders that are pending or confirmed: those past their time hang, since a job should have ended them."""
    asked = {"late": now() - _TAKES, "own": None if places is None else ids_array(places)}
    return {row[0]: OpenCount(*row[1:]) for row in run(_OPEN_COUNTS, asked).fetchall()}


_OVERDUE = """
SELECT o.id FROM orders_order o
WHERE {which} AND (%s::uuid[] IS NULL OR o.place_id = ANY(%s::uuid[])) LIMIT 200
"""
_HANGS = {
    "pending": "o.state = 'pending' AND o.expires_at < %s",
    "confirmed": "o.state = 'confirmed' AND o.method = 'carry_out' AND o.placed_at < %s",
}


def overdue(state: str, *, places: Collection[UUID] | None = None) -> list[UUID]:
    """Some of the orders that `count_open` counts as overdue in this state."""
    own = None if places is None else ids_array(places)
    rows = run(_OVERDUE.format(which=_HANGS[state]), [now() - _TAKES, own, own])
    return [row[0] for row in rows.fetchall()]
