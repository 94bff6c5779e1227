"""One product: its price and what law asks beside it, what is in it, and what stands in for it where it is sold out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.http import HttpResponse, HttpResponsePermanentRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from storeline.catalog import api as catalog
from storeline.identity.api import Request
from storeline.kernel.api import QUANTITY_ONE, business_date, format_amount, now
from storeline.orders import api as orders
from storeline.places import api as places
from storeline.pricing import api as pricing
from storeline.shop import basket, departments, offers, shelf, where
from storeline.shop.pages.basket import draft_of
from storeline.shop.pages.router import pages, show
from storeline.shop.pages.shops import schema_of
from storeline.shop.where import Here, here
from storeline.stock import api as stock
from storeline.web.words import allergen_name

_ALTERNATIVES = 8
_QUARTER = timedelta(minutes=15)


@pages.get("p/<str:ref>/<str:slug>", catalog.READ, guest=True, name="product")
def product(request: Request, ref: str, slug: str) -> HttpResponse:
    """A product, at the visitor's shop."""
    whole = _whole(ref)
    if slug != shelf.slug(whole.facts.name):
        return HttpResponsePermanentRedirect(reverse("shop:product", args=[ref, shelf.slug(whole.facts.name)]))
    at = here(request)
    return _page(request, whole, at, at)


@pages.get("shops/<str:place_ref>/p/<str:ref>/<str:slug>", catalog.READ, guest=True, name="product-at")
def product_at(request: Request, place_ref: str, ref: str, slug: str) -> HttpResponse:
    """A product at one shop: its address for search engines and for links, whatever shop the visitor has chosen."""
    whole, at = _whole(ref), where.at(place_ref)
    if at is None or "sell" not in at.place.capabilities:
        raise places.PlaceNotFound("There is no such shop.")
    if slug != shelf.slug(whole.facts.name):
        address = reverse("shop:product-at", args=[place_ref, ref, shelf.slug(whole.facts.name)])
        return HttpResponsePermanentRedirect(address)
    return _page(request, whole, at, here(request))


def _whole(ref: str) -> catalog.Product:
    found = catalog.find_whole(ref)
    if found is None:
        raise catalog.ProductNotFound("There is no such product.")
    return found


def find(ref: str) -> catalog.ProductFacts:
    """The product with this code; raises ProductNotFound."""
    facts = catalog.find_by_ref([ref]).get(ref)
    if facts is None:
        raise catalog.ProductNotFound("There is no such product.")
    return facts


def _page(request: Request, whole: catalog.Product, at: Here, mine: Here) -> HttpResponse:
    """Four waits; where something is reduced, one more; where it is sold out at most ten: what stands in, and who sends it."""
    lines, facts = basket.read(request), whole.facts
    prices, levels = shelf.prices_and_levels([facts], at, member=shelf.is_member(request))
    level = levels.get(facts.id)
    state = _state(facts, at, prices.get(facts.id), level)
    others = [] if state in {"in", "few"} else _alternatives(facts, at)
    if others:
        more = shelf.prices_and_levels(others, at, member=shelf.is_member(request))
        prices, levels = prices | more[0], levels | more[1]
    priced = [one for one in (facts, *others) if one.id in prices]
    cards = {card.id: card for card in shelf.cards_of(priced, prices, levels, at, lines)}
    card = cards.pop(facts.id, None)
    price = None if card is None else card.shelf
    is_mine = at.place.id == mine.place.id
    coming = _coming(request, at, facts, level) if is_mine and state == "out" and price is not None else None
    return show(
        request,
        "product",
        mine,
        lines,
        product=whole,
        shop=at,
        elsewhere=not is_mine,
        card=card,
        coming=coming,
        name=shelf.name_of(facts),
        slug=shelf.slug(facts.name),
        description=whole.description if not whole.descriptions else _described(whole),
        kind=shelf.kind_of(facts),
        crumbs=departments.way_to(facts.category_id),
        state=state,
        allergens=[allergen_name(each) for each in facts.allergens],
        keeping=keeping(facts.temperature),
        alternatives=offers.shelf_of([one.id for one in others], cards, _ALTERNATIVES),
        schema=None if price is None else _schema(request, whole, at, price, state),
    )


def _state(facts: catalog.ProductFacts, at: Here, price: pricing.ShelfPrice | None, level: stock.Level | None) -> str:
    """`in`, `few`, `out` (sold out here) or `unsold`: not sold here, or not online."""
    if price is None or not (facts.sellable and facts.online):
        return "unsold"
    if level is None:
        listed = catalog.gather_listed([at.place.id], [facts.id], business_date(now(), at.place.zone)).result()
        return "out" if listed else "unsold"
    found = shelf.state_of(level)
    return "out" if found == "elsewhere" else found


def _coming(request: Request, at: Here, facts: catalog.ProductFacts, level: stock.Level | None) -> datetime | None:
    """When one of what this shop has none of can be here from another, as the checkout says it: to the next quarter of an hour."""
    wanted = replace(draft_of(at, {facts.id: QUANTITY_ONE}, None), served_by=at.place.id)
    found = orders.foresee(wanted, {} if level is None else {facts.id: level}, actor=request.actor)
    return None if found is None else found.arrives + (datetime.min.replace(tzinfo=UTC) - found.arrives) % _QUARTER


def _described(product: catalog.Product) -> str:
    language = shelf.language()
    return next((text for tag in language if (text := product.descriptions.get(tag))), product.description)


def _alternatives(facts: catalog.ProductFacts, at: Here) -> list[catalog.ProductFacts]:
    """What else the shop has of the kind, the most alike first. Two waits."""
    ids = offers.alternatives(facts, at, _ALTERNATIVES).result() if facts.category_id else []
    products = catalog.gather(ids).result() if ids else {}
    return [products[key] for key in ids if key in products]


def keeping(temperature: str) -> str:
    """How a product is kept, where that matters."""
    return {
        "chilled": _("Keep it chilled"),
        "frozen": _("Keep it frozen"),
        "fresh": _("Fresh"),
        "hot": _("Sold hot"),
    }.get(temperature, "")


def _schema(
    request: Request, product: catalog.Product, at: Here, price: pricing.ShelfPrice, state: str
) -> dict[str, Any]:
    """What search engines read (schema.org Product): what it costs here, and whether it is here."""
    amount = price.price.times(QUANTITY_ONE)
    described: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": product.facts.name,
        "sku": product.facts.ref,
        "url": request.build_absolute_uri(request.path),
        "offers": {
            "@type": "Offer",
            "price": format_amount(amount, price.price.currency),
            "priceCurrency": price.price.currency,
            "availability": f"https://schema.org/{_AVAILABILITY[state]}",
            "availableAtOrFrom": schema_of(at.place),
            "availableDeliveryMethod": "https://schema.org/OnSitePickup",
        },
    }
    if product.facts.brand:
        described["brand"] = {"@type": "Brand", "name": product.facts.brand}
    if product.gtins:
        described["gtin"] = product.gtins[0]
    if price.until is not None:
        described["offers"]["priceValidUntil"] = price.until.date().isoformat()
    return described


_AVAILABILITY = {"in": "InStock", "few": "LimitedAvailability", "out": "OutOfStock", "unsold": "Discontinued"}
