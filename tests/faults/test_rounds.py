"""Thirty rounds of kills in every test run; three hundred in `make proof`."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg.conninfo import make_conninfo

from bench.tools.server import serving
from tests.faults.harness import Faults, faults
from tests.faults.shopper import order, post

ROUNDS = 30
WITHIN_S = 20.0


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


@pytest.mark.slow
def test_orders_are_refused_while_the_database_is_gone_and_taken_once_it_is_back(
    engine: Faults, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    database = engine.copy("serving")
    monkeypatch.setenv("DATABASE_URL", make_conninfo(engine.server.url, dbname=database))
    monkeypatch.setenv("STORELINE_VAR", str(tmp_path))
    with engine.server.connect(database) as connection:
        ids = connection.execute(
            "SELECT (SELECT id FROM places_place WHERE ref = 'south'), (SELECT id FROM catalog_product WHERE ref = 'p7')"
        ).fetchone()
    assert ids
    with serving(1) as port:
        assert post(port, order(*ids)) == 201
        engine.server.kill()
        body = order(*ids)
        assert post(port, body) == 503
        engine.server.start()
        assert [post(port, body) for _ in range(3)] == [201, 200, 200]
        with engine.server.connect(database) as connection:
            deadline = time.monotonic() + WITHIN_S
            while connection.execute("SELECT count(*) FROM fulfilment_task").fetchone() != (2,):
                assert time.monotonic() < deadline, "the worker did not find the database again"
                time.sleep(0.1)
