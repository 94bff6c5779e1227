"""Lots: written beside the movements that name them, and looked at when their day is over."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from storeline.kernel.api import (
    Event,
    ids_array,
    ints_array,
    now,
    pipeline,
    publish,
    run,
    texts_array,
    transaction,
)
from storeline.stock.commands.statements import times_array
from storeline.stock.domain.goods import Pair
from storeline.stock.domain.lots import LotBook
from storeline.stock.locks import lock

AT_ONCE = 1_000
# Whether a lot of a row `w` is blocked, wherever it turns up. Who asks has its balance's lock, as who recalls it had.
RECALLED = """EXISTS (
    SELECT FROM stock_recall r WHERE r.product_id = w.product_id AND r.lot = w.lot AND r.state <> 'lifted'
)"""
# Under the balance's lock, so what was read is what is there: the CHECK on it is the guard.
_WRITE = f"""
INSERT INTO stock_lot AS l (place_id, product_id, lot, expires_on, on_hand, expired, recalled)
SELECT w.place_id, w.product_id, w.lot, w.expires_on, w.on_hand, w.expired OR blocked.recalled, blocked.recalled
FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::date[], %s::bigint[], %s::boolean[])
    AS w(place_id, product_id, lot, expires_on, on_hand, expired)
CROSS JOIN LATERAL (SELECT {RECALLED} AS recalled) AS blocked
ON CONFLICT (place_id, product_id, lot) DO UPDATE
    SET expires_on = excluded.expires_on, on_hand = excluded.on_hand, expired = excluded.expired,
        recalled = excluded.recalled
"""
_MOVED = """
INSERT INTO stock_lot_move (source_id, line_no, kind, lot, place_id, product_id, quantity)
SELECT * FROM unnest(%s::uuid[], %s::int[], %s::text[], %s::text[], %s::uuid[], %s::uuid[], %s::bigint[])
"""
_SUM_UP = """
UPDATE stock_balance b SET lotted = s.lotted, expired = s.expired, recalled = s.recalled
FROM (
    SELECT l.place_id, l.product_id, sum(l.on_hand)::bigint AS lotted,
        coalesce(sum(l.on_hand) FILTER (WHERE l.expired), 0)::bigint AS expired,
        coalesce(sum(l.on_hand) FILTER (WHERE l.recalled), 0)::bigint AS recalled
    FROM unnest(%s::uuid[], %s::uuid[]) AS asked(place_id, product_id)
    JOIN stock_lot l ON l.place_id = asked.place_id AND l.product_id = asked.product_id
    GROUP BY l.place_id, l.product_id
) AS s
WHERE b.place_id = s.place_id AND b.product_id = s.product_id
"""
# A lot is good until the end of its last day, as the place reckons days.
_OVER = """
SELECT l.place_id, l.product_id, l.lot FROM stock_lot l JOIN places_place p ON p.id = l.place_id
WHERE NOT l.expired AND l.expires_on < %s AND l.expires_on < (%s AT TIME ZONE p.zone)::date
ORDER BY l.expires_on LIMIT %s
"""
_EXPIRE = """
UPDATE stock_lot l SET expired = true
FROM unnest(%s::uuid[], %s::uuid[], %s::text[]) AS due(place_id, product_id, lot)
WHERE l.place_id = due.place_id AND l.product_id = due.product_id AND l.lot = due.lot AND NOT l.expired
"""


def write_lots(book: LotBook) -> None:
    """Queue what a book says: its lots as they are now, how each came about, and the sums in their balances."""
    lots = book.rows()
    moved = [(key, quantity) for key, quantity in book.moved.items() if quantity]
    run(
        _WRITE,
        [
            ids_array(lot.place_id for lot in lots),
            ids_array(lot.product_id for lot in lots),
            texts_array(lot.lot for lot in lots),
            times_array(lot.expires_on for lot in lots),
            ints_array(lot.on_hand for lot in lots),
            [lot.expired for lot in lots],
        ],
    )
    run(
        _MOVED,
        [
            ids_array(key[0] for key, _ in moved),
            ints_array(key[1] for key, _ in moved),
            texts_array(key[2] for key, _ in moved),
            texts_array(key[3] for key, _ in moved),
            ids_array(key[4] for key, _ in moved),
            ids_array(key[5] for key, _ in moved),
            ints_array(quantity for _, quantity in moved),
        ],
    )
    sum_up({(lot.place_id, lot.product_id) for lot in lots})


def sum_up(pairs: Collection[Pair]) -> None:
    """Queue the sums of lots into these balances."""
    run(_SUM_UP, _arrays(pairs))


def expire_lots(moment: datetime | None = None) -> int:
    """Mark the lots whose last day is over: nothing of them is promised online any more. Gives how many."""
    total = 0
    while over := _expire_some(moment or now()):
        total += over
    return total


def _expire_some(moment: datetime) -> int:
    # No place's day is further than one from that of UTC.
    due = run(_OVER, [moment.date() + timedelta(days=1), moment, AT_ONCE]).fetchall()
    if not due:
        return 0
    pairs = {(place, product) for place, product, _ in due}
    with transaction(), pipeline():
        lock(pairs)
        arrays = [
            ids_array(row[0] for row in due),
            ids_array(row[1] for row in due),
            texts_array(row[2] for row in due),
        ]
        run(_EXPIRE, arrays)
        sum_up(pairs)
        publish([Event("stock.lot_expired", product, place, payload={"lot": lot}) for place, product, lot in due])
    return len(due)


def _arrays(pairs: Collection[Pair]) -> list[object]:
    return [ids_array(place for place, _ in pairs), ids_array(product for _, product in pairs)]
