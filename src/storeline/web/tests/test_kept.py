"""What a kept page is kept by: all that it shows, and nothing that merely looks alike."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, NamedTuple

import pytest
from django.utils.functional import lazystr
from django.utils.safestring import mark_safe
from django.utils.translation import override

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


def test_a_part_is_drawn_once_for_what_it_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Any] = []

    def draw(template: str, values: Any) -> str:
        drawn.append(values)
        return f"{template}{len(drawn)}"

    monkeypatch.setattr(kept, "render_to_string", draw)
    kept.forget()
    said = [kept.part("row", {"row": _Fact("a"), "zone": zone}) for zone in ("UTC", "UTC", "Asia/Tokyo")]
    assert [str(one) for one in said] == ["row1", "row1", "row2"]
    with override("fr"):
        assert str(kept.part("row", {"row": _Fact("a"), "zone": "UTC"})) == "row3"
    told = [kept.part("row", {"row": object()}) for _ in range(2)]  # what cannot be told apart
    assert [str(one) for one in told] == ["row4", "row5"]


def test_a_store_lets_go_of_what_was_asked_for_longest_ago() -> None:
    store: kept.Store[int] = kept.Store(2)
    drawn: list[str] = []

    def asked_for(key: str) -> None:
        def draw() -> int:
            drawn.append(key)
            return 0

        store.get(key, draw)

    for key in "abacab":
        asked_for(key)
    assert drawn == ["a", "b", "c", "b"]
