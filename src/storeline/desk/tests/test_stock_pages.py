"""What can be promised, dates, and goods between places, at the desk."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import urlencode
from uuid import UUID

import pytest
from django.apps import apps
from django.test import Client

from storeline.desk.pages.availability import rows_of
from storeline.desk.tests.factories import other_place
from storeline.fulfilment.tests.factories import all_rows, differences, supplying
from storeline.identity.tests.factories import browser_of, make_user
from storeline.kernel.api import SYSTEM, business_date, new_id, now
from storeline.orders.tests.factories import Shop, make
from storeline.stock import api as stock
from storeline.web.tests.browsing import MOST_QUERIES, counted, get, is_clean, refused, send

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def there(here: Shop) -> UUID:
    return other_place(here)


@pytest.fixture
def colleague(there: UUID) -> Client:
    return browser_of(make_user("colleague", "associate", place_id=there))


def receive(here: Shop, quantity: int, lot: str, days: int, product: int = 0) -> None:
    until = business_date(now(), "America/New_York") + timedelta(days=days)
    row = stock.Goods(new_id(), 0, here.place, here.products[product], quantity, lot=lot, expires_on=until)
    stock.receive([row], actor=SYSTEM)


def shown(page: str) -> str:
    """The page's words alone."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def light(browser: Client, address: str) -> str:
    """A page that asks little of the database and breaks no policy."""
    with counted() as queries:
        page = get(browser, address)
    assert queries[0] <= MOST_QUERIES, address
    assert is_clean(page)
    return page


def test_steps_are_a_staircase() -> None:
    steps = [
        stock.AtpStep(stock.StepName.ON_HAND, 10_000, ""),
        stock.AtpStep(stock.StepName.SAFETY, -15_000, ""),
        stock.AtpStep(stock.StepName.FLOOR, 5_000, ""),
    ]
    assert [(row.start, row.width, row.tone) for row in rows_of(steps)] == [
        (33, 67, "more"),
        (0, 100, "less"),
        (0, 34, "more"),
    ]
    assert [(row.start, row.width) for row in rows_of([stock.AtpStep(stock.StepName.ON_HAND, 0, "")])] == [(0, 0)]


def test_what_can_be_promised_is_shown_step_by_step(here: Shop, associate: Client) -> None:
    product = here.products[0]
    ref = apps.get_model("catalog.Product").objects.get(id=product).ref
    stock.set_policies([stock.PolicyByRef(ref, 3_000)], actor=SYSTEM)
    receive(here, 2_000, "A1", 2)
    manager = make_user("boss", "shop_manager", place_id=here.place)
    browser_of(manager)
    stock.adjust([stock.Goods(new_id(), 0, here.place, product, -1_000, "stolen", "two boys")], actor=SYSTEM)
    page = light(associate, f"/desk/availability/{product}")
    words = shown(page)
    assert re.findall(r'<td class="number">(?:<strong>)?([^<]*)<', page)[:4] == ["11", "0", "-3", "8"]
    assert "Kept back from everything sold online" in words
    assert "A1" in words
    assert "Corrected · Stolen · two boys" in words
    assert re.findall(
        r"<strong>([^<]*)</strong> <span>can be", get(associate, f"/desk/availability/{product}?channel=store")
    ) == ["11"]
    later = shown(get(associate, f"/desk/availability/{product}?when=week"))
    assert "Lots whose last day is over by then" in later
    assert send_find(associate, ref) == f"/desk/availability/{product}"
    assert "No product found" in get(associate, "/desk/availability?q=zzzz")
    assert associate.get(f"/desk/availability/{new_id()}").status_code == 404


def send_find(browser: Client, q: str) -> str:
    answer = browser.get("/desk/availability", {"q": q})
    assert answer.status_code == 303
    return str(answer["Location"])


def test_lots_past_their_day_are_written_off_once(here: Shop, associate: Client) -> None:
    receive(here, 4_000, "OLD", -1)
    receive(here, 3_000, "SOON", 2)
    receive(here, 3_000, "LATE", 10, product=1)
    page = light(associate, "/desk/lots")
    words = shown(page)
    assert "1 day over" in words
    assert "2 days left" in words
    assert "LATE" not in words
    assert "LATE" in get(associate, "/desk/lots?days=14")
    form = dict(re.findall(r'name="(id|place|product|lot|quantity)" value="([^"]*)"', page))
    assert (form["lot"], form["quantity"]) == ("OLD", "4")
    for _ in range(2):
        assert send(associate, "/desk/lots", **form) == "/desk/lots?said=taken_off"
    assert here.level() == (13_000, 0)
    assert send(associate, "/desk/lots", **(form | {"id": str(new_id())})) == "/desk/lots?said=lot_changed"
    [told] = stock.corrections(here.place)[:1]
    assert (told.reason, told.lot, told.actor_id is not None) == ("expired", "OLD", True)
    assert differences() == []


@pytest.mark.parametrize(
    "code",
    [
        "(01)04006381333931(17)180110(10)AB-7",
        "]C1010400638133393117180110" + "10AB-7",
        "01040063813339311718011010AB-7",
    ],
)
def test_a_gs1_code_names_its_product_lot_and_day(here: Shop, associate: Client, code: str) -> None:
    make("catalog.Gtin", gtin="04006381333931", product_id=here.products[0])
    page = get(associate, f"/desk/receive?{urlencode({'q': code})}")
    assert dict(re.findall(r'name="(product|lot|expires_on)"[^>]* value="([^"]*)"', page)) == {
        "product": str(here.products[0]),
        "lot": "AB-7",
        "expires_on": "2018-01-10",
    }


@pytest.mark.parametrize("code", ["(01)04012345678901(10)Product 0", "(01)1(10)Product 0"])
def test_a_code_of_unknown_goods_names_nothing_else(here: Shop, associate: Client, there: UUID, code: str) -> None:
    for path in ("count", "receive", "availability"):
        page = get(associate, f"/desk/{path}?{urlencode({'q': code})}")
        assert "No product found" in page, path
        assert "Product 0<" not in page, path
    form = {"id": str(new_id()), "from": str(here.place), "to": str(there)}
    packing = send(associate, "/desk/transfers/new", **form)
    assert send(associate, f"{packing}/scan", code=code, key="k").endswith("?said=unknown")


def test_goods_go_to_the_nearest_places_first(here: Shop, associate: Client) -> None:
    far, near = supplying(here, 1, "a-far", longitude=-80), supplying(here, 1, "b-near")
    supplying(here, 1, "a-point", ["collect"])
    page = light(associate, "/desk/transfers/new")
    assert re.findall(r'name="to" value="([^"]*)"', page) == [str(near), str(far)]
    assert "5.3 mi" in page


def test_what_cannot_be_sold_is_written_off_once_with_its_reason(here: Shop, associate: Client) -> None:
    receive(here, 2_000, "L1", 5)
    address = f"/desk/availability/{here.products[0]}"
    assert f'href="{address}/off"' in light(associate, address)
    page = light(associate, f"{address}/off")
    form = dict(re.findall(r'name="(id|place|product)" value="([^"]*)"', page)) | {"quantity": "2", "reason": "damaged"}
    assert 'value="L1"' in page
    for _ in range(2):
        assert send(associate, f"{address}/off", **form, lot="L1") == f"{address}?said=taken_off"
    assert "Written off" in light(associate, f"{address}?said=taken_off")
    assert here.level() == (10_000, 0)
    [told] = stock.corrections(here.place)[:1]
    assert (told.reason, told.lot, told.quantity) == ("damaged", "L1", -2_000)
    assert send(associate, f"{address}/off", **(form | {"quantity": "3"})) == f"{address}?said=lot_changed"
    assert differences() == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"quantity": "11"}, "The books hold fewer than that."),
        ({"quantity": "0"}, "Type a number"),
        ({"quantity": "-1"}, "Type a number"),
        ({"quantity": "many"}, "Type a number"),
        ({"reason": "found"}, "Say why it cannot be sold."),
        ({"reason": ""}, "Say why it cannot be sold."),
    ],
)
def test_what_is_written_off_wrongly_changes_nothing(
    here: Shop, associate: Client, there: UUID, changes: dict[str, str], words: str
) -> None:
    address = f"/desk/availability/{here.products[0]}/off"
    form = {"id": str(new_id()), "place": str(here.place), "product": str(here.products[0])}
    form |= {"quantity": "1", "reason": "stolen"}
    before = all_rows()
    assert words in refused(associate, address, **(form | changes))
    assert associate.post(address, form | {"place": str(there)}).status_code == 403
    assert all_rows() == before


def test_a_receipt_names_its_lot_and_day(here: Shop, associate: Client) -> None:
    product = here.products[0]
    apps.get_model("catalog.Product").objects.filter(id=product).update(shelf_life_days=5)
    page = get(associate, f"/desk/receive?product={product}")
    assert 'name="lot"' in page
    form = {"id": str(new_id()), "place": str(here.place), "product": str(product), "quantity": "2"}
    until = (business_date(now(), "UTC") + timedelta(days=5)).isoformat()
    wrong = refused(associate, "/desk/receive", **form, lot="has space", expires_on=until)
    assert "Type the lot as the label shows it" in wrong
    assert f'value="{until}"' in wrong
    send(associate, "/desk/receive", **form, lot="L9", expires_on=until)
    other = {**form, "id": str(new_id()), "lot": "L9", "expires_on": "2030-01-01"}
    assert f"good until {until} in the books" in refused(associate, "/desk/receive", **other)
    pair = (here.place, product)
    assert [(lot.lot, lot.on_hand) for lot in stock.lots_at([pair])[pair]] == [("L9", 2_000)]


def test_goods_go_from_one_place_to_the_other(here: Shop, there: UUID, associate: Client, colleague: Client) -> None:
    ref = apps.get_model("catalog.Product").objects.get(id=here.products[0]).ref
    assert "Elsewhere" in light(associate, "/desk/transfers/new")
    page = light(associate, "/desk/transfers/new?q=Else")
    form = dict(re.findall(r'name="(id|from)" value="([^"]*)"', page)) | {"to": str(there)}
    address = f"/desk/transfers/{form['id']}"
    for _ in range(2):
        assert send(associate, "/desk/transfers/new", **form) == address
    assert send(associate, f"{address}/ship") == f"{address}?said=empty"
    assert send(associate, f"{address}/scan", code="nothing at all", key="k0") == f"{address}?said=unknown"
    for _ in range(2):
        send(associate, f"{address}/scan", code=ref, key="k1")
    send(associate, f"{address}/scan", code=ref, key="k2")
    assert stock.get_transfer(UUID(form["id"])).lines[0].quantity == 2_000
    assert "Type a number" in refused(associate, f"{address}/lines", product=str(here.products[0]), quantity="many")
    send(associate, f"{address}/lines", product=str(here.products[0]), quantity="40")
    before = all_rows()
    assert "Only 10 of it is free" in refused(associate, f"{address}/ship", 409)
    assert all_rows() == before
    send(associate, f"{address}/lines", product=str(here.products[0]), quantity="6")
    page = light(associate, address)
    assert re.findall(rf'action="({address}/(?:ship|cancel))"', page) == [f"{address}/ship", f"{address}/cancel"]
    due_at = re.findall(r'<option value="([^"]*)"', page)[0]
    assert send(associate, f"{address}/ship", due_at=due_at) == f"{address}?said=shipped"
    assert send(associate, f"{address}/cancel") == f"{address}?said=left"
    assert here.level() == (4_000, 0)
    assert "On the way here" in light(colleague, "/desk/transfers")
    assert send(colleague, f"{address}/scan", code=ref, key="k3") == f"{address}?product={here.products[0]}"
    line = light(colleague, f"{address}?product={here.products[0]}")
    assert 'value="6"' in line
    arrival = {"id": str(new_id()), "product": str(here.products[0])}
    assert "more than was sent" in refused(colleague, f"{address}/arrivals", **arrival, quantity="7", rest="later")
    assert "Nothing came?" in refused(colleague, f"{address}/arrivals", **arrival, quantity="0", rest="later")
    kept = refused(colleague, f"{address}/arrivals", **arrival, quantity="x", rest="damaged")
    assert 'name="rest" value="damaged" checked' in kept
    for _ in range(2):
        assert (
            send(colleague, f"{address}/arrivals", **arrival, quantity="4", rest="later") == f"{address}?said=received"
        )
    last = {"id": str(new_id()), "product": str(here.products[0]), "quantity": "1", "rest": "damaged"}
    assert send(colleague, f"{address}/arrivals", **last) == f"{address}?said=all_in"
    assert "5 of 6 taken in" in shown(light(colleague, address))
    assert stock.levels(there, [here.products[0]])[here.products[0]].on_hand == 5_000
    assert differences() == []


def test_all_of_it_came(here: Shop, there: UUID, associate: Client, colleague: Client) -> None:
    lines = [(product, 1_000) for product in here.products]
    sent = stock.create_transfer(stock.TransferDraft(new_id(), here.place, there, lines), actor=SYSTEM)
    stock.ship_transfer(sent.id, actor=SYSTEM)
    address = f"/desk/transfers/{sent.id}"
    assert associate.post(f"{address}/arrivals", {"id": str(new_id())}).status_code == 403
    assert send(colleague, f"{address}/arrivals", id=str(new_id())) == f"{address}?said=all_in"
    assert send(colleague, f"{address}/arrivals", id=str(new_id())) == f"{address}?said=taken_in"
    third = make(
        "places.Place", ref="z", entity_id=here.entity, name="Third", format="supermarket", zone="UTC", country="US"
    )
    stranger = browser_of(make_user("stranger", "associate", place_id=third))
    assert stranger.get(address).status_code == 404
    assert differences() == []
