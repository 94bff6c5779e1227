"""Each kind of error is planted and must be seen."""

import pytest

from storeline.kernel import api as kernel
from storeline.ledger import api as ledger
from storeline.ledger.audit import balanced, held, references
from storeline.ledger.tests.factories import ENTITY, PLACE, entry, holding

pytestmark = pytest.mark.django_db


def test_balanced_books_pass():
    ledger.post([entry((ledger.CASH, 5), (ledger.SALES, -5))])
    assert balanced() == kernel.CheckResult(2, (), 0)


def test_an_unbalanced_transaction_is_seen():
    one = entry((ledger.CASH, 5), (ledger.SALES, -5))
    ledger.post([one])
    kernel.run(
        "INSERT INTO ledger_posting (transaction_id, line_no, entity_id, account, currency, amount, business_date,"
        " at, kind, source_id) SELECT transaction_id, 3, entity_id, 'cash', currency, 1, business_date, at, kind,"
        " source_id FROM ledger_posting WHERE line_no = 1"
    )
    result = balanced()
    assert not result.ok
    assert result.differences == (f"transaction {one.transaction_id} of entity {ENTITY} is off by 1 USD",)


def test_a_posting_to_nowhere_is_seen():
    ledger.post([entry((ledger.CASH, 5), (ledger.SALES, -5))])
    assert references().differences == (f"there is no entity {ENTITY}", f"there is no place {PLACE}")


def test_a_holding_that_differs_from_its_postings_is_seen():
    card = holding(100)
    assert held() == kernel.CheckResult(1, (), 0)
    kernel.run("UPDATE ledger_holding SET balance = 101 WHERE id = %s", [card])
    assert held().differences == (f"holding {card} says 101, its postings say 100",)
