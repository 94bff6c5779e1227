"""What a substitute costs its shopper, to the cent: never more than what is missing."""

from __future__ import annotations

from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as some

from storeline.orders import api as orders
from storeline.orders.domain.amounts import RETAILER
from storeline.orders.domain.drafts import LineDiscount, PricedLine
from storeline.orders.domain.shorts import OrderLine, take_off
from storeline.orders.domain.substitutes import Worth, at_most, pack, payable, unpack, worth
from storeline.pricing.api import tax_of

PRODUCT = UUID(int=1)


def line(gross: int, rate: int = 0, *, discount: int = 0, funded: int = 0, included: bool = False) -> PricedLine:
    given = tuple(
        one
        for one in (LineDiscount("promotion", RETAILER, discount), LineDiscount("coupon", "manufacturer", funded))
        if one.amount
    )
    amount = gross - discount
    tax = tax_of(amount, rate, inclusive=included)
    return PricedLine(PRODUCT, 1000, gross, 1000, gross, discount, amount, funded, tax, rate, given)


@pytest.mark.parametrize(
    ("sold", "limit", "included", "price", "tax"),
    [
        (line(100), Worth(120, 130), False, 100, 0),
        (line(150), Worth(120, 130), False, 120, 0),
        (line(150, 200_000), Worth(120, 130), False, 108, 22),
        (line(150, 200_000), Worth(120, 144), False, 120, 24),
        (line(150, 200_000, included=True), Worth(120, 120), True, 120, 20),
        (line(150), Worth(0, 0), False, 0, 0),
        (line(150, 200_000), Worth(50, 1), False, 1, 0),
    ],
)
def test_the_lower_price_is_paid(sold: PricedLine, limit: Worth, *, included: bool, price: int, tax: int) -> None:
    agreed = at_most(sold, limit, tax_included=included)
    assert (agreed.amount, agreed.tax, agreed.gross - agreed.discount) == (price, tax, price)
    assert sum(one.amount for one in agreed.discounts) == agreed.discount


def test_what_is_lowered_says_so_once() -> None:
    sold = line(300, 80_000, discount=50)
    once = at_most(sold, Worth(200, 216), tax_included=False)
    twice = at_most(once, Worth(199, 215), tax_included=False)
    assert [(one.kind, one.amount) for one in once.discounts] == [("promotion", 50), ("substitution", 50)]
    assert [(one.kind, one.amount) for one in twice.discounts] == [("promotion", 50), ("substitution", 51)]
    assert at_most(twice, Worth(199, 215), tax_included=False) is twice


amounts = some.integers(0, 10_000_000)
rates = some.integers(0, 1_000_000)


@given(amounts, amounts, amounts, rates, some.booleans(), some.data())
def test_it_is_never_above_and_never_needlessly_low(
    gross: int,
    price: int,
    tax: int,
    rate: int,
    included: bool,  # noqa: FBT001  # hypothesis gives it
    data: some.DataObject,
) -> None:
    sold = line(gross, rate, discount=data.draw(some.integers(0, gross)), included=included)
    limit = Worth(price, price if included else price + tax)
    agreed = at_most(sold, limit, tax_included=included)
    assert agreed.amount <= min(sold.amount, limit.price)
    assert payable(agreed, tax_included=included) <= limit.payable
    if agreed.amount < min(sold.amount, limit.price):
        more = agreed.amount + 1
        assert more + (0 if included else tax_of(more, rate, inclusive=False)) > limit.payable


def test_what_is_taken_off_is_what_it_was_worth() -> None:
    bought = OrderLine(PRODUCT, 1, PRODUCT, 3000, 400, 25, 375, 30, 30, 80_000)
    taken = take_off(bought, 1000)
    assert taken is not None
    assert worth(taken, tax_included=False) == Worth(230, 250)
    assert worth(taken, tax_included=True) == Worth(230, 230)


def test_a_packed_line_comes_back_as_it_was() -> None:
    sold = at_most(line(300, 80_000, discount=50, funded=20), Worth(100, 108), tax_included=False)
    assert unpack(orjson.loads(orjson.dumps(pack(sold)))) == sold
    assert orders.WISHES == ("offer", "never", "accept")
