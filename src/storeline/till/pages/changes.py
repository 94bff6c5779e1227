"""What else is done to a sale: its lines, its member, its coupons, putting it aside, giving it up."""

from __future__ import annotations

import re

from django.http import HttpResponse

from storeline.customers import api as customers
from storeline.identity.api import Request
from storeline.kernel.api import Error, Invalid, transaction
from storeline.loyalty import api as loyalty
from storeline.orders.api import SELL
from storeline.places import api as places
from storeline.till import commands
from storeline.till.errors import SaleBusy
from storeline.till.pages import words
from storeline.till.pages.screen import Screen, answer, look, refuse, show
from storeline.till.pages.shared import as_id, here, pages, wanted_id, wanted_int
from storeline.till.queries import TillAt

_MOST = 20


_CHANGE = re.compile(r"(\d{1,6}):(\d{1,18}):(\d{1,18})", re.ASCII)


@pages.post("lines", SELL, name="line")
def line(request: Request) -> HttpResponse:
    """So much of a line, or none of it: the button says which line, what it was and what it is to be."""
    at = here(request)
    sale_id, change = wanted_id(request, "sale"), _CHANGE.fullmatch(request.POST.get("line", ""))
    if change is None:
        raise Invalid("The form is not whole. Go back to the sale and try again.", field="line")
    line_no, was, quantity = (int(part) for part in change.groups())
    try:
        commands.set_line(sale_id, line_no, quantity, was, actor=request.actor)
    except Error as error:
        return refuse(request, at, error)
    return answer(request, at)


@pages.post("member", SELL, name="member")
def member(request: Request) -> HttpResponse:
    """Find a member by card, telephone or member number, or take the one that was chosen; `off` sells to nobody known."""
    at = here(request)
    request.actor.require(customers.FIND)
    try:
        if request.POST.get("off"):
            commands.set_member(at, None, actor=request.actor)
            return answer(request, at, said="member_off")
        found = _found(request, at)
        if len(found) > 1:
            return show(request, at, ask={"kind": "member", "found": found[:_MOST], "typed": _typed(request)})
        if not found:
            return _ask_again(request, at, "no_member")
        commands.set_member(at, found[0].id, actor=request.actor)
    except Error as error:
        return refuse(request, at, error)
    return answer(request, at)


def _typed(request: Request) -> str:
    return request.POST.get("who", "").strip()[:60]


def _ask_again(request: Request, at: TillAt, said: str) -> HttpResponse:
    ask = {"kind": "member", "typed": _typed(request)}
    return show(request, at, said=words.said(said), ask=ask, status=404)


def _found(request: Request, at: TillAt) -> list[customers.CustomerView]:
    """Members only: a guest's record gets no member's price."""
    chosen = as_id(request.POST.get("customer", ""))
    found = _looked_up(_typed(request), at) if chosen is None else customers.get_many([chosen])
    return [one for one in found if one.kind == "member" and one.erased_at is None]


def _looked_up(typed: str, at: TillAt) -> list[customers.CustomerView]:
    """By card, else by telephone as it is dialled here, else by the retailer's own number."""
    if not typed:
        return []
    country = places.get_place(at.place_id).country
    for how in ({"card": typed}, {"phone": typed, "country": country}):
        try:
            if found := customers.look_up(**how):
                return found
        except Invalid:
            continue
    by_ref = customers.find_by_ref(typed)
    return customers.get_many([by_ref]) if by_ref else []


@pages.post("coupon", SELL, name="coupon")
def coupon(request: Request) -> HttpResponse:
    """Put a coupon on, or take it off. One that fits nothing yet stays and says why; one that never will is refused."""
    at = here(request)
    code = request.POST.get("code", "").strip()[:60]
    try:
        if request.POST.get("off"):
            commands.set_coupon(at, code, on=False, actor=request.actor)
            return answer(request, at)
        return answer(request, at, screen=put_coupon(request, at, code))
    except SaleBusy as error:
        return refuse(request, at, error)
    except Error as error:
        ask = {"kind": "coupon", "typed": code, "error": words.coupon_refusal(error)}
        return show(request, at, ask=ask, status=error.status)


def put_coupon(request: Request, at: TillAt, code: str) -> Screen:
    """The screen with the coupon on; refuses one that cannot be used, and changes nothing then."""
    if code not in loyalty.gather({code}, set(), set(), lock=False).result().by_code:
        raise loyalty.CouponUnknown(field="code")
    with transaction():
        commands.set_coupon(at, code, on=True, actor=request.actor)
        screen = look(at, actor=request.actor)
        refused = next((one.refusal for one in screen.coupons if one.code == code and one.is_final), None)
        if refused is not None:
            raise refused
    return screen


@pages.post("park", SELL, name="park")
def park(request: Request) -> HttpResponse:
    """Put the sale aside for the next shopper."""
    at = here(request)
    screen = look(at, actor=request.actor)
    try:
        commands.park(
            wanted_id(request, "sale"),
            pieces=screen.pieces,
            total=screen.total if screen.quote else None,
            actor=request.actor,
        )
    except Error as error:
        return refuse(request, at, error)
    return answer(request, at, said="parked")


@pages.post("resume", SELL, name="resume")
def resume(request: Request) -> HttpResponse:
    """Go on with one that was put aside; the one under way is put aside for it."""
    at = here(request)
    screen = look(at, actor=request.actor)
    try:
        commands.resume(
            wanted_id(request, "sale"),
            at,
            pieces=screen.pieces,
            total=screen.total if screen.quote else None,
            actor=request.actor,
        )
    except Error as error:
        return refuse(request, at, error)
    return answer(request, at, said="resumed")


@pages.post("cancel", SELL, name="cancel")
def cancel(request: Request) -> HttpResponse:
    """Give the sale up, as it was shown when that was asked."""
    at = here(request)
    try:
        commands.cancel_sale(wanted_id(request, "sale"), wanted_int(request, "version"), actor=request.actor)
    except Error as error:
        return refuse(request, at, error)
    return answer(request, at, said="cancelled")
