"""What must balance in stock."""

from __future__ import annotations

from storeline.kernel.api import SHOWN, CheckResult, Row, check, format_quantity, run, transaction
from storeline.stock.commands.statements import BUFFERS, SAFETY, big_sorts

_BALANCES = """
SELECT count(*) OVER (), coalesce(m.place_id, b.place_id), coalesce(m.product_id, b.product_id),
    coalesce(b.on_hand, 0), coalesce(m.quantity, 0)
FROM (
    SELECT place_id, product_id, sum(quantity)::bigint AS quantity FROM stock_movement GROUP BY place_id, product_id
) AS m
FULL JOIN stock_balance b ON b.place_id = m.place_id AND b.product_id = m.product_id
WHERE coalesce(b.on_hand, 0) <> coalesce(m.quantity, 0)
ORDER BY 2, 3 LIMIT %s
"""
_RESERVED = """
SELECT count(*) OVER (), coalesce(r.place_id, b.place_id), coalesce(r.product_id, b.product_id),
    coalesce(b.reserved, 0), coalesce(r.quantity, 0)
FROM (
    SELECT place_id, product_id, sum(quantity)::bigint AS quantity
    FROM stock_reservation WHERE state = 'held' GROUP BY place_id, product_id
) AS r
FULL JOIN (SELECT * FROM stock_balance WHERE reserved <> 0) AS b
    ON b.place_id = r.place_id AND b.product_id = r.product_id
WHERE coalesce(b.reserved, 0) <> coalesce(r.quantity, 0)
ORDER BY 2, 3 LIMIT %s
"""
_SHORTFALLS = """
SELECT count(*) OVER (), coalesce(s.place_id, e.place_id), coalesce(s.product_id, e.product_id),
    coalesce(s.kind, e.kind), coalesce(s.quantity, 0), coalesce(e.quantity, 0)
FROM (
    SELECT place_id, product_id, kind, quantity
    FROM stock_balance CROSS JOIN LATERAL (VALUES
        ('below_reserved', greatest(reserved - greatest(on_hand, 0), 0)), ('below_zero', greatest(-on_hand, 0))
    ) AS short(kind, quantity)
    WHERE on_hand < reserved AND quantity > 0
) AS s
FULL JOIN (SELECT * FROM stock_exception WHERE closed_at IS NULL) AS e
    ON e.place_id = s.place_id AND e.product_id = s.product_id AND e.kind = s.kind
WHERE s.quantity IS DISTINCT FROM e.quantity
ORDER BY 2, 3, 4 LIMIT %s
"""
_UNNAMED = """
SELECT count(*) OVER (), place_id, product_id FROM stock_exception
WHERE closed_at IS NULL AND (
    reservations IS NULL OR (kind = 'below_reserved') <> (jsonb_array_length(reservations) > 0)
)
ORDER BY 2, 3 LIMIT %s
"""
_REFERENCES = """
SELECT count(*) OVER (), b.place_id, b.product_id,
    CASE WHEN p.id IS NULL THEN 'place' ELSE 'product' END
FROM (
    SELECT place_id, product_id FROM stock_balance
    UNION SELECT place_id, product_id FROM stock_reservation
    UNION SELECT place_id, product_id FROM stock_exception
) AS b
LEFT JOIN places_place p ON p.id = b.place_id
LEFT JOIN catalog_product c ON c.id = b.product_id
WHERE p.id IS NULL OR c.id IS NULL
ORDER BY 2, 3 LIMIT %s
"""

_POLICIES = f"""
SELECT count(*) OVER (), n.place_id, n.product_id, n.safety, n.says, n.buffers::text, n.buffer_says::text FROM (
    SELECT n.*, {SAFETY} AS says, {BUFFERS} AS buffer_says FROM stock_balance n
    WHERE n.safety <> 0 OR n.buffers IS NOT NULL OR n.product_id IN (SELECT product_id FROM stock_policy)
) AS n
WHERE n.safety <> n.says OR n.buffers IS DISTINCT FROM n.buffer_says
ORDER BY 2, 3 LIMIT %s
"""
# Each balance with its lots, and each lot with what moved it.
_LOTS = """
SELECT count(*) OVER (), * FROM (
    SELECT coalesce(b.place_id, l.place_id) AS place_id, coalesce(b.product_id, l.product_id) AS product_id,
        'the balance' AS what, coalesce(b.lotted, 0) AS says, coalesce(l.on_hand, 0) AS sums
    FROM (SELECT * FROM stock_balance WHERE lotted <> 0 OR expired <> 0 OR recalled <> 0) AS b
    FULL JOIN (
        SELECT place_id, product_id, sum(on_hand)::bigint AS on_hand,
            coalesce(sum(on_hand) FILTER (WHERE expired), 0)::bigint AS expired,
            coalesce(sum(on_hand) FILTER (WHERE recalled), 0)::bigint AS recalled
        FROM stock_lot GROUP BY place_id, product_id HAVING sum(on_hand) <> 0
    ) AS l ON l.place_id = b.place_id AND l.product_id = b.product_id
    WHERE coalesce(b.lotted, 0) <> coalesce(l.on_hand, 0) OR coalesce(b.expired, 0) <> coalesce(l.expired, 0)
        OR coalesce(b.recalled, 0) <> coalesce(l.recalled, 0)
        OR b.lotted > greatest(b.on_hand, 0)
    UNION ALL
    SELECT coalesce(l.place_id, m.place_id), coalesce(l.product_id, m.product_id),
        'lot ' || coalesce(l.lot, m.lot), coalesce(l.on_hand, 0), coalesce(m.quantity, 0)
    FROM stock_lot l
    FULL JOIN (
        SELECT place_id, product_id, lot, sum(quantity)::bigint AS quantity FROM stock_lot_move
        GROUP BY place_id, product_id, lot
    ) AS m ON m.place_id = l.place_id AND m.product_id = l.product_id AND m.lot = l.lot
    WHERE coalesce(l.on_hand, 0) <> coalesce(m.quantity, 0)
    UNION ALL
    SELECT l.place_id, l.product_id, 'no movement of lot ' || l.lot, l.quantity, 0
    FROM stock_lot_move l LEFT JOIN stock_movement m
        ON m.source_id = l.source_id AND m.line_no = l.line_no AND m.kind = l.kind AND m.place_id = l.place_id
            AND m.product_id = l.product_id
    WHERE m.source_id IS NULL
) AS wrong ORDER BY 2, 3, 4 LIMIT %s
"""
# What left one place has come to the other, was named as lost or damaged, or is under way: nothing vanishes between.
_TRANSFERS = """
WITH left_it AS (
    SELECT source_id, line_no, place_id, product_id, -quantity AS quantity FROM stock_movement
    WHERE kind = 'transfer_out'
),
arrived AS (
    SELECT a.transfer_id, a.product_id, sum(a.received)::bigint AS received, sum(a.lost)::bigint AS lost,
        sum(a.damaged)::bigint AS damaged, sum(a.found)::bigint AS found,
        coalesce(sum(m.quantity), 0)::bigint AS moved
    FROM stock_transfer_arrival a
    JOIN stock_transfer t ON t.id = a.transfer_id
    LEFT JOIN stock_movement m ON m.source_id = a.arrival_id AND m.kind = 'transfer_in'
        AND m.product_id = a.product_id AND m.place_id = t.to_place_id
    GROUP BY a.transfer_id, a.product_id
)
SELECT count(*) OVER (), * FROM (
    SELECT coalesce(t.id, o.source_id) AS transfer_id, coalesce(l.product_id, o.product_id) AS product_id,
        CASE WHEN coalesce(l.shipped, 0) <> coalesce(o.quantity, 0) THEN 'shipped is not what left'
            WHEN (t.state IN ('shipped', 'received')) <> (l.shipped > 0) THEN 'shipped does not go with its state'
            WHEN l.received <> coalesce(a.moved, 0) THEN 'received is not what came in'
            WHEN (l.received, l.lost, l.damaged, l.found) IS DISTINCT FROM (
                coalesce(a.received, 0), coalesce(a.lost, 0), coalesce(a.damaged, 0), coalesce(a.found, 0)
            ) THEN 'its parts are not the sums of its arrivals'
            WHEN (t.state = 'received') AND l.shipped + l.found <> l.received + l.lost + l.damaged
            THEN 'it has ended, and something is under way' END AS wrong
    FROM stock_transfer_line l
    JOIN stock_transfer t ON t.id = l.transfer_id
    FULL JOIN left_it o ON o.source_id = l.transfer_id AND o.line_no = l.line_no AND o.product_id = l.product_id
        AND o.place_id = t.from_place_id
    LEFT JOIN arrived a ON a.transfer_id = l.transfer_id AND a.product_id = l.product_id
    UNION ALL
    SELECT m.source_id, m.product_id, 'it came in by no arrival'
    FROM stock_movement m LEFT JOIN stock_transfer_arrival a
        ON a.arrival_id = m.source_id AND a.product_id = m.product_id
    WHERE m.kind = 'transfer_in' AND a.arrival_id IS NULL
) AS line WHERE wrong IS NOT NULL
ORDER BY 2, 3, 4 LIMIT %s
"""
_CORRECTIONS = """
SELECT count(*) OVER (), coalesce(a.source_id, m.source_id), coalesce(a.quantity, 0), coalesce(m.quantity, 0)
FROM stock_adjustment a
FULL JOIN (SELECT * FROM stock_movement WHERE kind IN ('waste', 'adjustment')) AS m
    ON m.source_id = a.source_id AND m.line_no = a.line_no AND m.kind = a.kind AND m.place_id = a.place_id
        AND m.product_id = a.product_id
WHERE a.quantity IS DISTINCT FROM m.quantity AND (a.source_id IS NOT NULL OR m.kind = 'waste')
ORDER BY 2 LIMIT %s
"""
# A lot is blocked wherever it is while its recall stands, and nowhere else; what a place took off has left its books.
_RECALLS = """
SELECT count(*) OVER (), * FROM (
    SELECT l.place_id, l.product_id, l.lot,
        CASE WHEN l.recalled THEN 'blocked without a recall' ELSE 'recalled and not blocked' END AS wrong
    FROM stock_lot l
    WHERE l.recalled <> EXISTS (
        SELECT FROM stock_recall r WHERE r.product_id = l.product_id AND r.lot = l.lot AND r.state <> 'lifted'
    )
    UNION ALL
    SELECT o.place_id, r.product_id, r.lot, 'what was taken off is not what left the books'
    FROM stock_take_off o LEFT JOIN stock_recall r ON r.id = o.recall_id
    WHERE r.id IS NULL OR o.found + o.missing IS DISTINCT FROM (
        SELECT coalesce(-sum(m.quantity), 0) FROM stock_movement m
        WHERE m.source_id = o.id AND m.kind = 'waste' AND m.place_id = o.place_id AND m.product_id = r.product_id
    )
) AS recalled ORDER BY 2, 3, 4 LIMIT %s
"""


def _found(sql: str) -> tuple[int, list[Row]]:
    with transaction(), big_sorts():
        rows = run(sql, [SHOWN]).fetchall()
    return (rows[0][0] if rows else 0), [row[1:] for row in rows]


def _rows_in(table: str, where: str = "true") -> int:
    row = run(f"SELECT count(*) FROM {table} WHERE {where}").fetchone()
    return int(row[0]) if row else 0


@check("stock.balances", "every balance on hand is the sum of its movements")
def balances() -> CheckResult:
    wrong, rows = _found(_BALANCES)
    words = tuple(
        f"place {place}, product {product}: {format_quantity(have)} on hand, movements say {format_quantity(sums)}"
        for place, product, have, sums in rows
    )
    return CheckResult(_rows_in("stock_balance"), words, wrong, {"movements": _rows_in("stock_movement")})


@check("stock.reserved", "every reserved balance is the sum of its held reservations")
def reserved() -> CheckResult:
    wrong, rows = _found(_RESERVED)
    words = tuple(
        f"place {place}, product {product}: {format_quantity(have)} reserved, held are {format_quantity(sums)}"
        for place, product, have, sums in rows
    )
    return CheckResult(_rows_in("stock_reservation", "state = 'held'"), words, wrong)


@check("stock.shortfalls", "each shortfall has an open exception of its size, and no open exception is without one")
def shortfalls() -> CheckResult:
    wrong, rows = _found(_SHORTFALLS)
    unnamed, nameless = _found(_UNNAMED)
    words = [
        f"place {place}, product {product}: {kind} by {format_quantity(short)}, its exception says {format_quantity(says)}"
        for place, product, kind, short, says in rows
    ]
    words += [f"place {place}, product {product}: the promises at risk are not named" for place, product in nameless]
    return CheckResult(_rows_in("stock_exception", "closed_at IS NULL"), tuple(words), wrong + unnamed)


@check("stock.references", "every place and product that has stock exists")
def references() -> CheckResult:
    wrong, rows = _found(_REFERENCES)
    words = tuple(f"place {place}, product {product}: there is no such {what}" for place, product, what in rows)
    return CheckResult(_rows_in("stock_balance"), words, wrong)


@check("stock.policies", "every balance keeps back what the policies of its product say")
def policies() -> CheckResult:
    wrong, rows = _found(_POLICIES)
    words = tuple(
        f"place {place}, product {product}: {format_quantity(has)} {buffers or ''} kept back,"
        f" policies say {format_quantity(says)} {buffers_say or ''}"
        for place, product, has, says, buffers, buffers_say in rows
    )
    return CheckResult(_rows_in("stock_policy"), words, wrong)


@check("stock.lots", "lots are part of their balance, and each is the sum of what moved it")
def lots() -> CheckResult:
    wrong, rows = _found(_LOTS)
    words = tuple(
        f"place {place}, product {product}, {what}: {format_quantity(says)}, its rows say {format_quantity(sums)}"
        for place, product, what, says, sums in rows
    )
    return CheckResult(_rows_in("stock_lot"), words, wrong)


@check("stock.transfers", "what left a place by transfer has arrived, is named as lost or damaged, or is under way")
def transfers() -> CheckResult:
    wrong, rows = _found(_TRANSFERS)
    words = tuple(f"transfer {transfer}, product {product}: {what}" for transfer, product, what in rows)
    return CheckResult(_rows_in("stock_transfer_line"), words, wrong)


@check("stock.corrections", "every correction moved what it says, and all waste has its reason")
def corrections() -> CheckResult:
    wrong, rows = _found(_CORRECTIONS)
    words = tuple(
        f"correction {source}: {format_quantity(says)}, its movement {format_quantity(moved)}"
        for source, says, moved in rows
    )
    return CheckResult(_rows_in("stock_adjustment"), words, wrong)


@check("stock.recalls", "recalled lots are promised nowhere, and what shops took off has left the books")
def recalls() -> CheckResult:
    wrong, rows = _found(_RECALLS)
    words = tuple(f"place {place}, product {product}, lot {lot}: {what}" for place, product, lot, what in rows)
    return CheckResult(_rows_in("stock_recall"), words, wrong, {"taken off": _rows_in("stock_take_off")})
