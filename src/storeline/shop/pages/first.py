"""What the shop's visitors see first, looked at when the server starts (`web/ready.py`)."""

from __future__ import annotations

from typing import cast
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from storeline.catalog import api as catalog
from storeline.customers import api as customers
from storeline.identity.api import Request, actor_of_user
from storeline.kernel.api import GUEST, QUANTITY_ONE, reading
from storeline.shop import basket, departments, mine, offers, shelf
from storeline.shop.where import first_shop
from storeline.web.ready import at_start, look

_NOBODY = UUID(int=0)
_ONLINE = catalog.Filter(online=True)


@at_start
def look_around() -> None:
    """A guest's pages with something in the basket, and what is read of a member besides."""
    products = catalog.list_products(_ONLINE, limit=1).items
    if not products:
        return
    one = products[0]
    look("/")
    look(
        f"/api/v1/products?{urlencode({'limit': 1, 'place': first_shop().place.id, 'include': ['price', 'stock']}, doseq=True)}"
    )
    look(f"{reverse('shop:search')}?q={one.name.partition(' ')[0]}")
    if shown := departments.main():
        look(reverse("shop:category", args=[shown[0].ref]))
    look(reverse("shop:product", args=[one.ref, shelf.slug(one.name)]))
    filled = _filled(one.id)
    look(reverse("shop:basket"), filled)
    look(reverse("shop:checkout"), filled)
    actor_of_user(_NOBODY)
    with reading():
        customers.gather_records_of_user(_NOBODY)
        offers.bought([_NOBODY])
        mine.under_way([_NOBODY], [])


def _filled(product_id: UUID) -> dict[str, str]:
    """The cookies of a guest with a product in the basket."""
    request, answer = cast("Request", HttpRequest()), HttpResponse()
    request.actor = GUEST
    basket.write(request, answer, {product_id: QUANTITY_ONE})
    return {name: morsel.value for name, morsel in answer.cookies.items()}
