"""Who bought of a recalled lot is told once, in their language, and goods that come back of it are not sold again."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

from storeline.aftersales import api as aftersales
from storeline.aftersales import audit
from storeline.aftersales.api import ReturnLine
from storeline.aftersales.jobs import tell_recalls
from storeline.aftersales.tests.factories import collected, differences, read_events, sold, taken
from storeline.identity.tests.factories import bearer, make_token
from storeline.kernel.api import GUEST, SYSTEM, clock_at, new_id, now, run
from storeline.kernel.tests.factories import race
from storeline.messages import api as messages
from storeline.orders import api as orders
from storeline.orders.tests.factories import Shop, forget_due, make, shop
from storeline.stock import api as stock

if TYPE_CHECKING:
    from uuid import UUID

pytestmark = pytest.mark.django_db(transaction=True)


class Kept:
    """A transport that lets everything leave."""

    def send(self, message: Any) -> None:
        sent.append((message.destination, message.subject, message.body))


sent: list[tuple[str, str, str]] = []


@pytest.fixture
def here(settings: Any) -> Shop:
    """A shop whose first product is all in one lot."""
    settings.MESSAGE_TRANSPORTS = {"email": f"{__name__}.Kept"}
    sent.clear()
    made = shop()
    stock.adjust([stock.Goods(new_id(), 1, made.place, made.products[0], -10_000, "mistake")], actor=SYSTEM)
    came(made)
    return made


def came(here: Shop, lot: str = "BAD", units: int = 10) -> None:
    goods = stock.Goods(new_id(), 1, here.place, here.products[0], units * 1000, lot=lot, expires_on=date(2099, 1, 1))
    stock.receive([goods], actor=SYSTEM)


def member(value: str, language: str = "en", *, verified: bool = True) -> UUID:
    customer = make("customers.Customer", ref=value, kind="member", name="Kim", language=language)
    moment = now() if verified else None
    make("customers.ContactPoint", customer_id=customer, kind="email", value=value, verified_at=moment)
    return customer


def begin(here: Shop) -> UUID:
    recall_id = new_id()
    draft = stock.RecallDraft(recall_id, here.products[0], "BAD", "Glass in it")
    stock.start_recall(draft, actor=SYSTEM)
    return recall_id


def told() -> list[tuple[str, str]]:
    return run(
        "SELECT destination, language FROM messages_message WHERE template = 'aftersales.recalled' ORDER BY 1"
    ).fetchall()


def notices(recall_id: UUID) -> dict[UUID, tuple[str, str]]:
    sql = "SELECT order_id, state, how FROM aftersales_recall_notice WHERE recall_id = %s"
    return {order: (state, how) for order, state, how in run(sql, [recall_id]).fetchall()}


def test_each_person_is_told_once_in_their_language(here: Shop) -> None:
    kim, max_ = member("kim@example.org", "fr"), member("max@example.org", verified=False)
    two = [sold(here, customer_id=kim) for _ in range(2)]
    unsure, nobody = sold(here, customer_id=max_), sold(here)
    guest = here.draft([1], contact=orders.Contact("guest@example.org", "", "zh-Hans"))
    orders.checkout([guest], actor=SYSTEM)
    recall_id = begin(here)
    for _ in range(2):
        read_events("aftersales.recalls")
    assert told() == [("kim@example.org", "fr")]
    assert notices(recall_id) == {
        two[0]: ("told", "member"),
        two[1]: ("told", "member"),
        unsure: ("cannot", ""),
        nobody: ("cannot", ""),
    }
    messages.send_due()
    ((destination, subject, body),) = sent
    assert (destination, subject) == ("kim@example.org", "Produit rappelé : Product 0, lot BAD")
    assert "Shop" in body
    assert "Glass in it" in body
    sums = aftersales.told_sums(recall_id).result()
    assert (sums.told, sums.members, sums.cannot) == (2, 2, 2)
    assert differences() == []


def test_a_guest_is_told_as_they_asked_with_the_order(here: Shop) -> None:
    order_id = collected(here, [2], contact=orders.Contact("guest@example.org", "", "es"))
    recall_id = begin(here)
    read_events("aftersales.recalls")
    assert (told(), notices(recall_id)) == ([("guest@example.org", "es")], {order_id: ("told", "order")})


@pytest.mark.parametrize(("days", "destinations"), [(729, ["guest@example.org"]), (731, [])])
def test_a_guest_is_told_long_after_the_order_and_not_for_ever(here: Shop, days: int, destinations: list[str]) -> None:
    order_id = collected(here, [2], contact=orders.Contact("guest@example.org", "", "es"))
    forget_due()
    with clock_at(now() + timedelta(days=days)):
        forget_due()
        recall_id = begin(here)
        read_events("aftersales.recalls")
        state = ("told", "order") if destinations else ("cannot", "")
        assert ([to for to, _ in told()], notices(recall_id)) == (destinations, {order_id: state})


def test_who_asked_to_be_forgotten_is_not_told(here: Shop) -> None:
    order_id = collected(here, [2], contact=orders.Contact("guest@example.org", "", "es"))
    orders.forget_buyer(order_id, actor=GUEST, token=orders.token_of(order_id))
    recall_id = begin(here)
    read_events("aftersales.recalls")
    assert (told(), notices(recall_id)) == ([], {order_id: ("cannot", "")})


def test_who_cannot_be_told_is_said_where_nobody_carries_messages(here: Shop, settings: Any) -> None:
    settings.MESSAGE_TRANSPORTS = {}
    order_id = sold(here, customer_id=member("kim@example.org"))
    recall_id = begin(here)
    read_events("aftersales.recalls")
    assert (told(), notices(recall_id)) == ([], {order_id: ("cannot", "")})


def test_an_order_that_is_found_later_is_told_by_the_job_and_no_other_lot_is(here: Shop) -> None:
    kim = member("kim@example.org")
    sold(here, customer_id=kim)
    recall_id = begin(here)
    read_events("aftersales.recalls")
    late = sold(here, customer_id=member("late@example.org"))  # a till that was offline
    came(here, "GOOD")
    other = sold(here, customer_id=member("other@example.org"))
    assert (tell_recalls(), tell_recalls()) == (1, 0)
    assert [destination for destination, _ in told()] == ["kim@example.org", "late@example.org"]
    assert (notices(recall_id)[late], other in notices(recall_id)) == (("told", "member"), False)


def test_many_workers_tell_once(here: Shop) -> None:
    kim = member("kim@example.org")
    made = [sold(here, [(1, 100)], customer_id=kim) for _ in range(4)]
    recall_id = begin(here)
    race(*[partial(aftersales.tell_affected, recall_id)] * 5)
    assert told() == [("kim@example.org", "en")]
    assert notices(recall_id) == dict.fromkeys(made, ("told", "member"))


def test_a_lot_is_recalled_while_orders_sell_it(here: Shop) -> None:
    """Whatever was sold of it is told, and what comes after the recall gets none of it online."""
    kim = member("kim@example.org")
    sales = [here.sale([(1, 100)], customer_id=kim) for _ in range(3)]
    online = [here.draft([1]) for _ in range(4)]
    deeds = [partial(orders.checkout, [draft], actor=SYSTEM) for draft in (*sales, *online)]
    started: list[UUID] = []
    race(*deeds[:4], lambda: started.append(begin(here)), *deeds[4:])
    (verdict,) = orders.checkout([here.draft([1])], actor=SYSTEM)
    assert verdict.error is not None
    assert verdict.error.code == "out_of_stock"
    read_events("aftersales.recalls")
    tell_recalls()
    assert told() == [("kim@example.org", "en")]
    assert set(notices(started[0])) == {draft.id for draft in sales}
    assert differences() == []


def test_what_comes_back_is_not_sold_again(here: Shop) -> None:
    order_id = collected(here, [2])
    begin(here)
    asked = taken(here, order_id, ReturnLine(2000, 1, restock=True))
    aftersales.return_goods(asked, actor=SYSTEM)
    pair = (here.place, here.products[0])
    assert stock.atp([pair], channel="web")[pair].quantity == 0
    assert [(one.quantity, one.recall.lot) for one in stock.recalled_at(here.place)] == [(10_000, "BAD")]
    assert differences() == []


def test_a_lifted_recall_tells_nobody_else(here: Shop) -> None:
    recall_id = begin(here)
    stock.end_recall(recall_id, lifted=True, actor=SYSTEM)
    sold(here, customer_id=member("kim@example.org"))
    read_events("aftersales.recalls")
    assert (tell_recalls(), aftersales.tell_affected(recall_id), told()) == (0, 0, [])


def test_the_audit_finds_who_was_not_told(here: Shop) -> None:
    order_id = sold(here, customer_id=member("kim@example.org"))
    recall_id = begin(here)
    assert audit.recalls().ok  # the event was not read yet
    read_events("aftersales.recalls")
    run("DELETE FROM aftersales_recall_notice WHERE recall_id = %s", [recall_id])
    with clock_at(now() + timedelta(hours=1)):
        result = audit.recalls()
    assert [str(order_id) in words for words in result.differences] == [True]


def test_who_was_told_over_http(here: Shop) -> None:
    orders_of = [sold(here, customer_id=member("kim@example.org")), sold(here)]
    recall_id = begin(here)
    path = f"/api/v1/recalls/{recall_id}/orders"

    def ask(role: str, query: str = "") -> Any:
        return Client().get(path + query, headers=bearer(make_token(role)))

    assert [one["told"] for one in ask("planner").json()["items"]] == ["waiting", "waiting"]
    read_events("aftersales.recalls")
    first = ask("planner", "?limit=1").json()
    (one,) = first["items"]
    assert (one["order"], one["told"], one["how"], one["quantity"]) == (str(orders_of[0]), "told", "member", "2")
    (two,) = ask("planner", f"?cursor={first['next']}").json()["items"]
    assert (two["told"], two["how"]) == ("cannot", None)
    assert ask("associate").status_code == 403
