"""What a partner is owed, line by line, and what was settled."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from storeline.consignment.errors import NoSettlement
from storeline.kernel.api import ids_array, run


@dataclass(frozen=True, slots=True)
class LineView:
    """One change of what is owed, in minor units; `quantity` is what left, in thousandths."""

    kind: str
    source_id: UUID
    line_no: int
    entity_id: UUID
    place_id: UUID
    product_id: UUID
    currency: str
    quantity: int
    net: int
    commission: int
    owed: int
    business_date: date
    at: datetime
    settlement_id: UUID | None


@dataclass(frozen=True, slots=True)
class SettlementView:
    """What a partner was paid: ``owed = sales - returns - commission + losses``, in minor units."""

    id: UUID
    organisation_id: UUID
    entity_id: UUID
    currency: str
    until: date
    lines: int
    sales: int
    returns: int
    commission: int
    losses: int
    owed: int
    at: datetime
    business_date: date


_LINES = """
SELECT kind, source_id, line_no, entity_id, place_id, product_id, currency, quantity, net, commission, owed, business_date, at,
    settlement_id
FROM consignment_line
WHERE organisation_id = %s AND (%s::uuid[] IS NULL OR place_id = ANY(%s::uuid[]))
    AND (%s::uuid IS NULL OR settlement_id = %s) AND (at, source_id, line_no, kind) < (%s, %s, %s, %s)
ORDER BY at DESC, source_id DESC, line_no DESC, kind DESC LIMIT %s
"""
_SETTLEMENTS = """
SELECT id, organisation_id, entity_id, currency, until, lines, sales, returns, commission, losses, owed, at, business_date
FROM consignment_settlement WHERE organisation_id = %s AND {which} ORDER BY id DESC LIMIT %s
"""
Before = tuple[datetime, UUID, int, str]
"""(at, source, line, kind) of the last line of the page before."""


def lines_of(
    organisation_id: UUID,
    *,
    before: Before,
    settlement_id: UUID | None = None,
    places: Collection[UUID] | None = None,
    limit: int = 100,
) -> list[LineView]:
    """A partner's lines, the latest first, at `places` (None: everywhere); of one settlement, or of all and none."""
    where = None if places is None else ids_array(places)
    params = [organisation_id, where, where, settlement_id, settlement_id, *before, limit]
    return [LineView(*row) for row in run(_LINES, params).fetchall()]


def settlements_of(organisation_id: UUID, *, before: UUID | None = None, limit: int = 50) -> list[SettlementView]:
    """A partner's settlements, the latest first."""
    sql = _SETTLEMENTS.format(which="(%s::uuid IS NULL OR id < %s)")
    return [SettlementView(*row) for row in run(sql, [organisation_id, before, before, limit]).fetchall()]


def get_settlement(organisation_id: UUID, settlement_id: UUID) -> SettlementView:
    """One settlement of a partner; raises NoSettlement."""
    row = run(_SETTLEMENTS.format(which="id = %s"), [organisation_id, settlement_id, 1]).fetchone()
    if row is None:
        raise NoSettlement("There is no such settlement of this partner.", field="settlement_id")
    return SettlementView(*row)
