"""What a person is handed of their data, and what is left of them in the trade once they are erased."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from storeline.aftersales import api as aftersales
from storeline.aftersales.api import ReturnLine
from storeline.aftersales.tests.factories import collected, differences, every_row, read_events, taken
from storeline.customers import api as customers
from storeline.customers.tests.factories import make_customer
from storeline.fiscal import api as fiscal
from storeline.kernel.api import CHECKS, SYSTEM, make_error_table, run, transaction
from storeline.loyalty import api as loyalty
from storeline.loyalty.tests.factories import load as load_coupons
from storeline.loyalty.tests.factories import load_uses
from storeline.messages import api as messages
from storeline.orders.tests.factories import Shop, shop

pytestmark = pytest.mark.django_db(transaction=True)
LINKS = (("orders_order", "customer_id"), ("aftersales_return", "customer_id"), ("loyalty_redemption", "member_id"))
messages.register_template("aftersales.hello", {"en": ("Hello", "Hello")})
ERASURES = ("orders.erasures", "aftersales.erasures", "loyalty.erasures", "messages.erasures")


@pytest.fixture
def here() -> Shop:
    made = shop()
    load_coupons({"ref": "SAVE", "value": 1, "currency": "USD", "max_uses": 5, "max_uses_per_customer": 2})
    return made


@pytest.fixture
def kim() -> UUID:
    return make_customer(ref="kim", name="Kim")


def bought_and_brought_back(here: Shop, customer_id: UUID) -> tuple[UUID, UUID]:
    """Two units for 2.50 less a coupon of 1.00, with 8 % tax; one comes back. The order and the return."""
    order_id = collected(here, [2], customer_id=customer_id, coupons=("SAVE",), expected_total=162)
    asked = taken(here, order_id, ReturnLine(1000, 1), customer_id=customer_id)
    aftersales.return_goods(asked, actor=SYSTEM)
    return order_id, asked.id


def linked() -> list[int]:
    """How many rows of each table name a person."""
    return [int(run(f"SELECT count({column}) FROM {table}").fetchall()[0][0]) for table, column in LINKS]


def test_a_person_is_handed_all_that_is_known_of_them_over_all_their_records(here, kim):
    other, stranger = make_customer(ref="kim-online"), make_customer(ref="sam")
    customers.merge(other, kim, actor=SYSTEM)
    customers.record_consent(kim, customers.NewConsent("newsletter", granted=True), actor=SYSTEM)
    with transaction():
        messages.queue([messages.NewMessage(kim, "email", "kim@example.org", "aftersales.hello")])
    order_id, return_id = bought_and_brought_back(here, other)
    bought_and_brought_back(here, stranger)
    handed = customers.export_person(kim, actor=SYSTEM)
    assert {view.id for view in handed["records"]} == {kim, other}
    assert [one["purpose"] for one in handed["consents"]] == ["newsletter"]
    assert [one.template for one in handed["messages"]] == ["aftersales.hello"]
    (order,) = handed["orders"]
    assert (order["id"], order["total"], len(order["lines"])) == (order_id, "1.62", 1)
    (back,) = handed["returns"]
    assert (back["id"], back["order"], back["refunded"], back["currency"]) == (return_id, order_id, "0.81", "USD")
    assert back["lines"] == [{"product": here.products[0], "quantity": "1", "amount": "0.75", "reason": ""}]
    assert back["refunds"] == [{"tender": "sandbox_card", "amount": "0.81", "state": "settled"}]
    (use,) = handed["redemptions"]
    assert (use["coupon"], use["order"], use["released_at"]) == ("SAVE", order_id, None)


def test_the_erased_are_linked_to_nothing_and_the_trade_stays(here, kim):
    sam = make_customer(ref="sam")
    order_id, return_id = bought_and_brought_back(here, kim)
    bought_and_brought_back(here, sam)
    receipts = (fiscal.receipts_of([order_id]), fiscal.receipts_of([return_id], "return"))
    before = {table: len(rows) for table, rows in every_row().items()}
    assert linked() == [2, 2, 2]
    customers.erase(kim, actor=SYSTEM)
    read_events(*ERASURES)
    assert linked() == [1, 1, 1]
    assert customers.export_person(sam, actor=SYSTEM)["orders"] != []
    handed = customers.export_person(kim, actor=SYSTEM)
    assert [handed[part] for part in ("orders", "returns", "redemptions", "messages")] == [[], [], [], []]
    after = {table: len(rows) for table, rows in every_row().items()}
    changed = {table: after[table] - count for table, count in before.items() if after[table] != count}
    assert changed == {"kernel_event": 1, "kernel_trail": 1}
    assert (fiscal.receipts_of([order_id]), fiscal.receipts_of([return_id], "return")) == receipts
    assert run("SELECT redeemed FROM loyalty_coupon_count ORDER BY redeemed").fetchall() == [(1,), (2,)]
    assert differences() == []
    assert all(CHECKS[name].run().ok for name in ("loyalty.coupon_counts", "loyalty.coupon_limits"))


def test_hearing_of_an_erasure_twice_is_nothing(here, kim):
    bought_and_brought_back(here, kim)
    customers.erase(kim, actor=SYSTEM)
    read_events(*ERASURES)
    before = every_row()
    run("DELETE FROM kernel_checkpoint WHERE name = ANY(%s)", [list(ERASURES)])
    read_events(*ERASURES)
    assert every_row() == before


def past_return(ref: str, **changes: Any) -> tuple[int, int, int]:
    """Take in a return of the past by a file that names kim: inserted, unchanged, refused."""
    moment = datetime(2017, 5, 6, 18, 30, tzinfo=UTC)
    head = {"ref": ref, "place": "p", "customer": "kim", "returned_at": moment, "currency": "USD"} | changes
    line = {"return": ref, "line": 1, "product": "r0", "quantity": 1000, "amount": 200}
    staged = (("returns", aftersales.RETURNS_IN, head), ("return_lines", aftersales.RETURN_LINES_IN, line))
    with transaction():
        make_error_table()
        run(f"CREATE TEMP TABLE in_refunds ({aftersales.REFUNDS_IN}) ON COMMIT DROP")
        for file, columns, row in staged:
            run(f"CREATE TEMP TABLE in_{file} ({columns}) ON COMMIT DROP")
            names, marks = ", ".join(f'"{name}"' for name in row), ", ".join(["%s"] * len(row))
            run(f"INSERT INTO in_{file} (row, {names}) VALUES (1, {marks})", list(row.values()))
        result = aftersales.load_returns(actor=SYSTEM)
    return result.inserted, result.unchanged, result.refused


def test_an_old_file_does_not_link_the_erased_again(here, kim):
    use = {"ref": "U1", "coupon": "SAVE", "customer": "kim", "amount": 100}
    assert (past_return("R1"), load_uses([use]).inserted) == ((1, 0, 0), 1)
    assert linked() == [0, 1, 1]
    customers.erase(kim, actor=SYSTEM)
    read_events(*ERASURES)
    assert (past_return("R1"), load_uses([use]).refused) == ((0, 1, 0), 0)
    assert (past_return("R2"), load_uses([use | {"ref": "U2"}]).inserted) == ((1, 0, 0), 1)
    assert past_return("R3", customer="nobody") == (0, 0, 1)
    assert linked() == [0, 0, 0]
    assert loyalty.list_coupons(actor=SYSTEM)[0][0].redeemed == 2
