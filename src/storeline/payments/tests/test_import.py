"""Payments and refunds of the past."""

import pytest

from storeline.kernel import api as kernel
from storeline.payments import api as payments
from storeline.payments.providers import provider
from storeline.payments.tests.factories import (
    AT,
    ENTITY,
    PLACE,
    everything,
    only,
    refund,
)

pytestmark = pytest.mark.django_db


def stage(*rows):
    kernel.run(f"CREATE TEMP TABLE IF NOT EXISTS rec_intents ({payments.INTENTS_IN}) ON COMMIT DROP")
    kernel.run("TRUNCATE pg_temp.rec_intents")
    for identity, source, tender, amount in rows:
        kernel.run(
            "INSERT INTO pg_temp.rec_intents VALUES (%s, %s, %s, %s, %s, 'USD', %s, NULL, %s)",
            [identity, source, ENTITY, PLACE, tender, amount, AT],
        )


def stage_refunds(*rows):
    kernel.run(f"CREATE TEMP TABLE IF NOT EXISTS rec_refunds ({payments.REFUNDS_IN}) ON COMMIT DROP")
    kernel.run("TRUNCATE pg_temp.rec_refunds")
    for identity, key, amount in rows:
        kernel.run("INSERT INTO pg_temp.rec_refunds VALUES (%s, %s, %s, %s)", [identity, key, amount, AT])


def test_imported_payments_keep_any_tender_and_come_in_once():
    source, one, two, three = (kernel.new_id() for _ in range(4))
    stage((one, source, "Maestro 货到付款", 700), (two, source, "rounding", -2), (three, source, "cash", 0))
    assert payments.record_from_temp() == 2
    assert payments.record_from_temp() == 0
    found = {payment.tender: payment for payment in payments.payments_of([source])[source]}
    assert {tender: payment.captured for tender, payment in found.items()} == {"Maestro 货到付款": 700, "rounding": -2}
    assert payments.captured([source]).result() == {source: 698}
    assert payments.account_of("Maestro 货到付款") == "imported_tender"
    assert payments.tender_accounts()["rounding"] == "rounding"


def test_an_imported_payment_is_refunded_without_asking_anybody():
    source, one = kernel.new_id(), kernel.new_id()
    stage((one, source, "sandbox_card", 700))
    payments.record_from_temp()
    done = refund(one, 700, "return")
    assert (done.state, only(source).refunded) == ("succeeded", 700)


def test_imported_refunds_come_in_once_and_never_beyond_what_was_taken():
    source, one = kernel.new_id(), kernel.new_id()
    stage((one, source, "cash", 700))
    payments.record_from_temp()
    stage_refunds((one, "r1", 300), (one, "r2", 400))
    assert payments.record_refunds_from_temp() == 1
    before = everything()
    assert payments.record_refunds_from_temp() == 0
    stage_refunds((one, "r1", 300), (one, "r3", 1))
    with pytest.raises(payments.PaymentRefused):
        payments.record_refunds_from_temp()
    assert everything() == before
    assert only(source).refunded == 700


def test_a_refund_of_an_unknown_payment_is_refused():
    stage_refunds((kernel.new_id(), "r1", 1))
    with pytest.raises(payments.PaymentRefused):
        payments.record_refunds_from_temp()


def test_a_tender_is_registered_once():
    with pytest.raises(ValueError, match="registered twice"):
        payments.register_tender(payments.Tender(payments.CASH, "Other cash", "cash"))
    with pytest.raises(ValueError, match="settles with a partner"):
        payments.register_tender(payments.Tender("wallet", "Wallet", "card_clearing", "partner"))
    assert provider("wallet") is None
