"""Reserving one product at a time, many at once: what a flash sale asks for."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from psycopg.errors import UniqueViolation

from storeline.kernel.api import Actor, Invalid, Row, ids_array, later, pipeline, run, transaction
from storeline.stock.commands.reservations import release, reserve
from storeline.stock.domain.goods import Answer, Hold, HoldVerdict, KnownHold, ReserveRow, decide_holds
from storeline.stock.errors import CountMismatch
from storeline.stock.locks import lock
from storeline.stock.permissions import HOLD

_DIRECT = """
SELECT source_id, place_id FROM stock_reservation
WHERE source_id = ANY(%s::uuid[]) AND line_no = 1 AND digest IS NOT NULL AND state = 'held'
"""
LINE = 1
"""A direct hold has one line."""
_KNOWN = "SELECT source_id, digest, state FROM stock_reservation WHERE source_id = ANY(%s::uuid[]) AND line_no = 1"


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
        return _reserve(asked)
    except UniqueViolation:
        # The same new id arrived for two products at once: whoever was first is known now.
        return _reserve(asked)


def release_holds(ids: Sequence[UUID], *, actor: Actor) -> int:
    """Free direct holds; an id that names an order's goods, or nothing held, is passed over. Gives how many were freed."""
    with transaction():
        rows = run(_DIRECT, [ids_array(ids)]).fetchall()
        for place in {place for _, place in rows}:
            actor.require(HOLD, place)
        with pipeline():
            freed = release([source for source, _ in rows])
        return freed.result()


def _reserve(asked: Sequence[Hold]) -> list[HoldVerdict]:
    with transaction():
        with pipeline():
            levels = lock({(hold.place_id, hold.product_id) for hold in asked})
            known = later(_KNOWN, [ids_array(hold.id for hold in asked)], _known)
        verdicts = decide_holds(asked, levels.result(), known.result())
        held = [hold for hold, verdict in zip(asked, verdicts, strict=True) if verdict.answer is Answer.HELD]
        with pipeline():
            written = reserve(
                [ReserveRow(h.id, LINE, h.place_id, h.product_id, h.quantity, h.expires_at) for h in held],
                [hold.digest for hold in held],
            )
        if written.result() != len(held):
            raise CountMismatch("The stock was changed without its lock.")
    return verdicts


def _known(rows: list[Row]) -> dict[UUID, KnownHold]:
    return {source: KnownHold(digest, state) for source, digest, state in rows}
