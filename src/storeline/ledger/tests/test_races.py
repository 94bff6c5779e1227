"""Races on real threads: value held cannot be spent twice, nor a transfer be posted twice."""

from collections import Counter
from functools import partial

import pytest

from storeline.kernel import api as kernel
from storeline.kernel.tests.factories import race
from storeline.ledger import api as ledger
from storeline.ledger.audit import balanced, held
from storeline.ledger.tests.factories import balance_of, holding, transfer

pytestmark = pytest.mark.django_db(transaction=True)
THREADS = 8


def send_all(*sets):
    """Send each set of transfers from a thread of its own, all at once; every verdict's code, counted."""
    verdicts = race(*[partial(ledger.transfer, moves, actor=kernel.SYSTEM) for moves in sets])
    return Counter(verdict.code for some in verdicts for verdict in some)


def test_a_holding_is_spent_exactly_once():
    card, shop = holding(100), holding()
    codes = send_all(*[[transfer(card, shop, 10) for _ in range(5)] for _ in range(THREADS)])
    assert codes == {"posted": 10, "insufficient": 30}
    assert (balance_of(card), balance_of(shop)) == (0, 100)
    assert held().ok
    assert balanced().ok


def test_the_same_transfer_from_all_sides_is_posted_once():
    card, shop = holding(100), holding()
    move = transfer(card, shop, 70)
    assert send_all(*[[move] for _ in range(THREADS)]) == {"posted": 1, "known": THREADS - 1}
    assert (balance_of(card), balance_of(shop)) == (30, 70)


def test_transfers_in_opposite_directions_do_not_lock_each_other_out():
    one, two = holding(1000), holding(1000)
    there = [transfer(one, two, 1) for _ in range(10)]
    back = [transfer(two, one, 1) for _ in range(10)]
    codes = send_all(*[there if index % 2 else back for index in range(THREADS)])
    assert codes == {"posted": 20, "known": 60}
    assert (balance_of(one), balance_of(two)) == (1000, 1000)
