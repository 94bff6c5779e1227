"""Receipts of real orders: by the till after the commit, by the handler for whatever is left."""

import time
from collections.abc import Callable

import pytest

from storeline.fiscal import api as fiscal
from storeline.fiscal.audit import chained, receipted, without_gaps
from storeline.kernel import api as kernel
from storeline.orders import api as orders
from storeline.orders.tests.factories import Shop, shop

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def here() -> Shop:
    return shop()


def sell(here: Shop, *tills: str) -> list[orders.Draft]:
    drafts = [here.sale([(1, 125)], till=till) for till in tills]
    assert [verdict.state for verdict in orders.place(drafts, actor=kernel.SYSTEM)] == ["completed"] * len(tills)
    return drafts


def pump_until(done: Callable[[], bool]) -> None:
    """Events are read below the server's oldest open transaction, which may be another test run's."""
    deadline = time.monotonic() + 60
    while not done() and time.monotonic() < deadline:
        kernel.pump(["fiscal.receipts"])


def test_a_tills_sale_gets_its_number_in_the_tills_series(here):
    one, two, three = sell(here, "1", "2", "1")
    issued = [fiscal.issue([draft.id])[draft.id] for draft in (one, two, three)]
    assert [(receipt.series, receipt.number, receipt.total) for receipt in issued] == [
        ("1", "1", 125),
        ("2", "1", 125),
        ("1", "2", 125),
    ]
    assert fiscal.issue([one.id])[one.id] == issued[0]


def test_an_order_that_is_not_completed_gets_none(here):
    draft = here.draft([1])
    orders.checkout([draft], actor=kernel.GUEST)
    assert fiscal.issue([draft.id, kernel.new_id()]) == {}


def test_the_handler_issues_what_is_left_and_nothing_twice(here):
    drafts = sell(here, "1", "1", "2")
    first = fiscal.issue([drafts[0].id])[drafts[0].id]
    assert len(receipted().differences) == 2
    pump_until(lambda: receipted().ok)
    kernel.pump(["fiscal.receipts"])
    found = fiscal.receipts_of([draft.id for draft in drafts])
    assert {receipt.series for receipt in found.values()} == {"1", "2"}
    assert found[drafts[0].id] == first
    assert receipted() == kernel.CheckResult(3, (), 0)
    assert without_gaps().ok
    assert chained().ok


def test_what_no_event_told_of_is_issued_too(here):
    sell(here, "1", "1")
    assert fiscal.issue_missing() == 2
    assert fiscal.issue_missing() == 0
    assert receipted().ok


def test_a_sale_without_a_receipt_is_seen(here):
    (draft,) = sell(here, "1")
    assert receipted().differences == (f"order {draft.id} has no receipt",)


def test_an_imported_sale_may_be_without(here):
    sell(here, "1")
    kernel.run("UPDATE orders_order SET source = 'import'")
    assert receipted().ok
    assert fiscal.issue_missing() == 0


def test_a_receipt_that_says_another_total_or_no_sale_is_seen(here):
    (draft,) = sell(here, "1")
    fiscal.issue([draft.id])
    kernel.run("UPDATE orders_order SET amount = 124, total = 124, payable = 124 WHERE id = %s", [draft.id])
    assert receipted().differences == (f"order {draft.id} came to 124, its receipt says 125",)
    kernel.run("UPDATE orders_order SET state = 'cancelled' WHERE id = %s", [draft.id])
    assert receipted().differences == ("a receipt over 125 belongs to no completed order",)
