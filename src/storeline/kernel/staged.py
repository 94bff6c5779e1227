"""Master data that comes as a set: staged in ``pg_temp.in_<file>``, checked by rules, merged by its key.

A staged table has the columns that its owner declares, ``row`` among them; a column that the source
does not have is left out, and leaves what is there. Rows that a rule refuses go to ``pg_temp.in_error``
and the rest is merged. Bulk upserts over HTTP go the same way, so there is one set of rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from uuid import UUID

from storeline.kernel import db
from storeline.kernel.loading import ERRORS_IN, LoadResult


@dataclass(frozen=True, slots=True)
class Rule:
    """A row is refused where the SQL condition `bad` holds, over `i` (the staged row; null where the source lacks
    a column) and `t` (the row already there, all null where there is none).
    """

    column: str
    reason: str
    bad: str
    of: str = ""
    """A column without which, where the source lacks it, a row that is there already is not judged by this."""

    def holds(self, present: frozenset[str]) -> Rule:
        """The rule for a source that has these columns."""
        return self if not self.of or self.of in present else replace(self, bad=f"t.ref IS NULL AND ({self.bad})")


_BLANKS = r"E' \t\n\r\u00a0\u3000'"
"""What nobody can read."""
_NAMES = Rule(
    "names",
    "a name is empty: leave it out",
    "EXISTS (SELECT FROM jsonb_each_text(CASE jsonb_typeof(i.names) WHEN 'object' THEN i.names END) n"
    " WHERE btrim(n.value, " + _BLANKS + ") = '')",
)


@dataclass(frozen=True, slots=True)
class Column:
    """Where a column's value comes from: the SQL `value` over `i` and the joins, taken from the staged column
    `source`; a new row has `default` where the source has no such column.
    """

    name: str
    value: str = ""
    default: str = "NULL"
    source: str = ""
    kept: str = ""
    """What a row that is there then has, over `i` and `t`; as it was, where this is empty."""

    def expression(self, present: frozenset[str]) -> str:
        """The SQL of the value to write."""
        if (self.source or self.name) in present:
            return self.value or f"i.{self.name}"
        return f"CASE WHEN t.ref IS NULL THEN {self.default} ELSE {self.kept or f't.{self.name}'} END"


@dataclass(frozen=True, slots=True)
class Target:
    """A table whose rows a file describes by `ref`: what must be there, what is refused, where values come from."""

    file: str
    declared: str
    table: str
    kind: str
    required: tuple[str, ...]
    rules: tuple[Rule, ...]
    columns: tuple[Column, ...]
    joins: str = ""
    settle: Callable[[frozenset[str]], None] = lambda _present: None
    """Further refusals, after the rules and before anything is written; gets the columns that the source has."""


@dataclass(frozen=True, slots=True)
class Keyed:
    """A table whose rows a file describes by several columns together; `t` is not there for its rules.

    `key` finds a row, and never changes; `columns` may. The text of `same` (staged columns) says which rows of the
    file are about the same, and `told` which column is named then. `made` is written into new rows only.
    """

    file: str
    declared: str
    table: str
    key: tuple[Column, ...]
    same: str
    told: str
    rules: tuple[Rule, ...]
    columns: tuple[Column, ...] = ()
    made: tuple[Column, ...] = ()
    joins: str = ""
    settle: Callable[[frozenset[str]], None] = lambda _present: None
    """Further refusals, after the rules and before anything is written; gets the columns that the source has."""


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge wrote: ids by ref, and in all."""

    inserted: dict[str, UUID]
    updated: dict[str, UUID]
    result: LoadResult

    def changed(self) -> list[UUID]:
        """The ids of every row that was written."""
        return [*self.inserted.values(), *self.updated.values()]


def staged_columns(file: str) -> frozenset[str]:
    """The columns that ``pg_temp.in_<file>`` has."""
    sql = "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped"
    return frozenset(name for (name,) in db.run(sql, [f"pg_temp.in_{file}"]).fetchall())


def refuse_rows(file: str, rules: Sequence[Rule], joins: str = "") -> None:
    """Put the rows of ``pg_temp.in_<file>`` that break a rule into ``pg_temp.in_error``: one scan for all rules."""
    tests = ", ".join(f"({rule.bad}, {_literal(rule.column)}, {_literal(rule.reason)})" for rule in rules)
    db.run(f"""
INSERT INTO pg_temp.in_error (file, row, col, reason)
SELECT {_literal(file)}, i.row, test.col, test.reason
FROM pg_temp.in_{file} i {joins}
CROSS JOIN LATERAL (VALUES {tests}) test (bad, col, reason)
WHERE ({" OR ".join(f"({rule.bad})" for rule in rules)}) AND test.bad
""")


def good(file: str) -> str:
    """The SQL condition that the staged row `i` was not refused."""
    return f"NOT EXISTS (SELECT FROM pg_temp.in_error x WHERE x.file = {_literal(file)} AND x.row = i.row)"


def column_types(declared: str) -> dict[str, str]:
    """The SQL type of each declared column, by its name."""
    return dict(part.strip().split(" ", 1) for part in declared.split(","))


@contextmanager
def all_columns(file: str, declared: str) -> Iterator[frozenset[str]]:
    """Give ``pg_temp.in_<file>`` the declared columns that it lacks, all null, for the block; what it had itself."""
    present = staged_columns(file)
    lacking = [(name, sql_type) for name, sql_type in column_types(declared).items() if name not in present]
    for name, sql_type in lacking:
        db.run(f"ALTER TABLE pg_temp.in_{file} ADD COLUMN {name} {sql_type}")
    yield present
    for name, _ in lacking:
        db.run(f"ALTER TABLE pg_temp.in_{file} DROP COLUMN {name}")


def merge(target: Target) -> Merged:
    """Check the staged rows of `target` and write what is new or different, by `ref`.

    One writer of a table at a time: an id follows from its ref, and of two who write the same new ref at once the second can meet
    the first's id before its ref, which no ON CONFLICT over the ref takes up.
    """
    _take_turn(target.table)
    db.run(f"ANALYZE pg_temp.in_{target.file}")
    existing = f"LEFT JOIN {target.table} t ON t.ref = i.ref {target.joins}"
    with all_columns(target.file, target.declared) as present:
        needed = [
            Rule(name, "required", f"nullif(btrim(i.{name}::text, {_BLANKS}), '') IS NULL", name)
            for name in target.required
        ]
        spoken = [_NAMES] if "names" in column_types(target.declared) else []
        refuse_rows(target.file, [rule.holds(present) for rule in (*needed, *spoken, *target.rules)], existing)
        refuse_repeats(target.file, "ref")
        target.settle(present)
        written = db.run(_merge_sql(target, present, existing)).fetchall()
    inserted = {ref: key for ref, key, fresh in written if fresh}
    updated = {ref: key for ref, key, fresh in written if not fresh}
    return Merged(inserted, updated, staged_result(target.file, len(inserted), len(updated)))


def _take_turn(table: str) -> None:
    db.run("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"merge {table}"])


def refuse_repeats(file: str, *key: str) -> None:
    """Refuse the rows whose key (columns, none empty) came before in this file; the first of them stands."""
    columns = ", ".join(key)
    filled = " AND ".join(f"{column} IS NOT NULL AND {column} <> ''" for column in key)
    db.run(f"""
INSERT INTO pg_temp.in_error (file, row, col, reason)
SELECT {_literal(file)}, row, {_literal(key[-1])}, 'the same {" and ".join(key)} came before in this file'
FROM (SELECT row, row_number() OVER (PARTITION BY {columns} ORDER BY row) AS time FROM pg_temp.in_{file} WHERE {filled}) i
WHERE time > 1
""")


def merge_keyed(target: Keyed) -> LoadResult:
    """Check the staged rows of `target` and write what is new or different, by its key.

    One writer of a table at a time, as in `merge`: an id that is made of the key can be met before the key, too.
    """
    _take_turn(target.table)
    db.run(f"ANALYZE pg_temp.in_{target.file}")
    with all_columns(target.file, target.declared) as present:
        refuse_rows(target.file, target.rules, target.joins)
        refuse_same(target.file, target.same, target.told)
        target.settle(present)
        [(inserted, updated)] = db.run(_keyed_sql(target, present)).fetchall()
    return staged_result(target.file, inserted, updated)


def _keyed_sql(target: Keyed, present: frozenset[str]) -> str:
    written = (*target.key, *target.columns, *target.made)
    values = ", ".join(column.value or f"i.{column.name}" for column in written)
    changing = [column.name for column in target.columns if (column.source or column.name) in present]
    then = "NOTHING"
    if changing:
        old, new = (", ".join(f"{row}.{name}" for name in changing) for row in ("t", "excluded"))
        setting = ", ".join(f"{name} = excluded.{name}" for name in changing)
        then = f"UPDATE SET {setting} WHERE ({old}, 1) IS DISTINCT FROM ({new}, 1)"
    key = ", ".join(column.name for column in target.key)
    return f"""
WITH written AS (
  INSERT INTO {target.table} AS t ({", ".join(column.name for column in written)})
  SELECT {values} FROM pg_temp.in_{target.file} i {target.joins}
  WHERE {good(target.file)} ORDER BY {", ".join(str(place) for place, _ in enumerate(target.key, start=1))}
  ON CONFLICT ({key}) DO {then}
  RETURNING old.{target.key[0].name} IS NULL AS fresh
)
SELECT count(*) FILTER (WHERE fresh), count(*) FILTER (WHERE NOT fresh) FROM written
"""


def refuse_same(file: str, same: str, told: str) -> None:
    """Refuse every staged row whose key, the SQL of `same` columns, came before in a row that is good."""
    db.run(f"""
INSERT INTO pg_temp.in_error (file, row, col, reason)
SELECT {_literal(file)}, row, {_literal(told)}, 'the same key came before in this file'
FROM (SELECT row, row_number() OVER (PARTITION BY {same} ORDER BY row) AS time FROM pg_temp.in_{file} i WHERE {good(file)}) i
WHERE time > 1
""")


def refuse_documents(bad: str, findings: Iterable[tuple[str, str, str, str]]) -> None:
    """Refuse documents of several files whole: their refs go into the table `bad`, with one error per finding.

    A finding is a file, a column, a reason, and the SQL of the rows: (row, ref of the document).
    """
    for file, column, reason, rows in findings:
        sql = f"""
WITH found AS ({rows}),
told AS (INSERT INTO pg_temp.in_error (file, row, col, reason) SELECT %s, row, %s, %s FROM found)
INSERT INTO {bad} (ref) SELECT DISTINCT ref FROM found WHERE ref IS NOT NULL ON CONFLICT DO NOTHING
"""
        db.run(sql, [file, column, reason])


def twice(table: str, *key: str, ref: str = "ref") -> str:
    """SQL of the rows of `table` whose key within their document is there more than once."""
    parts = ", ".join((ref, *key))
    return f"""SELECT row, {ref} AS ref FROM {table} WHERE ({parts}) IN (
        SELECT {parts} FROM {table} GROUP BY {parts} HAVING count(*) > 1)"""


def staged_result(file: str, inserted: int, updated: int) -> LoadResult:
    """What became of the staged rows, of which so many were written."""
    [(rows, refused)] = db.run(f"""
SELECT count(*), count(*) FILTER (WHERE NOT {good(file)}) FROM pg_temp.in_{file} i
""").fetchall()
    return LoadResult(inserted, updated, rows - refused - inserted - updated, refused)


def _merge_sql(target: Target, present: frozenset[str], existing: str) -> str:
    names = [column.name for column in target.columns]
    values = ", ".join(f"{column.expression(present)} AS {column.name}" for column in target.columns)
    listed = ", ".join(names)
    return f"""
WITH incoming AS MATERIALIZED (
  SELECT coalesce(t.id, kernel_source_id({_literal(target.kind)}, i.ref, NULL)) AS id, i.ref, {values},
         t.ref IS NULL AS fresh
  FROM pg_temp.in_{target.file} i {existing}
  WHERE {good(target.file)}
)
INSERT INTO {target.table} AS mine (id, ref, {listed})
SELECT id, ref, {listed} FROM incoming n
WHERE fresh OR NOT EXISTS (
  SELECT FROM {target.table} o
  WHERE o.ref = n.ref AND ({", ".join(f"o.{name}" for name in names)},1)
    IS NOT DISTINCT FROM ({", ".join(f"n.{name}" for name in names)},1))
ORDER BY ref
ON CONFLICT (ref) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in names)}
RETURNING new.ref, new.id, old.id IS NULL
"""


def _literal(text: str) -> str:
    """`text` as an SQL literal; only for words of our own code. Per cent signs are doubled for the driver."""
    return "'" + text.replace("'", "''").replace("%", "%%") + "'"


def make_error_table() -> None:
    """Make ``pg_temp.in_error`` for this transaction where the caller has none."""
    db.run(f"CREATE TEMP TABLE IF NOT EXISTS in_error ({ERRORS_IN}) ON COMMIT DROP")
