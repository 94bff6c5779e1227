"""Picking: what was found of each line."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from uuid import UUID

from storeline.fulfilment.domain.picking import Picked, Task, check_pickable, check_picks
from storeline.fulfilment.errors import PickedTooMuch
from storeline.fulfilment.events import BEGUN, PICKED, event
from storeline.fulfilment.locks import lock
from storeline.fulfilment.permissions import PICK
from storeline.fulfilment.queries.supplies import COMING
from storeline.kernel.api import Actor, ids_array, ints_array, pipeline, publish, run, trail_many, transaction

_LINES = """
UPDATE fulfilment_task_line l SET picked = p.picked
FROM unnest(%s::uuid[], %s::int[], %s::bigint[]) AS p(order_id, line_no, picked)
WHERE l.order_id = p.order_id AND l.line_no = p.line_no AND l.picked IS DISTINCT FROM p.picked
"""
_TASKS = """
UPDATE fulfilment_task SET state = 'picking' WHERE order_id = ANY(%s::uuid[]) AND state = 'to_pick'
"""
_LESS = "UPDATE fulfilment_task_line SET picked = nullif(%s, 0) WHERE order_id = %s AND line_no = %s"
# What comes from elsewhere is not here to be picked.
_ALL = f"""
UPDATE fulfilment_task_line l SET picked = l.ordered - l.moved - coalesce((
    SELECT sum(o.missing) FROM fulfilment_offer o
    WHERE o.order_id = l.order_id AND o.replaces = l.line_no AND o.state IN ('offered', 'accepted')
), 0)
WHERE l.order_id = ANY(%s::uuid[]) AND l.picked IS DISTINCT FROM l.ordered AND NOT {COMING}
"""


def pick(picks: Sequence[Picked], *, actor: Actor) -> None:
    """Write down what was picked, in one transaction, all or none. A line may be picked again until `ready`.

    Raises NoTask, TaskClosed or PickedTooMuch, naming the field. Less than was ordered is a short pick: it is taken
    off the order by `ready`, when picking is over.
    """
    if not picks:
        return
    with transaction():
        ids = [pick.order_id for pick in picks]
        locked = lock(ids, lines="all", field="picks")
        for place in {task.place_id for task in locked.tasks.values()}:
            actor.require(PICK, place)
        check_picks(
            picks,
            locked.tasks,
            {(line.order_id, line.line_no): line for lines in locked.lines.values() for line in lines},
        )
        # The last word on a line counts, where it came twice.
        last = {(one.order_id, one.line_no): one for one in picks}.values()
        with pipeline():
            run(
                _LINES,
                [
                    ids_array(one.order_id for one in last),
                    ints_array(one.line_no for one in last),
                    ints_array(one.quantity for one in last),
                ],
            )
            run(_TASKS, [ids_array(locked.tasks)])
            _begun(locked.tasks.values(), actor)
            publish([event(PICKED, task) for task in locked.tasks.values() if task.state != "to_pick"])


def pick_more(more: Picked, *, actor: Actor) -> None:
    """Add what was found to what was picked of a line before, in one transaction; raises as `pick` does.

    For scanning: two people who scan one line at once both count. A repeat adds again: give it a key (`kernel.once`).
    """
    with transaction():
        lines = lock([more.order_id], lines="all", field="picks").lines.get(more.order_id, ())
        before = next((line.picked or 0 for line in lines if line.line_no == more.line_no), 0)
        pick([replace(more, quantity=before + more.quantity)], actor=actor)


def pick_less(less: Picked, *, actor: Actor) -> None:
    """Take back what was added to a line by mistake, in one transaction; raises as `pick` does.

    Back to nothing is as if nobody had looked. A repeat takes back again: give it a key (`kernel.once`).
    """
    with transaction():
        locked = lock([less.order_id], lines="all", field="picks")
        task = locked.tasks[less.order_id]
        actor.require(PICK, task.place_id)
        check_pickable(task, "picks[0].order")
        lines = locked.lines.get(less.order_id, ())
        before = next((line.picked or 0 for line in lines if line.line_no == less.line_no), 0)
        if not 0 < less.quantity <= before:
            raise PickedTooMuch("So much of it was not picked.", field="picks[0].quantity")
        run(_LESS, [before - less.quantity, less.order_id, less.line_no])
        publish([event(PICKED, task)])


def pick_all(order_ids: Collection[UUID], *, actor: Actor) -> None:
    """Write down that all that was ordered and does not come from elsewhere was picked; raises as `pick` does."""
    if not order_ids:
        return
    with transaction():
        tasks = lock(order_ids).tasks
        for index, order_id in enumerate(order_ids):
            actor.require(PICK, tasks[order_id].place_id)
            check_pickable(tasks[order_id], f"orders[{index}]")
        ids = ids_array(tasks)
        with pipeline():
            run(_ALL, [ids])
            run(_TASKS, [ids])
            _begun(tasks.values(), actor)


def _begun(tasks: Iterable[Task], actor: Actor) -> None:
    fresh = [task for task in tasks if task.state == "to_pick"]
    publish([event(BEGUN, task) for task in fresh])
    trail_many(actor, "fulfilment.pick", [(task.order_id, task.place_id) for task in fresh])
