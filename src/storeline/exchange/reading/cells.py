"""From text to values: table ``typed_<file>``, and an error for each cell that does not say what its column asks.

Each kind of cell gives two SQL expressions over the trimmed text `x`: its value, and the reason why it is refused
(null where it is sound). What both need is a step: a column that is reckoned before them, once, and named after `x`.
Planning a statement costs by its length, and of a small file that is nearly all that reading it costs.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest

import duckdb

from storeline.exchange.format import Column, File, Kind
from storeline.exchange.reading.kinds import KINDS, Cell, Step, beside, parts
from storeline.exchange.reading.raw import WHOLE

LONGEST = {Kind.REF: 200, Kind.CODE: 100, Kind.TEXT: 1000, Kind.LONG: 20_000, Kind.LIST: 20_000}
TRIM = "trim({}::varchar, ' ' || chr(9))"


def typed(con: duckdb.DuckDBPyConnection, file: File, present: dict[str, str], zone: str = "UTC") -> None:
    """Make ``typed_<file>`` from ``raw_<file>``: `row` and a value per column; rows with a refused cell are left out.

    Languages of a name become the one column ``<name>s``, a JSON map. `zone` is where local times of rows without a
    place are understood. Most rows are plain and are taken by quick expressions (`fast`); what those are not sure of
    is read again with care, which also gives the reasons.
    """
    name = file.name
    columns = [column for column in file.columns if column.name in present]
    languages = _languages(file, present)
    cells = {column.name: fast(column, present[column.name]) for column in columns}
    values = {key: cell.value for key, cell in cells.items()} | languages
    quick = ", ".join(f'{value} as "v {key}"' for key, value in values.items())
    sure = " and ".join(_sure(column) for column in columns)
    kept = ", ".join(f'"v {key}" as "{key}"' for key in values)
    source = _stepped(_source(con, file, present, zone), cells.values())
    (taken,) = con.execute(f"""create table typed_{name} as
        select "row", {kept} from (select *, {quick} from ({source})) where {sure}""").fetchone() or (0,)
    if con.execute(f"select count(*) from raw_{name}").fetchone() != (taken,):
        con.execute(f"""create temp table unsure as
            select raw.* from raw_{name} raw anti join typed_{name} using ("row")""")
        con.execute(f"insert into typed_{name} by name {_careful(con, file, columns, present, zone)}")
        con.execute("drop table unsure")


def _stepped(source: str, cells: Iterable[Cell]) -> str:
    """SQL of the rows of `source` with what the cells need before they are read."""
    for level in zip_longest(*(cell.steps for cell in cells), fillvalue=Step()):
        listed = ", ".join(f"{sql} as {key}" for step in level for key, sql in step.items())
        source = f"select *, {listed} from ({source})"
    return source


def _sure(column: Column) -> str:
    empty = "" if column.required else f' or "{column.name}" is null'
    return f'("v {column.name}" is not null{empty})'


def _careful(
    con: duckdb.DuckDBPyConnection, file: File, columns: list[Column], present: dict[str, str], zone: str
) -> str:
    """Read the rows of ``unsure`` with a reason for each refused cell; SQL of those that are sound after all."""
    languages = _languages(file, present)
    cells = {column.name: _cell(column) for column in columns}
    judged = [f'{cell.wrong} as "wrong {key}", {cell.warning} as "warning {key}"' for key, cell in cells.items()]
    values = {key: f'case when "wrong {key}" is null then {cell.value} end' for key, cell in cells.items()} | languages
    parts = [f'{value} as "v {key}"' for key, value in values.items()]
    source = _source(con, file, dict.fromkeys(present, "VARCHAR"), zone, "unsure")
    reasons = [f'"wrong {key}", "warning {key}"' for key in cells]
    con.execute(f"""create or replace temp table careful as select "row", {", ".join(reasons + parts)}
        from (select *, {", ".join(judged)} from ({_stepped(source, cells.values())}))""")
    told = [f"{what} {key}" for key in cells for what in ("wrong", "warning")]
    counts = con.execute(f"""select {", ".join(f'count("{one}")' for one in told)} from careful""").fetchone() or ()
    for one, count in zip(told, counts, strict=True):
        if count:
            what, key = one.split(" ", 1)
            _tell(con, file.name, key, what, severe=what == "wrong")
    sound = " and ".join(f'"wrong {key}" is null' for key in cells)
    kept = ", ".join(f'"v {key}" as "{key}"' for key in (*cells, *languages))
    return f"""select "row", {kept} from careful where {sound}"""


def _tell(con: duckdb.DuckDBPyConnection, file: str, column: str, what: str, *, severe: bool) -> None:
    con.execute(f"""insert into error
        select '{file}', careful."row", '{column}', "{what} {column}", nullif(left(unsure."{column}"::varchar, 100), ''), {severe}
        from careful join unsure using ("row") where "{what} {column}" is not null""")


def _source(con: duckdb.DuckDBPyConnection, file: File, present: dict[str, str], zone: str, table: str = "") -> str:
    """The raw rows, text trimmed and empty text null, with the scale of their currency and the zone of their place."""
    texts = []
    for key, sql_type in present.items():
        plain = any(column.name == key and column.kind in (Kind.TEXT, Kind.LONG) for column in file.columns)
        cell = f'raw."{key}"'
        if sql_type == "VARCHAR" and not table:
            cell = f"nullif({cell}, '')"
        elif sql_type == "VARCHAR":
            trimmed = f"{cell}::varchar" if plain or key not in {c.name for c in file.columns} else TRIM.format(cell)
            cell = f"nullif({trimmed}, '')"
        texts.append(f'{cell} as "{key}"')
    joins, scale, its_zone = "", "100", f"'{zone}'"
    kinds = {column.kind for column in file.columns if column.name in present}
    if kinds & {Kind.AMOUNT, Kind.SIGNED}:
        joins, scale = _scale(con, file, present)
    if Kind.MOMENT in kinds and "place" in present:
        joins += f" left join place_zone on place_zone.place = {TRIM.format('raw.place')}"
        its_zone = f"coalesce(place_zone.zone, '{zone}')"
    columns = ", ".join([*texts, f"{its_zone} as its_zone", f"{scale} as scale"])
    return f'select raw."row", {columns} from {table or f"raw_{file.name}"} raw{joins}'


def _scale(con: duckdb.DuckDBPyConnection, file: File, present: dict[str, str]) -> tuple[str, str]:
    """Amounts are in the currency of the row or, for the parts of an order or return, of its head.

    Where there is but one currency the join is saved.
    """
    if file.parent and file.name != file.parent:
        heads = f"typed_{file.parent}"
        if not con.execute("from duckdb_tables() where table_name = ?", [heads]).fetchall():
            return "", "100"
        scales = con.execute(
            f"select distinct scale from {heads} join currency_scale using (currency) limit 2"
        ).fetchall()
        if len(scales) == 1:
            return "", str(scales[0][0])
        head = TRIM.format(f'raw."{file.keys[0].name}"')
        join = f""" left join (select ref, any_value(scale) scale from {heads} join currency_scale using (currency)
            group by ref) money on money.ref = {head}"""
    elif "currency" in present:
        join = f" left join currency_scale money on money.currency = {TRIM.format('raw.currency')}"
    else:
        return "", "100"
    return join, "coalesce(money.scale, 100)"


def _languages(file: File, present: dict[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for column in file.columns:
        tags = [key for key in present if column.languages and key.startswith(f"{column.name}_")]
        if tags:
            pairs = ", ".join(f"""{{'k': '{key.split("_", 1)[1]}', 'v': "{key}"}}""" for key in tags)
            map_ = f"map_from_entries(list_filter([{pairs}], lambda pair: pair.v is not null))"
            found[f"{column.name}s"] = f"to_json({map_})::varchar"
    return found


def _cell(column: Column) -> Cell:
    x = f'"{column.name}"'
    cell = KINDS[column.kind](x)
    reasons = [f"when {x} is null then 'required'"] if column.required else []
    if column.values and column.kind is not Kind.LIST:
        listed = ", ".join(f"'{value}'" for value in column.values)
        reasons.append(f"when {x} not in ({listed}) then 'not one of: {' '.join(column.values)}'")
    if column.kind in LONGEST:
        longest = LONGEST[column.kind]
        reasons.append(f"when length({x}) > {longest} then 'longer than {longest} characters'")
    wrong = f"case {' '.join([*reasons, cell.wrong])} end" if reasons or cell.wrong else "null::varchar"
    if column.kind is Kind.LIST and column.values:
        listed = ", ".join(f"'{part}'" for part in column.values)
        wrong = wrong.replace(
            " end",
            f" when len(list_filter({parts(x)}, lambda part: part not in ({listed}))) > 0"
            f" then 'not among: {' '.join(column.values)}' end",
        )
    return Cell(cell.value, wrong, cell.warning, cell.steps)


def fast(column: Column, sql_type: str) -> Cell:
    """SQL of the value where a cheap look is enough to be sure of it, null otherwise."""
    if column.kind in SCALED:
        return _fast_number(column, sql_type)
    plain = _fast(column, sql_type)
    if plain:
        return Cell(plain, "")
    cell = _cell(column)
    bad = cell.wrong if cell.warning == "null" else f"coalesce({cell.wrong}, {cell.warning})"
    return Cell(f"case when {bad} is null then {cell.value} end", "", steps=cell.steps)


def _fast(column: Column, sql_type: str) -> str:
    """Where one look at the cell as it is says enough; empty for other kinds."""
    x, kind = f'"{column.name}"', column.kind
    if column.values and kind is not Kind.LIST:
        listed = ", ".join(f"'{value}'" for value in column.values)
        return f"case when {x} in ({listed}) then {x} end"
    if sql_type == "TIMESTAMP WITH TIME ZONE":
        return f"case when {x} >= '1970-01-01' and {x} < '2200-01-01' then {x} end"
    if sql_type != "VARCHAR":
        return f"case when abs({x}) < 1000000000 then {x}{'::integer' if kind is Kind.INTEGER else ''} end"
    if kind in (Kind.REF, Kind.CODE):
        return f"case when regexp_full_match({x}, '[!-~]([ -~]{{0,98}}[!-~])?') then {x} end"
    if kind is Kind.TEXT:
        return f"case when length({x}) <= {LONGEST[kind]} and not contains({x}, chr(0)) then {x} end"
    if kind is Kind.INTEGER:
        return f"case when regexp_full_match({x}, '[0-9]{{1,9}}') then {x}::integer end"
    return ""


def _fast_number(column: Column, sql_type: str) -> Cell:
    x, (scale, least, decimals) = f'"{column.name}"', SCALED[column.kind]
    sign = "" if least else "-?"
    number = x
    if sql_type == "VARCHAR":
        plain = f"regexp_full_match({x}, '{sign}[0-9]{{1,12}}([.][0-9]{{1,{decimals}}})?')"
        number = f"case when {plain} then {x}::decimal(18, {decimals}) end"
    elif sql_type in WHOLE:  # a small type's product would not fit into it
        number = f"case when {x} > -1000000000000 and {x} < 1000000000000 then {x}::bigint end"
    scaled = beside(x, "scaled")
    floor = f" and {scaled} >= 0" if least else ""
    return Cell(
        f"case when {scaled} = trunc({scaled}) and abs({scaled}) < 1000000000000{floor} then {scaled}::bigint end",
        "",
        steps=({scaled: f"({number}) * {scale}"},),
    )


SCALED = {
    Kind.AMOUNT: ("scale", True, 2),
    Kind.SIGNED: ("scale", False, 2),
    Kind.QUANTITY: ("1000", True, 3),
    Kind.SIGNED_QUANTITY: ("1000", False, 3),
}
"""Numbers that become integers: the factor, whether they must not be negative, decimals that a quick look allows."""
