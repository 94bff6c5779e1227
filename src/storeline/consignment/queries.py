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


def settlements_of(
    organisation_id: UUID, *, entity_id: UUID | None = None, before: UUID | None = None, limit: int = 50
) -> list[SettlementView]:
    """A partner's settlements, with one entity or all, the latest first."""
    sql = _SETTLEMENTS.format(which="(%s::uuid IS NULL OR entity_id = %s) AND (%s::uuid IS NULL OR id < %s)")
    params = [organisation_id, entity_id, entity_id, before, before, limit]
    return [SettlementView(*row) for row in run(sql, params).fetchall()]


def get_settlement(organisation_id: UUID, settlement_id: UUID) -> SettlementView:
    """One settlement of a partner; raises NoSettlement."""
    row = run(_SETTLEMENTS.format(which="id = %s"), [organisation_id, settlement_id, 1]).fetchone()
    if row is None:
        raise NoSettlement("There is no such settlement of this partner.", field="settlement_id")
    return SettlementView(*row)


# --- for head office -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sums:
    """What became of a partner's goods, in minor units: ``owed = sales - returns + losses - commission``.

    `units` are thousandths sold less what came back; `missing` those that were lost.
    """

    sales: int = 0
    returns: int = 0
    losses: int = 0
    commission: int = 0
    owed: int = 0
    units: int = 0
    missing: int = 0


@dataclass(frozen=True, slots=True)
class Account:
    """A partner with one entity: what happened in a span of days, and what is owed until a day and not settled yet."""

    sums: Sums
    organisation_id: UUID
    name: str
    entity_id: UUID
    entity: str
    currency: str
    products: int
    places: int
    owed: int
    settled_until: date | None


@dataclass(frozen=True, slots=True)
class Part:
    """One part of what happened: a day's, a place's or a product's. `name` and `names` are empty for a day."""

    sums: Sums
    day: date | None
    id: UUID | None
    is_place: bool
    name: str
    names: dict[str, str] | None
    unit: str


@dataclass(frozen=True, slots=True)
class Held:
    """What a place has of a partner's product, in thousandths; what a missing unit is worth, in minor units."""

    place_id: UUID
    place: str
    product_id: UUID
    name: str
    names: dict[str, str] | None
    unit: str
    commission: int
    losses: str
    value: int | None
    on_hand: int
    reserved: int
    since: datetime


_SUMS = """
coalesce(sum(l.net) FILTER (WHERE l.kind = 'sale'), 0)::bigint AS sales,
coalesce(-sum(l.net) FILTER (WHERE l.kind = 'return'), 0)::bigint AS returns,
coalesce(sum(l.net) FILTER (WHERE l.kind = 'loss'), 0)::bigint AS losses,
coalesce(sum(l.commission), 0)::bigint AS commission, coalesce(sum(l.owed), 0)::bigint AS owed,
coalesce(sum(l.quantity) FILTER (WHERE l.kind <> 'loss'), 0)::bigint AS units,
coalesce(sum(l.quantity) FILTER (WHERE l.kind = 'loss'), 0)::bigint AS missing
"""
_ACCOUNTS = f"""
WITH holding AS (
    SELECT w.organisation_id, p.entity_id, count(DISTINCT w.product_id) AS products, count(DISTINCT w.place_id) AS places
    FROM stock_ownership w JOIN places_place p ON p.id = w.place_id WHERE w.until IS NULL
    GROUP BY w.organisation_id, p.entity_id
),
pairs AS (
    SELECT organisation_id, entity_id FROM holding UNION SELECT organisation_id, entity_id FROM consignment_line
)
SELECT o.id, o.name, e.id, e.name, e.currency, coalesce(h.products, 0), coalesce(h.places, 0), s.*,
    (SELECT coalesce(sum(owed), 0)::bigint FROM consignment_line n
        WHERE n.organisation_id = o.id AND n.entity_id = e.id AND n.settlement_id IS NULL AND n.business_date <= %s),
    (SELECT max(until) FROM consignment_settlement t WHERE t.organisation_id = o.id AND t.entity_id = e.id)
FROM pairs JOIN partners_organisation o ON o.id = pairs.organisation_id JOIN places_entity e ON e.id = pairs.entity_id
LEFT JOIN holding h ON h.organisation_id = o.id AND h.entity_id = e.id
CROSS JOIN LATERAL (
    SELECT {_SUMS} FROM consignment_line l
    WHERE l.organisation_id = o.id AND l.entity_id = e.id AND l.business_date BETWEEN %s AND %s
) AS s
WHERE %s::uuid IS NULL OR o.id = %s
ORDER BY o.name, o.id, e.name, e.id LIMIT 500
"""
_PARTS = f"""
WITH part AS (
    SELECT l.business_date, l.place_id, l.product_id, {_SUMS}
    FROM consignment_line l
    WHERE l.organisation_id = %s AND l.entity_id = %s AND l.business_date BETWEEN %s AND %s
    GROUP BY GROUPING SETS ((l.business_date), (l.place_id), (l.product_id))
)
SELECT part.business_date, coalesce(p.id, c.id), p.id IS NOT NULL, coalesce(p.name, c.name, ''), coalesce(p.names, c.names),
    coalesce(c.unit, 'each'), sales, returns, losses, commission, owed, units, missing
FROM part LEFT JOIN places_place p ON p.id = part.place_id LEFT JOIN catalog_product c ON c.id = part.product_id
ORDER BY part.business_date, part.sales DESC, 4, 2
"""
_HELD = """
SELECT w.place_id, p.name, w.product_id, c.name, c.names, c.unit, g.commission, g.losses, w.value, coalesce(b.on_hand, 0),
    coalesce(b.reserved, 0), w.since
FROM stock_ownership w JOIN partners_agreement g ON g.id = w.agreement_id
JOIN places_place p ON p.id = w.place_id JOIN catalog_product c ON c.id = w.product_id
LEFT JOIN stock_balance b ON b.place_id = w.place_id AND b.product_id = w.product_id
WHERE w.organisation_id = %s AND p.entity_id = %s AND w.until IS NULL AND (%s::uuid IS NULL OR w.place_id = %s)
    AND (p.name, p.id, c.name, c.id) > (%s, %s, %s, %s)
ORDER BY p.name, p.id, c.name, c.id LIMIT %s
"""
_OF_SETTLEMENT = f"""
SELECT NULL::date, c.id, false, c.name, c.names, c.unit, s.sales, s.returns, s.losses, s.commission, s.owed, s.units, s.missing
FROM (
    SELECT l.product_id, {_SUMS} FROM consignment_line l WHERE l.settlement_id = %s GROUP BY l.product_id
) AS s JOIN catalog_product c ON c.id = s.product_id ORDER BY c.name, c.id
"""


def accounts(first: date, last: date, *, organisation_id: UUID | None = None) -> list[Account]:
    """Partners whose goods are sold for them (or one of them), by entity: what happened from `first` to `last`.

    `owed` is what is not settled yet of all days until `last`.
    """
    rows = run(_ACCOUNTS, [last, first, last, organisation_id, organisation_id]).fetchall()
    return [Account(Sums(*row[7:14]), *row[:7], *row[14:]) for row in rows]


def parts(organisation_id: UUID, entity_id: UUID, first: date, last: date) -> list[Part]:
    """What happened to a partner's goods from `first` to `last`: by day, by place and by product, the most sold first."""
    rows = run(_PARTS, [organisation_id, entity_id, first, last]).fetchall()
    return [Part(Sums(*row[6:]), *row[:6]) for row in rows]


Here = tuple[str, UUID, str, UUID]
"""(place, its id, product, its id) of the last row of the page before."""
FIRST_HELD: Here = ("", UUID(int=0), "", UUID(int=0))


def held(
    organisation_id: UUID, entity_id: UUID, *, place_id: UUID | None = None, after: Here = FIRST_HELD, limit: int = 50
) -> list[Held]:
    """What a partner owns now with an entity, place by place, by name."""
    rows = run(_HELD, [organisation_id, entity_id, place_id, place_id, *after, limit]).fetchall()
    return [Held(*row) for row in rows]


def statement(settlement_id: UUID) -> list[Part]:
    """What a settlement is made of, product by product, by name."""
    return [Part(Sums(*row[6:]), *row[:6]) for row in run(_OF_SETTLEMENT, [settlement_id]).fetchall()]
