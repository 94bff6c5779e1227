"""What coupons take off, and when they are refused."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storeline.kernel.api import Error
from storeline.loyalty import api as loyalty
from storeline.loyalty.tests.factories import coupon
from storeline.pricing.api import Quote, price_basket
from storeline.pricing.tests.factories import AT, Shop, basket, book, price, thing

SHOP = Shop(UUID(int=9))
A, B = thing(1), thing(2)
MEMBER = UUID(int=5)


@dataclass(frozen=True)
class _Sorted:
    category_path: str


PRODUCTS = {A.id: _Sorted("food.fruit"), B.id: _Sorted("toys")}
BOOK = book(SHOP, [(A, price(200)), (B, price(500))])
BASKET = basket(SHOP, (A, 2000), (B, 1000))
QUOTE = price_basket(BASKET, BOOK)


def _decide(*given_coupons: loyalty.Coupon, left: dict[UUID, int] | None = None, **facts: Any) -> Any:
    found = loyalty.Coupons({each.ref: each for each in given_coupons})
    values = {"quote": QUOTE, "member_id": None, "at": AT, "products": PRODUCTS} | facts
    uses = {each.id: loyalty.UNLIMITED for each in given_coupons} if left is None else left
    return loyalty.decide([each.ref for each in given_coupons], found, uses, **values)


def _with(*uses: loyalty.CouponUse) -> Quote:
    return price_basket(BASKET, BOOK, [use.adjustment for use in uses])


@pytest.mark.parametrize(
    ("terms", "amounts"),
    [
        ({}, [356, 444]),
        ({"amount": 5_000}, [0, 0]),
        ({"kind": "percentage", "amount": None, "rate_ppm": 125_000}, [350, 437]),
        ({"kind": "fixed_price", "amount": 150}, [400, 150]),
        ({"everything": False, "products": frozenset({A.id})}, [300, 500]),
        ({"everything": False, "categories": ("food",)}, [300, 500]),
        ({"everything": False, "categories": ("food",), "kind": "fixed_price", "amount": 50}, [250, 500]),
        ({"funder": "manufacturer"}, [400, 500]),
        ({"min_spend": 900}, [356, 444]),
    ],
)
def test_what_a_coupon_takes_off(terms: dict[str, Any], amounts: list[int]) -> None:
    quote = _with(*_decide(coupon(**terms)))
    assert [line.amount for line in quote.lines] == amounts
    assert quote.funded == (100 if terms.get("funder") == "manufacturer" else 0)


@pytest.mark.parametrize(
    ("terms", "facts", "refusal"),
    [
        ({"valid_from": AT + timedelta(seconds=1)}, {}, loyalty.CouponNotValid),
        ({"valid_to": AT}, {}, loyalty.CouponNotValid),
        ({"amount": None}, {}, loyalty.CouponNotValid),
        ({"currency": "USD"}, {}, loyalty.CouponNotForBasket),
        ({"everything": False, "categories": ("foo", "food.fru")}, {}, loyalty.CouponNotForBasket),
        ({"min_spend": 901}, {}, loyalty.CouponNotForBasket),
        ({"kind": "fixed_price", "amount": 500}, {}, loyalty.CouponNotForBasket),
        ({"total_limit": 1}, {"left": {UUID(int=77): 0}}, loyalty.CouponUsedUp),
        ({"per_member_limit": 1}, {}, loyalty.CouponNeedsMember),
        ({"per_member_limit": 1}, {"member_id": MEMBER}, loyalty.CouponMemberLimit),
    ],
)
def test_refusals_name_the_coupon(terms: dict[str, Any], facts: dict[str, Any], refusal: type[Error]) -> None:
    with pytest.raises(refusal) as caught:
        _decide(coupon(**terms), **facts)
    assert caught.value.field == "coupons[0]"


def test_unknown_codes_and_coupons_that_go_alone() -> None:
    with pytest.raises(loyalty.CouponUnknown):
        loyalty.decide(["NO"], loyalty.Coupons(), {}, QUOTE, None, AT, PRODUCTS)
    alone = replace(coupon(stackable=False), id=UUID(int=78), ref="ALONE")
    with pytest.raises(loyalty.CouponsDoNotCombine) as caught:
        _decide(coupon(), alone)
    assert caught.value.field == "coupons[1]"
    assert len(_decide(alone)) == 1


def test_the_same_code_twice_needs_two_uses() -> None:
    one = coupon(total_limit=9, per_member_limit=2)
    found = loyalty.Coupons({one.ref: one})
    row = loyalty.member_row(one.id, MEMBER)
    used = loyalty.decide([one.ref] * 2, found, {one.id: 2, row: 2}, QUOTE, MEMBER, AT, PRODUCTS)
    assert [use.rows for use in used] == [(one.id, row), (one.id, row)]
    assert _with(*used).amount == 700
    with pytest.raises(loyalty.CouponUsedUp):
        loyalty.decide([one.ref] * 2, found, {one.id: 1, row: 2}, QUOTE, MEMBER, AT, PRODUCTS)
    with pytest.raises(loyalty.CouponMemberLimit):
        loyalty.decide([one.ref] * 2, found, {one.id: 2, row: 1}, QUOTE, MEMBER, AT, PRODUCTS)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(("amount", "percentage", "fixed_price")),
            st.integers(1, 1200),
            st.integers(1, 1_000_000),
            st.sampled_from(("retailer", "manufacturer")),
        ),
        max_size=4,
    )
)
def test_what_was_decided_is_exactly_what_the_quote_shows(terms: list[tuple[Any, int, int, Any]]) -> None:
    found = [
        coupon(
            id=UUID(int=100 + index),
            ref=str(index),
            kind=kind,
            amount=None if kind == "percentage" else amount,
            rate_ppm=rate if kind == "percentage" else None,
            funder=funder,
        )
        for index, (kind, amount, rate, funder) in enumerate(terms)
    ]
    try:
        used = _decide(*found)
    except loyalty.CouponNotForBasket:
        return
    quote = _with(*used)
    for use in used:
        shown = sum(each.amount for line in quote.lines for each in line.adjustments if each.source_id == use.coupon_id)
        assert shown == use.adjustment.amount > 0
    assert min(line.amount - line.funded for line in quote.lines) >= 0
