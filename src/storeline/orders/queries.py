"""Reads of orders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from storeline.kernel.api import NotFound, Pending, Row, ids_array, later, run
from storeline.orders.domain.shorts import OrderLine

_LINES = """
SELECT l.order_id, l.line_no, l.product_id, l.quantity, l.gross, l.discount, l.amount, l.funded, l.tax, l.tax_rate,
    coalesce(a.quantity, 0), coalesce(a.amount, 0), coalesce(a.funded, 0), coalesce(a.tax, 0), coalesce(a.times, 0),
    l.goods
FROM orders_line l
LEFT JOIN LATERAL (
    SELECT sum(quantity)::bigint AS quantity, sum(amount)::bigint AS amount, sum(funded)::bigint AS funded,
        sum(tax)::bigint AS tax, count(*)::int AS times
    FROM orders_amendment a WHERE a.order_id = l.order_id AND a.line_no = l.line_no
) a ON true
WHERE l.order_id = ANY(%s::uuid[]) ORDER BY l.order_id, l.line_no
"""
_HEAD = """
SELECT id, ref, source, entity_id, place_id, served_by_id, channel, till, customer_id, method, slot_id, currency,
    tax_included, amount, tax, total, funded, payable, state, reason, placed_at, business_date, expires_at, completed_at
FROM orders_order
"""
_TAXES = """
SELECT l.order_id, l.tax_rate, sum(l.amount - coalesce(a.amount, 0))::bigint, sum(l.tax - coalesce(a.tax, 0))::bigint
FROM orders_line l
LEFT JOIN (
    SELECT order_id, line_no, sum(amount) AS amount, sum(tax) AS tax FROM orders_amendment
    WHERE order_id = ANY(%s::uuid[]) GROUP BY order_id, line_no
) a USING (order_id, line_no)
WHERE l.order_id = ANY(%s::uuid[]) GROUP BY l.order_id, l.tax_rate ORDER BY l.order_id, l.tax_rate
"""
_FACTS = """
SELECT id, entity_id, place_id, channel, till, business_date, coalesce(completed_at, placed_at), currency,
    tax_included, source
FROM orders_order WHERE id = ANY(%s::uuid[]) AND state = 'completed' ORDER BY id
"""


@dataclass(frozen=True, slots=True)
class OrderHead:
    """An order without its lines; amounts in minor units of `currency`."""

    id: UUID
    ref: str | None
    source: str
    entity_id: UUID
    place_id: UUID
    served_by: UUID
    channel: str
    till: str | None
    customer_id: UUID | None
    method: str
    slot_id: UUID | None
    currency: str
    tax_included: bool
    amount: int
    tax: int
    total: int
    funded: int
    payable: int
    state: str
    reason: str | None
    placed_at: datetime
    business_date: date
    expires_at: datetime | None
    completed_at: datetime | None


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order with its lines as they stand."""

    head: OrderHead
    lines: tuple[OrderLine, ...]


@dataclass(frozen=True, slots=True)
class ReceiptFacts:
    """What a receipt says of a completed order; `taxes` are (rate in millionths, taxable amount, tax)."""

    order_id: UUID
    entity_id: UUID
    place_id: UUID
    channel: str
    till: str | None
    business_date: date
    at: datetime
    currency: str
    total: int
    taxes: tuple[tuple[int, int, int], ...]
    source: str


def lines(order_ids: Collection[UUID]) -> Pending[dict[UUID, tuple[OrderLine, ...]]]:
    """Queue the reading of lines with what was taken off them."""
    return later(_LINES, [ids_array(sorted(order_ids))], _lines_by_order)


def _lines_by_order(rows: list[Row]) -> dict[UUID, tuple[OrderLine, ...]]:
    found: defaultdict[UUID, list[OrderLine]] = defaultdict(list)
    for row in rows:
        found[row[0]].append(OrderLine(*row))
    return {order_id: tuple(of_order) for order_id, of_order in found.items()}


def get(order_id: UUID) -> OrderView:
    """One order; raises NotFound."""
    row = run(_HEAD + "WHERE id = %s", [order_id]).fetchone()
    if row is None:
        raise NotFound("There is no such order.")
    return OrderView(OrderHead(*row), lines([order_id]).result().get(order_id, ()))


def find_by_ref(ref: str) -> OrderHead | None:
    """The order with the retailer's own number `ref`."""
    row = run(_HEAD + "WHERE ref = %s", [ref]).fetchone()
    return None if row is None else OrderHead(*row)


def list_orders(
    *,
    place_id: UUID | None = None,
    customer_id: UUID | None = None,
    state: str | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> list[OrderHead]:
    """Orders by descending id (which is by time), after the cursor `before`."""
    conditions = ["true"]
    params: list[object] = []
    for column, value in (("place_id", place_id), ("customer_id", customer_id), ("state", state)):
        if value is not None:
            conditions.append(f"{column} = %s")
            params.append(value)
    if before is not None:
        conditions.append("id < %s")
        params.append(before)
    sql = f"{_HEAD} WHERE {' AND '.join(conditions)} ORDER BY id DESC LIMIT %s"
    return [OrderHead(*row) for row in run(sql, [*params, limit]).fetchall()]


def pending_of(order_ids: Collection[UUID]) -> set[UUID]:
    """Which of these are pending orders."""
    found = run("SELECT id FROM orders_order WHERE id = ANY(%s::uuid[]) AND state = 'pending'", [ids_array(order_ids)])
    return {row[0] for row in found.fetchall()}


def receipt_facts(order_ids: Collection[UUID]) -> list[ReceiptFacts]:
    """What receipts need of those of the orders that are completed, by id."""
    ids = ids_array(sorted(order_ids))
    taxes: defaultdict[UUID, list[tuple[int, int, int]]] = defaultdict(list)
    for order_id, rate, taxable, tax in run(_TAXES, [ids, ids]).fetchall():
        taxes[order_id].append((rate, taxable, tax))
    facts = []
    for row in run(_FACTS, [ids]).fetchall():
        order_id, entity_id, place_id, channel, till, day, at, currency, included, source = row
        of_order = tuple(taxes[order_id])
        total = sum(taxable + (0 if included else tax) for _, taxable, tax in of_order)
        facts.append(
            ReceiptFacts(order_id, entity_id, place_id, channel, till, day, at, currency, total, of_order, source)
        )
    return facts
