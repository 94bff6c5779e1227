"""How to reach whoever ordered, after the order: kept for recalls alone, for a stated time, and forgotten as they ask."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from storeline.customers import api as customers
from storeline.identity.tests.factories import bearer, make_token
from storeline.kernel.api import CONSUMERS, SYSTEM, Envelope, new_id, now, run, transaction
from storeline.kernel.tests.factories import race
from storeline.orders import api as orders
from storeline.orders.personal import KEPT_FOR, forget_addresses
from storeline.orders.tests.factories import ADDRESS, CASH, Shop, brought, delivers, everything, shop

pytestmark = pytest.mark.django_db(transaction=True)
KEPT = orders.Contact("kim@example.org", "+16145550123", "fr")


def hand_over(draft: orders.Draft) -> UUID:
    """Place it and hand it over."""
    (verdict,) = orders.checkout([draft], actor=SYSTEM)
    assert verdict.error is None
    orders.complete([draft.id], actor=SYSTEM)
    return draft.id


def all_kept() -> list[tuple[UUID, str, str, str]]:
    return run("SELECT order_id, email, phone, language FROM orders_contact ORDER BY order_id").fetchall()


def test_of_an_order_that_was_handed_over_it_is_kept_for_recalls_alone_and_for_its_time(settings: Any) -> None:
    here = shop()
    open_ = here.draft([1], contact=KEPT, payments=CASH)
    done = hand_over(here.draft([1], contact=KEPT, payments=CASH))
    orders.checkout([open_], actor=SYSTEM)
    assert forget_addresses(now()) == 0
    assert orders.contacts([done, open_.id]).result() == {open_.id: KEPT}
    assert orders.contacts([done], ended=True).result() == {done: KEPT}
    page = Client().get(f"/api/v1/orders/{done}", headers={"Order-Token": orders.token_of(done)}).json()
    assert page["contact"] is None
    days = timedelta(days=settings.RECALL_CONTACT_DAYS)
    assert forget_addresses(now() + days - timedelta(minutes=1)) == 0
    assert forget_addresses(now() + days + timedelta(minutes=1)) == 1
    assert all_kept() == [(open_.id, "kim@example.org", "+16145550123", "fr")]
    settings.RECALL_CONTACT_DAYS = 0
    orders.complete([open_.id], actor=SYSTEM)
    assert (forget_addresses(now() + timedelta(minutes=1)), all_kept()) == (1, [])


def test_what_is_kept_is_theirs_and_goes_with_them() -> None:
    here, person = shop(), new_id()
    customers.register(customers.NewCustomer(person), actor=SYSTEM)
    hand_over(here.draft([1], contact=KEPT, customer_id=person, payments=CASH))
    forget_addresses(now())
    (exported,) = customers.export_person(person, actor=SYSTEM)["orders"]
    assert exported["contact"]["email"] == "kim@example.org"
    customers.erase(person, actor=SYSTEM)
    with transaction():
        CONSUMERS["orders.erasures"].handle([Envelope(1, "customers.erased", person, None, None, now(), {})])
    assert all_kept() == []


def delivered(here: Shop, slot: UUID, phone: str, **changes: Any) -> UUID:
    return hand_over(brought(here, slot, address=replace(ADDRESS, phone=phone), payments=CASH, **changes))


def test_the_number_of_an_address_outlives_the_address_for_recalls(settings: Any) -> None:
    here = shop()
    slot = delivers(here, room=9)
    plain, mailed = (
        delivered(here, slot, "(614) 555-0123"),
        delivered(here, slot, "(614) 555-0124", contact=replace(KEPT, phone="")),
    )
    delivered(here, slot, "ring twice"), delivered(here, slot, "")
    forget_addresses(now() + KEPT_FOR + timedelta(minutes=1))
    assert all_kept() == [(plain, "", "+16145550123", "en"), (mailed, "kim@example.org", "+16145550124", "fr")]
    assert orders.contacts([plain, mailed]).result() == {}
    assert run("SELECT count(*) FROM orders_destination WHERE phone <> ''").fetchone() == (0,)
    settings.RECALL_CONTACT_DAYS = 30
    forget_addresses(now() + timedelta(days=31))
    delivered(here, slot, "(614) 555-0125")
    forget_addresses(now() + KEPT_FOR + timedelta(minutes=1))
    assert all_kept() == []


def ask(order_id: UUID, headers: dict[str, str]) -> int:
    return Client().delete(f"/api/v1/orders/{order_id}/contact", headers=headers).status_code


def test_whoever_ordered_has_it_forgotten_at_once_and_nobody_else() -> None:
    here = shop()
    slot = delivers(here, room=9)
    mine, other = (
        delivered(here, slot, "(614) 555-0123", contact=KEPT),
        delivered(here, slot, "(614) 555-0124", contact=KEPT),
    )
    before = everything(), all_kept()
    for headers, status in (
        ({}, 401),
        ({"Order-Token": orders.token_of(other)}, 404),
        (bearer(make_token("shopper")), 404),
        (bearer(make_token("shop_manager")), 404),
    ):
        assert ask(mine, headers) == status
    assert (everything(), all_kept()) == before
    assert [ask(mine, {"Order-Token": orders.token_of(mine)}) for _ in range(2)] == [204, 204]
    assert [row[0] for row in all_kept()] == [other]
    assert orders.destinations([mine]).result()[mine].address is None
    assert orders.destinations([other]).result()[other].address is not None
    assert ask(other, bearer(make_token("service_desk"))) == 204
    assert all_kept() == []
    assert forget_addresses(now() + KEPT_FOR + timedelta(minutes=1)) == 0


def test_who_is_erased_while_numbers_are_kept_leaves_none_behind() -> None:
    here, person = shop(), new_id()
    customers.register(customers.NewCustomer(person), actor=SYSTEM)
    slot = delivers(here, room=9)
    for _ in range(4):
        delivered(here, slot, "(614) 555-0123", customer_id=person)
    customers.erase(person, actor=SYSTEM)
    gone = Envelope(1, "customers.erased", person, None, None, now(), {})
    late = now() + KEPT_FOR + timedelta(minutes=1)

    def unlink() -> None:
        with transaction():
            CONSUMERS["orders.erasures"].handle([gone])

    race(*[partial(forget_addresses, late)] * 3, unlink, *[partial(forget_addresses, late)] * 3)
    assert all_kept() == []
