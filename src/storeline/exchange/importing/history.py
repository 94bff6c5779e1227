"""Orders and returns: each with all its parts, whole or not at all, many in a transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import duckdb
from django.db import connections

from storeline.exchange.format import FILES
from storeline.exchange.importing import receipts
from storeline.exchange.importing.kept import fill
from storeline.exchange.importing.loaders import REDEMPTIONS, Group
from storeline.exchange.importing.report import Counts, Report, gather_errors
from storeline.exchange.importing.stage import make_error_table, stage
from storeline.exchange.reading import Trouble, tell
from storeline.kernel.api import Actor, LoadResult, in_transaction, run, transaction

BATCH = 40_000
"""Documents in one transaction."""
WORKERS = 2
UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
KEY = {"orders": "order", "returns": "return"}
RECEIPTS = {"orders": receipts.ORDERS, "returns": receipts.RETURNS}
Step = Callable[[str, int, int], None]


def load_group(
    con: duckdb.DuckDBPyConnection, group: Group, present: set[str], report: Report, actor: Actor, step: Step
) -> tuple[str, ...]:
    """Take the documents of `group` in; the refs of those that were refused.

    `present` are the files that were read. Every document that an error touches is left out; the owner judges the rest.
    """
    key = KEY[group.head]
    parts = [part for part in group.parts if part in present]
    report.here[group.head] = _leave_ours(con, group.head, key, parts)
    report.counts(group.head).unchanged += len(report.here[group.head])
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
        column = "ref" if name == group.head else key
        _count(con, name, column, refused, report.here[group.head], report.counts(name))
    return refused


def _leave_ours(con: duckdb.DuckDBPyConnection, head: str, key: str, parts: list[str]) -> tuple[str, ...]:
    """Documents made here came out of an export under their ids: they are here already and stay as they are."""
    ours = _made_here(con, head, RECEIPTS[head].table)
    for name, column in ((head, "ref"), *((part, key) for part in parts)):
        if ours:
            con.execute(f'delete from typed_{name} where "{column}" in (select unnest(?::varchar[]))', [list(ours)])
    return ours


def _made_here(con: duckdb.DuckDBPyConnection, name: str, table: str) -> tuple[str, ...]:
    named = con.execute(f"select distinct ref from typed_{name} where regexp_full_match(ref, '{UUID}')").fetchall()
    if not named:
        return ()
    sql = f"SELECT id::text FROM {table} WHERE ref IS NULL AND id = ANY (%s::uuid[])"
    return tuple(ref for (ref,) in run(sql, [[ref for (ref,) in named]]).fetchall())


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
    if RECEIPTS[head].file in parts:
        con.execute(f"""insert into error
            select '{RECEIPTS[head].file}', "row", '{key}', 'this {key} has a receipt already', "{key}", true
            from (select *, row_number() over (partition by "{key}" order by "row") nth from typed_{RECEIPTS[head].file})
            where nth > 1""")
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
        given = {group.head: stage(con, group.head, group.declared, heads, every_column=True)}
        for part, declared in group.parts.items():
            rows = f'select * from typed_{part} where "{key}" in {mine}' if part in parts else 'select 0 "row" limit 0'
            given[part] = stage(con, part, declared, rows, every_column=True)
            run(f"ANALYZE pg_temp.in_{part}")
        run(f"ANALYZE pg_temp.in_{group.head}")
        for name in (group.head, *parts):
            fill(name, given[name])
        printed = RECEIPTS[group.head]
        if printed.file in parts:
            receipts.judge(printed, group.parts)
        result = group.load(actor=actor)
        if printed.file in parts:
            receipts.record(printed)
        gather_errors(con)
    return result


def _refused(con: duckdb.DuckDBPyConnection, head: str, key: str, parts: list[str]) -> tuple[str, ...]:
    whole = con.execute('select 1 from error where file = ? and severe and "row" is null', [head]).fetchall()
    everything = f" union select ref from typed_{head}" if whole else ""
    rows = con.execute(f"""select distinct ref from ({_refs(head, key, parts)}{everything})
        where ref is not null order by ref""").fetchall()
    return tuple(ref for (ref,) in rows)


def _count(
    con: duckdb.DuckDBPyConnection,
    name: str,
    column: str,
    refused: tuple[str, ...],
    ours: tuple[str, ...],
    counts: Counts,
) -> None:
    key = f"""coalesce(trim("{column}"::varchar, ' ' || chr(9)), '')"""
    (counts.rows,) = con.execute(f"select count(*) from raw_{name}").fetchone() or (0,)
    (counts.refused,) = con.execute(
        f"""select count(*) from raw_{name}
            where "row" not in (select "row" from typed_{name}) and {key} not in (select unnest(?::varchar[]))
               or {key} in (select unnest(?::varchar[]))""",
        [list(ours), list(refused)],
    ).fetchone() or (0,)


_UNKNOWN_ORDERS = """
FROM pg_temp.in_redemption_orders i
WHERE i."order" IS NOT NULL AND NOT EXISTS (SELECT FROM orders_order o WHERE o.ref = i."order")
"""


def load_redemptions(con: duckdb.DuckDBPyConnection, report: Report, actor: Actor) -> None:
    """Coupon redemptions, after the orders that they name; their owner lies below orders, so those are found here."""
    name = "coupon_redemptions"
    ours = _made_here(con, name, "loyalty_redemption")
    con.execute(f"delete from typed_{name} where ref in (select unnest(?::varchar[]))", [list(ours)])
    with transaction():
        make_error_table()
        orders = stage(
            con, "redemption_orders", 'row bigint, "order" text', f"select * from typed_{name}", every_column=True
        )
        given = stage(con, name, REDEMPTIONS.declared, f"select * from typed_{name}", every_column=True)
        run("""UPDATE pg_temp.in_coupon_redemptions i SET order_id = o.id
            FROM pg_temp.in_redemption_orders r JOIN orders_order o ON o.ref = r."order" WHERE r.row = i.row""")
        fill(name, {*given, *orders})
        run(f"DELETE FROM pg_temp.in_coupon_redemptions WHERE row IN (SELECT i.row {_UNKNOWN_ORDERS})")
        result = REDEMPTIONS.load(actor=actor)
        run(f"INSERT INTO pg_temp.in_error SELECT '{name}', i.row, 'order', 'unknown' {_UNKNOWN_ORDERS}")
        gather_errors(con)
    counts = report.counts(name)
    counts.add(result)
    counts.unchanged += len(ours)
    (counts.rows,) = con.execute(f"select count(*) from raw_{name}").fetchone() or (0,)
    (counts.refused,) = con.execute(
        'select count(distinct "row") from error where file = ? and severe', [name]
    ).fetchone() or (0,)
