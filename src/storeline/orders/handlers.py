"""What orders do when others have news: a partner's late answer confirms an order or ends it.

A person's orders are part of what they are handed of their data.
"""

from __future__ import annotations

from collections.abc import Sequence

from storeline.customers.api import register_export
from storeline.kernel.api import SYSTEM, Envelope, consumer
from storeline.orders.commands.confirm import cancel, confirm
from storeline.orders.locks import lock
from storeline.orders.queries import orders_of, pending_of
from storeline.payments import api as payments


@consumer("orders.payments", types=(payments.AUTHORISED, payments.DECLINED))
def on_payments(events: Sequence[Envelope]) -> None:
    """Late answers: confirm what is sure now, cancel what was declined; orders past pending stay as they are."""
    pending = pending_of({event.subject_id for event in events})
    lock(pending).result()  # all at once, in their order: two turns of locks would cross with others'
    declined = {event.subject_id for event in events if event.type == payments.DECLINED} & pending
    sure = pending - declined
    if sure:
        confirm(sure, actor=SYSTEM)
    if declined:
        cancel(declined, reason="payment_declined")


register_export("orders", orders_of)
