"""How much of its range each place has to sell, looked at in turns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from time import monotonic
from uuid import UUID

from storeline.insight.commands import note_change
from storeline.kernel.api import business_date, dates_array, ids_array, now, run, transaction

AGE = timedelta(minutes=10)
"""How old a look may be."""
_AT_ONCE = 20
_LONGEST_S = 2.0
_STALE = """
SELECT p.id, p.zone FROM places_place p
LEFT JOIN LATERAL (
    SELECT a.at FROM insight_availability a WHERE a.place_id = p.id ORDER BY a.day DESC LIMIT 1
) seen ON true
WHERE (seen.at IS NULL OR seen.at < %s) AND 'sell' = ANY(p.capabilities)
ORDER BY seen.at NULLS FIRST, p.id LIMIT %s
"""
# A place that lists nothing sells everything: its range is then what it has ever had.
_LOOK = """
INSERT INTO insight_availability (place_id, day, listed, available, at)
SELECT k.place_id, k.day, count(p.id), count(p.id) FILTER (WHERE b.on_hand - b.reserved > 0), %s
FROM unnest(%s::uuid[], %s::date[]) AS k (place_id, day)
LEFT JOIN LATERAL (
    SELECT l.product_id FROM catalog_listing l
    WHERE l.place_id = k.place_id AND coalesce(l.starts_on <= k.day, true) AND coalesce(l.ends_on >= k.day, true)
    UNION ALL
    SELECT s.product_id FROM stock_balance s
    WHERE s.place_id = k.place_id AND NOT EXISTS (SELECT FROM catalog_listing l WHERE l.place_id = k.place_id)
) ranged ON true
LEFT JOIN catalog_product p ON p.id = ranged.product_id AND p.sellable AND NOT p.service
LEFT JOIN stock_balance b ON b.place_id = k.place_id AND b.product_id = p.id
GROUP BY k.place_id, k.day
ON CONFLICT (place_id, day) DO UPDATE
SET listed = excluded.listed, available = excluded.available, at = excluded.at
"""


def look() -> int:
    """Look at places that were not looked at for ten minutes, for at most two seconds; how many."""
    until = monotonic() + _LONGEST_S
    total = 0
    while monotonic() < until:
        stale = run(_STALE, [now() - AGE, _AT_ONCE]).fetchall()
        if not stale:
            break
        _look([(place_id, zone) for place_id, zone in stale])
        total += len(stale)
    return total


def _look(stale: Sequence[tuple[UUID, str]]) -> None:
    moment = now()
    days = dates_array(business_date(moment, zone) for _, zone in stale)
    with transaction():
        note_change()
        run(_LOOK, [moment, ids_array(place_id for place_id, _ in stale), days])
