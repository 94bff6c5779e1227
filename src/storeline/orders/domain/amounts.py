"""How an order's amounts come together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from storeline.catalog import api as catalog
from storeline.kernel.api import Invalid
from storeline.orders.domain.drafts import DraftLine, Priced, PricedLine

RETAILER = "retailer"


def agreed_line(index: int, line: DraftLine, *, goods: bool) -> PricedLine:
    """A line at the amounts agreed elsewhere; of services no stock is kept."""
    agreed = line.agreed
    if agreed is None:
        raise Invalid("Either all lines carry agreed amounts or none.", field=f"lines[{index}].gross")
    discount = funded = 0
    for item in agreed.discounts:
        if item.funder == RETAILER:
            discount += item.amount
        else:
            funded += item.amount
    if discount > agreed.gross:
        raise Invalid("The discounts are more than the line's shelf amount.", field=f"lines[{index}].discounts")
    return PricedLine(
        line.product_id,
        line.quantity,
        None,
        None,
        agreed.gross,
        discount,
        agreed.gross - discount,
        funded,
        agreed.tax,
        agreed.tax_rate,
        agreed.discounts,
        goods=goods,
    )


def sum_up(lines: Sequence[PricedLine], *, tax_included: bool) -> Priced:
    """The order's amounts from its lines': tax is on top unless it is included."""
    amount = sum([line.amount for line in lines])
    tax = sum([line.tax for line in lines])
    return Priced(
        lines=tuple(lines),
        amount=amount,
        tax=tax,
        total=amount if tax_included else amount + tax,
        funded=sum([line.funded for line in lines]),
        tax_included=tax_included,
    )


def agreed_amounts(
    lines: Sequence[DraftLine], products: Mapping[UUID, catalog.ProductFacts], *, tax_included: bool
) -> Priced:
    """An order whose every line was agreed elsewhere."""
    priced = [agreed_line(index, line, goods=not products[line.product_id].service) for index, line in enumerate(lines)]
    return sum_up(priced, tax_included=tax_included)
