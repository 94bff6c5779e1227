"""One import from beginning to end."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from uuid import UUID

import duckdb
from django.db import connections
from django.db.transaction import set_rollback

from storeline.exchange import documents, totals
from storeline.exchange.errors import ImportRunning, NoFolder
from storeline.exchange.format import FILES, File
from storeline.exchange.importing.history import load_group, load_redemptions
from storeline.exchange.importing.loaders import MASTER, ORDERS, RETURNS
from storeline.exchange.importing.master import common_zone, learn_zones, load_master
from storeline.exchange.importing.report import Report, write_errors
from storeline.exchange.models import Import
from storeline.exchange.permissions import IMPORT
from storeline.exchange.reading import Found, find, open_folder, read, tell, typed
from storeline.exchange.totals import hashes
from storeline.kernel.api import Actor, in_transaction, new_id, now, run, trail, transaction

Step = Callable[[str, int, int], None]
AFTER_PRODUCTS = tuple(FILES.values())[list(FILES).index("products") + 1 :]
AFTER_STOCK, AFTER_TRADE = "owned_goods", "lots"
"""Files that tell of stock which is there by then: before any trade of it, and after all of it."""
LOCK = 0x5354_4F52_4549  # one import at a time; any constant of our own will do


def import_folder(
    folder: Path, *, actor: Actor, dry_run: bool = False, errors: Path | None = None, step: Step | None = None
) -> Report:
    """Take a folder in; the report says what became of each file's rows.

    Bad rows are refused with reasons (in the CSV file `errors`, where given), good ones taken; orders and returns are
    refused whole. A repeat changes nothing, and a killed import is finished by running it again: every transaction
    holds whole documents. `dry_run` does all of it in one transaction and undoes that. `step` hears of progress as
    (file, done, of).
    """
    actor.require(IMPORT)
    found, troubles = find(folder) if folder.is_dir() else ([], [])
    if not found:
        raise NoFolder(f"{folder} holds no file of the import format.", field="folder")
    started = time.monotonic()
    with _alone(), tempfile.TemporaryDirectory(prefix="storeline-import-") as work:
        con = open_folder(Path(work))
        for trouble in troubles:
            tell(con, trouble)
        report = Report(dry_run=dry_run, errors_file=errors)
        take = partial(_take, con, found, report, actor, step or _silent)
        record = None if dry_run else _begin(folder, actor)
        if dry_run:
            with _undone():
                take()
        else:
            _take_and_keep(take, folder, report)
        _finish(con, report, errors)
        report.seconds = round(time.monotonic() - started, 3)
        if record is not None:
            _end(record, folder, report)
        con.close()
    return report


def _take_and_keep(take: Callable[[], None], folder: Path, report: Report) -> None:
    """Take the folder in while the second reader goes through it, then keep what that found."""
    with ThreadPoolExecutor(1) as beside:
        second = beside.submit(totals.documents, folder, zones=documents.known_zones())
        take()
        ours = {head: report.here.get(head, ()) for head in ("orders", "returns")}
        documents.keep(
            second.result(),
            orders=report.refused_orders + ours["orders"],
            returns=report.refused_returns + ours["returns"],
        )
    run("ANALYZE")  # a table that was just filled is planned for as if it were empty


def finished(folder: Path) -> bool:
    """Whether exactly these files were imported to the end already."""
    return Import.objects.filter(hashes=hashes(folder), finished_at__isnull=False).exists()


def _silent(_file: str, _done: int, _of: int) -> None:
    """Nobody listens."""


@contextmanager
def _alone() -> Iterator[None]:
    if not run("SELECT pg_try_advisory_lock(%s)", [LOCK]).fetchall()[0][0]:
        raise ImportRunning("Wait until it has ended; only one import runs at a time.")
    try:
        yield
    finally:
        run("SELECT pg_advisory_unlock(%s)", [LOCK])


@contextmanager
def _undone() -> Iterator[None]:
    with transaction():
        yield
        set_rollback(True)


def _begin(folder: Path, actor: Actor) -> UUID:
    with transaction():
        record = new_id()
        Import.objects.create(id=record, folder=folder.name, hashes=hashes(folder), started_at=now())
        trail(actor, "exchange.import", record, detail={"folder": folder.name})
    return record


def _end(record: UUID, folder: Path, report: Report) -> None:
    """Note the end; runs over this folder that were cut off are finished by this one."""
    with transaction():
        Import.objects.filter(folder=folder.name, finished_at=None).exclude(id=record).delete()
        Import.objects.filter(id=record).update(finished_at=now(), result=report.as_json())


def _take(con: duckdb.DuckDBPyConnection, found: list[Found], report: Report, actor: Actor, step: Step) -> None:
    """All files in their order, but for what tells of stock.

    Stock itself, which needs places and products only, goes in beside the files after those.
    """
    learn_zones(con)
    take = partial(_take_file, report=report, actor=actor, step=step)
    beside = [one for one in found if one.file.name == "stock" and not in_transaction()]
    after = [one for one in found if one.file.name in (AFTER_STOCK, AFTER_TRADE)]
    present: set[str] = set()
    with ThreadPoolExecutor(1) as pool:
        aside: list[Future[bool]] = []
        for one in found:
            if FILES[one.file.name] in AFTER_PRODUCTS and not aside:
                aside = [pool.submit(_apart, take, con.cursor(), stock) for stock in beside]
            if one not in (*beside, *after) and take(con, one):
                present.add(one.file.name)
        for future in aside:
            future.result()
    for one in after:
        if one.file.name == AFTER_STOCK:
            take(con, one)
    _history(con, present, report, actor, step)
    for one in after:
        if one.file.name == AFTER_TRADE:
            take(con, one)


def _apart(take: Callable[..., bool], con: duckdb.DuckDBPyConnection, found: Found) -> bool:
    try:
        return take(con, found)
    finally:
        con.close()
        connections.close_all()


def _take_file(con: duckdb.DuckDBPyConnection, found: Found, *, report: Report, actor: Actor, step: Step) -> bool:
    """Read a file and, unless it is part of the trade, hand it to its owner; whether it could be read."""
    name = found.file.name
    step(name, 0, 0)
    header = read(con, found)
    if header is None:
        return False
    typed(con, found.file, header, common_zone())
    if name in MASTER:
        load_master(con, found.file, MASTER[name], report, actor)
    if name not in (ORDERS.head, RETURNS.head):
        (rows,) = con.execute(f"select count(*) from raw_{name}").fetchone() or (0,)
        step(name, rows, rows)
    return True


def _history(con: duckdb.DuckDBPyConnection, present: set[str], report: Report, actor: Actor, step: Step) -> None:
    for group in (ORDERS, RETURNS):
        lone = {part for part in group.parts if part in present}
        if lone and group.head not in present:
            _make_empty(con, FILES[group.head])
        if lone or group.head in present:
            refused = load_group(con, group, present | {group.head}, report, actor, step)
            if group is ORDERS:
                report.refused_orders = refused
            else:
                report.refused_returns = refused
        if group is ORDERS and "coupon_redemptions" in present:
            load_redemptions(con, report, actor)


def _make_empty(con: duckdb.DuckDBPyConnection, file: File) -> None:
    """A file that is not there, as one without rows: so that parts without it are refused row by row."""
    columns = ", ".join(f'"{column.name}" varchar' for column in file.columns)
    for kind in ("raw", "typed"):
        con.execute(f'create table if not exists {kind}_{file.name} ("row" bigint, {columns})')


def _finish(con: duckdb.DuckDBPyConnection, report: Report, errors: Path | None) -> None:
    row = con.execute("""select count(*) filter (severe), count(*) filter (not severe)
        from (select distinct file, "row", "column", reason, severe from error)""").fetchone()
    report.errors, report.warnings = row or (0, 0)
    if errors is not None:
        write_errors(con, errors)
