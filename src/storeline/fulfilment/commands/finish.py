"""The money's answer is there: the order is ready, or unpaid."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from storeline.fulfilment.commands.announce import announce_own
from storeline.fulfilment.domain.picking import COLLECT_WITHIN, Task
from storeline.fulfilment.events import READY, UNPAID, event
from storeline.fulfilment.permissions import PICK
from storeline.kernel.api import Actor, ids_array, later, now, pipeline, publish, run, transaction
from storeline.messages import api as messages
from storeline.orders import api as orders
from storeline.payments import api as payments

GRACE = timedelta(seconds=30)
"""How long a partner may be asked for before we take it that whoever asked is no longer there."""
LIMIT = 500

_LOCK = """
SELECT order_id, place_id, method, state, owed, attempt FROM fulfilment_task
WHERE order_id = ANY(%s::uuid[]) AND state = 'capturing' ORDER BY order_id FOR UPDATE
"""
_PAID = """
SELECT t.order_id, coalesce(sum(i.captured - i.refunded), 0) = t.owed,
    coalesce(bool_or(EXISTS (
        SELECT FROM payments_operation o
        WHERE o.intent_id = i.id AND o.kind IN ('capture', 'refund') AND o.state IN ('pending', 'unknown')
    )), false)
FROM fulfilment_task t LEFT JOIN payments_intent i ON i.source_id = t.order_id
WHERE t.order_id = ANY(%s::uuid[]) AND t.state = 'capturing' GROUP BY t.order_id
"""
_READY = "UPDATE fulfilment_task SET state = 'ready', ready_at = %s WHERE order_id = ANY(%s::uuid[])"
_UNPAID = "UPDATE fulfilment_task SET state = 'unpaid' WHERE order_id = ANY(%s::uuid[])"
_STATES = "SELECT order_id, state FROM fulfilment_task WHERE order_id = ANY(%s::uuid[])"
_STUCK = """
SELECT order_id FROM fulfilment_task WHERE state = 'capturing' AND asked_at <= %s ORDER BY asked_at LIMIT %s
"""


def finish(order_ids: Collection[UUID]) -> dict[UUID, str]:
    """Take note of partners' answers for tasks that wait for them; the state of each of these tasks. May be repeated."""
    if not order_ids:
        return {}
    ids = ids_array(sorted(order_ids))
    with transaction():
        with pipeline():
            locked = orders.lock(order_ids)
            waiting = later(_LOCK, [ids], lambda rows: [Task(*row) for row in rows])
            paid = later(_PAID, [ids], lambda rows: {row[0]: (row[1], row[2]) for row in rows})
            going = orders.destinations(order_ids)
        live = {order.id for order in locked.result().values() if order.state == "confirmed"}
        answers = paid.result()
        tasks = [task for task in waiting.result() if task.order_id in live and task.order_id in answers]
        done = [task for task in tasks if answers[task.order_id][0]]
        refused = [task for task in tasks if answers[task.order_id] == (False, False)]
        with pipeline():
            _write(done, refused, {one.order_id: one.point for one in going.result().values() if one.point}, now())
            states = later(_STATES, [ids], lambda rows: {row[0]: row[1] for row in rows})
    return states.result()


def _write(done: Sequence[Task], refused: Sequence[Task], points: dict[UUID, UUID], moment: datetime) -> None:
    if done:
        run(_READY, [moment, ids_array(task.order_id for task in done)])
        # A new code each time would lock out whoever has the old one: a repeat keeps it. What goes to a point gets its
        # code there, what goes by a carrier none.
        here = [task.order_id for task in done if task.order_id not in points and task.method != "ship"]
        messages.new_codes(messages.COLLECTION, dict.fromkeys(here, moment + COLLECT_WITHIN))
        announce_own({task.order_id: points[task.order_id] for task in done if task.order_id in points}, moment)
    if refused:
        run(_UNPAID, [ids_array(task.order_id for task in refused)])
    publish([*(event(READY, task) for task in done), *(event(UNPAID, task) for task in refused)])


def resume(moment: datetime, *, actor: Actor, grace: timedelta = GRACE, limit: int = LIMIT) -> dict[UUID, str]:
    """Go on with tasks whose money was asked for before `moment` less `grace` and never noted: we were killed then.

    Asking again is safe: the partner knows each operation by its key.
    """
    actor.require(PICK)
    stuck = [row[0] for row in run(_STUCK, [moment - grace, limit]).fetchall()]
    payments.perform_open(stuck)
    return finish(stuck)
