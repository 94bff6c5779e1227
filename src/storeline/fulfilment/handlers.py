"""What fulfilment does when something happened elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from storeline.fulfilment.commands.cancel import ended, give_back
from storeline.fulfilment.commands.finish import finish
from storeline.fulfilment.commands.take_in import after_arrival, before_arrival
from storeline.fulfilment.commands.tasks import close_tasks, open_tasks
from storeline.fulfilment.commands.tell import tell_ready
from storeline.fulfilment.events import READY
from storeline.fulfilment.queries import begun, rejections_of
from storeline.kernel.api import Envelope, consumer, now
from storeline.orders import api as orders
from storeline.payments import api as payments
from storeline.sourcing import api as sourcing
from storeline.stock import api as stock

CONFIRMED = "orders.confirmed"
CANCELLED = "orders.cancelled"


@consumer("fulfilment.tasks", types=(CONFIRMED, CANCELLED))
def orders_changed(events: Sequence[Envelope]) -> None:
    """A confirmed order that is not carried out gets its task; a cancelled one loses it, and its money goes back."""
    moment = now()
    open_tasks({event.subject_id for event in events if event.type == CONFIRMED}, moment)
    cancelled = {event.subject_id for event in events if event.type == CANCELLED}
    orders.lock(cancelled).result()  # orders before tasks, as everywhere
    close_tasks(cancelled, moment)
    sourcing.free([one.id for of_order in rejections_of(cancelled).values() for one in of_order])
    # Also where there is no task: the sale of a till that captured and went away has none.
    give_back(cancelled, moment)


@consumer("fulfilment.money", types=(payments.CAPTURED, payments.REFUNDED, payments.FAILED))
def money_answered(events: Sequence[Envelope]) -> None:
    """A partner answered, perhaps long after it was asked: tasks go on, and what came too late goes back."""
    ids = {event.subject_id for event in events}
    finish(ids)
    give_back(ids, now())


@consumer("fulfilment.notices", types=(READY,))
def became_ready(events: Sequence[Envelope]) -> None:
    """Whoever comes for an order is told that it is ready, where it still is."""
    tell_ready({event.subject_id for event in events})


orders.register_begun(begun)
orders.register_ended(ended)
stock.register_arrivals(before_arrival, after_arrival)
