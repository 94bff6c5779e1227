"""Search, and what it suggests while somebody types."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpResponse
from django.urls import reverse

from storeline.catalog import api as catalog
from storeline.identity.api import Request
from storeline.shop import basket, shelf
from storeline.shop.pages.router import pages, show
from storeline.shop.where import here
from storeline.web.pages import render

PAGE = 24
_SUGGESTED = 7
_ONLINE = catalog.Filter(online=True)


@pages.get("search", catalog.READ, guest=True, name="search")
def search(request: Request) -> HttpResponse:
    """Products by what was typed."""
    words = request.GET.get("q", "").strip()[:200]
    at, lines = here(request), basket.read(request)
    if not words:
        return show(request, "search", at, lines, q="", cards=[], next=None)
    page = catalog.search(words, _ONLINE, cursor=request.GET.get("after") or None, limit=PAGE)
    found = shelf.cards([hit.product for hit in page.hits], at, lines, member=shelf.is_member(request))
    after = page.next and f"{reverse('shop:search')}?{urlencode({'q': words, 'after': page.next})}"
    return show(request, "search", at, lines, q=words, cards=found, next=after)


@pages.get("suggest", catalog.READ, guest=True, name="suggest")
def suggest(request: Request) -> HttpResponse:
    """The first few, as links; one wait or two."""
    words = request.GET.get("q", "").strip()[:200]
    hits = catalog.search(words, _ONLINE, limit=_SUGGESTED).hits if words else ()
    found = [
        {
            "ref": hit.product.ref,
            "slug": shelf.slug(hit.product.name),
            "name": shelf.name_of(hit.product),
            "kind": shelf.kind_of(hit.product),
        }
        for hit in hits
    ]
    return render(request, "shop/suggest.html", {"found": found, "q": words})
