"""Partners' goods: whose, how much is there, what moved them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from storeline.kernel.api import Pending, Ready, Row, ids_array, later, run
from storeline.stock.domain.goods import Pair
from storeline.stock.domain.owners import OwnedLevel, OwnedMove, Ownership

_COLUMNS = "w.id, w.place_id, w.product_id, w.organisation_id, w.agreement_id, w.value, w.since, w.until"
_OWNERS = f"""
SELECT {_COLUMNS} FROM unnest(%s::uuid[], %s::uuid[]) AS asked(place_id, product_id)
JOIN stock_ownership w ON w.place_id = asked.place_id AND w.product_id = asked.product_id AND w.until IS NULL
"""
_OWNED = f"""
SELECT {_COLUMNS}, coalesce(b.on_hand, 0), coalesce(b.reserved, 0)
FROM stock_ownership w LEFT JOIN stock_balance b ON b.place_id = w.place_id AND b.product_id = w.product_id
WHERE w.organisation_id = %s AND w.until IS NULL AND (%s::uuid[] IS NULL OR w.place_id = ANY(%s::uuid[])) AND w.id > %s
ORDER BY w.id LIMIT %s
"""
_MOVES = """
SELECT m.source_id, m.line_no, m.kind, m.place_id, m.product_id, m.quantity, m.at, m.reason
FROM stock_ownership w JOIN stock_movement m ON m.place_id = w.place_id AND m.product_id = w.product_id
    AND m.at >= w.since AND (w.until IS NULL OR m.at < w.until)
WHERE w.organisation_id = %s AND (%s::uuid[] IS NULL OR w.place_id = ANY(%s::uuid[]))
    AND m.kind IN ('receipt', 'return', 'count', 'adjustment', 'transfer_out', 'transfer_in', 'waste')
    AND (m.at, m.source_id, m.line_no) < (%s, %s, %s)
ORDER BY m.at DESC, m.source_id DESC, m.line_no DESC LIMIT %s
"""
_NOWHERE = UUID(int=0)


def owners_of(pairs: Collection[Pair]) -> Pending[dict[Pair, Ownership]]:
    """Queue whose goods these are now; a pair that is the retailer's own is absent."""
    if not pairs:
        return Ready({})
    ordered = sorted(set(pairs))
    params = [ids_array(place for place, _ in ordered), ids_array(product for _, product in ordered)]
    return later(_OWNERS, params, _by_pair)


def owned(
    organisation_id: UUID, *, places: Collection[UUID] | None = None, after: UUID | None = None, limit: int = 100
) -> list[OwnedLevel]:
    """What there is of a partner's goods, at `places` (None: everywhere), in the order in which they became its."""
    where = None if places is None else ids_array(places)
    rows = run(_OWNED, [organisation_id, where, where, after or _NOWHERE, limit]).fetchall()
    return [OwnedLevel(Ownership(*row[:8]), *row[8:]) for row in rows]


def owned_moves(
    organisation_id: UUID,
    *,
    before: tuple[datetime, UUID, int],
    places: Collection[UUID] | None = None,
    limit: int = 100,
) -> list[OwnedMove]:
    """What people did to a partner's goods besides selling them, the latest first, before one of them."""
    where = None if places is None else ids_array(places)
    rows = run(_MOVES, [organisation_id, where, where, *before, limit]).fetchall()
    return [OwnedMove(*row) for row in rows]


def _by_pair(rows: list[Row]) -> dict[Pair, Ownership]:
    found = (Ownership(*row) for row in rows)
    return {(one.place_id, one.product_id): one for one in found}
