"""What people do to stock: receive, correct, count. One call is one document or several, in one transaction.

The client's `source_id` is the record of the deed: the same document again changes nothing, another one under the
same id is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from storeline.catalog import api as catalog
from storeline.kernel.api import (
    Actor,
    BodyMismatch,
    Event,
    Invalid,
    NotFound,
    Row,
    business_date,
    ids_array,
    ints_array,
    later,
    now,
    pipeline,
    publish,
    run,
    trail,
    transaction,
)
from storeline.places import api as places
from storeline.stock.commands.moves import post_sales
from storeline.stock.domain import UNDONE, Counted, Done, Goods, Kind, Level, MoveRow, Pair, expected_levels
from storeline.stock.errors import CannotUndo, CountMismatch
from storeline.stock.locks import lock
from storeline.stock.permissions import ADJUST, COUNT, RECEIVE

_KNOWN_MOVES = """
SELECT source_id, line_no, kind, place_id, product_id, quantity
FROM stock_movement WHERE source_id = ANY(%s::uuid[])
"""
_KNOWN_COUNTS = """
SELECT source_id, line_no, 'count', place_id, product_id, counted
FROM stock_count WHERE source_id = ANY(%s::uuid[])
"""
_COUNTED = """
INSERT INTO stock_count (source_id, line_no, place_id, product_id, counted, expected, at, actor_id, reason)
SELECT source_id, line_no, place_id, product_id, counted, expected, %s, %s::uuid, reason
FROM unnest(%s::uuid[], %s::int[], %s::uuid[], %s::uuid[], %s::bigint[], %s::bigint[], %s::text[])
    AS counted(source_id, line_no, place_id, product_id, counted, expected, reason)
"""
_RECEIVED = """
SELECT line_no, place_id, product_id, quantity, at FROM stock_movement
WHERE source_id = %s AND kind = 'receipt' ORDER BY line_no
"""
UNDO_WITHIN = timedelta(days=1)
_CORRECTIONS = (Kind.ADJUSTMENT, Kind.WASTE, Kind.TRANSFER_IN, Kind.TRANSFER_OUT)


def receive(rows: Sequence[Goods], *, actor: Actor) -> Done:
    """Goods came into a place: quantities above 0. Cures and closes exceptions where enough came."""
    for index, row in enumerate(rows):
        if row.quantity <= 0:
            raise Invalid("A receipt has quantities above 0.", field=f"lines[{index}].quantity")
    return _post(rows, Kind.RECEIPT, RECEIVE, actor)


def adjust(rows: Sequence[Goods], *, actor: Actor, kind: Kind = Kind.ADJUSTMENT) -> Done:
    """Correct stock by signed quantities, each with its reason (also waste and goods moved between places)."""
    if kind not in _CORRECTIONS:
        raise Invalid(f"A correction cannot be of kind {kind}.", field="kind")
    for index, row in enumerate(rows):
        if not row.quantity:
            raise Invalid("A correction of 0 corrects nothing.", field=f"lines[{index}].quantity")
        if not (row.reason or "").strip():
            raise Invalid("A correction needs its reason.", field=f"lines[{index}].reason")
        leaves = kind in {Kind.WASTE, Kind.TRANSFER_OUT}
        if kind is not Kind.ADJUSTMENT and leaves != (row.quantity < 0):
            raise Invalid(f"The sign does not go with {kind}.", field=f"lines[{index}].quantity")
    return _post(rows, kind, ADJUST, actor)


def count(rows: Sequence[Counted], *, actor: Actor) -> Done:
    """What was counted becomes what is on hand; the difference is a movement, and the count itself is kept.

    Reservations stay: where fewer units than promised are there, an exception opens. Raises CountMismatch where the
    books no longer say what a row expected, and changes nothing then.
    """
    for index, row in enumerate(rows):
        if row.quantity < 0:
            raise Invalid("A count is 0 or more.", field=f"lines[{index}].quantity")
    _check_once(rows)
    with transaction():
        zones = _gather(rows, COUNT, actor)
        levels, known = _lock(rows, _KNOWN_COUNTS)
        if known:
            return _repeated(rows, Kind.COUNT, known, levels)
        moment = now()
        moves = []
        for index, row in enumerate(rows):
            on_hand = levels.get((row.place_id, row.product_id), Level(0, 0)).on_hand
            if row.expected not in (None, on_hand):
                raise CountMismatch("The books changed meanwhile: look again.", field=f"lines[{index}].expected")
            found = row.quantity - on_hand
            moves.append(_move(row, Kind.COUNT, found, moment, zones))
        with pipeline():
            post_sales(moves)
            _keep_counts(rows, levels, moment, actor)
            _tell(rows, Kind.COUNT, actor)
        return Done(expected_levels(levels, moves))


def undo_receipt(source_id: UUID, *, actor: Actor) -> Done:
    """Take back goods that were received by mistake, within a day: the same quantities leave again. Twice is once.

    It posts even where they were sold meanwhile, since they never came. Raises NotFound or CannotUndo.
    """
    with transaction():
        rows = [Goods(source_id, *row[:4]) for row in run(_RECEIVED, [source_id]).fetchall()]
        if not rows:
            raise NotFound("There is no such receipt.")
        zones = _gather(rows, RECEIVE, actor)
        levels, known = _lock(rows, _KNOWN_MOVES)
        if any(row[2] == Kind.ADJUSTMENT for row in known):
            return Done(levels, repeated=True)
        moment = now()
        if moment - run(_RECEIVED, [source_id]).fetchall()[0][4] > UNDO_WITHIN:
            raise CannotUndo("It was received more than a day ago: count the product, or correct it with a reason.")
        moves = [_move(row, Kind.ADJUSTMENT, -row.quantity, moment, zones)._replace(reason=UNDONE) for row in rows]
        with pipeline():
            post_sales(moves)
            _tell(rows, Kind.ADJUSTMENT, actor)
        return Done(expected_levels(levels, moves))


def _post(rows: Sequence[Goods], kind: Kind, permission: str, actor: Actor) -> Done:
    with transaction():
        zones = _gather(rows, permission, actor)
        levels, known = _lock(rows, _KNOWN_MOVES)
        if known:
            return _repeated(rows, kind, known, levels)
        moment = now()
        moves = [_move(row, kind, row.quantity, moment, zones) for row in rows]
        with pipeline():
            post_sales(moves)
            _tell(rows, kind, actor)
        return Done(expected_levels(levels, moves))


def _check_once(rows: Sequence[Counted]) -> None:
    seen: set[Pair] = set()
    for index, row in enumerate(rows):
        if (row.place_id, row.product_id) in seen:
            raise Invalid("This product was counted twice here.", field=f"lines[{index}].product")
        seen.add((row.place_id, row.product_id))


def _gather(rows: Sequence[Goods | Counted], permission: str, actor: Actor) -> dict[UUID, str]:
    """Refuse unknown ids and places where the actor may not; the zone of each place."""
    if not rows:
        raise Invalid("There are no lines.", field="lines")
    if len({(row.source_id, row.line_no) for row in rows}) < len(rows):
        raise Invalid("Two lines have the same number.", field="lines")
    with pipeline():
        known_places = places.gather(list({row.place_id for row in rows}))
        known_products = catalog.gather(list({row.product_id for row in rows}))
    place_facts, products = known_places.result(), known_products.result()
    for index, row in enumerate(rows):
        if row.place_id not in place_facts:
            raise Invalid("There is no such place.", field=f"lines[{index}].place")
        if row.product_id not in products:
            raise Invalid("There is no such product.", field=f"lines[{index}].product")
    for place in place_facts:
        actor.require(permission, place)
    return {place: facts.zone for place, facts in place_facts.items()}


def _lock(rows: Sequence[Goods | Counted], known_sql: str) -> tuple[dict[Pair, Level], list[Row]]:
    sources = ids_array(sorted({row.source_id for row in rows}))
    with pipeline():
        levels = lock([(row.place_id, row.product_id) for row in rows])
        known = later(known_sql, [sources], list)
    return levels.result(), known.result()


def _repeated(rows: Sequence[Goods | Counted], kind: Kind, known: list[Row], levels: dict[Pair, Level]) -> Done:
    asked = {(row.source_id, row.line_no, kind.value, row.place_id, row.product_id, row.quantity) for row in rows}
    if asked != set(known):
        raise BodyMismatch("This id was used for something else.", field="id")
    return Done(levels, repeated=True)


def _move(row: Goods | Counted, kind: Kind, quantity: int, moment: datetime, zones: dict[UUID, str]) -> MoveRow:
    day = business_date(moment, zones[row.place_id])
    return MoveRow(
        row.source_id, row.line_no, kind.value, row.place_id, row.product_id, quantity, moment, day, row.reason
    )


def _keep_counts(rows: Sequence[Counted], levels: dict[Pair, Level], moment: datetime, actor: Actor) -> None:
    expected = [levels.get((row.place_id, row.product_id), Level(0, 0)).on_hand for row in rows]
    run(
        _COUNTED,
        [
            moment,
            actor.id,
            ids_array(row.source_id for row in rows),
            ints_array(row.line_no for row in rows),
            ids_array(row.place_id for row in rows),
            ids_array(row.product_id for row in rows),
            ints_array(row.quantity for row in rows),
            ints_array(expected),
            [row.reason for row in rows],
        ],
    )


def _tell(rows: Sequence[Goods | Counted], kind: Kind, actor: Actor) -> None:
    """One trail row and one event for each document at each place."""
    documents: dict[tuple[UUID, UUID], int] = {}
    for row in rows:
        documents[row.source_id, row.place_id] = documents.get((row.source_id, row.place_id), 0) + 1
    for (source, place), lines in documents.items():
        trail(actor, f"stock.{kind}", source, place_id=place, detail={"lines": lines})
    publish([Event(f"stock.{kind}", source, place, payload={"lines": n}) for (source, place), n in documents.items()])
