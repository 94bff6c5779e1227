"""Thirty rounds of kills in every test run; three hundred in `make proof`."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from uuid import UUID

import pytest
from psycopg.conninfo import make_conninfo

from bench.tools.server import serving
from tests.faults.harness import DEEDS, FIRST, Faults, faults, own_database
from tests.faults.shop import FEW_USES, HOT
from tests.faults.shopper import order, post, post_all
from tests.faults.template import SLOT_ROOM

ROUNDS = 30
CALLS = 30
"""So many of rivals are in each round's history, at the least."""
WITHIN_S = 20.0
pytestmark = [pytest.mark.slow, pytest.mark.django_db]  # the second only so that there is a migrated database to copy


@pytest.fixture(scope="module")
def engine(django_db_setup: None) -> Iterator[Faults]:
    with faults("test", migrated=own_database()) as made:
        yield made


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
    assert sum(one.verdict["deeds"].get("reject", 0) for one in rounds) >= ROUNDS
    assert sum(one.verdict["deeds"].get("supply", 0) for one in rounds) >= ROUNDS // 3
    assert all(one.at[0] >= FIRST for one in rounds)
    assert all(one.verdict["operations"] >= DEEDS for one in rounds)
    assert all(one.verdict["calls"] >= CALLS for one in rounds)
    assert sum(one.verdict["unheard"] for one in rounds) >= ROUNDS
    assert sum(one.verdict["jumps"] for one in rounds) >= ROUNDS
    assert sum(one.verdict["repeats"] for one in rounds) >= ROUNDS


_PLANTED = """
SET session_replication_role = replica;
DELETE FROM orders_order WHERE id = (SELECT id FROM orders_order WHERE source <> 'import' LIMIT 1);
INSERT INTO kernel_event (type, subject_id, at, payload)
    SELECT type, subject_id, at, payload FROM kernel_event WHERE type = 'orders.completed' LIMIT 1;
UPDATE stock_balance SET on_hand = on_hand + 1000 WHERE (place_id, product_id) = (
    SELECT place_id, product_id FROM stock_balance b WHERE on_hand > reserved
    AND product_id <> (SELECT id FROM catalog_product WHERE ref = 'prize') LIMIT 1);
UPDATE stock_reservation SET quantity = quantity + 1000 WHERE (source_id, line_no) = (
    SELECT r.source_id, r.line_no FROM stock_reservation r JOIN catalog_product p ON p.id = r.product_id
    WHERE p.ref = 'prize' AND r.state = 'released' LIMIT 1)
"""
_FOUND = {
    "lost": "and is not there",
    "doubled": "an order's event: orders.completed of",
    "audit": "stock.balances: ",
    "history": "('look',) was answered",
}


def test_what_is_planted_is_found(engine: Faults) -> None:
    verdict = engine.round(1000, _PLANTED).verdict
    for kind, words in _FOUND.items():
        assert any(words in text for text in verdict[kind]), (kind, verdict[kind])


class Served:
    """The product's own server on a database of its own, and what there is to order from it."""

    def __init__(self, engine: Faults, port: int, database: str) -> None:
        self.engine, self.port, self.database = engine, port, database

    def ids(self, sql: str) -> list[UUID]:
        with self.engine.server.connect(self.database) as connection:
            return [row[0] for row in connection.execute(sql.encode())]


@pytest.fixture(scope="module")
def served(engine: Faults, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    database = engine.copy("serving")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("STORELINE_VAR", str(tmp_path_factory.mktemp("var")))
        with serving(1, address=make_conninfo(engine.server.url, dbname=database)) as port:
            yield Served(engine, port, database)


def test_races_over_http_for_a_slot_a_coupon_the_last_unit_and_an_id(served: Served) -> None:
    [place] = served.ids("SELECT id FROM places_place WHERE ref = 'south'")
    [hot] = served.ids("SELECT id FROM catalog_product WHERE ref = 'p1'")
    [plenty] = served.ids("SELECT id FROM catalog_product WHERE ref = 'p8'")
    slot = served.ids(f"SELECT id FROM capacity_slot WHERE place_id = '{place}' ORDER BY starts_at DESC")[0]
    few = {"coupons": ["FEW"], "expected_total": "2.25"}
    twin = order(place, plenty)
    assert post_all(served.port, [order(place, plenty, slot=str(slot)) for _ in range(20)]) == {201: SLOT_ROOM, 409: 17}
    assert post_all(served.port, [order(place, plenty, **few) for _ in range(20)]) == {
        201: FEW_USES,
        409: 20 - FEW_USES,
    }
    assert post_all(served.port, [order(place, hot) for _ in range(HOT + 20)]) == {201: HOT, 409: 20}
    assert post_all(served.port, [twin] * 20) == {201: 1, 200: 19}
    assert post_all(served.port, [twin.replace(b'"1"', b'"2"')] * 5) == {422: 5}


def test_orders_are_refused_while_the_database_is_gone_and_taken_once_it_is_back(served: Served) -> None:
    [place] = served.ids("SELECT id FROM places_place WHERE ref = 'south'")
    [product] = served.ids("SELECT id FROM catalog_product WHERE ref = 'p7'")
    assert post(served.port, order(place, product)) == 201
    served.engine.server.kill()
    body = order(place, product)
    assert post(served.port, body) == 503
    served.engine.server.start()
    assert [post(served.port, body) for _ in range(3)] == [201, 200, 200]
    deadline = time.monotonic() + WITHIN_S
    orders, tasks = "SELECT id FROM orders_order ORDER BY id", "SELECT order_id FROM fulfilment_task ORDER BY order_id"
    while served.ids(orders) != served.ids(tasks):
        assert time.monotonic() < deadline, "the worker did not find the database again"
        time.sleep(0.1)
