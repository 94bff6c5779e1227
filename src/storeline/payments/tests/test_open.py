"""Payments are opened with their order, and their partners asked."""

from datetime import timedelta

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
    order,
    paid,
    planned,
)

pytestmark = pytest.mark.django_db


def test_cash_is_captured_as_it_is_written():
    payment = only(order(payments.Offer(payments.CASH, tendered=2000)))
    assert (payment.state, payment.authorised, payment.captured, payment.tendered) == ("captured", 1000, 1000, 2000)
    assert payment.operations == (
        payments.Operation(payment.id, "settle", "settle", 1000, "succeeded", at=payment.created_at),
    )


def test_cash_handed_back_is_a_negative_payment():
    payment = only(order(payments.Offer(payments.CASH), payable=-25))
    assert (payment.state, payment.amount, payment.captured, payment.refundable) == ("captured", -25, -25, -25)


def test_a_card_waits_for_its_partner_with_its_wish_written_down():
    payment = only(order(card(), tolerance=100))
    assert (payment.state, payment.amount, payment.authorised, payment.captured) == ("pending", 1000, 0, 0)
    assert payment.operations == (
        payments.Operation(payment.id, "authorise", "authorise", 1100, "pending", at=payment.created_at),
    )


def test_opening_many_takes_one_wait():
    rows = [row for _ in range(50) for row in planned(payments.Offer(payments.CASH, 300), card())]
    with kernel.waits() as count, kernel.pipeline():
        payments.open_intents(rows)
    assert count.waits == 1
    assert len(payments.payments_of([row.source_id for row in rows])) == 50


def test_authorising_touches_no_table_and_recording_takes_one_wait():
    rows = planned(card(), payable=1000)
    payments.open_intents(rows)
    with kernel.waits() as asking:
        answers = payments.authorise(rows)
    assert asking.waits == 0
    with kernel.waits() as recording, kernel.pipeline():
        payments.record_outcomes(answers)
        payments.sure([rows[0].source_id])
    assert recording.waits == 1


@pytest.mark.parametrize(
    ("token", "state", "authorised", "operation", "code"),
    [
        ("tok_approve", "authorised", 1000, "succeeded", ""),
        ("tok_decline", "declined", 0, "failed", "card_declined"),
        ("tok_timeout", "unknown", 0, "unknown", "timeout"),
        ("tok_late", "unknown", 0, "unknown", "timeout"),
        ("tok_error", "unknown", 0, "unknown", "connection_error"),
        ("4111111111111111", "declined", 0, "failed", "invalid_token"),
    ],
)
def test_the_token_chooses_the_outcome(token, state, authorised, operation, code):
    source = paid(card(token))
    payment = only(source)
    assert (payment.state, payment.authorised) == (state, authorised)
    assert (payment.operations[0].state, payment.operations[0].code) == (operation, code)
    assert payment.reference.startswith("sbx_") == (state == "authorised")
    assert "4111" not in payment.token_hint
    assert (source in payments.sure([source]).result()) == (state == "authorised")
    assert events() == []


def test_an_answer_that_is_heard_twice_counts_once():
    rows = planned(card())
    payments.open_intents(rows)
    answers = payments.authorise(rows)
    assert payments.record_outcomes(answers).result() == 1
    before = everything()
    assert payments.record_outcomes(answers).result() == 0
    assert payments.record_outcomes([payments.Authorisation(rows[0].id, "declined")]).result() == 0
    assert everything() == before


def test_an_order_is_sure_only_when_every_payment_is():
    both = paid(payments.Offer(payments.CASH, 300), card())
    half = paid(payments.Offer(payments.CASH, 300), card("tok_late"))
    assert payments.sure([both, half]).result() == {both}
    assert payments.captured([both, half]).result() == {both: 300, half: 300}


def test_a_partner_is_never_asked_inside_a_transaction(settings):
    settings.STORELINE_PARTNERS_IN_TRANSACTION = False
    rows = planned(card())
    with pytest.raises(RuntimeError, match="inside a transaction"):
        payments.authorise(rows)
    with pytest.raises(RuntimeError, match="inside a transaction"):
        capture(only(paid_in_advance(settings)).id, 1, "k")


def paid_in_advance(settings):
    settings.STORELINE_PARTNERS_IN_TRANSACTION = True
    source = paid(card())
    settings.STORELINE_PARTNERS_IN_TRANSACTION = False
    return source


class Broken:
    code = "broken"

    def hint(self, token):
        return token[-4:]

    def authorise(self, _requests):
        raise OSError("no route to the partner")

    capture = void = refund = authorise

    def query(self, requests, _now):
        return [payments.Outcome("approved")] * (len(requests) + 1)


def test_a_partner_that_breaks_or_miscounts_leaves_the_outcome_unknown(monkeypatch):
    tender = payments.Tender("broken", "Broken", "card_clearing", "partner", Broken())
    monkeypatch.setitem(payments.tender.__globals__["_TENDERS"], "broken", tender)
    rows = planned(payments.Offer("broken", token="secret-1234"))
    payments.open_intents(rows)
    (answer,) = payments.authorise(rows)
    assert (answer.status, answer.code) == ("unknown", "provider_error")
    payments.record_outcomes([answer]).result()
    assert only(rows[0].source_id).token_hint == "1234"
    assert payments.resolve_unknown(AT + timedelta(hours=1), actor=kernel.SYSTEM) == []
