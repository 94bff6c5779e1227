"""Where orders go that are brought, or collected at another place than the one that picks them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from storeline.kernel.api import Pending, Row, ids_array, later, run
from storeline.orders.domain.drafts import Address, Contact
from storeline.places.api import Position

_DESTINATIONS = """
SELECT order_id, place_id, area_id, fee_line, forgotten_at IS NOT NULL, country, postal_code, name, lines, city, region, phone,
    note, latitude, longitude
FROM orders_destination WHERE order_id = ANY(%s::uuid[])
"""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where an order goes: to a collection point, or to an address, which is None once it was forgotten.

    `fee_line` is the number of the line that the bringing costs, None where it is free.
    """

    order_id: UUID
    point: UUID | None
    area_id: UUID | None
    fee_line: int | None
    address: Address | None


def destinations(order_ids: Collection[UUID]) -> Pending[dict[UUID, Destination]]:
    """Queue where these orders go; one that is carried out, or collected where it is picked, is absent."""
    return later(_DESTINATIONS, [ids_array(order_ids)], lambda rows: {row[0]: _destination(row) for row in rows})


_CONTACTS = """
SELECT order_id, email, phone, language FROM orders_contact
WHERE order_id = ANY(%s::uuid[]) AND (ended_at IS NULL OR %s)
"""


def contacts(order_ids: Collection[UUID], *, ended: bool = False) -> Pending[dict[UUID, Contact]]:
    """Queue how whoever ordered these wants to be told; one that is written about in English alone is absent.

    One that has ended is absent too: what is kept of it is for recalls. `ended` gives that also, to whose it is.
    """
    return later(_CONTACTS, [ids_array(order_ids), ended], lambda rows: {row[0]: Contact(*row[1:]) for row in rows})


def _destination(row: Row) -> Destination:
    order_id, point, area_id, fee_line, forgotten, country, code, name, street, *rest = row
    if point is not None or forgotten:
        return Destination(order_id, point, area_id, fee_line, None)
    city, region, phone, note, latitude, longitude = rest
    position = None if latitude is None else Position(latitude, longitude)
    lines = tuple(street.split("\n"))
    return Destination(
        order_id, None, area_id, fee_line, Address(country, code, name, lines, city, region, phone, note, position)
    )


_LAST_ADDRESS = """
SELECT d.order_id FROM orders_order o JOIN orders_destination d ON d.order_id = o.id
WHERE o.customer_id = ANY(%s::uuid[]) AND d.place_id IS NULL AND d.forgotten_at IS NULL ORDER BY o.placed_at DESC LIMIT 1
"""


def last_address(customer_ids: Collection[UUID]) -> Address | None:
    """Where the last order of these customers was brought, for a form that they fill in; None where there is none."""
    found = run(_LAST_ADDRESS, [ids_array(customer_ids)]).fetchone()
    return None if found is None else destinations([found[0]]).result()[found[0]].address
