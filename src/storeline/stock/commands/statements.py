"""The parts that stock's set statements are put together from.

Each change is one statement: its rows, the balances they change, and the exceptions that open where a balance fell
short. Two small statements may follow it: `NAME` names the reservations at risk, `CLOSE` closes what has been cured.
They come after it because a statement does not see what others committed while it waited for a balance.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime

from storeline.kernel.api import ids_array, ints_array, now, run, texts_array
from storeline.stock.domain.goods import MoveRow, Pair

MOVED = """
moved AS (
    SELECT * FROM unnest(
        %s::uuid[], %s::int[], %s::text[], %s::uuid[], %s::uuid[], %s::bigint[], %s::timestamptz[], %s::date[],
        %s::text[]
    ) AS moved(source_id, line_no, kind, place_id, product_id, quantity, at, business_date, reason)
),
posted AS (
    INSERT INTO stock_movement
        (source_id, line_no, kind, place_id, product_id, quantity, at, business_date, reason)
    SELECT * FROM moved
)"""

HELD = """
pairs AS (
    SELECT DISTINCT r.place_id, r.product_id FROM {rows} WHERE r.state = 'held' AND {condition}
),
locked AS (
    SELECT b.place_id, b.product_id FROM stock_balance b JOIN pairs USING (place_id, product_id)
    ORDER BY b.place_id, b.product_id FOR UPDATE OF b
),
held AS (
    SELECT r.source_id, r.line_no, r.place_id, r.product_id, {freed} AS freed, {kept} AS kept
    FROM {rows} JOIN locked USING (place_id, product_id)
    WHERE r.state = 'held' AND {condition}
    ORDER BY r.source_id, r.line_no FOR UPDATE OF r
)"""

# What the policies of a product say for the place of a row `n`: its own before everywhere's. A new balance takes them
# over by a trigger (see the migration), so that those which are there already ask for nothing.
SAFETY = """coalesce((
    SELECT p.quantity FROM stock_policy p
    WHERE p.product_id = n.product_id AND p.channel = '' AND (p.place_id = n.place_id OR p.place_id IS NULL)
    ORDER BY p.place_id NULLS LAST LIMIT 1
), 0)"""
BUFFERS = """(
    SELECT jsonb_object_agg(channel, quantity) FROM (
        SELECT DISTINCT ON (p.channel) p.channel, p.quantity FROM stock_policy p
        WHERE p.product_id = n.product_id AND p.channel <> '' AND (p.place_id = n.place_id OR p.place_id IS NULL)
        ORDER BY p.channel, p.place_id NULLS LAST
    ) AS buffer
)"""

# The row proposed for insertion must pass the table's CHECK even where it only updates, so what is
# freed is handed over as a positive number and subtracted in the update.
CHANGED = """
changed AS (
    INSERT INTO stock_balance AS b (place_id, product_id, on_hand, reserved)
    SELECT place_id, product_id, sum(on_hand)::bigint, sum(freed)::bigint FROM ({changes}) AS change
    GROUP BY place_id, product_id ORDER BY place_id, product_id
    ON CONFLICT (place_id, product_id) DO UPDATE
        SET on_hand = b.on_hand + excluded.on_hand, reserved = b.reserved - excluded.reserved
    RETURNING b.place_id, b.product_id, b.on_hand, b.reserved, b.lotted
)"""
# What leaves is taken from the lots that expire first, those past their day last, what is in no lot last of all: by a
# function of its own (see the migration), which runs for lines of products with lots only, under their balance's lock.
TAKEN = """
SELECT count(stock_take_lots(m.source_id, m.line_no, m.kind, m.place_id, m.product_id, -m.quantity))
FROM {lines} AS m JOIN {balances} AS b ON b.place_id = m.place_id AND b.product_id = m.product_id
WHERE b.lotted > 0 AND m.quantity < 0"""

SHORT = """
short AS (
    SELECT place_id, product_id, kind, quantity
    FROM {balances} AS balance CROSS JOIN LATERAL (VALUES
        ('below_reserved', greatest(reserved - greatest(on_hand, 0), 0)), ('below_zero', greatest(-on_hand, 0))
    ) AS short(kind, quantity)
    WHERE on_hand < reserved AND quantity > 0
),
opened AS (
    INSERT INTO stock_exception AS e (place_id, product_id, kind, quantity, at, reservations)
    SELECT place_id, product_id, kind, quantity, %s, CASE kind WHEN 'below_zero' THEN '[]'::jsonb END
    FROM short ORDER BY place_id, product_id, kind
    ON CONFLICT (place_id, product_id, kind) WHERE closed_at IS NULL DO UPDATE
        SET quantity = excluded.quantity, reservations = excluded.reservations
)"""

NAME = """
UPDATE stock_exception e SET reservations = coalesce((
    SELECT jsonb_agg(
        jsonb_build_object('source_id', source_id, 'line_no', line_no, 'quantity', quantity)
        ORDER BY source_id DESC, line_no DESC
    )
    FROM (
        SELECT r.source_id, r.line_no, r.quantity,
            sum(r.quantity) OVER (ORDER BY r.source_id DESC, r.line_no DESC) - r.quantity AS newer
        FROM stock_reservation r
        WHERE r.place_id = e.place_id AND r.product_id = e.product_id AND r.state = 'held'
    ) AS held
    WHERE newer < e.quantity
), '[]'::jsonb)
WHERE e.closed_at IS NULL AND e.reservations IS NULL
"""

CLOSE = """
UPDATE stock_exception e SET closed_at = %s
FROM ({pairs}) AS pair
JOIN stock_balance b ON b.place_id = pair.place_id AND b.product_id = pair.product_id
WHERE e.place_id = pair.place_id AND e.product_id = pair.product_id AND e.closed_at IS NULL
    AND CASE e.kind WHEN 'below_zero' THEN b.on_hand >= 0 ELSE b.reserved <= greatest(b.on_hand, 0) END
"""
_CLOSE_PAIRS = CLOSE.format(
    pairs="SELECT place_id, product_id FROM unnest(%s::uuid[], %s::uuid[]) AS pair(place_id, product_id)"
)
_CLOSE_SOURCES = CLOSE.format(
    pairs="SELECT DISTINCT place_id, product_id FROM stock_reservation WHERE source_id = ANY(%s::uuid[])"
)


def move_params(rows: Sequence[MoveRow]) -> list[object]:
    """The parameters of `MOVED`."""
    return [
        ids_array(row.source_id for row in rows),
        ints_array(row.line_no for row in rows),
        texts_array(row.kind for row in rows),
        ids_array(row.place_id for row in rows),
        ids_array(row.product_id for row in rows),
        ints_array(row.quantity for row in rows),
        times_array(row.at for row in rows),
        times_array(row.business_date for row in rows),
        [row.reason for row in rows] if any(row.reason is not None for row in rows) else None,
    ]


def times_array(moments: Iterable[date | datetime | None]) -> str:
    """Moments or days as one array literal for ``%s::timestamptz[]`` or ``%s::date[]``.

    The lines of one order share their moment: it is written out once.
    """
    texts: list[str] = []
    last: date | None = None
    text = "NULL"
    for moment in moments:
        if moment is not last:
            last, text = moment, "NULL" if moment is None else moment.isoformat()
        texts.append(text)
    return "{" + ",".join(texts) + "}"


@contextmanager
def big_sorts() -> Iterator[None]:
    """Let the sorts and hashes of a bulk load stay in memory, until the block or its transaction ends."""
    before = run("SELECT current_setting('work_mem')").fetchall()[0][0]
    run("SELECT set_config('work_mem', '128MB', true)")
    yield
    run("SELECT set_config('work_mem', %s, true)", [before])


def name_at_risk() -> None:
    """Queue the naming of reservations at risk by exceptions that were just opened or changed."""
    run(NAME)


def close_cured(pairs: Collection[Pair]) -> None:
    """Queue the closing of exceptions of these pairs whose balance is healthy again."""
    if pairs:
        ordered = sorted(pairs)
        params = [now(), ids_array(place for place, _ in ordered), ids_array(product for _, product in ordered)]
        run(_CLOSE_PAIRS, params)


def close_cured_of(sources: str) -> None:
    """The same for every pair that these sources hold or held; `sources` is an array literal of UUIDs."""
    run(_CLOSE_SOURCES, [now(), sources])
