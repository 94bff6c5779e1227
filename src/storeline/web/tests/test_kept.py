"""What a kept page is kept by: all that it shows, and nothing that merely looks alike."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, NamedTuple

import pytest
from django.utils.functional import lazystr
from django.utils.safestring import mark_safe

from storeline.web import kept
from storeline.web.kept import frozen


@dataclass(frozen=True, slots=True)
class _Fact:
    name: str
    names: Any = None


class _Pair(NamedTuple):
    first: object
    second: object


NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, True),
        (1, 1.0),
        ("a", mark_safe("a")),
        (NOON, NOON.astimezone(timezone(timedelta(hours=1)))),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),  # shown in another order
        ({"a": [1]}, {"a": [2]}),
        (_Fact("a", {"fr": "b"}), _Fact("a", {"fr": "c"})),
        (_Fact("a"), _Pair("a", None)),
        (_Pair(1, [2]), _Pair(1, [3])),
        ([], {}),
        (date(2026, 1, 2), date(2026, 1, 3)),
    ],
)
def test_what_shows_something_else_is_something_else(one: Any, other: Any) -> None:
    assert frozen(one) != frozen(other)


def test_what_shows_the_same_is_the_same() -> None:
    fact = _Fact("a", {"fr": "b"})
    assert frozen({"at": fact, "lines": [fact, None]}) == frozen({"at": replace(fact), "lines": [replace(fact), None]})
    assert hash(frozen([fact])) == hash(frozen([replace(fact)]))


@pytest.mark.parametrize("value", [lazystr("a"), object(), {1, 2}, [iter("a")], _Fact("a", lambda: 1)])
def test_what_cannot_be_told_apart_is_not_kept(value: Any) -> None:
    if isinstance(value, _Fact):
        value = replace(value, names=[value.names])
    with pytest.raises(kept._NotKnownError):
        frozen(value)
