"""Many at once for few uses."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from django.db import connection

from storeline.kernel.api import new_id, pipeline, transaction
from storeline.loyalty import api as loyalty
from storeline.loyalty.models import Redemption
from storeline.loyalty.tests.factories import counts, load
from storeline.pricing.api import price_basket
from storeline.pricing.tests.factories import AT, Shop, basket, book, price, thing

SHOP = Shop(UUID(int=9))
A = thing(1)
QUOTE = price_basket(basket(SHOP, (A, 1000)), book(SHOP, [(A, price(500))]))


def _buy(member: UUID | None) -> str:
    """One order's three moves: gather under lock, decide, write."""
    order = new_id()
    try:
        with transaction():
            with pipeline():
                pending = loyalty.gather(["SAVE"], [member] if member else [])
            found = pending.result()
            used = loyalty.decide(["SAVE"], found, found.left, QUOTE, member, AT, {})
            with pipeline():
                loyalty.redeem([loyalty.Redemption(order, 1, use.coupon_id, member, 100, AT) for use in used])
    except (loyalty.CouponUsedUp, loyalty.CouponMemberLimit) as refusal:
        return refusal.code
    finally:
        connection.close()
    return "used"


def _race(members: list[UUID | None]) -> dict[str, int]:
    with ThreadPoolExecutor(max_workers=24) as threads:
        outcomes = list(threads.map(_buy, members))
    return {outcome: outcomes.count(outcome) for outcome in set(outcomes)}


@pytest.mark.django_db(transaction=True)
def test_a_hundred_uses_for_three_hundred_buyers() -> None:
    load({"ref": "SAVE", "max_uses": 100})
    assert _race([None] * 300) == {"used": 100, "coupon_used_up": 200}
    assert (counts(), Redemption.objects.count()) == ([(100, 100, 0)], 100)


@pytest.mark.django_db(transaction=True)
def test_each_member_once_however_often_they_try() -> None:
    load({"ref": "SAVE", "max_uses_per_customer": 1})
    assert _race([UUID(int=1 + number % 10) for number in range(60)]) == {"used": 10, "coupon_member_limit": 50}
    assert counts() == [(1, 1, 0)] * 10
