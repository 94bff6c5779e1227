"""Which line a scan answers, how one walks, what a QR says."""

from __future__ import annotations

from uuid import UUID

import pytest

from storeline.catalog.api import ProductFacts
from storeline.desk.domain import PickLine, collection_of, pick_lines, target
from storeline.fulfilment.api import TaskLine

ORDER = UUID("01890a5d-ac96-774b-bcce-b302099a8057")


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
