"""Pages as people get them: requests a second, the slowest, bytes on the wire, queries; and the products API."""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from typing import Any

from bench.tools import visitors
from bench.tools.harness import percentile, private_database
from bench.tools.load import read
from bench.tools.server import serving
from bench.tools.typos import RULE
from bench.tools.visitors import Ask, Page, People
from bench.tools.wire import BROWSER, cold_bytes

CLIENTS, WORKERS, API_CLIENTS, API_ADDRESSES = 4, 2, 8, 200
MOST_BYTES, MOST_QUERIES, MOST_MS, LEAST_API = 100_000, 10, 50.0, 1_000
SHOPS = 60
"""So many are loaded where no demo is there to be copied: the whole year of all takes longer than all that is measured."""
NOW = datetime(2018, 1, 1, 14, 0, tzinfo=UTC)
"""The morning after the last day of trade."""
NOTES = (
    f"shop pages: members with a session, each with a basket of {visitors.LINES} products at the shop where the household buys "
    f"most; each page is asked for in turn at up to {visitors.ADDRESSES} addresses drawn by chance, by one member after the other "
    f"(search: half are whole names with typing errors: {RULE}; half the first two words of a name; category: departments and "
    "their parts alike; product: what a member's shop has or had; pick list: several shops; office: half of everything, half of single "
    "shops, regions and formats); gzip and br accepted; the clients share the cores with the server and PostgreSQL; bytes: page, "
    "style sheets, scripts and icons, compressed, nothing cached, the largest of three addresses; queries: waits for the "
    "database, statements: what was sent in them, each the most of ten addresses after a first visit; "
    f"products_api: {API_CLIENTS} clients, 20 products with price and stock of a place at {API_ADDRESSES} addresses: by guests, to "
    "whom one answer is given for two seconds, and under own_, with a cookie, each made for who asks"
)
_MEMBERS = f"{visitors.MEMBERS} members and the orders to pick are made; shops' offers were ranked before, as the worker does; "
COPIED = f"a copy of the demo's database, the retailer's whole year; {_MEMBERS}"
MADE = f"no demo stands in DATABASE_URL, so only the demo retailer's {SHOPS} largest shops, their whole year and all products; {_MEMBERS}"
FOUND = "the database as it stands; one member, the demo's; baskets in cookies; "


def main(options: argparse.Namespace) -> dict[str, Any]:
    """Load the demo, measure each page, then the API."""
    clients, seconds = options.clients or CLIENTS, options.seconds or 8.0
    random.seed(11)
    with _people(here=options.here) as (people, said):
        figures = measure(people, clients, seconds)
    return figures | {"clients": clients, "workers": WORKERS, "notes": said + NOTES}


def measure(people: People, clients: int, seconds: float) -> dict[str, Any]:
    """Every page's figures and the API's, of a server on the database of the environment."""
    pages = visitors.pages_of(people)
    api = visitors.api_page(people.desks[0].id, API_ADDRESSES)
    own = Page("products_api_own", [Ask(ask.path, {"theme": "auto"}) for ask in api.asks])
    asked = {page.name: _queries(page) for page in [*pages, own]}
    found: dict[str, Any] = {}
    with serving(WORKERS, "--stored-clock", "--no-work") as port:
        for page in pages:
            size = max(cold_bytes(port, ask.path, ask.headers) for ask in page.asks[:3])
            found[page.name] = asyncio.run(_drive(port, page, clients, seconds)) | {"bytes": size} | asked[page.name]
        shared = asyncio.run(_drive(port, api, API_CLIENTS, seconds))
        alone = asyncio.run(_drive(port, own, API_CLIENTS, seconds))
    return found | _api_figures(shared, alone, asked[own.name]) | {"over_the_limits": _over(found, shared)}


def _api_figures(shared: Mapping[str, Any], alone: Mapping[str, Any], asked: Mapping[str, int]) -> dict[str, Any]:
    return {
        "products_api_per_s": shared["requests_per_s"],
        "products_api_p99_ms": shared["p99_ms"],
        "products_api_queries": asked["queries"],
        "products_api_own_per_s": alone["requests_per_s"],
        "products_api_own_p99_ms": alone["p99_ms"],
    }


def _over(found: Mapping[str, Any], api: Mapping[str, Any]) -> list[str]:
    limits = {"bytes": MOST_BYTES, "queries": MOST_QUERIES, "p99_ms": MOST_MS}
    over = [f"{name} {key}" for name, one in found.items() for key, most in limits.items() if one[key] > most]
    return [*over, *(["products_api_per_s"] if api["requests_per_s"] < LEAST_API else [])]


# --- on what it is measured ---


@contextmanager
def _people(*, here: bool) -> Iterator[tuple[People, str]]:
    """The demo retailer in a database of its own with its visitors, or the database of the environment as it is; and which."""
    if here:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "storeline.config.settings")
        import django

        from storeline.config import database

        database.ensure()
        django.setup()
        _follow_clock()
        _catch_up()
        with visitors.found_people() as people:
            yield people, FOUND
        return
    demo = _demo()
    with private_database("pages", like=demo), tempfile.TemporaryDirectory() as folder:
        from django.core.management import call_command

        from storeline.config.work import due_jobs
        from storeline.identity.api import ensure_demo_sign_ins
        from storeline.kernel.api import stored_clock

        if demo is None:
            call_command("load", "journey", folder=Path(folder), shops=SHOPS, verbosity=0)
            ensure_demo_sign_ins()
            stored_clock.store(NOW)
        _follow_clock()
        _catch_up()
        people = visitors.made_people()
        _catch_up()
        for _, job in due_jobs():
            job()
        visitors.rank_offers(people)
        yield people, MADE if demo is None else COPIED


def _demo() -> str | None:
    """The name of the database of the environment where the demo stands in it and nobody else is connected to it."""
    import psycopg

    from storeline.config import database

    with psycopg.connect(database.ensure(), autocommit=True) as connection:
        alone = "SELECT count(*) = 1 FROM pg_stat_activity WHERE datname = current_database()"
        there = "SELECT to_regclass('orders_order') IS NOT NULL AND to_regclass('shop_ranking') IS NOT NULL"
        if not all(row and row[0] for row in (connection.execute(sql).fetchone() for sql in (alone, there))):
            return None
        row = connection.execute("SELECT count(*) > 100000 FROM orders_order WHERE source <> 'live'").fetchone()
        return connection.info.dbname if row and row[0] else None


def _follow_clock() -> None:
    from storeline.kernel.api import stored_clock

    stored_clock.follow()


def _catch_up() -> None:
    """Do what a worker would have done by now: read the events, make the figures."""
    from storeline.insight.api import fold_all
    from storeline.kernel.api import pump

    while pump():
        pass
    fold_all()


# --- measuring ---


async def _drive(port: int, page: Page, clients: int, seconds: float) -> dict[str, Any]:
    wanted = frozenset({200})
    asks = cycle([(ask.path, _lines(ask)) for ask in random.sample(page.asks, len(page.asks))])
    await read(port, asks, clients=clients, seconds=min(2.0, seconds), wanted=wanted)
    answers = await read(port, asks, clients=clients, seconds=seconds, wanted=wanted)
    if set(answers.statuses) != wanted:
        said = re.sub(rb"\s+", b" ", answers.odd[0])[:200] if answers.odd else b""
        raise RuntimeError(f"{page.name} was answered {answers.statuses}: {said!r}")
    return {
        "requests_per_s": round(answers.statuses[200] / seconds, 1),
        "p50_ms": round(percentile(answers.seconds, 0.5) * 1000, 2),
        "p99_ms": round(percentile(answers.seconds, 0.99) * 1000, 2),
    }


def _lines(ask: Ask) -> str:
    return "".join(f"{name}: {value}\r\n" for name, value in {**BROWSER, **ask.headers}.items())


@dataclass(slots=True)
class _Asked:
    waits: int = 0
    statements: int = 0


def _queries(page: Page) -> dict[str, int]:
    """The most that a page asks of the database: how often it waits, and how much it sends; after a first visit."""
    waited, sent = [0], [0]
    for ask in page.asks[:10]:
        browser = visitors.browser_of(ask)
        browser.get(ask.path)
        with _counted() as asked:
            answer = browser.get(ask.path)
        if answer.status_code != 200:
            raise RuntimeError(f"{ask.path} was answered {answer.status_code}")
        waited.append(asked.waits)
        sent.append(asked.statements)
    return {"queries": max(waited), "statements": max(sent)}


@contextmanager
def _counted() -> Iterator[_Asked]:
    """Waits of our own statements and of Django's; statements are counted at the driver, whoever sends them."""
    import psycopg
    from django.db import connection

    from storeline.kernel.api import waits

    asked = _Asked()
    real = psycopg.Cursor.execute

    def execute(self: Any, query: Any, *args: Any, **options: Any) -> Any:
        asked.statements += 1
        return real(self, query, *args, **options)

    def ask_django(ask: Any, *args: Any) -> Any:
        asked.waits += 1
        return ask(*args)

    psycopg.Cursor.execute = execute  # type: ignore[method-assign]
    try:
        with connection.execute_wrapper(ask_django), waits() as own:
            yield asked
    finally:
        psycopg.Cursor.execute = real  # type: ignore[method-assign]
        asked.waits += own.waits
