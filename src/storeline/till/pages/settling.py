"""What becomes of a payment: whatever breaks in between is found again here, by the order."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from storeline.fiscal import api as fiscal
from storeline.kernel.api import NotFound
from storeline.orders import api as orders
from storeline.till import commands
from storeline.till.domain import after_payment
from storeline.till.locks import paying_alone
from storeline.till.queries import Sale

SURE_AFTER_S = 5
"""By then the server has ended whatever a killed process was in the middle of."""


@dataclass(frozen=True, slots=True)
class Settled:
    """How the sale stands now: open, paying or done (as this order); `said` is what to tell people."""

    state: str
    order_id: UUID | None = None
    said: str = ""


def settle(sale: Sale) -> Settled:
    """Look what became of the order that this sale is being paid as, and end the payment where that is known."""
    order_id = sale.order_id
    if order_id is None or sale.state == "done":
        return Settled(sale.state, order_id)
    state = state_of(order_id)
    if state is None:
        # Either it is being placed this moment, or whoever was at it is gone and nothing ever came of it.
        with paying_alone(sale.id) as mine:
            if not mine:
                return Settled("paying", order_id)
            state = state_of(order_id)
            if state is None:
                gone = commands.end_payment(sale.id, order_id, "open", after_s=SURE_AFTER_S)
                return Settled("open", None, "interrupted") if gone else Settled("paying", order_id)
    return end(sale.id, order_id, state)


def state_of(order_id: UUID) -> str | None:
    """The order's state; None where there is no such order."""
    try:
        return orders.get(order_id).head.state
    except NotFound:
        return None


def end(sale_id: UUID, order_id: UUID, state: str | None) -> Settled:
    """Take the order's state over into the sale; a paid one gets its receipt."""
    after = after_payment(state)
    if after == "paying":
        return Settled("paying", order_id)
    commands.end_payment(sale_id, order_id, after)
    if after == "open":
        return Settled("open", None, "declined" if state == "cancelled" else "")
    fiscal.issue([order_id])
    return Settled("done", order_id)
