"""Whose goods they are: a product at a place is the retailer's, or as a whole one partner's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Owned:
    """A wish: this product at this place is sold for a partner under that agreement; None: it is the retailer's own.

    `value` is what a unit is worth to its owner where it is missing, in minor units; needed where the retailer bears losses.
    """

    place_id: UUID
    product_id: UUID
    agreement_id: UUID | None
    value: int | None = None


@dataclass(frozen=True, slots=True)
class Ownership:
    """Whose a product at a place is, since when; `until` None: still."""

    id: UUID
    place_id: UUID
    product_id: UUID
    organisation_id: UUID
    agreement_id: UUID
    value: int | None
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class OwnedLevel:
    """What is there of a partner's product, in thousandths."""

    ownership: Ownership
    on_hand: int
    reserved: int


@dataclass(frozen=True, slots=True)
class OwnedMove:
    """What moved a partner's product: `quantity` is signed thousandths, positive into the place."""

    source_id: UUID
    line_no: int
    kind: str
    place_id: UUID
    product_id: UUID
    quantity: int
    at: datetime
    reason: str | None
