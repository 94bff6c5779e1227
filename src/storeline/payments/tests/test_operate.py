"""Capture, void and refund."""

import psycopg
import pytest

from storeline.kernel import api as kernel
from storeline.payments import api as payments
from storeline.payments.tests.factories import (
    AT,
    capture,
    card,
    events,
    everything,
    only,
    operate,
    paid,
    postings,
    void,
)

pytestmark = pytest.mark.django_db


def test_a_capture_takes_the_money_posts_it_and_tells():
    source = paid(card(), tolerance=100)
    payment = only(source)
    done = capture(payment.id, 900, "ready")
    assert (done.state, done.amount) == ("succeeded", 900)
    assert (only(source).state, only(source).captured) == ("captured", 900)
    assert postings(source) == [
        ("payment_capture", "card_clearing", 900),
        ("payment_capture", "customer_deposits", -900),
    ]
    assert events() == [("payments.captured", source)]


def test_a_repeated_capture_gives_the_same_answer_and_changes_nothing():
    source = paid(card())
    first = capture(only(source).id, 900, "ready")
    before = everything()
    assert capture(only(source).id, 900, "ready") == first
    with pytest.raises(payments.KeyReused):
        capture(only(source).id, 901, "ready")
    assert everything() == before


def test_no_more_is_captured_than_was_authorised():
    source = paid(card())
    before = everything()
    with pytest.raises(payments.PaymentRefused):
        capture(only(source).id, 1001, "ready")
    assert everything() == before


def test_a_capture_that_the_partner_declines_leaves_the_authorisation():
    source = paid(card("tok_capture_decline"))
    done = capture(only(source).id, 900, "ready")
    assert (done.state, done.code) == ("failed", "capture_declined")
    assert (only(source).state, only(source).captured) == ("authorised", 0)
    assert postings(source) == []
    assert events() == [("payments.failed", source)]


def test_a_void_lets_go_of_the_rest_and_posts_nothing():
    source = paid(card())
    capture(only(source).id, 900, "ready")
    done = void(only(source).id, "rest")
    assert (done.state, done.amount) == ("succeeded", 100)
    payment = only(source)
    assert (payment.state, payment.authorised, payment.captured, payment.voided) == ("captured", 1000, 900, 100)
    assert len(postings(source)) == 2


def test_a_void_of_everything_closes_the_payment():
    source = paid(card())
    void(only(source).id, "all")
    assert (only(source).state, only(source).voided) == ("voided", 1000)
    with pytest.raises(payments.PaymentRefused):
        capture(only(source).id, 1, "late")


def test_refunds_go_back_to_the_tenders_and_never_beyond_what_was_taken():
    source = paid(payments.Offer(payments.CASH, 300), card())
    cash, plastic = sorted(payments.payments_of([source])[source], key=lambda one: one.amount)
    capture(plastic.id, 700, "ready")
    wanted = [
        payments.OperationRequest(cash.id, "refund", "return-1", 300),
        payments.OperationRequest(plastic.id, "refund", "return-1", 500),
        payments.OperationRequest(plastic.id, "refund", "return-2", 201),
    ]
    verdicts = operate(wanted)
    assert [verdict.code for verdict in verdicts] == ["accepted", "accepted", "no_room"]
    assert payments.captured([source]).result() == {source: 200}
    refunds = [row for row in postings(source) if row[0] == "payment_refund"]
    assert sorted(refunds) == [
        ("payment_refund", "card_clearing", -500),
        ("payment_refund", "cash", -300),
        ("payment_refund", "refunds_payable", 300),
        ("payment_refund", "refunds_payable", 500),
    ]


def test_a_request_is_two_waits_and_stays_pending_until_it_is_performed():
    sources = [paid(card()) for _ in range(20)]
    wanted = [payments.OperationRequest(only(source).id, "capture", "ready", 10) for source in sources]
    with kernel.waits() as count:
        payments.request(wanted, at=AT)
    assert count.waits == 2
    assert [done.state for done in only(sources[0]).operations] == ["succeeded", "pending"]
    assert len(payments.perform_open(sources)) == 20
    assert payments.perform_open(sources) == []
    assert payments.captured(sources).result() == dict.fromkeys(sources, 10)


def test_the_database_itself_refuses_sums_that_cannot_be():
    source = paid(card())
    for change in ("captured = 1001", "refunded = 1", "voided = 1001", "captured = -1", "state = 'declined'"):
        with pytest.raises(psycopg.errors.CheckViolation), kernel.transaction():
            kernel.run(f"UPDATE payments_intent SET {change}")
    assert only(source).captured == 0
