"""Coupons in the database: spent, given back, loaded, recounted, audited."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from psycopg.errors import CheckViolation

from storeline.kernel.api import (
    CHECKS,
    GUEST,
    SYSTEM,
    Forbidden,
    Invalid,
    LoadResult,
    clock_at,
    new_id,
    pipeline,
    run,
    transaction,
    waits,
)
from storeline.loyalty import api as loyalty
from storeline.loyalty.models import Coupon, Redemption
from storeline.loyalty.tests.factories import START, counts, load, load_uses, stored
from storeline.pricing.tests.factories import AT, make_product, refusals, stage

pytestmark = pytest.mark.django_db
MEMBER, OTHER = UUID(int=5), UUID(int=6)


def _use(coupon: Coupon, member: UUID | None = None, order: UUID | None = None, seq: int = 1) -> loyalty.Redemption:
    return loyalty.Redemption(order or new_id(), seq, coupon.pk, member, 100, AT)


def _audit() -> list[str]:
    return [words for name in ("counts", "limits") for words in CHECKS[f"loyalty.coupon_{name}"].run().differences]


def test_gather_redeem_release() -> None:
    load({"ref": "SAVE", "max_uses": 3, "max_uses_per_customer": 2}, {"ref": "FREE"})
    save, free = stored("SAVE"), stored("FREE")
    with waits() as count:
        with pipeline():
            pending = loyalty.gather(["SAVE", "FREE", "NONE"], [MEMBER])
        found = pending.result()
    assert count.waits == 1
    row = loyalty.member_row(save.pk, MEMBER)
    assert found.left == {save.pk: 3, row: 2, free.pk: loyalty.UNLIMITED}
    assert set(found.by_code) == {"SAVE", "FREE"}
    order = new_id()
    with pipeline():
        written = loyalty.redeem([_use(save, MEMBER, order), _use(save, None), _use(free, MEMBER, order, 2)])
    assert written.result() == 3
    assert loyalty.gather(["SAVE"], [MEMBER, OTHER]).result().left == {
        save.pk: 1,
        row: 1,
        loyalty.member_row(save.pk, OTHER): 2,
    }
    loyalty.release([order])
    loyalty.release([order])
    assert loyalty.gather(["SAVE"], [MEMBER], lock=False).result().left == {save.pk: 2, row: 2}
    assert Redemption.objects.filter(released_at=None).count() == 1
    assert _audit() == []


def test_a_use_too_many_fails_and_changes_nothing() -> None:
    load({"ref": "SAVE", "max_uses": 1})
    save = stored("SAVE")
    with pytest.raises(CheckViolation), transaction():
        loyalty.redeem([_use(save), _use(save)]).result()
    assert (counts(), Redemption.objects.count()) == ([(0, 1, 0)], 0)


def test_a_quote_locks_and_writes_nothing() -> None:
    load({"ref": "SAVE", "max_uses_per_customer": 1})
    found = loyalty.gather(["SAVE"], [MEMBER], lock=False).result()
    assert found.left[loyalty.member_row(stored("SAVE").pk, MEMBER)] == 1
    assert counts() == []


def test_a_repeated_load_changes_nothing_and_limits_follow() -> None:
    assert load({"ref": "SAVE", "max_uses": 3}) == LoadResult(inserted=1)
    assert load({"ref": "SAVE", "max_uses": 3}) == LoadResult(unchanged=1)
    loyalty.redeem([_use(stored("SAVE"), MEMBER), _use(stored("SAVE"), OTHER)])
    assert load({"ref": "SAVE", "max_uses": 1}) == LoadResult(updated=1)
    assert counts() == [(2, 1, 1)]
    assert load({"ref": "SAVE", "max_uses": None, "max_uses_per_customer": 1}) == LoadResult(updated=1)
    assert counts() == [(1, 1, 0), (1, 1, 0)]
    assert load({"ref": "SAVE", "max_uses": None, "max_uses_per_customer": None}) == LoadResult(updated=1)
    assert (counts(), _audit()) == ([], [])


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"kind": "gift"}, "kind"),
        ({"currency": None}, "currency"),
        ({"value": -1}, "value"),
        ({"kind": "percentage", "value": 101}, "value"),
        ({"max_uses": -1}, "max_uses"),
        ({"max_uses_per_customer": 0}, "max_uses_per_customer"),
        ({"funder": "me"}, "funder"),
        ({"valid_to": AT.replace(year=2000)}, "valid_to"),
    ],
)
def test_bad_coupons_are_refused(cells: dict[str, Any], column: str) -> None:
    assert load({"ref": "SAVE"} | cells) == LoadResult(refused=1)
    assert [row[:2] for row in refusals()] == [(1, column)]
    assert not Coupon.objects.exists()


def test_history_is_taken_beyond_the_limit_and_leaves_nothing() -> None:
    load({"ref": "SAVE", "max_uses": 1})
    order = new_id()
    rows: list[dict[str, Any]] = [
        {"ref": "r1", "coupon": "SAVE", "order_id": order, "amount": 55},
        {"ref": "r2", "coupon": "SAVE"},
        {"ref": "r3", "coupon": "NONE"},
        {"ref": "r2", "coupon": "SAVE"},
    ]
    assert load_uses(rows) == LoadResult(inserted=2, refused=2)
    assert [row[:2] for row in refusals()] == [(3, "coupon"), (4, "ref")]
    assert counts() == [(2, 1, 1)]
    assert load_uses(rows[:2]) == LoadResult(unchanged=2)
    assert load_uses([rows[0] | {"amount": 56}]) == LoadResult(refused=1)
    assert loyalty.gather(["SAVE"], []).result().left == {stored("SAVE").pk: -1}
    loyalty.release([order])
    assert (counts(), _audit()) == ([(1, 1, 0)], [])


def test_products_narrow_a_coupon_even_if_refused() -> None:
    product = make_product("a")
    load({"ref": "SAVE"}, {"ref": "BAD"})
    rows = [{"coupon": "SAVE", "product": "a"}, {"coupon": "BAD", "product": "zz"}]
    stage("coupon_products", loyalty.COUPON_PRODUCTS_IN, rows)
    assert loyalty.load_coupon_products(actor=SYSTEM) == LoadResult(inserted=1, refused=1)
    found = loyalty.gather(["SAVE", "BAD"], [], [product.pk]).result().by_code
    assert (found["SAVE"].products, found["SAVE"].everything) == (frozenset({product.pk}), False)
    assert (found["BAD"].products, found["BAD"].everything) == (frozenset(), False)
    assert loyalty.gather(["SAVE"], [], [new_id()]).result().by_code["SAVE"].products == frozenset()


def test_loads_need_their_permission() -> None:
    for loaded in (loyalty.load_coupons, loyalty.load_coupon_products, loyalty.load_coupon_redemptions):
        with pytest.raises(Forbidden):
            loaded(actor=GUEST)


def test_the_audit_sees_a_wrong_count_and_a_missing_row() -> None:
    load({"ref": "SAVE", "max_uses": 3}, {"ref": "MORE", "max_uses": 1})
    run("UPDATE loyalty_coupon_count SET redeemed = 2 WHERE coupon_id = %s", [stored("SAVE").pk])
    run("DELETE FROM loyalty_coupon_count WHERE coupon_id = %s", [stored("MORE").pk])
    assert _audit() == [
        "coupon SAVE counts 2 uses, its rows are 0",
        "coupon MORE's limit and its spendable row differ",
    ]


def test_a_coupon_written_by_hand_is_guarded_and_ends() -> None:
    terms = {"ref": "HAND", "name": "By hand", "kind": "amount", "value": 1, "currency": "EUR", "valid_from": START}
    product = make_product("hand")
    key = loyalty.write_coupon(terms, [product.pk], seen="", actor=SYSTEM)
    assert [one.id for one in loyalty.coupon_targets(key, actor=SYSTEM)] == [product.pk]
    seen = loyalty.coupon_version(key)
    with pytest.raises(loyalty.CouponCodeTaken):
        loyalty.write_coupon(terms, None, seen="", actor=SYSTEM)
    assert loyalty.write_coupon(terms | {"name": "New"}, None, seen=seen, actor=SYSTEM) == key
    with pytest.raises(loyalty.CouponChanged):
        loyalty.write_coupon(terms, None, seen=seen, actor=SYSTEM)
    with pytest.raises(Invalid):
        loyalty.write_coupon(terms | {"value": -1}, None, seen=loyalty.coupon_version(key), actor=SYSTEM)
    loyalty.redeem([loyalty.Redemption(new_id(), 1, key, None, 100, AT)])
    with pytest.raises(loyalty.CouponUsed):
        loyalty.write_coupon(terms | {"value": 2}, None, seen=loyalty.coupon_version(key), actor=SYSTEM)
    assert loyalty.get_coupon(key, actor=SYSTEM).amount == 100
    uses = loyalty.coupon_uses(key, actor=SYSTEM)
    assert (uses.standing, uses.members, uses.cost, uses.unknown, uses.given_back) == (1, 0, 100, 0, 0)
    with clock_at(AT):
        for _ in range(2):
            loyalty.end_coupon("HAND", actor=SYSTEM)
        assert loyalty.get_coupon(key, actor=SYSTEM).valid_to == AT
        found = [one.ref for one in loyalty.find_coupons(phase="ended", text="han", actor=SYSTEM)[0]]
        assert found == ["HAND"]
        assert loyalty.count_coupons(actor=SYSTEM) == {"valid": 0, "upcoming": 0, "ended": 1}
    trail = run("SELECT action FROM kernel_trail ORDER BY id").fetchall()
    assert [row[0] for row in trail] == ["loyalty.write_coupon"] * 2 + ["loyalty.end_coupon"]
