"""Orders and returns: each with all its parts, whole or not at all, many in a transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import duckdb
from django.db import connections

from storeline.exchange.format import FILES
from storeline.exchange.importing.loaders import ORDERS, REDEMPTIONS, Group
from storeline.exchange.importing.report import Counts, Report, gather_errors
from storeline.exchange.importing.stage import make_error_table, stage
from storeline.exchange.reading import Trouble, tell
from storeline.fiscal import api as fiscal
from storeline.kernel.api import Actor, LoadResult, in_transaction, run, transaction

BATCH = 40_000
"""Documents in one transaction."""
WORKERS = 2
KEY = {"orders": "order", "returns": "return"}
Step = Callable[[str, int, int], None]


def load_group(
    con: duckdb.DuckDBPyConnection, group: Group, present: set[str], report: Report, actor: Actor, step: Step
) -> tuple[str, ...]:
    """Take the documents of `group` in; the refs of those that were refused.

    `present` are the files that were read. Every document that an error touches is left out; the owner judges the rest.
    """
    key = KEY[group.head]
    parts = [part for part in group.parts if part in present]
    _judge(con, group.head, key, parts)
    _plan(con, group, key, parts)
    (total,) = con.execute(f"select count(*) from plan_{group.head}").fetchone() or (0,)
    (batches,) = con.execute(f"select coalesce(max(batch), -1) + 1 from plan_{group.head}").fetchone() or (0,)
    work = partial(_load_batch, con, group, key, parts, actor)
    for done, result in enumerate(_each(work, batches), start=1):
        report.counts(group.head).add(result)
        step(group.head, min(done * BATCH, total), total)
    refused = _refused(con, group.head, key, parts)
    for name in (group.head, *parts):
        _count(con, name, "ref" if name == group.head else key, refused, report.counts(name))
    return refused


def _each(work: Callable[[int], LoadResult], batches: int) -> Iterator[LoadResult]:
    """The results of `work` for each batch, two at a time, each on a connection of its own.

    While one waits for its turn at the stock, the other writes its orders. Within a transaction (a dry run) and for a
    single batch they come one by one on this connection.
    """
    if batches == 1 or in_transaction():
        yield from map(work, range(batches))
        return
    with ThreadPoolExecutor(WORKERS) as pool:
        yield from pool.map(partial(_apart, work), range(batches))


def _apart(work: Callable[[int], LoadResult], batch: int) -> LoadResult:
    try:
        return work(batch)
    finally:
        connections.close_all()


def _judge(con: duckdb.DuckDBPyConnection, head: str, key: str, parts: list[str]) -> None:
    """Errors between the files of a group: parts without a head, heads that are there twice."""
    con.execute(f"""insert into error
        select '{head}', "row", 'ref', 'the same ref is there twice', ref, true from typed_{head}
        where ref in (select ref from typed_{head} group by ref having count(*) > 1)""")
    for part in parts:
        con.execute(f"""insert into error
            select '{part}', "row", '{key}', 'unknown: there is no such row in {head} of this folder', "{key}", true
            from typed_{part} where "{key}" not in (select trim(ref::varchar, ' ' || chr(9)) from raw_{head} where ref is not null)""")
    broken = con.execute(
        'select distinct file from error where severe and "row" is null and list_contains(?, file)',
        [[part for part in FILES if FILES[part].parent == head and part != head]],
    ).fetchall()
    for (part,) in broken:
        tell(con, Trouble(head, "", f"none was taken, since {part} could not be read"))


def _refs(head: str, key: str, parts: list[str]) -> str:
    """SQL of the refs of all documents that an error touches."""
    cells = [(head, "ref"), *((part, key) for part in parts)]
    return " union ".join(
        f"""select trim(raw."{column}"::varchar, ' ' || chr(9)) ref from error
            join raw_{name} raw using ("row") where error.file = '{name}' and severe
            union select error."value" from error where error.file = '{name}' and severe and "column" is null"""
        for name, column in cells
    )


def _plan(con: duckdb.DuckDBPyConnection, group: Group, key: str, parts: list[str]) -> None:
    """``plan_<head>``: the sound documents in time order, in batches."""
    whole = con.execute('select 1 from error where file = ? and severe and "row" is null', [group.head]).fetchall()
    con.execute(f"""create or replace table plan_{group.head} as
        select ref, ((row_number() over (order by {group.moment}, ref) - 1) // {BATCH})::int batch
        from typed_{group.head} where {"false" if whole else "true"}
          and ref not in (select ref from ({_refs(group.head, key, parts)}) where ref is not null)""")


def _load_batch(
    shared: duckdb.DuckDBPyConnection, group: Group, key: str, parts: list[str], actor: Actor, batch: int
) -> LoadResult:
    """One transaction: the batch's rows staged, judged and written by their owner, its errors gathered."""
    mine = f"(select ref from plan_{group.head} where batch = {batch})"
    heads = f"select * from typed_{group.head} where ref in {mine} order by {group.moment}, ref"
    with shared.cursor() as con, transaction():
        make_error_table()
        stage(con, group.head, group.declared, heads, every_column=True)
        for part, declared in group.parts.items():
            rows = f'select * from typed_{part} where "{key}" in {mine}' if part in parts else 'select 0 "row" limit 0'
            stage(con, part, declared, rows, every_column=True)
            run(f"ANALYZE pg_temp.in_{part}")
        run(f"ANALYZE pg_temp.in_{group.head}")
        result = group.load(actor=actor)
        if group is ORDERS and "receipts" in parts:
            _receipts()
        gather_errors(con)
    return result


def _receipts() -> None:
    """Printed receipt numbers of the orders that were taken; their tax is that of the order's lines."""
    run("DROP TABLE IF EXISTS pg_temp.rec_receipts")
    run(f"CREATE TEMP TABLE rec_receipts ({fiscal.RECEIPTS_IN}) ON COMMIT DROP")
    run("""
INSERT INTO pg_temp.rec_receipts
SELECT DISTINCT ON (o.id) o.id, 'sale', i.series, i.number, o.entity_id, o.place_id, o.business_date, o.placed_at,
    i.issued_at, o.currency, o.total, t.rates, t.taxable, t.taxes
FROM pg_temp.in_receipts i JOIN orders_order o ON o.ref = i."order"
LEFT JOIN (
    SELECT order_id, array_agg(tax_rate ORDER BY tax_rate) AS rates, array_agg(amount ORDER BY tax_rate) AS taxable,
        array_agg(tax ORDER BY tax_rate) AS taxes
    FROM (
        SELECT l.order_id, l.tax_rate::bigint AS tax_rate, sum(l.amount)::bigint AS amount, sum(l.tax)::bigint AS tax
        FROM orders_line l JOIN orders_order o ON o.id = l.order_id JOIN pg_temp.in_orders i ON i.ref = o.ref
        WHERE l.tax <> 0 GROUP BY l.order_id, l.tax_rate
    ) rate GROUP BY order_id
) t ON t.order_id = o.id
WHERE o.state = 'completed'
ORDER BY o.id, i.row
""")
    fiscal.record_from_temp()


def _refused(con: duckdb.DuckDBPyConnection, head: str, key: str, parts: list[str]) -> tuple[str, ...]:
    whole = con.execute('select 1 from error where file = ? and severe and "row" is null', [head]).fetchall()
    everything = f" union select ref from typed_{head}" if whole else ""
    rows = con.execute(f"""select distinct ref from ({_refs(head, key, parts)}{everything})
        where ref is not null order by ref""").fetchall()
    return tuple(ref for (ref,) in rows)


def _count(con: duckdb.DuckDBPyConnection, name: str, column: str, refused: tuple[str, ...], counts: Counts) -> None:
    (counts.rows,) = con.execute(f"select count(*) from raw_{name}").fetchone() or (0,)
    (counts.refused,) = con.execute(
        f"""select count(*) from raw_{name}
            where "row" not in (select "row" from typed_{name}) or trim("{column}"::varchar, ' ' || chr(9)) in (select unnest(?::varchar[]))""",
        [list(refused)],
    ).fetchone() or (0,)


_UNKNOWN_ORDERS = """
FROM pg_temp.in_redemption_orders i
WHERE i."order" IS NOT NULL AND NOT EXISTS (SELECT FROM orders_order o WHERE o.ref = i."order")
"""


def load_redemptions(con: duckdb.DuckDBPyConnection, report: Report, actor: Actor) -> None:
    """Coupon redemptions, after the orders that they name; their owner lies below orders, so those are found here."""
    name = "coupon_redemptions"
    with transaction():
        make_error_table()
        stage(con, "redemption_orders", 'row bigint, "order" text', f"select * from typed_{name}", every_column=True)
        stage(con, name, REDEMPTIONS.declared, f"select * from typed_{name}", every_column=True)
        run("""UPDATE pg_temp.in_coupon_redemptions i SET order_id = o.id
            FROM pg_temp.in_redemption_orders r JOIN orders_order o ON o.ref = r."order" WHERE r.row = i.row""")
        run(f"DELETE FROM pg_temp.in_coupon_redemptions WHERE row IN (SELECT i.row {_UNKNOWN_ORDERS})")
        result = REDEMPTIONS.load(actor=actor)
        run(f"INSERT INTO pg_temp.in_error SELECT '{name}', i.row, 'order', 'unknown' {_UNKNOWN_ORDERS}")
        gather_errors(con)
    counts = report.counts(name)
    counts.add(result)
    (counts.rows,) = con.execute(f"select count(*) from raw_{name}").fetchone() or (0,)
    (counts.refused,) = con.execute(
        'select count(distinct "row") from error where file = ? and severe', [name]
    ).fetchone() or (0,)
