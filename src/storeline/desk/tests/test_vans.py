"""The list of what is to be brought: what is due soon, and how much is due later."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

import pytest
from django.test import Client

from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.tests.factories import loading, ready_to_bring
from storeline.kernel.api import now
from storeline.orders import api as orders
from storeline.orders.tests.factories import Shop, delivers, make
from storeline.web.tests.browsing import get, send

pytestmark = pytest.mark.django_db(transaction=True)


def slot(here: Shop, hours: int) -> UUID:
    starts = now() + timedelta(hours=hours)
    times = {"starts_at": starts, "ends_at": starts + timedelta(hours=1), "cutoff_at": now() + timedelta(hours=1)}
    return make("capacity.Slot", place_id=here.place, method="deliver", capacity=5, **times)


def listed(page: str) -> list[UUID]:
    return [UUID(one) for one in re.findall(r'name="order" value="([^"]*)"', page)]


def test_what_is_due_later_is_counted_and_can_be_shown(here: Shop, associate: Client) -> None:
    soon = ready_to_bring(here, delivers(here))
    assert "due later" not in get(associate, "/desk/vans")
    late = [ready_to_bring(here, slot(here, hours)) for hours in (40, 60)]
    page = get(associate, "/desk/vans")
    assert listed(page) == [soon]
    assert "Deliveries due later: 2, the first" in page
    assert 'href="/desk/vans?due=all"' in page
    page = get(associate, "/desk/vans?due=all")
    assert listed(page) == [soon, *late]
    assert "due later" not in page
    turn = loading(here)
    form = {"run": str(turn), "order": str(late[1]), "due": "all"}
    for _ in range(2):
        assert send(associate, "/desk/vans/load", **form) == "/desk/vans?due=all"
    page = get(associate, "/desk/vans")
    assert orders.order_number(late[1]) in page  # in its van, whenever it is due
    assert "Deliveries due later: 1, the first" in page
    assert [drop.order_id for drop in fulfilment.get_run(turn).drops] == [late[1]]


def test_where_all_is_due_later_that_is_said(here: Shop, associate: Client) -> None:
    assert "Nothing to bring" in get(associate, "/desk/vans")
    delivers(here)
    late = ready_to_bring(here, slot(here, 60))
    page = get(associate, "/desk/vans")
    assert listed(page) == []
    assert "Nothing to bring" not in page
    assert "Deliveries due later: 1, the first" in page
    assert listed(get(associate, "/desk/vans?due=all")) == [late]


def test_more_than_a_page_shows_are_counted_too(here: Shop) -> None:
    there = delivers(here, room=3)
    ids = [ready_to_bring(here, there) for _ in range(3)]
    found = fulfilment.to_bring(here.place, None, limit=2)
    assert ([one.order_id for one in found.first], found.later) == (ids[:2], 1)
