"""What a partner is owed, to the cent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from storeline.consignment.domain import Back, Given, Lost, Sold, Where, loss_line, return_lines, rounded, sale_line

WHERE = Where(UUID(int=1), UUID(int=2), UUID(int=3), UUID(int=4), UUID(int=5), "EUR")
DAY, AT = date(2026, 3, 3), datetime(2026, 3, 3, 12, tzinfo=UTC)
ORDER = (UUID(int=9), 1)
SOLD = Sold(ORDER, WHERE, 3_000, 1_000, 333, DAY, AT)


def back(net: int, **changes: Any) -> Back:
    """A third of the sale, back."""
    line = Back((UUID(int=10), 1), WHERE, 1_000, net, 333, DAY, AT, ORDER, 1_000, 333, restock=True, value=None)
    return replace(line, **changes)


def test_a_sale_is_owed_less_the_commission_rounded_half_up():
    line = sale_line(SOLD)
    assert (line.net, line.commission, line.owed) == (1_000, 333, 667)
    assert sale_line(replace(SOLD, net=1, commission=500)).commission == 1
    assert [rounded(number, 2) for number in (-3, -1, 0, 1, 3)] == [-2, -1, 0, 1, 2]


@pytest.mark.parametrize("parts", [(1_000,), (333, 333, 334), (1, 1, 998), (0, 1_000)])
def test_all_that_comes_back_gives_back_all_that_was_kept(parts: tuple[int, ...]):
    given = Given()
    lines = [line for part in parts for line in return_lines([back(part)], given)]
    assert (sum(line.net for line in lines), sum(line.commission for line in lines)) == (-1_000, -333)
    assert all(line.commission <= 0 for line in lines)


def test_what_comes_back_without_a_sale_goes_by_todays_terms_and_what_cannot_be_sold_again_is_lost():
    lines = return_lines([back(200, sale=None, commission=250, restock=False, value=80)], Given())
    assert [(line.kind, line.quantity, line.owed) for line in lines] == [("return", -1_000, -150), ("loss", 1_000, 80)]


def test_what_is_missing_is_owed_at_its_value_by_whoever_bears_it_and_what_is_found_is_not():
    lost = Lost(ORDER, WHERE, 1_500, 99, DAY, AT)
    assert loss_line(lost).owed == 149
    assert loss_line(replace(lost, quantity=-1_500)).owed == -149
    assert loss_line(replace(lost, value=None)).owed == 0
