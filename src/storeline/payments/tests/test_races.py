"""Races on real threads: money is taken, given back and let go of exactly once."""

from collections import Counter
from datetime import timedelta

import pytest

from storeline.kernel import api as kernel
from storeline.kernel.tests.factories import race
from storeline.payments import api as payments
from storeline.payments.audit import in_the_books, states, sums
from storeline.payments.tests.factories import AT, capture, card, events, only, operate, paid, planned, postings

pytestmark = pytest.mark.django_db(transaction=True)
THREADS = 8


def ask(kind, intent, amount, key):
    return lambda: operate([payments.OperationRequest(intent, kind, key, amount)])[0].code


def books_are_right():
    return sums().ok and states().ok and in_the_books().ok


def test_captures_race_for_the_authorisation_and_one_wins():
    source = paid(card())
    intent = only(source).id
    codes = race(*[ask("capture", intent, 600, f"key-{index}") for index in range(THREADS)])
    assert Counter(codes) == {"accepted": 1, "no_room": THREADS - 1}
    assert only(source).captured == 600
    assert books_are_right()


def test_the_same_capture_from_all_sides_happens_once():
    source = paid(card())
    intent = only(source).id
    codes = race(*[ask("capture", intent, 600, "ready") for _ in range(THREADS)])
    assert Counter(codes) == {"accepted": 1, "known": THREADS - 1}
    assert only(source).captured == 600
    assert postings(source) == [
        ("payment_capture", "card_clearing", 600),
        ("payment_capture", "customer_deposits", -600),
    ]
    assert events() == [("payments.captured", source)]


def test_refunds_race_for_what_was_taken_and_one_wins():
    source = paid(card())
    intent = only(source).id
    capture(intent, 1000, "ready")
    codes = race(*[ask("refund", intent, 501, f"key-{index}") for index in range(THREADS)])
    assert Counter(codes) == {"accepted": 1, "no_room": THREADS - 1}
    assert only(source).refunded == 501
    assert books_are_right()


def test_a_capture_races_a_void():
    for _ in range(3):
        source = paid(card())
        intent = only(source).id
        codes = race(ask("capture", intent, 1000, "ready"), ask("void", intent, None, "cancel"))
        assert sorted(codes) == ["accepted", "no_room"]
        assert only(source).captured + only(source).voided == 1000
    assert books_are_right()


def test_confirming_races_the_resolver_and_the_answer_counts_once():
    rows = planned(card())
    with kernel.transaction():
        payments.open_intents(rows)
    answers = payments.authorise(rows)

    def confirm():
        with kernel.transaction():
            return payments.record_outcomes(answers).result()

    def resolve():
        return len(payments.resolve_unknown(AT + timedelta(hours=1), actor=kernel.SYSTEM))

    assert sum(race(*[confirm, resolve] * 4)) == 1
    assert only(rows[0].source_id).authorised == 1000
    assert books_are_right()


def test_cancelling_races_a_late_approval_and_nothing_stays_held():
    for _ in range(3):
        rows = planned(card())
        source = rows[0].source_id
        with kernel.transaction():
            payments.open_intents(rows)
        answers = payments.authorise(rows)

        def confirm(answers=answers):
            with kernel.transaction():
                payments.record_outcomes(answers).result()

        def cancel(source=source):
            with kernel.transaction():
                payments.release([source], at=AT)

        race(confirm, cancel)
        payments.resolve_unknown(AT + timedelta(hours=1), actor=kernel.SYSTEM)
        assert (only(source).state, only(source).voided) == ("voided", 1000)
    assert books_are_right()
