"""One field takes everything: codes on products, numbers, cards, coupons, receipts, words."""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse

from storeline.catalog import api as catalog
from storeline.customers import api as customers
from storeline.identity.api import Request
from storeline.kernel.api import (
    QUANTITY_ONE,
    Answer,
    Error,
    InFlight,
    Invalid,
    exponent,
    format_quantity,
    new_id,
    now,
    once,
    parse_quantity,
)
from storeline.loyalty import api as loyalty
from storeline.orders.api import SELL
from storeline.places import api as places
from storeline.pricing import api as pricing
from storeline.till import commands
from storeline.till.domain import LONGEST, is_words, parse_entry
from storeline.till.pages import words
from storeline.till.pages.changes import put_coupon
from storeline.till.pages.screen import Screen, answer, look, price_here, refuse, show
from storeline.till.pages.searching import look_for
from storeline.till.pages.shared import CHANNEL, here, is_part, pages, wanted_id
from storeline.till.queries import TillAt, current
from storeline.web.pages import render, see

_TRIES = 20
_WAIT_S = 0.05
_CARD_DIGITS = 4


@pages.post("scan", SELL, name="scan")
def scan(request: Request) -> HttpResponse:
    """Whatever was scanned or typed."""
    at = here(request)
    entry = parse_entry(request.POST.get("code", ""))
    if entry.order_id is not None:
        return _to_returns(request, entry.order_id)
    if not entry.code:
        if entry.times is None:
            return answer(request, at)
        return show(request, at, said=words.times(entry.times), typed=f"{entry.times}*")
    try:
        return _resolve(request, at, entry.code, entry.times)
    except Error as error:
        return refuse(request, at, error)


def _to_returns(request: Request, order_id: UUID) -> HttpResponse:
    """A receipt was scanned: whoever holds one wants to bring something back."""
    where = reverse("till:give_back", args=[order_id])
    return HttpResponse(status=204, headers={"HX-Redirect": where}) if is_part(request) else see(where)


def _resolve(request: Request, at: TillAt, code: str, times: int | None) -> HttpResponse:
    scanned = _scanned(code)
    if scanned is not None:
        return _take(request, at, scanned.product, _quantity(scanned, at), times)
    if product := catalog.find_by_ref([code]).get(code):
        return _take(request, at, product, None, times)
    if times is None:
        if found := _member(code):
            return _welcome(request, at, found)
        try:
            return answer(request, at, screen=put_coupon(request, at, code))
        except loyalty.CouponUnknown:
            pass  # then it is a word
    if not is_words(code):
        return show(request, at, said=words.said("unknown"), status=404)
    return _search(request, at, code, times)


def _scanned(code: str) -> catalog.Scanned | None:
    try:
        return catalog.scan(code)
    except Invalid:
        return None


def _quantity(scanned: catalog.Scanned, at: TillAt) -> int | None:
    """The thousandths that the code itself says; None where it says one piece, or of weighed goods nothing."""
    if scanned.price is not None:
        return _bought_for(scanned.product, scanned.price, scanned.price_decimals, at)
    if scanned.quantity == QUANTITY_ONE:
        return None
    return scanned.quantity


def _bought_for(product: catalog.ProductFacts, price: int, decimals: int, at: TillAt) -> int:
    """How much of it a label's price buys at the shelf's unit price."""
    facts = places.gather([at.place_id]).result()[at.place_id]
    shelf = pricing.shelf_prices([product], facts, CHANNEL, now()).get(product.id)
    if shelf is None:
        raise Invalid(words.refusal(pricing.PriceMissing()).text)
    minor = (
        price * 10 ** max(0, exponent(facts.currency) - decimals) // 10 ** max(0, decimals - exponent(facts.currency))
    )
    return catalog.quantity_of_price(minor, shelf.regular or shelf.price)


def _member(code: str) -> customers.CustomerView | None:
    """Whose card this is, or whose telephone number in full."""
    bare = code.replace(" ", "").replace("-", "")
    try:
        if bare.startswith("+") and bare[1:].isdigit():
            found = customers.look_up(phone=bare)
        elif bare.isalnum() and bare.isascii() and len(bare) >= _CARD_DIGITS:
            found = customers.look_up(card=bare)
        else:
            return None
    except Invalid:
        return None
    return found[0] if len(found) == 1 else None


def _welcome(request: Request, at: TillAt, found: customers.CustomerView) -> HttpResponse:
    """Sell to a member whose card was scanned."""
    if found.kind != "member" or found.erased_at is not None:
        return show(request, at, said=words.said("not_member"), status=409)
    commands.set_member(at, found.id, actor=request.actor)
    return answer(request, at)


def _search(request: Request, at: TillAt, text: str, times: int | None) -> HttpResponse:
    found = look_for(text, at, all_of_them=True)
    if not found:
        return show(request, at, said=words.said("nothing_found"), typed=text, status=404)
    if len(found) == 1:
        return _take(request, at, found[0].product, None, times)
    return show(request, at, ask={"kind": "choose", "found": found, "times": times or 1}, typed=text)


@pages.get("suggest", SELL, name="suggest")
def suggest(request: Request) -> HttpResponse:
    """The first few products by what is being typed; nothing for a number, which may still be a scan."""
    at = here(request)
    entry = parse_entry(request.GET.get("code", ""))
    typed = entry.code[:LONGEST]
    found = look_for(typed, at) if is_words(typed) else []
    return render(request, "till/suggest.html", {"found": found, "times": entry.times or 1})


@pages.post("add", SELL, name="add")
def add(request: Request) -> HttpResponse:
    """A product that was chosen, with its weight where it is weighed and its age check where it has one."""
    at = here(request)
    product_id = wanted_id(request, "product")
    product = catalog.gather([product_id]).result().get(product_id)
    if product is None:
        return show(request, at, said=words.said("unknown"), status=404)
    typed = request.POST.get("quantity", "").strip()[:20]
    times = parse_entry(f"{request.POST.get('times', '1')[:4]}*").times
    try:
        quantity = parse_quantity(typed.replace(",", ".")) if typed else None
    except Invalid:
        quantity = 0
    if quantity is not None and quantity <= 0:
        return _ask_weight(request, at, product, typed=typed, wrong=True)
    try:
        return _take(request, at, product, quantity, times, age=_age(request, product))
    except Error as error:
        return refuse(request, at, error)


def _age(request: Request, product: catalog.ProductFacts) -> int:
    """What the associate has made sure of: never more than this product asks for."""
    text = request.POST.get("age", "")
    return min(int(text), product.age_limit or 0) if text.isdecimal() and len(text) <= 3 else 0  # noqa: PLR2004


def _take(
    request: Request,
    at: TillAt,
    product: catalog.ProductFacts,
    quantity: int | None,
    times: int | None,
    *,
    age: int = 0,
) -> HttpResponse:
    """Add it, or ask for what is still needed: its weight, the shopper's age."""
    if product.by_weight and quantity is None:
        return _ask_weight(request, at, product)
    amount = (quantity if quantity is not None else QUANTITY_ONE) * (times or 1)
    key = request.POST.get("key", "")[:40]
    if product.age_limit and age < product.age_limit:
        known = screen_age(at)
        if known < product.age_limit:
            return show(
                request, at, ask={"kind": "age", "product": product, "typed": format_quantity(amount), "key": key}
            )
    screen = add_once(request, at, product, amount, key, age)
    return answer(request, at, said="again") if screen is None else answer(request, at, screen=screen)


def screen_age(at: TillAt) -> int:
    """The years that were made sure of in this sale."""
    sale = current(at).result()
    return 0 if sale is None else sale.age


def add_once(
    request: Request, at: TillAt, product: catalog.ProductFacts, quantity: int, key: str, age: int
) -> Screen | None:
    """Add a line and give the screen after it; None where this very form did so before.

    What cannot be sold here is refused, and the sale stays as it was.
    """
    after: list[Screen] = []

    def deed() -> Answer:
        line_no = commands.add_line(at, product.id, quantity, apart=product.by_weight, age=age, actor=request.actor)
        screen = look(at, actor=request.actor)
        if screen.error is not None and any(row.problem and row.line.line_no == line_no for row in screen.rows):
            raise screen.error
        after.append(screen)
        return Answer(200, None)

    whole_key = f"{key or new_id()} {product.id} {quantity}"
    for _ in range(_TRIES):
        try:
            once(f"till.add {at.place_id}.{at.number}", whole_key, b"", deed)
            break
        except InFlight:  # the same form, sent twice at once: the first is at it
            time.sleep(_WAIT_S)
    return after[0] if after else None


def _ask_weight(
    request: Request, at: TillAt, product: catalog.ProductFacts, *, typed: str = "", wrong: bool = False
) -> HttpResponse:
    ask: dict[str, Any] = {
        "kind": "weight",
        "product": product,
        "shelf": price_here(product, at.place_id),
        "typed": typed,
        "wrong": wrong,
        "key": request.POST.get("key", "")[:40],
    }
    return show(request, at, ask=ask, status=422 if wrong else 200)
