"""Something is broken on the shelf: another shop sends it, it is taken in, and the shopper reads of it. By keyboard and scanner alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.tests.factories import differences, supplying, to_pick
from storeline.identity.tests.factories import make_user
from storeline.kernel.api import run
from storeline.orders import api as orders
from storeline.orders.tests.factories import make, shop
from tests.e2e.people import Person
from tests.e2e.test_desk import GTINS, NAMES
from tests.e2e.trading import name_goods

if TYPE_CHECKING:
    from tests.e2e.conftest import Visit

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_is_broken_comes_from_another_shop(visit: Visit, language: str) -> None:
    here = shop()
    other = supplying(here, 5)
    category = make("catalog.Category", ref="c", name="Fruit", path="c")
    run("UPDATE catalog_product SET category_id = %s", [category])
    make("catalog.Gtin", gtin=GTINS[0], product_id=here.products[0])
    name_goods({name: {} for name in NAMES})
    order_id = to_pick(here, [1])
    visit.sign_in(make_user("picker", "associate", place_id=here.place))
    picker, sender, shopper = (Person(one, language) for one in (visit, visit.another(), visit.another()))

    picker.visit.go(f"/desk/tasks/{order_id}/lines/1")
    picker.press(picker.named("link", "Ask other shops"))
    picker.press(picker.named("radio", "It is not there"), "ArrowDown")
    picker.visit.check()
    picker.press(picker.named("button", "Ask other shops"))
    picker.reads("Another shop sends it, and the shopper is told. Go on with the others.")
    picker.visit.check()

    (supply,) = fulfilment.supplies_at(other)
    sender.visit.sign_in(make_user("sender", "associate", place_id=other))
    sender.visit.go("/desk")
    sender.reads("To send to other shops")
    sender.visit.check()
    sender.visit.go(f"/desk/supplies/{supply.id}")
    sender.visit.check()
    sender.scan(GTINS[0])
    sender.visit.check()
    sender.press(sender.named("button", "Send it"))
    sender.reads("Sent. The other shop takes it in for its order.")
    sender.visit.check()

    picker.visit.go(f"/desk/transfers/{supply.id}")
    picker.press(picker.page.locator("form button.desk-huge"))
    picker.visit.check()
    assert fulfilment.get_task(order_id).lines[1].picked == 1000

    shopper.visit.go(f"/order/{order_id}?key={orders.token_of(order_id)}")
    shopper.reads("Not everything was on our shelf")
    shopper.visit.check()
    assert [one.reason for one in fulfilment.rejections_of([order_id])[order_id]] == [fulfilment.Why.DAMAGED]
    assert differences() == []
