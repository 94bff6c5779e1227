"""Pages as people get them: requests a second, the slowest, bytes on the wire, queries; and the products API."""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

from bench.tools.harness import percentile, private_database
from bench.tools.load import read
from bench.tools.server import serving
from bench.tools.typos import RULE, misspell
from bench.tools.wire import BROWSER, cold_bytes

CLIENTS, WORKERS, API_CLIENTS = 4, 2, 8
ADDRESSES, TASKS, LINES = 200, 12, 8
MOST_BYTES, MOST_QUERIES, MOST_MS, LEAST_API = 100_000, 10, 50.0, 1_000
NOW = datetime(2018, 1, 1, 14, 0, tzinfo=UTC)
"""The morning after the last day of trade."""
NOTES = (
    f"the demo retailer's whole year as `storeline demo` imports it, and {TASKS} invented orders to pick; each page is asked for in "
    f"turn at up to {ADDRESSES} addresses drawn by chance (search: names with typing errors: {RULE}), with gzip and br accepted, "
    f"by clients that share the cores with the server and PostgreSQL; basket and checkout hold {LINES} products, a guest's; "
    "bytes: page, style sheets, scripts and icons, compressed, nothing cached, the largest of three addresses; queries: "
    f"the most of five addresses, warm; products_api: {API_CLIENTS} clients, 20 products with price and stock of a place"
)


@dataclass(frozen=True, slots=True)
class Page:
    """A page at several addresses, and the cookies of whoever asks for it."""

    name: str
    paths: Sequence[str]
    cookies: Mapping[str, str] = field(default_factory=dict)

    @property
    def headers(self) -> dict[str, str]:
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} if self.cookies else {}


def main(options: argparse.Namespace) -> dict[str, Any]:
    """Load the demo, measure each page, then the API."""
    clients, seconds = options.clients or CLIENTS, options.seconds or 8.0
    random.seed(11)
    with _data(here=options.here):
        place = _place()
        if not options.here:
            _orders_to_pick(place)
        pages = _pages(place)
        api = _api(place)
        queries = {page.name: _queries(page) for page in [*pages, api]}
        found: dict[str, Any] = {}
        with serving(WORKERS, "--stored-clock", "--no-work") as port:
            for page in pages:
                found[page.name] = _measure(port, page, clients, seconds) | {"queries": queries[page.name]}
            answers = asyncio.run(_drive(port, api, API_CLIENTS, seconds))
    return _figures(found, answers, queries[api.name], clients)


def _figures(found: dict[str, Any], api: Mapping[str, Any], api_queries: int, clients: int) -> dict[str, Any]:
    limits = {"bytes": MOST_BYTES, "queries": MOST_QUERIES, "p99_ms": MOST_MS}
    over = [f"{name} {key}" for name, one in found.items() for key, most in limits.items() if one[key] > most]
    if api["requests_per_s"] < LEAST_API:
        over.append("products_api_per_s")
    return found | {
        "products_api_per_s": api["requests_per_s"],
        "products_api_p99_ms": api["p99_ms"],
        "products_api_queries": api_queries,
        "over_the_limits": over,
        "clients": clients,
        "workers": WORKERS,
        "notes": NOTES,
    }


# --- what is measured ---


@contextmanager
def _data(*, here: bool) -> Iterator[None]:
    """The demo retailer in a database of its own; or the database of the environment, as it is."""
    if here:
        import django

        django.setup()
        from storeline.kernel.api import stored_clock

        stored_clock.follow()
        yield
        return
    with private_database("pages"), tempfile.TemporaryDirectory() as folder:
        from django.core.management import call_command

        from storeline.config.work import due_jobs
        from storeline.identity.api import ensure_demo_sign_ins
        from storeline.kernel.api import pump, stored_clock

        call_command("load", "journey", folder=Path(folder), verbosity=0)
        ensure_demo_sign_ins()
        stored_clock.store(NOW)
        stored_clock.follow()
        while pump():
            pass
        for _, job in due_jobs():
            job()
        yield


def _place() -> Any:
    """The shop with the most trade that lets people collect."""
    from storeline.kernel.api import run
    from storeline.places import api as places

    row = run(
        "SELECT p.id FROM places_place p JOIN orders_order o ON o.place_id = p.id "
        "WHERE 'collect' = ANY (p.capabilities) GROUP BY p.id ORDER BY count(*) DESC, p.id LIMIT 1"
    ).fetchone()
    if row is None:
        raise RuntimeError("nothing can be collected anywhere")
    return places.get_place(row[0])


def _products(place: UUID, count: int) -> list[Any]:
    """Products that this shop has, drawn by chance."""
    from storeline.catalog import api as catalog
    from storeline.kernel.api import run

    rows = run(
        "SELECT p.id FROM stock_balance b JOIN catalog_product p ON p.id = b.product_id "
        "WHERE b.place_id = %s AND b.on_hand - b.reserved > 5000 AND p.online AND p.sellable AND NOT p.by_weight "
        "AND NOT p.service AND p.age_limit IS NULL ORDER BY p.id",
        [place],
    ).fetchall()
    drawn = random.sample([row[0] for row in rows], min(count, len(rows)))
    return list(catalog.gather(drawn).result().values())


def _orders_to_pick(place: Any) -> None:
    from storeline.kernel.api import SYSTEM, new_id, pump
    from storeline.orders import api as orders
    from storeline.payments.api import Offer

    goods = _products(place.id, TASKS * 3)
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


def _pages(place: Any) -> list[Page]:
    from django.urls import reverse

    from storeline.desk.pages.shared import PLACE_COOKIE

    guest = {"shop": place.ref}
    with_basket = guest | _basket(guest, place)
    picker, head_office = _signed_in("associate"), _signed_in("finance", "planner")
    goods = _products(place.id, ADDRESSES)
    names = [misspell(one.name, random.Random(3)) for one in goods]
    return [
        Page("home", ["/"], guest),
        Page("category", _categories(), guest),
        Page("search", [f"/search?{urlencode({'q': name})}" for name in names], guest),
        Page("product", [reverse("shop:product", args=[one.ref, _slug(one.name)]) for one in goods], guest),
        Page("basket", ["/basket"], with_basket),
        Page("checkout", ["/checkout"], with_basket),
        Page("pick_list", ["/desk"], picker | {PLACE_COOKIE: str(place.id)}),
        Page("office_today", [reverse("office:today")], head_office),
    ]


def _slug(name: str) -> str:
    from storeline.shop.shelf import slug

    return slug(name)


def _categories() -> list[str]:
    """Categories that hold products, drawn by chance."""
    from storeline.kernel.api import run

    rows = run(
        "SELECT c.ref FROM catalog_category c JOIN catalog_product p ON p.category_id = c.id AND p.sellable AND p.online "
        "GROUP BY c.ref HAVING count(*) > 48 ORDER BY c.ref"
    ).fetchall()
    return [f"/c/{quote(row[0])}" for row in random.sample(rows, min(ADDRESSES, len(rows)))]


def _api(place: Any) -> Page:
    """Pages of a list, each from the last one's cursor on."""
    import json

    from django.test import Client

    wanted = {"place": str(place.id), "include": ["price", "stock"], "limit": "20"}
    paths: list[str] = []
    cursor = None
    while len(paths) < ADDRESSES:
        path = f"/api/v1/products?{urlencode(wanted | ({'cursor': cursor} if cursor else {}), doseq=True)}"
        paths.append(path)
        answer = Client(SERVER_NAME="localhost").get(path)
        if answer.status_code != 200:
            raise RuntimeError(f"{path} was answered {answer.status_code}")
        cursor = json.loads(answer.content)["next"]
        if cursor is None:
            break
    return Page("products_api", paths)


def _basket(guest: Mapping[str, str], place: Any) -> dict[str, str]:
    """The cookies of a guest who has put things into a basket."""
    browser = _browser(guest)
    for one in _products(place.id, LINES):
        answer = browser.post("/basket", {"product": str(one.id), "quantity": "1"})
        if answer.status_code != 303:
            raise RuntimeError(f"the basket answered {answer.status_code}")
    return {name: morsel.value for name, morsel in browser.cookies.items()}


def _signed_in(*roles: str) -> dict[str, str]:
    """The session of the demo's user of a role."""
    from django.contrib.auth import get_user_model
    from django.test import Client

    from storeline.identity.api import demo_sign_ins

    logins = {one.role: one.login for one in demo_sign_ins()}
    login = next((logins[role] for role in roles if role in logins), None)
    if login is None:
        raise RuntimeError(f"no demo user is {' or '.join(roles)}, only {sorted(logins)}")
    browser = Client(SERVER_NAME="localhost")
    browser.force_login(get_user_model().objects.get(username=login))
    return {name: morsel.value for name, morsel in browser.cookies.items()}


def _browser(cookies: Mapping[str, str]) -> Any:
    from django.test import Client

    browser = Client(SERVER_NAME="localhost", headers=BROWSER)
    for name, value in cookies.items():
        browser.cookies[name] = value
    return browser


# --- measuring ---


def _measure(port: int, page: Page, clients: int, seconds: float) -> dict[str, Any]:
    size = max(cold_bytes(port, path, page.headers) for path in page.paths[:3])
    return asyncio.run(_drive(port, page, clients, seconds)) | {"bytes": size}


async def _drive(port: int, page: Page, clients: int, seconds: float) -> dict[str, Any]:
    headers = "".join(f"{name}: {value}\r\n" for name, value in {**BROWSER, **page.headers}.items())
    wanted = frozenset({200})
    paths = cycle(random.sample(page.paths, len(page.paths)))
    await read(port, paths, headers, clients=clients, seconds=min(2.0, seconds), wanted=wanted)
    answers = await read(port, paths, headers, clients=clients, seconds=seconds, wanted=wanted)
    if set(answers.statuses) != wanted:
        said = re.sub(rb"\s+", b" ", answers.odd[0])[:200] if answers.odd else b""
        raise RuntimeError(f"{page.name} was answered {answers.statuses}: {said!r}")
    return {
        "requests_per_s": round(answers.statuses[200] / seconds, 1),
        "p50_ms": round(percentile(answers.seconds, 0.5) * 1000, 2),
        "p99_ms": round(percentile(answers.seconds, 0.99) * 1000, 2),
    }


def _queries(page: Page) -> int:
    """The most statements that a page sends to the database, counted at the driver, after a first visit."""
    browser = _browser(page.cookies)
    counts = []
    for path in page.paths[:5]:
        browser.get(path)
        with _statements() as sent:
            answer = browser.get(path)
        if answer.status_code != 200:
            raise RuntimeError(f"{path} was answered {answer.status_code}")
        counts.append(len(sent))
    return max(counts)


@contextmanager
def _statements() -> Iterator[list[str]]:
    import psycopg

    sent: list[str] = []
    real = psycopg.Cursor.execute

    def execute(self: Any, query: Any, *args: Any, **options: Any) -> Any:
        sent.append(str(query))
        return real(self, query, *args, **options)

    psycopg.Cursor.execute = execute  # type: ignore[method-assign]
    try:
        yield sent
    finally:
        psycopg.Cursor.execute = real  # type: ignore[method-assign]
