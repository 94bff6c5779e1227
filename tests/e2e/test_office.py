"""Head office looks at the day: from what needs somebody to the orders behind a figure, by keyboard, in two languages."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from storeline.catalog import api as catalog
from storeline.identity.tests.factories import make_user
from storeline.insight import api as insight
from storeline.insight import availability
from storeline.kernel.api import SYSTEM, clock_at, now, pump, run
from storeline.orders import api as orders
from storeline.orders.tests.factories import Shop, make, shop
from tests.e2e.people import Person

if TYPE_CHECKING:
    from tests.e2e.conftest import Visit

pytestmark = pytest.mark.django_db(transaction=True)


def sell(here: Shop, cents: int, *, before: timedelta = timedelta()) -> None:
    """A till's sale now, or so long before."""
    with clock_at(now() - before):
        (verdict,) = orders.checkout([here.sale(((1, cents),))], actor=SYSTEM)
    assert verdict.state == "completed", verdict.error


def reckon() -> None:
    """What the worker does every two seconds."""
    while pump(["insight.days"]):
        pass
    insight.fold_all()


def place_at(here: Shop, ref: str, name: str, latitude: float, longitude: float) -> None:
    """Another place of the same retailer."""
    make(
        "places.Place",
        ref=ref,
        entity_id=here.entity,
        name=name,
        format="convenience",
        zone="America/New_York",
        country="US",
        region="OH",
        city="Columbus",
        latitude=latitude,
        longitude=longitude,
        capabilities=["sell"],
    )


@pytest.fixture
def trading() -> Shop:
    """A shop with a department, sales today and a week ago, and an order that should have been picked."""
    made = shop(products=3, units=20)
    catalog.upsert_categories(
        [{"ref": "food", "name": "Food"}, {"ref": "fruit", "name": "Fruit", "parent": "food"}], actor=SYSTEM
    )
    names = ("Red apples", "Oat bread", "Dark chocolate")
    catalog.upsert_products(
        [{"ref": f"r{number}", "name": name, "category": "fruit"} for number, name in enumerate(names)], actor=SYSTEM
    )
    place_at(made, "q", "Harbour", 39.96, -83.0)
    for days, cents in ((0, 500), (1, 300), (7, 400), (8, 250)):
        sell(made, cents, before=timedelta(days=days))
    with clock_at(now() - timedelta(days=2)):
        (verdict,) = orders.checkout([made.draft((2, 1))], actor=SYSTEM)
    assert verdict.state == "confirmed", verdict.error
    while pump(["fulfilment.tasks"]):
        pass
    run("UPDATE fulfilment_task SET due_at = %s", [now() - timedelta(days=1)])
    reckon()
    while availability.look():
        pass
    return made


@pytest.fixture
def language(visit: Visit) -> str:
    """The longer words where there is less room."""
    return "fr" if visit.is_phone else "en"


def test_from_the_day_to_the_orders_behind_it(visit: Visit, trading: Shop, language: str) -> None:
    page, planner = visit.page, Person(visit, language)
    visit.sign_in(make_user("head", "administrator"))
    visit.go("/office")
    page.get_by_role("heading", name=planner.words("What needs you"), exact=True).wait_for()
    page.locator(".office-plot canvas").wait_for()
    late = planner.counted("%(count)s order is late to be picked", "%(count)s orders are late to be picked", 1)
    assert page.get_by_text(late).is_visible()
    visit.check()
    planner.press(page.get_by_role("link", name=planner.words("7 days"), exact=True))
    page.wait_for_url(re.compile("range=week"))
    page.locator(".office-plot canvas").wait_for()
    reads_the_chart(planner)
    planner.press(page.locator("summary", has_text=planner.words("Show as a table")), stays=True)
    visit.check()
    assert page.locator("#sales-table tbody tr").count() == 7
    planner.press(page.locator("#sales-table tbody a").last)
    page.wait_for_url(re.compile(r"/office\?day="))
    planner.press(page.locator("a.office-tile").first)
    page.wait_for_url(re.compile("/office/orders"))
    assert page.locator("main").get_by_text(re.compile(r"3[.,]00")).first.is_visible()
    visit.check()
    visit.go("/office")
    planner.press(page.locator("[aria-labelledby=places-title] tbody a").first)
    page.wait_for_url(re.compile("/office/places/p"))
    visit.check()
    visit.go("/office/places")
    assert page.get_by_role("heading", name=planner.words("Places"), exact=True).is_visible()
    page.locator(".office-map svg").first.wait_for()
    visit.check()
    planner.type("#q", "colum")
    planner.strike("Enter")
    page.wait_for_url(re.compile("q=colum"))
    assert page.locator("tbody tr").count() == 1
    visit.go("/office")
    with page.expect_download() as saved:
        planner.press(page.locator("a[download]").first, stays=True)
    assert saved.value.suggested_filename.startswith("hours-")


def reads_the_chart(planner: Person) -> None:
    """By arrows, as a screen reader says it; Enter opens the day."""
    page = planner.page
    chart = page.get_by_role("slider")
    planner.press(chart, "Home")
    first = page.locator("#sales-table tbody tr").first
    told = chart.get_attribute("aria-valuetext") or ""
    assert told.startswith((first.locator("th").text_content() or "").strip())
    assert (first.locator("td").first.text_content() or "").strip() in told
    page.keyboard.press("ArrowRight")
    assert chart.get_attribute("aria-valuenow") == "2"
    page.keyboard.press("End")
    assert chart.get_attribute("aria-valuenow") == "7"
    planner.visit.check()


def test_figures_follow_the_trade(visit: Visit, trading: Shop) -> None:
    page = visit.page
    visit.sign_in(make_user("head", "administrator"))
    visit.go("/office")
    sales = page.locator("a.office-tile .figure-value").first
    before = sales.text_content()
    page.locator("summary", has_text="Show as a table").click()
    loads: list[str] = []
    page.on("framenavigated", lambda frame: loads.append(frame.url))
    sell(trading, 1200)
    reckon()
    page.wait_for_function(
        "old => document.querySelector('a.office-tile .figure-value').textContent !== old", arg=before, timeout=30_000
    )
    page.locator(".office-plot canvas").wait_for()
    assert page.locator("#sales-table").is_visible(), "what was open stays open"
    assert loads == []
    visit.check()


def test_departments_filters_and_the_dark(visit: Visit, trading: Shop) -> None:
    page = visit.page
    page.emulate_media(color_scheme="dark")
    visit.sign_in(make_user("head", "finance", "planner"))
    visit.go("/office")
    visit.check()
    page.locator("#departments tbody a").first.click()
    page.wait_for_url(re.compile("department=food"))
    assert page.locator("#departments tbody").get_by_text("Fruit").is_visible()
    visit.check()
    visit.go("/office/partners")
    visit.check()
    for path in ("/office/places", "/office/places/p", "/office/activity", "/office/sourcing"):
        visit.go(path)
        visit.check()
    visit.go("/office?range=custom&from=never&to=2026-01-01")
    assert page.get_by_role("alert").is_visible()
    visit.check()
    visit.go("/office?format=convenience&range=month")
    visit.check()


def test_with_no_trade_at_all(visit: Visit) -> None:
    shop()
    visit.sign_in(make_user("head", "finance"))
    visit.go("/office")
    assert visit.page.get_by_role("heading", name="No trade yet").is_visible()
    visit.check()


def test_names_on_a_map_stand_over_nothing(visit: Visit, trading: Shop) -> None:
    """Twenty places in one town and around it, at the width that the page gives the map."""
    page = visit.page
    for number in range(20):
        place_at(trading, f"m{number}", f"Market number {number}", 39.96 + number % 5 / 9, -83 + number // 5 / 7)
    visit.sign_in(make_user("head", "finance"))
    visit.go("/office/places")
    page.locator(".office-map svg").first.wait_for()
    over = page.evaluate("""() => {
      const boxes = [...document.querySelectorAll(".map text")].filter((each) => each.getClientRects().length)
        .map((each) => [each.textContent, each.getBoundingClientRect()]);
      return boxes.flatMap(([name, one], at) => boxes.slice(at + 1).filter(([, other]) =>
        one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom)
        .map(([other]) => `${name} / ${other}`));
    }""")
    assert over == []
    assert page.locator(".map-name:visible").count() >= (1 if visit.is_phone else 3)
