"""The price of a basket, from shelf price to total: pure, exact, and with every step shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from storeline.kernel.api import QUANTITY_ONE, Invalid, UnitPrice, allocate, business_date
from storeline.pricing.domain.candidate import Candidate
from storeline.pricing.domain.offers import is_live, member_discount
from storeline.pricing.domain.prices import find_price, find_rate
from storeline.pricing.domain.promotions import apply_promotions
from storeline.pricing.domain.quote import Quote, QuotedLine, Step
from storeline.pricing.domain.tax import spread_tax
from storeline.pricing.domain.terms import (
    Adjustment,
    AgreedAmounts,
    Basket,
    BasketLine,
    Delivery,
    LineAdjustment,
    LineKind,
    Price,
    PriceBook,
    PricedProduct,
)
from storeline.pricing.errors import AgreedAmountsWrong, PriceMissing, TaxRateMissing


class _Line:
    """A line while it is being priced."""

    __slots__ = (
        "adjustments",
        "agreed",
        "candidate",
        "first",
        "funded",
        "gross",
        "kind",
        "left",
        "product_id",
        "quantity",
        "tax_class",
        "unit_price",
    )

    def __init__(
        self,
        kind: LineKind,
        product_id: UUID | None,
        quantity: int,
        tax_class: str,
        gross: int,
        unit_price: UnitPrice | None,
        first: Step,
        agreed: AgreedAmounts | None = None,
    ) -> None:
        self.kind = kind
        self.product_id = product_id
        self.quantity = quantity
        self.tax_class = tax_class
        self.gross = gross
        self.left = gross
        self.funded = 0
        self.unit_price = unit_price
        self.first = first
        self.agreed = agreed
        self.candidate: Candidate | None = None
        self.adjustments: tuple[LineAdjustment, ...] = ()


def price_basket(basket: Basket, book: PriceBook, adjustments: Sequence[Adjustment] = ()) -> Quote:
    """Price every line, apply promotions, then the `adjustments` in their order, then tax.

    Each line's gross is its unit price times quantity, rounded once, half away from zero. Raises
    PriceMissing or TaxRateMissing naming the line; agreed lines need neither (their unknown rate is 0).
    """
    lines = [
        _agreed_line(line, number) if line.agreed is not None else _shelf_line(line, number, basket, book)
        for number, line in enumerate(basket.lines, 1)
    ]
    candidates = [line.candidate for line in lines if line.candidate is not None]
    if candidates:
        apply_promotions(candidates)
        for line in lines:
            if line.candidate is not None and line.candidate.given:
                line.adjustments = tuple(line.candidate.given)
                line.left = line.candidate.left
    if basket.delivery is not None:
        lines.append(_delivery_line(basket.delivery))
    for adjustment in adjustments:
        _adjust(lines, adjustment)
    return _with_tax(lines, basket, book)


def _shelf_line(line: BasketLine, number: int, basket: Basket, book: PriceBook) -> _Line:
    product, quantity, _, kind = line
    if quantity <= 0:
        raise Invalid("The quantity must be above zero.", field=f"lines[{number - 1}].quantity")
    product_id, place = product.id, basket.place
    found = find_price(
        book.prices.get(product_id, {}),
        place,
        basket.channel,
        basket.at,
        member=basket.member,
    )
    shelf = found.shelf or found.member
    if shelf is None:
        raise PriceMissing(
            f"Nobody has set a price in {place.currency} for this product here.",
            field=f"lines[{number - 1}].product",
            product_id=str(product_id),
        )
    unit_price = shelf.unit_price
    gross = unit_price.times(quantity)
    params = {
        "amount": unit_price.amount,
        "base": unit_price.base,
        "quantity": quantity,
    }
    first = Step("shelf_price", 0, gross, shelf.id, params)
    result = _Line(kind, product_id, quantity, product.tax_class, gross, unit_price, first)
    if kind == "product":
        _reduce(result, product, found.member, basket, book)
    return result


def _reduce(line: _Line, product: PricedProduct, member: Price | None, basket: Basket, book: PriceBook) -> None:
    """Make the line a candidate for the promotions that run, or where there are none take the member's price."""
    by_place = book.offers.get(product.id)
    if by_place is not None:
        offers = [offer for offer in by_place.get(basket.place.id, ()) if is_live(offer.promotion, basket)]
        if offers:
            line.candidate = Candidate(product.id, line.quantity, line.gross, product.by_weight, offers, member)
            return
    if member is not None:
        given = member_discount(member, line.quantity, line.gross)
        if given is not None:
            line.adjustments = (given,)
            line.left -= given.amount


def _agreed_line(line: BasketLine, number: int) -> _Line:
    product, quantity, agreed, kind = line
    assert agreed is not None
    where = f"lines[{number - 1}]"
    if quantity < 0 or min(agreed.gross, agreed.discount, agreed.funded) < 0:
        raise Invalid("Agreed quantities and amounts are not negative.", field=where)
    if agreed.amount < 0:
        raise AgreedAmountsWrong("The discount is more than the gross amount.", field=where)
    if agreed.adjustments:
        _check_agreed(agreed, where)
    first = Step("agreed", 0, agreed.gross, None, {"quantity": quantity})
    result = _Line(
        kind,
        product.id,
        quantity,
        product.tax_class,
        agreed.gross,
        agreed.unit_price,
        first,
        agreed,
    )
    result.adjustments = agreed.adjustments
    return result


def _check_agreed(agreed: AgreedAmounts, where: str) -> None:
    own = sum(each.amount for each in agreed.adjustments if each.funder == "retailer")
    others = sum(each.amount for each in agreed.adjustments if each.funder != "retailer")
    if own != agreed.discount or others != agreed.funded:
        raise AgreedAmountsWrong(
            "The adjustments do not sum to the discount and the funded amount.",
            field=where,
        )


def _delivery_line(delivery: Delivery) -> _Line:
    if delivery.amount < 0:
        raise Invalid("The delivery fee is not negative.", field="delivery.amount")
    first = Step("delivery", 0, delivery.amount, None, {"label": delivery.label})
    return _Line("delivery", delivery.product_id, QUANTITY_ONE, delivery.tax_class, delivery.amount, None, first)


def _adjust(lines: Sequence[_Line], adjustment: Adjustment) -> None:
    """Take a given amount off some lines by largest remainder, at most what is left of them."""
    if adjustment.amount < 0:
        raise Invalid("An adjustment takes off; it cannot be negative.", field="adjustments")
    targets = _targets(lines, adjustment.line_nos)
    weights = [line.left for line in targets]
    parts = allocate(min(adjustment.amount, sum(weights)), weights)
    for line, part in zip(targets, parts, strict=True):
        if part:
            line.left -= part
            given = LineAdjustment(
                adjustment.kind,
                adjustment.funder,
                adjustment.source_id,
                part,
                adjustment.label,
                adjustment.translations,
            )
            line.adjustments = (*line.adjustments, given)


def _targets(lines: Sequence[_Line], line_nos: tuple[int, ...] | None) -> list[_Line]:
    if line_nos is None:
        return [line for line in lines if line.kind == "product" and line.agreed is None]
    if not all(1 <= number <= len(lines) for number in line_nos):
        raise Invalid("An adjustment names a line that is not there.", field="adjustments")
    targets = [lines[number - 1] for number in sorted(set(line_nos))]
    if any(line.agreed is not None for line in targets):
        raise Invalid("The amounts of an agreed line are not changed.", field="adjustments")
    return targets


def _with_tax(lines: Sequence[_Line], basket: Basket, book: PriceBook) -> Quote:
    inclusive = basket.place.inclusive
    rates: list[int] = []
    given: list[int | None] = []
    amounts: list[int] = []
    known: dict[str, int | None] = {}
    day = business_date(basket.at, basket.place.zone)
    for number, line in enumerate(lines):
        if line.tax_class not in known:
            known[line.tax_class] = find_rate(book.rates, basket.place, line.tax_class, day)
        rates.append(_rate(line, number, known[line.tax_class]))
        given.append(None if line.agreed is None else line.agreed.tax)
        amounts.append(_settle(line))
    taxes, totals = spread_tax(amounts, rates, given, inclusive=inclusive)
    quoted = tuple(
        [
            _quoted(line, number, amount, tax, rate, inclusive=inclusive)
            for number, (line, amount, tax, rate) in enumerate(zip(lines, amounts, taxes, rates, strict=True), 1)
        ]
    )
    gross, amount, tax = sum([line.gross for line in lines]), sum(amounts), sum(taxes)
    funded = sum([line.funded for line in lines])
    total = amount if inclusive else amount + tax
    return Quote(
        basket.place.currency,
        inclusive,
        quoted,
        totals,
        gross,
        gross - amount,
        amount,
        funded,
        tax,
        total,
        total - funded,
        _document_steps(gross, amount, tax, funded, inclusive=inclusive),
    )


def _rate(line: _Line, number: int, rate: int | None) -> int:
    if line.agreed is not None:
        return line.agreed.tax_rate_ppm if line.agreed.tax_rate_ppm is not None else rate or 0
    if rate is None:
        raise TaxRateMissing(
            f"The tax regime of this place has no rate for the class {line.tax_class!r}.",
            field=f"lines[{number}].product",
        )
    return rate


def _settle(line: _Line) -> int:
    """Fix what others pay for the line, and give what the retailer receives."""
    agreed = line.agreed
    if agreed is not None:
        line.funded = agreed.funded
        return agreed.amount
    if not line.adjustments:
        return line.gross
    line.funded = sum([each.amount for each in line.adjustments if each.funder != "retailer"])
    return line.left + line.funded


def _quoted(line: _Line, number: int, amount: int, tax: int, rate: int, *, inclusive: bool) -> QuotedLine:
    left = line.gross
    steps = [line.first]
    for kind, funder, source_id, part, label, _translations in line.adjustments:
        params: Mapping[str, int | str] = {"label": label, "funder": funder}
        steps.append(Step(kind, left, left - part, source_id, params))
        left -= part
    if line.agreed is not None and left != amount - line.funded:
        steps.append(Step("agreed_amount", left, amount - line.funded, None, {}))
        left = amount - line.funded
    if tax or rate:
        params = {"rate_ppm": rate, "tax": tax, "class": line.tax_class}
        if inclusive:
            steps.append(Step("tax_included", left, left, None, params))
        else:
            steps.append(Step("tax", left, left + tax, None, params))
    return QuotedLine(
        number,
        line.kind,
        line.product_id,
        line.quantity,
        line.unit_price,
        line.gross,
        line.gross - amount,
        amount,
        line.funded,
        tax,
        line.tax_class,
        rate,
        line.adjustments,
        tuple(steps),
    )


def _document_steps(gross: int, amount: int, tax: int, funded: int, *, inclusive: bool) -> tuple[Step, ...]:
    """From the sum of the lines to what the shopper hands over."""
    steps = [Step("lines", 0, gross, None, {})]
    if amount != gross:
        steps.append(Step("discounts", gross, amount, None, {}))
    total = amount
    if inclusive:
        steps.append(Step("tax_included", amount, amount, None, {"tax": tax}))
    elif tax:
        total = amount + tax
        steps.append(Step("tax", amount, total, None, {"tax": tax}))
    if funded:
        steps.append(Step("funded", total, total - funded, None, {}))
    return tuple(steps)


def deposit_lines(lines: Iterable[BasketLine], products: Mapping[UUID, PricedProduct]) -> tuple[BasketLine, ...]:
    """One line per deposit product for what the basket's lines carry a deposit on; whole units, rounded up.

    Agreed lines bring their deposits themselves. A deposit has its own price and tax class (none: untaxed)
    and takes no promotion.
    """
    quantities: dict[UUID, int] = {}
    for line in lines:
        deposit_id = line.product.deposit_product_id
        if deposit_id is not None and line.agreed is None and line.kind == "product":
            units = -(-line.quantity // QUANTITY_ONE) * QUANTITY_ONE
            quantities[deposit_id] = quantities.get(deposit_id, 0) + units
    return tuple(
        BasketLine(products[deposit_id], quantity, None, "deposit") for deposit_id, quantity in quantities.items()
    )
