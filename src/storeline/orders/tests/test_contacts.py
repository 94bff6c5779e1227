"""How whoever ordered is to be told: taken by both fronts alike, shown to whose it is, gone when there is nothing to tell."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
import pytest
from django.test import Client

from storeline.customers import api as customers
from storeline.kernel.api import CONSUMERS, SYSTEM, Envelope, new_id, now, run, transaction, waits
from storeline.orders import api as orders
from storeline.orders.http.front import answer_set
from storeline.orders.personal import forget_addresses
from storeline.orders.tests.factories import everything, shop
from storeline.orders.tests.test_http import body, post
from storeline.web.front import Arrived

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("door")]
KIM = {"email": " Kim@Example.org ", "phone": "+1 (614) 555-0123", "language": "fr"}
KEPT = orders.Contact("kim@example.org", "+16145550123", "fr")


def by_front(sent: Any) -> tuple[int, Any]:
    (answer,) = answer_set([Arrived(orjson.dumps(sent), "")])
    return answer.status_code, orjson.loads(answer.content)


def by_route(sent: Any) -> tuple[int, Any]:
    return post("/orders", sent)


def kept(order_id: UUID) -> orders.Contact | None:
    return orders.contacts([order_id]).result().get(order_id)


def test_both_fronts_take_it_alike_and_whose_it_is_sees_it() -> None:
    here = shop()
    for place in (by_front, by_route):
        sent = body(here, contact=KIM)
        status, placed = place(sent)
        assert (status, kept(UUID(sent["id"]))) == (201, KEPT)
        assert (by_front(sent)[0], by_route(sent)[0]) == (200, 200)
        assert place(sent | {"contact": {"email": "else@example.org"}})[1]["code"] == "order_mismatch"
        page = Client().get(f"/api/v1/orders/{sent['id']}", headers={"Order-Token": placed["token"]}).json()
        assert page["contact"] == {"email": "kim@example.org", "phone": "+16145550123", "language": "fr"}
        plain = body(here, contact={"language": "en"})
        assert (place(plain)[0], kept(UUID(plain["id"]))) == (201, None)
    before = everything()
    for place in (by_front, by_route):
        for changes, field in (
            ({"contact": {"phone": "614 555 0123"}}, "contact.phone"),
            ({"contact": {"email": "nobody"}}, "contact.email"),
            ({"contact": {"language": "?"}}, "contact.language"),
            ({"contact": KIM, "method": "carry_out"}, "contact"),
        ):
            status, problem = place(body(here, **changes))
            assert (status, problem["field"]) == (422, field)
    assert everything() == before


def test_an_order_with_a_contact_waits_no_longer() -> None:
    here = shop()
    counted = []
    for contact in (None, None, KEPT):
        with waits() as count:
            orders.place([here.draft([1], contact=contact)], actor=SYSTEM)
        counted.append(count.waits)
    assert counted[1] == counted[2]


def test_it_goes_with_the_end_of_the_order_or_with_the_person() -> None:
    here = shop()
    person = new_id()
    customers.register(customers.NewCustomer(person), actor=SYSTEM)
    ended, open_, theirs = (
        here.draft([1], contact=KEPT),
        here.draft([1], contact=KEPT),
        here.draft([1], contact=KEPT, customer_id=person),
    )
    orders.checkout([ended, open_, theirs], actor=SYSTEM)
    orders.cancel([ended.id], reason="test")
    assert forget_addresses(now()) == 1
    assert [kept(one.id) for one in (ended, open_, theirs)] == [None, KEPT, KEPT]
    (exported,) = customers.export_person(person, actor=SYSTEM)["orders"]
    assert exported["contact"] == {"email": "kim@example.org", "phone": "+16145550123", "language": "fr"}
    customers.erase(person, actor=SYSTEM)
    with transaction():
        gone = Envelope(1, "customers.erased", person, None, None, now(), {})
        CONSUMERS["orders.erasures"].handle([gone])
    assert [kept(one.id) for one in (open_, theirs)] == [KEPT, None]
    assert run("SELECT count(*) FROM orders_contact").fetchone() == (1,)
