"""Reads of orders, and whose each one is."""

from __future__ import annotations

import base64
import hmac
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from storeline.customers import api as customers
from storeline.identity.api import keyed
from storeline.kernel.api import (
    GUEST,
    Actor,
    NotFound,
    Ready,
    Unauthenticated,
    format_amount,
    format_quantity,
    ids_array,
    later,
    pipeline,
    run,
)
from storeline.orders.domain.drafts import Contact
from storeline.orders.domain.shorts import OrderLine
from storeline.orders.permissions import VIEW
from storeline.orders.queries.destinations import Destination, contacts, destinations
from storeline.orders.queries.lines import lines

TOKEN_BYTES = 24

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
_SOLD_SINCE = """
SELECT coalesce(sum(l.quantity), 0) FROM orders_order o JOIN orders_line l ON l.order_id = o.id
WHERE o.place_id = %s AND o.business_date >= %s AND o.state = 'completed' AND l.product_id = %s
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

    @property
    def moved(self) -> dict[int, int]:
        """How much of a line comes from elsewhere, as lines that continue it."""
        found: dict[int, int] = {}
        for line in self.lines:
            if line.continues is not None:
                found[line.continues] = found.get(line.continues, 0) + line.quantity
        return found

    @property
    def kept_tax(self) -> int:
        """The tax of what is kept of it."""
        return sum(line.kept_tax for line in self.lines)

    @property
    def kept_total(self) -> int:
        """What is kept of it comes to, with tax."""
        return sum(line.kept_amount for line in self.lines) + (0 if self.head.tax_included else self.kept_tax)


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


def get(order_id: UUID) -> OrderView:
    """One order: one wait; raises NotFound."""
    return _get(order_id, GUEST)[0]


def _get(order_id: UUID, actor: Actor) -> tuple[OrderView, list[UUID]]:
    """An order, and beside it the customer records of whoever asks. One wait."""
    with pipeline():
        head = later(_HEAD + "WHERE id = %s", [order_id], list)
        of_order = lines([order_id])
        signed_in = actor.id if actor.kind == "user" else None
        records = Ready([]) if signed_in is None else customers.gather_records_of_user(signed_in)
    rows = head.result()
    if not rows:
        raise NotFound("There is no such order.")
    return OrderView(OrderHead(*rows[0]), of_order.result().get(order_id, ())), records.result()


def token_of(order_id: UUID) -> str:
    """What shows that an order is one's own without a sign-in: 192 bits derived from its id, stored nowhere."""
    return base64.urlsafe_b64encode(keyed("orders.token", order_id.bytes)[:TOKEN_BYTES]).decode()


def is_own(head: OrderHead, *, actor: Actor, token: str = "") -> bool:
    """Whether the order belongs to this shopper: it is recorded as theirs, or they show its token."""
    return _is_shown(head, token) or (head.customer_id is not None and head.customer_id in records_of_actor(actor))


def _is_shown(head: OrderHead, token: str) -> bool:
    return bool(token) and hmac.compare_digest(token.encode(), token_of(head.id).encode())


def records_of_actor(actor: Actor) -> list[UUID]:
    """The customer records of whoever signed in, also those that the desk linked to theirs; none for others."""
    return customers.records_of_user(actor.id) if actor.kind == "user" and actor.id is not None else []


def get_own(order_id: UUID, *, actor: Actor, token: str = "") -> OrderView:
    """One's own order. Raises NotFound for anybody else's, Unauthenticated for a guest who shows nothing."""
    _must_show(actor, token)
    view, records = _get(order_id, actor)
    if not _is_shown(view.head, token) and view.head.customer_id not in records:
        raise NotFound("There is no such order.")
    return view


def get_for(order_id: UUID, *, actor: Actor, token: str = "") -> OrderView:
    """An order for those who may see it: staff of the places that sell or serve it, and whose it is. Raises as `get_own`."""
    _must_show(actor, token)
    view = get(order_id)
    head = view.head
    if actor.may(VIEW, head.place_id) or actor.may(VIEW, head.served_by) or is_own(head, actor=actor, token=token):
        return view
    raise NotFound("There is no such order.")


def _must_show(actor: Actor, token: str) -> None:
    """Said before anything is looked up, so that it tells nothing of any order."""
    if actor.kind == "guest" and not token:
        raise Unauthenticated("Sign in, or send the token that came with the order as Order-Token.")


def orders_of(customer_ids: Collection[UUID]) -> list[dict[str, Any]]:
    """Every order of these customers, oldest first: part of a person's export. Amounts and quantities are text."""
    rows = run(_HEAD + "WHERE customer_id = ANY(%s::uuid[]) ORDER BY id", [ids_array(customer_ids)]).fetchall()
    heads = [OrderHead(*row) for row in rows]
    of_order = lines([head.id for head in heads]).result()
    to = destinations([head.id for head in heads]).result()
    told = contacts([head.id for head in heads], ended=True).result()
    return [_exported(head, of_order.get(head.id, ()), to.get(head.id), told.get(head.id)) for head in heads]


def _exported(
    head: OrderHead, of_order: Collection[OrderLine], to: Destination | None, told: Contact | None
) -> dict[str, Any]:
    return {
        "collected_at": None if to is None else to.point,
        "address": None if to is None or to.address is None else asdict(to.address),
        "contact": None if told is None else asdict(told),
        "id": head.id,
        "ref": head.ref,
        "place": head.place_id,
        "channel": head.channel,
        "method": head.method,
        "placed_at": head.placed_at,
        "state": head.state,
        "currency": head.currency,
        "total": format_amount(head.total, head.currency),
        "payable": format_amount(head.payable, head.currency),
        "lines": [
            {
                "product": line.product_id,
                "quantity": format_quantity(line.kept_quantity),
                "amount": format_amount(line.kept_amount, head.currency),
            }
            for line in of_order
        ],
    }


def sold_since(place_id: UUID, product_id: UUID, day: date) -> int:
    """How much of a product this place sold from that business day on, in thousandths."""
    row = run(_SOLD_SINCE, [place_id, day, product_id]).fetchone()
    return 0 if row is None else int(row[0])


def wishes(order_ids: Collection[UUID]) -> dict[UUID, str]:
    """What each of these orders' shoppers wants where something is missing: offer, never or accept."""
    rows = run("SELECT order_id, substitutes FROM orders_wish WHERE order_id = ANY(%s::uuid[])", [ids_array(order_ids)])
    return dict.fromkeys(order_ids, "offer") | dict(rows.fetchall())


def find_by_ref(ref: str) -> OrderHead | None:
    """The order with the retailer's own number `ref`."""
    row = run(_HEAD + "WHERE ref = %s", [ref]).fetchone()
    return None if row is None else OrderHead(*row)


def list_orders(
    *,
    place_id: UUID | None = None,
    customer_ids: Collection[UUID] | None = None,
    state: str | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> list[OrderHead]:
    """Orders by descending id (which is by time), after the cursor `before`."""
    conditions = ["true"]
    params: list[object] = []
    if customer_ids is not None:
        conditions.append("customer_id = ANY(%s::uuid[])")
        params.append(ids_array(customer_ids))
    for column, value in (("place_id", place_id), ("state", state)):
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


class Reduction(NamedTuple):
    """What was taken off a line: `name` as it was called then, in the retailer's own language.

    An order keeps that one text. `names` in other languages are those that the promotion or coupon has now, as long
    as it is still called the same: whoever renames it does not rename what was sold.
    """

    kind: str
    funder: str
    amount: int
    source_id: UUID | None
    name: str
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LineDetail:
    """What a line cost before anything was taken off, and each thing that was."""

    unit_amount: int | None
    unit_base: int | None
    discounts: tuple[Reduction, ...]


_UNITS = "SELECT line_no, unit_amount, unit_base FROM orders_line WHERE order_id = %s"
_DISCOUNTS = """
SELECT d.line_no, d.kind, d.funder, d.amount, d.source_id, d.label, coalesce(p.names, c.names, '{}')
FROM orders_discount d LEFT JOIN pricing_promotion p ON p.id = d.source_id AND p.name = d.label
LEFT JOIN loyalty_coupon c ON c.id = d.source_id AND c.name = d.label
WHERE d.order_id = %s ORDER BY d.line_no, d.seq
"""


def whole(order_id: UUID) -> tuple[OrderView, dict[int, LineDetail]]:
    """One order with every step of its prices, by line; raises NotFound. One wait."""
    with pipeline():
        heads = later(_HEAD + "WHERE id = %s", [order_id], list)
        of_order = lines([order_id])
        units = later(_UNITS, [order_id], list)
        discounts = later(_DISCOUNTS, [order_id], list)
    found = heads.result()
    if not found:
        raise NotFound("There is no such order.")
    taken: defaultdict[int, list[Reduction]] = defaultdict(list)
    for line_no, *step in discounts.result():
        taken[line_no].append(Reduction(*step))
    details = {line_no: LineDetail(amount, base, tuple(taken[line_no])) for line_no, amount, base in units.result()}
    return OrderView(OrderHead(*found[0]), of_order.result().get(order_id, ())), details
