"""Parcels that wait for somebody at a place: our own orders picked elsewhere, and a partner's. Pure rules."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from storeline.fulfilment.errors import NotTaken, ParcelClosed
from storeline.kernel.api import Invalid

KEPT_FOR = timedelta(days=7)
"""How long a parcel waits for whoever it is for, before it goes back."""


class ParcelState(StrEnum):
    """On its way to the point; there; with whoever it is for; to go back, unclaimed; back with who sent it."""

    ANNOUNCED = "announced"
    ARRIVED = "arrived"
    HANDED_OVER = "handed_over"
    RETURNING = "returning"
    RETURNED = "returned"


CLOSED = frozenset({"handed_over", "returned"})
_STANDS = {
    "announced": "The parcel has not arrived yet.",
    "arrived": "The parcel has arrived.",
    "handed_over": "The parcel was handed over.",
    "returning": "The parcel is to go back.",
    "returned": "The parcel went back.",
}


@dataclass(frozen=True, slots=True)
class Contact:
    """How to tell whoever it is for: personal data, kept until the parcel is closed."""

    email: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Announced:
    """A partner's parcel that will come: `id` is the client's, `reference` what the partner calls it, `label` its bar code."""

    id: UUID
    place_id: UUID
    reference: str
    label: str
    temperature: str = "ambient"
    contact: Contact = Contact()


@dataclass(frozen=True, slots=True)
class Parcel:
    """A parcel at a point, or on its way there; of our own `order_id`, or of the partner behind `client_id`."""

    id: UUID
    place_id: UUID
    order_id: UUID | None
    client_id: UUID | None
    reference: str
    label: str
    temperature: str
    compartment: str
    state: str
    announced_at: datetime
    arrived_at: datetime | None
    keep_until: datetime | None
    closed_at: datetime | None


def check_announced(parcel: Announced, keeps: Collection[str], *, collects: bool) -> None:
    """Refuse a parcel that the place could not keep, naming the field."""
    for name, longest in (("reference", 64), ("label", 64)):
        text = getattr(parcel, name)
        if not 0 < len(text) <= longest or not text.isprintable():
            raise Invalid(f"From 1 to {longest} characters.", field=name)
    if not collects:
        raise NotTaken("Nothing can be collected at this place.", field="place")
    if parcel.temperature not in keeps:
        raise NotTaken(f"This place does not keep {parcel.temperature} goods.", field="temperature")


def check_step(parcel: Parcel, *allowed: str) -> None:
    """Refuse a parcel that is not at one of these steps."""
    if parcel.state not in allowed:
        raise ParcelClosed(_STANDS[parcel.state], field="parcel")
