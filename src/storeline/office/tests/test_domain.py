"""What addresses ask for."""

from datetime import date
from urllib.parse import parse_qsl

import pytest

from storeline.insight.api import Span
from storeline.office.domain import Asked, read

DAY = date(2026, 3, 3)
YESTERDAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("given", "span"),
    [
        ({}, Span(DAY, DAY)),
        ({"range": "week"}, Span(date(2026, 2, 24), YESTERDAY)),
        ({"range": "year", "day": "2026-01-31"}, Span(date(2025, 2, 2), date(2026, 1, 31))),
        ({"day": "2026-01-31"}, Span(date(2026, 1, 31), date(2026, 1, 31))),
        ({"range": "custom", "from": "2026-01-01", "to": "2026-01-31"}, Span(date(2026, 1, 1), date(2026, 1, 31))),
    ],
)
def test_which_days_are_asked_for(given: dict[str, str], span: Span) -> None:
    asked = read(given)
    assert asked.span(DAY, YESTERDAY) == span
    assert asked.wrong == ""


@pytest.mark.parametrize(
    ("given", "wrong", "shown"),
    [
        ({"range": "century"}, "range", "day"),
        ({"day": "yesterday"}, "day", "day"),
        ({"day": "0001-01-01"}, "day", "day"),
        ({"range": "year", "day": "9999-12-31"}, "day", "year"),
        ({"range": "custom", "from": "2026-02-30", "to": "2026-03-01"}, "from", "month"),
        ({"range": "custom", "from": "2026-03-02", "to": "2026-03-01"}, "from", "month"),
        ({"range": "custom", "from": "2020-03-02", "to": "2026-03-01"}, "from", "month"),
        ({"range": "custom", "from": "2026-03-02"}, "to", "month"),
    ],
)
def test_what_cannot_be_read_is_named_and_the_page_still_shows_something(
    given: dict[str, str], wrong: str, shown: str
) -> None:
    asked = read(given)
    assert (asked.wrong, asked.range) == (wrong, shown)
    assert asked.span(DAY, YESTERDAY).days in (1, 28, 364)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?day=2026-03-03",
        "?range=year&region=OH&channel=web",
        "?range=custom&from=2026-01-01&to=2026-01-31&place=a%26b",
    ],
)
def test_an_address_holds_all_of_it(query: str) -> None:
    assert read(dict(parse_qsl(query.removeprefix("?")))).query() == query


def test_an_address_changes_one_thing() -> None:
    asked = Asked(range="week", region="OH", day=DAY)
    assert asked.query(region=None) == "?range=week&day=2026-03-03"
    assert asked.query(range=None, day="2026-03-01") == "?day=2026-03-01&region=OH"
