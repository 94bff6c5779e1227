"""Having it brought: where to, and whether the chosen shop goes there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from storeline.capacity import api as capacity
from storeline.identity.api import Request
from storeline.orders import api as orders
from storeline.places import api as places
from storeline.shop.pages import points
from storeline.shop.where import Here, position

FIELDS = ("name", "street", "more", "postal_code", "city", "region", "phone", "note")
METHODS = ("deliver", "ship")
POINT = "point"
"""Collected, but elsewhere."""


def ways(at: Here) -> list[str]:
    """How goods can be had from this shop, beside collecting them there."""
    elsewhere = [POINT] if points.anywhere() else []
    able = [method for method in METHODS if method in at.place.capabilities]
    if not able:
        return elsewhere
    served = {area.method for area in capacity.areas_of(at.place.id)}
    return elsewhere + [method for method in able if method in served]


def method_of(given: Mapping[str, Any], offered: list[str]) -> str:
    """What the visitor wants of it: to collect where they did not say."""
    return next((method for method in offered if method == given.get("by")), "collect")


def fields_of(request: Request, given: Mapping[str, Any]) -> dict[str, str]:
    """What the form shows: what was typed, else where a member's last order was brought."""
    if any(name in given for name in FIELDS):
        return {name: str(given.get(name, "")).strip() for name in FIELDS}
    actor = request.actor
    known = orders.last_address(orders.records_of_actor(actor)) if actor.kind == "user" else None
    if known is None:
        return dict.fromkeys(FIELDS, "")
    street, *more = known.lines
    return {
        "name": known.name,
        "street": street,
        "more": ", ".join(more),
        "postal_code": known.postal_code,
        "city": known.city,
        "region": known.region,
        "phone": known.phone,
        "note": known.note,
    }


def address_of(at: Here, fields: Mapping[str, str], near: str = "") -> orders.Address | None:
    """The address that the form holds; None while it has no postal code. `near` is where the visitor stands, if known."""
    if not fields["postal_code"]:
        return None
    return orders.Address(
        at.facts.country,
        fields["postal_code"],
        fields["name"],
        tuple(line for line in (fields["street"], fields["more"]) if line),
        fields["city"],
        fields["region"],
        fields["phone"],
        fields["note"],
        position(near) or _town(fields["city"]),
    )


def with_you(areas: Sequence[capacity.Area], to: orders.Address | None, leaves: datetime | None) -> datetime | None:
    """About when a parcel that leaves then is at its address; None where nobody can say."""
    if to is None or leaves is None:
        return None
    area = capacity.area_for(areas, capacity.Destination(to.country, to.postal_code, to.position), "ship")
    return None if area is None else leaves + timedelta(days=area.days)


def _town(city: str) -> places.Position | None:
    """Where a town lies in which we have a place: near enough to say whether it is within reach."""
    found = places.list_places(named=city, limit=1).items if city else ()
    return found[0].position if found and found[0].city.casefold() == city.casefold() else None


def wrong(field: str) -> tuple[str, str]:
    """Which field of the form an order's refusal is about, and in which words."""
    names = {"address.lines": "street", "address.postal_code": "postal_code"}
    name = names.get(field, field.removeprefix("address.").split("[")[0])
    words = {
        "name": _("Say whom it is for."),
        "street": _("Say the street and the number."),
        "city": _("Say the town."),
        "postal_code": _("Say the postal code."),
    }
    return name, words.get(name, "")
