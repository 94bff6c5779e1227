"""One category: what is below it, and its products a page at a time."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpResponse
from django.urls import reverse

from storeline.catalog import api as catalog
from storeline.identity.api import Request
from storeline.shop import basket, departments, shelf
from storeline.shop.pages.router import pages, show
from storeline.shop.where import here

PAGE = 48


@pages.get("c/<path:ref>", catalog.READ, guest=True, name="category")
def category(request: Request, ref: str) -> HttpResponse:
    """A category by its ref."""
    found = departments.find(ref)
    if found is None:
        raise catalog.CategoryNotFound("There is no such category.", field="category")
    at, lines = here(request), basket.read(request)
    only = catalog.Filter(category_id=found.id, online=True)
    page = catalog.list_products(only, cursor=request.GET.get("after") or None, limit=PAGE)
    return show(
        request,
        "category",
        at,
        lines,
        category=found,
        crumbs=departments.way_to(found.id)[:-1],
        below=departments.below(found.id),
        cards=shelf.cards(page.items, at, lines, member=shelf.is_member(request)),
        next=page.next and f"{reverse('shop:category', args=[ref])}?{urlencode({'after': page.next})}",
    )
