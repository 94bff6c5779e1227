"""The audit sees planted errors."""

from __future__ import annotations

import pytest

from storeline.kernel.api import CHECKS, new_id
from storeline.loyalty.models import CouponTarget
from storeline.loyalty.tests.factories import load, stored
from storeline.pricing.tests.factories import make_product

pytestmark = pytest.mark.django_db


def test_targets_of_unknown_things() -> None:
    load({"ref": "SAVE"})
    CouponTarget.objects.create(coupon=stored("SAVE"), product=make_product("a"))
    assert CHECKS["loyalty.references"].run().differences == ()
    CouponTarget.objects.create(coupon=stored("SAVE"), product_id=new_id())
    assert CHECKS["loyalty.references"].run().differences == (
        "coupon SAVE has a target of an unknown product or category",
    )
