"""The decision on a return: one pure function over what was gathered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from storeline.aftersales.domain.amounts import take_back
from storeline.aftersales.domain.refunds import OutOf, as_asked, to_origin
from storeline.aftersales.domain.terms import (
    MAX_LINES,
    MAX_REFUNDS,
    NOTHING_BACK,
    Back,
    Counter,
    Decided,
    Gathered,
    PlannedRefund,
    Refund,
    Return,
    ReturnLine,
    Sale,
    SoldLine,
    TakenLine,
)
from storeline.aftersales.errors import BadReturn, NotReturnable, RefundRefused
from storeline.kernel.api import MAX_AMOUNT, MAX_QUANTITY, business_date

CASH_FOR_NOTHING = (Refund("cash"),)
"""Without the sale the money goes back in cash, where nothing else is asked."""


def check_return(asked: Return) -> None:
    """Refuse what no place could take back, naming the field."""
    if not 0 < len(asked.lines) <= MAX_LINES:
        raise BadReturn(f"A return has 1 to {MAX_LINES} lines.", field="lines")
    if len(asked.refunds) > MAX_REFUNDS:
        raise BadReturn(f"A return has at most {MAX_REFUNDS} refunds.", field="refunds")
    if asked.returned_at is not None and asked.returned_at.tzinfo is None:
        raise BadReturn("The time needs its offset.", field="returned_at")
    for index, line in enumerate(asked.lines):
        _check_line(line, f"lines[{index}]", known=asked.order_id is not None)


def _check_line(line: ReturnLine, path: str, *, known: bool) -> None:
    if not 0 <= line.quantity < MAX_QUANTITY:
        raise BadReturn("The quantity must not be negative.", field=f"{path}.quantity")
    if known:
        if line.order_line is None:
            raise BadReturn("Say which line of the sale comes back.", field=f"{path}.order_line")
        if line.amount is not None:
            raise BadReturn("The amount follows from the sale: leave it out.", field=f"{path}.amount")
        return
    if line.product_id is None:
        raise BadReturn("Say what product comes back.", field=f"{path}.product")
    if line.order_line is not None:
        raise BadReturn("A return without its sale has no lines of it.", field=f"{path}.order_line")
    if line.amount is None or not 0 <= line.amount < MAX_AMOUNT:
        raise BadReturn("Say what is given back for it.", field=f"{path}.amount")
    if not 0 <= line.tax < MAX_AMOUNT:
        raise BadReturn("The tax must not be negative.", field=f"{path}.tax")
    if not line.quantity:
        raise BadReturn("The quantity must be more than 0.", field=f"{path}.quantity")


def decide(asked: Return, seen: Gathered, pay_out: OutOf) -> Decided:
    """What to write for this return; raises what stands against it."""
    counter = seen.counter
    if counter is None:
        raise BadReturn("There is no such place.", field="place")
    if asked.order_id is not None:
        sale = returnable(seen.sale)
        lines = _of_sale(asked.lines, seen)
        return _decided(asked, seen, counter, sale, lines, pay_out)
    lines = tuple(_free_line(line_no, line, seen) for line_no, line in enumerate(asked.lines, 1))
    return _decided(asked, seen, counter, None, lines, pay_out)


def returnable(sale: Sale | None) -> Sale:
    """The sale, if goods can come back from it; raises NotReturnable."""
    if sale is None:
        raise NotReturnable("There is no such order.", field="order")
    if sale.state != "completed":
        raise NotReturnable(f"The order is {sale.state}: only goods that were handed over come back.", field="order")
    return sale


def _of_sale(asked: Sequence[ReturnLine], seen: Gathered) -> tuple[TakenLine, ...]:
    """The lines in their order; two of them may take from the same line of the sale."""
    back = dict(seen.back)
    taken = []
    for line_no, line in enumerate(asked, 1):
        sold = seen.sold.get(line.order_line or 0)
        if sold is None:
            raise BadReturn("The sale has no such line.", field=f"lines[{line_no - 1}].order_line")
        if line.product_id not in {None, sold.product_id}:
            raise BadReturn("That line of the sale is another product.", field=f"lines[{line_no - 1}].product")
        before = back.get(sold.line_no, NOTHING_BACK)
        one = take_back(line_no, line, sold, before)
        if not one.quantity and sold.quantity:
            raise BadReturn("The quantity must be more than 0.", field=f"lines[{line_no - 1}].quantity")
        taken.append(one)
        back[sold.line_no] = Back(
            before.quantity + one.quantity,
            before.amount + one.amount,
            before.funded + one.funded,
            before.tax + one.tax,
            before.times + 1,
        )
    if (fee := _fee_due(seen, back)) is not None:
        asked_fee = ReturnLine(fee.quantity, fee.line_no, restock=False, reason="all_back")
        taken.append(take_back(len(taken) + 1, asked_fee, fee, NOTHING_BACK))
    return tuple(taken)


def _fee_due(seen: Gathered, back: Mapping[int, Back]) -> SoldLine | None:
    """What bringing the goods cost goes back with the last of them, once.

    Who withdraws from the whole of a sale made at a distance gets the standard delivery back too: Directive 2011/83/EU,
    article 13 (1). It is the rule everywhere.
    """
    fee = next((line for line in seen.sold.values() if line.fee), None)
    if fee is None or fee.line_no in back:
        return None
    goods = [line for line in seen.sold.values() if line.goods]
    all_back = all(back.get(line.line_no, NOTHING_BACK).quantity >= line.quantity for line in goods)
    return fee if goods and all_back else None


def _free_line(line_no: int, line: ReturnLine, seen: Gathered) -> TakenLine:
    product, amount = line.product_id, line.amount
    if product is None or product not in seen.products or amount is None:
        raise BadReturn("There is no such product.", field=f"lines[{line_no - 1}].product")
    if line.tax > amount and seen.counter is not None and seen.counter.tax_included:
        raise BadReturn("The tax is more than the amount that contains it.", field=f"lines[{line_no - 1}].tax")
    return TakenLine(
        line_no,
        None,
        product,
        line.quantity,
        amount,
        0,
        line.tax,
        line.tax_rate,
        line.restock,
        seen.products[product],
        line.reason,
    )


def _decided(
    asked: Return,
    seen: Gathered,
    counter: Counter,
    sale: Sale | None,
    lines: tuple[TakenLine, ...],
    pay_out: OutOf,
) -> Decided:
    returned_at = asked.returned_at or seen.now
    books = sale or counter
    if asked.currency not in {None, books.currency}:
        raise BadReturn(f"This was sold in {books.currency}.", field="currency")
    home = sale is not None and sale.entity_id != counter.entity_id
    draft = Decided(
        asked=asked,
        entity_id=books.entity_id,
        books_place=books.id if sale is None else sale.place_id if home else counter.id,
        currency=books.currency,
        tax_included=books.tax_included,
        returned_at=returned_at,
        business_date=business_date(returned_at, counter.zone),
        customer_id=asked.customer_id,
        lines=lines,
        refunds=(),
    )
    refunds = _refunds(draft, seen, counter, pay_out)
    return Decided(
        asked,
        draft.entity_id,
        draft.books_place,
        draft.currency,
        draft.tax_included,
        draft.returned_at,
        draft.business_date,
        draft.customer_id,
        lines,
        refunds,
    )


def _refunds(draft: Decided, seen: Gathered, counter: Counter, pay_out: OutOf) -> tuple[PlannedRefund, ...]:
    due = draft.refunded
    if due < 0:
        raise RefundRefused("The shopper would owe money for these lines: take them back with others.", field="lines")
    asked = draft.asked.refunds
    if asked:
        planned = as_asked(due, asked, seen.payments, pay_out)
    elif draft.asked.order_id is None:
        planned = as_asked(due, CASH_FOR_NOTHING, (), pay_out)
    else:
        planned = to_origin(due, seen.payments)
    if counter.currency != draft.currency and any(one.local for one in planned):
        raise RefundRefused(f"This place pays out in {counter.currency} only.", field="refunds")
    return planned
