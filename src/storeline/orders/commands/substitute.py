"""Other goods instead of missing ones: a line of their own, which the order gets once the shopper agrees."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from storeline.kernel.api import Actor, Error, Invalid, now, pipeline, publish, run, transaction
from storeline.orders.commands.amend import insert_amendments
from storeline.orders.commands.confirm import event
from storeline.orders.commands.gather import gather_facts, gather_tariff
from storeline.orders.commands.rows import insert_discounts, insert_lines
from storeline.orders.domain import quote as rules
from storeline.orders.domain.decide import check_sold
from storeline.orders.domain.drafts import Draft, DraftLine, PricedLine, check_lines
from storeline.orders.domain.shorts import OrderLine, Taken, take_off
from storeline.orders.domain.substitutes import Instead, at_most, worth
from storeline.orders.errors import WrongState
from storeline.orders.locks import LockedOrder, lock
from storeline.orders.permissions import AMEND
from storeline.orders.queries import OrderView, get, lines
from storeline.stock import api as stock

_LINK = "INSERT INTO orders_substitute (order_id, line_no, replaces, at) VALUES (%s, %s, %s, %s)"
_GROW = """
UPDATE orders_order SET amount = amount + %s, tax = tax + %s, total = total + %s, funded = funded + %s,
    payable = payable + %s
WHERE id = %s AND state = 'confirmed'
"""


def price_substitutes(order_id: UUID, wanted: Sequence[Instead]) -> list[PricedLine | Error]:
    """What each of these would cost this order's shopper now, or why it cannot be sold to them. Writes nothing.

    Priced as the order's place and channel sell it today, and never above what it replaces.
    """
    view = get(order_id)
    drafts = [_draft(view, one) for one in wanted]
    facts = gather_facts(drafts)
    with pipeline():
        pending = gather_tariff(drafts, facts, lock=False)
    tariff = pending.result()
    found: list[PricedLine | Error] = []
    for draft, one in zip(drafts, wanted, strict=True):
        try:
            check_lines(draft.lines, agreed=False)
            check_sold(draft, facts.places, facts.products, facts.listed)
            # A deposit that goes with it is not here: only goods with the deposit of the missing ones may be offered.
            line = rules.priced(draft, tariff, {})[0].lines[0]
            limit = worth(_missing(view.lines, one), tax_included=view.head.tax_included)
            found.append(at_most(line, limit, tax_included=view.head.tax_included))
        except Error as refusal:
            found.append(refusal)
    return found


def _draft(view: OrderView, one: Instead) -> Draft:
    head = view.head
    return Draft(
        id=head.id,
        place_id=head.place_id,
        channel=head.channel,
        lines=(DraftLine(one.product_id, one.quantity),),
        currency=head.currency,
        method=head.method,  # type: ignore[arg-type]  # it was one when the order was placed
        served_by=head.served_by,
        customer_id=head.customer_id,
    )


def _missing(of_order: Sequence[OrderLine], one: Instead) -> Taken:
    line = next((line for line in of_order if line.line_no == one.replaces and line.goods), None)
    if line is None:
        raise Invalid("The order has no such line.", field="replaces")
    taken = take_off(line, line.kept_quantity - one.missing)
    if taken is None:
        raise Invalid("Say how much is missing.", field="missing")
    return taken


def substitute(order_id: UUID, line_no: int, one: Instead, line: PricedLine, *, actor: Actor) -> None:
    """Give a confirmed order the line `line_no`, agreed with its shopper, instead of missing goods; one transaction.

    The missing goods are taken off their line and their stock is freed; what is held under the order and `line_no`
    (`stock.api.reserve`) becomes the order's own. Raises WrongState where the order is not confirmed or nothing is held
    any more, Invalid where so much is not missing; nothing is changed then.
    """
    with transaction():
        with pipeline():
            locked, found = lock([order_id]), lines([order_id])
        order, of_order = locked.result()[order_id], found.result().get(order_id, ())
        actor.require(AMEND, order.served_by)
        if order.state != "confirmed":
            raise WrongState("Only a confirmed order can take a substitute.", field="id")
        taken = _missing(of_order, one)
        agreed = at_most(line, worth(taken, tax_included=order.tax_included), tax_included=order.tax_included)
        replaced = next(row for row in of_order if row.line_no == one.replaces)
        stock.lock({(order.served_by, replaced.product_id), (order.served_by, one.product_id)}).result()
        with pipeline():
            insert_lines([(order_id, line_no, agreed)])
            insert_discounts([(order_id, line_no, agreed)])
            run(_LINK, [order_id, line_no, one.replaces, now()])
            insert_amendments([taken], "substituted")
            run(_GROW, [*_grown(order, agreed), order_id])
            stock.shrink([stock.ShrinkRow(order_id, one.replaces, replaced.kept_quantity - one.missing)])
            kept = stock.keep([(order_id, line_no)])
            publish([event(order, "amended", order.state)])
        if kept.result() != 1:
            raise WrongState("The substitute is not held for this order any more.", field="line")


def _grown(order: LockedOrder, line: PricedLine) -> tuple[int, int, int, int, int]:
    total = line.amount if order.tax_included else line.amount + line.tax
    return line.amount, line.tax, total, line.funded, total - line.funded
