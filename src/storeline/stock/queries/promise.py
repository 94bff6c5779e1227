"""What a channel may promise, step by step."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from storeline.kernel.api import Row, ids_array, later, now, pipeline
from storeline.stock.domain.goods import Pair
from storeline.stock.domain.promise import Atp, Inbound, Kept, Standing, promise
from storeline.stock.queries.levels import FREED

_ASKED = "unnest(%s::uuid[], %s::uuid[]) AS asked(place_id, product_id)"
_POLICY = """(
    SELECT p.quantity, p.place_id IS NOT NULL AS here FROM stock_policy p
    WHERE p.product_id = asked.product_id AND p.channel = %s
        AND (p.place_id = asked.place_id OR p.place_id IS NULL)
    ORDER BY p.place_id NULLS LAST LIMIT 1
)"""
_STANDING = f"""
SELECT asked.place_id, asked.product_id, coalesce(b.on_hand, 0), coalesce(b.reserved, 0), coalesce(f.quantity, 0),
    safety.quantity, safety.here, buffer.quantity, buffer.here
FROM {_ASKED}
LEFT JOIN stock_balance b ON b.place_id = asked.place_id AND b.product_id = asked.product_id
LEFT JOIN {FREED} AS f ON f.place_id = asked.place_id AND f.product_id = asked.product_id
LEFT JOIN LATERAL {_POLICY} AS safety ON true
LEFT JOIN LATERAL {_POLICY} AS buffer ON true
"""
# Lots past their day by then, and recalled ones; a lot that the books call expired stays so.
_EXPIRED = f"""
SELECT asked.place_id, asked.product_id, coalesce(sum(l.on_hand) FILTER (WHERE NOT l.recalled), 0)::bigint,
    min(l.expires_on) FILTER (WHERE NOT l.recalled), coalesce(sum(l.on_hand) FILTER (WHERE l.recalled), 0)::bigint
FROM {_ASKED}
JOIN places_place p ON p.id = asked.place_id
JOIN stock_lot l ON l.place_id = asked.place_id AND l.product_id = asked.product_id
WHERE l.on_hand > 0 AND (l.expired OR l.expires_on < (%s AT TIME ZONE p.zone)::date)
GROUP BY asked.place_id, asked.product_id
"""
_INBOUND = f"""
SELECT asked.place_id, asked.product_id, t.id, l.shipped + l.found - l.received - l.lost - l.damaged, t.due_at, p.name
FROM {_ASKED}
JOIN stock_transfer t ON t.to_place_id = asked.place_id AND t.state = 'shipped' AND t.due_at <= %s
JOIN stock_transfer_line l ON l.transfer_id = t.id AND l.product_id = asked.product_id
JOIN places_place p ON p.id = t.from_place_id
WHERE l.shipped + l.found > l.received + l.lost + l.damaged
ORDER BY t.due_at, t.id
"""


def atp(pairs: Collection[Pair], *, channel: str, at: datetime | None = None) -> dict[Pair, Atp]:
    """What `channel` may promise of each (place, product) at `at` (now, if left out), with every step; one wait.

    On hand less what is reserved, past its day, safety stock and the channel's buffer, and what is due by then. For now it
    never exceeds what `reserve` grants. Nothing is held by asking. Pairs that are not kept have 0.
    """
    moment = now()
    until = max(at or moment, moment)
    asked = sorted(set(pairs))
    arrays = [ids_array(place for place, _ in asked), ids_array(product for _, product in asked)]
    with pipeline():
        # Outer parameters stand in the order of their text: what has ended before the policies.
        standing = later(_STANDING, [*arrays, moment, "", channel], list)
        expired = later(_EXPIRED, [*arrays, until], list)
        inbound = later(_INBOUND, [*arrays, until], list)
    coming = _inbound(inbound.result())
    over: dict[Pair, tuple[int, date | None, int]] = {
        (place, product): (past, day, recalled) for place, product, past, day, recalled in expired.result()
    }
    found = {}
    for row in standing.result():
        pair = (row[0], row[1])
        facts = Standing(
            row[2],
            row[3] - row[4],
            row[4],
            *over.get(pair, (0, None, 0)),
            _kept(row[5:7]),
            _kept(row[7:9]) if channel else None,
            coming.get(pair, ()),
        )
        found[pair] = promise(*pair, facts, channel=channel, at=until, now=moment)
    return {pair: found[pair] for pair in asked}


def _kept(row: Row) -> Kept | None:
    quantity, here = row
    return None if quantity is None else Kept(quantity, here)


def _inbound(rows: list[Row]) -> dict[tuple[UUID, UUID], list[Inbound]]:
    found: dict[tuple[UUID, UUID], list[Inbound]] = {}
    for place, product, transfer, quantity, due_at, name in rows:
        found.setdefault((place, product), []).append(Inbound(transfer, quantity, due_at, name))
    return found
