"""A refund that its partner refused is paid another way: once, and not while the partner may still do it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from django.test import Client

from storeline.identity.tests.factories import bearer, make_token
from storeline.kernel import api as kernel
from storeline.kernel.tests.factories import race
from storeline.ledger import api as ledger
from storeline.payments import api as payments
from storeline.payments import sandbox
from storeline.payments.audit import in_the_books, owed, repaid, states, sums
from storeline.payments.tests.factories import capture, card, everything, only, operate, paid
from storeline.places import api as places
from storeline.places.tests.factories import make_entity, make_place

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def till() -> UUID:
    return make_place("till")


def refused(till: UUID, token: str = "tok_refund_decline", amount: int = 400) -> UUID:
    """A card payment of 10.00 at this place of which so much is to go back, and does not; its id."""
    place = places.gather([till]).result()[till]
    source = paid(card(token), entity_id=place.entity_id, place_id=till, currency=place.currency)
    payment = only(source)
    capture(payment.id, 1000, "ready")
    entry = ledger.Entry(
        kernel.new_id(),
        place.entity_id,
        till,
        place.currency,
        kernel.now().date(),
        kernel.now(),
        "return",
        source,
        ((ledger.SALES, amount), (ledger.REFUNDS_PAYABLE, -amount)),
    )
    with kernel.transaction():
        ledger.post([entry])
    operate([payments.OperationRequest(payment.id, "refund", "return", amount)])
    return payment.id


def asked(payment_id: UUID, place_id: UUID) -> payments.Repayment:
    return payments.Repayment(kernel.new_id(), payment_id, "return", payments.CASH, place_id)


def repay(wanted: payments.Repayment) -> payments.Payment:
    return payments.repay(wanted, actor=kernel.SYSTEM)


def audit_is_clean() -> bool:
    return all(check().ok for check in (sums, states, in_the_books, owed, repaid))


def stands_on(account: str) -> dict[UUID, int]:
    """What stands on an account, by entity."""
    rows = kernel.run(
        "SELECT entity_id, sum(amount)::bigint FROM ledger_posting WHERE account = %s GROUP BY 1", [account]
    )
    return {entity: amount for entity, amount in rows.fetchall() if amount}


def test_what_a_card_would_not_take_is_paid_out_in_cash(till):
    payment_id = refused(till)
    (waiting,) = payments.list_owed()
    assert (waiting.intent_id, waiting.key, waiting.amount, waiting.code) == (
        payment_id,
        "return",
        400,
        "account_closed",
    )
    assert list(stands_on("refunds_payable").values()) == [-400]
    assert audit_is_clean()
    wanted = asked(payment_id, till)
    out = repay(wanted)
    assert (out.id, out.source_id, out.tender, out.captured, out.state) == (
        wanted.id,
        wanted.id,
        "cash",
        -400,
        "captured",
    )
    assert payments.list_owed() == []
    assert (stands_on("refunds_payable"), list(stands_on("cash").values())) == ({}, [-400])
    trail = kernel.run("SELECT action, place_id, detail FROM kernel_trail WHERE subject_id = %s", [wanted.id])
    detail = {"payment": str(payment_id), "key": "return", "tender": "cash", "amount": 400}
    assert trail.fetchall() == [("payments.repay", till, detail)]
    (told,) = kernel.run("SELECT payload FROM kernel_event WHERE type = 'payments.refunded'").fetchall()
    assert (told[0]["payment_id"], told[0]["key"], told[0]["paid_by"]) == (str(payment_id), "return", str(wanted.id))
    assert audit_is_clean()


def test_it_is_paid_once_and_its_room_is_gone(till):
    payment_id = refused(till)
    wanted = asked(payment_id, till)
    first = repay(wanted)
    before = everything()
    assert repay(wanted) == first
    with pytest.raises(payments.NotOwed):
        repay(asked(payment_id, till))
    with pytest.raises(kernel.BodyMismatch):
        repay(replace(wanted, key="other"))
    (verdict,) = operate([payments.OperationRequest(payment_id, "refund", "more", 601)])
    assert verdict.code == "no_room"
    assert everything() == before


def test_another_entitys_till_is_paid_by_the_group(till):
    make_entity(ref="sister")
    there = make_place("there", entity="sister")
    payment_id = refused(till)
    repay(asked(payment_id, there))
    here, sister = (places.gather([till, there]).result()[place].entity_id for place in (till, there))
    assert (stands_on("intercompany"), stands_on("cash")) == ({here: -400, sister: 400}, {sister: -400})
    assert audit_is_clean()


@pytest.mark.parametrize("case", ["no answer yet", "given back", "no such refund", "a capture", "no such payment"])
def test_what_is_not_owed_is_not_paid(till, case):
    token = {"no answer yet": "tok_refund_timeout", "given back": "tok_approve"}.get(case, "tok_refund_decline")
    wanted = asked(refused(till, token), till)
    wanted, error = {
        "no answer yet": (wanted, payments.RefundOpen),
        "given back": (wanted, payments.NotOwed),
        "no such refund": (replace(wanted, key="other"), payments.UnknownIntent),
        "a capture": (replace(wanted, key="ready"), payments.UnknownIntent),
        "no such payment": (replace(wanted, intent_id=kernel.new_id()), payments.UnknownIntent),
    }[case]
    before = everything()
    with pytest.raises(error) as refusal:
        repay(wanted)
    assert refusal.value.field == "key"
    assert everything() == before


def test_who_cannot_pay_out_does_not(till):
    make_entity(ref="abroad", currency="CAD")
    changes: list[tuple[dict[str, Any], type[kernel.Error], str]] = [
        ({"tender": "shells"}, payments.UnknownTender, "tender"),
        ({"tender": "sandbox_card"}, payments.CannotPayOut, "tender"),
        ({"tender": "rounding"}, payments.CannotPayOut, "tender"),
        ({"tender": "manufacturer_coupon"}, payments.CannotPayOut, "tender"),
        ({"place_id": kernel.new_id()}, payments.CannotPayOut, "place"),
        ({"place_id": make_place("store", capabilities=["ship"])}, payments.CannotPayOut, "place"),
        ({"place_id": make_place("abroad", entity="abroad")}, payments.CannotPayOut, "place"),
        ({"id": UUID(int=1)}, kernel.InvalidId, "id"),
    ]
    wanted = asked(refused(till), till)
    before = everything()
    for change, error, field in changes:
        with pytest.raises(error) as refusal:
            repay(replace(wanted, **change))
        assert (refusal.value.field, everything()) == (field, before)


def test_who_may_not_pay_out(till):
    wanted = asked(refused(till), till)
    elsewhere = kernel.Actor("user", kernel.new_id(), frozenset({"payments.refund"}), frozenset({kernel.new_id()}))
    before = everything()
    for actor in (kernel.GUEST, elsewhere):
        with pytest.raises(kernel.Forbidden):
            payments.repay(wanted, actor=actor)
    assert everything() == before


@pytest.mark.parametrize(("answer", "paid_out"), [("approved", 0), ("declined", 1)])
def test_the_partners_late_answer_against_pay_outs_at_many_tills(till, monkeypatch, answer, paid_out):
    payment_id = refused(till, "tok_refund_timeout")
    monkeypatch.setattr(sandbox, "_query", lambda _one, _elapsed: payments.Outcome(answer))
    late = kernel.now() + timedelta(minutes=1)

    def resolve() -> None:
        payments.resolve_unknown(late, actor=kernel.SYSTEM)

    def pay_out() -> object:
        return repay(asked(payment_id, till))

    outcomes = race(pay_out, resolve, pay_out, pay_out, resolve, pay_out)
    outcomes += race(*[pay_out] * 3)  # whoever came too early tries again
    refusals = (payments.RefundOpen, payments.NotOwed)
    assert all(one is None or isinstance(one, (*refusals, payments.Payment)) for one in outcomes)
    assert sum(isinstance(one, payments.Payment) for one in outcomes) == paid_out
    assert sum(stands_on("cash").values()) == -400 * paid_out
    assert stands_on("refunds_payable") == {}
    assert audit_is_clean()


def test_one_pay_out_sent_from_all_sides_is_one(till):
    wanted = asked(refused(till), till)
    outcomes = race(*[lambda: repay(wanted)] * 6)
    assert {one.id for one in outcomes} == {wanted.id}
    assert sum(stands_on("cash").values()) == -400
    assert audit_is_clean()


def test_an_approval_after_the_refusal_changes_nothing(till):
    payment_id = refused(till)
    repay(asked(payment_id, till))
    before = everything()
    assert payments.resolve_unknown(kernel.now() + timedelta(days=1), actor=kernel.SYSTEM) == []
    assert payments.perform([(payment_id, "return")]) == []
    assert everything() == before


def test_the_audit_sees_what_is_planted(till):
    payment_id = refused(till)
    repay(asked(payment_id, till))
    kernel.run("UPDATE payments_intent SET captured = -399, amount = -399, authorised = -399 WHERE tender = 'cash'")
    assert repaid().differences == (f"refund return of payment {payment_id} is failed over 400, 399 was paid for it",)
    kernel.run("DELETE FROM payments_repayment")
    entity = places.gather([till]).result()[till].entity_id
    assert owed().differences == (f"entity {entity} has refunds over 400 USD open, its books owe 0",)


def call(method: str, path: str, role: str, sent: object = None, **reach: Any) -> tuple[int, dict[str, Any]]:
    headers = bearer(make_token(role, **reach))
    body = b"" if sent is None else orjson.dumps(sent)
    answer = Client().generic(method, f"/api/v1/payments{path}", body, content_type="application/json", headers=headers)
    return answer.status_code, answer.json()


def test_over_http(till):
    payment_id = refused(till)
    status, page = call("GET", "/owed", "service_desk")
    assert (status, page["next"]) == (200, None)
    (item,) = page["items"]
    assert (item["payment"], item["key"], item["amount"], item["code"]) == (
        str(payment_id),
        "return",
        "4.00",
        "account_closed",
    )
    assert call("GET", "/owed", "shop_manager", place_ids=[kernel.new_id()])[1]["items"] == []
    sent = {"id": str(kernel.new_id()), "key": "return", "place": str(till)}
    path = f"/{payment_id}/repayments"
    before = everything()
    assert call("POST", path, "shop_manager", sent)[0] == 403
    status, problem = call("POST", path, "service_desk", sent | {"tender": "rounding"})
    assert (status, problem["code"], problem["field"]) == (409, "cannot_pay_out", "tender")
    assert everything() == before
    status, out = call("POST", path, "service_desk", sent)
    assert (status, out["id"], out["tender"], out["captured"]) == (201, sent["id"], "cash", "-4.00")
    assert call("POST", path, "service_desk", sent) == (201, out)
    assert call("GET", "/owed", "service_desk")[1]["items"] == []
    assert call("GET", "/owed?cursor=x", "finance")[0] == 422


def test_what_is_owed_comes_in_pages(till):
    ids = sorted(refused(till) for _ in range(3))
    found = payments.list_owed(limit=2)
    assert [one.intent_id for one in found] == ids[:2]
    assert [one.intent_id for one in payments.list_owed(after=(ids[1], "return"))] == ids[2:]
    assert payments.list_owed(places=[kernel.new_id()]) == []
