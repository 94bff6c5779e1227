"""At the door: the shopper has it, or nobody was there."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from storeline.fulfilment.commands.hand_over import Checked, check_codes, complete
from storeline.fulfilment.commands.later import next_slot
from storeline.fulfilment.commands.proofs import is_known
from storeline.fulfilment.commands.tell import tell_missed
from storeline.fulfilment.domain.runs import DropState, How, Proof, check_proof
from storeline.fulfilment.errors import RunClosed
from storeline.fulfilment.events import MISSED, event
from storeline.fulfilment.locks import lock
from storeline.fulfilment.permissions import DISPATCH
from storeline.fulfilment.queries import get_task, live_drops
from storeline.kernel.api import SYSTEM, Actor, now, publish, run, trail, transaction

_MISSED = "UPDATE fulfilment_drop SET state = 'back' WHERE run_id = %s AND order_id = %s AND state = 'out'"
_DUE = "UPDATE fulfilment_task SET due_at = %s WHERE order_id = %s"


def deliver(order_id: UUID, proof: Proof, *, actor: Actor) -> None:
    """Hand an order that is out over at its door, against the shopper's code or a signature, which is kept.

    A repeat with the same proof changes nothing. Raises NoTask, RunClosed where no van has it, WrongCode or NoCode; a
    tried code stays counted.
    """
    check_proof(proof)
    _must_dispatch(order_id, actor)
    if is_known(proof, order_id):
        return
    tried = proof.how == How.CODE
    checked = check_codes([(order_id, proof.code)], actor=SYSTEM) if tried else Checked((order_id,), {})
    complete(checked, actor=actor, proofs={order_id: proof})


def _must_dispatch(order_id: UUID, actor: Actor) -> None:
    task = get_task(order_id)
    actor.require(DISPATCH, task.place_id)


def missed(order_id: UUID, *, actor: Actor) -> datetime | None:
    """Nobody was there: the order goes back to its place and gets the next slot that has room; when that begins, if any.

    Twice is nothing. Raises NoTask, or RunClosed where no van has it.
    """
    _must_dispatch(order_id, actor)
    with transaction():
        task = lock([order_id]).tasks[order_id]
        drop = live_drops([order_id]).get(order_id)
        if drop is None and task.state == "ready":
            return get_task(order_id).due_at
        if drop is None or drop.state != DropState.OUT:
            raise RunClosed("No van is out with this order.", field="order")
        run(_MISSED, [drop.run_id, order_id])
        slot = next_slot(order_id, task.place_id, task.method, now()) if task.state == "ready" else None
        if slot is not None:
            run(_DUE, [slot.starts_at, order_id])
        publish([event(MISSED, task, due_at=None if slot is None else slot.starts_at.isoformat())])
        trail(actor, "fulfilment.missed", order_id, place_id=task.place_id)
        if task.state == "ready":
            tell_missed(order_id, slot)
    return None if slot is None else slot.starts_at
