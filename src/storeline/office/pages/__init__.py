"""The office's pages: the day of trade, orders, promotions, places, and who did what."""

from storeline.office.pages import activity, coupons, home, order, orders, promotion_edit, promotions
from storeline.office.pages.shared import pages

__all__ = ["activity", "coupons", "home", "order", "orders", "pages", "promotion_edit", "promotions"]
