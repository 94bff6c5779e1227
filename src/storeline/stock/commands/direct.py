"""Reserving one product at a time, many at once: what a flash sale asks for."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from psycopg.errors import UniqueViolation

from storeline.kernel.api import Actor, Invalid, Pending, Ready, Row, ids_array, later, pipeline, run, transaction
from storeline.stock.commands.reservations import release, reserve_direct
from storeline.stock.domain.goods import Answer, Hold, HoldVerdict, KnownHold, decide_holds
from storeline.stock.errors import CountMismatch
from storeline.stock.locks import lock
from storeline.stock.permissions import HOLD

_DIRECT = """
SELECT source_id, place_id FROM stock_reservation
WHERE source_id = ANY(%s::uuid[]) AND line_no = 1 AND asked IS NOT NULL AND state = 'held'
"""
_KNOWN = """
SELECT source_id, place_id, product_id, asked, state FROM stock_reservation
WHERE source_id = ANY(%s::uuid[]) AND line_no = 1
"""


def reserve_many(asked: Sequence[Hold], *, actor: Actor) -> list[HoldVerdict]:
    """Answer each request in the order given, in one transaction: a durable reservation or a refusal.

    A refusal keeps nothing. The id is the record of the request: asked again with the same product, place and
    quantity it is answered `repeated` (with the hold's state), with others `mismatch`.
    """
    for index, hold in enumerate(asked):
        if hold.quantity <= 0:
            raise Invalid("A hold has a quantity above 0.", field=f"holds[{index}].quantity")
    for place in {hold.place_id for hold in asked}:
        actor.require(HOLD, place)
    if not asked:
        return []
    try:
        return _reserve(asked, known={})
    except (UniqueViolation, _KnownAlready):
        # Repeats are few, and whether there are any is seen in passing: only then are all ids looked up first.
        return _reserve(asked, known=None)


def release_holds(ids: Sequence[UUID], *, actor: Actor) -> int:
    """Free direct holds; an id that names an order's goods, or nothing held, is passed over. Gives how many were freed."""
    with transaction():
        rows = run(_DIRECT, [ids_array(ids)]).fetchall()
        for place in {place for _, place in rows}:
            actor.require(HOLD, place)
        with pipeline():
            freed = release([source for source, _ in rows])
        return freed.result()


class _KnownAlready(Exception):
    """An id that was decided as if it were new is not."""


def _reserve(asked: Sequence[Hold], *, known: dict[UUID, KnownHold] | None) -> list[HoldVerdict]:
    """Decide and write; `known` None: look up which ids came before."""
    with transaction():
        with pipeline():
            levels = lock({(hold.place_id, hold.product_id) for hold in asked})
            found = _look_up(asked) if known is None else Ready(known)
        verdicts = decide_holds(asked, levels.result(), found.result())
        held = [hold for hold, verdict in zip(asked, verdicts, strict=True) if verdict.answer is Answer.HELD]
        refused = [hold for hold, verdict in zip(asked, verdicts, strict=True) if verdict.answer is Answer.SOLD_OUT]
        with pipeline():
            written = reserve_direct(held)
            before = _look_up(refused) if known is not None and refused else Ready({})
        if before.result():
            raise _KnownAlready
        if written.result() != len(held):
            raise CountMismatch("The stock was changed without its lock.")
    return verdicts


def _look_up(holds: Sequence[Hold]) -> Pending[dict[UUID, KnownHold]]:
    return later(_KNOWN, [ids_array(hold.id for hold in holds)], _known)


def _known(rows: list[Row]) -> dict[UUID, KnownHold]:
    return {
        source: KnownHold(None if asked is None else (place.int, product.int, asked), state)
        for source, place, product, asked, state in rows
    }
