"""Prices and tax rates put in by a program: staged and merged as a file's are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from storeline.kernel.api import (
    MAX_BULK,
    Actor,
    Invalid,
    LoadResult,
    make_error_table,
    raw,
    run,
    transaction,
)
from storeline.pricing.loading.prices import PRICES_IN, load_prices
from storeline.pricing.loading.tax import TAX_RATES_IN, load_tax_rates


@dataclass(frozen=True, slots=True)
class Put:
    """What became of a set: how many rows, and the errors of each refused one by its index."""

    result: LoadResult
    errors: Mapping[int, tuple[tuple[str, str], ...]]


def put_prices(rows: Sequence[Mapping[str, Any]], *, actor: Actor) -> Put:
    """Up to 1,000 prices, columns as in PRICES_IN; each good one is taken."""
    return _put("prices", PRICES_IN, rows, load_prices, actor)


def put_tax_rates(rows: Sequence[Mapping[str, Any]], *, actor: Actor) -> Put:
    """Up to 1,000 tax rates, columns as in TAX_RATES_IN; each good one is taken."""
    return _put("tax_rates", TAX_RATES_IN, rows, load_tax_rates, actor)


def _put(
    file: str,
    declared: str,
    rows: Sequence[Mapping[str, Any]],
    load: Callable[..., LoadResult],
    actor: Actor,
) -> Put:
    if len(rows) > MAX_BULK:
        raise Invalid(f"At most {MAX_BULK} items at once.", field="items")
    names = [part.strip().split(" ", 1)[0] for part in declared.split(",")][1:]
    with transaction():
        run(f"DROP TABLE IF EXISTS pg_temp.in_{file}, pg_temp.in_error")
        make_error_table()
        run(f"CREATE TEMP TABLE in_{file} ({declared}) ON COMMIT DROP")
        statement = f"COPY pg_temp.in_{file} (row, {', '.join(names)}) FROM STDIN"
        with raw().cursor().copy(statement) as copy:
            for index, row in enumerate(rows):
                copy.write_row([index, *(row.get(name) for name in names)])
        result = load(actor=actor)
        errors: dict[int, list[tuple[str, str]]] = {}
        for index, column, reason in run("SELECT row, col, reason FROM pg_temp.in_error ORDER BY row, col").fetchall():
            errors.setdefault(index, []).append((column, reason))
        run(f"DROP TABLE pg_temp.in_{file}, pg_temp.in_error")
    return Put(result, {index: tuple(found) for index, found in errors.items()})
