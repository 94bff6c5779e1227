"""Reserving one product at a time, many at once: what a flash sale asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from struct import pack
from uuid import UUID

from psycopg.errors import UniqueViolation

from storeline.kernel.api import (
    Actor,
    Invalid,
    Pending,
    Ready,
    Row,
    ids_array,
    ints_array,
    later,
    pipeline,
    raw,
    rowcounts,
    run,
    transaction,
)
from storeline.stock.commands.reservations import release
from storeline.stock.domain.goods import IN_SHOPS, Answer, Hold, HoldVerdict, KnownHold, Pair, decide_holds
from storeline.stock.errors import CountMismatch
from storeline.stock.locks import lock
from storeline.stock.permissions import HOLD, RELEASE, SHELF

LINE = 1
"""A direct hold has one line."""
_DIRECT = f"""
SELECT source_id, place_id, made_by FROM stock_reservation
WHERE source_id = ANY(%s::uuid[]) AND line_no = {LINE} AND asked IS NOT NULL AND state = 'held'
"""
_KNOWN = f"""
SELECT source_id, place_id, product_id, CASE WHEN made_by IS NOT DISTINCT FROM %s::uuid THEN asked END, state
FROM stock_reservation
WHERE source_id = ANY(%s::uuid[]) AND line_no = {LINE}
"""
# The guard repeats under the lock what was decided.
_TAKE = """
UPDATE stock_balance b SET reserved = b.reserved + need.quantity
FROM unnest(%s::uuid[], %s::uuid[], %s::bigint[]) AS need(place_id, product_id, quantity)
WHERE b.place_id = need.place_id AND b.product_id = need.product_id AND b.on_hand - b.reserved >= need.quantity
"""
# COPY adds rows by the page, in binary: for a thousand of them it costs the server half of what an INSERT does.
_ADD = """
COPY stock_reservation (source_id, line_no, place_id, product_id, quantity, asked, expires_at, made_by) FROM STDIN (FORMAT binary)
"""
_BEGIN = b"PGCOPY\n\xff\r\n\x00" + pack("!ii", 0, 0)
_ROW = pack("!hi", 8, 16)
_REST = "!iii16si16siqiq"
_END = pack("!h", -1)
_EPOCH, _MICROSECOND = datetime(2000, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
"""A moment in PostgreSQL's binary form is microseconds since then."""


def reserve_many(asked: Sequence[Hold], *, actor: Actor) -> list[HoldVerdict]:
    """Answer each request in the order given, in one transaction: a durable reservation or a refusal.

    Each takes from what its channel may be promised; channels in shops are for whoever may empty the shelf. A refusal keeps
    nothing. The id is the record of the request: asked again by the same actor with the same product, place and quantity it is
    answered `repeated` (with the hold's state), with others, or by somebody else, `mismatch`.
    """
    for index, hold in enumerate(asked):
        if hold.quantity <= 0:
            raise Invalid("A hold has a quantity above 0.", field=f"holds[{index}].quantity")
    # By numbers: a UUID's hash is reckoned in Python.
    pairs = {(one.place_id.int, one.product_id.int): (one.place_id, one.product_id) for one in asked}
    for place in {place for place, _ in pairs.values()}:
        actor.require(HOLD, place)
    for place in {hold.place_id for hold in asked if hold.channel in IN_SHOPS}:
        actor.require(SHELF, place)
    if not asked:
        return []
    try:
        return _reserve(asked, list(pairs.values()), actor.id, known={})
    except (UniqueViolation, _KnownAlready):
        # Repeats are few, and whether there are any is seen in passing: only then are all ids looked up first.
        return _reserve(asked, list(pairs.values()), actor.id, known=None)


def release_holds(ids: Sequence[UUID], *, actor: Actor) -> int:
    """Free direct holds that this actor made, or others' by whoever may; all or none. Gives how many were freed.

    An id that names an order's goods, or nothing held, is passed over.
    """
    with transaction():
        rows = run(_DIRECT, [ids_array(ids)]).fetchall()
        for place, code in {(place, HOLD if maker == actor.id else RELEASE) for _, place, maker in rows}:
            actor.require(code, place)
        with pipeline():
            freed = release([row[0] for row in rows])
        return freed.result()


class _KnownAlready(Exception):
    """An id that was decided as if it were new is not."""


def _reserve(
    asked: Sequence[Hold], pairs: Sequence[Pair], maker: UUID | None, *, known: dict[UUID, KnownHold] | None
) -> list[HoldVerdict]:
    """Decide and write; `known` None: look up which ids came before, and whose they are."""
    with transaction():
        with pipeline():
            levels = lock(pairs)
            found = _look_up(asked, maker) if known is None else Ready(known)
        verdicts = decide_holds(asked, levels.result(), found.result())
        refused = [hold for hold, verdict in zip(asked, verdicts, strict=True) if verdict.answer is Answer.SOLD_OUT]
        held = [hold for hold, verdict in zip(asked, verdicts, strict=True) if verdict.answer is Answer.HELD]
        needs = _needs(held, pairs)
        with pipeline():
            taken = _take(needs)
            before = _look_up(refused, maker) if known is not None and refused else Ready({})
        if before.result():
            raise _KnownAlready
        if taken.result() != len(needs):
            raise CountMismatch("The stock was changed without its lock.")
        if held:
            _add(held, maker)
    return verdicts


def _needs(held: Sequence[Hold], pairs: Sequence[Pair]) -> dict[Pair, int]:
    """What the holds take of each balance together."""
    total: dict[tuple[int, int], int] = {}
    for hold in held:
        pair = (hold.place_id.int, hold.product_id.int)
        total[pair] = total.get(pair, 0) + hold.quantity
    return {pair: total[key] for pair in pairs if (key := (pair[0].int, pair[1].int)) in total}


def _take(needs: Mapping[Pair, int]) -> Pending[int]:
    if not needs:
        return Ready(0)
    places, products = ids_array(place for place, _ in needs), ids_array(product for _, product in needs)
    return rowcounts(run(_TAKE, [places, products, ints_array(needs.values())]))


def _add(held: Sequence[Hold], maker: UUID | None) -> None:
    with raw().cursor().copy(_ADD) as copy:
        copy.write(b"".join(_rows(held, maker)))


def _rows(held: Sequence[Hold], maker: UUID | None) -> Iterator[bytes]:
    """The rows in COPY's binary form; most holds differ in their id alone."""
    rest: dict[tuple[int, int, int, datetime | None], bytes] = {}
    by = pack("!i", -1) if maker is None else pack("!i16s", 16, maker.bytes)
    yield _BEGIN
    for hold in held:
        key = (hold.place_id.int, hold.product_id.int, hold.quantity, hold.expires_at)
        if (tail := rest.get(key)) is None:
            until = hold.expires_at
            moment = pack("!i", -1) if until is None else pack("!iq", 8, (until - _EPOCH) // _MICROSECOND)
            place, product = hold.place_id.bytes, hold.product_id.bytes
            line = pack(_REST, 4, LINE, 16, place, 16, product, 8, hold.quantity, 8, hold.quantity)
            rest[key] = tail = line + moment + by
        yield _ROW + hold.id.bytes + tail
    yield _END


def _look_up(holds: Sequence[Hold], maker: UUID | None) -> Pending[dict[UUID, KnownHold]]:
    return later(_KNOWN, [maker, ids_array(hold.id for hold in holds)], _known)


def _known(rows: list[Row]) -> dict[UUID, KnownHold]:
    return {
        source: KnownHold(None if asked is None else (place.int, product.int, asked), state)
        for source, place, product, asked, state in rows
    }
