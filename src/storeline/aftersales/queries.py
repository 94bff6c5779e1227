"""Reads of returns."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast
from uuid import UUID

from storeline.aftersales.domain.requests import RequestLine, normal_code
from storeline.aftersales.domain.terms import Back
from storeline.aftersales.errors import RequestNotFound, ReturnNotFound
from storeline.kernel.api import Pending, Row, ids_array, later, pipeline, run

_HEAD = """
SELECT id, ref, source, entity_id, place_id, order_id, original_reference, channel, customer_id, currency,
    tax_included, amount, tax, total, funded, refunded, reason, returned_at, business_date
FROM aftersales_return
"""
_LINES = """
SELECT return_id, line_no, order_line, product_id, quantity, amount, funded, tax, tax_rate, restock, reason
FROM aftersales_line WHERE return_id = ANY({ids}) ORDER BY return_id, line_no
"""
_REFUNDS = """
SELECT return_id, seq, tender, amount, payment_id, state, reference, settled_at
FROM aftersales_refund WHERE return_id = ANY({ids}) ORDER BY return_id, seq
"""
_BACK = """
SELECT l.order_line, sum(l.quantity)::bigint, sum(l.amount)::bigint, sum(l.funded)::bigint, sum(l.tax)::bigint,
    count(*)::int
FROM aftersales_return r JOIN aftersales_line l ON l.return_id = r.id
WHERE r.order_id = %s GROUP BY l.order_line
"""
_OF_ORDER = "ARRAY(SELECT id FROM aftersales_return WHERE order_id = %s)"
_DIGEST = "SELECT digest FROM aftersales_return WHERE id = %s"


@dataclass(frozen=True, slots=True)
class ReturnHead:
    """A return without its lines; amounts in minor units of `currency`."""

    id: UUID
    ref: str | None
    source: str
    entity_id: UUID
    place_id: UUID
    order_id: UUID | None
    original_reference: str | None
    channel: str
    customer_id: UUID | None
    currency: str
    tax_included: bool
    amount: int
    tax: int
    total: int
    funded: int
    refunded: int
    reason: str
    returned_at: datetime
    business_date: date


@dataclass(frozen=True, slots=True)
class ReturnedLine:
    """What came back, and for how much."""

    return_id: UUID
    line_no: int
    order_line: int | None
    product_id: UUID
    quantity: int
    amount: int
    funded: int
    tax: int
    tax_rate: int
    restock: bool
    reason: str


@dataclass(frozen=True, slots=True)
class RefundView:
    """Money that goes back: `state` is pending, settled or failed."""

    return_id: UUID
    seq: int
    tender: str
    amount: int
    payment_id: UUID
    state: str
    reference: str
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReturnView:
    """A return with its lines and refunds."""

    head: ReturnHead
    lines: tuple[ReturnedLine, ...]
    refunds: tuple[RefundView, ...]

    @property
    def state(self) -> str:
        """``settled`` when all the money is back, ``failed`` where some cannot go back that way, else ``pending``."""
        states = {refund.state for refund in self.refunds}
        return "failed" if "failed" in states else "pending" if "pending" in states else "settled"


def get_return(return_id: UUID) -> ReturnView:
    """One return; raises ReturnNotFound."""
    found = returns_by_id([return_id])
    if return_id not in found:
        raise ReturnNotFound("There is no such return.")
    return found[return_id]


def returns_by_id(return_ids: Collection[UUID]) -> dict[UUID, ReturnView]:
    """Returns with their lines and refunds; an unknown id is absent."""
    return _found("%s::uuid[]", ids_array(return_ids))


def returns_of(order_id: UUID) -> dict[UUID, ReturnView]:
    """What came back of an order, oldest first. One wait."""
    return _found(_OF_ORDER, order_id)


def _found(ids: str, asked: object) -> dict[UUID, ReturnView]:
    with pipeline():
        heads = later(f"{_HEAD}WHERE id = ANY({ids}) ORDER BY id", [asked], list)
        lines = later(_LINES.format(ids=ids), [asked], list)
        refunds = later(_REFUNDS.format(ids=ids), [asked], list)
    return _views(heads.result(), lines.result(), refunds.result())


def _views(heads: list[Row], lines: list[Row], refunds: list[Row]) -> dict[UUID, ReturnView]:
    of_line: dict[UUID, list[ReturnedLine]] = {}
    of_refund: dict[UUID, list[RefundView]] = {}
    for row in lines:
        of_line.setdefault(row[0], []).append(ReturnedLine(*row))
    for row in refunds:
        of_refund.setdefault(row[0], []).append(RefundView(*row))
    return {
        row[0]: ReturnView(ReturnHead(*row), tuple(of_line.get(row[0], ())), tuple(of_refund.get(row[0], ())))
        for row in heads
    }


def list_returns(
    *,
    places: Collection[UUID] | None = None,
    place_id: UUID | None = None,
    order_id: UUID | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> list[ReturnHead]:
    """Returns by descending id (which is by time), after the cursor `before`; `places` None is everywhere."""
    conditions = ["true"]
    params: list[object] = []
    if places is not None:
        conditions.append("place_id = ANY(%s::uuid[])")
        params.append(ids_array(places))
    for column, value in (("place_id", place_id), ("order_id", order_id)):
        if value is not None:
            conditions.append(f"{column} = %s")
            params.append(value)
    if before is not None:
        conditions.append("id < %s")
        params.append(before)
    sql = f"{_HEAD} WHERE {' AND '.join(conditions)} ORDER BY id DESC LIMIT %s"
    return [ReturnHead(*row) for row in run(sql, [*params, limit]).fetchall()]


def back_of(order_id: UUID) -> Pending[dict[int, Back]]:
    """Queue: what came back of each line of this order, in all returns so far."""
    return later(_BACK, [order_id], lambda rows: {row[0]: Back(*row[1:]) for row in rows})


def digest_of(return_id: UUID) -> Pending[bytes | None]:
    """Queue: the digest of the request that made this return, if it is there."""
    return later(_DIGEST, [return_id], lambda rows: bytes(rows[0][0]) if rows else None)


_REQUEST = """
SELECT r.id, r.order_id, r.place_id, r.code, r.state, r.requested_at, r.lapses_at, r.closed_at, r.return_id,
    array_agg(l.order_line ORDER BY l.order_line), array_agg(l.quantity ORDER BY l.order_line),
    array_agg(l.reason ORDER BY l.order_line)
FROM aftersales_request r JOIN aftersales_request_line l ON l.request_id = r.id
WHERE {where} GROUP BY r.id ORDER BY r.requested_at, r.id
"""
_OPEN_UNITS = """
SELECT l.order_line, sum(l.quantity)::bigint FROM aftersales_request r
JOIN aftersales_request_line l ON l.request_id = r.id
WHERE r.order_id = %s AND r.state = 'requested' GROUP BY l.order_line
"""


_Asked = tuple[UUID, UUID, UUID, str, str, datetime, datetime, datetime | None, UUID | None]


@dataclass(frozen=True, slots=True)
class RequestView:
    """What a shopper asked to bring back: `state` is requested, accepted (`return_id` then), withdrawn or lapsed."""

    id: UUID
    order_id: UUID
    place_id: UUID
    code: str
    state: str
    requested_at: datetime
    lapses_at: datetime
    closed_at: datetime | None
    return_id: UUID | None
    lines: tuple[RequestLine, ...]


def requests_of(order_id: UUID) -> list[RequestView]:
    """Everything that was asked to be brought back of one order, oldest first."""
    return _requests("r.order_id = %s", order_id)


def get_request(request_id: UUID) -> RequestView:
    """One request; raises RequestNotFound."""
    found = _requests("r.id = %s", request_id)
    if not found:
        raise RequestNotFound("There is no such request.")
    return found[0]


def find_request(code: str) -> RequestView | None:
    """The request with this code, as it was scanned or typed."""
    found = _requests("r.code = %s", normal_code(code))
    return found[0] if found else None


def requests_of_persons(customer_ids: Collection[UUID]) -> list[RequestView]:
    """Every request of these customers, oldest first."""
    return _requests("r.customer_id = ANY(%s::uuid[])", ids_array(customer_ids))


def _requests(where: str, value: object) -> list[RequestView]:
    return [
        RequestView(
            *cast("_Asked", row[:9]), tuple(RequestLine(*one) for one in zip(row[9], row[10], row[11], strict=True))
        )
        for row in run(_REQUEST.format(where=where), [value]).fetchall()
    ]


def open_units_of(order_id: UUID) -> Pending[dict[int, int]]:
    """Queue: how much of each line of this order is asked for in requests that are open."""
    return later(_OPEN_UNITS, [order_id], lambda rows: {row[0]: row[1] for row in rows})


# What came back unsold or was written off is not with the shopper any more; of which lot it was nobody knows for sure.
_AFFECTED = """
SELECT o.id, o.place_id, o.customer_id, o.completed_at, -sum(m.quantity)::bigint, coalesce((
    SELECT sum(l.quantity)::bigint FROM aftersales_return r JOIN aftersales_line l ON l.return_id = r.id
    WHERE r.order_id = o.id AND l.product_id = %s
), 0)
FROM stock_lot_move m JOIN orders_order o ON o.id = m.source_id
WHERE m.product_id = %s AND m.lot = %s AND m.kind = 'sale' AND (%s::uuid IS NULL OR o.id > %s)
GROUP BY o.id ORDER BY o.id LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Affected:
    """An order that got some of a lot: `quantity` of it, and how much of the product came `back` from that order since.

    `customer_id` is None of a guest, and of who paid at a till without saying who they are.
    """

    order_id: UUID
    place_id: UUID
    customer_id: UUID | None
    completed_at: datetime | None
    quantity: int
    back: int


def affected_by(product_id: UUID, lot: str, *, after: UUID | None = None, limit: int = 200) -> list[Affected]:
    """Whose orders got some of a lot, by id, after one of them; shelves and transfers are `stock.api.recall`."""
    return [Affected(*row) for row in run(_AFFECTED, [product_id, product_id, lot, after, after, limit]).fetchall()]


# How whoever placed these orders can be told: by a member's preferred confirmed address of a kind that somebody carries.
REACH = """
SELECT o.id, o.customer_id, p.name, o.business_date, coalesce(c.language, ''), coalesce(k.kind, ''),
    coalesce(k.value, ''), coalesce(t.email, ''), coalesce(t.phone, ''), coalesce(t.language, ''),
    coalesce(d.phone, ''), coalesce(d.country, '')
FROM orders_order o
JOIN places_place p ON p.id = o.place_id
LEFT JOIN customers_customer c ON c.id = o.customer_id AND c.erased_at IS NULL
LEFT JOIN LATERAL (
    SELECT k.kind, k.value FROM customers_contact_point k
    WHERE k.customer_id = c.id AND k.verified_at IS NOT NULL AND k.kind = ANY(%s)
    ORDER BY k.preferred DESC, k.kind, k.id LIMIT 1
) AS k ON true
LEFT JOIN orders_contact t ON t.order_id = o.id
LEFT JOIN orders_destination d ON d.order_id = o.id AND d.place_id IS NULL AND d.forgotten_at IS NULL
WHERE o.id = ANY(%s::uuid[]) ORDER BY o.id
"""
_SUMS = """
SELECT count(*), coalesce(sum(g.quantity), 0)::bigint, count(o.customer_id), coalesce(sum((
    SELECT sum(l.quantity) FROM aftersales_return r JOIN aftersales_line l ON l.return_id = r.id
    WHERE r.order_id = o.id AND l.product_id = %s
)), 0)::bigint
FROM (
    SELECT source_id, -sum(quantity) AS quantity FROM stock_lot_move
    WHERE product_id = %s AND lot = %s AND kind = 'sale' GROUP BY source_id
) AS g JOIN orders_order o ON o.id = g.source_id
"""
_TOLD = """
SELECT count(*) FILTER (WHERE state = 'told'), count(*) FILTER (WHERE how = 'member'), count(*) FILTER (WHERE state = 'cannot')
FROM aftersales_recall_notice WHERE recall_id = %s
"""
_NOTICES = """
SELECT order_id, state, how, at FROM aftersales_recall_notice WHERE recall_id = %s AND order_id = ANY(%s::uuid[])
"""


@dataclass(frozen=True, slots=True)
class AffectedSums:
    """All orders that got some of a lot: how many, how much of it, how many of them of customers whom we know, what came back."""

    orders: int
    quantity: int
    known: int
    back: int


@dataclass(frozen=True, slots=True)
class ToldSums:
    """Of how many orders somebody was told, of how many of these as a member, and of how many nobody can be."""

    told: int
    members: int
    cannot: int


@dataclass(frozen=True, slots=True)
class Notice:
    """Whether whoever placed an order was `told` of a recall, as a `member` or by what they gave with the `order`."""

    order_id: UUID
    state: str
    how: str
    at: datetime


def affected_sums(product_id: UUID, lot: str) -> Pending[AffectedSums]:
    """Queue the sums of `affected_by`."""
    return later(_SUMS, [product_id, product_id, lot], lambda rows: AffectedSums(*rows[0]))


def told_sums(recall_id: UUID) -> Pending[ToldSums]:
    """Queue how many were told of a recall."""
    return later(_TOLD, [recall_id], lambda rows: ToldSums(*rows[0]))


def notices_of(recall_id: UUID, order_ids: Collection[UUID]) -> dict[UUID, Notice]:
    """What became of telling these orders of a recall; one that is still to be told is absent."""
    rows = run(_NOTICES, [recall_id, ids_array(order_ids)]).fetchall()
    return {row[0]: Notice(*row) for row in rows}
