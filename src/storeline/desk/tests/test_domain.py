"""Which line a scan answers, how one walks, what a QR says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from storeline.catalog.api import ProductFacts
from storeline.desk.domain import (
    Due,
    Offered,
    PickLine,
    collection_of,
    due,
    goes_on_sale,
    pick_lines,
    taken,
    target,
)
from storeline.fulfilment.api import OfferView, TaskLine

ORDER = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
NOON = datetime(2018, 1, 1, 12, tzinfo=UTC)


def product(number: int, temperature: str = "ambient", category: str = "", *, by_weight: bool = False) -> ProductFacts:
    unit = "kg" if by_weight else "each"
    return ProductFacts(
        UUID(int=number), f"r{number}", f"P{number}", {}, "", None, category, unit, by_weight, False, temperature,
        None, (), None, "standard", None, None, False, True, True, None,
    )  # fmt: skip


def line(number: int, ordered: int, picked: int | None, *, by_weight: bool = False) -> PickLine:
    return PickLine(number, product(number, by_weight=by_weight), ordered, picked)


def test_the_walk_ends_at_the_cold() -> None:
    products = {
        one.id: one
        for one in (product(1, "frozen"), product(2, "ambient", "b"), product(3, "chilled"), product(4, "ambient", "a"))
    }
    lines = [TaskLine(ORDER, number, UUID(int=number), 1000, None) for number in (1, 2, 3, 4)]
    assert [one.line_no for one in pick_lines(lines, products)] == [4, 2, 3, 1]


@pytest.mark.parametrize(
    ("ordered", "picked", "state", "plus"),
    [
        (2000, None, "open", "1"),
        (2000, 1000, "part", "2"),
        (2000, 0, "none", "1"),
        (2000, 2000, "full", None),
        (1500, 1000, "part", "1.5"),
    ],
)
def test_a_line_says_how_it_stands(ordered: int, picked: int | None, state: str, plus: str | None) -> None:
    one = line(1, ordered, picked)
    assert (one.state, one.one_more) == (state, plus)


@pytest.mark.parametrize(
    ("picked", "unit", "stands"),
    [
        (1000, "kg", ("full", False)),
        (900, "kg", ("full", False)),
        (899, "kg", ("part", True)),
        (0, "kg", ("none", True)),
        (None, "kg", ("open", False)),
        (900, "each", ("part", True)),
    ],
)
def test_a_little_less_of_weighed_goods_is_all_of_it(picked: int | None, unit: str, stands: tuple[str, bool]) -> None:
    one = line(1, 1000, picked, by_weight=unit == "kg")
    assert (one.state, one.lacks) == stands


def test_weighed_goods_have_no_plus() -> None:
    assert line(1, 2000, None, by_weight=True).one_more is None


def test_a_scan_answers_the_first_line_that_wants_some() -> None:
    same = product(1)
    full, wanting = PickLine(1, same, 1000, 1000), PickLine(2, same, 1000, 0)
    assert target([full, wanting], same.id) == wanting
    assert target([full], same.id) == "full"
    assert target([full], UUID(int=9)) == "wrong"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("482913", (None, "482913")),
        (" 482 913\n", (None, "482 913")),
        (f"https://shop.example/orders/{ORDER}?code=482913", (ORDER, "482913")),
        (f"{ORDER} 482-913", (ORDER, "482-913")),
        (str(ORDER).upper(), (ORDER, "")),
        (f"{ORDER}/4829134", (ORDER, "")),
        ("", (None, "")),
    ],
)
def test_what_a_shopper_shows(text: str, wanted: tuple[UUID | None, str]) -> None:
    assert collection_of(text) == wanted


def offered(state: str, missing: int) -> Offered:
    return Offered(UUID(int=missing), product(9), missing, missing, state, NOON)


@pytest.mark.parametrize(
    ("picked", "offers", "state", "missing", "plus"),
    [
        (1000, [offered("offered", 2000)], "asked", 0, None),
        (1000, [offered("offered", 1000)], "asked", 1000, "2"),
        (1000, [offered("accepted", 2000)], "full", 0, None),
        (1000, [offered("accepted", 1000)], "part", 1000, "2"),
        (0, [offered("accepted", 1000), offered("offered", 2000)], "asked", 0, None),
        (0, [offered("declined", 3000), offered("withdrawn", 3000), offered("expired", 3000)], "none", 3000, "1"),
    ],
)
def test_a_line_with_offers(picked: int, offers: list[Offered], state: str, missing: int, plus: str | None) -> None:
    one = PickLine(1, product(1), 3000, picked, tuple(offers))
    assert (one.state, one.missing, one.one_more) == (state, missing, plus)


def test_a_substitute_names_what_it_came_for() -> None:
    lines = [TaskLine(ORDER, 1, UUID(int=1), 2000, 1000), TaskLine(ORDER, 2, UUID(int=2), 1000, None)]
    offer = OfferView(UUID(int=7), ORDER, 2, 1, UUID(int=2), 1000, 1000, 125, 135, "accepted", NOON, NOON, NOON)
    first, second = pick_lines(lines, {one.id: one for one in (product(1), product(2))}, [offer])
    assert [one.product.ref for one in first.offers] == ["r2"]
    assert second.instead_of is not None
    assert (first.instead_of, second.instead_of.ref) == (None, "r1")


@pytest.mark.parametrize(
    ("minutes", "wanted"),
    [
        (-0.5, Due(late=1)),
        (-90, Due(late=90)),
        (0.5, Due(left=1)),
        (25, Due(left=25)),
        (119, Due(left=119)),
        (121, Due()),
    ],
)
def test_how_late_or_how_soon(minutes: float, wanted: Due) -> None:
    assert due(NOON + timedelta(minutes=minutes), NOON) == wanted


def test_cold_goods_that_left_the_shop_are_not_sold_again() -> None:
    assert [
        goes_on_sale(product(1, kind), is_fresh=fresh) for kind in ("ambient", "chilled") for fresh in (True, False)
    ] == [
        True,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("3_1000-7_2000", {3: 1000, 7: 2000}), ("", {}), ("x_y-1_-5-2", {}), ("3_1000-", {3: 1000})],
)
def test_what_was_scanned_travels_in_the_address(text: str, wanted: dict[int, int]) -> None:
    assert taken(text) == wanted
