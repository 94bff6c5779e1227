"""What a basket costs, every step of it."""

from __future__ import annotations

from storeline.identity.api import Request, requires
from storeline.kernel.api import format_amount, format_quantity
from storeline.orders import api as orders
from storeline.orders.http.drafts import Buyers, basket_of
from storeline.orders.http.router import router
from storeline.orders.http.schemas import BasketIn, QuotedLineOut, QuoteOut, StepOut
from storeline.orders.permissions import QUOTE
from storeline.pricing import api as pricing

_AMOUNTS = frozenset({"amount", "tax"})
_QUANTITIES = frozenset({"quantity", "base"})


@router.post("/quotes", auth=requires(QUOTE, guest=True), response=QuoteOut, summary="Price a basket")
def quote_basket(request: Request, body: BasketIn) -> QuoteOut:
    """Every step from the shelf price to the total, for a signed-in shopper at their prices. Nothing is held."""
    actor = request.actor
    return _quote_out(orders.quote(basket_of(body, actor, Buyers([body], actor)), actor=actor))


def _quote_out(quote: pricing.Quote) -> QuoteOut:
    def money(amount: int) -> str:
        return format_amount(amount, quote.currency)

    return QuoteOut(
        currency=quote.currency,
        tax_included=quote.inclusive,
        lines=[_line_out(line, quote.currency) for line in quote.lines],
        amount=money(quote.amount),
        tax=money(quote.tax),
        total=money(quote.total),
        payable=money(quote.payable),
    )


def _line_out(line: pricing.QuotedLine, currency: str) -> QuotedLineOut:
    def money(amount: int) -> str:
        return format_amount(amount, currency)

    names = {one.source_id: dict(one.title.names) for one in line.adjustments}
    return QuotedLineOut(
        line=line.line_no,
        kind=line.kind,
        product=line.product_id,
        quantity=format_quantity(line.quantity),
        gross=money(line.gross),
        discount=money(line.discount),
        amount=money(line.amount),
        funded=money(line.funded),
        tax=money(line.tax),
        tax_rate_ppm=line.tax_rate_ppm,
        steps=[
            StepOut(
                code=step.code,
                before=money(step.before),
                after=money(step.after),
                source=step.source_id,
                names=names.get(step.source_id, {}),
                params={name: _param(name, value, currency) for name, value in step.params.items()},
            )
            for step in line.steps
        ],
    )


def _param(name: str, value: int | str, currency: str) -> int | str:
    if isinstance(value, int) and name in _AMOUNTS:
        return format_amount(value, currency)
    if isinstance(value, int) and name in _QUANTITIES:
        return format_quantity(value)
    return value
