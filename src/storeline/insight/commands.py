"""Making figures of orders and returns: a place's day is always made anew as a whole, so making it twice does nothing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

from storeline.insight import sums
from storeline.insight.events import FOLDED
from storeline.insight.locks import take_turn
from storeline.insight.models import ALL_PLACES
from storeline.kernel.api import Event, dates_array, ids_array, new_id, now, pipeline, publish, run, transaction

CELLS_AT_ONCE = 1000
"""How many places' days one transaction makes anew: consumers of events wait for a transaction to end."""

_TOUCH_ORDERS = """
INSERT INTO insight_touched (place_id, day)
SELECT DISTINCT place_id, business_date FROM orders_order WHERE id = ANY(%s::uuid[])
"""
_TOUCH_RETURNS = """
INSERT INTO insight_touched (place_id, day)
SELECT DISTINCT place_id, business_date FROM aftersales_return WHERE id = ANY(%s::uuid[])
"""
_TOUCH_IMPORTED_ORDERS = """
INSERT INTO insight_touched (place_id, day)
SELECT DISTINCT place_id, business_date FROM orders_order
WHERE source = 'import' AND business_date BETWEEN coalesce(%s::date, '-infinity') AND coalesce(%s::date, 'infinity')
"""
_TOUCH_IMPORTED_RETURNS = """
INSERT INTO insight_touched (place_id, day)
SELECT DISTINCT place_id, business_date FROM aftersales_return
WHERE source = 'import' AND business_date BETWEEN coalesce(%s::date, '-infinity') AND coalesce(%s::date, 'infinity')
"""
_TOUCH_ALL = """
INSERT INTO insight_touched (place_id, day)
SELECT place_id, business_date FROM orders_order
UNION SELECT place_id, business_date FROM aftersales_return
UNION SELECT place_id, day FROM insight_trade_day WHERE place_id <> %s
"""
# The newest first: today's figures are looked at most.
_NEXT = """
SELECT place_id, day FROM insight_touched GROUP BY day, place_id ORDER BY day DESC, place_id LIMIT %s
"""
_TAKE = """
DELETE FROM insight_touched t USING unnest(%s::uuid[], %s::date[]) AS cell (place_id, day)
WHERE t.day = cell.day AND t.place_id = cell.place_id
"""


_CHANGED = """
INSERT INTO insight_state (id, version, at) VALUES (1, 1, %s)
ON CONFLICT (id) DO UPDATE SET version = insight_state.version + 1, at = excluded.at
"""


def note_change() -> None:
    """Say, in the transaction that changes them, that figures are not what they were."""
    run(_CHANGED, [now()])


def touch_orders(order_ids: Collection[UUID]) -> None:
    """Have the days of these orders made anew by the next fold."""
    run(_TOUCH_ORDERS, [ids_array(order_ids)])


def touch_returns(return_ids: Collection[UUID]) -> None:
    """Have the days of these returns made anew."""
    run(_TOUCH_RETURNS, [ids_array(return_ids)])


def touch_imported(since: date | None, until: date | None) -> None:
    """Have every day made anew that has imported trade, from `since` to `until` where these are known."""
    run(_TOUCH_IMPORTED_ORDERS, [since, until])
    run(_TOUCH_IMPORTED_RETURNS, [since, until])


def fold(*, most: int = CELLS_AT_ONCE) -> int:
    """Make the figures of up to `most` touched places' days anew, in one transaction; how many it did."""
    with transaction():
        take_turn()
        run("SET LOCAL plan_cache_mode = force_custom_plan")  # a kept plan takes every array for ten cells
        cells = run(_NEXT, [most]).fetchall()
        if cells:
            _make([row[0] for row in cells], [row[1] for row in cells])
            note_change()
            publish([Event(FOLDED, new_id(), payload={"days": len(cells)})])
        return len(cells)


def _make(places: Sequence[UUID], days: Sequence[date]) -> None:
    keys = [ids_array(places), dates_array(days)]
    run(_TAKE, keys)  # whatever is touched from here on is made anew once more
    with pipeline():
        for statement in sums.GATHER:
            run(statement, keys if "%s" in statement else [])
    with pipeline():
        for statement in sums.REPLACE:
            run(statement)


def fold_all() -> int:
    """Fold until nothing is touched; how many places' days that were."""
    total = 0
    while done := fold():
        total += done
    return total


def rebuild() -> int:
    """Make every figure anew from the orders and returns; how many places' days. What is shown meanwhile stays whole."""
    with transaction():
        run(_TOUCH_ALL, [ALL_PLACES])
    return fold_all()
