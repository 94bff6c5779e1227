"""Buying, in one page: where and when to have it, how to pay, what it comes to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from storeline.capacity import api as capacity
from storeline.catalog import api as catalog
from storeline.customers import api as customers
from storeline.identity.api import Request, throttle
from storeline.kernel.api import Error, Invalid, body_hash, business_date, check_id, new_id, now, pipeline, time_zone
from storeline.orders import api as orders
from storeline.orders.api import PLACE
from storeline.payments import api as payments
from storeline.shop import basket, hot, mine, shelf
from storeline.shop.errors import OtherFee
from storeline.shop.pages import against, delivery, kept, points, reach, turned, waiting
from storeline.shop.pages.basket import Ground, draft_of, gather, priced
from storeline.shop.pages.router import pages, show
from storeline.shop.pages.words import refusal
from storeline.shop.where import Here, here, position
from storeline.web.pages import see

_DAYS = 3


@pages.get("checkout", PLACE, guest=True, name="checkout")
def look(request: Request) -> HttpResponse:
    """The form, with the next times that have room; the place in line for what many want at once."""
    at, lines = here(request), basket.read(request)
    if not lines:
        return see(reverse("shop:basket"))
    wanted = hot.hot(lines)
    standing = waiting.turn_of(request, at, lines, wanted) if wanted else None
    if standing is not None and not standing.is_in:
        return waiting.page(request, at, lines, standing)
    again = kept.read(request)
    response = _form(request, at, lines, again, turn_until=None if standing is None else standing.turn.ends_at)
    kept.shown(request, response, again)
    return response if standing is None else standing.kept(response)


@pages.post("checkout", PLACE, guest=True)
def place_order(request: Request) -> HttpResponse:
    """Place the order under the form's own id: sent twice, it is one order. What is refused is shown, nothing is lost."""
    at, lines = here(request), basket.read(request)
    try:
        order_id = check_id(_uuid(request, "id"))
    except Invalid:
        order_id = new_id()
    if not lines:
        return _known(request, order_id) or see(reverse("shop:basket"))
    if request.POST.get("step") == "leave":
        return waiting.leave(request, at)
    if (to := _elsewhere(request)) is not None:
        # By way of another address, as below: going back to it asks nothing anew.
        away = see(to)
        kept.write(request, away, order_id=order_id)
        return away
    wanted = hot.hot(lines)
    if wanted and (answer := _in_turn(request, at, lines, wanted, order_id)) is not None:
        return answer
    try:
        draft, spread = _draft(request, order_id, at, lines)
        if spread:
            verdict = orders.checkout_sourced(draft, actor=request.actor, in_time=True)
        else:
            verdict = orders.checkout_gathered(draft, actor=request.actor)
        if verdict.error is not None:
            raise verdict.error
    except Error as error:
        answer = see(reverse("shop:checkout"))
        kept.write(request, answer, error=_in_their_words(request, error))
        return answer
    if wanted:
        hot.done(hot.holders(request), at, wanted, order_id)
    answer = see(f"{reverse('shop:order', args=[order_id])}?key={orders.token_of(order_id)}")
    kept.forget(request, answer)
    basket.write(request, answer, {})
    basket.keep_card(request, request.POST.get("card", ""))
    mine.remember(request, answer, order_id)
    return answer


def _in_their_words(request: Request, error: Error) -> Error:
    """Another total because of the time that was chosen on the page itself is no price that changed."""
    chosen = request.POST.get("slot", "")
    other_time = request.POST.get("by") == "deliver" and request.POST.get("priced", chosen) != chosen
    if other_time and error.code == "price_changed":
        return OtherFee(error.detail, field=error.field)
    return error


def _elsewhere(request: Request) -> str | None:
    """Where to, if the form was not sent to order: to itself with another choice, or away from it for a while."""
    checkout = reverse("shop:checkout")
    away = {"check": checkout, "shops": f"{reverse('shop:shops')}?next={checkout}"}
    away["enter"] = f"{reverse('shop:enter')}?next={checkout}"
    chooses = any(len(request.POST.getlist(name)) > 1 for name in ("by", "day", "point"))
    return away.get(request.POST.get("step", "")) or (checkout if chooses else None)


def _in_turn(
    request: Request, at: Here, lines: basket.Lines, wanted: Sequence[UUID], order_id: UUID
) -> HttpResponse | None:
    """Where it is not their turn: to the line; where the order is there already, to it."""
    if (placed := _known(request, order_id)) is not None:
        return placed
    standing = waiting.turn_of(request, at, lines, wanted)
    return None if standing.is_in else standing.kept(see(reverse("shop:checkout")))


def _known(request: Request, order_id: UUID) -> HttpResponse | None:
    """The form came again after its order was placed: to the order, if it is there."""
    token = orders.token_of(order_id)
    try:
        orders.get_own(order_id, actor=request.actor, token=token)
    except Error:
        return None
    return see(f"{reverse('shop:order', args=[order_id])}?key={token}")


def _draft(request: Request, order_id: UUID, at: Here, lines: basket.Lines) -> tuple[orders.Draft, bool]:
    """The order as the form says it, and whether the shopper was told that other shops give to it."""
    by = delivery.method_of(request.POST, delivery.ways(at))
    point = _point(request, at, lines) if by == delivery.POINT else None
    to = _address(request, at) if by in delivery.METHODS else None
    slot_id, token = _slot(request, by, point), request.POST.get("card", "")
    if token not in basket.CARDS:
        raise Invalid(_("Choose how to pay."), field="card")
    total = request.POST.get("total", "")
    if not (total.isascii() and total.isdigit()):
        raise Invalid(_("The total is missing: open the page again."), field="total")
    actor = request.actor
    shopper = actor.kind == "user" and actor.may(customers.JOIN)
    wish = wish_of(request.POST)
    where = "" if point is None else str(point.id)
    contact = reach.contact_of(request, at, by)
    told = "" if contact is None else contact.email + contact.phone
    body = "|".join(
        [str(at.place.id), str(slot_id), token, total, basket.pack(lines), wish, by + where, repr(_typed(to)), told]
    )
    draft = orders.Draft(
        id=order_id,
        place_id=at.place.id,
        channel=shelf.CHANNEL,
        lines=basket.draft_lines(lines),
        currency=at.facts.currency,
        method="collect" if point is not None else by,  # type: ignore[arg-type]  # one of those that the shop has
        served_by=_serving(at, by, point),
        collect_at=None if point is None else point.id,
        payments=(payments.Offer(payments.SANDBOX_CARD, None, token),),
        customer_id=customers.join(actor=actor) if shopper else None,
        slot_id=slot_id,
        expected_total=int(total),
        substitutes=wish,
        address=to,
        contact=contact,
        body_hash=body_hash(body.encode()),
    )
    return draft, request.POST.get("coming") == "1" if point is None else point.spread


def _serving(at: Here, by: str, point: points.Elsewhere | None) -> UUID | None:
    """Where it is put together: of a parcel too that is the chosen shop, whose fee was shown."""
    if point is not None:
        return point.served_by
    return at.place.id if by == "ship" else None


def _point(request: Request, at: Here, lines: basket.Lines) -> points.Elsewhere:
    """The point that the form names, if the basket can still be there."""
    wanted = request.POST.get("point", "")
    known = catalog.gather(list(lines)).result()
    near = position(request.POST.get("near", ""))
    choice = points.choice_of(at, lines, known, near=near, wanted=wanted)
    if choice.chosen is None or choice.chosen.ref != wanted:
        stands = against.way(delivery.POINT, at.place, delivery.ways(at), known, choice)
        raise Invalid(_("Choose where to collect it.") if stands is None else stands.words, field="point")
    return choice.chosen


def _slot(request: Request, by: str, point: points.Elsewhere | None) -> UUID | None:
    if by == "ship" or (point is not None and not point.slots):
        return None
    return _uuid(request, "slot")


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
    request: Request, at: Here, lines: basket.Lines, again: kept.Kept, *, turn_until: datetime | None
) -> HttpResponse:
    given, refused = again.given(request.GET.dict()), again.refused
    ways = delivery.ways(at)
    by = delivery.method_of(given, ways)
    fields = delivery.fields_of(request, given) if by in delivery.METHODS else {}
    to = delivery.address_of(at, fields, str(given.get("near", ""))) if fields else None
    order_id = again.order_id or new_id()
    with pipeline():
        ground = gather(request, at, lines)
        records = mine.gather_records(request)
        times = _gather_times(at, by, str(given.get("day", "")), now())
        standing = turned.gather(at)
    found = ground()
    away = turned.notice(None if by == delivery.POINT else standing.result(), at, lines, by, to)
    coming = None if by == delivery.POINT else foresee(request, at, lines, found, by=by, to=to)
    if coming is not None:
        with pipeline():
            times = _gather_times(at, by, str(given.get("day", "")), coming.arrives)
    days, day, slots = times()
    slot = str(given.get("slot", "")) or _proposed(records.result(), slots, at.place.zone)
    if slot not in {str(one.id) for one in slots}:
        slot = str(slots[0].id) if slots else ""
    choice = None
    if by == delivery.POINT:
        near, wanted = position(str(given.get("near", ""))), str(given.get("point", ""))
        choice = points.choice_of(at, lines, found.products, near=near, wanted=wanted)
    shown = priced(request, at, lines, to, ground=found, method=by, slot_id=UUID(slot) if slot else None)
    if by == "deliver" and slot and again.order_id is not None and not shown.problem and not away:
        _hold(request, order_id, UUID(slot))
    unfit = against.way(by, at.place, ways, found.products, choice)
    wrong = dict([delivery.wrong(refused.field), reach.wrong(refused.field)]) if refused else {}
    short = by != delivery.POINT and coming is None and any(line.short for line in shown.lines)
    return show(
        request,
        "checkout",
        at,
        lines,
        basket=shown,
        turned=away,
        days=days,
        day=day,
        slots=slots,
        slot=slot,
        turn_until=turn_until,
        coming=coming,
        arrives=_there(at, to, coming) if by == "ship" else None,
        ways=ways,
        method=by,
        fields=fields,
        choice=choice,
        point_slot=str(choice.chosen.slot(str(given.get("slot", ""))) or "") if choice and choice.chosen else "",
        near=str(given.get("near", "")),
        wrong=wrong,
        reach=reach.shown(request, by, given),
        fees_differ=by == "deliver" and len({one.fee for one in slots}) > 1,
        lacks_address=by in delivery.METHODS and to is None,
        unfit=unfit,
        no_time=by in {"collect", "deliver"} and not slots,
        asked=by == "collect" or to is not None,
        wish=wish_of(given),
        card=given.get("card") or basket.habits(request)[1] or basket.CARDS[0],
        order_id=order_id,
        refused=refused and refusal(refused, [line.name for line in shown.lines]),
        field=refused and refused.field.split("[")[0],
        blocked=bool(shown.problem) or short,
    )


def _there(at: Here, to: orders.Address | None, coming: orders.Foreseen | None) -> date | None:
    """On about which day a parcel would be at its address."""
    leaves = coming.arrives if coming else now()
    there = delivery.with_you(capacity.areas_of(at.place.id), to, leaves) if to is not None else None
    return None if there is None else business_date(there, at.place.zone)


def _hold(request: Request, order_id: UUID, slot_id: UUID) -> None:
    """Keep the chosen time free while the shopper pays; where it filled up meanwhile, the order will say so."""
    with suppress(Error):
        if request.actor.kind == "guest":
            throttle(request, capacity.HOLDING, capacity.HOLDS_PER_ADDRESS)
        capacity.hold(order_id, slot_id, actor=request.actor)


Times = tuple[list[date], date, list[capacity.Slot]]
"""The days to choose from, the one that is shown, and its slots."""


def _gather_times(at: Here, by: str, wanted: str, since: datetime) -> Callable[[], Times]:
    """Queue the times that begin from a moment on in the caller's pipeline: of the wanted day, else of the first that has some."""
    first = business_date(since, at.place.zone)
    days = [first + timedelta(days=number) for number in range(_DAYS)]
    asked = [day for day in days if day.isoformat() == wanted] or days
    slotted = asked if by in {"collect", "deliver"} else []
    pending = [(day, capacity.gather_open_slots(at.place.id, by, day)) for day in slotted]

    def result() -> Times:
        found = [(day, [slot for slot in slots.result() if slot.starts_at >= since]) for day, slots in pending]
        return days, *next(((day, slots) for day, slots in found if slots), (asked[0], []))

    return result


def foresee(
    request: Request, at: Here, lines: basket.Lines, ground: Ground, *, by: str, to: orders.Address | None
) -> orders.Foreseen | None:
    """What other shops would give where the chosen one has too little, and when it is there; None where it has all, or nobody gives."""
    known = {key: quantity for key, quantity in lines.items() if key in ground.products}
    address = to if by in delivery.METHODS else None
    method: Any = by  # one of those that the shop has
    wanted = replace(draft_of(at, known, ground.buyer), method=method, address=address, served_by=at.place.id)
    return orders.foresee(wanted, ground.levels, actor=request.actor)


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
