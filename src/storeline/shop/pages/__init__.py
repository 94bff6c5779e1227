"""The shop's pages."""

from storeline.shop.pages import (
    account,
    basket,
    browse,
    checkout,
    finding,
    first,
    forget,
    home,
    nearby,
    order,
    own,
    product,
    retime,
    returns,
    shops,
    sitemap,
    substitutes,
)
from storeline.shop.pages.router import pages

__all__ = [
    "account",
    "basket",
    "browse",
    "checkout",
    "finding",
    "first",
    "forget",
    "home",
    "nearby",
    "order",
    "own",
    "pages",
    "product",
    "retime",
    "returns",
    "shops",
    "sitemap",
    "substitutes",
]
