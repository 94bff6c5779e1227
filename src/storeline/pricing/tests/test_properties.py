"""What holds for every basket."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from itertools import combinations, pairwise
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from storeline.pricing.api import FUNDERS, Adjustment, Offer, PriceBook, Quote, price_basket
from storeline.pricing.domain.tax import spread_tax, tax_of
from storeline.pricing.tests.factories import Shop, Thing, basket, book, price, promotion, thing

KINDS = ("percentage", "amount", "fixed_price", "n_for_price")
CLASSES = {"none": 0, "reduced": 70_000, "standard": 190_000, "odd": 88_750}
amounts = st.integers(0, 100_000)
quantities = st.one_of(st.integers(1, 5).map(lambda units: units * 1000), st.integers(1, 9_999))


@st.composite
def offers(draw: st.DrawFn, number: int) -> Offer:
    kind = draw(st.sampled_from(KINDS))
    stackable = kind != "n_for_price" and draw(st.booleans())
    terms = promotion(
        kind,
        number,
        funder=draw(st.sampled_from(("retailer", "manufacturer"))),
        priority=draw(st.integers(0, 2)),
        stackable=stackable,
        exclusive=not stackable and draw(st.booleans()),
        max_uses=None if stackable else draw(st.none() | st.integers(1, 3)),
        group_size=draw(st.integers(1, 3)) if kind == "n_for_price" else None,
    )
    return Offer(terms, draw(st.integers(1, 100_000)), 1000, draw(st.integers(1, 1_000_000)))


@st.composite
def cases(draw: st.DrawFn) -> tuple[Any, ...]:
    """A shop, its book and a basket with everything in it."""
    shop = Shop(UUID(int=9), inclusive=draw(st.booleans()))
    things = [
        Thing(UUID(int=number), draw(st.sampled_from(sorted(CLASSES))), draw(st.booleans())) for number in range(1, 5)
    ]
    prices = [(each, price(draw(amounts), draw(st.sampled_from((1000, 3000, 100))))) for each in things]
    prices += [(each, price(draw(amounts), member=True)) for each in things if draw(st.booleans())]
    known = [draw(offers(number)) for number in range(1, draw(st.integers(1, 4)))]
    given_offers = [(each, offer) for each in things for offer in known if draw(st.booleans())]
    lines = draw(st.lists(st.tuples(st.sampled_from(things), quantities), min_size=1, max_size=6))
    adjustments = [
        Adjustment("coupon", funder, None, "", draw(amounts))
        for funder in draw(st.lists(st.sampled_from(FUNDERS), max_size=2))
    ]
    return shop, book(shop, prices, CLASSES, given_offers), lines, draw(st.booleans()), adjustments


def book_without_groups(known: PriceBook) -> PriceBook:
    """Plain and stackable promotions only: which of several like units a group takes may depend on rounding."""
    plain = {
        product: {
            place: tuple(
                offer for offer in found if offer.promotion.kind != "n_for_price" and not offer.promotion.max_uses
            )
            for place, found in by_place.items()
        }
        for product, by_place in known.offers.items()
    }
    return replace(known, offers=plain)


def _price(case: tuple[Any, ...]) -> Quote:
    shop, known, lines, member, adjustments = case
    return price_basket(basket(shop, *lines, member=member), known, adjustments)


@settings(max_examples=120, deadline=None)
@given(cases())
def test_money_is_conserved_and_never_below_zero(case: tuple[Any, ...]) -> None:
    quote = _price(case)
    for line in quote.lines:
        assert line.amount == line.gross - line.discount
        own = sum(each.amount for each in line.adjustments if each.funder == "retailer")
        assert (own, sum(each.amount for each in line.adjustments) - own) == (line.discount, line.funded)
        assert min(line.gross, line.discount, line.funded, line.tax, line.amount - line.funded) >= 0
        assert all(each.amount > 0 for each in line.adjustments)
    assert quote.amount == sum(line.amount for line in quote.lines) == quote.gross - quote.discount
    assert quote.tax == sum(line.tax for line in quote.lines) == sum(each.tax for each in quote.taxes)
    assert sum(each.taxable for each in quote.taxes) == quote.amount
    assert quote.total == quote.amount + (0 if quote.inclusive else quote.tax)
    assert quote.payable == quote.total - sum(line.funded for line in quote.lines)
    for each in quote.taxes:
        assert each.tax == tax_of(each.taxable, each.rate_ppm, inclusive=quote.inclusive)


@settings(max_examples=80, deadline=None)
@given(cases())
def test_the_steps_lead_from_nothing_to_what_is_paid(case: tuple[Any, ...]) -> None:
    quote = _price(case)
    for steps in (quote.steps, *(line.steps for line in quote.lines)):
        assert steps[0].before == 0
        assert all(step.before == last.after for last, step in pairwise(steps))
    assert quote.steps[-1].after == quote.payable
    assert sum(line.steps[-1].after for line in quote.lines) == quote.payable


@settings(max_examples=80, deadline=None)
@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_the_lines_does_not_change_the_total(case: tuple[Any, ...], random: Any) -> None:
    shop, known, lines, member, _ = case
    mixed = random.sample(lines, len(lines))
    assert _price((shop, known, mixed, member, [])).gross == _price((shop, known, lines, member, [])).gross
    plain = book_without_groups(known)
    first, second = _price((shop, plain, mixed, member, [])), _price((shop, plain, lines, member, []))
    assert (first.payable, first.taxes) == (second.payable, second.taxes)


@lru_cache(maxsize=10_000)
def _cheapest(units: tuple[int, ...], size: int, group_price: int, uses: int) -> int:
    """The least that these units can cost, by trying every grouping."""
    best = sum(units)
    if uses and len(units) >= size:
        for chosen in combinations(range(len(units)), size):
            rest = tuple(unit for index, unit in enumerate(units) if index not in chosen)
            best = min(best, group_price + _cheapest(rest, size, group_price, uses - 1))
    return best


@settings(max_examples=120, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 60), st.integers(1, 3)), min_size=1, max_size=3),
    st.integers(1, 3),
    st.integers(1, 120),
    st.none() | st.integers(1, 2),
)
def test_n_for_a_price_is_the_best_grouping_there_is(
    lines: list[tuple[int, int]], size: int, group_price: int, max_uses: int | None
) -> None:
    shop = Shop(UUID(int=9))
    things = [thing(number) for number in range(1, len(lines) + 1)]
    offer = Offer(promotion("n_for_price", group_size=size, max_uses=max_uses), group_price)
    known = book(
        shop,
        [(each, price(amount)) for each, (amount, _) in zip(things, lines, strict=True)],
        offers=[(each, offer) for each in things],
    )
    bought = [(each, units * 1000) for each, (_, units) in zip(things, lines, strict=True)]
    units = tuple(sorted(amount for amount, count in lines for _ in range(count)))
    expected = _cheapest(units, size, group_price, len(units) if max_uses is None else max_uses)
    assert price_basket(basket(shop, *bought), known).amount == expected


@given(st.integers(0, 10**9), st.sampled_from((0, 1, 55_000, 88_750, 190_000, 1_000_000)))
def test_tax_inside_and_on_top_agree(net: int, rate: int) -> None:
    gross = net + tax_of(net, rate, inclusive=False)
    assert abs(tax_of(gross, rate, inclusive=True) - (gross - net)) <= (1 if rate else 0)
    assert gross - tax_of(gross, rate, inclusive=True) == net or rate > 0


@given(
    st.lists(st.tuples(amounts, st.sampled_from(sorted(CLASSES.values())), st.none() | amounts), max_size=8),
    st.booleans(),
)
def test_tax_is_given_to_lines_to_the_last_unit(lines: list[tuple[int, int, int | None]], inclusive: bool) -> None:  # noqa: FBT001
    values, rates, known = ([line[index] for line in lines] for index in range(3))
    taxes, totals = spread_tax(values, rates, known, inclusive=inclusive)  # type: ignore[arg-type]
    assert sum(taxes) == sum(total.tax for total in totals)
    for index, fixed in enumerate(known):
        assert fixed is None or taxes[index] == fixed
    for total in totals:
        loose = sum(value for value, rate, fixed in lines if rate == total.rate_ppm and fixed is None)
        fixed_tax = sum(fixed or 0 for _, rate, fixed in lines if rate == total.rate_ppm)
        assert total.tax == tax_of(loose, total.rate_ppm, inclusive=inclusive) + fixed_tax
