"""The office's pages: the day of trade, orders, promotions, places, and who did what."""

from storeline.office.pages import home
from storeline.office.pages.shared import pages

__all__ = ["home", "pages"]
