"""Buying, in one page: where and when to have it, how to pay, what it comes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from storeline.capacity import api as capacity
from storeline.customers import api as customers
from storeline.identity.api import Request
from storeline.kernel.api import Error, Invalid, body_hash, business_date, check_id, new_id, now, pipeline, time_zone
from storeline.orders import api as orders
from storeline.orders.api import PLACE
from storeline.payments import api as payments
from storeline.shop import basket, mine, shelf
from storeline.shop.pages import delivery
from storeline.shop.pages.basket import gather, priced
from storeline.shop.pages.router import pages, show
from storeline.shop.pages.words import refusal
from storeline.shop.where import Here, here
from storeline.web.pages import see

_DAYS = 3


@pages.get("checkout", PLACE, guest=True, name="checkout")
def look(request: Request) -> HttpResponse:
    """The form, with the next times that have room."""
    at, lines = here(request), basket.read(request)
    if not lines:
        return see(reverse("shop:basket"))
    return _form(request, at, lines)


@pages.post("checkout", PLACE, guest=True)
def place_order(request: Request) -> HttpResponse:
    """Place the order under the form's own id: sent twice, it is one order. What is refused is shown, nothing is lost."""
    at, lines = here(request), basket.read(request)
    try:
        order_id = check_id(_uuid(request, "id"))
    except Invalid:
        order_id = new_id()
    if not lines:
        return _known(request, order_id)
    if request.POST.get("step") == "check" or len(request.POST.getlist("day")) > 1:
        return _form(request, at, lines, given=request.POST)
    try:
        wanted = _draft(request, order_id, at, lines)
        verdict = orders.checkout_gathered(wanted, actor=request.actor)
        if verdict.error is not None:
            raise verdict.error
    except Error as error:
        return _form(request, at, lines, refused=error, given=request.POST)
    answer = see(f"{reverse('shop:order', args=[order_id])}?key={orders.token_of(order_id)}")
    basket.write(request, answer, {})
    basket.keep_card(request, request.POST.get("card", ""))
    mine.remember(request, answer, order_id)
    return answer


def _known(request: Request, order_id: UUID) -> HttpResponse:
    """The form came again after its order was placed and the basket emptied: to the order, if it is there."""
    token = orders.token_of(order_id)
    try:
        orders.get_own(order_id, actor=request.actor, token=token)
    except Error:
        return see(reverse("shop:basket"))
    return see(f"{reverse('shop:order', args=[order_id])}?key={token}")


def _draft(request: Request, order_id: UUID, at: Here, lines: basket.Lines) -> orders.Draft:
    method = delivery.method_of(request.POST, delivery.ways(at))
    to = _address(request, at) if method != "collect" else None
    slot_id, token = None if method == "ship" else _uuid(request, "slot"), request.POST.get("card", "")
    if token not in basket.CARDS:
        raise Invalid(_("Choose how to pay."), field="card")
    total = request.POST.get("total", "")
    if not (total.isascii() and total.isdigit()):
        raise Invalid(_("The total is missing: open the page again."), field="total")
    actor = request.actor
    shopper = actor.kind == "user" and actor.may(customers.JOIN)
    wish = wish_of(request.POST)
    body = "|".join([str(at.place.id), str(slot_id), token, total, basket.pack(lines), wish, method, repr(_typed(to))])
    return orders.Draft(
        id=order_id,
        place_id=at.place.id,
        channel=shelf.CHANNEL,
        lines=basket.draft_lines(lines),
        currency=at.facts.currency,
        method=method,  # type: ignore[arg-type]  # one of those that the shop has
        payments=(payments.Offer(payments.SANDBOX_CARD, None, token),),
        customer_id=customers.join(actor=actor) if shopper else None,
        slot_id=slot_id,
        expected_total=int(total),
        substitutes=wish,
        address=to,
        body_hash=body_hash(body.encode()),
    )


def _address(request: Request, at: Here) -> orders.Address:
    to = delivery.address_of(at, delivery.fields_of(request, request.POST), request.POST.get("near", ""))
    if to is None:
        raise Invalid(_("Say the postal code."), field="address.postal_code")
    orders.check_address(to)
    return to


def _typed(to: orders.Address | None) -> object:
    """An address whole, for the body's hash: its own text hides what is personal."""
    return None if to is None else asdict(to)


def wish_of(given: Mapping[str, Any]) -> orders.Wish:
    """What the shopper wants where something is missing; to be asked where they did not say."""
    return next((wish for wish in orders.WISHES if wish == given.get("substitutes")), "offer")


def _uuid(request: Request, name: str) -> UUID:
    try:
        return UUID(request.POST.get(name, ""))
    except ValueError:
        words = {"slot": _("Choose a time.")}
        raise Invalid(words.get(name, _("Open the page again.")), field=name) from None


def _form(
    request: Request,
    at: Here,
    lines: basket.Lines,
    *,
    refused: Error | None = None,
    given: Mapping[str, Any] | None = None,
) -> HttpResponse:
    given = given or request.GET
    ways = delivery.ways(at)
    method = delivery.method_of(given, ways)
    fields = delivery.fields_of(request, given) if method != "collect" else {}
    to = delivery.address_of(at, fields, str(given.get("near", ""))) if fields else None
    order_id = new_id()
    today = business_date(now(), at.place.zone)
    days = [today + timedelta(days=number) for number in range(_DAYS)]
    asked_days = [] if method == "ship" else [day for day in days if day.isoformat() == given.get("day")] or days
    with pipeline():
        ground = gather(request, at, lines)
        records = mine.gather_records(request)
        open_slots = [(day, capacity.gather_open_slots(at.place.id, method, day)) for day in asked_days]
    day, slots = (
        _first(asked_days, {day: pending.result() for day, pending in open_slots}) if open_slots else (today, [])
    )
    slot = str(given.get("slot", "")) or _proposed(records.result(), slots, at.place.zone)
    if slot not in {str(one.id) for one in slots}:
        slot = str(slots[0].id) if slots else ""
    shown = priced(request, at, lines, to, ground=ground(), method=method, slot_id=UUID(slot) if slot else None)
    if method == "deliver" and slot and given is request.POST and refused is None and not shown.problem:
        _hold(request, order_id, UUID(slot))
    wrong_field, wrong_words = delivery.wrong(refused.field or "") if refused else ("", "")
    response = show(
        request,
        "checkout",
        at,
        lines,
        basket=shown,
        days=days,
        day=day,
        slots=slots,
        slot=slot,
        ways=ways,
        method=method,
        fields=fields,
        near=str(given.get("near", "")),
        wrong={wrong_field: wrong_words},
        can_pay=bool(slots) or (method == "ship" and to is not None),
        asked=method == "collect" or to is not None,
        wish=wish_of(given),
        card=given.get("card") or basket.habits(request)[1] or basket.CARDS[0],
        order_id=order_id,
        refused=refused and refusal(refused, [line.name for line in shown.lines]),
        field=refused and (refused.field or "").split("[")[0],
        blocked=bool(shown.problem) or any(line.short for line in shown.lines),
    )
    response.status_code = refused.status if refused else 200
    return response


def _hold(request: Request, order_id: UUID, slot_id: UUID) -> None:
    """Keep the chosen time free while the shopper pays; where it filled up meanwhile, the order will say so."""
    with suppress(Error):
        capacity.hold(order_id, slot_id, actor=request.actor)


def _first(days: Sequence[date], open_slots: Mapping[date, list[capacity.Slot]]) -> tuple[date, list[capacity.Slot]]:
    """The first of these days that has slots, with them."""
    return next(((day, open_slots[day]) for day in days if open_slots[day]), (days[0], []))


def _proposed(records: Sequence[UUID], slots: Sequence[capacity.Slot], zone: str) -> str:
    """The time that the form begins with: for a member the nearest to the hour of their last order, else the first."""
    if not slots:
        return ""
    usual = mine.usual_minute(records)
    if usual is None:
        return str(slots[0].id)

    def away(slot: capacity.Slot) -> int:
        local = slot.starts_at.astimezone(time_zone(zone))
        return abs(local.hour * 60 + local.minute - usual)

    return str(min(slots, key=away).id)
