"""One's own orders in a list, and the whole of one into the basket again."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse

from storeline.catalog import api as catalog
from storeline.identity.api import Request
from storeline.kernel.api import QUANTITY_ONE, now
from storeline.orders import api as orders
from storeline.orders.api import OWN
from storeline.pricing import api as pricing
from storeline.shop import basket, mine, shelf
from storeline.shop.pages.router import pages, show
from storeline.shop.pages.words import state_name
from storeline.shop.where import Here, here
from storeline.web.pages import see

_NAMED = 8


@pages.get("orders", OWN, guest=True, name="orders")
def own_orders(request: Request) -> HttpResponse:
    """What a member bought, online and in shops, and what this device ordered as a guest; the newest first."""
    records, device = orders.records_of_actor(request.actor), mine.of_device(request)
    found, after = mine.history(records, device, request.GET.get("after", "")) if records or device else ([], "")
    return show(
        request,
        "orders",
        found=[
            {
                "order": one,
                "state": state_name(one.state, one.method),
                "key": "" if one.known else orders.token_of(one.id),
            }
            for one in found
        ],
        next=after and f"{reverse('shop:orders')}?{urlencode({'after': after})}",
    )


@pages.post("order/<uuid:order_id>/again", OWN, guest=True, name="again")
def again(request: Request, order_id: UUID) -> HttpResponse:
    """All of an order into the basket; at least so much of each, so a repeat changes nothing. What is gone is said."""
    view = orders.get_own(order_id, actor=request.actor, token=request.POST.get("key", ""))
    wanted = {
        line.product_id: line.quantity for line in view.lines if line.goods and line.quantity and not line.continues
    }
    at, lines = here(request), basket.read(request)
    sold = _sold(list(wanted), at)
    for product_id, quantity in wanted.items():
        if product_id in sold and (product_id in lines or len(lines) < basket.MAX_LINES):
            units = max(QUANTITY_ONE, quantity // QUANTITY_ONE * QUANTITY_ONE)
            lines = basket.put(lines, product_id, max(lines.get(product_id, 0), units))
    gone = [key for key in wanted if key not in lines]
    asked = {"added": len(wanted) - len(gone)} | ({"gone": _refs(gone)} if gone else {})
    answer = see(f"{reverse('shop:basket')}?{urlencode(asked)}")
    basket.write(request, answer, lines)
    return answer


def _sold(product_ids: Sequence[UUID], at: Here) -> set[UUID]:
    """Which of these the shop still sells online."""
    products = catalog.gather(product_ids).result()
    there = [product for product in products.values() if product.sellable and product.online and not product.service]
    return set(pricing.shelf_prices(there, at.facts, shelf.CHANNEL, now()))


def _refs(product_ids: Sequence[UUID]) -> str:
    products = catalog.gather(product_ids).result()
    return ",".join(product.ref for product in list(products.values())[:_NAMED])


def names_of(refs: str) -> list[str]:
    """What a basket could not take, by name."""
    found = catalog.find_by_ref(refs.split(",")[:_NAMED]) if refs else {}
    return [shelf.name_of(product) for product in found.values()]
