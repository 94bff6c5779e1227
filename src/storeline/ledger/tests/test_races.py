"""Races on real threads: value held cannot be spent twice, nor a transfer be posted twice."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from storeline.kernel import api as kernel
from storeline.ledger import api as ledger
from storeline.ledger.audit import balanced, held
from storeline.ledger.tests.factories import balance_of, holding, transfer

pytestmark = pytest.mark.django_db(transaction=True)
THREADS = 8


def race(*sets):
    """Send each set of transfers from a thread of its own, all at once; every verdict's code, counted."""
    barrier = Barrier(len(sets))

    def send(moves):
        try:
            barrier.wait(10)
            return [verdict.code for verdict in ledger.transfer(moves, actor=kernel.SYSTEM)]
        finally:
            connection.close()

    with ThreadPoolExecutor(len(sets)) as pool:
        return Counter(code for codes in pool.map(send, sets) for code in codes)


def test_a_holding_is_spent_exactly_once():
    card, shop = holding(100), holding()
    codes = race(*[[transfer(card, shop, 10) for _ in range(5)] for _ in range(THREADS)])
    assert codes == {"posted": 10, "insufficient": 30}
    assert (balance_of(card), balance_of(shop)) == (0, 100)
    assert held().ok
    assert balanced().ok


def test_the_same_transfer_from_all_sides_is_posted_once():
    card, shop = holding(100), holding()
    move = transfer(card, shop, 70)
    assert race(*[[move] for _ in range(THREADS)]) == {"posted": 1, "known": THREADS - 1}
    assert (balance_of(card), balance_of(shop)) == (30, 70)


def test_transfers_in_opposite_directions_do_not_lock_each_other_out():
    one, two = holding(1000), holding(1000)
    there = [transfer(one, two, 1) for _ in range(10)]
    back = [transfer(two, one, 1) for _ in range(10)]
    codes = race(*[there if index % 2 else back for index in range(THREADS)])
    assert codes == {"posted": 20, "known": 60}
    assert (balance_of(one), balance_of(two)) == (1000, 1000)
