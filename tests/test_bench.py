"""Every bench begins, measures at its smallest, and prints what it promises: what it imports and calls is still there.

Each is imported by a fresh process, as `python -m bench` does it. Then it runs in this one, in a database of its own, with
little of everything; instead of a server and a load client its requests are answered here, one by one.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import pytest
from django.conf import settings
from django.db import connection, connections
from django.test import Client
from psycopg.conninfo import make_conninfo

from bench.__main__ import NAMES, main
from bench.tools.load import Answers
from bench.tools.sourcing_journey import Trade
from storeline.exchange import replaying
from storeline.exchange.format import HISTORY
from storeline.exchange.importing import import_folder
from storeline.exchange.journey import Written, baskets
from storeline.exchange.tests.folders import EXAMPLE
from storeline.fulfilment.tests.factories import read_events
from storeline.identity.api import ensure_demo_sign_ins
from storeline.kernel.api import SYSTEM
from storeline.places.api import Position
from tests import databases
from tests.faults.harness import Round

PAGES = ("home", "category", "search", "product", "basket", "checkout", "pick_list", "office_today")
OF_A_PAGE = {"requests_per_s", "p99_ms", "bytes", "queries"}
KEYS = {
    "faults": "rounds operations kills lost doubled audit_ok",
    "flash": "buyers units sold oversold refused errors seconds decisions_per_s endpoint_limit_per_s reserve_decisions_per_s"
    " reserve_oversold",
    "import": "lines seconds lines_per_s copy_lines_per_s ratio",
    "ledger": "transfers_per_s limit_per_s ratio",
    "orders": "orders_per_s limit_per_s ratio p50_ms p99_ms waits_per_order clients workers failed",
    "pages": " ".join((*PAGES, "products_api_per_s")),
    "promise": "stock_rows places p50_ms p99_ms p99_ms_by_places",
    "replay": "baskets seconds baskets_per_s audit_ok",
    "search": "products queries p50_ms p99_ms top1_hit top5_hit",
    "sourcing": "seeds orders cost_nearest cost_rules cost_ours cost_clairvoyant gap_closed p99_ms",
}
"""What others read of each bench's result, whatever else it says."""


@pytest.fixture
def private(django_db_setup: None, django_db_blocker: Any) -> Iterator[Callable[..., Any]]:
    """What a bench gets as its private database: a migrated copy on the tests' own server."""

    @contextlib.contextmanager
    def database(_name: str, *, like: str | None = None) -> Iterator[str]:  # as the bench calls it
        name = f"{connection.settings_dict['TEST']['NAME']}_bench"
        with databases.reserved(name) as admin:
            databases.create(admin, name, databases.fingerprint(), databases.migrate)
            databases.unlock(admin)
            try:
                with databases.using(name):
                    yield make_conninfo(settings.ENVIRONMENT.database_url, dbname=name)
            finally:
                connections.close_all()
                databases.drop(admin, name)

    with django_db_blocker.unblock():
        yield database


@pytest.fixture(autouse=True)
def _garbage_as_before() -> Iterator[None]:
    """A bench says how often Python looks for garbage, and in the end thaws what `conftest.py` froze."""
    usual = gc.get_threshold()
    yield
    gc.set_threshold(*usual)
    if not gc.get_freeze_count():
        gc.collect()
        gc.freeze()


@contextlib.contextmanager
def nobody_serves(*_: Any, **__: Any) -> Iterator[int]:
    yield 0


async def drive(_port: int, path: str, body: Callable[[], bytes], **options: Any) -> Answers:
    return await burst(0, path, [body()], wanted=options["wanted"])


async def burst(_port: int, path: str, bodies: list[bytes], *, wanted: frozenset[int]) -> Answers:
    """Answered by the framework in this process."""

    def ask() -> Answers:
        answers = Answers()
        for body in bodies:
            said = Client(SERVER_NAME="localhost").post(path, data=body, content_type="application/json")
            answers.add(said.status_code, 0.001, said.content, wanted=wanted)
        connections.close_all()
        return answers

    return await asyncio.to_thread(ask)


async def read(_port: int, asks: Iterator[tuple[str, str]], **options: Any) -> Answers:
    """Whether each page is answered is looked at before, when its queries are counted."""
    answers = Answers()
    for _ in range(2):
        next(asks)
        answers.add(200, 0.001, b"", wanted=options["wanted"])
    return answers


def parquet(folder: Path, *, trade: bool) -> Written:
    """The worked example's master data, or its trade in dollars, as the demo retailer's is written."""
    folder.mkdir()
    con, trades, rows = duckdb.connect(), import_module("bench.import").TRADE, {}
    others = {file.name for file in HISTORY}.difference(trades)
    for path in sorted(EXAMPLE.glob("*.csv"), key=lambda path: path.stem != "orders"):
        name = path.stem
        if name in others or (name in trades) != trade:
            continue
        con.execute(f"create table {name} as from read_csv('{path}')")
        if name in trades:
            those = "currency <> 'USD'" if name == "orders" else '"order" not in (select ref from orders)'
            con.execute(f"delete from {name} where {those}")
        described = con.execute(f"describe {name}").fetchall()
        exact = [f'"{key}"::decimal(18, 4) as "{key}"' for key, kind, *_ in described if kind == "DOUBLE"]
        replaced = f" replace ({', '.join(exact)})" if exact else ""
        con.execute(f"copy (select *{replaced} from {name}) to '{folder / name}.parquet'")
        [(rows[name],)] = con.execute(f"select count(*) from {name}").fetchall()
    return Written(rows, 0.0)


def little_trade() -> Any:
    """A year of two shops and a warehouse, three products and four households."""
    trade = Trade({name: Position(40.0, -80.0 + number / 10) for number, name in enumerate(("a", "b", "c"))})
    for week in range(1, 53):
        for day in range(7):
            for home in range(4):
                shop, product = "abc"[(home + day) % 3], f"p{(week + day) % 3}"
                line = (shop, f"h{home}", 7.0 * week + day, f"{week}-{day}-{home}", product, 1 + day % 2, 250)
                trade.lines[week].append(line)
    return trade


class Rounds:
    """Rounds that nobody was killed in."""

    def round(self, number: int) -> Round:
        none: dict[str, Any] = dict.fromkeys(
            ("operations", "objects", "cuts", "repeats", "jumps", "calls", "unheard"), 0
        )
        lists: dict[str, Any] = {
            name: [] for name in ("lost", "doubled", "history", "audit", "hanging", "broke", "deadlocks")
        }
        return Round(number, {"server": 1}, [3], verdict=none | lists | {"deeds": {}})


def shrink_orders(bench: ModuleType, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bench, "PRODUCTS", 4)
    patch.setattr(bench, "serving", nobody_serves)
    patch.setattr(bench, "drive", drive)


def shrink_flash(bench: ModuleType, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bench, "UNITS", 1)
    patch.setattr(bench, "SET", 4)
    patch.setattr(bench, "serving", nobody_serves)
    patch.setattr(bench, "burst", burst)


def shrink_ledger(bench: ModuleType, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bench, "HOLDINGS", 4)


def shrink_import(_bench: ModuleType, patch: pytest.MonkeyPatch) -> None:
    def write(folder: Path, *, master: bool = True, trade: bool = True) -> Written:
        assert master != trade
        return parquet(folder, trade=trade)

    patch.setattr("storeline.exchange.journey.write_folder", write)


def shrink_replay(bench: ModuleType, patch: pytest.MonkeyPatch) -> None:
    shrink_import(bench, patch)

    def alone(folder: Path, *_: Any, **__: Any) -> list[replaying.Replayed]:
        return [replaying.replay(baskets(folder), replaying.load_refs())]

    patch.setattr(replaying, "replay_shares", alone)
    read = ("fulfilment.tasks", "fulfilment.money", "fiscal.receipts")
    patch.setattr(replaying, "pump", lambda **_: read_events(*read))  # whatever other tests hold back just now


def shrink_promise(bench: ModuleType, patch: pytest.MonkeyPatch) -> None:
    small = {"PLACES": 6, "PRODUCTS": 20, "RARE": 2, "WARM": 1, "POINTS": 1, "GROUPS": (2, 4, 6)}
    for name, value in small.items():
        patch.setattr(bench, name, value)


def shrink_search(bench: ModuleType, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bench, "QUERIES", 10)
    patch.setattr(bench, "OTHER_SCRIPTS", 5)
    goods = ("Whole milk", "Brown bread", "Green tea", "Black tea", "Rye bread", "Oat milk", "Red apples", "Sea salt")
    patch.setattr(
        bench, "_journey", lambda: ({"ref": f"j{n}", "name": one, "brand": ""} for n, one in enumerate(goods))
    )


def shrink_sourcing(bench: ModuleType, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bench.journey, "load", little_trade)
    patch.setattr(bench.journey, "WEEKS", 3)
    patch.setattr(bench.journey, "ONLINE", 0.5)


def shrink_faults(bench: ModuleType, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bench, "faults", lambda _seed: contextlib.nullcontext(Rounds()))


def shrink_pages(bench: ModuleType, patch: pytest.MonkeyPatch) -> None:
    @contextlib.contextmanager
    def people(**_: Any) -> Iterator[Any]:
        with bench.private_database("pages"):
            import_folder(EXAMPLE, actor=SYSTEM)
            ensure_demo_sign_ins()
            bench._catch_up()
            with bench.visitors.found_people() as found:
                yield found, ""

    patch.setattr(bench, "_people", people)
    patch.setattr(bench, "serving", nobody_serves)
    patch.setattr(bench, "read", read)
    patch.setattr(bench, "cold_bytes", lambda *_: 1)


SHRINK = {name.removeprefix("shrink_"): deed for name, deed in globals().items() if name.startswith("shrink_")}


def test_every_bench_is_here() -> None:
    assert set(NAMES) == set(KEYS) == set(SHRINK)


@pytest.mark.parametrize("name", NAMES)
def test_it_can_be_imported_by_a_fresh_process(name: str) -> None:
    code = f"import bench.__main__, importlib; importlib.import_module('bench.{name}').main"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


@pytest.mark.parametrize("name", NAMES)
def test_at_its_smallest_it_prints_what_it_promises(
    name: str, private: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bench = import_module(f"bench.{name}")
    if hasattr(bench, "private_database"):
        monkeypatch.setattr(bench, "private_database", private)
    if hasattr(bench, "limit_per_s"):
        limit = bench.limit_per_s
        monkeypatch.setattr(bench, "limit_per_s", lambda *at, **_: limit(*at, clients=1, seconds=1))
    SHRINK[name](bench, monkeypatch)
    monkeypatch.setattr(sys, "argv", ["bench", name, "--json", "--seconds", "0.01", "--clients", "3", "--rounds", "1"])
    # In a thread of its own: a browser that other tests drive keeps an event loop in this one.
    with ThreadPoolExecutor(1) as alone, pytest.raises(SystemExit) as ended:
        alone.submit(main).result()
    printed = capsys.readouterr()
    assert ended.value.code == 0, printed.out + printed.err
    figures = json.loads(printed.out.splitlines()[-1])
    assert {*KEYS[name].split(), "machine", "commit", "notes"} <= figures.keys()
    if name == "pages":
        assert all(figures[page].keys() >= OF_A_PAGE for page in PAGES)
