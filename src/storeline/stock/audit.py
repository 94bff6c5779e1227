"""What must balance in stock."""

from __future__ import annotations

from storeline.kernel.api import SHOWN, CheckResult, Row, check, format_quantity, run, transaction
from storeline.stock.commands.statements import big_sorts

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
