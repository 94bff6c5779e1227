"""Coupons to test with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from storeline.kernel.api import SYSTEM, LoadResult, run, transaction
from storeline.loyalty import api as loyalty
from storeline.loyalty.models import Coupon
from storeline.pricing.tests.factories import AT, LONG_AGO, stage

START = datetime(2024, 1, 1, tzinfo=UTC)


def coupon(**terms: Any) -> loyalty.Coupon:
    values: dict[str, Any] = {
        "id": UUID(int=77),
        "ref": "SAVE",
        "name": "Save",
        "kind": "amount",
        "funder": "retailer",
        "currency": "EUR",
        "amount": 100,
        "base": 1000,
        "rate_ppm": None,
        "min_spend": 0,
        "valid_from": LONG_AGO,
        "valid_to": None,
    }
    return loyalty.Coupon(**(values | terms))


def load(*rows: dict[str, Any]) -> LoadResult:
    """Coupons through the very load that files go through."""
    defaults = {"name": "Save", "kind": "amount", "value": 1, "currency": "EUR", "valid_from": START}
    with transaction():
        stage("coupons", loyalty.COUPONS_IN, [defaults | row for row in rows])
        return loyalty.load_coupons(actor=SYSTEM)


def load_uses(rows: Sequence[dict[str, Any]]) -> LoadResult:
    with transaction():
        stage("coupon_redemptions", loyalty.COUPON_REDEMPTIONS_IN, [{"redeemed_at": AT} | row for row in rows])
        return loyalty.load_coupon_redemptions(actor=SYSTEM)


def stored(ref: str) -> Coupon:
    return Coupon.objects.get(ref=ref)


def counts() -> list[tuple[Any, ...]]:
    """(redeemed, at most, overrun), everybody's rows first."""
    return run("SELECT redeemed, at_most, overrun FROM loyalty_coupon_count ORDER BY member_id NULLS FIRST").fetchall()
