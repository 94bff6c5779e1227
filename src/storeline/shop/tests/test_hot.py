"""What many want at once: first come, first served; nobody loses their turn, nobody is told an error."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Lock, Thread
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client

from storeline.catalog import api as catalog
from storeline.identity.tests.factories import bearer, make_token
from storeline.kernel.api import CHECKS, GUEST, SYSTEM, Forbidden, Invalid, clock_at, new_id, now, run
from storeline.orders import api as orders
from storeline.orders.tests.factories import Shop, shop
from storeline.shop import hot, where
from storeline.shop.domain import LetIn, Waiting, let_in
from storeline.shop.tests.buying import form, put, text

A, B, C = (UUID(int=number) for number in (1, 2, 3))


@pytest.mark.parametrize(
    ("wanted", "room", "inside", "at_once", "admitted", "refused"),
    [
        ([1, 1, 1], 2, 0, 9, (A, B), ()),  # the third may yet get what one of them leaves
        ([1, 1, 1], 9, 0, 2, (A, B), ()),
        ([1, 1], 9, 1, 1, (), ()),
        ([3, 1], 2, 1, 9, (), ()),  # nobody passes the first
        ([3, 1, 1], 2, 0, 9, (B, C), (A,)),
        ([1, 1], 0, 1, 9, (), ()),
        ([1, 1], 0, 0, 9, (), (A, B)),
        ([2], -5, 0, 9, (), (A,)),
    ],
)
def test_first_come_first_served(
    wanted: list[int], room: int, inside: int, at_once: int, admitted: tuple[UUID, ...], refused: tuple[UUID, ...]
) -> None:
    waiting = [Waiting(key, quantity) for key, quantity in zip((A, B, C), wanted, strict=False)]
    assert let_in(waiting, room, inside, at_once) == LetIn(admitted, refused)


def heat(made: Shop, at_once: int = 1, units: int = 10) -> None:
    run("UPDATE stock_balance SET on_hand = %s WHERE product_id = %s", [units * 1000, made.products[0]])
    hot.mark(made.products[0], hot.Heat(now() - timedelta(hours=1), None, at_once), actor=SYSTEM)


def buyer(made: Shop, units: int = 1) -> Client:
    client = Client()
    put(client, made, units)
    return client


@pytest.mark.django_db(transaction=True)
def test_who_waits_sees_their_place_and_comes_in_by_themselves(made: Shop) -> None:
    heat(made)
    first, second, third = buyer(made), buyer(made), buyer(made)
    data = form(first)
    for client, place in ((second, 1), (third, 2), (second, 1)):  # a reload keeps the place
        page = client.get("/checkout")
        assert f"You are number {place} in line" in page.content.decode()
        assert page["Refresh"].startswith("4; url=/checkout")
    assert second.post("/checkout", data | {"id": str(new_id())})["Location"] == "/checkout"
    for _ in range(2):  # a double click is one order
        assert first.post("/checkout", data)["Location"].startswith(f"/order/{data['id']}")
    let_in = text(second, "/checkout")
    assert "Order and pay" in let_in
    assert "What many want is kept for you until" in let_in
    assert "You are number 1 in line" in text(third, "/checkout")
    assert second.post("/checkout", {"step": "leave"})["Location"] == "/basket"
    assert "Order and pay" in text(third, "/checkout")
    assert run("SELECT state FROM shop_ticket ORDER BY number").fetchall() == [("done",), ("left",), ("in",)]


@pytest.mark.django_db(transaction=True)
def test_sold_out_is_said_with_what_else_there_is(made: Shop) -> None:
    run(
        "UPDATE catalog_product SET category_id = (SELECT id FROM catalog_category) WHERE id = ANY(%s::uuid[])",
        [[str(one) for one in made.products]],
    )
    heat(made, at_once=9, units=1)
    first, second = buyer(made), buyer(made)
    data = form(first)
    assert "You are number 1 in line" in text(second, "/checkout")
    first.post("/checkout", data)
    page = text(second, "/checkout")
    assert "Product 0 is sold out" in page
    assert "Instead of it" in page
    assert "Product 1<" in page
    assert "Refresh" not in second.get("/checkout")
    put(second, made, 0)
    put(second, made, 1, 1)
    page = text(second, "/checkout")
    assert "Order and pay" in page  # without it nobody waits
    assert "It is your turn" not in page


@pytest.mark.django_db
def test_who_goes_away_gives_way(made: Shop) -> None:
    heat(made)
    first, second = buyer(made), buyer(made)
    form(first)
    assert "number 1 in line" in text(second, "/checkout")
    with clock_at(now() + timedelta(minutes=2)):
        assert "number 1 in line" in text(second, "/checkout")
    with clock_at(now() + hot.INSIDE_FOR + timedelta(seconds=1)):
        # Both looked away for too long: whoever looks first now is first.
        assert "Order and pay" in text(second, "/checkout")
        assert "number 1 in line" in text(first, "/checkout")


@pytest.mark.django_db
def test_more_than_ones_turn_is_for_is_asked_for_at_the_end(made: Shop) -> None:
    heat(made)
    first, second = buyer(made, 2), buyer(made)
    form(first)
    text(second, "/checkout")
    put(first, made, 1)
    form(first)
    put(first, made, 3)
    assert "number 1 in line" in text(first, "/checkout")  # behind the second, who came in
    assert "Order and pay" in text(second, "/checkout")


@pytest.mark.django_db
def test_the_line_is_bounded(made: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    heat(made)
    monkeypatch.setattr(hot, "MOST_WAITING", 1)
    form(buyer(made))
    assert "number 1 in line" in text(buyer(made), "/checkout")
    assert "Very many are waiting" in text(buyer(made), "/checkout")


@pytest.mark.django_db
def test_one_address_takes_no_more_than_its_tickets_and_keeps_those_it_has(
    made: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    heat(made)
    monkeypatch.setattr(hot, "TICKETS_PER_ADDRESS", 1)
    first = buyer(made)
    form(first)
    text(buyer(made), "/checkout", 429)
    form(first)
    assert run("SELECT count(*) FROM shop_ticket").fetchall() == [(1,)]


@pytest.mark.django_db
def test_what_is_not_hot_costs_nothing(made: Shop) -> None:
    put(client := Client(), made)
    form(client)
    assert run("SELECT count(*) FROM shop_queue").fetchall() == [(0,)]
    with pytest.raises(Forbidden):
        hot.mark(made.products[0], hot.Heat(now()), actor=GUEST)
    begin = now()
    for wrong, field in ((hot.Heat(begin, at_once=0), "at_once"), (hot.Heat(begin, begin), "ends_at")):
        with pytest.raises(Invalid) as refused:
            hot.mark(made.products[0], wrong, actor=SYSTEM)
        assert refused.value.field == field
    with pytest.raises(catalog.ProductNotFound):
        hot.mark(new_id(), hot.Heat(now()), actor=SYSTEM)
    assert run("SELECT count(*) FROM shop_hot").fetchall() == [(0,)]


@pytest.mark.django_db
def test_a_product_is_marked_over_http(made: Shop) -> None:
    address = f"/api/v1/products/{made.products[0]}/hot"
    assert Client().put(address, {}, "application/json").status_code == 401
    client = Client(headers=bearer(make_token("planner")))
    body = {"starts_at": "2026-11-27T08:00:00Z", "at_once": 30}
    told = {"product": str(made.products[0]), "starts_at": "2026-11-27T08:00:00Z", "ends_at": None, "at_once": 30}
    assert client.get(address).status_code == 404
    for _ in range(2):
        assert client.put(address, body, "application/json").json() == told
    assert client.get(address).json() == told
    assert [client.delete(address).status_code for _ in range(2)] == [204, 204]
    assert client.get(address).json()["code"] == "not_hot"


BUYERS, UNITS, THREADS = 300, 100, 12


@pytest.mark.django_db(transaction=True)
def test_three_hundred_buyers_of_a_hundred() -> None:
    """Each takes a ticket in the race, looks until it is their turn, and buys one. In the order of their tickets."""
    made = shop(products=1, units=UNITS)
    heat(made, at_once=20, units=UNITS)
    product, at = made.products[0], where.at("p")
    assert at is not None
    told: dict[UUID, str] = {}
    wrong: list[BaseException] = []
    lock, gate = Lock(), Barrier(THREADS)

    def look(holder: UUID) -> str:
        turn = hot.turn_of([holder], at, {product: 1000}, [product])
        if turn.state != "in":
            return turn.state
        draft = made.draft()
        verdict = orders.checkout_gathered(draft, actor=GUEST)
        assert verdict.error is None
        hot.done([holder], at, [product], draft.id)
        return "sold"

    def work(holders: list[UUID]) -> None:
        try:
            gate.wait(20)
            while holders:
                seen = {holder: look(holder) for holder in holders}
                with lock:
                    told.update(seen)
                holders = [holder for holder in holders if seen[holder] == "waiting"]
        except BaseException as error:  # noqa: BLE001  # shown by the thread that waits
            wrong.append(error)
        finally:
            connection.close()

    everybody = [new_id() for _ in range(BUYERS)]
    threads = [Thread(target=work, args=(everybody[start::THREADS],)) for start in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert wrong == []
    assert sorted(told.values()) == ["sold"] * UNITS + ["sold_out"] * (BUYERS - UNITS)
    numbers = run(
        "SELECT state, array_agg(number ORDER BY number) FROM shop_ticket GROUP BY state ORDER BY 1"
    ).fetchall()
    assert numbers == [("done", [*range(1, UNITS + 1)]), ("sold_out", [*range(UNITS + 1, BUYERS + 1)])]
    assert made.level() == (UNITS * 1000, UNITS * 1000)
    checks = [check for name, check in CHECKS.items() if name.partition(".")[0] in {"shop", "stock", "orders"}]
    assert [difference for check in checks for difference in check.run().differences] == []
    run("UPDATE shop_ticket SET order_id = (SELECT order_id FROM shop_ticket WHERE number = 2) WHERE number = 1")
    assert len(CHECKS["shop.tickets"].run().differences) == 2
