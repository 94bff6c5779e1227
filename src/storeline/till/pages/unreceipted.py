"""Taking goods back without their receipt: for the least that they have cost in 30 days, in cash."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from storeline.aftersales import api as aftersales
from storeline.aftersales.api import WITHOUT_RECEIPT
from storeline.catalog import api as catalog
from storeline.identity.api import Request
from storeline.kernel.api import (
    QUANTITY_ONE,
    Actor,
    Error,
    Invalid,
    check_id,
    new_id,
    now,
    parse_quantity,
    round_div,
)
from storeline.orders import api as orders
from storeline.places import api as places
from storeline.pricing import api as pricing
from storeline.till.domain import lowest
from storeline.till.pages import words
from storeline.till.pages.returns import page
from storeline.till.pages.shared import CHANNEL, as_id, choose_first, here, pages, till_of, wanted_id
from storeline.till.queries import TillAt
from storeline.web.pages import see


@dataclass(frozen=True, slots=True)
class Worth:
    """What a product brings back: `amount` for all of it, `tax` on top of or inside it, at the rate of today."""

    product: catalog.ProductFacts
    quantity: int
    amount: int
    tax: int
    tax_rate: int
    inclusive: bool
    currency: str

    @property
    def total(self) -> int:
        return self.amount if self.inclusive else self.amount + self.tax


@pages.get("returns/without", WITHOUT_RECEIPT, name="without")
def ask(request: Request) -> HttpResponse:
    """Which product it is; then what it brings."""
    at = till_of(request)
    if at is None:
        return choose_first()
    request.actor.require(WITHOUT_RECEIPT, at.place_id)
    return _form(request, at, request.GET.get("code", "").strip()[:200], as_id(request.GET.get("product", "")))


def _form(
    request: Request, at: TillAt, code: str, product_id: UUID | None, *, error: str = "", status: int = 200
) -> HttpResponse:
    source = request.POST if request.method == "POST" else request.GET
    typed = source.get("quantity", "1").strip()[:20]
    context: dict[str, Any] = {
        "at": at,
        "code": code,
        "quantity": typed,
        "reasons": words.reasons(),
        "reason": source.get("reason", ""),
        "error": error,
        "id": new_id(),
    }
    product, hits = _product(code, product_id)
    if product is not None:
        try:
            context["worth"] = worth_of(product, _quantity(typed, product), at, actor=request.actor)
        except Error as refused:
            context |= {"product": product, "error": error or words.refusal(refused).text}
            status = refused.status
    context["place"] = places.get_place(at.place_id)
    if code and product is None:
        context |= {"hits": hits} if hits else {"said": words.said("nothing_found")}
        status = status if hits else 404
    return page(request, "without", context, status)


def _product(code: str, product_id: UUID | None) -> tuple[catalog.ProductFacts | None, list[catalog.ProductFacts]]:
    if product_id is not None:
        return catalog.gather([product_id]).result().get(product_id), []
    if found := _by_code(code):
        return found, []
    hits = [hit.product for hit in catalog.search(code, limit=8).hits] if code else []
    return (hits[0], []) if len(hits) == 1 else (None, hits)


def _by_code(code: str) -> catalog.ProductFacts | None:
    try:
        scanned = catalog.scan(code)
    except Invalid:
        scanned = None
    return scanned.product if scanned else catalog.find_by_ref([code]).get(code)


def _quantity(typed: str, product: catalog.ProductFacts) -> int:
    try:
        quantity = parse_quantity(typed.replace(",", "."), field="quantity")
    except Invalid:
        raise Invalid(_("Type a number, such as 1."), field="quantity") from None
    if quantity <= 0 or (quantity % QUANTITY_ONE and not product.by_weight):
        raise Invalid(_("Type a number, such as 1."), field="quantity")
    return quantity


def worth_of(product: catalog.ProductFacts, quantity: int, at: TillAt, *, actor: Actor) -> Worth:
    """The least that anybody paid for it here in 30 days, with today's tax. Raises what a quote refuses."""
    facts = places.gather([at.place_id]).result()[at.place_id]
    draft = orders.Draft(UUID(int=0), at.place_id, CHANNEL, (orders.DraftLine(product.id, quantity),), facts.currency)
    quoted = orders.quote(draft, actor=actor).lines[0]
    prior = pricing.lowest_price_30_days(product.id, facts, CHANNEL, now())
    least = lowest([quoted.amount - quoted.funded, *([prior.price.times(quantity)] if prior else [])])
    rate = quoted.tax_rate_ppm
    tax = round_div(least * rate, pricing.MILLION + rate if facts.inclusive else pricing.MILLION)
    return Worth(product, quantity, least, tax, rate, facts.inclusive, facts.currency)


@pages.post("returns/without", WITHOUT_RECEIPT)
def take(request: Request) -> HttpResponse:
    """Take it back and give the money in cash. Sent twice it is one return; a changed price is shown first."""
    at = here(request)
    request.actor.require(WITHOUT_RECEIPT, at.place_id)
    product_id = wanted_id(request, "product")
    reason, shown = request.POST.get("reason", ""), request.POST.get("total", "")
    product, _none = _product("", product_id)
    if product is None:
        raise Invalid("There is no such product.", field="product")
    if reason not in dict(words.reasons()):
        return _form(request, at, "", product_id, error=_("Choose why it comes back."), status=422)
    try:
        worth = worth_of(product, _quantity(request.POST.get("quantity", ""), product), at, actor=request.actor)
        if str(worth.total) != shown:
            return _form(request, at, "", product_id, error=_("Its price has just changed: look again."), status=409)
        return_id = check_id(wanted_id(request, "id"), skew=None)
        line = aftersales.ReturnLine(
            worth.quantity,
            product_id=product.id,
            amount=worth.amount,
            tax=worth.tax,
            tax_rate=worth.tax_rate,
            restock=bool(request.POST.get("again")),
            reason=reason,
        )
        aftersales.return_goods(aftersales.Return(return_id, at.place_id, (line,), reason=reason), actor=request.actor)
    except Error as error:
        return _form(request, at, "", product_id, error=words.refusal(error).text, status=error.status)
    return see(reverse("till:returned", args=[return_id]))
