"""The office's pages: the day of trade, orders, promotions, places, and who did what."""

from storeline.office.pages import coupons, home, promotion_edit, promotions
from storeline.office.pages.shared import pages

__all__ = ["coupons", "home", "pages", "promotion_edit", "promotions"]
