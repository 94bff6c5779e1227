"""Settlements on real threads: whatever is owed is paid once."""

from __future__ import annotations

from functools import partial
from uuid import UUID

import pytest

from storeline.aftersales.tests.factories import sold
from storeline.consignment import api as consignment
from storeline.consignment.tests.factories import books, corner, heard, today, wrong
from storeline.kernel.api import SYSTEM, new_id
from storeline.kernel.tests.factories import race

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_is_owed_is_settled_once_whoever_asks():
    here = corner()
    sold(here.shop, ((2, 1_000),))
    heard()
    same = new_id()

    def settle(key: UUID) -> int:
        wish = consignment.Statement(key, here.partner, here.shop.entity, today())
        try:
            return consignment.settle(wish, actor=SYSTEM).owed
        except consignment.NothingOwed:
            return 0

    paid = race(*[partial(settle, key) for key in (same, same, new_id(), new_id())])
    assert sorted(paid) in ([0, 0, 0, 750], [0, 0, 750, 750])
    assert books(here) == {"sales": 750, "bank": -750}
    assert wrong() == []
