"""The shop's pages."""

from storeline.shop.pages import basket, browse, checkout, finding, home, order, product, shops, sitemap
from storeline.shop.pages.router import pages

__all__ = ["basket", "browse", "checkout", "finding", "home", "order", "pages", "product", "shops", "sitemap"]
