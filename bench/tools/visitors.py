"""Who looks at the pages that `bench pages` measures: members with a year of trade behind them, each with a session, a
shop and a basket; staff with theirs. And what each of them asks for, drawn by chance.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

from bench.tools.typos import misspell
from bench.tools.wire import BROWSER

MEMBERS, LINES, PLACES, TASKS = 40, 8, 8, 12
ADDRESSES = 1_000


@dataclass(frozen=True, slots=True)
class Ask:
    """One request: an address, and the cookies of whoever asks."""

    path: str
    cookies: Mapping[str, str]

    @property
    def headers(self) -> dict[str, str]:
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} if self.cookies else {}


@dataclass(frozen=True, slots=True)
class Page:
    """A page, as different people ask for it at different addresses."""

    name: str
    asks: Sequence[Ask]


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody's cookies, and the shop where they buy."""

    cookies: Mapping[str, str]
    place: Any


@dataclass(frozen=True, slots=True)
class People:
    """Everybody who looks; `desks` are places with orders to pick."""

    shoppers: Sequence[Visitor]
    picker: Mapping[str, str]
    head_office: Mapping[str, str]
    desks: Sequence[Any]


# --- people ---


def made_people() -> People:
    """People in a database of the bench's own."""
    desks = _places(PLACES)
    for place in desks:
        _orders_to_pick(place)
    return People([_member(*row) for row in _households()], _signed_in("associate"), _signed_in("planner"), desks)


@contextmanager
def found_people() -> Iterator[People]:
    """The demo's sign-ins with baskets in cookies, at its shops: what is there stays as it is, their sessions are ended."""
    from django.contrib.sessions.models import Session

    shopper, picker, head_office = (_signed_in(role) for role in ("shopper", "associate", "planner"))
    desks = _places(PLACES)
    try:
        yield People([Visitor(shopper | _guest(place, shopper), place) for place in desks], picker, head_office, desks)
    finally:
        made = [cookies["sessionid"] for cookies in (shopper, picker, head_office)]
        Session.objects.filter(session_key__in=made).delete()


def rank_offers(people: People) -> None:
    """Rank the offers of everybody's shop, as the worker does while people look at it."""
    from storeline.shop import offers, where

    for ref in {visitor.place.ref for visitor in people.shoppers}:
        at = where.at(ref)
        assert at is not None
        offers.want(at, member=True)
    while offers.rank_due(MEMBERS):
        pass


_HOUSEHOLDS = """
SELECT DISTINCT ON (o.customer_id) o.customer_id, o.place_id
FROM orders_order o JOIN places_place p ON p.id = o.place_id
WHERE o.customer_id IS NOT NULL AND 'collect' = ANY (p.capabilities)
GROUP BY o.customer_id, o.place_id HAVING count(*) >= 10 ORDER BY o.customer_id, count(*) DESC
"""


def _households() -> list[tuple[UUID, UUID]]:
    """Households that buy, each with the shop where it buys most, drawn by chance."""
    from storeline.kernel.api import run

    rows = run(_HOUSEHOLDS).fetchall()
    if not rows:
        raise RuntimeError("nobody buys anywhere")
    return [(row[0], row[1]) for row in random.sample(rows, min(MEMBERS, len(rows)))]


def _member(household: UUID, place_id: UUID) -> Visitor:
    """A sign-in for a household, its shop chosen and its basket filled."""
    from django.contrib.auth import get_user_model

    from storeline.customers import api as customers
    from storeline.identity.api import actor_of_user, grant_role
    from storeline.kernel.api import SYSTEM
    from storeline.places import api as places

    user = get_user_model().objects.create(username=f"visitor-{household}")
    grant_role(user.pk, "shopper", actor=SYSTEM)
    actor = actor_of_user(user.pk)
    assert actor is not None
    customers.merge(household, customers.join(actor=actor), reason="a visitor of the bench", actor=SYSTEM)
    place = places.get_place(place_id)
    browser = _browser({})
    browser.force_login(user)
    _fill(browser, place)
    return Visitor(_cookies(browser), place)


def _guest(place: Any, session: Mapping[str, str]) -> dict[str, str]:
    """A shop and a basket that are kept in cookies."""
    browser = _browser({})
    _fill(browser, place)
    return {name: value for name, value in _cookies(browser).items() if name not in session}


def _fill(browser: Any, place: Any) -> None:
    _expect(browser.get("/"), 200)  # by now a browser has the cookie of forms
    _expect(browser.post("/shops", {"ref": place.ref}), 303)
    for one in products(place.id, LINES):
        _expect(browser.post("/basket", {"product": str(one.id), "quantity": "1"}), 303)


def _signed_in(role: str) -> dict[str, str]:
    """The session of the demo's user of a role."""
    from django.contrib.auth import get_user_model

    from storeline.identity.api import demo_sign_ins

    logins = {one.role: one.login for one in demo_sign_ins()}
    if role not in logins:
        raise RuntimeError(f"no demo user is {role}, only {sorted(logins)}")
    browser = _browser({})
    browser.force_login(get_user_model().objects.get(username=logins[role]))
    return _cookies(browser)


def _cookies(browser: Any) -> dict[str, str]:
    return {name: morsel.value for name, morsel in browser.cookies.items() if morsel.value}


def _expect(answer: Any, status: int) -> None:
    if answer.status_code != status:
        raise RuntimeError(f"{answer.request['PATH_INFO']} was answered {answer.status_code}")


def browser_of(ask: Ask) -> Any:
    """A browser in this process with an ask's cookies."""
    return _browser(ask.cookies)


def _browser(cookies: Mapping[str, str]) -> Any:
    from django.test import Client

    browser = Client(SERVER_NAME="localhost", headers=BROWSER)
    for name, value in cookies.items():
        browser.cookies[name] = value
    return browser


# --- places and goods ---


def _places(count: int) -> list[Any]:
    """The shops with the most trade that let people collect."""
    from storeline.kernel.api import run
    from storeline.places import api as places

    rows = run(
        "SELECT p.id FROM places_place p JOIN orders_order o ON o.place_id = p.id "
        "WHERE 'collect' = ANY (p.capabilities) GROUP BY p.id ORDER BY count(*) DESC, p.id LIMIT %s",
        [count],
    ).fetchall()
    if not rows:
        raise RuntimeError("nothing can be collected anywhere")
    return [places.get_place(row[0]) for row in rows]


def products(place_id: UUID, count: int) -> list[Any]:
    """Products that this shop has enough of and that have a price there, drawn by chance."""
    from storeline.catalog import api as catalog
    from storeline.kernel.api import now, run

    rows = run(
        "SELECT p.id FROM stock_balance b JOIN catalog_product p ON p.id = b.product_id "
        "WHERE b.place_id = %s AND b.on_hand - b.reserved > 5000 AND p.online AND p.sellable AND NOT p.by_weight "
        "AND NOT p.service AND p.age_limit IS NULL AND EXISTS (SELECT FROM pricing_price c WHERE c.product_id = p.id "
        "AND (c.place_id = b.place_id OR c.place_id IS NULL AND c.price_zone IS NULL) AND NOT c.member AND c.channel IS NULL "
        "AND c.valid_from <= %s AND coalesce(c.valid_to > %s, true)) ORDER BY p.id",
        [place_id, now(), now()],
    ).fetchall()
    drawn = random.sample([row[0] for row in rows], min(count, len(rows)))
    return list(catalog.gather(drawn).result().values())


def _orders_to_pick(place: Any) -> None:
    from storeline.kernel.api import SYSTEM, new_id, pump
    from storeline.orders import api as orders
    from storeline.payments.api import Offer

    goods = products(place.id, TASKS * 3)
    drafts = []
    for number in range(TASKS):
        lines = tuple(orders.DraftLine(one.id, 1000) for one in goods[number * 3 : number * 3 + 3])
        draft = orders.Draft(
            id=new_id(),
            place_id=place.id,
            channel="web",
            lines=lines,
            currency="USD",
            method="collect",
            payments=(Offer("sandbox_card", token="tok_approve"),),  # noqa: S106  # a sandbox word
            body_hash=b"bench",
        )
        drafts.append(replace(draft, expected_total=orders.quote(draft, actor=SYSTEM).total))
    verdicts = orders.checkout(drafts, actor=SYSTEM)
    if any(verdict.state != "confirmed" for verdict in verdicts):
        raise RuntimeError(f"orders to pick: {[verdict.error or verdict.state for verdict in verdicts]}")
    while pump():
        pass


# --- what they ask for ---


def pages_of(people: People) -> list[Page]:
    """Each page that is measured."""
    from django.urls import reverse

    from storeline.desk.pages.shared import PLACE_COOKIE

    desks = [Ask("/desk", {**people.picker, PLACE_COOKIE: str(place.id)}) for place in people.desks]
    return [
        Page("home", _by_all(people, ["/"])),
        Page("category", _by_all(people, _categories())),
        Page("search", _by_all(people, [f"/search?{urlencode({'q': words})}" for words in _words()])),
        Page("product", _product_pages(people)),
        Page("basket", _by_all(people, ["/basket"])),
        Page("checkout", _by_all(people, ["/checkout"])),
        Page("pick_list", desks),
        Page("office_today", [Ask(one, people.head_office) for one in _office(reverse("office:today"), people)]),
    ]


def _by_all(people: People, paths: Sequence[str]) -> list[Ask]:
    """These addresses, asked for by one shopper after the other."""
    count = max(len(paths), len(people.shoppers))
    shoppers = people.shoppers
    return [Ask(paths[n % len(paths)], shoppers[n % len(shoppers)].cookies) for n in range(count)]


def _categories() -> list[str]:
    """Categories under which there are products, departments and their smallest parts alike."""
    from storeline.kernel.api import run

    rows = run(
        "SELECT a.ref FROM catalog_category a WHERE EXISTS (SELECT FROM catalog_category c "
        "JOIN catalog_product p ON p.category_id = c.id AND p.sellable AND p.online WHERE c.path <@ a.path) ORDER BY a.ref"
    ).fetchall()
    return [f"/c/{quote(row[0])}" for row in random.sample(rows, min(ADDRESSES, len(rows)))]


def _words() -> Iterable[str]:
    """Names of products, half of them with a typing error, half only their first two words as most people type."""
    from storeline.kernel.api import run

    rows = run("SELECT name FROM catalog_product WHERE sellable AND online ORDER BY ref").fetchall()
    chance = random.Random(3)
    for number, (name,) in enumerate(chance.sample(rows, min(ADDRESSES, len(rows)))):
        yield " ".join(name.split()[:2]) if number % 2 else misspell(name, chance)


def _product_pages(people: People) -> list[Ask]:
    """Products that are or were on a shop's shelves, each at the shop of whoever asks."""
    from django.urls import reverse

    from storeline.kernel.api import run
    from storeline.shop.shelf import slug

    each = -(-ADDRESSES // len(people.shoppers))
    asks = []
    for visitor in people.shoppers:
        rows = run(
            "SELECT p.ref, p.name FROM stock_balance b JOIN catalog_product p ON p.id = b.product_id "
            "WHERE b.place_id = %s AND p.sellable AND p.online ORDER BY p.ref",
            [visitor.place.id],
        ).fetchall()
        for ref, name in random.sample(rows, min(each, len(rows))):
            asks.append(Ask(reverse("shop:product", args=[ref, slug(name)]), visitor.cookies))
    return asks


def _office(today: str, people: People) -> list[str]:
    """Today's figures of everything, of each region and format, and of single shops."""
    from storeline.kernel.api import run

    narrowed = [
        *({"place": visitor.place.ref} for visitor in people.shoppers),
        *({"format": row[0]} for row in run("SELECT DISTINCT format FROM places_place ORDER BY 1")),
        *({"region": row[0]} for row in run("SELECT DISTINCT region FROM places_place WHERE region <> '' ORDER BY 1")),
    ]
    paths = [f"{today}?{urlencode(one)}" for one in narrowed]
    return [one for path in dict.fromkeys(paths) for one in (today, path)]


def api_page(place_id: UUID, count: int) -> Page:
    """Pages of the API's list of products at a place, each from the last one's cursor on."""
    import json

    from django.test import Client

    wanted = {"place": str(place_id), "include": ["price", "stock"], "limit": "20"}
    paths: list[str] = []
    cursor = None
    while len(paths) < count:
        path = f"/api/v1/products?{urlencode(wanted | ({'cursor': cursor} if cursor else {}), doseq=True)}"
        paths.append(path)
        answer = Client(SERVER_NAME="localhost").get(path)
        _expect(answer, 200)
        cursor = json.loads(answer.content)["next"]
        if cursor is None:
            break
    return Page("products_api", [Ask(path, {}) for path in paths])
