"""Pure rules of the desk: what is picked first, which line a scan answers, what a shopper's code says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from storeline.catalog.api import ProductFacts
from storeline.fulfilment.api import OfferView, TaskLine, left_to_reject
from storeline.kernel.api import QUANTITY_ONE, format_quantity

WALK = ("ambient", "fresh", "chilled", "frozen", "hot")
"""Cold goods are taken last, so that they are out of the cold for the shortest time; hot ones after them."""
_ORDER = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_SAID_MINUTES = 120
_LONGEST = 2_000
_NEARLY = 10
"""Of weighed goods up to a tenth less is what was ordered: a scale seldom shows exactly that."""
_CODE = re.compile(r"(?<!\d)\d{3}[ -]?\d{3}(?!\d)")


@dataclass(frozen=True, slots=True)
class Offered:
    """Other goods that were offered instead of some of a line, and what became of that."""

    id: UUID
    product: ProductFacts
    missing: int
    quantity: int
    state: str
    until: datetime

    @property
    def is_open(self) -> bool:
        """Whether the shopper has still to answer."""
        return self.state == "offered"


@dataclass(frozen=True, slots=True)
class Comes:
    """What another place gives to an order, and when it should be here; why that is later than it was promised, if it is."""

    id: UUID
    name: str
    due_at: datetime
    is_sent: bool
    late: str = ""
    promised_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PickLine:
    """A line with what is known of its product. Quantities are thousandths of the product's unit.

    `offers` are what was offered instead of it; a line that itself came instead of another names it in `instead_of`.
    What `comes` from another place is taken in, not picked; `rejectable` can still be looked for elsewhere.
    """

    line_no: int
    product: ProductFacts
    ordered: int
    picked: int | None
    offers: tuple[Offered, ...] = ()
    instead_of: ProductFacts | None = None
    comes: Comes | None = None
    rejectable: int = 0

    @property
    def replaced(self) -> int:
        """What the shopper takes something else for."""
        return sum(one.missing for one in self.offers if one.state == "accepted")

    @property
    def asked(self) -> int:
        """What the shopper was offered something else for, without an answer yet."""
        return sum(one.missing for one in self.asked_of)

    @property
    def asked_of(self) -> tuple[Offered, ...]:
        """The offers without an answer yet."""
        return tuple(one for one in self.offers if one.is_open)

    @property
    def is_full(self) -> bool:
        """All that was ordered is there, or replaced."""
        return self.picked is not None and self.picked + self.replaced == self.ordered

    @property
    def missing(self) -> int:
        """What is neither there nor offered otherwise; nothing before somebody looked."""
        return 0 if self.picked is None else self.ordered - self.picked - self.replaced - self.asked

    @property
    def lacks(self) -> bool:
        """Whether so much is missing that the shopper should be offered something for it."""
        return self.missing > 0 and not nearly(self.product, self.ordered, self.missing)

    @property
    def state(self) -> Literal["open", "coming", "asked", "part", "none", "full"]:
        """Whether somebody looked, and how much of it was there."""
        if self.comes is not None:
            return "coming"
        if self.picked is None:
            return "open"
        if self.asked:
            return "asked"
        if not self.lacks:
            return "full"
        return "part" if self.picked or self.replaced else "none"

    @property
    def all_of_it(self) -> str:
        """What was ordered, as a form sends it."""
        return format_quantity(self.ordered)

    @property
    def one_more(self) -> str | None:
        """What is picked after one tap, as a form sends it; None where nothing is missing or it must be weighed."""
        most = self.ordered - self.replaced - self.asked
        if self.product.by_weight or (self.picked or 0) >= most:
            return None
        return format_quantity(min((self.picked or 0) + QUANTITY_ONE, most))


def nearly(product: ProductFacts, ordered: int, missing: int) -> bool:
    """Whether what was weighed is as good as all of it."""
    return product.by_weight and 0 < missing <= ordered // _NEARLY


def pick_lines(
    lines: Sequence[TaskLine],
    products: Mapping[UUID, ProductFacts],
    offers: Iterable[OfferView] = (),
    comes: Mapping[int, Comes] | None = None,
) -> list[PickLine]:
    """The lines in the order of one walk through the shop: by temperature, then department, then shelf."""
    made: dict[int, list[OfferView]] = {}
    came: dict[int, int] = {}
    for one in offers:
        made.setdefault(one.replaces, []).append(one)
        if one.state == "accepted":
            came[one.line_no] = one.replaces
    bought = {line.line_no: line.product_id for line in lines}
    found = [
        PickLine(
            line.line_no,
            products[line.product_id],
            line.ordered - line.moved,
            line.picked,
            tuple(_offered(one, products) for one in made.get(line.line_no, ()) if one.product_id in products),
            products.get(bought[came[line.line_no]]) if line.line_no in came else None,
            (comes or {}).get(line.line_no) if line.coming else None,
            left_to_reject(line),
        )
        for line in lines
        if line.product_id in products and (line.ordered > line.moved or not line.ordered)
    ]
    return sorted(
        found,
        key=lambda one: (
            WALK.index(one.product.temperature) if one.product.temperature in WALK else 0,
            one.product.category_path,
            one.line_no,
        ),
    )


def _offered(one: OfferView, products: Mapping[UUID, ProductFacts]) -> Offered:
    return Offered(one.id, products[one.product_id], one.missing, one.quantity, one.state, one.expires_at)


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


def goes_on_sale(product: ProductFacts, *, is_fresh: bool) -> bool:
    """Whether goods that come back may be sold again: those kept cold only where they never left the shop."""
    return is_fresh or product.temperature == "ambient"


def taken(text: str) -> dict[int, int]:
    """How much of which line comes back, as an address says it (``3_1000-7_2000``); what makes no sense is left out."""
    found = {}
    for part in text[:_LONGEST].split("-"):
        number, _, quantity = part.partition("_")
        if number.isdecimal() and quantity.isdecimal():
            found[int(number)] = int(quantity)
    return found


@dataclass(frozen=True, slots=True)
class Due:
    """When an order is due as people say it: so many minutes late or left, or neither where it is far off."""

    late: int = 0
    left: int = 0


def due(due_at: datetime, moment: datetime) -> Due:
    """Minutes late, from the first one on, or left where that is less than two hours."""
    minutes = int((due_at - moment) / timedelta(minutes=1))
    if due_at < moment:
        return Due(late=max(-minutes, 1))
    return Due(left=max(minutes, 1)) if minutes < _SAID_MINUTES else Due()
