"""Stock by hand, holds, imports of history, and what runs by itself."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from storeline.config.work import due_jobs
from storeline.exchange.errors import ImportRunning
from storeline.exchange.importing import import_folder
from storeline.kernel.api import SYSTEM, Error, new_id, pump
from storeline.stock import api as stock
from tests.faults.deeds.world import World, some
from tests.faults.logbook import Answer, Spec
from tests.faults.shop import NOT_RIVALS, history

_LOTS = {"L1": date(2100, 1, 1), "L2": date(2101, 1, 1)}
FOLDERS = 3
"""So many folders are imported again and again."""


class TryAgainError(Exception):
    """It could not be done just now, and nothing was."""


def _rows(world: World, chance: Random, quantities: tuple[int, ...]) -> Spec:
    source = str(new_id())
    return {
        "rows": [
            [source, number, str(world.place(chance)[0]), str(product), chance.choice(quantities) * 1000]
            for number, product in enumerate(world.goods(chance), 1)
        ]
    }


def plan_receive(world: World, chance: Random) -> Spec:
    """Goods come, some of them in lots."""
    return _rows(world, chance, (1, 12, 40)) | {"lot": chance.choice((None, None, "L1", "L2"))}


def do_receive(spec: Spec) -> Answer:
    """Once for its id."""
    expires = {"lot": spec["lot"], "expires_on": _LOTS[spec["lot"]]} if spec["lot"] else {}
    return _done(spec, lambda rows: stock.receive(rows, actor=SYSTEM), **expires)


def plan_adjust(world: World, chance: Random) -> Spec:
    """Goods were found, or are gone; sometimes more than there were."""
    return _rows(world, chance, (-30, -1, 2))


def do_adjust(spec: Spec) -> Answer:
    """Once for its id."""
    return _done(spec, lambda rows: stock.adjust(rows, actor=SYSTEM), reason="mistake")


def plan_count(world: World, chance: Random) -> Spec:
    """Somebody counts, sometimes fewer than were promised."""
    return _rows(world, chance, (0, 5, 60))


def do_count(spec: Spec) -> Answer:
    """Once for its id."""
    rows = [stock.Counted(UUID(s), n, UUID(p), UUID(g), q, "counted") for s, n, p, g, q in spec["rows"]]
    try:
        stock.count(rows, actor=SYSTEM)
    except Error as refusal:
        return {"error": refusal.code, "refused_rows": spec["rows"]}
    return {"counted": spec["rows"]}


def _done(spec: Spec, deed: object, **more: Any) -> Answer:
    assert callable(deed)
    try:
        deed([stock.Goods(UUID(s), n, UUID(p), UUID(g), q, **more) for s, n, p, g, q in spec["rows"]])
    except Error as refusal:
        return {"error": refusal.code, "refused_rows": spec["rows"]}
    return {"moved": spec["rows"]}


def plan_hold(world: World, chance: Random) -> Spec:
    """Many want the same few."""
    place, _ = world.place(chance)
    product = world.products[f"p{chance.randrange(3)}"]
    return {
        "holds": [
            [str(new_id()), str(place), str(product), chance.randint(1, 3) * 1000] for _ in range(chance.choice((1, 5)))
        ]
    }


def do_hold(spec: Spec) -> Answer:
    """Each held or refused."""
    asked = [stock.Hold(UUID(i), UUID(p), UUID(g), q) for i, p, g, q in spec["holds"]]
    verdicts = stock.reserve_many(asked, actor=SYSTEM)
    return {"holds": [[str(one.id), one.granted] for one in verdicts]}


def plan_let_go(_world: World, _chance: Random) -> Spec | None:
    """Some holds end."""
    found = some(
        f"""SELECT source_id FROM stock_reservation WHERE state = 'held' AND asked IS NOT NULL AND {NOT_RIVALS}
        ORDER BY random() LIMIT 5"""
    )
    return {"ids": found} if found else None


def do_let_go(spec: Spec) -> Answer:
    """Those that are still held."""
    ids = [UUID(str(one)) for one in spec["ids"]]
    stock.release_holds(ids, actor=SYSTEM)
    return {"let_go": [str(one) for one in ids]}


def plan_import(world: World, chance: Random) -> Spec:
    """One of the folders, perhaps for the second time."""
    return {"folder": f"{world.seed}-{chance.randrange(FOLDERS)}"}


def do_import(spec: Spec) -> Answer:
    """From the first file to the last; a repeat changes nothing."""
    with tempfile.TemporaryDirectory(prefix="faults-") as name:
        history(spec["folder"]).write(Path(name))
        try:
            import_folder(Path(name), actor=SYSTEM)
        except ImportRunning as busy:
            raise TryAgainError from busy
    return {"imported": spec["folder"]}


def plan_nothing(_world: World, _chance: Random) -> Spec:
    """It needs no plan."""
    return {}


def do_pump(_spec: Spec) -> Answer:
    """Let the consumers read."""
    pump(patience=0)
    return {}


def do_jobs(_spec: Spec) -> Answer:
    """All that is due."""
    for _, job in due_jobs():
        job()
    return {}
