"""One export: a snapshot of the database, file by file."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from storeline.exchange.errors import FolderNotEmpty
from storeline.exchange.exporting.history import HISTORY
from storeline.exchange.exporting.master import MASTER, Query
from storeline.exchange.exporting.serving import SERVING
from storeline.exchange.permissions import IMPORT
from storeline.kernel.api import Actor, raw, run, transaction

_TAG = re.compile("[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
"""What a column may be called by; a key that is no BCP 47 tag could not be read back, and must not get into SQL."""
Step = Callable[[str, int, int], None]
QUERIES: dict[str, Query] = MASTER | SERVING | HISTORY


def export_folder(folder: Path, *, actor: Actor, step: Step | None = None) -> dict[str, int]:
    """Write every file that has rows to `folder`, which must be new or empty; rows by file.

    All files show the same moment. The same data gives the same bytes.
    """
    actor.require(IMPORT)
    if folder.exists() and any(folder.iterdir()):
        raise FolderNotEmpty(f"{folder} is not empty; choose another folder.", field="folder")
    folder.mkdir(parents=True, exist_ok=True)
    rows: dict[str, int] = {}
    with transaction():
        run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        for name, query in QUERIES.items():
            if step is not None:
                step(name, 0, 0)
            count = _write(folder / f"{name}.csv", query)
            if count:
                rows[name] = count
            if step is not None:
                step(name, count, count)
    return rows


def _write(path: Path, query: Query) -> int:
    columns = query.columns | {
        f"{stem}_{tag}": f"{map_}->>'{tag}'"
        for stem, map_ in query.names.items()
        for tag in _tags(query.source, map_)
        if _TAG.fullmatch(tag)
    }
    selected = ", ".join(f'{sql} AS "{name}"' for name, sql in columns.items())
    statement = f"COPY (SELECT {selected} FROM {query.source} ORDER BY {query.order}) TO STDOUT (FORMAT csv, HEADER)"
    with raw().cursor() as cursor:
        with path.open("wb") as file, cursor.copy(statement) as copy:
            for piece in copy:
                file.write(piece)
        count = cursor.rowcount
    if not count:
        path.unlink()
    return count


def _tags(source: str, map_: str) -> list[str]:
    sql = f"SELECT DISTINCT jsonb_object_keys({map_}) FROM {source} ORDER BY 1"
    return [tag for (tag,) in run(sql).fetchall()]
