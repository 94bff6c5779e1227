"""The third move: write what was decided, with the owners' set statements, in one pipeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from storeline.capacity import api as capacity
from storeline.kernel.api import Event, Pending, publish
from storeline.ledger import api as ledger
from storeline.loyalty import api as loyalty
from storeline.orders.commands.contacts import insert_contacts
from storeline.orders.commands.rows import (
    insert_destinations,
    insert_discounts,
    insert_lines,
    insert_orders,
    insert_wishes,
    numbered,
    place_lines,
)
from storeline.orders.domain.drafts import Accepted, Draft
from storeline.orders.domain.postings import order_entry
from storeline.payments import api as payments
from storeline.sourcing import api as sourcing
from storeline.stock import api as stock


def write(
    orders: Sequence[Accepted], intents: Sequence[payments.IntentRow], levels: Mapping[stock.Pair, stock.Level]
) -> Pending[int]:
    """Queue everything that accepted orders consist of, with their payments; `levels` of stock as they were locked. The caller's
    pipeline sends it.

    Gives how many reservations, slots and hours their guards refused: with all of these locked, that is none.
    """
    lines = numbered(orders)
    insert_orders(orders)
    insert_lines(lines)
    insert_discounts(lines)
    insert_wishes(orders)
    insert_destinations(orders)
    insert_contacts(orders)
    place_lines(orders)
    slots = [
        capacity.BookRow(order.draft.id, order.draft.slot_id, 1, None)
        for order in orders
        if order.draft.slot_id is not None
    ]
    capacity.release([order.draft.id for order in orders if order.moved])
    booked = capacity.book(slots)
    loyalty.redeem(
        [
            loyalty.Redemption(order.draft.id, seq, use.coupon_id, order.draft.customer_id, use.amount, order.placed_at)
            for order in orders
            for seq, use in enumerate(order.uses, 1)
        ]
    )
    held = _held(orders)
    gone = [row for order in orders if order.state == "completed" for row in goods_out(order)]
    reserved = stock.spend(held, gone, levels)
    asks = [ask for order in orders for ask in order.asks]
    counted = sourcing.take(asks)
    payments.open_intents(intents)
    ledger.post([entry for order in orders if (entry := order_entry(order))])
    publish([_event(order) for order in orders])
    hours = len({ask.place_id for ask in asks})
    return reserved.map(lambda written: len(held) - written + len(slots) - booked.result() + hours - counted.result())


def _held(orders: Sequence[Accepted]) -> list[stock.ReserveRow]:
    """What orders hold, without an expiry of its own: the order expires, and frees all that it holds at once."""
    return [
        stock.ReserveRow(
            order.draft.id, line_no, order.draft.from_place(line_no - 1), line.product_id, line.quantity, None
        )
        for order in orders
        if order.draft.method != "carry_out"
        for line_no, line in enumerate(order.priced.lines, 1)
        if line.goods
    ]


def goods_out(order: Accepted) -> list[stock.MoveRow]:
    """The movements of goods that left with the shopper."""
    draft = order.draft
    return [
        stock.MoveRow(
            draft.id,
            line_no,
            stock.Kind.SALE,
            draft.serving,
            line.product_id,
            -line.quantity,
            order.placed_at,
            order.business_date,
        )
        for line_no, line in enumerate(order.priced.lines, 1)
        if line.goods and line.quantity
    ]


def intents_of(order: Accepted) -> Sequence[payments.IntentRow]:
    """The payments of an order; their ids follow from the order's, so a repeat names the same ones."""
    return payments.intents(
        order.payments,
        source_id=order.draft.id,
        entity_id=order.entity_id,
        place_id=order.draft.place_id,
        currency=order.draft.currency,
        at=order.placed_at,
        expires_at=order.expires_at,
    )


_HAPPENED = {"pending": "orders.placed", "confirmed": "orders.confirmed", "completed": "orders.completed"}


def _event(order: Accepted) -> Event:
    draft: Draft = order.draft
    return Event(
        _HAPPENED[order.state],
        draft.id,
        draft.place_id,
        order.entity_id,
        {
            "order": str(draft.id),
            "channel": draft.channel,
            "method": draft.method,
            "served_by": str(draft.serving),
            "state": order.state,
            "total": order.priced.total,
            "currency": draft.currency,
        },
    )
