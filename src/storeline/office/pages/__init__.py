"""The office's pages: the day of trade, orders, promotions, places, sourcing, partners' goods, recalls, and who did what."""

from storeline.office.pages import (
    activity,
    coupons,
    export,
    first,
    home,
    order,
    orders,
    partners,
    places,
    promotion_edit,
    promotions,
    recalls,
    sourcing,
)
from storeline.office.pages.shared import pages

__all__ = [
    "activity",
    "coupons",
    "export",
    "first",
    "home",
    "order",
    "orders",
    "pages",
    "partners",
    "places",
    "promotion_edit",
    "promotions",
    "recalls",
    "sourcing",
]
