"""Pure rules of the desk: what is picked first, which line a scan answers, what a shopper's code says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from storeline.catalog.api import ProductFacts
from storeline.fulfilment.api import TaskLine
from storeline.kernel.api import QUANTITY_ONE, format_quantity

WALK = ("ambient", "fresh", "chilled", "frozen", "hot")
"""Cold goods are taken last, so that they are out of the cold for the shortest time; hot ones after them."""
_ORDER = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_CODE = re.compile(r"(?<!\d)\d{3}[ -]?\d{3}(?!\d)")


@dataclass(frozen=True, slots=True)
class PickLine:
    """A line with what is known of its product. Quantities are thousandths of the product's unit."""

    line_no: int
    product: ProductFacts
    ordered: int
    picked: int | None

    @property
    def is_full(self) -> bool:
        """All that was ordered is there."""
        return self.picked == self.ordered

    @property
    def state(self) -> Literal["open", "part", "none", "full"]:
        """Whether somebody looked, and how much of it was there."""
        if self.picked is None:
            return "open"
        if self.is_full:
            return "full"
        return "part" if self.picked else "none"

    @property
    def one_more(self) -> str | None:
        """What is picked after one tap, as a form sends it; None where nothing is missing or it must be weighed."""
        if self.is_full or self.product.by_weight:
            return None
        return format_quantity(min((self.picked or 0) + QUANTITY_ONE, self.ordered))


def pick_lines(lines: Iterable[TaskLine], products: Mapping[UUID, ProductFacts]) -> list[PickLine]:
    """The lines in the order of one walk through the shop."""
    found = [
        PickLine(line.line_no, products[line.product_id], line.ordered, line.picked)
        for line in lines
        if line.product_id in products
    ]
    return sorted(
        found,
        key=lambda one: (
            WALK.index(one.product.temperature) if one.product.temperature in WALK else 0,
            one.product.category_path,
            one.line_no,
        ),
    )


def target(lines: Sequence[PickLine], product_id: UUID) -> PickLine | Literal["wrong", "full"]:
    """The line that a scanned product answers: the first that still wants some of it."""
    of_product = [line for line in lines if line.product.id == product_id]
    if not of_product:
        return "wrong"
    return next((line for line in of_product if not line.is_full), "full")


def collection_of(text: str) -> tuple[UUID | None, str]:
    """The order and the code in what a shopper's QR says; of a typed code the code alone."""
    order = _ORDER.search(text)
    if order is None:
        return None, text.strip()
    code = _CODE.search(text, order.end())
    return UUID(order[0]), code[0] if code else ""
