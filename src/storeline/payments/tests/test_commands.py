from datetime import timedelta

import psycopg
import pytest

from storeline.kernel import api as kernel
from storeline.payments import api as payments
from storeline.payments.providers import provider
from storeline.payments.sandbox import LATE_AFTER, SETTLES_AFTER
from storeline.payments.tests.factories import (
    AT,
    ENTITY,
    PLACE,
    card,
    events,
    everything,
    only,
    order,
    paid,
    planned,
    postings,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _inside_the_tests_transaction(settings):
    settings.STORELINE_PARTNERS_IN_TRANSACTION = True


# --- opening and authorising -----------------------------------------------------------------------------


def test_cash_is_captured_as_it_is_written():
    payment = only(order(payments.Offer(payments.CASH, tendered=2000)))
    assert (payment.state, payment.authorised, payment.captured, payment.tendered) == ("captured", 1000, 1000, 2000)
    assert payment.operations == (payments.Operation(payment.id, "settle", "settle", 1000, "succeeded"),)


def test_cash_handed_back_is_a_negative_payment():
    payment = only(order(payments.Offer(payments.CASH), payable=-25))
    assert (payment.state, payment.amount, payment.captured, payment.refundable) == ("captured", -25, -25, -25)


def test_a_card_waits_for_its_partner_with_its_wish_written_down():
    payment = only(order(card(), tolerance=100))
    assert (payment.state, payment.amount, payment.authorised, payment.captured) == ("pending", 1000, 0, 0)
    assert payment.operations == (payments.Operation(payment.id, "authorise", "authorise", 1100, "pending"),)


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
        payments.capture(only(paid_in_advance(settings)).id, 1, "k", actor=kernel.SYSTEM)


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


# --- capture, void, refund ---------------------------------------------------------------------------------


def test_a_capture_takes_the_money_posts_it_and_tells():
    source = paid(card(), tolerance=100)
    payment = only(source)
    done = payments.capture(payment.id, 900, "ready", actor=kernel.SYSTEM)
    assert (done.state, done.amount) == ("succeeded", 900)
    assert (only(source).state, only(source).captured) == ("captured", 900)
    assert postings(source) == [
        ("payment_capture", "card_clearing", 900),
        ("payment_capture", "customer_deposits", -900),
    ]
    assert events() == [("payments.captured", source)]


def test_a_repeated_capture_gives_the_same_answer_and_changes_nothing():
    source = paid(card())
    first = payments.capture(only(source).id, 900, "ready", actor=kernel.SYSTEM)
    before = everything()
    assert payments.capture(only(source).id, 900, "ready", actor=kernel.SYSTEM) == first
    with pytest.raises(payments.KeyReused):
        payments.capture(only(source).id, 901, "ready", actor=kernel.SYSTEM)
    assert everything() == before


def test_no_more_is_captured_than_was_authorised():
    source = paid(card())
    before = everything()
    with pytest.raises(payments.PaymentRefused):
        payments.capture(only(source).id, 1001, "ready", actor=kernel.SYSTEM)
    assert everything() == before


def test_a_capture_that_the_partner_declines_leaves_the_authorisation():
    source = paid(card("tok_capture_decline"))
    done = payments.capture(only(source).id, 900, "ready", actor=kernel.SYSTEM)
    assert (done.state, done.code) == ("failed", "capture_declined")
    assert (only(source).state, only(source).captured) == ("authorised", 0)
    assert postings(source) == []
    assert events() == [("payments.failed", source)]


def test_a_void_lets_go_of_the_rest_and_posts_nothing():
    source = paid(card())
    payments.capture(only(source).id, 900, "ready", actor=kernel.SYSTEM)
    done = payments.void(only(source).id, "rest", actor=kernel.SYSTEM)
    assert (done.state, done.amount) == ("succeeded", 100)
    payment = only(source)
    assert (payment.state, payment.authorised, payment.captured, payment.voided) == ("captured", 1000, 900, 100)
    assert len(postings(source)) == 2


def test_a_void_of_everything_closes_the_payment():
    source = paid(card())
    payments.void(only(source).id, "all", actor=kernel.SYSTEM)
    assert (only(source).state, only(source).voided) == ("voided", 1000)
    with pytest.raises(payments.PaymentRefused):
        payments.capture(only(source).id, 1, "late", actor=kernel.SYSTEM)


def test_refunds_go_back_to_the_tenders_and_never_beyond_what_was_taken():
    source = paid(payments.Offer(payments.CASH, 300), card())
    cash, plastic = sorted(payments.payments_of([source])[source], key=lambda one: one.amount)
    payments.capture(plastic.id, 700, "ready", actor=kernel.SYSTEM)
    wanted = [
        payments.OperationRequest(cash.id, "refund", "return-1", 300),
        payments.OperationRequest(plastic.id, "refund", "return-1", 500),
        payments.OperationRequest(plastic.id, "refund", "return-2", 201),
    ]
    verdicts = payments.refund_many(wanted, actor=kernel.SYSTEM)
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


@pytest.mark.parametrize("kind", ["capture", "void", "refund"])
def test_each_operation_needs_its_permission(kind):
    source = paid(card())
    before = everything()
    with pytest.raises(kernel.Forbidden):
        payments.operate([payments.OperationRequest(only(source).id, kind, "k", 1)], actor=kernel.GUEST)
    assert everything() == before


def test_the_database_itself_refuses_sums_that_cannot_be():
    source = paid(card())
    for change in ("captured = 1001", "refunded = 1", "voided = 1001", "captured = -1", "state = 'declined'"):
        with pytest.raises(psycopg.errors.CheckViolation), kernel.transaction():
            kernel.run(f"UPDATE payments_intent SET {change}")
    assert only(source).captured == 0


# --- letting go ------------------------------------------------------------------------------------------


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
    payments.capture(only(source).id, 1000, "ready", actor=kernel.SYSTEM)
    before = everything()
    payments.release([source], at=AT)
    assert everything() == before


def test_releasing_lets_go_of_the_rest_of_a_partial_capture():
    source = paid(card())
    payments.capture(only(source).id, 600, "ready", actor=kernel.SYSTEM)
    payments.release([source], at=AT)
    payments.perform_open([source])
    payment = only(source)
    assert (payment.state, payment.captured, payment.voided) == ("captured", 600, 400)


# --- finding out -------------------------------------------------------------------------------------------


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
    payments.capture(only(source).id, 1000, "ready", actor=kernel.SYSTEM)
    with kernel.clock_at(AT):
        done = payments.refund(only(source).id, 400, "return", actor=kernel.SYSTEM)
    assert (done.state, only(source).refunded) == ("unknown", 0)
    with pytest.raises(payments.PaymentRefused):
        payments.refund(only(source).id, 601, "another", actor=kernel.SYSTEM)
    payments.resolve_unknown(AT + LATE_AFTER, actor=kernel.SYSTEM)
    assert only(source).refunded == 400


def test_resolving_needs_the_permission():
    with pytest.raises(kernel.Forbidden):
        payments.resolve_unknown(AT, actor=kernel.GUEST)


# --- imports -------------------------------------------------------------------------------------------------


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
    done = payments.refund(one, 700, "return", actor=kernel.SYSTEM)
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
