"""Every lock of fulfilment: orders first (`orders.api.lock`), then their tasks, then turns of vans and parcels, each by id.

What orders, stock and payments lock after that follows the order written in orders/locks.py.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from storeline.fulfilment.domain.picking import Task, TaskLine
from storeline.fulfilment.domain.supplies import Supply
from storeline.fulfilment.errors import NoRun, NoSupply, NoTask
from storeline.fulfilment.queries.supplies import COMING, supplies_of
from storeline.kernel.api import Conflict, Pending, Row, ids_array, later, pipeline, run
from storeline.orders import api as orders

_LOCK = """
SELECT order_id, place_id, method, state, owed, attempt FROM fulfilment_task
WHERE order_id = ANY(%s::uuid[]) ORDER BY order_id FOR UPDATE
"""
_LINES = f"""
SELECT l.order_id, l.line_no, l.product_id, l.ordered, l.picked, l.moved + coalesce((
    SELECT sum(o.missing) FROM fulfilment_offer o
    WHERE o.order_id = l.order_id AND o.replaces = l.line_no AND o.state IN ('offered', 'accepted')
), 0)::bigint, l.moved, l.rejected, {COMING}
FROM fulfilment_task_line l
WHERE l.order_id = ANY(%s::uuid[]) AND ({{which}}) ORDER BY l.order_id, l.line_no
"""
_WHICH = {"all": "true", "odd": "l.picked IS DISTINCT FROM l.ordered"}

Which = Literal["none", "odd", "all"]
"""The lines to read: ``odd`` ones were not picked as ordered, and few."""


@dataclass(frozen=True, slots=True)
class Locked:
    """Orders with their tasks and the lines to pick, none of which anybody else can change now."""

    orders: dict[UUID, orders.LockedOrder]
    tasks: dict[UUID, Task]
    lines: dict[UUID, tuple[TaskLine, ...]]


def lock(order_ids: Collection[UUID], *, lines: Which = "none", field: str = "orders") -> Locked:
    """Lock orders and their tasks: one wait. Raises NoTask, naming the first order that has none."""
    ids = ids_array(sorted(set(order_ids)))
    with pipeline():
        found = orders.lock(set(order_ids))
        tasks: Pending[dict[UUID, Task]] = later(_LOCK, [ids], lambda rows: {row[0]: Task(*row) for row in rows})
        # Read after the locks: what was picked while we waited counts.
        read = None if lines == "none" else later(_LINES.format(which=_WHICH[lines]), [ids], _by_order)
    locked = Locked(found.result(), tasks.result(), read.result() if read else {})
    for index, order_id in enumerate(order_ids):
        if order_id not in locked.tasks:
            raise NoTask("There is nothing to pick for this order.", field=f"{field}[{index}]")
    return locked


def read_lines(order_ids: Collection[UUID]) -> dict[UUID, tuple[TaskLine, ...]]:
    """Every line of these orders."""
    return later(_LINES.format(which=_WHICH["all"]), [ids_array(sorted(order_ids))], _by_order).result()


def _by_order(rows: list[Row]) -> dict[UUID, tuple[TaskLine, ...]]:
    found: defaultdict[UUID, list[TaskLine]] = defaultdict(list)
    for row in rows:
        found[row[0]].append(TaskLine(*row))
    return {order_id: tuple(lines) for order_id, lines in found.items()}


_ORDER_OF = "SELECT order_id FROM fulfilment_supply WHERE id = %s"


def lock_supply(supply_id: UUID) -> tuple[Locked, Supply]:
    """Lock the order of a supply with its task and lines, and give the supply as it stands then. Raises NoSupply."""
    row = run(_ORDER_OF, [supply_id]).fetchone()
    if row is None:
        raise NoSupply("There is nothing to send.")
    locked = lock([row[0]], lines="all")
    return locked, next(one for one in supplies_of([row[0]])[row[0]] if one.id == supply_id)


_LOCK_RUN = "SELECT state, place_id FROM fulfilment_run WHERE id = %s FOR UPDATE"
_RUN_ORDERS = "SELECT order_id FROM fulfilment_drop WHERE run_id = %s AND state IN ('loaded', 'out') ORDER BY order_id"


@dataclass(frozen=True, slots=True)
class LockedRun:
    """A turn of a van that nobody else can change now, with the tasks of what is in it."""

    id: UUID
    state: str
    place_id: UUID
    tasks: dict[UUID, Task]


def lock_run(run_id: UUID, order_ids: Collection[UUID] = ()) -> LockedRun:
    """Lock a turn, with all that is in it and these orders. Raises NoRun, NoTask, or Conflict where it changed meanwhile."""
    inside = {row[0] for row in run(_RUN_ORDERS, [run_id]).fetchall()}
    wanted = [*order_ids, *inside.difference(order_ids)]  # a refusal counts among those that were asked for
    locked = lock(wanted) if wanted else Locked({}, {}, {})
    found = run(_LOCK_RUN, [run_id]).fetchone()
    if found is None:
        raise NoRun("There is no such turn of a van.")
    if {row[0] for row in run(_RUN_ORDERS, [run_id]).fetchall()} - locked.tasks.keys():
        raise Conflict("The van is being loaded elsewhere: try again.")
    state, place_id = found
    return LockedRun(run_id, state, place_id, locked.tasks)
