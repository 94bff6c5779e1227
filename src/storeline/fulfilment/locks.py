"""Every lock of fulfilment: orders first (`orders.api.lock`), then their tasks, both in the order of their ids.

What orders, stock and payments lock after that follows the order written in orders/locks.py.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from storeline.fulfilment.domain.picking import Task, TaskLine
from storeline.fulfilment.errors import NoTask
from storeline.kernel.api import Pending, Row, ids_array, later, pipeline
from storeline.orders import api as orders

_LOCK = """
SELECT order_id, place_id, method, state, owed, attempt FROM fulfilment_task
WHERE order_id = ANY(%s::uuid[]) ORDER BY order_id FOR UPDATE
"""
_LINES = """
SELECT l.order_id, l.line_no, l.product_id, l.ordered, l.picked, coalesce((
    SELECT sum(o.missing) FROM fulfilment_offer o
    WHERE o.order_id = l.order_id AND o.replaces = l.line_no AND o.state IN ('offered', 'accepted')
), 0)::bigint
FROM fulfilment_task_line l
WHERE l.order_id = ANY(%s::uuid[]) AND ({which}) ORDER BY l.order_id, l.line_no
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
