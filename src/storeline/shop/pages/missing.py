"""Something of one's order was not there: what another shop sends, and what is left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from storeline.catalog import api as catalog
from storeline.fulfilment import api as fulfilment
from storeline.orders import api as orders


@dataclass(frozen=True, slots=True)
class Missing:
    """So much of a product was not there: `moved` comes from another shop, `left` nobody near has."""

    product: catalog.ProductFacts
    moved: int
    left: int


@dataclass(frozen=True, slots=True)
class Missed:
    """What was not there, and by when what others send should be ready; None where nothing is on its way any more."""

    items: tuple[Missing, ...] = ()
    due_at: datetime | None = None


NOTHING = Missed()


def seen(progress: fulfilment.Progress) -> str:
    """What tells whether what is missing, and when it is due, look as they did."""
    moved, left = (sum(getattr(line, name) for line in progress.lines) for name in ("moved", "rejected"))
    due = f".{progress.due_at:%m%d%H%M}" if progress.due_at else ""
    return (f".{moved}.{left}.{sum(line.coming for line in progress.lines)}" if moved or left else "") + due


def missed(
    progress: fulfilment.Progress,
    lines: Iterable[orders.OrderLine],
    products: Mapping[UUID, catalog.ProductFacts] | None = None,
) -> Missed:
    """What places could not give of an order, product by product, as it stands now; `lines` and `products` are its own."""
    short = {line.product_id for line in progress.lines if line.moved or line.rejected}
    if not short:
        return NOTHING
    continues = {line.line_no for line in lines if line.continues is not None}
    known = catalog.gather(sorted(short)).result() if products is None else products
    items = tuple(
        Missing(
            known[product],
            sum(line.ordered - line.moved - line.rejected for line in of_product if line.line_no in continues),
            sum(line.rejected for line in of_product),
        )
        for product in sorted(short)
        if (of_product := [line for line in progress.lines if line.product_id == product])
    )
    return Missed(items, progress.due_at if any(line.coming for line in progress.lines) else None)
