"""Money and quantity: exact, rounded once, nothing lost in a split."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storeline.kernel.api import (
    Invalid,
    UnitPrice,
    allocate,
    exponent,
    format_amount,
    format_quantity,
    parse_amount,
    parse_quantity,
    round_div,
)

AMOUNTS = st.integers(-(10**14), 10**14)


@pytest.mark.parametrize(("currency", "decimals"), [("JPY", 0), ("EUR", 2), ("KWD", 3), ("CLF", 4), ("USD", 2)])
def test_currencies_have_their_exponents(currency: str, decimals: int) -> None:
    assert exponent(currency) == decimals


@pytest.mark.parametrize("currency", ["EURO", "eur", "", "XXX", "ZZZ"])
def test_an_unknown_currency_is_refused(currency: str) -> None:
    with pytest.raises(Invalid) as refusal:
        exponent(currency)
    assert refusal.value.field == "currency"


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [
        ("12.34", "EUR", 1234),
        ("12.3", "EUR", 1230),
        ("-0.05", "EUR", -5),
        ("7", "JPY", 7),
        ("1.234", "KWD", 1234),
        ("1.50", "JPY", None),
        ("1.2345", "KWD", None),
        ("1,20", "EUR", None),
        ("1e3", "EUR", None),
        ("", "EUR", None),
        ("٣", "EUR", None),
        ("NaN", "EUR", None),
        ("99999999999999.99", "EUR", None),
        ("1.000", "EUR", 100),
    ],
)
def test_amounts_are_read_exactly_or_refused(text: str, currency: str, amount: int | None) -> None:
    if amount is None:
        with pytest.raises(Invalid):
            parse_amount(text, currency)
    else:
        assert parse_amount(text, currency) == amount


@given(AMOUNTS, st.sampled_from(["JPY", "EUR", "KWD", "CLF"]))
def test_an_amount_survives_being_written_and_read(amount: int, currency: str) -> None:
    assert parse_amount(format_amount(amount, currency), currency) == amount


@given(st.integers(-(10**11), 10**11))
def test_a_quantity_survives_being_written_and_read(quantity: int) -> None:
    assert parse_quantity(format_quantity(quantity)) == quantity


@given(st.integers(-(10**15), 10**15), st.integers(1, 10**6))
def test_rounding_is_half_away_from_zero(numerator: int, denominator: int) -> None:
    exact = Fraction(numerator, denominator)
    rounded = round_div(numerator, denominator)
    assert abs(rounded - exact) <= Fraction(1, 2)
    if abs(rounded - exact) == Fraction(1, 2):
        assert abs(rounded) > abs(exact)


def test_fuel_has_a_price_below_the_cent() -> None:
    assert UnitPrice(22991, 100_000, "USD").times(89_638) == 20609


@given(AMOUNTS, st.lists(st.integers(0, 10**9), min_size=1, max_size=30))
def test_a_split_loses_nothing_and_is_fair(total: int, weights: list[int]) -> None:
    parts = allocate(total, weights)
    assert sum(parts) == total
    whole = sum(weights) or len(weights)
    for part, weight in zip(parts, weights if sum(weights) else [1] * len(weights), strict=True):
        assert abs(part - Fraction(total * weight, whole)) < 1


def test_ties_of_a_split_go_to_the_earlier_part() -> None:
    assert allocate(100, [1, 1, 1]) == [34, 33, 33]
    assert allocate(-100, [1, 1, 1]) == [-34, -33, -33]


def test_nothing_cannot_take_an_amount() -> None:
    assert allocate(0, []) == []
    with pytest.raises(Invalid):
        allocate(1, [])
