"""Orders from wish to hand-over, and what each refusal leaves behind: nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from storeline.kernel.api import CHECKS, GUEST, SYSTEM, Error, clock_at, new_id, now, run, waits
from storeline.orders import api as orders
from storeline.orders.tests.factories import CASH, Shop, everything, make, shop, total
from storeline.payments.api import Offer
from storeline.stock import api as stock

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def here() -> Shop:
    return shop()


def state_of(order_id: Any) -> str:
    return orders.get(order_id).head.state


def balances() -> dict[str, int]:
    return dict(run("SELECT account, sum(amount)::bigint FROM ledger_posting GROUP BY account").fetchall())


def audit() -> list[str]:
    return [
        f"{name}: {difference}"
        for name, check in CHECKS.items()
        if name.partition(".")[0] in {"orders", "stock", "payments", "ledger"}
        for difference in check.run().differences
    ]


def test_an_online_order_is_reserved_authorised_and_confirmed(here: Shop) -> None:
    draft = here.draft([2, 1])
    (verdict,) = orders.checkout([draft], actor=GUEST)
    assert (verdict.state, verdict.total, verdict.payable, verdict.error) == ("confirmed", 405, 405, None)
    assert (here.level(0), here.level(1)) == ((10_000, 2_000), (10_000, 1_000))
    assert balances() == {}
    assert audit() == []


def test_it_takes_at_most_six_waits_to_place_and_ten_to_confirm(here: Shop) -> None:
    orders.checkout([here.draft([1, 1, 1])], actor=GUEST)
    with waits() as placing:
        orders.place([here.draft([1, 1, 1])], actor=GUEST)
    with waits() as whole:
        orders.checkout([here.draft([1, 1, 1]) for _ in range(3)], actor=GUEST)
    assert placing.waits <= 6
    assert whole.waits <= 10


def test_a_cash_sale_is_done_at_once_and_in_the_books(here: Shop) -> None:
    agreed = orders.Agreed(
        500,
        (
            orders.LineDiscount("promotion", "retailer", 100),
            orders.LineDiscount("coupon", "manufacturer", 50),
        ),
        tax=32,
        tax_rate=80_000,
    )
    draft = replace(here.sale([(2, 500)]), lines=(orders.DraftLine(here.products[0], 2_000, agreed),))
    (verdict,) = orders.place([draft], actor=SYSTEM)
    assert (verdict.state, verdict.total, verdict.payable) == ("completed", 432, 382)
    assert balances() == {"cash": 382, "manufacturer_receivable": 50, "sales": -400, "tax_payable": -32}
    assert here.level() == (8_000, 0)
    assert audit() == []


@pytest.mark.parametrize("method", ["carry_out", "collect"])
def test_an_agreed_service_moves_no_stock(here: Shop, method: str) -> None:
    here.products[1] = make("catalog.Product", ref="gift-card", name="Gift card", service=True)
    draft = here.sale([(2, 500), (1, 2_500)], method=method)
    (verdict,) = orders.checkout([draft], actor=SYSTEM)
    if method == "collect":
        orders.complete([draft.id], actor=SYSTEM)
    assert (verdict.error, verdict.total) == (None, 3_000)
    assert state_of(draft.id) == "completed"
    assert run("SELECT product_id, quantity FROM stock_movement WHERE kind = 'sale'").fetchall() == [
        (here.products[0], -2_000)
    ]
    assert run("SELECT count(*) FROM stock_exception").fetchone() == (0,)
    assert audit() == []


def test_a_sale_that_happened_posts_below_what_is_promised_and_says_so(here: Shop) -> None:
    orders.checkout([here.draft([9])], actor=GUEST)
    (verdict,) = orders.place([here.sale([(3, 375)])], actor=SYSTEM)
    assert verdict.state == "completed"
    assert here.level() == (7_000, 9_000)
    assert run("SELECT count(*) FROM stock_exception WHERE closed_at IS NULL").fetchone() == (1,)
    assert audit() == []


def test_the_same_order_again_is_answered_the_same(here: Shop) -> None:
    draft = here.draft([2])
    first = orders.checkout([draft], actor=GUEST)[0]
    before = everything()
    again = orders.checkout([draft], actor=GUEST)[0]
    assert (again.state, again.total, again.again) == (first.state, first.total, True)
    assert everything() == before


def test_twins_in_one_set_are_one_order(here: Shop) -> None:
    draft = here.draft([2])
    one, two = orders.checkout([draft, draft], actor=GUEST)
    assert (one.state, two.state, two.again) == ("confirmed", "confirmed", True)
    assert here.level() == (10_000, 2_000)
    clash = orders.checkout([replace(here.draft([1]), id=draft.id, body_hash=b"other")], actor=GUEST)[0]
    assert clash.error is not None
    assert (clash.error.code, clash.error.status) == ("order_mismatch", 422)


REFUSALS = [
    ("out_of_stock", "lines[0].quantity", {"quantities": [11]}),
    ("price_changed", "expected_total", {"expected_total": 1}),
    ("invalid", "expected_total", {"expected_total": None}),
    ("invalid", "lines", {"lines": ()}),
    ("place_cannot", "currency", {"currency": "EUR"}),
    ("invalid", "address", {"method": "ship"}),
    ("invalid", "address", {"method": "deliver"}),
    ("place_cannot", "served_by", {"served_by": uuid4()}),
    ("place_cannot", "place", {"place_id": uuid4()}),
    ("slot_full", "slot", {"slot_id": uuid4()}),
    ("payment_declined", "payments", {"payments": (Offer("sandbox_card", token="tok_decline"),)}),
    ("unknown_tender", "payments[0].tender", {"payments": (Offer("shells"),)}),
    ("payment_mismatch", "payments", {"payments": (Offer("cash", 1),)}),
    ("coupon_unknown", "coupons[0]", {"coupons": ("NONE",)}),
]


def test_a_place_that_does_not_hand_out_collects_nothing(here: Shop) -> None:
    till_only = make(
        "places.Place",
        ref="t",
        entity_id=here.entity,
        name="Tills",
        format="convenience",
        zone="UTC",
        country="US",
        capabilities=["sell"],
    )
    before = everything()
    (verdict,) = orders.checkout([here.draft([1], served_by=till_only)], actor=GUEST)
    assert verdict.error is not None
    assert (verdict.error.code, verdict.error.field) == ("place_cannot", "method")
    assert everything() == before


@pytest.mark.parametrize(("code", "where", "changes"), REFUSALS, ids=[f"{code}-{where}" for code, where, _ in REFUSALS])
def test_a_refusal_names_the_field_and_changes_nothing(
    here: Shop, code: str, where: str, changes: dict[str, Any]
) -> None:
    before = everything()
    wanted = dict(changes)
    draft = replace(here.draft(wanted.pop("quantities", [1])), **wanted)
    (verdict,) = orders.checkout([draft], actor=GUEST)
    assert verdict.error is not None
    assert (verdict.error.code, verdict.error.field) == (code, where)
    if code == "payment_declined":
        assert state_of(draft.id) == "cancelled"
        assert (here.level(), balances()) == ((10_000, 0), {})
    else:
        assert everything() == before
    assert audit() == []


def test_one_refused_order_does_not_hurt_its_neighbours(here: Shop) -> None:
    drafts = [here.draft([6]), here.draft([5]), here.draft([4])]
    verdicts = orders.checkout(drafts, actor=GUEST)
    assert [verdict.error.code if verdict.error else verdict.state for verdict in verdicts] == [
        "confirmed",
        "out_of_stock",
        "confirmed",
    ]
    assert here.level() == (10_000, 10_000)


def test_what_is_kept_back_from_a_channel_is_not_sold_there(here: Shop) -> None:
    kept = [stock.PolicyByRef("r0", 3_000), stock.PolicyByRef("r0", 2_000, None, "market")]
    stock.set_policies(kept, actor=SYSTEM)
    drafts = [
        here.draft([6], channel="market"),
        here.draft([5], channel="market"),
        here.draft([3]),
        here.draft([2]),
    ]
    verdicts = orders.checkout(drafts, actor=GUEST) + orders.checkout([here.draft([3], channel="till")], actor=SYSTEM)
    assert [verdict.error.extra["available"] if verdict.error else verdict.state for verdict in verdicts] == [
        "5",
        "confirmed",
        "2",
        "confirmed",
        "confirmed",
    ]
    assert here.level() == (10_000, 10_000)


def test_guests_cannot_name_their_own_prices(here: Shop) -> None:
    before = everything()
    (verdict,) = orders.place([here.sale([(1, 1)])], actor=GUEST)
    assert verdict.error is not None
    assert verdict.error.status == 403
    assert everything() == before


def test_a_card_that_is_silent_leaves_the_order_pending_until_it_expires(here: Shop) -> None:
    draft = here.draft([3], payments=(Offer("sandbox_card", token="tok_timeout"),))
    (verdict,) = orders.checkout([draft], actor=GUEST)
    assert (verdict.state, here.level()) == ("pending", (10_000, 3_000))
    assert orders.expire(now()) == 0
    with clock_at(now() + timedelta(minutes=16)):
        assert orders.expire(now()) == 1
    assert (state_of(draft.id), here.level()) == ("cancelled", (10_000, 0))
    assert audit() == []


def test_money_on_deposit_comes_back_when_the_order_is_cancelled(here: Shop) -> None:
    draft = here.draft([2], payments=CASH)
    assert orders.checkout([draft], actor=SYSTEM)[0].state == "confirmed"
    assert balances() == {"cash": total(2), "customer_deposits": -total(2)}
    assert orders.cancel([draft.id], reason="customer", actor=SYSTEM) == {draft.id: "cancelled"}
    assert orders.cancel([draft.id], reason="customer", actor=SYSTEM) == {draft.id: "cancelled"}
    assert {account: amount for account, amount in balances().items() if amount} == {}
    assert here.level() == (10_000, 0)
    assert audit() == []


def test_a_short_pick_takes_its_share_off_to_the_cent_and_hand_over_earns_the_rest(here: Shop) -> None:
    draft = here.draft([3, 1], payments=CASH)
    orders.checkout([draft], actor=SYSTEM)
    orders.amend([orders.Short(draft.id, 1, 1_000)], actor=SYSTEM)
    line = orders.get(draft.id).lines[0]
    assert (line.taken_quantity, line.taken_amount, line.kept_amount) == (2_000, 250, 125)
    assert here.level() == (10_000, 1_000)
    with pytest.raises(Error) as refusal:
        orders.complete([draft.id], actor=SYSTEM)
    assert refusal.value.field == "payments"


def test_hand_over_moves_the_goods_and_earns_the_deposit(here: Shop) -> None:
    draft = here.draft([3], payments=CASH)
    orders.checkout([draft], actor=SYSTEM)
    orders.complete([draft.id], actor=SYSTEM)
    assert here.level() == (7_000, 0)
    assert {account: amount for account, amount in balances().items() if amount} == {
        "cash": 405,
        "sales": -375,
        "tax_payable": -30,
    }
    assert audit() == []
    before = everything()
    for deed in (
        lambda: orders.complete([draft.id], actor=SYSTEM),
        lambda: orders.cancel([draft.id], reason="late", actor=SYSTEM),
        lambda: orders.amend([orders.Short(draft.id, 1, 0)], actor=SYSTEM),
    ):
        with pytest.raises(Error) as refusal:
            deed()
        assert refusal.value.code == "wrong_state"
    assert everything() == before


def test_a_card_sale_at_a_till_is_captured_and_completed(here: Shop) -> None:
    draft = here.sale([(2, 300)], payments=(Offer("sandbox_card", token="tok_approve"),))
    (verdict,) = orders.checkout([draft], actor=SYSTEM)
    assert (verdict.state, state_of(draft.id), here.level()) == ("completed", "completed", (8_000, 0))
    assert {account: amount for account, amount in balances().items() if amount} == {
        "card_clearing": 300,
        "sales": -300,
    }
    assert audit() == []


def test_a_card_that_will_not_pay_in_the_end_ends_the_sale(here: Shop) -> None:
    draft = here.sale([(2, 300)], payments=(Offer("cash", 100), Offer("sandbox_card", token="tok_capture_decline")))
    (verdict,) = orders.checkout([draft], actor=SYSTEM)
    assert (verdict.state, verdict.error and verdict.error.code) == ("cancelled", "payment_declined")
    assert (state_of(draft.id), here.level()) == ("cancelled", (10_000, 0))
    assert not any(balances().values())
    assert audit() == []


def test_a_known_ref_belongs_to_one_order(here: Shop) -> None:
    orders.place([here.sale([(1, 100)], ref="T1-1")], actor=SYSTEM)
    before = everything()
    (verdict,) = orders.place([here.sale([(1, 100)], ref="T1-1", id=new_id())], actor=SYSTEM)
    assert verdict.error is not None
    assert verdict.error.code == "order_mismatch"
    assert everything() == before


def test_a_quote_shows_every_step_and_holds_nothing(here: Shop) -> None:
    before = everything()
    quote = orders.quote(here.draft([2, 1]), actor=GUEST)
    assert (quote.amount, quote.tax, quote.total) == (375, 30, 405)
    assert quote.lines[0].steps[0].code == "shelf_price"
    assert everything() == before
