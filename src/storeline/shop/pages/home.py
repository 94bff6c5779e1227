"""The shop's first page: search, what is on offer, departments."""

from __future__ import annotations

from collections import Counter

from django.http import HttpResponse

from storeline.catalog import api as catalog
from storeline.identity.api import Request
from storeline.pricing import api as pricing
from storeline.shop import basket, shelf
from storeline.shop.pages.router import pages, show
from storeline.shop.where import here

_OFFERS = 60
_SHOWN = 12
_KINDS = 3
"""A department of fewer kinds is left to the list of all."""


@pages.get("", catalog.READ, guest=True, name="home")
def home(request: Request) -> HttpResponse:
    """What a shopper comes for first."""
    at, lines = here(request), basket.read(request)
    on_offer = catalog.gather(pricing.list_offered(at.place.id, shelf.CHANNEL, limit=_OFFERS)).result()
    offers = shelf.cards(list(on_offer.values()), at, lines, member=shelf.is_member(request))
    tree = catalog.list_categories()
    return show(
        request,
        "home",
        at,
        lines,
        offers=[one for one in offers if one.shelf.regular][:_SHOWN],
        departments=departments(tree),
    )


def departments(tree: tuple[catalog.Category, ...]) -> list[catalog.Category]:
    """Roots of the tree that hold several kinds, the largest first; all roots of a small tree."""
    kinds = Counter(category.parent_id for category in tree)
    roots = [category for category in tree if category.parent_id is None]
    large = [root for root in roots if kinds[root.id] >= _KINDS]
    return sorted(large, key=lambda root: -kinds[root.id])[:_SHOWN] or roots


@pages.get("departments", catalog.READ, guest=True, name="departments")
def all_departments(request: Request) -> HttpResponse:
    """Every department."""
    roots = [category for category in catalog.list_categories() if category.parent_id is None]
    return show(request, "departments", departments=roots)
