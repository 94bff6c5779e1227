"""Letting go of a cancelled order, and finding out what became of a question."""

from datetime import timedelta

import pytest

from storeline.kernel import api as kernel
from storeline.payments import api as payments
from storeline.payments.sandbox import LATE_AFTER, SETTLES_AFTER
from storeline.payments.tests.factories import (
    AT,
    capture,
    card,
    events,
    everything,
    only,
    order,
    paid,
    planned,
    postings,
    refund,
)

pytestmark = pytest.mark.django_db


def test_releasing_an_order_voids_what_is_held_and_gives_back_what_was_paid():
    source = paid(payments.Offer(payments.CASH, 300), card())
    payments.release([source], at=AT)
    payments.release([source], at=AT)
    payments.perform_open([source])
    cash, plastic = sorted(payments.payments_of([source])[source], key=lambda one: one.amount)
    assert (cash.captured, cash.refunded) == (300, 300)
    assert (plastic.state, plastic.voided) == ("voided", 700)
    assert postings(source) == [("payment_refund", "cash", -300), ("payment_refund", "customer_deposits", 300)]
    assert payments.sure([source]).result() == set()


def test_releasing_leaves_what_a_partner_has_captured():
    source = paid(card())
    capture(only(source).id, 1000, "ready")
    before = everything()
    payments.release([source], at=AT)
    assert everything() == before


def test_releasing_lets_go_of_the_rest_of_a_partial_capture():
    source = paid(card())
    capture(only(source).id, 600, "ready")
    payments.release([source], at=AT)
    payments.perform_open([source])
    payment = only(source)
    assert (payment.state, payment.captured, payment.voided) == ("captured", 600, 400)


def test_a_late_approval_is_found_and_told():
    source = paid(card("tok_late"))
    assert payments.resolve_unknown(AT + LATE_AFTER - timedelta(seconds=1), actor=kernel.SYSTEM) == []
    (changed,) = payments.resolve_unknown(AT + LATE_AFTER, actor=kernel.SYSTEM)
    assert (changed.to.source_id, changed.operation.state) == (source, "succeeded")
    assert (only(source).state, only(source).authorised) == ("authorised", 1000)
    assert events() == [("payments.authorised", source)]
    assert payments.resolve_unknown(AT + LATE_AFTER, actor=kernel.SYSTEM) == []


def test_a_timeout_stays_unknown_until_the_partner_says_declined():
    source = paid(card("tok_timeout"))
    assert payments.resolve_unknown(AT + SETTLES_AFTER - timedelta(seconds=1), actor=kernel.SYSTEM) == []
    assert only(source).state == "unknown"
    payments.resolve_unknown(AT + SETTLES_AFTER, actor=kernel.SYSTEM)
    assert (only(source).state, only(source).operations[0].code) == ("declined", "not_received")
    assert events() == [("payments.declined", source)]


def test_what_was_pending_when_its_process_died_is_found():
    source = order(card())
    assert payments.resolve_unknown(AT + timedelta(seconds=29), actor=kernel.SYSTEM) == []
    payments.resolve_unknown(AT + timedelta(seconds=30), actor=kernel.SYSTEM)
    assert only(source).state == "authorised"


def test_a_late_approval_of_a_cancelled_order_is_voided_and_not_told_as_approved():
    source = paid(card("tok_late"))
    payments.release([source], at=AT)
    payments.resolve_unknown(AT + LATE_AFTER, actor=kernel.SYSTEM)
    payment = only(source)
    assert (payment.state, payment.authorised, payment.voided) == ("voided", 1000, 1000)
    assert events() == [("payments.voided", source)]


def test_an_approval_recorded_after_the_order_was_cancelled_is_voided_too():
    rows = planned(card())
    payments.open_intents(rows)
    answers = payments.authorise(rows)
    payments.release([rows[0].source_id], at=AT)
    payments.record_outcomes(answers).result()
    assert payments.sure([rows[0].source_id]).result() == set()
    payments.resolve_unknown(AT + timedelta(minutes=1), actor=kernel.SYSTEM)
    assert only(rows[0].source_id).state == "voided"


def test_a_capture_that_was_never_sent_is_sent_again():
    source = paid(card())
    payments.request([payments.OperationRequest(only(source).id, "capture", "ready", 900)], at=AT)
    payments.resolve_unknown(AT + timedelta(minutes=1), actor=kernel.SYSTEM)
    assert only(source).captured == 900
    assert events() == [("payments.captured", source)]


def test_a_refund_without_an_answer_is_queried():
    source = paid(card("tok_refund_timeout"))
    capture(only(source).id, 1000, "ready")
    with kernel.clock_at(AT):
        done = refund(only(source).id, 400, "return")
    assert (done.state, only(source).refunded) == ("unknown", 0)
    with pytest.raises(payments.PaymentRefused):
        refund(only(source).id, 601, "another")
    payments.resolve_unknown(AT + LATE_AFTER, actor=kernel.SYSTEM)
    assert only(source).refunded == 400


def test_resolving_needs_the_permission():
    with pytest.raises(kernel.Forbidden):
        payments.resolve_unknown(AT, actor=kernel.GUEST)
