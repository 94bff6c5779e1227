from datetime import UTC, date, datetime

import pytest

from storeline.insight.domain import (
    Parts,
    Span,
    Sums,
    change,
    change_of_share,
    minutes_gone,
    per_thousand,
    split,
    total,
)

DAY = date(2026, 3, 3)


def span(first: str, last: str) -> Span:
    return Span(date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    ("shown", "before", "year_before"),
    [
        (span("2026-03-03", "2026-03-03"), span("2026-02-24", "2026-02-24"), span("2025-03-04", "2025-03-04")),
        (span("2026-02-25", "2026-03-03"), span("2026-02-18", "2026-02-24"), span("2025-02-26", "2025-03-04")),
        (span("2026-02-22", "2026-03-03"), span("2026-02-08", "2026-02-17"), span("2025-02-23", "2025-03-04")),
        (span("2025-03-05", "2026-03-03"), span("2024-03-06", "2025-03-04"), span("2024-03-06", "2025-03-04")),
        (span("2025-03-04", "2026-03-03"), span("2024-02-27", "2025-02-25"), None),
    ],
)
def test_a_span_is_compared_with_the_same_weekdays(shown: Span, before: Span, year_before: Span | None) -> None:
    assert shown.before == before
    assert shown.year_before == year_before
    assert shown.before.first.weekday() == shown.first.weekday()


@pytest.mark.parametrize(("days", "step"), [(1, 1), (92, 1), (93, 7)])
def test_long_spans_are_drawn_by_weeks(days: int, step: int) -> None:
    assert Span(DAY, date.fromordinal(DAY.toordinal() + days - 1)).step == step


@pytest.mark.parametrize(
    ("whole", "parts"),
    [
        (span("2026-03-03", "2026-03-03"), Parts((), (span("2026-03-03", "2026-03-03"),))),
        (span("2026-03-01", "2026-03-31"), Parts((date(2026, 3, 1),), ())),
        (span("2026-02-02", "2026-03-30"), Parts((), (span("2026-02-02", "2026-03-30"),))),
        (
            span("2025-12-31", "2026-03-01"),
            Parts(
                (date(2026, 1, 1), date(2026, 2, 1)),
                (span("2025-12-31", "2025-12-31"), span("2026-03-01", "2026-03-01")),
            ),
        ),
        (span("2026-01-01", "2026-02-05"), Parts((date(2026, 1, 1),), (span("2026-02-01", "2026-02-05"),))),
    ],
)
def test_a_span_is_whole_months_and_what_is_left(whole: Span, parts: Parts) -> None:
    assert split(whole) == parts


@pytest.mark.parametrize(
    ("now", "before", "tenths"),
    [
        (104, 100, 40),
        (100, 104, -38),
        (0, 100, -1000),
        (-50, 100, -1500),
        (5, 5, 0),
        (5, 0, None),
        (5, -5, None),
        (5, None, None),
    ],
)
def test_how_far_a_figure_is_from_another(now: int, before: int | None, tenths: int | None) -> None:
    assert change(now, before) == tenths


def test_shares_are_compared_by_points() -> None:
    assert change_of_share(25, 100, 20, 100) == 50
    assert change_of_share(1, 3, 1, 1) == -667
    assert change_of_share(1, 0, 1, 1) is None
    assert change_of_share(1, 1, 0, -5) is None
    assert per_thousand(1, 3) == 333
    assert per_thousand(1, 0) == 0


def test_sums_give_the_figures() -> None:
    sums = total([Sums(baskets=2, net=700, costed=500, cost=300), Sums(baskets=1, net=100, returned_net=250)])
    assert (sums.sales, sums.average, sums.margin) == (550, 267, 200)
    assert total([]) == Sums()
    assert (Sums().average, Sums().margin) == (0, None)
    assert Sums(net=100, returned_net=300).sales == -200


@pytest.mark.parametrize(
    ("moment", "minutes"),
    [
        (datetime(2026, 3, 3, 4, 59, tzinfo=UTC), 0),
        (datetime(2026, 3, 3, 5, 0, tzinfo=UTC), 0),
        (datetime(2026, 3, 3, 15, 30, tzinfo=UTC), 630),
        (datetime(2026, 3, 4, 5, 0, tzinfo=UTC), 1440),
    ],
)
def test_how_much_of_a_day_has_gone_at_a_place(moment: datetime, minutes: int) -> None:
    assert minutes_gone(DAY, moment, "America/New_York") == minutes
