"""Counts by the retailer's own codes: what a stock-keeping system sends every few minutes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from storeline.kernel.api import Actor, Verdict, new_id, run
from storeline.stock.commands.goods import count
from storeline.stock.domain.goods import Counted
from storeline.stock.permissions import COUNT

_RESOLVE = """
SELECT p.id, c.id, coalesce(b.on_hand, 0)
FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY AS asked(place, product, n)
LEFT JOIN places_place p ON p.ref = asked.place
LEFT JOIN catalog_product c ON c.ref = asked.product
LEFT JOIN stock_balance b ON b.place_id = p.id AND b.product_id = c.id
ORDER BY asked.n
"""


@dataclass(frozen=True, slots=True)
class CountByRef:
    """What is on hand, by the retailer's codes of place and product, in thousandths."""

    place: str
    product: str
    quantity: int


def set_counts(asked: Sequence[CountByRef], *, actor: Actor) -> list[Verdict]:
    """Count many products at many places; each row is taken or refused on its own, in the order given.

    The same number again is `unchanged`, so a repeat needs no key.
    """
    rows = run(_RESOLVE, [[item.place for item in asked], [item.product for item in asked]]).fetchall()
    source = new_id()
    verdicts: list[Verdict] = []
    counted: list[Counted] = []
    seen: set[tuple[UUID, UUID]] = set()
    for number, (item, (place, product, on_hand)) in enumerate(zip(asked, rows, strict=True)):
        errors = _errors(item, place, product, seen, actor)
        outcome = "refused" if errors else "unchanged" if on_hand == item.quantity else "updated"
        verdicts.append(Verdict(f"{item.place} {item.product}", outcome, errors))
        seen.add((place, product))
        if outcome == "updated":
            counted.append(Counted(source, number, place, product, item.quantity, "bulk"))
    if counted:
        count(counted, actor=actor)
    return verdicts


def _errors(
    item: CountByRef, place: UUID | None, product: UUID | None, seen: set[tuple[UUID, UUID]], actor: Actor
) -> tuple[tuple[str, str], ...]:
    if place is None:
        return (("place", "There is no place with this code."),)
    if product is None:
        return (("product", "There is no product with this code."),)
    if not actor.may(COUNT, place):
        return (("place", "You may not count at this place."),)
    if item.quantity < 0:
        return (("quantity", "A count is 0 or more."),)
    if (place, product) in seen:
        return (("product", "This product was counted twice here."),)
    return ()
