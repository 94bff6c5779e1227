"""The trail read again: filters, pages, and every action that it has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from storeline.kernel.api import (
    SYSTEM,
    Actor,
    WantedDeeds,
    clock_at,
    known_actions,
    list_deeds,
    new_id,
    trail,
)

pytestmark = pytest.mark.django_db
AT = datetime(2024, 3, 15, 12, tzinfo=UTC)
ANN = Actor("user", new_id())


def test_deeds_are_found_by_everything_that_they_say() -> None:
    subject, place = new_id(), new_id()
    for hours, (actor, action, key, at) in enumerate(
        [(SYSTEM, "a.x", subject, None), (ANN, "a.y", new_id(), place), (ANN, "ab.z", subject, None)]
    ):
        with clock_at(AT + timedelta(hours=hours)):
            trail(actor, action, key, place_id=at, detail={"n": hours})

    def found(**only: object) -> list[int]:
        return [deed.detail["n"] for deed in list_deeds(WantedDeeds(**only))]  # type: ignore[arg-type]

    assert found() == [2, 1, 0]
    assert found(actor_id=ANN.id) == [2, 1]
    assert found(actor_kind="system") == [0]
    assert (found(action="a."), found(action="a.y"), found(action="a")) == ([1, 0], [1], [])
    assert found(subject_ids=[subject]) == [2, 0]
    assert (found(places=[place]), found(places=[])) == ([1], [])
    assert found(since=AT + timedelta(hours=1), until=AT + timedelta(hours=2)) == [1]
    assert known_actions() == ["a.x", "a.y", "ab.z"]


def test_pages_go_on_where_the_last_ended_even_within_a_moment() -> None:
    with clock_at(AT):
        for number in range(5):
            trail(SYSTEM, "a.x", new_id(), detail={"n": number})
    seen = []
    before = None
    while page := list_deeds(before=before, limit=2):
        seen += [deed.detail["n"] for deed in page]
        before = (page[-1].at, page[-1].id)
    assert seen == [4, 3, 2, 1, 0]
    assert list_deeds(WantedDeeds(action="a.z")) == []
