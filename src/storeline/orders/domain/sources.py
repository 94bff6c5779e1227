"""Which place gives what of an order, as its lines say it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from storeline.orders.domain.drafts import Draft, DraftLine
from storeline.sourcing import api as sourcing

Gives = Mapping[UUID, Sequence[tuple[UUID, int]]]
"""By product: the places that give it, and how much."""


def lacking(draft: Draft, promisable: Mapping[UUID, int]) -> dict[UUID, int]:
    """How much of each product the serving place cannot promise: whole units, or all of what is weighed in one piece."""
    wanted: dict[UUID, int] = {}
    for line in draft.lines:
        wanted[line.product_id] = wanted.get(line.product_id, 0) + line.quantity
    each = {key: sourcing.lacking(quantity, promisable.get(key, 0)) for key, quantity in wanted.items()}
    return {key: missing for key, missing in each.items() if missing}


def served(draft: Draft, serving: UUID, gives: Gives) -> Draft:
    """The draft, served by `serving`, each line from the places that give it: what they give beyond is the serving one's.

    A line that comes from several places is divided; its first part stays where it was, the others follow the last line.
    """
    left = {(product, place): quantity for product, given in gives.items() for place, quantity in given}
    lines: list[DraftLine] = []
    more: list[tuple[DraftLine, UUID]] = []
    from_places: dict[int, UUID] = {}
    for index, line in enumerate(draft.lines):
        parts = _parts(line, serving, left)
        lines.append(line._replace(quantity=parts[0][1]))
        from_places[index] = parts[0][0]
        more += [(line._replace(quantity=quantity), place) for place, quantity in parts[1:]]
    from_places |= {len(lines) + index: place for index, (_, place) in enumerate(more)}
    return replace(
        draft,
        served_by=serving,
        lines=(*lines, *(line for line, _ in more)),
        from_places={index: place for index, place in from_places.items() if place != serving} or None,
    )


def divided(draft: Draft, chosen: Draft) -> bool:
    """Whether a line of the first became several of the second."""
    return len(chosen.lines) != len(draft.lines)


def _parts(line: DraftLine, serving: UUID, left: dict[tuple[UUID, UUID], int]) -> list[tuple[UUID, int]]:
    """From where so much of a line comes; takes it from what is left."""
    parts, wanted = [], line.quantity
    for (product, place), there in list(left.items()):
        taken = min(wanted, there) if product == line.product_id and place != serving else 0
        if taken:
            left[product, place] -= taken
            wanted -= taken
            parts.append((place, taken))
    return [*([(serving, wanted)] if wanted else []), *parts]
