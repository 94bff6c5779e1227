"""Each kind of error is planted and must be seen."""

import pytest

from storeline.kernel import api as kernel
from storeline.payments import api as payments
from storeline.payments.audit import in_the_books, references, states, sums
from storeline.payments.tests.factories import ENTITY, PLACE, capture, card, only, paid, refund

pytestmark = pytest.mark.django_db


@pytest.fixture
def source():
    source = paid(payments.Offer(payments.CASH, 300), card())
    card_payment = max(payments.payments_of([source])[source], key=lambda one: one.amount)
    capture(card_payment.id, 700, "ready")
    refund(card_payment.id, 50, "return")
    paid(card("tok_late"))
    paid(card("tok_decline"))
    assert sums() == kernel.CheckResult(4, (), 0, {"open": 1})
    assert states().ok
    assert in_the_books().ok
    return source


def test_sums_that_their_operations_do_not_make_are_seen(source):
    kernel.run("UPDATE payments_intent SET refunded = 51 WHERE refunded = 50")
    assert sums().count == 1
    assert "(700, 700, 0, 51)" in sums().differences[0]
    assert "(700, 700, 0, 50)" in sums().differences[0]


def test_an_operation_without_its_sum_is_seen(source):
    kernel.run("DELETE FROM payments_operation WHERE kind = 'settle'")
    assert sums().count == 1


def test_a_state_that_does_not_follow_is_seen(source):
    kernel.run("UPDATE payments_intent SET state = 'pending' WHERE state = 'declined'")
    assert states().count == 1
    assert states().differences[0].endswith("should not be pending")


def test_a_capture_that_is_not_in_the_books_is_seen(source):
    kernel.run("UPDATE payments_operation SET amount = 699 WHERE kind = 'capture'")
    assert in_the_books().differences == (f"captures of {source} came to 699, the books say 700",)


def test_a_payment_of_nobody_is_seen(source):
    assert references().differences == (f"there is no entity {ENTITY}", f"there is no place {PLACE}")
    kernel.run("DELETE FROM payments_intent WHERE refunded = 50")
    assert references().count == 5  # its authorisation, its capture and its refund have no payment now
    assert only is not None
