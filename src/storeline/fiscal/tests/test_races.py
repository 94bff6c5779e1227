"""Receipts issued at once from many threads: no gap, no double, a chain that holds."""

import pytest

from storeline.fiscal import api as fiscal
from storeline.fiscal.audit import chained, without_gaps
from storeline.fiscal.tests.factories import document, numbers
from storeline.kernel.tests.factories import race

pytestmark = pytest.mark.django_db(transaction=True)
THREADS = 8


def issue(batches):
    return lambda: sum(fiscal.issue_documents(batch) for batch in batches)


def test_eight_threads_number_without_gap_or_double():
    sets = [[[document("web", minutes=n), document(f"till-{n % 3}")] for n in range(5)] for _ in range(THREADS)]
    assert race(*map(issue, sets)) == [10] * THREADS
    web = [one for batches in sets for batch in batches for one in batch if one.series == "web"]
    assert sorted(int(number) for number in numbers(*web) if number) == list(range(1, 5 * THREADS + 1))
    assert without_gaps().ok
    assert chained().ok
    assert chained().checked == 10 * THREADS


def test_the_same_documents_from_all_sides_get_one_receipt_each():
    documents = [document("web", minutes=n) for n in range(10)]
    back = list(reversed(documents))
    issued = race(*[issue([documents] if index % 2 else [back]) for index in range(THREADS)])
    assert sorted(issued) == [0] * (THREADS - 1) + [10]
    assert numbers(*documents) == [str(n) for n in range(1, 11)]
    assert without_gaps().ok
    assert chained().ok


def test_sets_that_share_series_in_opposite_orders_do_not_lock_each_other_out():
    there = [[document(f"till-{n}", minutes=n) for n in range(6)] for _ in range(4)]
    back = [[document(f"till-{n}", minutes=-n) for n in reversed(range(6))] for _ in range(4)]
    assert race(*[issue([one]) for one in there + back]) == [6] * THREADS
    assert without_gaps().ok
    assert chained().ok
