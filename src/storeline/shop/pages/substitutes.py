"""Something of one's order is missing: what the shop offers instead, and one's yes or no."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse

from storeline.catalog import api as catalog
from storeline.fulfilment import api as fulfilment
from storeline.identity.api import Request
from storeline.kernel.api import now
from storeline.orders.api import OWN
from storeline.shop.pages.router import pages
from storeline.web.pages import see
from storeline.web.words import allergen_name


@dataclass(frozen=True, slots=True)
class Substitute:
    """What is offered instead of what: allergens in it that the missing one has not, and how it stands."""

    offer: fulfilment.OfferView
    wanted: catalog.ProductFacts
    product: catalog.ProductFacts
    added: list[str]
    is_open: bool


def substitutes(order_id: UUID) -> list[Substitute]:
    """What was offered for this order and not taken back, open offers first. Whose the order is was checked before."""
    offers = [one for one in fulfilment.offers_of([order_id]).get(order_id, ()) if one.state != "withdrawn"]
    if not offers:
        return []
    lines = {line.line_no: line.product_id for line in fulfilment.get_task(order_id).lines}
    wanted = {one.product_id for one in offers} | {lines[one.replaces] for one in offers}
    products = catalog.gather(sorted(wanted)).result()
    moment = now()
    found = [
        Substitute(
            one,
            products[lines[one.replaces]],
            products[one.product_id],
            [
                allergen_name(code)
                for code in fulfilment.added_allergens(products[lines[one.replaces]], products[one.product_id])
            ],
            one.state == "offered" and one.expires_at > moment,
        )
        for one in offers
    ]
    return sorted(found, key=lambda one: not one.is_open)


def version(offers: list[Substitute]) -> str:
    """What tells whether they look as they did."""
    return "".join(one.offer.state[0] for one in offers)


@pages.post("order/<uuid:order_id>/substitutes/<uuid:offer_id>", OWN, guest=True, name="substitute")
def answer(request: Request, order_id: UUID, offer_id: UUID) -> HttpResponse:
    """Yes or no; a repeat changes nothing. Where it was too late the order's page says how it stands."""
    key = request.POST.get("key", "")
    page = f"{reverse('shop:order', args=[order_id])}?key={key}"
    try:
        fulfilment.answer(order_id, offer_id, yes="yes" in request.POST, actor=request.actor, token=key)
    except fulfilment.OfferClosed:
        return see(f"{page}&late=1#substitutes")
    return see(f"{page}#substitutes")
