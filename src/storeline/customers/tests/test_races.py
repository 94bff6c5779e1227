"""Merges that race never make a circle; a number that races is proved once."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

import pytest
from django.db import connection

from storeline.customers import audit
from storeline.customers.api import add_contacts, erase, join, merge, of_user
from storeline.customers.tests.factories import PHONE, make_customer, proved
from storeline.identity.api import actor_of_user
from storeline.identity.tests.factories import make_user
from storeline.kernel.api import SYSTEM, Error, run

pytestmark = pytest.mark.django_db(transaction=True)


def race(acts: Sequence[Callable[[], object]]) -> Counter[str]:
    gate = Barrier(len(acts))

    def once(act: Callable[[], object]) -> str:
        try:
            gate.wait(10)
            act()
        except Error as error:
            return error.code
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(len(acts)) as pool:
        return Counter(pool.map(once, acts))


def test_a_ring_of_merges_at_once_leaves_one_out():
    for _ in range(5):
        ring = [make_customer() for _ in range(6)]
        pairs = zip(ring, [*ring[1:], ring[0]], strict=True)
        acts = [partial(merge, one, two, actor=SYSTEM) for one, two in pairs]
        assert race(acts) == {"done": 5, "cannot_merge": 1}
        assert audit.merges().ok


def test_of_many_who_prove_one_number_one_does():
    people = [make_customer() for _ in range(8)]
    acts = [partial(add_contacts, key, [proved("phone", PHONE)], actor=SYSTEM) for key in people]
    assert race(acts) == {"done": 1, "contact_taken": 7}


def test_nothing_is_added_to_a_person_while_they_are_erased():
    for _ in range(5):
        key = make_customer()
        race([partial(erase, key, actor=SYSTEM), partial(add_contacts, key, [proved("phone", PHONE)], actor=SYSTEM)])
        assert run("SELECT count(*) FROM customers_contact_point").fetchall() == [(0,)]
        assert audit.erased().ok


def test_many_first_requests_of_one_shopper_make_one_member():
    user = make_user("kim", "shopper")
    shopper = actor_of_user(user)
    assert shopper is not None
    assert race([partial(join, actor=shopper)] * 8) == {"done": 8}
    assert run("SELECT id FROM customers_customer").fetchall() == [(of_user(user),)]
    assert run("SELECT count(*) FROM kernel_event WHERE type = 'customers.registered'").fetchall() == [(1,)]


def test_nobody_joins_while_they_are_erased():
    for number in range(5):
        user = make_user(f"kim{number}", "shopper", name="Kim")
        shopper = actor_of_user(user)
        assert shopper is not None
        mine = join(actor=shopper)
        race([partial(erase, mine, actor=SYSTEM), *[partial(join, actor=shopper)] * 3])
        assert of_user(user) is None
        assert run("SELECT count(*) FROM customers_customer WHERE erased_at IS NULL").fetchall() == [(0,)]
