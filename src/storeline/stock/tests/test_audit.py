"""Each kind of error, planted and seen."""

from __future__ import annotations

import pytest

from storeline.kernel.api import new_id, run
from storeline.stock import audit
from storeline.stock.tests.factories import hold, make_place, make_products, move, post, put

pytestmark = pytest.mark.django_db


@pytest.fixture
def traded():
    place, [product, other] = make_place(), make_products(2)
    put(place, product, 5_000)
    hold(place, product, 2_000)
    post(move(place, product, -4_000))
    put(place, other, 1_000)
    return place, product


def test_sound_books_pass(traded):
    results = {check: check() for check in (audit.balances, audit.reserved, audit.shortfalls, audit.references)}
    assert [(result.ok, result.checked) for result in results.values()] == [(True, 2), (True, 1), (True, 1), (True, 2)]


@pytest.mark.parametrize(
    ("check", "damage", "words"),
    [
        (
            audit.balances,
            "UPDATE stock_balance SET on_hand = on_hand + 1 WHERE reserved > 0",
            "1.001 on hand, movements say 1",
        ),
        (audit.balances, "DELETE FROM stock_movement WHERE kind = 'sale'", "1 on hand, movements say 5"),
        (audit.balances, "DELETE FROM stock_balance WHERE reserved > 0", "0 on hand, movements say 1"),
        (audit.reserved, "UPDATE stock_balance SET reserved = 3000 WHERE reserved > 0", "3 reserved, held are 2"),
        (audit.reserved, "UPDATE stock_reservation SET state = 'released'", "2 reserved, held are 0"),
        (audit.shortfalls, "DELETE FROM stock_exception", "below_reserved by 1, its exception says 0"),
        (audit.shortfalls, "UPDATE stock_exception SET quantity = 2", "below_reserved by 1, its exception says 0.002"),
        (audit.shortfalls, "UPDATE stock_exception SET closed_at = now()", "below_reserved by 1, its exception says 0"),
        (audit.shortfalls, "UPDATE stock_balance SET reserved = 0", "below_reserved by 0, its exception says 1"),
        (audit.shortfalls, "UPDATE stock_exception SET reservations = '[]'", "the promises at risk are not named"),
        (
            audit.references,
            "UPDATE stock_balance SET product_id = uuidv7() WHERE reserved > 0",
            "there is no such product",
        ),
    ],
)
def test_planted_damage_is_found(traded, check, damage, words):
    run(damage)
    result = check()
    assert (result.ok, result.count) == (False, 1)
    assert words in result.differences[0]


def test_a_place_that_is_gone_is_found():
    post(move(new_id(), make_products(1)[0], 1_000, "receipt"))
    assert "there is no such place" in audit.references().differences[0]
