"""Another collection code: for a shopper who gave theirs away, or at whose code somebody tried too often."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from storeline.fulfilment.domain.picking import COLLECT_WITHIN, State
from storeline.fulfilment.errors import TaskClosed
from storeline.fulfilment.locks import lock
from storeline.fulfilment.permissions import FOLLOW, RENEW
from storeline.kernel.api import Actor, now, run, trail, transaction
from storeline.messages import api as messages
from storeline.orders import api as orders

CODES_A_DAY = 5
"""The first one counts. With the tries that each code allows it bounds how often anybody can guess."""
_MADE = """
SELECT t.ready_at, count(c.id), extract(epoch FROM min(c.created_at) + interval '1 day' - clock_timestamp())::int
FROM fulfilment_task t LEFT JOIN messages_code c
    ON c.purpose = %s AND c.subject_id = t.order_id AND c.created_at > clock_timestamp() - interval '1 day'
WHERE t.order_id = %s GROUP BY t.order_id
"""


def renew_code(order_id: UUID, *, actor: Actor, token: str = "") -> None:
    """End the collection code of one's own order that is ready, and make another, good for as long.

    Staff of its place may, for a shopper who lost theirs. Raises as `orders.api.get_own`, NoTask, TaskClosed where nothing waits to be collected, TooManyCodes; nothing is
    changed then.
    """
    is_staff = actor.may(RENEW)
    if not is_staff:
        actor.require(FOLLOW)
        orders.get_own(order_id, actor=actor, token=token)
    with transaction():
        task = lock([order_id]).tasks[order_id]
        if is_staff and not actor.may(RENEW, task.place_id):
            orders.get_own(order_id, actor=actor, token=token)
        if task.state != State.READY:
            raise TaskClosed(f"The order is {task.state.replace('_', ' ')}: it has no code now.", field="id")
        ready_at, made, wait = run(_MADE, [messages.COLLECTION, order_id]).fetchall()[0]
        if ready_at + COLLECT_WITHIN <= now():
            raise TaskClosed(f"It waited for {COLLECT_WITHIN // timedelta(days=1)} days: ask the shop.", field="id")
        if made >= CODES_A_DAY:
            raise messages.TooManyCodes("There were many codes today already: try again later.", retry_after=wait)
        messages.new_codes(messages.COLLECTION, {order_id: ready_at + COLLECT_WITHIN}, replace=True)
        trail(actor, "fulfilment.renew_code", order_id, place_id=task.place_id)
