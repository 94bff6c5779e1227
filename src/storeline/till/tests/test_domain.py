"""What was typed, what a receipt is called, which notes people hand over."""

from __future__ import annotations

from uuid import UUID

import pytest

from storeline.till.domain import (
    Entry,
    ReceiptName,
    after_payment,
    is_words,
    parse_entry,
    parse_number,
    parse_receipt,
    pieces,
    quick_amounts,
    receipt_name,
)

ORDER = "01890a5d-ac96-774b-bcce-b302099a8057"


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("  4006381333931 ", Entry("4006381333931")),
        ("3*4006381333931", Entry("4006381333931", 3)),
        ("12 x apples", Entry("apples", 12)),
        ("3*", Entry("", 3)),
        ("0*4006381333931", Entry("0*4006381333931")),
        ("1000*1", Entry("1000*1")),
        (f"https://shop.example/till/receipts/{ORDER}?key=abc", None),
    ],
)
def test_what_came_into_the_field(text: str, entry: Entry | None) -> None:
    found = parse_entry(text)
    assert found == (entry or Entry(text, order_id=UUID(ORDER)))


def test_words_have_letters() -> None:
    assert [is_words(text) for text in ("apples", "牛奶", "7up", "12345", "+1 212", "")] == [
        True, True, True, False, False, False,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("381-1-204", ReceiptName("381", "1", 204)),
        ("north-end-2-17", ReceiptName("north-end", "2", 17)),
        ("381-store-9", ReceiptName("381", "store", 9)),
        ("204", None),
        ("381-204", None),
        ("381-1-x", None),
    ],
)
def test_a_receipt_is_called_and_found_by_its_name(text: str, name: ReceiptName | None) -> None:
    assert parse_receipt(text) == name
    if name is not None:
        assert receipt_name(name.place, name.series, str(name.number)) == text


def test_an_imported_receipt_keeps_its_own_name() -> None:
    assert receipt_name("381", None, "A-77") == "A-77"


@pytest.mark.parametrize(
    ("total", "currency", "amounts"),
    [
        (2_347, "USD", [2_500, 3_000, 4_000, 5_000]),
        (405, "USD", [500, 1_000, 2_000, 5_000]),
        (2_000, "EUR", [5_000, 10_000]),
        (1_980, "JPY", [2_000, 5_000, 10_000]),
        (120, "CNY", [200, 500, 1_000, 2_000]),
        (1_234, "KWD", [5_000, 10_000, 20_000, 50_000]),
    ],
)
def test_whole_notes_are_offered(total: int, currency: str, amounts: list[int]) -> None:
    assert quick_amounts(total, currency) == amounts


def test_what_is_weighed_is_one_piece() -> None:
    assert pieces([(3_000, False), (750, True), (2_500, True)]) == 5


def test_a_sale_stands_as_its_order_stands() -> None:
    states = [after_payment(state) for state in ("completed", "confirmed", "pending", "cancelled", None)]
    assert states == ["done", "paying", "paying", "open", "open"]


def test_an_orders_number_is_six_hexadecimal_digits() -> None:
    assert [parse_number(text) for text in ("7da5fe", "# 7DA5FE", "204", "7da5fg", "12345678")] == [
        "7DA5FE", "7DA5FE", None, None, None,
    ]  # fmt: skip
