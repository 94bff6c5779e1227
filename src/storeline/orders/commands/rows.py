"""The set statements that write accepted orders, whatever their number."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from storeline.kernel.api import dates_array, ids_array, ints_array, run, texts_array, times_array
from storeline.orders.domain.drafts import Accepted, Address, Draft, LineDiscount, PricedLine

_ORDERS = """
INSERT INTO orders_order (id, ref, source, entity_id, place_id, served_by_id, channel, till, customer_id, method,
    slot_id, currency, tax_included, amount, tax, total, funded, payable, state, placed_at, business_date,
    expires_at, completed_at, body_hash)
SELECT * FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::uuid[], %s::uuid[], %s::uuid[], %s::text[], %s::text[],
    %s::uuid[], %s::text[], %s::uuid[], %s::text[], %s::boolean[], %s::bigint[], %s::bigint[], %s::bigint[],
    %s::bigint[], %s::bigint[], %s::text[], %s::timestamptz[], %s::date[], %s::timestamptz[], %s::timestamptz[],
    %s::bytea[])
"""
_LINES = """
INSERT INTO orders_line (order_id, line_no, product_id, quantity, unit_amount, unit_base, gross, discount, amount,
    funded, tax, tax_rate, goods)
SELECT * FROM unnest(%s::uuid[], %s::int[], %s::uuid[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[],
    %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::int[], %s::boolean[])
"""
_DISCOUNTS = """
INSERT INTO orders_discount (order_id, line_no, seq, kind, funder, amount, source_id, label)
SELECT * FROM unnest(%s::uuid[], %s::int[], %s::int[], %s::text[], %s::text[], %s::bigint[], %s::uuid[], %s::text[])
"""

_FROM = """
UPDATE orders_line l SET from_place_id = f.place_id
FROM unnest(%s::uuid[], %s::int[], %s::uuid[]) AS f(order_id, line_no, place_id)
WHERE l.order_id = f.order_id AND l.line_no = f.line_no
"""
_WISHES = "INSERT INTO orders_wish (order_id, substitutes) SELECT * FROM unnest(%s::uuid[], %s::text[])"

_DESTINATIONS = """
INSERT INTO orders_destination (order_id, place_id, area_id, fee_line, country, postal_code, name, lines, city, region,
    phone, note, latitude, longitude)
SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::int[], %s::text[], %s::text[], %s::text[], %s::text[],
    %s::text[], %s::text[], %s::text[], %s::text[], %s::float8[], %s::float8[])
"""

NumberedLine = tuple[UUID, int, PricedLine]


def numbered(orders: Sequence[Accepted]) -> list[NumberedLine]:
    """Every line of these orders with its order and its number from 1."""
    return [(order.draft.id, line_no, line) for order in orders for line_no, line in enumerate(order.priced.lines, 1)]


def insert_orders(orders: Sequence[Accepted]) -> None:
    """Queue the orders' rows. An id or ref that came meanwhile is a UniqueViolation when the pipeline ends."""
    drafts: list[Draft] = [order.draft for order in orders]
    run(
        _ORDERS,
        [
            ids_array(draft.id for draft in drafts),
            texts_array([draft.ref for draft in drafts]),
            texts_array([draft.source for draft in drafts]),
            ids_array(order.entity_id for order in orders),
            ids_array(draft.place_id for draft in drafts),
            ids_array(draft.serving for draft in drafts),
            texts_array([draft.channel for draft in drafts]),
            texts_array([draft.till for draft in drafts]),
            ids_array(draft.customer_id for draft in drafts),
            texts_array([draft.method for draft in drafts]),
            ids_array(draft.slot_id for draft in drafts),
            texts_array([draft.currency for draft in drafts]),
            [order.priced.tax_included for order in orders],
            *_amounts(orders),
            texts_array([order.state for order in orders]),
            times_array([order.placed_at for order in orders]),
            dates_array([order.business_date for order in orders]),
            times_array([order.expires_at for order in orders]),
            times_array([order.placed_at if order.state == "completed" else None for order in orders]),
            [draft.body_hash for draft in drafts],
        ],
    )


def _amounts(orders: Sequence[Accepted]) -> list[str]:
    priced = [order.priced for order in orders]
    return [
        ints_array([one.amount for one in priced]),
        ints_array([one.tax for one in priced]),
        ints_array([one.total for one in priced]),
        ints_array([one.funded for one in priced]),
        ints_array([one.payable for one in priced]),
    ]


def insert_lines(lines: Sequence[NumberedLine]) -> None:
    """Queue the orders' lines."""
    only = [line for _, _, line in lines]
    run(
        _LINES,
        [
            ids_array(order_id for order_id, _, _ in lines),
            ints_array([line_no for _, line_no, _ in lines]),
            ids_array(line.product_id for line in only),
            ints_array([line.quantity for line in only]),
            ints_array([line.unit_amount for line in only]),
            ints_array([line.unit_base for line in only]),
            ints_array([line.gross for line in only]),
            ints_array([line.discount for line in only]),
            ints_array([line.amount for line in only]),
            ints_array([line.funded for line in only]),
            ints_array([line.tax for line in only]),
            ints_array([line.tax_rate for line in only]),
            [line.goods for line in only],
        ],
    )


def insert_discounts(lines: Sequence[NumberedLine]) -> None:
    """Queue the reductions of these lines."""
    rows: list[tuple[UUID, int, int, LineDiscount]] = [
        (order_id, line_no, seq, discount)
        for order_id, line_no, line in lines
        if line.discounts
        for seq, discount in enumerate(line.discounts, 1)
    ]
    if not rows:
        return
    run(
        _DISCOUNTS,
        [
            ids_array(row[0] for row in rows),
            ints_array([row[1] for row in rows]),
            ints_array([row[2] for row in rows]),
            texts_array([row[3].kind for row in rows]),
            texts_array([row[3].funder for row in rows]),
            ints_array([row[3].amount for row in rows]),
            ids_array(row[3].source_id for row in rows),
            texts_array([row[3].label for row in rows]),
        ],
    )


def insert_destinations(orders: Sequence[Accepted]) -> None:
    """Queue where orders go that are neither carried out nor collected where they are picked."""
    rows = [order for order in orders if order.draft.address is not None or order.draft.point is not None]
    if not rows:
        return
    to = [order.draft.address or _NOWHERE for order in rows]
    run(
        _DESTINATIONS,
        [
            ids_array(order.draft.id for order in rows),
            ids_array(order.draft.point for order in rows),
            ids_array(order.priced.area_id for order in rows),
            ints_array([order.fee_line for order in rows]),
            texts_array([address.country for address in to]),
            texts_array([address.postal_code for address in to]),
            texts_array([address.name for address in to]),
            texts_array(["\n".join(address.lines) for address in to]),
            texts_array([address.city for address in to]),
            texts_array([address.region for address in to]),
            texts_array([address.phone for address in to]),
            texts_array([address.note for address in to]),
            [None if address.position is None else address.position.latitude for address in to],
            [None if address.position is None else address.position.longitude for address in to],
        ],
    )


_NOWHERE = Address("", "")


def place_lines(orders: Sequence[Accepted]) -> None:
    """Queue where lines stand that another place than the serving one gives; of most orders there are none."""
    rows = [
        (order.draft.id, index + 1, place)
        for order in orders
        if order.draft.from_places
        for index, place in order.draft.from_places.items()
    ]
    if rows:
        ids, numbers, from_places = zip(*rows, strict=True)
        run(_FROM, [ids_array(ids), ints_array(numbers), ids_array(from_places)])


def insert_wishes(orders: Sequence[Accepted]) -> None:
    """Queue what shoppers want where something is missing; most are to be asked, which needs no row."""
    rows = [order.draft for order in orders if order.draft.substitutes != "offer"]
    if rows:
        run(_WISHES, [ids_array(draft.id for draft in rows), texts_array([draft.substitutes for draft in rows])])
