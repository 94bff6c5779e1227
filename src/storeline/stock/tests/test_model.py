"""Any sequence of stock's commands against a plain model of it, in the database."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.db import transaction as django_transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from storeline.kernel.api import new_id, run, transaction
from storeline.stock import api as stock
from storeline.stock.tests.factories import AT, assert_balanced, make_place, make_products, move, post

QUANTITIES = st.integers(1, 5).map(lambda units: units * 1_000)
WHICH = st.integers(0, 1)


class StockMachine(RuleBasedStateMachine):
    """Two products at a place; the model keeps what is on hand and what each source holds, line by line."""

    sources = Bundle("sources")

    def __init__(self) -> None:
        super().__init__()
        self.savepoint = django_transaction.atomic()
        self.savepoint.__enter__()
        self.place: UUID = make_place(f"M{new_id()}")
        self.products: list[UUID] = make_products(2)
        self.on_hand = [0, 0]
        self.held: dict[tuple[UUID, int], tuple[int, int]] = {}

    def teardown(self) -> None:
        django_transaction.set_rollback(True)
        self.savepoint.__exit__(None, None, None)

    def reserved(self, which: int) -> int:
        return sum(quantity for product, quantity in self.held.values() if product == which)

    @initialize(first=QUANTITIES, second=QUANTITIES)
    def open(self, first: int, second: int) -> None:
        for which, quantity in enumerate((first, second)):
            self.come(which, quantity)

    @rule(which=WHICH, quantity=QUANTITIES)
    def come(self, which: int, quantity: int) -> None:
        post(move(self.place, self.products[which], quantity, "receipt"))
        self.on_hand[which] += quantity

    @rule(lines=st.lists(st.tuples(WHICH, QUANTITIES), min_size=1, max_size=3))
    def sell(self, lines: list[tuple[int, int]]) -> None:
        source = new_id()
        post(*[move(self.place, self.products[w], -q, source=source, line=n) for n, (w, q) in enumerate(lines)])
        for which, quantity in lines:
            self.on_hand[which] -= quantity

    @rule(target=sources, lines=st.lists(st.tuples(WHICH, QUANTITIES), min_size=1, max_size=3))
    def reserve(self, lines: list[tuple[int, int]]) -> UUID:
        source = new_id()
        rows = [stock.ReserveRow(source, n, self.place, self.products[w], q) for n, (w, q) in enumerate(lines)]
        written = 0
        with transaction():
            stock.lock([(row.place_id, row.product_id) for row in rows]).result()
            written = stock.reserve(rows).result()
        expected = 0
        for which in (0, 1):
            wanted = sum(q for w, q in lines if w == which)
            if wanted and wanted <= self.on_hand[which] - self.reserved(which):
                mine = {(source, n): (w, q) for n, (w, q) in enumerate(lines) if w == which}
                self.held.update(mine)
                expected += len(mine)
        assert written == expected
        return source

    @rule(some=st.lists(sources, max_size=2))
    def release(self, some: list[UUID]) -> None:
        mine = [key for key in self.held if key[0] in some]
        with transaction():
            assert stock.release(some).result() == len(mine)
        for key in mine:
            del self.held[key]

    @rule(source=sources, line=st.integers(0, 2), quantity=st.integers(0, 5_000))
    def shrink(self, source: UUID, line: int, quantity: int) -> None:
        before = self.held.get((source, line))
        fits = before is not None and quantity <= before[1]
        with transaction():
            assert stock.shrink([stock.ShrinkRow(source, line, quantity)]).result() == int(fits)
        if before is not None and fits:
            self.held[source, line] = (before[0], quantity)
            if not quantity:
                del self.held[source, line]

    @rule(source=sources, extra=st.integers(-500, 500))
    def hand_over(self, source: UUID, extra: int) -> None:
        mine = {key: value for key, value in self.held.items() if key[0] == source}
        rows = [
            move(self.place, self.products[which], -max(quantity + extra, 0), source=source, line=line)
            for (_, line), (which, quantity) in mine.items()
        ]
        with transaction():
            assert stock.settle([source], rows).result() == len(mine)
        for row, (key, (which, _)) in zip(rows, mine.items(), strict=True):
            self.on_hand[which] += row.quantity
            del self.held[key]

    @rule(which=WHICH, quantity=st.integers(0, 9_000))
    def count(self, which: int, quantity: int) -> None:
        difference = quantity - self.on_hand[which]
        post(move(self.place, self.products[which], difference, "count"))
        self.on_hand[which] = quantity

    @invariant()
    def agrees(self) -> None:
        levels = stock.levels(self.place, self.products)
        for which, product in enumerate(self.products):
            found = levels.get(product, stock.Level(0, 0))
            assert (found.on_hand, found.reserved) == (self.on_hand[which], self.reserved(which))
        self.exceptions_agree()
        assert_balanced()

    def exceptions_agree(self) -> None:
        expected: dict[tuple[UUID, str], int] = {}
        for which, product in enumerate(self.products):
            for kind, quantity in stock.shortfalls(stock.Level(self.on_hand[which], self.reserved(which))).items():
                expected[product, kind.value] = quantity
        found: dict[tuple[UUID, str], int] = {}
        for one in stock.exceptions(place_id=self.place):
            found[one.product_id, one.kind] = one.quantity
            if one.kind == "below_reserved":
                assert sum(row["quantity"] for row in one.reservations) >= one.quantity
                assert self.newest_first(one.reservations, one.product_id)
        assert found == expected

    def newest_first(self, at_risk: list[dict[str, Any]], product: UUID) -> bool:
        mine = sorted((key for key, (which, _) in self.held.items() if self.products[which] == product), reverse=True)
        return [(UUID(row["source_id"]), row["line_no"]) for row in at_risk] == mine[: len(at_risk)]


@pytest.mark.django_db
def test_stock_agrees_with_its_model():
    assert AT.tzinfo is not None
    run("SELECT 1")
    run_state_machine_as_test(
        StockMachine,
        settings=settings(
            max_examples=20, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
