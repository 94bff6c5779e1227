"""Something of one's order was not there: what another shop sends, and what is left out."""

from __future__ import annotations

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

    @property
    def version(self) -> str:
        """What tells whether it looks as it did."""
        return f"{sum(one.moved + one.left for one in self.items)}{'.' if self.due_at else ''}" if self.items else ""


NOTHING = Missed()


def missed(order_id: UUID) -> Missed:
    """What places could not give of this order, product by product, as it stands now. Whose it is was checked before."""
    rejections = fulfilment.rejections_of([order_id]).get(order_id, ())
    if not rejections:
        return NOTHING
    task = fulfilment.get_task(order_id)
    continues = {line.line_no for line in orders.lines([order_id]).result()[order_id] if line.continues is not None}
    moved: dict[UUID, int] = dict.fromkeys([one.product_id for one in rejections], 0)
    left = dict(moved)
    for line in task.lines:
        left[line.product_id] = left.get(line.product_id, 0) + line.rejected
        if line.line_no in continues:
            moved[line.product_id] += line.ordered - line.moved - line.rejected
    products = catalog.gather(sorted(moved)).result()
    items = tuple(Missing(products[one], moved[one], left[one]) for one in moved)
    return Missed(items, task.due_at if any(line.coming for line in task.lines) else None)
