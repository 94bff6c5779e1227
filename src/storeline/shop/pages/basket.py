"""The basket: put in, change, look."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from storeline.catalog import api as catalog
from storeline.customers import api as customers
from storeline.identity.api import Request
from storeline.kernel.api import QUANTITY_ONE, Error, Invalid, Ready, pipeline
from storeline.orders import api as orders
from storeline.orders.api import QUOTE
from storeline.pricing import api as pricing
from storeline.shop import basket, mine, shelf
from storeline.shop.pages.own import names_of
from storeline.shop.pages.router import pages, show
from storeline.shop.pages.words import refusal
from storeline.shop.where import Here, here
from storeline.stock import api as stock
from storeline.web.pages import render, see
from storeline.web.templatetags.ui import local_name

_MOST_UNITS = 99


@dataclass(frozen=True, slots=True)
class Line:
    """A product in the basket with what it costs there, deposits apart."""

    id: UUID
    ref: str
    slug: str
    name: str
    kind: str
    unit: str
    units: int
    gross: int
    discount: int
    amount: int
    labels: tuple[str, ...]
    stock: str
    short: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """The basket as a page shows it; `problem` says why it cannot be ordered as it is."""

    lines: list[Line]
    quote: pricing.Quote | None
    problem: str = ""

    @property
    def saved(self) -> int:
        """What promotions take off."""
        return sum(line.discount for line in self.lines)

    @property
    def goods(self) -> int:
        """What the goods cost without the fee."""
        return self.quote.amount - self.fee if self.quote else 0

    @property
    def fee(self) -> int:
        """What bringing it costs."""
        return sum(line.amount for line in self.quote.lines if line.kind == "delivery") if self.quote else 0


@dataclass(frozen=True, slots=True)
class Ground:
    """What a basket stands on: its products, how many there are, and whose it is."""

    products: Mapping[UUID, catalog.ProductFacts]
    levels: Mapping[UUID, stock.Level]
    buyer: UUID | None


def gather(request: Request, at: Here, lines: basket.Lines) -> Callable[[], Ground]:
    """Queue the reading of a basket's ground in the caller's pipeline; call what comes back after it."""
    actor = request.actor
    products = catalog.gather(list(lines))
    levels = stock.gather_levels(at.place.id, list(lines))
    member = actor.id if actor.kind == "user" else None
    buyer = Ready(None) if member is None else customers.gather_of_user(member)
    return lambda: Ground(products.result(), levels.result(), buyer.result())


def priced(
    request: Request,
    at: Here,
    lines: basket.Lines,
    to: orders.Address | None = None,
    *,
    ground: Ground | None = None,
    **way: Any,
) -> Shown:
    """The basket at the prices of the chosen shop, with the fee where it is brought `to` an address. Three waits, two on a
    `ground` that was gathered before.
    """
    if not lines:
        return Shown([], None)
    if ground is None:
        with pipeline():
            pending = gather(request, at, lines)
        ground = pending()
    products, levels = ground.products, ground.levels
    known = {key: quantity for key, quantity in lines.items() if key in products}
    quote: pricing.Quote | None = None
    problem = ""
    try:
        wanted = draft_of(at, known, ground.buyer)
        quote = orders.quote(wanted if to is None else replace(wanted, address=to, **way), actor=request.actor)
    except Error as error:
        problem = refusal(error, [shelf.name_of(products[key]) for key in known])
    of_product = {line.product_id: line for line in quote.lines if line.kind == "product"} if quote else {}
    shown = [_line(products[key], quantity, of_product.get(key), levels.get(key)) for key, quantity in known.items()]
    return Shown(shown, quote, problem)


def draft_of(at: Here, lines: basket.Lines, buyer: UUID | None) -> orders.Draft:
    """What the order would be; its id is nobody's."""
    return orders.Draft(
        id=UUID(int=0),
        place_id=at.place.id,
        channel=shelf.CHANNEL,
        lines=basket.draft_lines(lines),
        currency=at.facts.currency,
        method="collect",
        customer_id=buyer,
    )


def _line(
    product: catalog.ProductFacts, quantity: int, quoted: pricing.QuotedLine | None, level: stock.Level | None
) -> Line:
    labels = tuple(dict.fromkeys(_reduced_by(one) for one in quoted.adjustments)) if quoted else ()
    return Line(
        product.id,
        product.ref,
        shelf.slug(product.name),
        shelf.name_of(product),
        shelf.kind_of(product),
        product.unit,
        quantity // QUANTITY_ONE,
        quoted.gross if quoted else 0,
        quoted.discount if quoted else 0,
        quoted.amount if quoted else 0,
        labels,
        shelf.state_of(level),
        short=level is None or level.promisable_on(shelf.CHANNEL) < quantity,
    )


def _reduced_by(one: pricing.LineAdjustment) -> str:
    """What took something off a line, in the reader's language."""
    return _("Member price") if one.kind == "member_price" else local_name(one.title)


@pages.get("basket", QUOTE, guest=True, name="basket")
def look(request: Request) -> HttpResponse:
    """What is in the basket, and what it comes to."""
    at, lines = here(request), basket.read(request)
    gone = names_of(request.GET.get("gone", ""))
    placed = None if lines else _under_way(request)
    return show(request, "basket", at, lines, basket=priced(request, at, lines), gone=gone, placed=placed)


def _under_way(request: Request) -> dict[str, Any] | None:
    """The visitor's newest order that they do not have yet: who goes back from it, or orders in another tab, comes here."""
    device = mine.of_device(request)
    found = mine.under_way(orders.records_of_actor(request.actor), device).result()
    if not found:
        return None
    return {"order": found[0], "key": orders.token_of(found[0].id) if found[0].id in device else ""}


@pages.post("basket", QUOTE, guest=True)
def change(request: Request) -> HttpResponse:
    """So many of a product: `quantity` sets, so a repeat changes nothing; `add` adds one to what the form showed."""
    product_id, units = _asked(request)
    lines = basket.put(basket.read(request), product_id, units * QUANTITY_ONE)
    back = request.POST.get("next", "")
    if "HX-Request" in request.headers and request.POST.get("part") == "card":
        count = sum(max(1, quantity // QUANTITY_ONE) for quantity in lines.values())
        context = {"id": product_id, "units": units, "name": request.POST.get("name", "")[:300], "count": count}
        answer = render(request, "shop/added.html", context)
    else:
        answer = see(back if url_has_allowed_host_and_scheme(back, {request.get_host()}) else reverse("shop:basket"))
    basket.write(request, answer, lines)
    return answer


def _asked(request: Request) -> tuple[UUID, int]:
    try:
        return UUID(request.POST["product"]), max(0, min(_MOST_UNITS, int(request.POST["quantity"])))
    except (KeyError, ValueError):
        raise Invalid(_("Say which product, and how many as a number."), field="quantity") from None
