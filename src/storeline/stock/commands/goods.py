"""What people do to stock: receive, correct, count. One call is one document or several, in one transaction.

The client's `source_id` is the record of the deed: the same document again changes nothing, another one under the
same id is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
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
from storeline.stock.commands.lots import write_lots
from storeline.stock.commands.moves import post_named, post_sales
from storeline.stock.domain.goods import (
    LONGEST_NOTE,
    REASONS,
    UNDONE,
    Counted,
    Done,
    Goods,
    Kind,
    Level,
    MoveRow,
    Pair,
    expected_levels,
)
from storeline.stock.domain.lots import Lot, LotBook, LotChange, check_lot
from storeline.stock.errors import CannotUndo, CountMismatch
from storeline.stock.locks import lock
from storeline.stock.permissions import ADJUST, COUNT, RECEIVE, WASTE
from storeline.stock.queries.lots import lots_of

_KNOWN_MOVES = """
SELECT m.source_id, m.line_no, m.kind, m.place_id, m.product_id, m.quantity, coalesce(m.reason, ''), coalesce(a.note, ''),
    coalesce(a.lot, l.lot), NULL
FROM stock_movement m
LEFT JOIN stock_adjustment a ON a.source_id = m.source_id AND a.line_no = m.line_no
LEFT JOIN stock_lot_move l ON m.kind = 'receipt' AND l.source_id = m.source_id AND l.line_no = m.line_no
    AND l.kind = m.kind AND l.quantity > 0
WHERE m.source_id = ANY(%s::uuid[])
"""
_KNOWN_COUNTS = """
SELECT source_id, line_no, 'count', place_id, product_id, counted, coalesce(reason, ''), '', lot, expected
FROM stock_count WHERE source_id = ANY(%s::uuid[])
"""
_COUNTED = """
INSERT INTO stock_count (source_id, line_no, place_id, product_id, counted, expected, at, actor_id, reason, lot)
SELECT source_id, line_no, place_id, product_id, counted, expected, %s, %s::uuid, reason, lot
FROM unnest(%s::uuid[], %s::int[], %s::uuid[], %s::uuid[], %s::bigint[], %s::bigint[], %s::text[], %s::text[])
    AS counted(source_id, line_no, place_id, product_id, counted, expected, reason, lot)
"""
_ADJUSTED = """
INSERT INTO stock_adjustment
    (source_id, line_no, kind, place_id, product_id, quantity, reason, note, lot, at, actor_id)
SELECT source_id, line_no, %s, place_id, product_id, quantity, reason, note, lot, %s, %s::uuid
FROM unnest(%s::uuid[], %s::int[], %s::uuid[], %s::uuid[], %s::bigint[], %s::text[], %s::text[], %s::text[])
    AS adjusted(source_id, line_no, place_id, product_id, quantity, reason, note, lot)
"""
_LOTS_RECEIVED = """
SELECT line_no, lot, quantity FROM stock_lot_move WHERE source_id = %s AND kind = 'receipt' AND quantity > 0
"""
_RECEIVED = """
SELECT line_no, place_id, product_id, quantity, at FROM stock_movement
WHERE source_id = %s AND kind = 'receipt' ORDER BY line_no
"""
UNDO_WITHIN = timedelta(days=1)
_CORRECTIONS = (Kind.ADJUSTMENT, Kind.WASTE)


def receive(rows: Sequence[Goods], *, actor: Actor) -> Done:
    """Goods came into a place: quantities above 0, each perhaps with its lot and the lot's last day.

    Cures and closes exceptions where enough came. Raises WrongLot where a lot is known with another day.
    """
    for index, row in enumerate(rows):
        if row.quantity <= 0:
            raise Invalid("A receipt has quantities above 0.", field=f"lines[{index}].quantity")
        check_lot(row.lot, row.expires_on, f"lines[{index}]")
    return _post(rows, Kind.RECEIPT, RECEIVE, actor)


def adjust(rows: Sequence[Goods], *, actor: Actor, kind: Kind = Kind.ADJUSTMENT) -> Done:
    """Correct stock by signed quantities, each with its reason (one of `REASONS`) and perhaps a note and a lot; also waste.

    It posts even below what is promised, since the shelf is what it is; of a named lot no more goes than is there.
    """
    if kind not in _CORRECTIONS:
        raise Invalid(f"A correction cannot be of kind {kind}.", field="kind")
    for index, row in enumerate(rows):
        _check_correction(row, kind, f"lines[{index}]")
    return _post(rows, kind, WASTE if kind is Kind.WASTE else ADJUST, actor)


def found_more(rows: Sequence[Goods], *, actor: Actor) -> Done:
    """Goods that the books did not know come into them, by whoever throws them away next."""
    return _post(rows, Kind.ADJUSTMENT, WASTE, actor)


def _check_correction(row: Goods, kind: Kind, field: str) -> None:
    if not row.quantity:
        raise Invalid("A correction of 0 corrects nothing.", field=f"{field}.quantity")
    if row.reason not in REASONS:
        raise Invalid(f"A correction needs its reason: {', '.join(REASONS)}.", field=f"{field}.reason")
    if row.reason == "other" and not row.note.strip():
        raise Invalid("Say what the other reason is.", field=f"{field}.note")
    if len(row.note) > LONGEST_NOTE:
        raise Invalid(f"A note has at most {LONGEST_NOTE} characters.", field=f"{field}.note")
    if kind is Kind.WASTE and row.quantity > 0:
        raise Invalid("What is wasted leaves: its quantity is below 0.", field=f"{field}.quantity")
    check_lot(row.lot, row.expires_on, field)


def count(rows: Sequence[Counted], *, actor: Actor) -> Done:
    """What was counted becomes what is on hand; the difference is a movement, and the count itself is kept.

    A row with a lot counts that lot alone. Reservations stay: where fewer units than promised are there, an exception
    opens. Raises CountMismatch where the books no longer say what a row expected, and changes nothing then.
    """
    for index, row in enumerate(rows):
        if row.quantity < 0:
            raise Invalid("A count is 0 or more.", field=f"lines[{index}].quantity")
        check_lot(row.lot, None, f"lines[{index}]")
    _check_once(rows)
    with transaction():
        zones = _gather(rows, COUNT, actor)
        levels, known, lots = _lock(rows, _KNOWN_COUNTS)
        if known:
            return _repeated(rows, Kind.COUNT, known, levels, lots)
        moment = now()
        expected = _expected(rows, levels, lots)
        moves = [
            _move(row, Kind.COUNT, row.quantity - there, moment, zones)
            for row, there in zip(rows, expected, strict=True)
        ]
        with pipeline():
            _write(rows, moves, levels, lots, zones)
            _keep_counts(rows, expected, moment, actor)
            _tell(rows, Kind.COUNT, actor)
        return Done(expected_levels(levels, moves))


def _expected(rows: Sequence[Counted], levels: Mapping[Pair, Level], lots: Sequence[Lot]) -> list[int]:
    """What the books say of each row; raises CountMismatch where a row was explained by something else."""
    by_lot = {(lot.place_id, lot.product_id, lot.lot): lot.on_hand for lot in lots}
    expected = []
    for index, row in enumerate(rows):
        pair = (row.place_id, row.product_id)
        there = levels.get(pair, Level(0, 0)).on_hand if row.lot is None else by_lot.get((*pair, row.lot), 0)
        if row.expected not in (None, there):
            raise CountMismatch("The books changed meanwhile: look again.", field=f"lines[{index}].expected")
        expected.append(there)
    return expected


def undo_receipt(source_id: UUID, *, actor: Actor) -> Done:
    """Take back goods that were received by mistake, within a day: the same quantities leave again. Twice is once.

    It posts even where they were sold meanwhile, since they never came; what is left of their lots goes with them.
    Raises NotFound or CannotUndo.
    """
    with transaction():
        rows = [Goods(source_id, *row[:4]) for row in run(_RECEIVED, [source_id]).fetchall()]
        if not rows:
            raise NotFound("There is no such receipt.")
        zones = _gather(rows, RECEIVE, actor)
        came = run(_LOTS_RECEIVED, [source_id]).fetchall()
        levels, known, lots = _lock(rows, _KNOWN_MOVES, with_lots=bool(came))
        if any(row[2] == Kind.ADJUSTMENT for row in known):
            return Done(levels, repeated=True)
        moment = now()
        if moment - run(_RECEIVED, [source_id]).fetchall()[0][4] > UNDO_WITHIN:
            raise CannotUndo("It was received more than a day ago: count the product, or correct it with a reason.")
        moves = [_move(row, Kind.ADJUSTMENT, -row.quantity, moment, zones)._replace(reason=UNDONE) for row in rows]
        by_line = {line: (lot, quantity) for line, lot, quantity in came}
        named = [replace(row, lot=by_line[row.line_no][0]) if row.line_no in by_line else row for row in rows]
        there = {(lot.place_id, lot.product_id, lot.lot): lot.on_hand for lot in lots}
        going = {
            row.line_no: -min(there.get((row.place_id, row.product_id, row.lot or ""), 0), by_line[row.line_no][1])
            for row in named
            if row.lot is not None
        }
        with pipeline():
            _write(named, moves, levels, lots, zones, going)
            _tell(rows, Kind.ADJUSTMENT, actor)
        return Done(expected_levels(levels, moves))


def _post(rows: Sequence[Goods], kind: Kind, permission: str, actor: Actor) -> Done:
    with transaction():
        zones = _gather(rows, permission, actor)
        levels, known, lots = _lock(rows, _KNOWN_MOVES)
        if known:
            return _repeated(rows, kind, known, levels, lots)
        moment = now()
        moves = [_move(row, kind, row.quantity, moment, zones) for row in rows]
        with pipeline():
            _write(rows, moves, levels, lots, zones)
            if kind is not Kind.RECEIPT:
                _keep_reasons(rows, kind, moment, actor)
            _tell(rows, kind, actor)
        return Done(expected_levels(levels, moves))


def _write(
    rows: Sequence[Goods | Counted],
    moves: Sequence[MoveRow],
    levels: Mapping[Pair, Level],
    lots: Sequence[Lot],
    zones: Mapping[UUID, str],
    going: Mapping[int, int] | None = None,
) -> None:
    """Queue the movements: those of rows that name a lot with that lot, the others from the lots that are first out.

    `going` says by line how much of its lot a movement takes, where that is not all of it.
    """
    named = [
        (index, row, move) for index, (row, move) in enumerate(zip(rows, moves, strict=True)) if row.lot is not None
    ]
    if named:
        mine = [move for _, _, move in named]
        after = {pair: level.on_hand for pair, level in expected_levels(dict(levels), mine).items()}
        book = LotBook(lots, after, {place: business_date(now(), zone) for place, zone in zones.items()})
        changes = [_change(index, row, move, going) for index, row, move in named]
        for one in changes:
            book.change(one)
        book.fit(changes)
        post_named(mine)
        write_lots(book)
    post_sales([move for row, move in zip(rows, moves, strict=True) if row.lot is None])


def _change(index: int, row: Goods | Counted, move: MoveRow, going: Mapping[int, int] | None) -> LotChange:
    quantity = move.quantity if going is None else going[row.line_no]
    until = row.expires_on if isinstance(row, Goods) else None
    return LotChange(
        move.source_id, move.line_no, move.kind, move.place_id, move.product_id, row.lot or "", quantity, until, index
    )


def _check_once(rows: Sequence[Counted]) -> None:
    seen: dict[Pair, set[str | None]] = {}
    for index, row in enumerate(rows):
        lots = seen.setdefault((row.place_id, row.product_id), set())
        if row.lot in lots or (lots and None in {row.lot, *lots}):
            raise Invalid("This product was counted twice here.", field=f"lines[{index}].product")
        lots.add(row.lot)


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


def _lock(
    rows: Sequence[Goods | Counted], known_sql: str, *, with_lots: bool = False
) -> tuple[dict[Pair, Level], list[Row], list[Lot]]:
    """Levels, what is known of these sources, and the lots of the balances where some are named."""
    sources = ids_array(sorted({row.source_id for row in rows}))
    pairs = {(row.place_id, row.product_id) for row in rows}
    with pipeline():
        levels = lock(pairs)
        known = later(known_sql, [sources], list)
        lots = lots_of(pairs if with_lots or any(row.lot is not None for row in rows) else ())
    return levels.result(), known.result(), lots.result()


def _repeated(
    rows: Sequence[Goods | Counted], kind: Kind, known: list[Row], levels: dict[Pair, Level], lots: Sequence[Lot]
) -> Done:
    """The answer to the same document again; raises BodyMismatch where it says something else, be it a lot or a reason."""
    days = {(lot.place_id, lot.product_id, lot.lot): lot.expires_on for lot in lots}
    before = {(row[0], row[1]): row for row in known}
    named = {(row.source_id, row.line_no) for row in rows}
    # What was taken back since has two movements: it is no repeat.
    if (
        len(known) != len(rows)
        or before.keys() != named
        or not all(_is_same(row, kind, before[row.source_id, row.line_no], days) for row in rows)
    ):
        raise BodyMismatch("This id was used for something else.", field="id")
    return Done(levels, repeated=True)


def _is_same(row: Goods | Counted, kind: Kind, known: Row, days: Mapping[tuple[UUID, UUID, str], date | None]) -> bool:
    """Whether a line says what was done. Of a receipt that only made good what had been sold no lot is known."""
    note, expected, until = "", None, None
    if isinstance(row, Counted):
        expected = row.expected
    else:
        note, until = row.note.strip(), row.expires_on
    done = (kind.value, row.place_id, row.product_id, row.quantity, row.reason or "", note)
    *was, lot, there = known[2:]
    same_lot = lot == row.lot or (lot is None and kind is Kind.RECEIPT)
    same_day = until is None or days.get((row.place_id, row.product_id, row.lot or ""), until) == until
    return done == tuple(was) and same_lot and same_day and expected in (None, there)


def _move(row: Goods | Counted, kind: Kind, quantity: int, moment: datetime, zones: dict[UUID, str]) -> MoveRow:
    day = business_date(moment, zones[row.place_id])
    return MoveRow(
        row.source_id, row.line_no, kind.value, row.place_id, row.product_id, quantity, moment, day, row.reason
    )


def _keep_counts(rows: Sequence[Counted], expected: Sequence[int], moment: datetime, actor: Actor) -> None:
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
            [row.lot for row in rows],
        ],
    )


def _keep_reasons(rows: Sequence[Goods], kind: Kind, moment: datetime, actor: Actor) -> None:
    run(
        _ADJUSTED,
        [
            kind.value,
            moment,
            actor.id,
            ids_array(row.source_id for row in rows),
            ints_array(row.line_no for row in rows),
            ids_array(row.place_id for row in rows),
            ids_array(row.product_id for row in rows),
            ints_array(row.quantity for row in rows),
            [row.reason for row in rows],
            [row.note.strip() for row in rows],
            [row.lot for row in rows],
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
