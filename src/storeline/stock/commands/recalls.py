"""A lot is recalled: blocked at once at every place, taken off the shelves, and the recall ended.

Who starts or ends a recall locks every balance of the product, and before them the turn to create balances: whoever
writes a lot of it has one of these locks, so that no lot escapes the block.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from storeline.catalog import api as catalog
from storeline.kernel.api import (
    Actor,
    BodyMismatch,
    Event,
    Invalid,
    ids_array,
    new_id,
    now,
    pipeline,
    publish,
    run,
    texts_array,
    trail,
    transaction,
)
from storeline.places import api as places
from storeline.stock.commands.goods import adjust, found_more
from storeline.stock.commands.lots import sum_up
from storeline.stock.domain.goods import Goods, Kind, Level, Pair
from storeline.stock.domain.lots import LONGEST_LOT, is_lot
from storeline.stock.domain.recalls import (
    RecallDraft,
    RecallRow,
    RecallState,
    TakenOff,
    TakenOffRow,
    check_recall,
    off_the_books,
)
from storeline.stock.errors import AlreadyRecalled, CountMismatch, RecallEnded, RecallNotDone
from storeline.stock.locks import lock, take_turn
from storeline.stock.permissions import START_RECALL, WASTE
from storeline.stock.queries.lots import lots_of, whereabouts
from storeline.stock.queries.recalls import get_recall, take_off_by_id, to_look

_BALANCES = "SELECT place_id, product_id FROM stock_balance WHERE product_id = ANY(%s::uuid[])"
_WITH_LOT = """
SELECT DISTINCT l.place_id, l.product_id FROM unnest(%s::uuid[], %s::text[]) AS r(product_id, lot)
JOIN stock_lot l ON l.product_id = r.product_id AND l.lot = r.lot
"""
_START = """
INSERT INTO stock_recall (id, product_id, lot, reason, started_at, started_by) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT DO NOTHING
"""
_BLOCK = """
UPDATE stock_lot l SET expired = true, recalled = true FROM unnest(%s::uuid[], %s::text[]) AS r(product_id, lot)
WHERE l.product_id = r.product_id AND l.lot = r.lot
"""
_END = "UPDATE stock_recall SET state = %s, ended_at = %s, ended_by = %s WHERE id = %s AND state = 'open'"
# What is past its day stays kept back.
_FREE = """
UPDATE stock_lot l SET recalled = false, expired = coalesce(l.expires_on < (%s AT TIME ZONE p.zone)::date, false)
FROM places_place p WHERE p.id = l.place_id AND l.product_id = %s AND l.lot = %s
"""
_TAKEN_OFF = """
INSERT INTO stock_take_off (id, recall_id, place_id, expected, found, missing, at, actor_id, all_of_it)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
# Where it was sent and nobody took any in: lost, damaged, or still to be said. It is asked to look.
_SENT = """
INSERT INTO stock_lot (place_id, product_id, lot, expires_on, on_hand, expired, recalled)
SELECT DISTINCT t.to_place_id, m.product_id, m.lot, (
    SELECT max(l.expires_on) FROM stock_lot l WHERE l.product_id = m.product_id AND l.lot = m.lot
), 0, true, true
FROM unnest(%s::uuid[], %s::text[]) AS r(product_id, lot)
JOIN stock_lot_move m ON m.product_id = r.product_id AND m.lot = r.lot AND m.kind = 'transfer_out'
JOIN stock_transfer t ON t.id = m.source_id
ON CONFLICT DO NOTHING
"""


def start_recall(draft: RecallDraft, *, actor: Actor) -> RecallRow:
    """Recall a lot: from this moment no place promises it, wherever it is and wherever it turns up.

    The same draft again is the same recall, another under its id is refused. Raises AlreadyRecalled.
    """
    actor.require_everywhere(START_RECALL)
    check_recall(draft)
    if not is_lot(draft.lot):
        raise Invalid(f"A lot has 1 to {LONGEST_LOT} characters, as its label shows them.", field="lot")
    with transaction():
        if draft.product_id not in catalog.gather([draft.product_id]).result():
            raise Invalid("There is no such product.", field="product")
        lock_all([draft.product_id])
        row = [draft.id, draft.product_id, draft.lot, draft.reason.strip(), now(), actor.id]
        if not run(_START, row).rowcount:
            return _known(draft)
        with pipeline():
            block([(draft.product_id, draft.lot)])
            _tell(actor, "recall_started", draft.id, draft.product_id, draft.lot)
        return get_recall(draft.id)


def end_recall(recall_id: UUID, *, lifted: bool = False, anyway: bool = False, actor: Actor) -> RecallRow:
    """Close a recall once all of the lot is off the shelves, which stays blocked; or lift one that was a mistake.

    The same again changes nothing. Raises NoRecall, RecallEnded, or RecallNotDone with how many places have some, or were
    asked to look and have not said that they did: it closes without these `anyway`.
    """
    actor.require_everywhere(START_RECALL)
    to = RecallState.LIFTED if lifted else RecallState.CLOSED
    with transaction():
        lock_all([get_recall(recall_id).product_id])
        found = get_recall(recall_id)
        if found.state is to:
            return found
        if found.state is not RecallState.OPEN:
            raise RecallEnded("It has ended in another way.", field="id", state=found.state.value)
        if not lifted:
            _check_done(found, anyway=anyway)
        with pipeline():
            run(_END, [to.value, now(), actor.id, recall_id])
            if lifted:
                run(_FREE, [now(), found.product_id, found.lot])
                sum_up(_pairs(_WITH_LOT, *_arrays([(found.product_id, found.lot)])))
            _tell(actor, f"recall_{to.value}", recall_id, found.product_id, found.lot)
        return get_recall(recall_id)


def take_off(asked: TakenOff, *, actor: Actor) -> TakenOffRow:
    """A place took a recalled lot off its shelf: what was found is waste, what nobody found is missing.

    Where its books have none, none found is an answer, and each who found some adds to it. What was found beyond all that the
    books have comes into them first. The same again changes nothing, another under its id is refused. Raises CountMismatch where the books no longer say
    what was expected: somebody else took it off, or more came.
    """
    actor.require(WASTE, asked.place_id)
    of_lot, beyond, missing = off_the_books(asked)
    with transaction():
        pair = (asked.place_id, get_recall(asked.recall_id).product_id)
        there = lock([pair]).result().get(pair, Level(0, 0)).on_hand
        if (known := take_off_by_id(asked.id)) is not None:
            if _body(known) != (
                *(asked.recall_id, asked.place_id, asked.expected, asked.found),
                *(missing, asked.all_of_it),
            ):
                raise BodyMismatch("This id was used for something else.", field="id")
            return known
        found = get_recall(asked.recall_id)
        if found.state is RecallState.LIFTED:
            raise RecallEnded("It was a mistake: the goods may be sold.", field="recall")
        if _there(pair, found.lot) != asked.expected:
            raise CountMismatch("The books changed meanwhile: look again.", field="expected")
        parts = ((1, of_lot, "recalled", found.lot), (2, missing, "missing", found.lot), (3, beyond, "recalled", None))
        rows = [Goods(asked.id, line, *pair, -units, why, lot=lot) for line, units, why, lot in parts if units]
        unknown = beyond - max(there - of_lot - missing, 0)
        if unknown > 0:
            found_more([Goods(new_id(), 1, *pair, unknown, "found")], actor=actor)
        if rows:
            adjust(rows, actor=actor, kind=Kind.WASTE)
        elif asked.place_id not in places.gather([asked.place_id]).result():
            raise Invalid("There is no such place.", field="place")
        said = (asked.id, asked.recall_id, asked.place_id, asked.expected, asked.found, missing, now(), actor.id)
        run(_TAKEN_OFF, [*said, asked.all_of_it])
        return TakenOffRow(*said, asked.all_of_it)


def _body(row: TakenOffRow) -> tuple[object, ...]:
    return row.recall_id, row.place_id, row.expected, row.found, row.missing, row.all_of_it


def _there(pair: Pair, lot: str) -> int:
    return sum(one.on_hand for one in lots_of([pair]).result() if one.lot == lot)


def _known(draft: RecallDraft) -> RecallRow:
    """The answer to a recall that was started before."""
    rows = run(
        "SELECT id FROM stock_recall WHERE id = %s OR (product_id = %s AND lot = %s AND state <> 'lifted') ORDER BY id <> %s",
        [draft.id, draft.product_id, draft.lot, draft.id],
    ).fetchall()
    found = get_recall(rows[0][0])
    if found.id != draft.id:
        raise AlreadyRecalled("This lot is recalled already.", field="lot", recall=str(found.id))
    if (found.product_id, found.lot, found.reason) != (draft.product_id, draft.lot, draft.reason.strip()):
        raise BodyMismatch("This id was used for something else.", field="id")
    return found


def _check_done(found: RecallRow, *, anyway: bool) -> None:
    on_shelves, in_transit = whereabouts(found.product_id, found.lot).result()
    shelves, under_way, looking = len(on_shelves), len(in_transit), len(to_look(found.id).result())
    if shelves or under_way:
        told = f"{shelves} shelves and {under_way} transfers have some of it still."
    elif looking and not anyway:
        told = f"{looking} places have not said that they looked for it."
    else:
        return
    raise RecallNotDone(told, field="id", shelves=shelves, in_transit=under_way, to_look=looking)


def lock_all(product_ids: Collection[UUID]) -> None:
    """Take the turn to create balances, and lock all that there are of these products."""
    take_turn()
    lock(_pairs(_BALANCES, ids_array(product_ids))).result()


def block(lots: Collection[tuple[UUID, str]]) -> None:
    """Keep these lots of products back wherever they are, and have them looked for wherever they were; under `lock_all`."""
    arrays = _arrays(lots)
    run(_SENT, arrays)
    run(_BLOCK, arrays)
    sum_up(_pairs(_WITH_LOT, *arrays))


def _arrays(lots: Collection[tuple[UUID, str]]) -> list[object]:
    return [ids_array(product for product, _ in lots), texts_array(lot for _, lot in lots)]


def _pairs(sql: str, *params: object) -> list[Pair]:
    return [(place, product) for place, product in run(sql, list(params)).fetchall()]


def _tell(actor: Actor, what: str, recall_id: UUID, product_id: UUID, lot: str) -> None:
    detail = {"product": str(product_id), "lot": lot}
    trail(actor, f"stock.{what}", recall_id, detail=detail)
    publish([Event(f"stock.{what}", recall_id, payload=detail)])
