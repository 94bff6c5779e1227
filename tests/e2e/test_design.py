"""Every part of the design, and the pages that belong to no face: in order at both widths, in the light and in the dark."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.test import Client

from storeline.fulfilment.tests.factories import ready, to_pick
from storeline.identity.tests.factories import make_user
from storeline.kernel.api import SYSTEM, new_id, now
from storeline.orders import api as orders
from storeline.orders.tests.factories import shop
from storeline.shop import hot
from storeline.shop.tests.buying import form, put
from storeline.stock import api as stock
from storeline.till.commands import open_till
from storeline.till.queries import TillAt
from tests.e2e.trading import slot_tomorrow

if TYPE_CHECKING:
    from tests.e2e.conftest import Visit

pytestmark = pytest.mark.django_db(transaction=True)
PAGES = ("/styleguide", "/start", "/accounts/login/", "/no/such/page", "/forgot")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_part_of_the_design_is_in_order(visit: Visit, theme: str) -> None:
    visit.page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    for path in PAGES:
        visit.go(path)
        if path.startswith("/no"):
            visit.expect(404)
        visit.check()
    visit.page.fill("#id_login", "nobody@example.org")
    visit.page.press("#id_login", "Enter")
    visit.page.wait_for_url("**/forgot/new")
    visit.check()
    _waits_in_line(visit)


def _waits_in_line(visit: Visit) -> None:
    """For the last unit of what many want, until somebody else has it."""
    here = shop(products=2, units=1)
    slot_tomorrow(here)
    hot.mark(here.products[0], hot.Heat(now() - timedelta(hours=1)), actor=SYSTEM)
    first, second = Client(), Client()
    for client in (first, second):
        put(client, here, 1)
    data = form(first)
    visit.keep({name: morsel.value for name, morsel in second.cookies.items()})
    for heading in ("You are number 1 in line", "Product 0 is sold out"):
        seen = visit.page.get_by_role("heading", name=heading)
        for _ in range(10):  # another process learns within two seconds what is hot
            visit.go("/checkout")
            if seen.count():
                break
            visit.page.wait_for_timeout(300)
        visit.page.route("**/checkout", lambda again: again.fulfill(status=204))  # it looks again by itself
        visit.check()
        visit.page.unroute("**/checkout")
        first.post("/checkout", data)


STAFF = (
    "/till", "/till?ask=member", "/till/pay", "/till/today", "/till/returns", "/till/done/{sale}", "/till/returns/{sale}",
    "/desk", "/desk/tasks/{order}", "/desk/tasks/{order}/lines/1", "/desk/hand-over", "/desk/count", "/desk/exceptions",
    "/office", "/office/orders", "/office/orders/{order}", "/office/promotions/new", "/office/places", "/office/partners", "/office/activity",
    "/office/recalls", "/office/recalls/lot?product={product}&lot=L8", "/office/recalls/{recall}", "/desk/recalls",
)  # fmt: skip


def test_no_page_of_the_staff_breaks_from_right_to_left_or_twice_as_large(visit: Visit) -> None:
    here = shop()
    order_id, (_ready, _code) = to_pick(here), ready(here)
    sale = here.sale(((1, 125), (2, 250)))
    orders.checkout([sale], actor=SYSTEM)
    visit.sign_in(make_user("everything", "administrator"))
    open_till(TillAt(here.place, 1), actor=SYSTEM)
    visit.keep({"till": f"{here.place}.1"})
    stock.receive([stock.Goods(new_id(), 1, here.place, here.products[0], 2_000, lot="L7")], actor=SYSTEM)
    recall = stock.start_recall(stock.RecallDraft(new_id(), here.products[0], "L7", "Glass in it " * 20), actor=SYSTEM)
    page = visit.page
    size = page.viewport_size
    assert size is not None
    for path in STAFF:
        page.set_viewport_size(size)
        visit.go(path.format(order=order_id, sale=sale.id, product=here.products[0], recall=recall.id))
        page.evaluate("document.documentElement.dir = 'rtl'")
        visit.fits()
        page.set_viewport_size({"width": max(320, size["width"] // 2), "height": size["height"] // 2})
        visit.fits()
        page.evaluate("document.documentElement.dir = 'ltr'")
        visit.fits()
    assert visit.wrong == []
