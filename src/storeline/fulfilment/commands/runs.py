"""A van's turn: made, loaded, sent out, back again."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from uuid import UUID

from psycopg.errors import UniqueViolation

from storeline.fulfilment.commands.proofs import is_known, keep_proof
from storeline.fulfilment.domain.picking import OPEN
from storeline.fulfilment.domain.runs import How, Proof, Run, RunState, check_proof
from storeline.fulfilment.errors import InAnotherRun, RunClosed, TaskClosed
from storeline.fulfilment.events import LEFT, event
from storeline.fulfilment.locks import LockedRun, lock_run
from storeline.fulfilment.permissions import DISPATCH
from storeline.fulfilment.queries import DEPARTURE, get_run
from storeline.kernel.api import (
    Actor,
    BodyMismatch,
    Invalid,
    check_id,
    ids_array,
    now,
    publish,
    run,
    trail,
    transaction,
)
from storeline.messages import api as messages

LOAD_WITHIN = timedelta(days=1)
_VAN = """
INSERT INTO fulfilment_van (id, place_id, name) VALUES (%s, %s, %s)
ON CONFLICT (place_id, name) DO UPDATE SET active = true RETURNING id
"""
_START = """
INSERT INTO fulfilment_run (id, van_id, place_id, day, state, created_at)
SELECT %s, id, place_id, %s, 'loading', %s FROM fulfilment_van WHERE id = %s AND active
ON CONFLICT (id) DO NOTHING
"""
_ASSIGN = """
INSERT INTO fulfilment_drop (run_id, order_id, position, state)
SELECT %s, o.order_id, (
    SELECT coalesce(max(d.position), 0) FROM fulfilment_drop d WHERE d.run_id = %s
) + o.n, 'loaded'
FROM unnest(%s::uuid[]) WITH ORDINALITY AS o(order_id, n)
ON CONFLICT (run_id, order_id) DO UPDATE SET state = 'loaded' WHERE fulfilment_drop.state = 'back'
"""
_TAKE_OFF = "DELETE FROM fulfilment_drop WHERE run_id = %s AND order_id = %s AND state = 'loaded'"
_LEAVE = "UPDATE fulfilment_run SET state = 'out', left_at = %s WHERE id = %s AND state = 'loading'"
_LEAVE_DROPS = "UPDATE fulfilment_drop SET state = 'out' WHERE run_id = %s AND state = 'loaded'"
_BACK = "UPDATE fulfilment_run SET state = 'back', back_at = %s WHERE id = %s"


def add_van(van_id: UUID, place_id: UUID, name: str, *, actor: Actor) -> UUID:
    """A van of a place, known by its name there: the same name again is the same van; its id.

    Raises BodyMismatch where the id is another van's.
    """
    actor.require(DISPATCH, place_id)
    name = name.strip()
    if not 0 < len(name) <= 40:  # noqa: PLR2004  # what fits on a door
        raise Invalid("A van has a name of up to 40 characters.", field="name")
    try:
        with transaction():
            found: UUID = run(_VAN, [check_id(van_id), place_id, name]).fetchall()[0][0]
            trail(actor, "fulfilment.van", found, place_id=place_id, detail={"name": name})
    except UniqueViolation:
        raise BodyMismatch("Another van has this id.", field="id") from None
    return found


def start_run(run_id: UUID, van_id: UUID, day: date, *, actor: Actor) -> Run:
    """Begin to load a van for a day of its place; a repeat of the same id changes nothing.

    Raises NoRun where there is no such van, RunClosed while the van is in another turn.
    """
    check_id(run_id)
    try:
        with transaction():
            run(_START, [run_id, day, now(), van_id])
            found = _own(run_id, actor)
            if (found.van_id, found.day) != (van_id, day):
                raise RunClosed("This turn is another van's, or of another day.", field="id")
            messages.new_codes(DEPARTURE, {run_id: now() + LOAD_WITHIN})
    except UniqueViolation:
        raise RunClosed("This van is being loaded, or out, already.", field="van") from None
    return found


def _own(run_id: UUID, actor: Actor) -> Run:
    found = get_run(run_id)
    actor.require(DISPATCH, found.place_id)
    return found


def assign(run_id: UUID, order_ids: Collection[UUID], *, actor: Actor) -> None:
    """Give orders to a turn that is being loaded, behind those that it has; one that it has already stays where it is.

    Raises RunClosed, TaskClosed for what this place does not bring any more, InAnotherRun; nothing is changed then.
    """
    ids = list(dict.fromkeys(order_ids))
    try:
        with transaction():
            locked = _loading(run_id, ids, actor)
            for index, order_id in enumerate(ids):
                task = locked.tasks[order_id]
                if task.place_id != locked.place_id or task.method != "deliver" or task.state not in OPEN:
                    raise TaskClosed("This place does not bring that order.", field=f"orders[{index}]")
            run(_ASSIGN, [run_id, run_id, ids_array(ids)])
    except UniqueViolation:
        raise InAnotherRun("Another van has one of these orders.", field="orders") from None


def take_off(run_id: UUID, order_id: UUID, *, actor: Actor) -> None:
    """Take an order off a turn that is being loaded; twice is nothing."""
    with transaction():
        _loading(run_id, [order_id], actor)
        run(_TAKE_OFF, [run_id, order_id])


def _loading(run_id: UUID, order_ids: Collection[UUID], actor: Actor) -> LockedRun:
    locked = lock_run(run_id, order_ids)
    actor.require(DISPATCH, locked.place_id)
    if locked.state != RunState.LOADING:
        raise RunClosed("The van has left already.", field="id")
    return locked


def leave(run_id: UUID, proof: Proof, *, actor: Actor) -> Run:
    """The driver takes over what is in the van, against the turn's code or a signature, and leaves.

    A repeat with the same proof changes nothing. Raises RunClosed where nothing is in it, TaskClosed where something is
    not ready, WrongCode or NoCode; nothing is changed then, but a tried code stays counted.
    """
    check_proof(proof)
    _own(run_id, actor)
    if is_known(proof, run_id):
        return get_run(run_id)
    code_id = messages.try_code(DEPARTURE, run_id, proof.code) if proof.how == How.CODE else None
    moment = now()
    with transaction():
        locked = _loading(run_id, (), actor)
        if not locked.tasks:
            raise RunClosed("Nothing is in the van.", field="orders")
        waiting = [task for task in locked.tasks.values() if task.state != "ready"]
        if waiting:
            raise TaskClosed(
                "Not everything in the van is ready: take the rest off.",
                field="orders",
                orders=[str(task.order_id) for task in waiting],
            )
        if code_id is not None and not messages.use_codes([code_id]):
            raise messages.NoCode("The code was used already.", field="code")
        run(_LEAVE, [moment, run_id])
        run(_LEAVE_DROPS, [run_id])
        keep_proof(proof, run_id, "van", locked.place_id, moment, actor)
        publish([event(LEFT, task) for task in locked.tasks.values()])
        trail(actor, "fulfilment.leave", run_id, place_id=locked.place_id, detail={"orders": len(locked.tasks)})
    return get_run(run_id)


def come_back(run_id: UUID, *, actor: Actor) -> Run:
    """The van is home: its turn ends. Twice is nothing; raises RunClosed while an order of it is open."""
    with transaction():
        locked = lock_run(run_id)
        actor.require(DISPATCH, locked.place_id)
        if locked.state != RunState.BACK:
            if locked.tasks:
                raise RunClosed("Say first what became of each order.", field="orders")
            if locked.state == RunState.LOADING:
                raise RunClosed("The van has not left.", field="id")
            run(_BACK, [now(), run_id])
            trail(actor, "fulfilment.come_back", run_id, place_id=locked.place_id)
    return get_run(run_id)
