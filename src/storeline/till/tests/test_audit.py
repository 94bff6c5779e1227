"""The audit finds a sale that is said to be paid and is not."""

from __future__ import annotations

import pytest

from storeline.kernel.api import CHECKS, run
from storeline.till.tests.factories import GTINS, till

pytestmark = pytest.mark.django_db


def test_a_paid_sale_is_a_completed_order() -> None:
    here = till()
    here.scan(GTINS[0])
    here.pay()
    check = CHECKS["till.sales"]
    assert (check.run().checked, check.run().differences) == (1, ())
    run("UPDATE till_sale SET till = 2")
    (said,) = check.run().differences
    assert said.endswith("which is completed")
