"""What search engines are told: an index, and a map for each category, so that each is read in a few statements."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import reverse
from django.utils.html import escape
from django.utils.http import urlencode

from storeline.catalog import api as catalog
from storeline.identity.api import Request
from storeline.places import api as places
from storeline.shop import shelf
from storeline.shop.pages.router import pages
from storeline.shop.where import BUY_FROM

_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
_MOST = 50_000


@pages.get("sitemap.xml", catalog.READ, guest=True, name="sitemap")
def index(request: Request) -> HttpResponse:
    """Every map: one of shops, and one for each category that can hold products."""
    here = request.build_absolute_uri(reverse("shop:sitemap-of"))
    asked = ["shops=1", *(urlencode({"category": one.ref}) for one in catalog.list_categories())]
    maps = "".join(f"<sitemap><loc>{escape(f'{here}?{query}')}</loc></sitemap>" for query in asked)
    return _xml(f'<sitemapindex xmlns="{_NAMESPACE}">{maps}</sitemapindex>')


@pages.get("sitemap-of.xml", catalog.READ, guest=True, name="sitemap-of")
def of(request: Request) -> HttpResponse:
    """The addresses of one category's own products, or of the shops."""
    ref = request.GET.get("category")
    found = _shops() if ref is None else _products(ref)
    urls = "".join(f"<url><loc>{escape(request.build_absolute_uri(one))}</loc></url>" for one in found[:_MOST])
    return _xml(f'<urlset xmlns="{_NAMESPACE}">{urls}</urlset>')


@pages.get("robots.txt", catalog.READ, guest=True, name="robots")
def robots(request: Request) -> HttpResponse:
    """What crawlers may read: the shop, but nobody's basket, order or account."""
    closed = "".join(
        f"Disallow: /{path}\n" for path in ("basket", "checkout", "order", "account", "enter", "join", "api/")
    )
    where = request.build_absolute_uri(reverse("shop:sitemap"))
    return HttpResponse(f"User-agent: *\n{closed}Sitemap: {where}\n", content_type="text/plain; charset=utf-8")


def _shops() -> list[str]:
    found, cursor = [], None
    while True:
        page = places.list_places(capability=BUY_FROM, cursor=cursor, limit=200)
        found += [reverse("shop:place", args=[one.ref]) for one in page.items]
        cursor = page.next
        if cursor is None:
            return found


def _products(ref: str) -> list[str]:
    category = catalog.find_category(ref)
    found, cursor = [reverse("shop:category", args=[category.ref])], None
    while True:
        page = catalog.list_products(catalog.Filter(category_id=category.id, online=True), cursor=cursor, limit=200)
        own = (one for one in page.items if one.category_id == category.id)
        found += [reverse("shop:product", args=[one.ref, shelf.slug(one.name)]) for one in own]
        cursor = page.next
        if cursor is None or len(found) > _MOST:
            return found


def _xml(body: str) -> HttpResponse:
    return HttpResponse(f'<?xml version="1.0" encoding="UTF-8"?>{body}', content_type="application/xml")
