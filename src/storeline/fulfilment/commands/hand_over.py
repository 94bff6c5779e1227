"""Hand-over: the code is right, the goods leave, the sale is earned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from storeline.fulfilment.commands.proofs import keep_proof
from storeline.fulfilment.domain.picking import State
from storeline.fulfilment.domain.runs import DropState, Proof
from storeline.fulfilment.errors import NoTask, RunClosed, TaskClosed
from storeline.fulfilment.events import HANDED_OVER, event
from storeline.fulfilment.locks import lock
from storeline.fulfilment.permissions import DISPATCH, HAND_OVER
from storeline.fulfilment.queries import live_drops, parcels_of
from storeline.kernel.api import (
    SYSTEM,
    Actor,
    Error,
    Invalid,
    ids_array,
    now,
    pipeline,
    publish,
    run,
    trail_many,
    transaction,
)
from storeline.messages import api as messages
from storeline.orders import api as orders

_STATES = "SELECT order_id, place_id, state FROM fulfilment_task WHERE order_id = ANY(%s::uuid[])"
_CLOSE = """
UPDATE fulfilment_task SET state = 'handed_over', closed_at = %s
WHERE order_id = ANY(%s::uuid[]) AND state = 'ready'
"""


_DROPS = "UPDATE fulfilment_drop SET state = 'given' WHERE order_id = ANY(%s::uuid[]) AND state = 'out'"
_UNLOAD = "DELETE FROM fulfilment_drop WHERE order_id = ANY(%s::uuid[]) AND state = 'loaded'"

HandOver = tuple[UUID, str]
"""An order, and the code that whoever came for it showed."""


@dataclass(frozen=True, slots=True)
class Checked:
    """Hand-overs whose codes were tried: right ones have their code's id. An order that is past it has none."""

    order_ids: tuple[UUID, ...]
    code_ids: Mapping[UUID, UUID]


def hand_over(rows: Sequence[HandOver], *, actor: Actor, at: datetime | None = None) -> None:
    """Hand orders over, all or none, each against its code: the task is closed, the order completed.

    A code that was tried stays counted, whatever comes of it; so this cannot run inside a transaction. Raises NoTask,
    TaskClosed, WrongCode or NoCode naming the field, and changes nothing else then.
    """
    complete(check_codes(rows, actor=actor), actor=actor, at=at)


def check_codes(rows: Sequence[HandOver], *, actor: Actor) -> Checked:
    """Try the codes of orders that are ready. Raises WrongCode or NoCode, naming the field."""
    ids = tuple(order_id for order_id, _ in rows)
    if len(set(ids)) < len(ids):
        raise Invalid("An order is handed over once.", field="orders")
    tasks = {row[0]: row[1:] for row in run(_STATES, [ids_array(ids)]).fetchall()}
    for index, order_id in enumerate(ids):
        if order_id not in tasks:
            raise NoTask("There is nothing to hand over for this order.", field=f"orders[{index}]")
        actor.require(HAND_OVER, tasks[order_id][0])
    ready = [messages.Try(order_id, code) for order_id, code in rows if tasks[order_id][1] == State.READY]
    if not ready:
        return Checked(ids, {})
    tried = messages.try_codes(messages.COLLECTION, ready)
    code_ids = {}
    for index, order_id in enumerate(ids):
        outcome = tried.get(order_id)
        if isinstance(outcome, Error):
            outcome.field = f"orders[{index}].code"
            raise outcome
        if outcome is not None:
            code_ids[order_id] = outcome
    return Checked(ids, code_ids)


def complete(
    checked: Checked, *, actor: Actor, at: datetime | None = None, proofs: Mapping[UUID, Proof] | None = None
) -> None:
    """Hand over what was checked, in one transaction, which may be a caller's.

    `proofs` are those of orders that a van is out with, taken at their doors: no other order may be out then.
    """
    if not checked.order_ids:
        return
    moment, proofs = at or now(), proofs or {}
    with transaction():
        locked = lock(checked.order_ids)
        drops, elsewhere = live_drops(checked.order_ids), parcels_of(checked.order_ids)
        for index, order_id in enumerate(checked.order_ids):
            task = locked.tasks[order_id]
            actor.require(DISPATCH if order_id in proofs else HAND_OVER, task.place_id)
            if task.state != State.READY or order_id not in (proofs or checked.code_ids):
                raise TaskClosed(
                    f"The order is {task.state.replace('_', ' ')}: it cannot be handed over.", field=f"orders[{index}]"
                )
            if order_id in elsewhere:
                raise TaskClosed("It is collected at another place.", field=f"orders[{index}]")
            is_out = order_id in drops and drops[order_id].state == DropState.OUT
            if is_out != (order_id in proofs):
                words = "A van is out with it." if is_out else "No van is out with it."
                raise RunClosed(words, field=f"orders[{index}]")
        used = messages.use_codes(list(checked.code_ids.values()))
        if len(used) < len(checked.code_ids):
            raise messages.NoCode("The code was used already.", field="orders")
        orders.complete(checked.order_ids, actor=SYSTEM, at=moment)
        with pipeline():
            run(_CLOSE, [moment, ids_array(checked.order_ids)])
            run(_DROPS, [ids_array(drops)])
            run(_UNLOAD, [ids_array(drops)])
            for order_id, proof in proofs.items():
                keep_proof(proof, order_id, "shopper", locked.tasks[order_id].place_id, moment, actor)
            publish([event(HANDED_OVER, locked.tasks[order_id]) for order_id in checked.order_ids])
            trail_many(
                actor, "fulfilment.hand_over", [(task.order_id, task.place_id) for task in locked.tasks.values()]
            )
