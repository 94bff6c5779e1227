"""One product: its price and what law asks beside it, what is in it, and which shops near here have it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpResponse, HttpResponsePermanentRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from storeline.catalog import api as catalog
from storeline.identity.api import Request
from storeline.kernel.api import QUANTITY_ONE, format_amount, now
from storeline.places import api as places
from storeline.pricing import api as pricing
from storeline.shop import basket, shelf
from storeline.shop.pages.browse import way_to
from storeline.shop.pages.router import pages, show
from storeline.shop.where import Here, here, position
from storeline.sourcing import api as sourcing
from storeline.stock import api as stock
from storeline.web.pages import render

_NEARBY = 6


@dataclass(frozen=True, slots=True)
class Nearby:
    """A shop that has the product, or not."""

    ref: str
    name: str
    has: bool
    km: int | None


@pages.get("p/<str:ref>/<str:slug>", catalog.READ, guest=True, name="product")
def product(request: Request, ref: str, slug: str) -> HttpResponse:
    """A product at its one address."""
    facts = catalog.find_by_ref([ref]).get(ref)
    if facts is None:
        raise catalog.ProductNotFound("There is no such product.")
    if slug != shelf.slug(facts.name):
        return HttpResponsePermanentRedirect(reverse("shop:product", args=[ref, shelf.slug(facts.name)]))
    at, lines = here(request), basket.read(request)
    whole = catalog.get(facts.id)
    prices = pricing.shelf_prices([facts], at.facts, shelf.CHANNEL, now(), member=shelf.is_member(request))
    price, level = prices.get(facts.id), stock.levels(at.place.id, [facts.id]).get(facts.id)
    return show(
        request,
        "product",
        at,
        lines,
        product=whole,
        card=None if price is None else shelf.card_of(facts, price, level, lines),
        name=shelf.name_of(facts),
        state=shelf.state_of(level),
        allergens=[allergen_name(each) for each in facts.allergens],
        schema=None if price is None else _schema(request, whole, price, shelf.state_of(level)),
    )


@pages.get("p/<str:ref>/<str:slug>/way", catalog.READ, guest=True, name="crumbs")
def crumbs(request: Request, ref: str, slug: str) -> HttpResponse:  # noqa: ARG001  # part of the address
    """Where the product stands among the categories: read after the product, since it is seldom needed first."""
    facts = catalog.find_by_ref([ref]).get(ref)
    tree = {one.id: one for one in catalog.list_categories()}
    leaf = None if facts is None or facts.category_id is None else tree.get(facts.category_id)
    return render(request, "shop/crumbs.html", {"crumbs": way_to(leaf, tree) if leaf else []})


@pages.get("p/<str:ref>/<str:slug>/shops", sourcing.OPTIONS, guest=True, name="nearby")
def nearby(request: Request, ref: str, slug: str) -> HttpResponse:
    """Shops that have one of it, nearest to a position, a town or the chosen shop."""
    facts = catalog.find_by_ref([ref]).get(ref)
    if facts is None:
        raise catalog.ProductNotFound("There is no such product.")
    town = request.GET.get("town", "").strip()[:100]
    at = here(request)
    near, unknown = _origin(request.GET.get("near", ""), town, at)
    found = _nearby(facts.id, near)
    context = {"ref": ref, "slug": slug, "found": found, "town": town, "unknown": unknown, "at": at}
    return render(request, "shop/nearby.html", context)


def _origin(near: str, town: str, at: Here) -> tuple[places.Position | None, bool]:
    """From where to measure, and whether a town was typed that nobody knows."""
    if (given := position(near)) is not None:
        return given, False
    if town:
        found = [one.position for one in places.list_places(named=town, limit=1).items if one.position]
        return (found[0] if found else at.place.position), not found
    return at.place.position, False


def _nearby(product_id: UUID, near: places.Position | None) -> list[Nearby]:
    wanted = [sourcing.WantedLine(product_id, QUANTITY_ONE)]
    return [
        Nearby(one.ref, one.name, one.serves, None if one.distance_km is None else round(one.distance_km))
        for one in sourcing.options(wanted, method="collect", near=near, limit=_NEARBY)
    ]


def allergen_name(code: str) -> str:
    """An allergen in words (Regulation (EU) No 1169/2011, annex II)."""
    return {
        "gluten": _("Cereals with gluten"),
        "crustaceans": _("Crustaceans"),
        "eggs": _("Eggs"),
        "fish": _("Fish"),
        "peanuts": _("Peanuts"),
        "soybeans": _("Soybeans"),
        "milk": _("Milk"),
        "nuts": _("Nuts"),
        "celery": _("Celery"),
        "mustard": _("Mustard"),
        "sesame": _("Sesame"),
        "sulphites": _("Sulphites"),
        "lupin": _("Lupin"),
        "molluscs": _("Molluscs"),
    }.get(code, code)


def _schema(request: Request, product: catalog.Product, price: pricing.ShelfPrice, state: str) -> dict[str, object]:
    """What search engines read (schema.org Product)."""
    amount = price.price.times(QUANTITY_ONE)
    address = reverse("shop:product", args=[product.facts.ref, shelf.slug(product.facts.name)])
    described: dict[str, object] = {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": product.facts.name,
        "sku": product.facts.ref,
        "brand": {"@type": "Brand", "name": product.facts.brand},
        "url": request.build_absolute_uri(address),
        "offers": {
            "@type": "Offer",
            "price": format_amount(amount, price.price.currency),
            "priceCurrency": price.price.currency,
            "availability": f"https://schema.org/{'InStock' if state in {'in', 'few'} else 'OutOfStock'}",
        },
    }
    if product.gtins:
        described["gtin"] = product.gtins[0]
    return described
