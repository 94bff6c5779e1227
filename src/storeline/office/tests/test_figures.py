"""Figures of trade as head office, as a shop's manager, and as those who may not see them."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from urllib.parse import quote

import pytest

from storeline.insight.tests.factories import DAY, at, folded, make, second_shop, sold
from storeline.kernel.api import clock_at, run
from storeline.office.tests.factories import person, store
from storeline.orders.tests.factories import Shop
from storeline.web.tests.browsing import MOST_QUERIES, counted, get, is_clean, text_of

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)
NEXT = at(DAY + timedelta(days=1), 9)


@pytest.fixture
def here() -> Shop:
    """A shop that sold 5.00 and 3.00 on the day, 4.00 a week before."""
    made = store()
    sold(made, ((2, 500),), DAY, 10)
    sold(made, ((1, 300),), DAY, 15)
    sold(made, ((1, 400),), DAY - WEEK, 10)
    folded()
    return made


def table(page: str, start: str) -> list[list[str]]:
    """The cells of the first table after some words."""
    body = page.split(start, 1)[1].split("<tbody>", 1)[1].split("</tbody>", 1)[0]
    rows = re.findall(r"<tr>(.*?)</tr>", body)
    return [
        [re.sub(r"<[^>]+>", " ", cell).strip() for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)]
        for row in rows
    ]


def tile(page: str, label: str) -> list[str]:
    """A tile's value and its comparisons."""
    found = (
        page.split(f'<span class="figure-label">{label}</span>')[1]
        .split("</a>", maxsplit=1)[0]
        .split("</div>", maxsplit=1)[0]
    )
    words = re.sub(r"<svg.*?</svg>", "", found)
    return [text for text in re.sub(r"<[^>]+>", "\n", words).split("\n") if text.strip()]


def test_the_latest_day_of_trade(here: Shop) -> None:
    with clock_at(NEXT):
        page = get(person("finance"), "/office")
    assert "<h1>Tue, 3 Mar</h1>" in page
    assert "Compared with Tue, 24 Feb. A year before is not held." in page
    assert tile(page, "Sales") == ["$8.00", "+100.0%", "vs 24 Feb"]
    assert tile(page, "Baskets") == ["2", "+100.0%", "vs 24 Feb"]
    assert tile(page, "Average basket") == ["$4.00", "Unchanged", "vs 24 Feb"]
    assert tile(page, "Items in a basket") == ["1.5", "+50.0%", "vs 24 Feb"]
    assert tile(page, "Online") == ["0.0%", "of sales", "Unchanged", "vs 24 Feb"]
    assert "Margin" not in page, "no cost is known"
    assert "In stock" not in page, "nobody looked yet"
    hours = table(page, 'id="sales-table"')
    assert (hours[0], len(hours), hours[-1]) == (["10 AM", "$5.00", "$4.00"], 6, ["3 PM", "$3.00", "$0.00"])
    assert [row[1:] for row in table(page, "places-title")] == [["$8.00", "100.0%", "+100.0%"]]
    assert is_clean(page)


def test_a_day_that_goes_on_is_compared_by_the_hour(here: Shop) -> None:
    sold(here, ((1, 50),), DAY + WEEK, 9)
    folded()
    with clock_at(at(DAY + WEEK, 10, 30)):
        page = get(person("finance"), "/office")
    assert "<h1>Today so far</h1>" in page
    assert "by the same time of day" in page
    assert tile(page, "Sales") == ["$0.50", "-80.0%", "vs 3 Mar by this time"], "half of five by half past ten"
    assert "data-live=" in page
    with clock_at(at(DAY + WEEK, 10, 30)):
        assert "data-live=" not in get(person("planner"), "/office?day=2026-03-03")


def test_ranges_filters_and_what_is_wrong_with_them(here: Shop) -> None:
    office = person("finance")
    with clock_at(NEXT):
        week = get(office, "/office?range=week")
        assert "Wed, 25 Feb to Tue, 3 Mar" in week
        assert tile(week, "Sales")[0] == "$8.00"
        assert "Nothing is held before these days" in week
        custom = get(office, "/office?range=custom&from=2026-02-24&to=2026-03-03&channel=till")
        assert tile(custom, "Sales")[0] == "$12.00"
        assert "These days could not be read" in get(office, "/office?range=custom&from=x&to=2026-03-03")
        nothing = get(office, "/office?channel=web")
        assert tile(nothing, "Sales")[0] == "$0.00"
        assert "Nothing was sold here on these days." in nothing
        odd = (
            "/office?region=%00",
            "/office/places?q=%00%25&page=-1",
            "/office?day=9999-12-31",
            "/office/places?page=999",
        )
        assert [office.get(address).status_code for address in odd] == [200] * 4
    assert office.get("/office/places/%00").status_code == 404
    assert office.get("/office?place=nowhere").status_code == 404
    assert office.get("/office?department=nothing").status_code == 404


def test_a_manager_sees_the_own_shop_only(here: Shop) -> None:
    there = second_shop(here)
    sold(there, ((1, 70),), DAY)
    folded()
    manager = person("shop_manager", place_id=there.place)
    with clock_at(NEXT):
        page = get(manager, "/office")
        assert tile(page, "Sales")[0] == "$0.70"
        assert [row[0].split()[0] for row in table(page, "places-title")] == ["Other"]
        assert get(manager, "/office/places/p2").count("$0.70") >= 2
        assert manager.get("/office/places/p").status_code == 404
        assert manager.get("/office?place=p").status_code == 404
        assert "Shop</a>" not in get(manager, "/office/places")
        rows = list(csv.reader(io.StringIO(manager.get("/office/export?what=places").content.decode("utf-8-sig"))))
        assert [row[0] for row in rows[1:]] == ["p2"]
        everywhere = get(person("finance"), "/office")
    assert tile(everywhere, "Sales")[0] == "$8.70"


@pytest.mark.parametrize("role", ["associate", "service_desk", "shopper"])
def test_who_may_not_see_figures(here: Shop, role: str) -> None:
    browser = person(role)
    for address in ("/office", "/office/places", "/office/places/p", "/office/export", "/office/departments"):
        assert browser.get(address).status_code == 403


def test_before_any_trade_the_page_says_so() -> None:
    store()
    office = person("finance")
    for address in ("/office", "/office/places", "/office/places/p", "/office?range=year"):
        assert "No trade yet" in get(office, address)
    assert get(office, "/office/departments") == get(office, "/office/places/map") == ""


def test_each_page_asks_the_database_a_few_times(here: Shop) -> None:
    office = person("administrator")
    addresses = ("/office", "/office?range=year", "/office?format=supermarket", "/office/places", "/office/places/p")
    asked = {}
    with clock_at(NEXT):
        for address in (*addresses, "/office/places/map", "/office/export?what=days"):
            with counted() as found:
                page = get(office, address)
            asked[address] = found[0]
            assert is_clean(page)
            assert len(page) < 60_000
    assert {address: number for address, number in asked.items() if number > MOST_QUERIES} == {}


def test_what_was_drawn_is_kept_until_a_figure_changes(here: Shop) -> None:
    office = person("finance")
    with clock_at(NEXT):
        first = get(office, "/office")
        run("UPDATE insight_trade_day SET net = net + 1000")
        assert tile(get(office, "/office"), "Sales") == tile(first, "Sales")
        sold(here, ((1, 100),), DAY)
        folded()
        assert tile(get(office, "/office"), "Sales")[0] == "$9.00"
        assert tile(get(person("shop_manager", place_id=here.place), "/office"), "Sales")[0] == "$9.00"


def test_what_needs_somebody(here: Shop) -> None:
    office = person("administrator")
    with clock_at(NEXT):
        assert "Nothing. Every order, payment and shelf is in order." in get(office, "/office")
    make(
        "fulfilment.Task",
        order_id=run("SELECT id FROM orders_order LIMIT 1").fetchall()[0][0],
        place_id=here.place,
        method="collect",
        state="to_pick",
        due_at=at(DAY, 8),
        created_at=at(DAY, 7),
    )
    make("stock.StockException", place_id=here.place, product_id=here.products[0], kind="below_reserved", quantity=1000)
    with clock_at(NEXT):
        page = get(office, "/office")
        assert "1 order is late to be picked" in page
        assert "/office/orders?stuck=late" in page
        assert "1 product was sold beyond its stock" in page
        elsewhere = second_shop(here)
        other = get(person("shop_manager", place_id=elsewhere.place), "/office")
        assert "late to be picked" not in other
        place = get(office, "/office/places/p2")
        assert "late to be picked" not in place
        assert "/office/orders?stuck=late&amp;place=p" in get(office, "/office/places/p")


def test_margin_is_shown_where_a_cost_is_known(here: Shop) -> None:
    make(
        "insight.Cost",
        product_id=here.products[0],
        entity_id=here.entity,
        currency="USD",
        valid_from=DAY,
        amount=200,
    )
    folded()
    with clock_at(NEXT):
        page = get(person("finance"), "/office")
    assert tile(page, "Margin") == ["25.0%", "The cost of 100.0% of it is known"]


def test_departments_lead_to_their_categories(here: Shop) -> None:
    food = make("catalog.Category", ref="food & drink", name="Food")
    milk = make("catalog.Category", ref="milk", name="Milk", parent_id=food)
    run("UPDATE catalog_category SET path = 'food' WHERE id = %s", [food])
    run("UPDATE catalog_category SET path = 'food.milk' WHERE id = %s", [milk])
    run("UPDATE catalog_product SET category_id = %s WHERE id = %s", [milk, here.products[0]])
    folded()
    office = person("finance")
    with clock_at(NEXT):
        page = get(office, "/office")
        address = f"/office?department={quote('food & drink').replace('%20', '+')}"
        assert f'href="{address}#departments"' in page
        inside = get(office, address)
    assert [row[0].split()[0] for row in table(inside, "departments-title")] == ["Milk"]
    assert "All departments" in inside


def test_places_are_found_listed_and_drawn(here: Shop) -> None:
    second_shop(here, latitude=40.0, longitude=-82.9, city="Columbus")
    office = person("finance")
    with clock_at(NEXT):
        page = get(office, "/office/places")
        assert "2 places, the largest sales first" in page
        assert [row[2:] for row in table(page, "places-caption")] == [["$8.00", "2", "+100.0%"], ["$0.00", "0", ""]]
        assert "1 place, the largest sales first" in get(office, "/office/places?q=colum")
        assert "No place matches" in get(office, "/office/places?q=atlantis")
        assert "1 place, the largest sales first" in get(office, "/office/places?format=convenience")
        drawn = get(office, "/office/places/map")
    assert drawn.count("map-point") == 1
    assert "Other shop" in drawn


def test_files_are_for_machines_and_run_nothing(here: Shop) -> None:
    run("UPDATE places_place SET name = '=1+1'")
    with clock_at(NEXT):
        office = person("finance")

        def rows(what: str) -> list[list[str]]:
            answer = office.get(f"/office/export?range=custom&from=2026-02-24&to=2026-03-03&what={what}")
            assert answer.content.startswith(b"\xef\xbb\xbf")
            return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))

        days = rows("days")
        assert days[0][:4] == ["day", "currency", "sales", "sold"]
        assert (days[1][:4], days[-1][:3], len(days)) == (
            ["2026-02-24", "USD", "4.00", "4.00"],
            ["2026-03-03", "USD", "8.00"],
            9,
        )
        assert rows("places")[1] == ["p", "'=1+1", "supermarket", "", "", "USD", "12.00", "3", "0.00", ""]
        assert rows("channels")[1][:3] == ["till", "USD", "12.00"]
        assert rows("departments")[1] == ["", "", "USD", "12.00", "4", "0.00", ""]
        hours = office.get("/office/export?what=hours").content.decode("utf-8-sig").splitlines()
        assert hours == ["day,hour,currency,sales,baskets", "2026-03-03,10,USD,5.00,1", "2026-03-03,15,USD,3.00,1"]
        assert "not known" in text_of(office.get("/office/export?what=secrets"))


def test_currencies_are_shown_one_at_a_time(here: Shop) -> None:
    abroad = second_shop(here, currency="EUR")
    sold(abroad, ((1, 990),), DAY)
    folded()
    office = person("finance")
    with clock_at(NEXT):
        assert tile(get(office, "/office"), "Sales")[0] == "$8.00"
        euro = get(office, "/office?currency=EUR")
    assert tile(euro, "Sales")[0] == "€9.90"
    assert '<option value="USD">' in euro


def test_a_day_on_which_more_came_back_than_was_sold(here: Shop) -> None:
    run("UPDATE insight_trade_day SET returned_net = 1500, returns = 1 WHERE day = %s", [DAY])
    run("UPDATE insight_trade_hour SET returned_net = 1500 WHERE day = %s AND hour = 10", [DAY])
    run("UPDATE insight_state SET version = version + 1")
    with clock_at(NEXT):
        page = get(person("finance"), "/office")
    assert tile(page, "Sales")[:2] == ["-$7.00", "-275.0%"]
    assert "Came back" in page
    assert tile(page, "Online")[0] == "\N{EN DASH}"
