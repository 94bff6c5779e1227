"""Saying whose goods a product at a place are."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from storeline.catalog import api as catalog
from storeline.kernel.api import (
    Actor,
    Event,
    Invalid,
    ids_array,
    ints_array,
    now,
    pipeline,
    publish,
    run,
    trail,
    transaction,
)
from storeline.partners import api as partners
from storeline.places import api as places
from storeline.stock.domain.goods import Level, Pair
from storeline.stock.domain.owners import Owned, Ownership
from storeline.stock.errors import OtherOwner
from storeline.stock.locks import lock, take_turn
from storeline.stock.permissions import OWN
from storeline.stock.queries.owners import owners_of

MOST = 1000
_END = """
UPDATE stock_ownership w SET until = greatest(%s, w.since)
FROM unnest(%s::uuid[], %s::uuid[]) AS asked(place_id, product_id)
WHERE w.place_id = asked.place_id AND w.product_id = asked.product_id AND w.until IS NULL
"""
_BEGIN = """
INSERT INTO stock_ownership (place_id, product_id, organisation_id, agreement_id, value, since)
SELECT place_id, product_id, organisation_id, agreement_id, value, %s
FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::uuid[], %s::bigint[])
    AS begun(place_id, product_id, organisation_id, agreement_id, value)
"""


def set_owners(rows: Sequence[Owned], *, actor: Actor) -> int:
    """Say whose these products are from now on; how many changed. All or none.

    Goods never change their owner by this: from one owner to another only where nothing of the product is there or
    promised, else OtherOwner; from one agreement with a partner to its next at any time. Said again, nothing changes.
    """
    _check(rows)
    with transaction():
        agreed = _gather(rows, actor)
        pairs = {(row.place_id, row.product_id) for row in rows}
        take_turn()  # whoever receives what the place never kept waits for us, or we for them
        with pipeline():
            locked = lock(pairs)
            found = owners_of(pairs)
        levels, before = locked.result(), found.result()
        changed = [row for row in rows if not _same(row, before.get((row.place_id, row.product_id)))]
        for index, row in enumerate(rows):
            if row in changed:
                _check_empty(row, f"rows[{index}]", agreed, before, levels)
        if changed:
            _write(changed, agreed, actor)
        return len(changed)


@dataclass(frozen=True, slots=True)
class _Terms:
    organisation_id: UUID
    losses: str


def _check(rows: Sequence[Owned]) -> None:
    if not 0 < len(rows) <= MOST:
        raise Invalid(f"There are 1 to {MOST} rows.", field="rows")
    if len({(row.place_id, row.product_id) for row in rows}) < len(rows):
        raise Invalid("A product is named twice at a place.", field="rows")
    for index, row in enumerate(rows):
        if row.value is not None and row.value < 0:
            raise Invalid("A value is 0 or more.", field=f"rows[{index}].value")


def _agreements(rows: Sequence[Owned]) -> dict[UUID, partners.AgreementView]:
    found: dict[UUID, partners.AgreementView] = {}
    for index, row in enumerate(rows):
        if row.agreement_id is not None and row.agreement_id not in found:
            try:
                found[row.agreement_id] = partners.get_agreement(row.agreement_id)
            except partners.PartnerNotFound as error:
                error.field = f"rows[{index}].agreement"
                raise
    return found


def _gather(rows: Sequence[Owned], actor: Actor) -> dict[UUID, _Terms]:
    """Refuse unknown ids and places where the actor may not, and agreements that do not say how; the terms of each."""
    with pipeline():
        known_places = places.gather(list({row.place_id for row in rows}))
        known_products = catalog.gather(list({row.product_id for row in rows}))
    here, products = known_places.result(), known_products.result()
    agreements = _agreements(rows)
    moment = now()
    for index, row in enumerate(rows):
        field = f"rows[{index}]"
        if row.place_id not in here:
            raise Invalid("There is no such place.", field=f"{field}.place")
        if row.product_id not in products:
            raise Invalid("There is no such product.", field=f"{field}.product")
        actor.require(OWN, row.place_id)
        if row.agreement_id is None:
            continue
        one = agreements[row.agreement_id]
        if one.commission is None or one.losses is None:
            raise Invalid(
                "The agreement says nothing of goods that are sold for the partner.", field=f"{field}.agreement"
            )
        if not one.starts_at <= moment or (one.ends_at is not None and one.ends_at <= moment):
            raise Invalid("The agreement is not in force.", field=f"{field}.agreement")
        if not _reaches(one, row.place_id, here[row.place_id].entity_id):
            raise Invalid("The agreement does not hold at this place.", field=f"{field}.place")
        if one.losses == "retailer" and row.value is None:
            raise Invalid("The retailer bears losses: say what a unit is worth.", field=f"{field}.value")
    return {key: _Terms(one.organisation_id, one.losses or "") for key, one in agreements.items()}


def _reaches(one: partners.AgreementView, place: UUID, entity: UUID) -> bool:
    if one.place_ids is None and one.entity_ids is None:
        return True
    return place in (one.place_ids or ()) or entity in (one.entity_ids or ())


def _same(row: Owned, before: Ownership | None) -> bool:
    if before is None:
        return row.agreement_id is None
    return (row.agreement_id, row.value) == (before.agreement_id, before.value)


def _check_empty(
    row: Owned,
    field: str,
    agreed: Mapping[UUID, _Terms],
    before: Mapping[Pair, Ownership],
    levels: Mapping[Pair, Level],
) -> None:
    pair = (row.place_id, row.product_id)
    owner = None if row.agreement_id is None else agreed[row.agreement_id].organisation_id
    level = levels.get(pair, Level(0, 0))
    same = pair in before and before[pair].organisation_id == owner
    if not same and (level.on_hand or level.reserved):
        raise OtherOwner("Some of it is there, or promised: sell it, or send it back, first.", field=f"{field}.product")


def _write(rows: Collection[Owned], agreed: Mapping[UUID, _Terms], actor: Actor) -> None:
    moment = now()
    begun = [(row, row.agreement_id) for row in rows if row.agreement_id is not None]
    with pipeline():
        run(_END, [moment, ids_array(row.place_id for row in rows), ids_array(row.product_id for row in rows)])
        run(
            _BEGIN,
            [
                moment,
                ids_array(row.place_id for row, _ in begun),
                ids_array(row.product_id for row, _ in begun),
                ids_array(agreed[agreement].organisation_id for _, agreement in begun),
                ids_array(agreement for _, agreement in begun),
                ints_array(row.value for row, _ in begun),
            ],
        )
        for row in rows:
            detail = {"agreement": row.agreement_id and str(row.agreement_id)}
            trail(actor, "stock.own", row.product_id, place_id=row.place_id, detail=detail)
        publish([Event("stock.owned", row.product_id, row.place_id) for row in rows])
