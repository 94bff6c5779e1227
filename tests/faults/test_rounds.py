"""Thirty rounds of kills in every test run; three hundred in `make proof`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.faults.harness import Faults, faults

ROUNDS = 30


@pytest.fixture(scope="module")
def engine() -> Iterator[Faults]:
    with faults("test") as made:
        yield made


@pytest.mark.slow
def test_nothing_that_was_acknowledged_is_lost_or_doubled_and_the_books_balance(engine: Faults) -> None:
    rounds = [engine.round(number) for number in range(ROUNDS)]
    found = [f"round {one.number}: {text}" for one in rounds for text in one.found]
    assert not found, "\n".join(found[:20]) + f"\nlogs are in {engine.folder}"
    kills: Counter[str] = Counter()
    for one in rounds:
        kills.update(one.kills)
    # The rounds are worth something only if they were hit where it hurts.
    assert kills["server"] == ROUNDS // 3
    assert kills["backend"] >= ROUNDS // 3 - 2
    assert kills["worker"] >= ROUNDS // 3
    assert sum(one.verdict["deeds"].get("import", 0) for one in rounds) >= ROUNDS // 2
    assert all(one.verdict["operations"] for one in rounds)


_PLANTED = {
    "lost": "DELETE FROM orders_order WHERE id = (SELECT id FROM orders_order WHERE source <> 'import' LIMIT 1)",
    "doubled": """INSERT INTO kernel_event (type, subject_id, at, payload)
        SELECT type, subject_id, at, payload FROM kernel_event WHERE type = 'orders.completed' LIMIT 1""",
    "audit": """UPDATE stock_balance SET on_hand = on_hand + 1000 WHERE (place_id, product_id) =
        (SELECT place_id, product_id FROM stock_balance WHERE on_hand > reserved LIMIT 1)""",
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", _PLANTED)
def test_what_is_planted_is_found(engine: Faults, kind: str) -> None:
    spoiled = engine.round(
        1000 + list(_PLANTED).index(kind), f"SET session_replication_role = replica; {_PLANTED[kind]}"
    )
    assert spoiled.verdict[kind], spoiled.found
