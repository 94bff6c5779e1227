"""Files whose rows stand for themselves: read, staged, handed to their owner, one transaction each."""

from __future__ import annotations

import duckdb

from storeline.exchange.format import File
from storeline.exchange.importing.kept import fill
from storeline.exchange.importing.loaders import Loader
from storeline.exchange.importing.report import Report, gather_errors
from storeline.exchange.importing.stage import make_error_table, stage
from storeline.kernel.api import Actor, run, transaction


def load_master(con: duckdb.DuckDBPyConnection, file: File, loader: Loader, report: Report, actor: Actor) -> None:
    """Take the rows of ``typed_<file>`` in."""
    _skip_repeats(con, file.name)
    with transaction():
        make_error_table()
        rows = f'select * from typed_{file.name} order by "row"'
        given = stage(con, file.name, loader.declared, rows, every_column=file.immutable)
        if file.immutable:
            fill(file.name, given)
        result = loader.load(actor=actor)
        gather_errors(con)
    counts = report.counts(file.name)
    counts.add(result)
    (counts.rows,) = con.execute(f"select count(*) from raw_{file.name}").fetchone() or (0,)
    (counts.refused,) = con.execute(
        'select count(distinct "row") from error where file = ? and severe', [file.name]
    ).fetchone() or (0,)
    if file.name in ("places", "entities"):
        learn_zones(con)


def _skip_repeats(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """Of rows that are the same in every cell only the first counts; the others are told."""
    columns = [column for column, *_ in con.execute(f"describe typed_{name}").fetchall() if column != "row"]
    listed = ", ".join(f'"{column}"' for column in columns)
    twice = con.execute(f"select 1 from typed_{name} group by {listed} having count(*) > 1 limit 1").fetchall()
    if not twice:
        return
    con.execute(f"""create or replace temp table again as
        select "row" from (select "row", row_number() over (partition by {listed} order by "row") nth from typed_{name})
        where nth > 1""")
    con.execute(f"""insert into error
        select '{name}', "row", null, 'the same row came before; it was skipped', null, false from again""")
    con.execute(f'delete from typed_{name} where "row" in (select "row" from again)')


def learn_zones(con: duckdb.DuckDBPyConnection) -> None:
    """Tell the reader the zones of all places, for local times without an offset."""
    rows = run("SELECT ref, zone FROM places_place").fetchall()
    con.execute("delete from place_zone")
    con.execute(
        "insert into place_zone select unnest(?::varchar[]), unnest(?::varchar[])",
        [[ref for ref, _ in rows], [zone for _, zone in rows]],
    )


def common_zone() -> str:
    """The zone of local times of rows without a place: the entities', where they share one, else UTC."""
    zones = run("SELECT DISTINCT zone FROM places_entity").fetchall()
    return str(zones[0][0]) if len(zones) == 1 else "UTC"
