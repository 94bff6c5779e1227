"""What a decision on a return reads of the sale, in the decision's own terms."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from storeline.aftersales.domain.refunds import PayOut
from storeline.aftersales.domain.terms import Counter, Paid, Sale, SoldLine
from storeline.orders import api as orders
from storeline.payments import api as payments
from storeline.places import api as places


def counter_of(facts: places.PlaceFacts | None) -> Counter | None:
    """The place that takes the goods back."""
    if facts is None:
        return None
    return Counter(facts.id, facts.entity_id, facts.currency, facts.inclusive, facts.zone)


def sale_of(order: orders.LockedOrder | orders.OrderHead | None) -> Sale | None:
    """The original sale."""
    if order is None:
        return None
    return Sale(
        order.id, order.entity_id, order.place_id, order.channel, order.currency, order.state, order.tax_included
    )


def sold_of(lines: Iterable[orders.OrderLine], to: orders.Destination | None = None) -> dict[int, SoldLine]:
    """What was sold and kept of each line; `to` is where it was brought, and says which of them is the fee for that."""
    return {
        line.line_no: SoldLine(
            line.line_no,
            line.product_id,
            line.kept_quantity,
            line.kept_amount,
            line.kept_funded,
            line.kept_tax,
            line.tax_rate,
            line.goods,
            fee=to is not None and to.fee_line == line.line_no,
        )
        for line in lines
        if line.kept_quantity or not line.quantity
    }


def paid_of(order_id: UUID | None) -> list[Paid]:
    """The sale's payments, and how much of each can go back."""
    if order_id is None:
        return []
    known = {tender.code for tender in payments.tenders()}
    return [
        Paid(
            paid.id,
            paid.tender,
            payments.account_of(paid.tender),
            paid.refundable,
            local=paid.tender in known and payments.settles_now(paid.tender),
        )
        for paid in payments.payments_of([order_id]).get(order_id, ())
    ]


def pay_out(code: str, field: str) -> PayOut | None:
    """A tender that pays out what did not come in by it."""
    tender = payments.tender(code, field=field)
    return PayOut(tender.account) if tender.pays_out else None


def no_pay_out(_code: str, _field: str) -> PayOut | None:
    """Where nothing is paid out: a preview asks for no tender."""
    return None
