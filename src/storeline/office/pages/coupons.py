"""Coupons: what is valid, what each gave and who paid for it; made, changed within what was promised, and ended."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import Any
from uuid import UUID

from django.http import HttpResponse

from storeline.identity.api import Request
from storeline.kernel.api import QUANTITY_ONE, Error, format_amount, now
from storeline.loyalty import api as loyalty
from storeline.office.pages import promotion_words as words
from storeline.office.pages import targets
from storeline.office.pages.coupon_form import CouponForm, Reading, blank, read
from storeline.office.pages.parts import address, back_to, cursor_of, cursor_parts, end_of, office_zone, pill
from storeline.office.pages.promotions import Tab, history
from storeline.office.pages.reading import names_filled
from storeline.office.pages.shared import pages, render
from storeline.orders import api as orders
from storeline.places import api as places
from storeline.pricing import api as pricing

_SHOWN = 40
_TARGETS = 60
_USES = 20


@dataclass(frozen=True, slots=True)
class Item:
    """A coupon in a list."""

    coupon: loyalty.CouponView
    pill: str
    value: str
    uses: str
    window: str


@pages.get("coupons", loyalty.READ, name="coupons")
def index(request: Request) -> HttpResponse:
    """Coupons by code, of one phase, found by code or name."""
    q, phase = request.GET.get("q", "").strip()[:100], request.GET.get("phase", "")
    phase = phase if phase in loyalty.COUPON_PHASES else "valid"
    after = cursor_parts(request.GET.get("after", ""), 1)
    found, following = loyalty.find_coupons(
        phase=phase, text=q, after=after[0] if after else None, limit=_SHOWN, actor=request.actor
    )
    zone, counts = office_zone(), loyalty.count_coupons(actor=request.actor)
    context = {
        "tab": "promotions",
        "part": "coupons",
        "tabs": [
            Tab(code, words.phase(code).name, counts[code], address(request, phase=code), phase == code)
            for code in loyalty.COUPON_PHASES
        ],
        "items": [_item(one, zone) for one in found],
        "q": q,
        "phase": phase,
        "next": address(request, after=cursor_of(following)) if following else None,
        "may_make": request.actor.may(loyalty.WRITE),
        "may_see_coupons": True,
    }
    return render(request, "office/coupons.html", context)


def _item(one: loyalty.CouponView, zone: str) -> Item:
    code = loyalty.coupon_phase(one, now())
    shown = pill(*astuple(words.phase(code)))
    uses = words.uses(one.redeemed, one.total_limit)
    return Item(one, shown, value_of(one), uses, words.window(one.valid_from, one.valid_to, zone))


def value_of(one: loyalty.CouponView) -> str:
    """What a coupon takes off."""
    text = words.value(one.kind, one.currency, one.amount, one.base, one.rate_ppm)
    return text or words.unknown_value()


@pages.get("coupons/<uuid:coupon_id>", loyalty.READ, name="coupon")
def show(request: Request, coupon_id: UUID) -> HttpResponse:
    """One coupon: its rules, how often it was used, what that cost and who funds it, who did what with it."""
    return _page(request, loyalty.get_coupon(coupon_id, actor=request.actor))


def _page(request: Request, one: loyalty.CouponView, *, problem: str = "", status: int = 200) -> HttpResponse:
    actor, zone = request.actor, office_zone()
    uses, _next = loyalty.list_redemptions(one.id, limit=_USES, actor=actor)
    about = loyalty.coupon_targets(one.id, limit=_TARGETS, actor=actor) if one.targets else ()
    code = loyalty.coupon_phase(one, now())
    sums = loyalty.coupon_uses(one.id, actor=actor)
    context = {
        "tab": "promotions",
        "coupon": one,
        "phase": code,
        "pill": words.phase(code),
        "rules": [*words.names_rules(one.names), *words.coupon_rules(one, value_of(one), zone)],
        "uses": [(use, None if use.order_id is None else orders.order_number(use.order_id)) for use in uses],
        "sums": sums,
        "currency": one.currency or (places.list_entities(limit=1)[0].currency if sums.cost else ""),
        "targets": about,
        "more_targets": (one.targets or 0) - len(about),
        "history": history([one.id], zone),
        "said": words.said(request.GET.get("said", "")),
        "problem": problem,
        "may_make": actor.may(loyalty.WRITE),
        "may_see_orders": actor.may(orders.VIEW),
        "zone": zone,
    }
    return render(request, "office/coupon.html", context, status)


@pages.get("coupons/new", loyalty.WRITE, name="coupon_new")
def new(request: Request) -> HttpResponse:
    """An empty form."""
    return _form(request, CouponForm(blank(office_zone()), places.list_groups()))


@pages.post("coupons/new", loyalty.WRITE)
def make(request: Request) -> HttpResponse:
    """Make a coupon: the same form again finds it made."""
    return _take(request, None)


@pages.get("coupons/<uuid:coupon_id>/edit", loyalty.WRITE, name="coupon_edit")
def edit(request: Request, coupon_id: UUID) -> HttpResponse:
    """A coupon's form; what it gives stays once it was used."""
    one, zone = loyalty.get_coupon(coupon_id, actor=request.actor), office_zone()
    about = loyalty.coupon_targets(coupon_id, actor=request.actor)
    version = loyalty.coupon_version(coupon_id)
    return _form(request, CouponForm(filled(one, about, version, zone), places.list_groups()), saved=one)


@pages.post("coupons/<uuid:coupon_id>/edit", loyalty.WRITE)
def change(request: Request, coupon_id: UUID) -> HttpResponse:
    """Save a changed coupon, if nobody else has changed it meanwhile."""
    return _take(request, loyalty.get_coupon(coupon_id, actor=request.actor))


def _take(request: Request, saved: loyalty.CouponView | None) -> HttpResponse:
    form = CouponForm(request.POST, places.list_groups())
    reading = read(form, saved)
    if reading.terms is None:
        return _form(request, form, reading, saved=saved, status=422)
    seen = form.text("seen") if saved else ""
    try:
        if saved is None and (same := _same(reading, request)) is not None:
            return back_to("office:coupon", same)
        key = loyalty.write_coupon(reading.terms, reading.products, reading.categories, seen=seen, actor=request.actor)
    except Error as error:
        field = {"coupon_code_taken": "ref"}.get(error.code, "")
        reading.refuse(field, words.refusal(error))
        return _form(request, form, reading, saved=saved, status=error.status)
    return back_to("office:coupon", key, said="coupon_saved")


def _same(reading: Reading, request: Request) -> UUID | None:
    """The coupon that this very form made a moment ago: by a double click or the back button."""
    assert reading.terms is not None
    found, _next = loyalty.find_coupons(text=str(reading.terms["ref"]), limit=_SHOWN, actor=request.actor)
    for one in found:
        if one.ref == reading.terms["ref"] and one.redeemed == 0 and _terms(one) == _asked(reading.terms):
            return one.id
    return None


def _terms(one: loyalty.CouponView) -> tuple[Any, ...]:
    return (
        one.name,
        one.names,
        one.kind,
        one.valid_from,
        one.valid_to,
        one.total_limit,
        one.per_member_limit,
        one.stackable,
    )


def _asked(terms: dict[str, Any]) -> tuple[Any, ...]:
    names = ("name", "names", "kind", "valid_from", "valid_to", "max_uses", "max_uses_per_customer", "stackable")
    return tuple(terms[name] for name in names)


@pages.post("coupons/<uuid:coupon_id>/end", loyalty.WRITE, name="coupon_end")
def end(request: Request, coupon_id: UUID) -> HttpResponse:
    """Let nobody use it from now on."""
    one = loyalty.get_coupon(coupon_id, actor=request.actor)
    loyalty.end_coupon(one.ref, actor=request.actor)
    return back_to("office:coupon", coupon_id, said="ended")


def _form(
    request: Request,
    form: CouponForm,
    reading: Reading | None = None,
    *,
    saved: loyalty.CouponView | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "tab": "promotions",
        "form": form,
        "reading": reading,
        "saved": saved,
        "is_used": saved is not None and saved.redeemed > 0,
        "value": value_of(saved) if saved else "",
        "several_currencies": len(form.currencies) > 1,
        "currency": form.text("currency") or form.currencies[0],
        "zone": form.zone,
    }
    return render(request, "office/coupon_form.html", context, status)


def filled(
    one: loyalty.CouponView, about: tuple[loyalty.CouponTargetView, ...], version: str, zone: str
) -> dict[str, Any]:
    """A saved coupon as its form."""
    amount = one.amount is not None and one.currency is not None
    spend = one.min_spend and one.currency is not None
    views = [pricing.TargetView(t.kind, t.id, t.ref, t.name, None, None, QUANTITY_ONE, None) for t in about]
    return {
        "seen": version,
        "ref": one.ref,
        "name": one.name,
        "kind": one.kind,
        "percent": "" if one.rate_ppm is None else targets.percent_text(one.rate_ppm),
        "amount": format_amount(one.amount or 0, one.currency or "USD") if amount else "",
        "currency": one.currency or "",
        "min_spend": format_amount(one.min_spend, one.currency or "USD") if spend else "",
        "about": "all" if one.targets is None else "some",
        "targets": targets.text_of(views, None, {}),
        "max_uses": "" if one.total_limit is None else str(one.total_limit),
        "max_uses_per_customer": "" if one.per_member_limit is None else str(one.per_member_limit),
        "starts": end_of(one.valid_from, zone),
        "ends": end_of(one.valid_to, zone),
        "zone": zone,
        "alone": "" if one.stackable else "on",
        "funder": one.funder,
    } | names_filled(one.names)
