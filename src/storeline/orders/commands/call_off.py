"""A shopper thinks better of it, before anybody has begun to pick."""

from __future__ import annotations

from collections.abc import Callable, Collection
from uuid import UUID

from storeline.kernel.api import SYSTEM, Actor, trail, transaction
from storeline.orders.commands.confirm import cancel
from storeline.orders.errors import PickingBegun, WrongState
from storeline.orders.locks import LockedOrder, lock
from storeline.orders.permissions import OWN
from storeline.orders.queries import get_own

REASON = "shopper"
Begun = Callable[[Collection[UUID]], Collection[UUID]]
_BEGUN: list[Begun] = []


def register_begun(begun: Begun) -> None:
    """Let a higher module say on which of these orders work has begun; it is asked under the orders' lock."""
    _BEGUN.append(begun)


def call_off(order_id: UUID, *, actor: Actor, token: str = "") -> str:
    """Cancel one's own order while nothing is picked; its state after it. A repeat gives the same answer.

    Raises as `get_own`, WrongState where the goods have left, PickingBegun; nothing is changed then. Money that
    partners hold is let go afterwards by `payments`, outside any transaction.
    """
    actor.require(OWN)
    get_own(order_id, actor=actor, token=token)
    with transaction():
        order = lock([order_id]).result()[order_id]
        if order.state == "cancelled":
            return order.state
        _check(order)
        cancel([order_id], reason=REASON, actor=SYSTEM)
        trail(actor, "orders.call_off", order_id, place_id=order.place_id)
    return "cancelled"


def _check(order: LockedOrder) -> None:
    if order.state == "completed" or order.method == "carry_out":
        raise WrongState("The goods were handed over: bring them back as a return.", field="id")
    if any(order.id in begun([order.id]) for begun in _BEGUN):
        raise PickingBegun("It is being picked already: ask the shop, or bring the goods back as a return.", field="id")
