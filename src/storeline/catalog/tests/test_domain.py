from datetime import date

import pytest

from storeline.catalog.domain import (
    ALLERGENS,
    Elements,
    Measured,
    MeasureRule,
    name_in,
    normal_gtin,
    parse_elements,
    parse_measured,
    quantity_of_price,
    quantity_of_weight,
)
from storeline.kernel.api import Invalid, UnitPrice

RULES = (
    MeasureRule("02", "price", 5, 2, verifier=True),
    MeasureRule("21", "price", 5, 2),
    MeasureRule("28", "weight", 5, 3),
    MeasureRule("289", "weight", 4, 2),
)


@pytest.mark.parametrize(
    ("code", "kept"),
    [
        ("96385074", "00000096385074"),
        ("036000291452", "00036000291452"),
        ("4006381333931", "04006381333931"),
        ("4006381 333931", "04006381333931"),
        ("10614141000415", "10614141000415"),
    ],
)
def test_every_gtin_is_kept_as_fourteen_digits(code: str, kept: str) -> None:
    assert normal_gtin(code) == kept


@pytest.mark.parametrize("code", ["4006381333932", "123", "400638133393A", "", "٤٠٠٦٣٨١٣٣٣٩٣١", "123456789"])
def test_what_is_no_gtin_is_refused_by_its_field(code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        normal_gtin(code, field="gtins[0]")
    assert refusal.value.field == "gtins[0]"


def test_in_store_codes_hold_a_weight_or_a_price() -> None:
    assert parse_measured(normal_gtin("2812345012505"), RULES) == Measured("02812345000007", grams=1250)
    assert parse_measured(normal_gtin("2112345012995"), RULES) == Measured("02112345000008", price=1299, decimals=2)
    # North America: UPC-A 2 12345 6 0499 C, the digit before the price only checks it
    assert parse_measured(normal_gtin("212345604991"), RULES) == Measured("00212345000007", price=499, decimals=2)
    # the longest prefix wins: 289 counts in tens of grams
    assert parse_measured(normal_gtin("2891234001257"), RULES) == Measured("02891234000007", grams=1250)
    assert parse_measured(normal_gtin("4006381333931"), RULES) is None


def test_weight_and_price_become_quantity() -> None:
    assert quantity_of_weight(1250, "kg") == 1250
    assert quantity_of_weight(1250, "g") == 1_250_000
    assert quantity_of_weight(454, "lb") == 1001
    assert quantity_of_price(1299, UnitPrice(999, 1000, "USD")) == 1300
    with pytest.raises(Invalid) as refusal:
        quantity_of_weight(1, "each")
    assert refusal.value.field == "unit"
    with pytest.raises(Invalid):
        quantity_of_price(1, UnitPrice(0, 1000, "USD"))


def test_a_name_falls_back_by_language() -> None:
    names = {"zh-Hans": "牛奶", "zh-Hant-HK": "鮮奶", "fr": "lait", "es": ""}
    assert name_in(names, "milk", ["zh-Hans-CN"]) == "牛奶"
    assert name_in(names, "milk", ["zh-Hant"]) == "牛奶"
    assert name_in(names, "milk", ["FR-ca", "zh"]) == "lait"
    assert name_in(names, "milk", ["es", "de"]) == "milk"
    assert name_in({}, "milk", []) == "milk"


def test_the_fourteen_allergens() -> None:
    assert len(set(ALLERGENS)) == 14


G14 = "04006381333931"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"]C101{G14}3103000425", Elements(G14, grams=425)),
        (
            f"]d201{G14}17261231\x1d10LOT7\x1d3102001250",
            Elements(G14, grams=12_500, lot="LOT7", expires_on=date(2026, 12, 31)),
        ),
        (f"]d2\x1d01{G14}10A1", Elements(G14, lot="A1")),
        (f"(01){G14}(17)270200", Elements(G14, expires_on=date(2027, 2, 28))),
        (f"(01){G14}(17)271301", Elements(G14)),
        (f"01{G14}3202000150", Elements(G14, grams=680)),
        (f"01{G14}3922350", Elements(G14, price=350, decimals=2)),
        (f"01{G14}3006", Elements(G14, count=6)),
        (f"01{G14}41040123450000091030", Elements(G14, lot="30")),
        (f"(01){G14}(3103)000425(10)AB", Elements(G14, grams=425, lot="AB")),
        ("https://id.example/01/4006381333931", Elements(G14)),
        (f"https://id.example/some/01/{G14}/10/A?3103=000425", Elements(G14, grams=425, lot="A")),
        (f"https://id.example/01/{G14}/10/A%2F1?17=261130", Elements(G14, lot="A/1", expires_on=date(2026, 11, 30))),
        (f"01{G14}", Elements(G14)),
        (f"01{G14}\x1d", Elements(G14)),
        (f" 01{G14} ", Elements(G14)),
        ("0104006381333932", None),  # another number of sixteen digits: the check digit is wrong
        (f"02{G14}", None),
        (f"01{G14}5", None),
        (f"01{G14}55", None),  # an SSCC has eighteen, and no element is of two
        ("4006381333931", None),
        ("https://shop.example/till", None),
        ("(10)AB", None),
        ("apples", None),
    ],
)
def test_element_strings_are_taken_apart(text: str, found: Elements | None) -> None:
    assert parse_elements(text) == found


def test_an_element_string_with_a_wrong_gtin_is_refused() -> None:
    with pytest.raises(Invalid):
        parse_elements("(01)04006381333932")
