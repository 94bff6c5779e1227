"""The desk as an associate, as one of another place, as a shopper and as a guest."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.test import Client

from storeline.desk.tests.factories import GTINS, other_place, store
from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.tests.factories import (
    all_rows,
    balances,
    picks,
    read_events,
    ready,
    ready_to_bring,
    state_of,
    to_pick,
)
from storeline.identity.tests.factories import browser_of, make_user
from storeline.kernel.api import GUEST, SYSTEM, new_id, now, run
from storeline.orders import api as orders
from storeline.orders.tests.factories import Shop, delivers, make
from storeline.stock import api as stock
from storeline.web.tests.browsing import get, heavy, send, text_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def here() -> Shop:
    return store()


def picked(order_id: UUID) -> list[int | None]:
    return [line.picked for line in fulfilment.get_task(order_id).lines]


def scan(browser: Client, order_id: UUID, code: str, key: str = "") -> str:
    return send(browser, f"/desk/tasks/{order_id}/scan", code=code, key=key or str(new_id()))


def test_from_the_list_to_the_shopper(here: Shop, associate: Client) -> None:
    order_id = to_pick(here, [2, 1])
    page = get(associate, "/desk")
    assert orders.order_number(order_id) in page
    assert "2 products" in page
    address = f"/desk/tasks/{order_id}"
    assert "2 products to go" in get(associate, address)
    assert scan(associate, order_id, GTINS[0]) == f"{address}?said=picked&undo=1&line=1#line-1"
    assert scan(associate, order_id, f"01{GTINS[0]}") == f"{address}?said=picked&undo=1&line=1#line-1"
    assert picked(order_id) == [2000, None]
    assert "1 product to go" in get(associate, address)
    assert send(associate, f"{address}/ready") == f"{address}?said=not_picked"
    assert send(associate, f"{address}/lines/2", quantity="1", told="picked") == f"{address}?said=picked&line=2#line-2"
    assert send(associate, f"{address}/ready") == address
    assert send(associate, f"{address}/ready") == address
    assert state_of(order_id) == ("ready", "confirmed")
    assert "The shopper now has the code" in get(associate, address)
    assert orders.order_number(order_id) in get(associate, "/desk/hand-over")
    code = fulfilment.codes([order_id])[order_id]
    assert send(associate, f"{address}/hand-over", code=f"{code[:3]} {code[3:]}") == address
    assert send(associate, f"{address}/hand-over", code=code) == address
    assert state_of(order_id) == ("handed_over", "completed")
    assert balances() == {"card_clearing": 405, "sales": -375, "tax_payable": -30}
    assert "Nothing to pick" in get(associate, "/desk")


def test_the_open_page_hears_that_its_shopper_chose_another_time(here: Shop, associate: Client) -> None:
    first, other = (
        make(
            "capacity.Slot",
            place_id=here.place,
            method="collect",
            capacity=1,
            starts_at=now() + timedelta(hours=away),
            ends_at=now() + timedelta(hours=away + 1),
            cutoff_at=now() + timedelta(hours=1),
        )
        for away in (30, 54)
    )
    order_id = to_pick(here, [2], slot_id=first)
    address = f"/desk/tasks/{order_id}"
    version = get(associate, address).partition("lines?version=")[2].partition('"')[0]
    fulfilment.choose_time(order_id, other, actor=GUEST, token=orders.token_of(order_id))
    part = get(associate, f"{address}/lines?version={version}")
    assert 'id="due" class="stack-small" hx-swap-oob="true"' in part
    assert 'id="due" class="stack-small">' in get(associate, address)


@pytest.mark.parametrize(
    ("kept", "hours", "told"), [("chilled", 60, True), ("chilled", 20, False), ("frozen", 60, False)]
)
def test_what_does_not_keep_until_the_order_is_due_is_to_be_put_back(
    here: Shop, associate: Client, kept: str, hours: int, *, told: bool
) -> None:
    run("UPDATE catalog_product SET temperature = %s WHERE id = %s", [kept, here.products[0]])
    order_id = to_pick(here, [2, 1])
    run("UPDATE fulfilment_task SET due_at = %s", [now() + timedelta(hours=hours)])
    words = "put back what does not keep until then"
    assert words not in get(associate, f"/desk/tasks/{order_id}")
    fulfilment.pick(picks(order_id, 1000), actor=SYSTEM)
    assert (words in get(associate, f"/desk/tasks/{order_id}")) is told
    page = get(associate, f"/desk/tasks/{order_id}/lines/1")
    action, key, quantity = re.findall(
        r'action="([^"]*/undo)".*?name="key" value="([^"]*)".*?name="quantity" value="([^"]*)"', page, re.DOTALL
    )[0]
    for _ in range(2):
        assert "said=undone" in send(associate, action, key=key, quantity=quantity)
        assert picked(order_id) == [None, None]
    assert words not in get(associate, f"/desk/tasks/{order_id}")
    assert "/undo" not in get(associate, f"/desk/tasks/{order_id}/lines/1")


def test_the_same_scan_twice_counts_once(here: Shop, associate: Client) -> None:
    order_id = to_pick(here, [2, 1])
    assert "said=picked" in scan(associate, order_id, GTINS[0], "k1")
    assert "said=again" in scan(associate, order_id, GTINS[0], "k1")
    assert picked(order_id) == [1000, None]
    assert associate.post(f"/desk/tasks/{order_id}/scan", {"code": GTINS[0]}).status_code == 400
    assert picked(order_id) == [1000, None]


def test_the_last_scan_is_taken_back_once(here: Shop, associate: Client) -> None:
    order_id = to_pick(here, [2, 1])
    address = f"/desk/tasks/{order_id}"
    scan(associate, order_id, GTINS[0])
    page = get(associate, scan(associate, order_id, GTINS[0]))
    assert f'action="{address}/lines/1/undo"' in page
    form = {"key": "k1", "quantity": "1"}
    for _ in range(2):
        assert send(associate, f"{address}/lines/1/undo", **form) == f"{address}?said=undone&line=1#line-1"
        assert picked(order_id) == [1000, None]
    send(associate, f"{address}/lines/1/undo", key="k2", quantity="1")
    assert picked(order_id) == [None, None]
    get(associate, f"{address}?said=picked&undo=x&line=none")
    before = all_rows()
    assert send(associate, f"{address}/lines/1/undo", key="k3", quantity="1") == f"{address}?line=1#line-1"
    assert associate.post(f"{address}/lines/1/undo", {"key": "k4", "quantity": "x"}).status_code == 422
    assert all_rows() == before


@pytest.mark.parametrize(
    ("code", "told"),
    [("12345", "unreadable"), ("4012345678901", "unknown"), (GTINS[1], "wrong"), ("r1", "wrong"), (GTINS[0], "full")],
)
def test_a_scan_that_does_not_fit_changes_nothing(here: Shop, associate: Client, code: str, told: str) -> None:
    order_id = to_pick(here, [1])
    fulfilment.pick_all([order_id], actor=SYSTEM)
    before = all_rows()
    where = scan(associate, order_id, code)
    assert where == f"/desk/tasks/{order_id}?said={told}"
    assert 'class="banner banner-' in get(associate, where)
    assert all_rows() == before


def test_the_number_under_a_name_is_typed_where_a_code_cannot_be_read(here: Shop, associate: Client) -> None:
    order_id = to_pick(here, [1, 1])
    assert scan(associate, order_id, "r1").endswith("?said=picked&undo=1&line=2#line-2")
    assert picked(order_id) == [None, 1000]


def test_weighed_goods_ask_for_their_weight(here: Shop, associate: Client) -> None:
    apps.get_model("catalog.Product").objects.filter(id=here.products[0]).update(unit="kg", by_weight=True)
    order_id = to_pick(here, [1])
    assert scan(associate, order_id, GTINS[0]) == f"/desk/tasks/{order_id}/lines/1"
    assert "Weighed, in kg" in get(associate, f"/desk/tasks/{order_id}/lines/1")
    send(associate, f"/desk/tasks/{order_id}/lines/1", quantity="0,75")
    assert picked(order_id) == [750]


def test_a_little_less_on_the_scale_asks_nobody(here: Shop, associate: Client) -> None:
    apps.get_model("catalog.Product").objects.filter(id=here.products[0]).update(by_weight=True, unit="kg")
    order_id = to_pick(here, [1])
    address = f"/desk/tasks/{order_id}"
    assert send(associate, f"{address}/lines/1", quantity="0.89") == f"{address}/lines/1/instead"
    assert "Offer something else" in get(associate, address)
    assert send(associate, f"{address}/lines/1", quantity="0.95") == f"{address}?said=noted&line=1#line-1"
    page = get(associate, address)
    assert "Offer something else" not in page
    assert "Ask other shops" not in page
    assert send(associate, f"{address}/ready") == address
    assert [line.kept_quantity for line in orders.get(order_id).lines] == [950]


def test_what_is_brought_waits_for_no_shopper(here: Shop, associate: Client) -> None:
    order_id = ready_to_bring(here, delivers(here))
    page = get(associate, "/desk/hand-over")
    assert "Waiting to leave" in page
    assert "Waiting for their shoppers" not in page
    assert orders.order_number(order_id) in page


def test_what_is_not_there_is_confirmed_before_it_is_taken_off(here: Shop, associate: Client) -> None:
    order_id = to_pick(here, [2, 1])
    address = f"/desk/tasks/{order_id}"
    send(associate, f"{address}/lines/1", quantity="2")
    send(associate, f"{address}/lines/2", quantity="0")
    assert "Ready, with something missing" in get(associate, address)
    asked = associate.post(f"{address}/ready")
    assert asked.status_code == 200
    assert "Ready without these?" in text_of(asked)
    assert state_of(order_id) == ("picking", "confirmed")
    # What was confirmed is not what is there now: it is asked again.
    assert associate.post(f"{address}/ready", {"short": "1:0"}).status_code == 200
    assert send(associate, f"{address}/ready", short="2:0") == address
    assert state_of(order_id) == ("ready", "confirmed")
    assert [line.kept_quantity for line in orders.get(order_id).lines] == [2000, 0]


def test_of_what_nothing_was_found_the_order_is_cancelled(here: Shop, associate: Client) -> None:
    order_id = to_pick(here, [1])
    address = f"/desk/tasks/{order_id}"
    send(associate, f"{address}/lines/1", quantity="0")
    assert "Yes, cancel the order" in text_of(associate.post(f"{address}/ready"))
    send(associate, f"{address}/ready", short="1:0")
    assert state_of(order_id) == ("cancelled", "cancelled")
    assert "Put the goods back" in get(associate, address)
    assert send(associate, f"{address}/lines/1", quantity="1") == f"{address}?said=closed"


@pytest.mark.parametrize(("typed", "words"), [("3", "From nothing to what was ordered"), ("x", "Type a number")])
def test_a_wrong_number_is_kept_and_said(here: Shop, associate: Client, typed: str, words: str) -> None:
    order_id = to_pick(here, [2])
    answer = associate.post(f"/desk/tasks/{order_id}/lines/1", {"quantity": typed})
    assert (answer.status_code, picked(order_id)) == (422, [None])
    assert words in text_of(answer)
    assert f'value="{typed}"' in text_of(answer)


def test_a_wrong_code_is_counted_and_hands_nothing_over(here: Shop, associate: Client) -> None:
    order_id, code = ready(here)
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    address = f"/desk/tasks/{order_id}"
    where = send(associate, f"{address}/hand-over", code=wrong)
    assert where == f"{address}?said=wrong_code&left=9"
    assert "It can be tried 9 more times." in get(associate, where)
    for _ in range(9):
        where = send(associate, f"{address}/hand-over", code=wrong)
    assert send(associate, f"{address}/hand-over", code=code) == f"{address}?said=no_code"
    assert "no longer good" in get(associate, f"{address}?said=no_code")
    assert state_of(order_id) == ("ready", "confirmed")


def test_a_qr_says_which_order_it_opens(here: Shop, associate: Client) -> None:
    order_id, code = ready(here)
    other, _ = ready(here)
    qr = f"https://shop.example/orders/{order_id}?code={code}"
    assert send(associate, f"/desk/tasks/{other}/hand-over", code=qr) == f"/desk/tasks/{other}?said=other_order"
    assert send(associate, "/desk/hand-over", code=code).startswith("/desk/hand-over?said=")
    assert send(associate, "/desk/hand-over", code=orders.order_number(order_id)) == f"/desk/tasks/{order_id}"
    assert send(associate, "/desk/hand-over", code="nothing") == "/desk/hand-over?said=no_order"
    assert state_of(order_id) == ("ready", "confirmed")
    assert send(associate, "/desk/hand-over", code=qr) == f"/desk/tasks/{order_id}"
    assert (state_of(order_id)[0], state_of(other)[0]) == ("handed_over", "ready")


def test_an_order_that_is_not_ready_is_not_handed_over(here: Shop, associate: Client) -> None:
    order_id = to_pick(here)
    where = send(associate, f"/desk/tasks/{order_id}/hand-over", code="123456")
    assert where == f"/desk/tasks/{order_id}?said=not_ready"


def test_a_refused_payment_says_so_and_is_tried_again(here: Shop, associate: Client) -> None:
    order_id = to_pick(here)
    fulfilment.pick_all([order_id], actor=SYSTEM)
    fulfilment.ready([order_id], actor=SYSTEM)
    apps.get_model("fulfilment.Task").objects.filter(order_id=order_id).update(state="unpaid", ready_at=None)
    assert "Picked, but not paid" in get(associate, "/desk")
    assert "Try the payment again" in get(associate, f"/desk/tasks/{order_id}")


@pytest.mark.parametrize(("deed", "typed"), [("count", "-1"), ("count", "seven"), ("receive", "0")])
def test_a_number_that_cannot_be_is_kept_and_said(here: Shop, associate: Client, deed: str, typed: str) -> None:
    form = {"id": str(new_id()), "place": str(here.place), "product": str(here.products[0]), "quantity": typed}
    answer = associate.post(f"/desk/{deed}", form)
    assert answer.status_code == 422
    assert f'value="{typed}"' in text_of(answer)
    assert f'value="{form["id"]}"' in text_of(answer)
    assert here.level() == (10_000, 0)


def test_a_product_is_found_by_its_name(here: Shop, associate: Client) -> None:
    assert "No product found" in get(associate, "/desk/receive?q=zzzz")
    assert get(associate, "/desk/receive?q=r1").count('name="product"') == 1


def test_exceptions_say_what_to_do(here: Shop, associate: Client) -> None:
    assert "No problems" in get(associate, "/desk/exceptions")
    order_id = to_pick(here, [4])
    orders.place([here.sale([(9, 100)])], actor=SYSTEM)
    page = get(associate, "/desk/exceptions")
    assert "3 fewer are here than orders were promised." in page
    assert f'href="/desk/tasks/{order_id}"' in page
    assert 'aria-current="step"' in page
    orders.place([here.sale([(5, 100)])], actor=SYSTEM)
    assert "4 more were sold than the books had." in get(associate, "/desk/exceptions")


def test_who_may_not(here: Shop) -> None:
    order_id, code = ready(here)
    received = new_id()
    stock.receive([stock.Goods(received, 0, here.place, here.products[0], 1000)], actor=SYSTEM)
    before = all_rows()
    elsewhere = browser_of(make_user("other", "associate", place_id=other_place(here)))
    shopper = browser_of(make_user("shopper", "shopper"))
    form = {"id": str(new_id()), "place": str(here.place), "product": str(here.products[0]), "quantity": "1"}
    deeds: list[tuple[str, dict[str, Any], int]] = [
        (f"/desk/tasks/{order_id}/scan", {"code": GTINS[0], "key": "k"}, 404),
        (f"/desk/tasks/{order_id}/lines/1", {"quantity": "0"}, 404),
        (f"/desk/tasks/{order_id}/ready", {}, 404),
        (f"/desk/tasks/{order_id}/lines/1/undo", {"key": "k", "quantity": "1"}, 404),
        (f"/desk/tasks/{order_id}/lines/1/instead", {}, 404),
        (f"/desk/tasks/{order_id}/offers/{order_id}/withdraw", {}, 404),
        (f"/desk/tasks/{order_id}/hand-over", {"code": code}, 404),
        ("/desk/hand-over", {"code": f"{order_id} {code}"}, 404),
        ("/desk/places", {"place": str(here.place)}, 403),
        ("/desk/count", form, 403),
        ("/desk/receive", form, 403),
        (f"/desk/receipts/{received}/undo", {}, 403),
    ]
    reads = [
        "/desk",
        f"/desk/tasks/{order_id}",
        f"/desk/tasks/{order_id}/lines/1",
        f"/desk/tasks/{order_id}/lines",
        "/desk/hand-over",
        "/desk/places",
    ]
    for address, sent, status in deeds:
        assert elsewhere.post(address, sent).status_code == status, address
        assert shopper.post(address, sent).status_code == 403, address
        assert Client().post(address, sent).status_code == 302, address
    for address in [*reads, "/desk/count", "/desk/receive", "/desk/exceptions"]:
        assert shopper.get(address).status_code == 403, address
        assert Client().get(address)["Location"].startswith("/accounts/login/"), address
    assert [elsewhere.get(address).status_code for address in reads[1:4]] == [404] * 3
    assert "Nothing to pick" in get(elsewhere, "/desk")
    assert "Nothing waits here" in get(elsewhere, "/desk/hand-over")
    elsewhere.cookies["desk_place"] = str(here.place)
    assert orders.order_number(order_id) not in get(elsewhere, "/desk/hand-over")
    assert all_rows() == before


def test_a_count_elsewhere_is_not_shown(here: Shop) -> None:
    count_id = new_id()
    stock.count([stock.Counted(count_id, 0, here.place, here.products[0], 1000)], actor=SYSTEM)
    elsewhere = browser_of(make_user("other", "associate", place_id=other_place(here)))
    assert elsewhere.get(f"/desk/counts/{count_id}").status_code == 404
    assert elsewhere.get(f"/desk/counts/{new_id()}").status_code == 404


def test_who_has_several_places_chooses_one(here: Shop) -> None:
    elsewhere = other_place(here)
    browser = browser_of(make_user("everywhere", "associate"))
    for address in ("/desk", "/desk/hand-over", "/desk/count", "/desk/receive", "/desk/exceptions"):
        assert browser.get(address)["Location"] == "/desk/places", address
    assert get(browser, "/desk/places").count('name="place"') == 2
    assert get(browser, "/desk/places?q=else").count('name="place"') == 1
    assert "No place found" in get(browser, "/desk/places?q=zz")
    assert send(browser, "/desk/places", place=str(elsewhere)) == "/desk"
    assert "Elsewhere" in get(browser, "/desk")
    browser.cookies["desk_place"] = "x"
    assert browser.get("/desk")["Location"] == "/desk/places"


def test_each_page_asks_little_of_the_database(here: Shop, associate: Client) -> None:
    order_id = to_pick(here, [4, 1])
    waiting, _ = ready(here)
    category = make("catalog.Category", ref="c", name="Fruit", path="c")
    apps.get_model("catalog.Product").objects.update(category_id=category)
    fulfilment.pick([fulfilment.Picked(order_id, 1, 0)], actor=SYSTEM)
    fulfilment.offer(fulfilment.Asked(new_id(), order_id, 1, here.products[2], 1000, 1000), actor=SYSTEM)
    for _ in range(3):
        to_pick(here, [1])
    orders.place([here.sale([(9, 100)])], actor=SYSTEM)
    count_id = new_id()
    stock.count([stock.Counted(count_id, 0, here.place, here.products[1], 1000)], actor=SYSTEM)
    read_events("fulfilment.tasks")
    addresses = [
        "/desk",
        "/desk/places",
        f"/desk/tasks/{order_id}",
        f"/desk/tasks/{waiting}",
        f"/desk/returns/{waiting}",
        f"/desk/tasks/{order_id}/lines/1",
        f"/desk/tasks/{order_id}/lines",
        f"/desk/tasks/{order_id}/lines/1/instead",
        f"/desk/tasks/{order_id}/lines/1/instead?q=r2",
        "/desk/hand-over",
        f"/desk/count?product={here.products[0]}",
        f"/desk/receive?product={here.products[0]}&said=received",
        "/desk/receive",
        f"/desk/counts/{count_id}",
        "/desk/exceptions",
    ]
    assert heavy(associate, addresses) == {}
