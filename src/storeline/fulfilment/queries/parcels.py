"""Reads of parcels that wait at places."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from storeline.fulfilment.domain.parcels import Parcel
from storeline.fulfilment.errors import NoParcel
from storeline.kernel.api import ids_array, run

PARCEL = """
SELECT id, place_id, order_id, client_id, reference, label, temperature, compartment, state, announced_at, arrived_at,
    keep_until, closed_at
FROM fulfilment_parcel
"""
_NUMBERED = f"{PARCEL} WHERE place_id = %s AND upper(reference) = %s AND closed_at IS NULL LIMIT 2"


def get_parcel(parcel_id: UUID) -> Parcel:
    """One parcel; raises NoParcel."""
    row = run(f"{PARCEL} WHERE id = %s", [parcel_id]).fetchone()
    if row is None:
        raise NoParcel("There is no such parcel.")
    return Parcel(*row)


def find_parcel(place_id: UUID, label: str) -> Parcel | None:
    """The parcel with this label that a place expects or has; of several the one that is expected.

    It is found by its reference too, where only one there has it: of our own that is the order's number, which is on the bag.
    """
    rows = run(
        f"{PARCEL} WHERE place_id = %s AND label = %s AND closed_at IS NULL ORDER BY state = 'announced' DESC, id LIMIT 1",
        [place_id, label],
    ).fetchall()
    number = label.replace(" ", "").removeprefix("#").upper()
    rows = rows or run(_NUMBERED, [place_id, number]).fetchall()
    return Parcel(*rows[0]) if len(rows) == 1 else None


def parcels_at(place_id: UUID, states: Collection[str], *, after: UUID | None = None, limit: int = 100) -> list[Parcel]:
    """A place's parcels in these states, by id, after one of them."""
    sql = f"{PARCEL} WHERE place_id = %s AND state = ANY(%s::text[]) AND (%s::uuid IS NULL OR id > %s) ORDER BY id LIMIT %s"
    return [Parcel(*row) for row in run(sql, [place_id, list(states), after, after, limit]).fetchall()]


@dataclass(frozen=True, slots=True)
class Shipment:
    """The parcel that an order was sent in."""

    order_id: UUID
    carrier: str
    tracking: str
    shipped_at: datetime


def get_shipment(order_id: UUID) -> Shipment | None:
    """The parcel that an order was sent in, once it has left."""
    sql = "SELECT order_id, carrier, tracking, shipped_at FROM fulfilment_shipment WHERE order_id = %s"
    row = run(sql, [order_id]).fetchone()
    return None if row is None else Shipment(*row)


def parcels_of(order_ids: Collection[UUID]) -> dict[UUID, Parcel]:
    """The parcels that these orders travel in, by order; one collected where it is picked is absent."""
    rows = run(f"{PARCEL} WHERE order_id = ANY(%s::uuid[])", [ids_array(order_ids)]).fetchall()
    return {row[2]: Parcel(*row) for row in rows}


def returning_to(place_id: UUID, limit: int = 100) -> list[Parcel]:
    """Own parcels that nobody claimed, on their way back to the place that picked them."""
    sql = f"""
SELECT p.* FROM ({PARCEL} WHERE state = 'returning') p JOIN orders_order o ON o.id = p.order_id
WHERE o.served_by_id = %s ORDER BY p.id LIMIT %s
"""
    return [Parcel(*row) for row in run(sql, [place_id, limit]).fetchall()]
