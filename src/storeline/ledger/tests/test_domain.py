from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storeline.kernel import api as kernel
from storeline.ledger import api as ledger
from storeline.ledger.domain import LARGEST, Holding, decide_transfers, lines_of
from storeline.ledger.tests.factories import ENTITY, OTHER_ENTITY, entry, transfer

ACCOUNTS = st.sampled_from(sorted(ledger.CHART))
AMOUNTS = st.integers(-(10**15), 10**15)


@given(st.lists(st.tuples(ACCOUNTS, AMOUNTS), max_size=6), ACCOUNTS)
def test_a_balanced_entry_gives_its_lines_less_the_zeros(postings, last):
    rest = -sum(amount for _, amount in postings)
    given_postings = (*postings, (last, rest))
    lines = lines_of([entry(*given_postings)])
    assert [(line.account, line.amount) for line in lines] == [one for one in given_postings if one[1]]
    assert [line.line_no for line in lines] == list(range(1, len(lines) + 1))
    assert sum(line.amount for line in lines) == 0


@given(st.lists(st.tuples(ACCOUNTS, AMOUNTS), min_size=1, max_size=6))
def test_an_entry_is_refused_exactly_when_it_does_not_sum_to_zero(postings):
    off = sum(amount for _, amount in postings)
    if off:
        with pytest.raises(ledger.Unbalanced) as caught:
            lines_of([entry(*postings)])
        assert caught.value.code == "unbalanced"
        assert f"off by {off} USD" in caught.value.detail
    else:
        assert len(lines_of([entry(*postings)])) == sum(1 for _, amount in postings if amount)


def test_entities_do_not_balance_each_other():
    transaction_id = kernel.new_id()
    ours = entry((ledger.CASH, 500), transaction_id=transaction_id)
    theirs = entry((ledger.SALES, -500), transaction_id=transaction_id, entity_id=OTHER_ENTITY)
    with pytest.raises(ledger.Unbalanced):
        lines_of([ours, theirs])


def test_currencies_do_not_balance_each_other():
    transaction_id = kernel.new_id()
    dollars = entry((ledger.CASH, 500), transaction_id=transaction_id)
    euros = entry((ledger.SALES, -500), transaction_id=transaction_id, currency="EUR")
    with pytest.raises(ledger.Unbalanced):
        lines_of([dollars, euros])


def test_two_entities_of_one_transaction_are_numbered_on():
    transaction_id = kernel.new_id()
    ours = entry((ledger.INTERCOMPANY, 500), (ledger.CASH, -500), transaction_id=transaction_id)
    theirs = replace(ours, entity_id=OTHER_ENTITY, postings=((ledger.CASH, 500), (ledger.INTERCOMPANY, -500)))
    assert [(line.entry.entity_id, line.line_no) for line in lines_of([ours, theirs])] == [
        (ENTITY, 1),
        (ENTITY, 2),
        (OTHER_ENTITY, 3),
        (OTHER_ENTITY, 4),
    ]


def test_an_unknown_account_is_refused():
    with pytest.raises(ledger.UnknownAccount) as caught:
        lines_of([entry(("petty_cash", 500), (ledger.SALES, -500))])
    assert caught.value.field == "account"


def test_an_amount_beyond_64_bits_is_refused():
    with pytest.raises(ledger.AmountOutOfRange):
        lines_of([entry((ledger.CASH, LARGEST + 1), (ledger.SALES, -LARGEST - 1))])


A, B, FOREIGN = UUID(int=10), UUID(int=11), UUID(int=12)
HOLDINGS = {
    A: Holding(A, ENTITY, ledger.PREPAID, "USD", 100),
    B: Holding(B, ENTITY, ledger.PREPAID, "USD", 0),
    FOREIGN: Holding(FOREIGN, OTHER_ENTITY, ledger.PREPAID, "USD", 100),
}


@pytest.mark.parametrize(
    ("source", "target", "amount", "code"),
    [
        (A, B, 100, "posted"),
        (A, B, 101, "insufficient"),
        (A, B, 0, "invalid_amount"),
        (A, B, -1, "invalid_amount"),
        (ledger.CASH, A, LARGEST, "invalid_amount"),
        (A, A, 1, "mismatch"),
        (A, FOREIGN, 1, "mismatch"),
        (A, UUID(int=99), 1, "unknown_holding"),
        (ledger.CASH, ledger.SALES, 1, "unknown_holding"),
        (A, "petty_cash", 1, "unknown_account"),
        (A, ledger.SALES, 100, "posted"),
        (ledger.CASH, B, 100, "posted"),
    ],
)
def test_a_transfer_is_judged(source, target, amount, code):
    verdicts, lines, change = decide_transfers([transfer(source, target, amount)], HOLDINGS, {})
    assert [verdict.code for verdict in verdicts] == [code]
    assert verdicts[0].ok == (code == "posted")
    assert sum(line.amount for line in lines) == 0
    if code != "posted":
        assert (lines, change) == ([], {})


def test_a_transfer_that_repeats_in_one_set_counts_once_and_another_under_its_id_is_told():
    first = transfer(A, B, 60)
    verdicts, lines, change = decide_transfers([first, first, replace(first, amount=61)], HOLDINGS, {})
    assert [verdict.code for verdict in verdicts] == ["posted", "known", "changed"]
    assert len(lines) == 2
    assert change == {A: -60, B: 60}


@given(
    st.lists(st.tuples(st.sampled_from([A, B]), st.sampled_from([A, B, ledger.SALES]), st.integers(1, 80)), max_size=12)
)
def test_no_set_of_transfers_overdraws_and_value_is_kept(wanted):
    verdicts, lines, change = decide_transfers([transfer(*one) for one in wanted], HOLDINGS, {})
    balance = {identity: 100 if identity == A else 0 for identity in (A, B)}
    spent = 0
    for (source, target, amount), verdict in zip(wanted, verdicts, strict=True):
        fits = source != target and balance[source] >= amount
        assert verdict.ok == fits
        if not fits:
            continue
        balance[source] -= amount
        if isinstance(target, UUID):
            balance[target] += amount
        else:
            spent += amount
    assert all(change.get(identity, 0) == balance[identity] - HOLDINGS[identity].balance for identity in (A, B))
    assert sum(balance.values()) + spent == 100
    assert sum(line.amount for line in lines) == 0
