"""The price of a basket: examples to the minor unit."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from storeline.kernel.api import Invalid, UnitPrice
from storeline.pricing.api import (
    Adjustment,
    AgreedAmounts,
    AgreedAmountsWrong,
    Basket,
    BasketLine,
    Delivery,
    LineAdjustment,
    Offer,
    Quote,
    TaxTotal,
    deposit_lines,
    price_basket,
    unit_price_display,
)
from storeline.pricing.domain.history import lowest_prior_price, prices_over_time
from storeline.pricing.tests.factories import AT, LONG_AGO, Shop, Thing, basket, book, price, promotion, thing

SHOP = Shop(UUID(int=9))
A, B, C = thing(1), thing(2), thing(3)


def _amounts(quote: Quote) -> list[int]:
    return [line.amount for line in quote.lines]


def _quote(
    lines: list[tuple[Thing, int]], prices: dict[Thing, int], *offers: tuple[Thing, Offer], **facts: Any
) -> Quote:
    known = book(SHOP, [(product, price(amount)) for product, amount in prices.items()], offers=offers)
    return price_basket(basket(SHOP, *lines, **facts), known)


def test_a_german_receipt_with_two_rates_inside_the_prices() -> None:
    food, hygiene = thing(1, tax_class="reduced"), thing(2, tax_class="standard")
    known = book(SHOP, [(food, price(119)), (hygiene, price(249))], {"reduced": 70_000, "standard": 190_000})
    quote = price_basket(basket(SHOP, (food, 3000), (hygiene, 2000)), known)
    assert _amounts(quote) == [357, 498]
    assert quote.taxes == (TaxTotal(70_000, 357, 23), TaxTotal(190_000, 498, 80))
    assert (quote.amount, quote.tax, quote.total, quote.payable) == (855, 103, 855, 855)


def test_an_american_receipt_with_tax_on_top_of_the_sum_not_of_each_line() -> None:
    shop = Shop(UUID(int=9), currency="USD", zone="America/New_York", inclusive=False)
    lines = [thing(number) for number in range(1, 4)]
    known = book(shop, [(line, price(99, currency="USD")) for line in lines], {"standard": 88_750})
    quote = price_basket(basket(shop, *((line, 1000) for line in lines)), known)
    # Each line alone would be taxed 0.09 (8.78625 rounds to 9), 0.27 in all; the document's 2.97 bears 0.26.
    assert (quote.amount, quote.tax, quote.total) == (297, 26, 323)
    assert [line.tax for line in quote.lines] == [9, 9, 8]


def test_yen_have_no_decimals_and_dinars_three() -> None:
    japan = Shop(UUID(int=9), currency="JPY", zone="Asia/Tokyo")
    known = book(japan, [(A, price(158, currency="JPY")), (B, price(98, currency="JPY"))], {"standard": 80_000})
    quote = price_basket(basket(japan, (A, 2000), (B, 1000)), known)
    assert (quote.total, quote.tax) == (414, 31)
    kuwait = Shop(UUID(int=9), currency="KWD", zone="Asia/Kuwait", inclusive=False)
    known = book(kuwait, [(A, price(1_255, currency="KWD"))])
    assert price_basket(basket(kuwait, (A, 1500)), known).total == 1_883


def test_fuel_at_tenths_of_a_cent_is_exact() -> None:
    shop = Shop(UUID(int=9), currency="USD", zone="America/New_York", inclusive=False)
    known = book(shop, [(A, price(22_991, 100_000, "USD"))])
    assert price_basket(basket(shop, (A, 12_345)), known).total == 2_838
    assert price_basket(basket(shop, (A, 10_000)), known).total == 2_299


def test_weighed_goods_and_three_for_a_price_of_their_own() -> None:
    ham = thing(1, by_weight=True)
    known = book(SHOP, [(ham, price(1_990)), (B, price(500, 3000))])
    quote = price_basket(basket(SHOP, (ham, 238), (B, 2000)), known)
    assert _amounts(quote) == [474, 333]


def test_steps_go_from_the_shelf_to_the_total() -> None:
    offer = Offer(promotion("percentage", funder="manufacturer"), rate_ppm=100_000)
    shop = Shop(UUID(int=9), inclusive=False)
    known = book(shop, [(A, price(1000))], {"standard": 100_000}, [(A, offer)])
    coupon = Adjustment("coupon", "retailer", UUID(int=7), "One off", 100)
    quote = price_basket(basket(shop, (A, 1000)), known, [coupon])
    line = quote.lines[0]
    assert [(step.code, step.before, step.after) for step in line.steps] == [
        ("shelf_price", 0, 1000),
        ("promotion", 1000, 900),
        ("coupon", 900, 800),
        ("tax", 800, 890),
    ]
    assert (line.gross, line.discount, line.amount, line.funded, line.tax) == (1000, 100, 900, 100, 90)
    assert [(step.code, step.before, step.after) for step in quote.steps] == [
        ("lines", 0, 1000),
        ("discounts", 1000, 900),
        ("tax", 900, 990),
        ("funded", 990, 890),
    ]
    assert (quote.total, quote.payable) == (990, 890)


@pytest.mark.parametrize(
    ("terms", "offer", "amounts"),
    [
        ({"kind": "percentage"}, {"rate_ppm": 333_333}, [200, 667]),
        ({"kind": "amount"}, {"amount": 50}, [150, 900]),
        ({"kind": "amount"}, {"amount": 5_000}, [0, 0]),
        ({"kind": "fixed_price"}, {"amount": 150}, [150, 300]),
        ({"kind": "fixed_price"}, {"amount": 500, "base": 3000}, [167, 333]),
        ({"kind": "fixed_price"}, {"amount": 300}, [200, 600]),
        ({"kind": "n_for_price", "group_size": 3}, {"amount": 900}, [150, 750]),
        ({"kind": "n_for_price", "group_size": 2}, {"amount": 900}, [200, 900]),
        ({"kind": "n_for_price", "group_size": 4}, {"amount": 1}, [200, 1000]),
        ({"kind": "percentage", "max_uses": 1}, {"rate_ppm": 500_000}, [200, 750]),
    ],
)
def test_kinds_of_promotions(terms: dict[str, Any], offer: dict[str, Any], amounts: list[int]) -> None:
    given = Offer(promotion(**terms), **offer)
    items = [(A, given), (B, given)] if offer.get("rate_ppm") != 333_333 else [(B, given)]
    quote = _quote([(A, 1000), (B, 2000)], {A: 200, B: 500}, *items)
    assert _amounts(quote) == amounts


def test_the_shopper_gets_the_best_of_promotions_and_the_member_price() -> None:
    ten, half = promotion("percentage", 1), promotion("percentage", 2)
    known = book(
        SHOP,
        [(A, price(100)), (B, price(10_000)), (B, price(8_000, member=True))],
        offers=[
            (A, Offer(ten, rate_ppm=100_000)),
            (B, Offer(ten, rate_ppm=100_000)),
            (A, Offer(half, rate_ppm=500_000)),
        ],
    )
    member = price_basket(basket(SHOP, (A, 1000), (B, 1000), member=True), known)
    guest = price_basket(basket(SHOP, (A, 1000), (B, 1000)), known)
    assert (_amounts(member), _amounts(guest)) == ([50, 8_000], [50, 9_000])
    assert [line.adjustments[0].kind for line in member.lines] == ["promotion", "member_price"]


def test_priority_goes_before_what_is_best_and_exclusive_shuts_out() -> None:
    small, large = (
        Offer(promotion("percentage", 1, priority=1), rate_ppm=100_000),
        Offer(promotion("percentage", 2), rate_ppm=500_000),
    )
    more = Offer(promotion("amount", 3, stackable=True), amount=10)
    alone = Offer(promotion("percentage", 4, priority=2, exclusive=True), rate_ppm=50_000)
    assert _amounts(_quote([(A, 1000)], {A: 100}, (A, small), (A, large))) == [90]
    assert _amounts(_quote([(A, 1000)], {A: 100}, (A, small), (A, large), (A, more))) == [80]
    assert _amounts(_quote([(A, 1000)], {A: 100}, (A, small), (A, more), (A, alone))) == [95]


def test_a_group_is_taken_only_where_it_beats_the_plain_promotions() -> None:
    group = Offer(promotion("n_for_price", 1, group_size=2), amount=150)
    half = Offer(promotion("percentage", 2), rate_ppm=500_000)
    assert _amounts(_quote([(A, 3000)], {A: 100}, (A, group))) == [250]
    assert _amounts(_quote([(A, 3000)], {A: 100}, (A, group), (A, half))) == [150]
    # Of B only one unit is left over for half the price.
    assert _amounts(_quote([(A, 1000), (B, 2000)], {A: 100, B: 120}, (A, group), (B, group), (A, half))) == [50, 150]


def test_conditions_of_a_promotion() -> None:
    def amount(**terms: Any) -> int:
        return _quote([(A, 1000)], {A: 100}, (A, Offer(promotion("percentage", **terms), rate_ppm=500_000))).amount

    # The moment is a Friday, 13:00 in Berlin.
    assert amount() == 50
    assert amount(starts_at=AT + timedelta(seconds=1)) == 100
    assert (amount(ends_at=AT), amount(ends_at=AT + timedelta(seconds=1))) == (100, 50)
    assert (amount(channels=frozenset({"web"})), amount(channels=frozenset({"store"}))) == (100, 50)
    assert amount(member_only=True) == 100
    assert (amount(currency="USD"), amount(currency="EUR")) == (100, 50)
    assert (amount(weekdays=frozenset({5})), amount(weekdays=frozenset({6}))) == (50, 100)
    assert (amount(from_minute=780, to_minute=840), amount(from_minute=840, to_minute=900)) == (50, 100)
    assert (amount(from_minute=1320, to_minute=360), amount(from_minute=720, to_minute=60)) == (100, 50)


def test_deposits_and_delivery_are_lines_of_their_own() -> None:
    bottle = thing(5, tax_class="")
    cola = thing(1, deposit_product_id=bottle.id)
    known = book(
        SHOP,
        [(cola, price(100)), (bottle, price(25))],
        {"standard": 190_000},
        [(cola, Offer(promotion("percentage"), rate_ppm=500_000))],
    )
    lines: tuple[BasketLine, ...] = (BasketLine(cola, 6000), BasketLine(cola, 1000))
    lines += deposit_lines(lines, {bottle.id: bottle})
    quote = price_basket(Basket(SHOP, "web", AT, lines, delivery=Delivery(490, "standard")), known)
    assert [(line.kind, line.quantity, line.amount, line.tax) for line in quote.lines] == [
        ("product", 6000, 300, 48),
        ("product", 1000, 50, 8),
        ("deposit", 7000, 175, 0),
        ("delivery", 1000, 490, 78),
    ]
    assert quote.total == 1015


def test_agreed_amounts_pass_through_with_tax_given_or_reckoned() -> None:
    member = LineAdjustment("member_price", "retailer", None, 30, "card")
    maker = LineAdjustment("coupon", "manufacturer", None, 120, "coupon")
    lines = (
        BasketLine(A, 1000, AgreedAmounts(130, 30, 120, adjustments=(member, maker))),
        BasketLine(B, 0, AgreedAmounts(0)),
        BasketLine(C, 1000, AgreedAmounts(119, tax=7, tax_rate_ppm=70_000)),
    )
    known = book(SHOP, [], {"standard": 190_000}, [(A, Offer(promotion("percentage"), rate_ppm=500_000))])
    quote = price_basket(Basket(SHOP, "store", AT, lines), known)
    assert [(line.gross, line.amount, line.funded, line.tax) for line in quote.lines] == [
        (130, 100, 120, 16),
        (0, 0, 0, 0),
        (119, 119, 0, 7),
    ]
    assert (quote.total, quote.payable) == (219, 99)
    assert quote.lines[0].adjustments == (member, maker)
    assert quote.lines[2].tax_rate_ppm == 70_000


@pytest.mark.parametrize(
    ("agreed", "refusal"),
    [
        (AgreedAmounts(100, 101), AgreedAmountsWrong),
        (AgreedAmounts(-1), Invalid),
        (AgreedAmounts(100, 10, adjustments=(LineAdjustment("manual", "retailer", None, 9, ""),)), AgreedAmountsWrong),
    ],
)
def test_agreed_amounts_that_do_not_fit_are_refused(agreed: AgreedAmounts, refusal: type[Invalid]) -> None:
    with pytest.raises(refusal) as caught:
        price_basket(Basket(SHOP, "store", AT, (BasketLine(A, 1000, agreed),)), book(SHOP, []))
    assert caught.value.field == "lines[0]"


def test_adjustments_are_spread_capped_and_refused() -> None:
    def adjusted(**facts: Any) -> list[int]:
        known = book(SHOP, [(A, price(100)), (B, price(200))])
        values = {"kind": "manual", "funder": "retailer", "source_id": None, "label": "", "amount": 10}
        return _amounts(price_basket(basket(SHOP, (A, 1000), (B, 1000)), known, [Adjustment(**(values | facts))]))

    assert adjusted() == [97, 193]
    assert adjusted(line_nos=(2,)) == [100, 190]
    assert adjusted(amount=9_999) == [0, 0]
    for wrong in ({"amount": -1}, {"line_nos": (3,)}, {"line_nos": (0,)}):
        with pytest.raises(Invalid):
            adjusted(**wrong)


def test_a_quantity_of_nothing_is_refused() -> None:
    with pytest.raises(Invalid) as caught:
        _quote([(A, 1000), (B, 0)], {A: 1, B: 1})
    assert caught.value.field == "lines[1].quantity"


@pytest.mark.parametrize(
    ("amount", "base", "unit", "content", "shown"),
    [
        (199, 1000, "each", (500_000, "g"), (398, "kg")),
        (99, 1000, "each", (1_500_000, "ml"), (66, "l")),
        (1_990, 1000, "kg", (None, None), (1_990, "kg")),
        (199, 1000, "each", (None, None), None),
        (500, 3000, "each", (10_000, "each"), (17, "each")),
        (399, 1000, "each", (12_000, "oz"), (532, "lb")),
        (249, 100, "g", (None, None), (2_490_000, "kg")),
    ],
)
def test_unit_price_display(amount: int, base: int, unit: str, content: Any, shown: Any) -> None:
    found = unit_price_display(UnitPrice(amount, base, "EUR"), unit, *content)
    assert (None if found is None else (found.amount, found.unit)) == shown


def test_the_lowest_price_of_thirty_days() -> None:
    def day(number: int) -> Any:
        return AT + timedelta(days=number)

    prices = [
        price(1000),
        price(700, valid_from=day(-40), valid_to=day(-25)),
        price(600, valid_from=day(-60), valid_to=day(-41)),
    ]
    sale = promotion("percentage", starts_at=day(-5), ends_at=day(5))
    secret = promotion("percentage", 2, starts_at=day(-20), ends_at=day(-15), member_only=True)
    offers = [Offer(sale, rate_ppm=200_000), Offer(secret, rate_ppm=900_000)]
    changes = prices_over_time(prices, offers, LONG_AGO, AT)
    found = lowest_prior_price(changes, AT)
    assert found is not None
    assert (found.price.amount, found.reduced_at) == (700, day(-5))
    assert lowest_prior_price(changes, day(-6)) is None
    assert lowest_prior_price(changes[:1], AT) is None
