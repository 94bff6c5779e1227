from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storeline.kernel import api as kernel
from storeline.payments import api as payments
from storeline.payments.domain import IntentState, Sums, decide_operations
from storeline.payments.providers import IMPORTED
from storeline.payments.tests.factories import ENTITY, PLACE, card, planned

CASH = payments.CASH


def shape(plan):
    return [(one.tender, one.amount, one.authorise) for one in plan]


def test_one_offer_without_an_amount_takes_all():
    assert shape(payments.plan(1000, 0, [payments.Offer(CASH)])) == [("cash", 1000, 1000)]


def test_an_offer_without_an_amount_takes_what_the_others_leave():
    offers = [payments.Offer(CASH, 300), card()]
    assert shape(payments.plan(1000, 0, offers)) == [("cash", 300, 300), ("sandbox_card", 700, 700)]


def test_the_funded_part_is_owed_by_the_manufacturer():
    assert shape(payments.plan(1000, 150, [payments.Offer(CASH)])) == [
        ("manufacturer_coupon", 150, 150),
        ("cash", 850, 850),
    ]


def test_the_tolerance_is_held_by_the_last_partner_and_by_no_cash():
    offers = [card(amount=400), card(amount=500), payments.Offer(CASH)]
    assert shape(payments.plan(1000, 0, offers, tolerance=120)) == [
        ("sandbox_card", 400, 400),
        ("sandbox_card", 500, 620),
        ("cash", 100, 100),
    ]


def test_nothing_owed_needs_no_payment():
    assert payments.plan(0, 0, []) == ()
    assert payments.plan(0, 0, [payments.Offer(CASH)]) == ()


def test_cash_may_be_handed_back_where_more_is_funded_than_owed():
    assert shape(payments.plan(-25, 0, [payments.Offer(CASH)])) == [("cash", -25, -25)]


@pytest.mark.parametrize(
    ("payable", "offers", "error", "field"),
    [
        (1000, [], payments.PaymentMismatch, "payments"),
        (1000, [payments.Offer(CASH, 999)], payments.PaymentMismatch, "payments"),
        (1000, [payments.Offer(CASH, 1001)], payments.PaymentMismatch, "payments"),
        (1000, [payments.Offer(CASH), payments.Offer(CASH)], payments.InvalidPayment, "payments[1].amount"),
        (1000, [payments.Offer("shells")], payments.UnknownTender, "payments[0].tender"),
        (1000, [payments.Offer(payments.SANDBOX_CARD)], payments.InvalidPayment, "payments[0].token"),
        (1000, [payments.Offer(CASH, 1500), card()], payments.InvalidPayment, "payments[1].amount"),
        (1000, [payments.Offer(CASH, tendered=999)], payments.InvalidPayment, "payments[0].tendered"),
        (10**15, [payments.Offer(CASH)], payments.InvalidPayment, "payments[0].amount"),
    ],
)
def test_offers_that_do_not_fit_are_refused(payable, offers, error, field):
    with pytest.raises(error) as caught:
        payments.plan(payable, 0, offers)
    assert caught.value.field == field


@given(
    st.integers(-(10**9), 10**9),
    st.lists(st.integers(1, 10**6), max_size=4),
    st.booleans(),
)
def test_a_plan_always_comes_to_what_is_owed(payable, amounts, rest):
    offers = [payments.Offer(CASH, amount) for amount in amounts] + ([payments.Offer(CASH)] if rest else [])
    if not rest and sum(amounts) != payable:
        with pytest.raises(payments.PaymentMismatch):
            payments.plan(payable, 0, offers)
    else:
        assert sum(one.amount for one in payments.plan(payable, 0, offers)) == payable


def test_the_ids_of_an_orders_payments_follow_from_the_order():
    rows = planned(payments.Offer(CASH, 300), card())
    again = payments.intents(
        payments.plan(1000, 0, [payments.Offer(CASH, 300), card()]),
        source_id=rows[0].source_id,
        entity_id=ENTITY,
        place_id=PLACE,
        currency="USD",
        at=rows[0].at,
    )
    assert [row.id for row in again] == [row.id for row in rows]
    assert rows[0].id != rows[1].id


def test_a_token_is_never_shown():
    assert "tok_approve" not in repr(planned(card()))
    assert "tok_approve" not in repr(card())


# --- operations ----------------------------------------------------------------------------------------

CARD, TILL = UUID(int=21), UUID(int=22)


def sums(identity=CARD, *, provider=payments.SANDBOX_CARD, authorised=100, captured=0, voided=0, refunded=0):
    state: IntentState = "captured" if captured else "authorised"
    return Sums(
        identity, kernel.new_id(), ENTITY, PLACE, "x", "USD", provider, state, authorised, captured, voided, refunded
    )


def decide(requests, intents, operations=()):
    known = {(one.intent_id, one.key): one for one in operations}
    partners = frozenset({payments.SANDBOX_CARD})
    return decide_operations(requests, {one.id: one for one in intents}, known, partners)


def ask(kind, amount=None, key="k", intent=CARD):
    return payments.OperationRequest(intent, kind, key, amount)


@pytest.mark.parametrize(
    ("intent", "request_", "code"),
    [
        (sums(), ask("capture", 100), "accepted"),
        (sums(), ask("capture", 101), "no_room"),
        (sums(), ask("capture", 0), "invalid_amount"),
        (sums(), ask("capture", -1), "invalid_amount"),
        (sums(), ask("capture"), "invalid_amount"),
        (sums(), ask("refund", 1), "no_room"),
        (sums(), ask("void"), "accepted"),
        (sums(captured=100), ask("void"), "no_room"),
        (sums(captured=60, voided=40), ask("capture", 1), "no_room"),
        (sums(captured=100, refunded=40), ask("refund", 60), "accepted"),
        (sums(captured=100, refunded=40), ask("refund", 61), "no_room"),
        (sums(authorised=0), ask("capture", 1), "no_room"),
        (sums(), ask("capture", 1, intent=TILL), "unknown_payment"),
    ],
)
def test_an_operation_is_judged(intent, request_, code):
    (verdict,) = decide([request_], [intent])
    assert verdict.code == code
    assert (verdict.operation is not None) == (code == "accepted")


@pytest.mark.parametrize("state", ["pending", "unknown"])
def test_what_is_open_counts_as_used(state):
    open_one = payments.Operation(CARD, "first", "capture", 70, state)
    assert [v.code for v in decide([ask("capture", 31), ask("capture", 30, "l")], [sums()], [open_one])] == [
        "no_room",
        "accepted",
    ]


def test_what_failed_leaves_its_room():
    failed = payments.Operation(CARD, "first", "capture", 100, "failed")
    assert decide([ask("capture", 100)], [sums()], [failed])[0].code == "accepted"


def test_the_same_key_is_known_and_another_use_of_it_is_told():
    done = payments.Operation(CARD, "k", "capture", 70, "succeeded")
    verdicts = decide([ask("capture", 70), ask("capture", 71), ask("void")], [sums(captured=70)], [done])
    assert [verdict.code for verdict in verdicts] == ["known", "key_reused", "key_reused"]
    assert verdicts[0].result() == done
    with pytest.raises(payments.KeyReused):
        verdicts[1].result()


def test_capture_and_void_of_the_rest_in_one_set():
    capture, void = decide([ask("capture", 70, "c"), ask("void", key="v")], [sums()])
    assert (capture.result().amount, void.result().amount) == (70, 30)
    assert (capture.result().state, void.result().state) == ("pending", "pending")


def test_where_there_is_nobody_to_ask_a_refund_succeeds_at_once():
    till = sums(TILL, provider=IMPORTED, captured=100)
    assert decide([ask("refund", 40, intent=TILL)], [till])[0].result().state == "succeeded"


@given(st.lists(st.tuples(st.sampled_from(["capture", "void", "refund"]), st.integers(1, 60)), max_size=10))
def test_no_set_of_requests_takes_more_than_there_is(wanted):
    requests = [ask(kind, amount, str(index)) for index, (kind, amount) in enumerate(wanted)]
    uncaptured, refundable = 100 - 30, 30
    for (kind, amount), verdict in zip(wanted, decide(requests, [sums(captured=30)]), strict=True):
        left = refundable if kind == "refund" else uncaptured
        assert verdict.code == ("accepted" if amount <= left else "no_room")
        if verdict.code == "accepted":
            uncaptured -= 0 if kind == "refund" else amount
            refundable -= amount if kind == "refund" else 0
