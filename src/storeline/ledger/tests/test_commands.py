from dataclasses import replace
from datetime import date

import pytest
from psycopg import DatabaseError, IntegrityError

from storeline.kernel import api as kernel
from storeline.ledger import api as ledger
from storeline.ledger.tests.factories import AT, DAY, ENTITY, PLACE, balance_of, entry, holding, rows, transfer

pytestmark = pytest.mark.django_db

SALE = ((ledger.CASH, 1080), (ledger.SALES, -1000), (ledger.TAX_PAYABLE, -80))


def test_post_writes_every_line_once_however_often_it_is_repeated():
    one = entry(*SALE)
    ledger.post([one])
    ledger.post([one])
    assert rows() == [
        (one.transaction_id, 1, "cash", 1080, None),
        (one.transaction_id, 2, "sales", -1000, None),
        (one.transaction_id, 3, "tax_payable", -80, None),
    ]


def test_post_is_one_statement_in_the_callers_pipeline():
    with kernel.waits() as count, kernel.pipeline():
        ledger.post([entry(*SALE) for _ in range(50)])
    assert count.waits == 1
    assert len(rows()) == 150


def test_a_refused_set_posts_nothing():
    with pytest.raises(ledger.Unbalanced):
        ledger.post([entry(*SALE), entry((ledger.CASH, 1))])
    assert rows() == []


def test_the_same_transaction_with_other_contents_is_refused_and_changes_nothing():
    one = entry(*SALE)
    ledger.post([one])
    before = rows()
    with pytest.raises(IntegrityError, match="is in the books"), kernel.transaction():
        ledger.post([replace(one, postings=((ledger.CASH, 1), (ledger.SALES, -1)))])
    assert rows() == before


@pytest.mark.parametrize("sql", ["UPDATE ledger_posting SET amount = amount + 1", "DELETE FROM ledger_posting"])
def test_a_posting_cannot_be_changed_or_deleted(sql):
    ledger.post([entry(*SALE)])
    before = rows()
    with pytest.raises(DatabaseError, match="is in the books"), kernel.transaction():
        kernel.run(sql)
    assert rows() == before


def test_an_account_of_the_retailers_own_can_be_posted_to_once_it_is_added():
    one = entry(("petty_cash", 5), (ledger.CASH, -5))
    with pytest.raises(ledger.UnknownAccount):
        ledger.post([one])
    ledger.add_accounts([ledger.Account("petty_cash", "Petty cash", "asset")], actor=kernel.SYSTEM)
    ledger.post([one])
    assert [row[2:4] for row in rows()] == [("petty_cash", 5), ("cash", -5)]


def test_adding_an_account_needs_the_permission():
    with pytest.raises(kernel.Forbidden):
        ledger.add_accounts([ledger.Account("petty_cash", "Petty cash", "asset")], actor=kernel.GUEST)
    assert "petty_cash" not in {account.code for account in ledger.accounts()}


def test_the_chart_in_the_database_is_the_one_in_the_code():
    assert {account.code: account for account in ledger.accounts()} == dict(ledger.CHART)


# --- imports -------------------------------------------------------------------------------------------


def stage(*lines: tuple[object, ...]) -> None:
    kernel.run(f"CREATE TEMP TABLE IF NOT EXISTS rec_postings ({ledger.POSTINGS_IN}) ON COMMIT DROP")
    kernel.run("TRUNCATE pg_temp.rec_postings")
    for transaction_id, line_no, account, amount in lines:
        kernel.run(
            "INSERT INTO pg_temp.rec_postings VALUES (%s, %s, %s, %s, %s, 'USD', %s, %s, %s, 'sale', %s)",
            [transaction_id, line_no, ENTITY, PLACE, account, amount, DAY, AT, transaction_id],
        )


def test_record_takes_in_a_staged_set_and_a_repeat_of_it_adds_nothing():
    one = kernel.new_id()
    stage((one, 1, "cash", 300), (one, 2, "sales", -300), (one, 3, "tax_payable", 0))
    assert ledger.record_from_temp() == 2
    assert ledger.record_from_temp() == 0
    assert rows() == [(one, 1, "cash", 300, None), (one, 2, "sales", -300, None)]


def test_record_refuses_the_whole_set_for_one_unbalanced_transaction():
    good, bad = kernel.new_id(), kernel.new_id()
    stage((good, 1, "cash", 300), (good, 2, "sales", -300), (bad, 1, "cash", 300), (bad, 2, "sales", -299))
    with pytest.raises(ledger.Unbalanced, match=f"the first, {bad}, is off by 1 USD"):
        ledger.record_from_temp()
    assert rows() == []


def test_record_refuses_an_unknown_account():
    one = kernel.new_id()
    stage((one, 1, "petty_cash", 300), (one, 2, "sales", -300))
    with pytest.raises(ledger.UnknownAccount):
        ledger.record_from_temp()
    assert rows() == []


# --- reads ---------------------------------------------------------------------------------------------


def test_balances_and_trial_balance_stand_at_the_end_of_a_business_day():
    ledger.post([entry(*SALE), entry(*SALE, day=date(2026, 3, 5)), entry(*SALE, currency="EUR")])
    assert ledger.balances(ENTITY, DAY) == [
        ledger.Balance(ENTITY, "EUR", "cash", 1080),
        ledger.Balance(ENTITY, "EUR", "sales", -1000),
        ledger.Balance(ENTITY, "EUR", "tax_payable", -80),
        ledger.Balance(ENTITY, "USD", "cash", 1080),
        ledger.Balance(ENTITY, "USD", "sales", -1000),
        ledger.Balance(ENTITY, "USD", "tax_payable", -80),
    ]
    _, dollars = ledger.trial_balance(ENTITY)
    assert (dollars.currency, dollars.debit, dollars.credit) == ("USD", 2160, 2160)
    assert dollars.lines[0] == ledger.TrialLine("cash", "Cash in tills and safes", "asset", 2160, 0)


def test_postings_of_a_source():
    one = entry(*SALE)
    ledger.post([one, entry(*SALE)])
    assert [(line.account, line.amount) for line in ledger.postings_of([one.source_id])] == list(SALE)


# --- value held ----------------------------------------------------------------------------------------


def test_a_transfer_moves_value_and_posts_it():
    card, other = holding(1000), holding()
    move = transfer(card, other, 400)
    assert ledger.transfer([move], actor=kernel.SYSTEM) == [ledger.TransferVerdict(move.id, "posted")]
    assert (balance_of(card), balance_of(other)) == (600, 400)
    assert [row for row in rows() if row[0] == move.id] == [
        (move.id, 1, "prepaid", 400, card),
        (move.id, 2, "prepaid", -400, other),
    ]


def test_a_repeated_transfer_is_known_and_a_different_one_under_its_id_is_told():
    card, other = holding(1000), holding()
    move = transfer(card, other, 400)
    ledger.transfer([move], actor=kernel.SYSTEM)
    again = ledger.transfer([move, replace(move, amount=1)], actor=kernel.SYSTEM)
    assert [verdict.code for verdict in again] == ["known", "changed"]
    assert (balance_of(card), balance_of(other)) == (600, 400)


def test_a_refused_transfer_changes_nothing_and_the_others_stand():
    card, other = holding(100), holding()
    before = rows()
    moves = [transfer(card, other, 101), transfer(card, other, 100), transfer(card, other, 1)]
    assert [v.code for v in ledger.transfer(moves, actor=kernel.SYSTEM)] == ["insufficient", "posted", "insufficient"]
    assert (balance_of(card), balance_of(other)) == (0, 100)
    assert len(rows()) == len(before) + 2


def test_a_set_of_transfers_takes_two_waits():
    cards = [holding(100) for _ in range(4)]
    moves = [transfer(cards[index % 4], cards[(index + 1) % 4], 1) for index in range(200)]
    with kernel.waits() as count:
        ledger.transfer(moves, actor=kernel.SYSTEM)
    assert count.waits == 2


def test_transferring_needs_the_permission():
    card, other = holding(100), holding()
    with pytest.raises(kernel.Forbidden):
        ledger.transfer([transfer(card, other, 1)], actor=kernel.GUEST)
    assert balance_of(card) == 100


def test_the_database_itself_refuses_a_negative_holding():
    card = holding(100)
    with pytest.raises(IntegrityError), kernel.transaction():
        kernel.run("UPDATE ledger_holding SET balance = -1 WHERE id = %s", [card])
    assert balance_of(card) == 100
