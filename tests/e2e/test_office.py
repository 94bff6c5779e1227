"""Head office looks at the day: from what needs somebody to the orders behind a figure, by keyboard, in two languages."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.conf import settings

from storeline.catalog import api as catalog
from storeline.identity.tests.factories import PASSWORD, make_user
from storeline.insight import api as insight
from storeline.insight import availability
from storeline.kernel.api import SYSTEM, clock_at, now, pump, run
from storeline.orders import api as orders
from storeline.orders.tests.factories import Shop, make, shop

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.e2e.conftest import Visit

pytestmark = pytest.mark.django_db(transaction=True)
FURTHEST = 120
WEEK = timedelta(days=7)
WORDS = {
    "en": ("What needs you", "7 days", "Show as a table", "Places", "Download as CSV", "1 order is late to be picked"),
    "fr": (
        "À traiter",
        "7 jours",
        "Afficher en tableau",
        "Lieux",
        "Télécharger en CSV",
        "1 commande est en retard de préparation",
    ),
}


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
    make(
        "places.Place",
        ref="q",
        entity_id=made.entity,
        name="Harbour",
        format="convenience",
        zone="America/New_York",
        country="US",
        region="OH",
        city="Columbus",
        latitude=39.96,
        longitude=-83.0,
        capabilities=["sell"],
    )
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


def to(visit: Visit, target: Locator) -> None:
    """Tab on until the target has the focus."""
    for _ in range(FURTHEST):
        if target.evaluate("each => each === document.activeElement"):
            return
        visit.page.keyboard.press("Tab")
    pytest.fail(f"the keyboard does not reach {target}")


def press(visit: Visit, target: Locator) -> None:
    """Go to a link or button, and press it."""
    to(visit, target)
    visit.page.keyboard.press("Enter")


def sign_in(visit: Visit, role: str, language: str) -> None:
    make_user("head", role)
    visit.page.context.add_cookies([{"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": visit.base}])
    visit.go("/accounts/login/?next=/office")
    visit.page.locator("[name=login]").fill("head")
    visit.page.locator("[name=password]").fill(PASSWORD)
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_url(f"{visit.base}/office", wait_until="networkidle")


@pytest.mark.parametrize("language", WORDS)
def test_from_the_day_to_the_orders_behind_it(visit: Visit, trading: Shop, language: str) -> None:
    needs, week, as_table, places, download, late = WORDS[language]
    page = visit.page
    sign_in(visit, "administrator", language)
    page.get_by_role("heading", name=needs, exact=True).wait_for()
    page.locator(".office-plot canvas").wait_for()
    assert page.get_by_text(late).is_visible()
    visit.check()
    press(visit, page.get_by_role("link", name=week, exact=True))
    page.wait_for_url(re.compile("range=week"))
    page.locator(".office-plot canvas").wait_for()
    press(visit, page.locator("summary", has_text=as_table))
    visit.check()
    assert page.locator("#sales-table tbody tr").count() == 7
    press(visit, page.locator("#sales-table tbody a").last)
    page.wait_for_url(re.compile(r"/office\?day="))
    press(visit, page.locator("a.office-tile").first)
    page.wait_for_url(re.compile("/office/orders"))
    assert page.locator("main").get_by_text(re.compile(r"3[.,]00")).first.is_visible()
    visit.check()
    visit.go("/office")
    press(visit, page.locator("[aria-labelledby=places-title] tbody a").first)
    page.wait_for_url(re.compile("/office/places/p"))
    visit.check()
    visit.go("/office/places")
    assert page.get_by_role("heading", name=places, exact=True).is_visible()
    page.locator(".office-map svg").first.wait_for()
    visit.check()
    to(visit, page.locator("#q"))
    page.keyboard.type("colum")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("q=colum"))
    assert page.locator("tbody tr").count() == 1
    visit.go("/office")
    with page.expect_download() as saved:
        page.get_by_role("link", name=download).first.click()
    assert saved.value.suggested_filename.startswith("hours-")


def test_figures_follow_the_trade(visit: Visit, trading: Shop) -> None:
    page = visit.page
    sign_in(visit, "administrator", "en")
    sales = page.locator("a.office-tile .figure-value").first
    before = sales.text_content()
    page.locator("summary", has_text="Show as a table").click()
    sell(trading, 1200)
    reckon()
    page.wait_for_function(
        "old => document.querySelector('a.office-tile .figure-value').textContent !== old", arg=before, timeout=30_000
    )
    page.locator(".office-plot canvas").wait_for()
    assert page.locator("#sales-table").is_visible(), "what was open stays open"
    visit.check()


def test_departments_filters_and_the_dark(visit: Visit, trading: Shop) -> None:
    page = visit.page
    page.emulate_media(color_scheme="dark")
    sign_in(visit, "finance", "en")
    visit.check()
    page.locator("#departments tbody a").first.click()
    page.wait_for_url(re.compile("department=food"))
    assert page.locator("#departments tbody").get_by_text("Fruit").is_visible()
    visit.check()
    visit.go("/office?range=custom&from=never&to=2026-01-01")
    assert page.get_by_role("alert").is_visible()
    visit.check()
    visit.go("/office?format=convenience&range=month")
    visit.check()


def test_with_no_trade_at_all(visit: Visit) -> None:
    shop()
    sign_in(visit, "finance", "en")
    assert visit.page.get_by_role("heading", name="No trade yet").is_visible()
    visit.check()
