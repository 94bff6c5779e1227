"""Taking money: cash with its change, a card, or part in cash and the rest by card."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from storeline.identity.api import Request
from storeline.kernel.api import BodyMismatch, Error, Invalid, body_hash, check_id, new_id, parse_amount
from storeline.orders import api as orders
from storeline.orders.api import SELL
from storeline.payments import api as payments
from storeline.till import commands
from storeline.till.domain import quick_amounts
from storeline.till.errors import SaleClosed, SaleMoved
from storeline.till.locks import paying_alone
from storeline.till.pages import words
from storeline.till.pages.receipt import receipt_of
from storeline.till.pages.screen import Screen, answer, draft_of, look, refuse
from storeline.till.pages.settling import Settled, end, settle
from storeline.till.pages.shared import here, is_part, pages, render, wanted_id, wanted_int
from storeline.till.queries import TillAt, get_sale
from storeline.web.pages import see

_CARDS = ("tok_approve", "tok_decline", "tok_late", "tok_timeout")
_TRIES = 40
_WAIT_S = 0.05


@dataclass(frozen=True, slots=True)
class Tendered:
    """What the shopper gives: `cash` of the total is paid in cash, for which `received` was handed over; the rest by card."""

    cash: int
    received: int
    card: str

    def offers(self, total: int) -> tuple[payments.Offer, ...]:
        """As payments take it."""
        offers = []
        if self.cash or not total:
            offers.append(payments.Offer(payments.CASH, self.cash, tendered=self.received))
        if self.cash < total:
            offers.append(payments.Offer(payments.SANDBOX_CARD, None, self.card))
        return tuple(offers)


@pages.get("pay", SELL, name="pay")
def ask(request: Request) -> HttpResponse:
    """How it is paid: `with` is cash or card; `cash` minor units of it were handed over already."""
    screen = look(here(request), actor=request.actor)
    if not screen.can_pay:
        return see(reverse("till:sale"))
    part = request.GET.get("cash", "")
    cash = int(part) if part.isascii() and part.isdigit() and len(part) < 15 else 0  # noqa: PLR2004
    how = "card" if request.GET.get("with") == "card" else "cash"
    return _form(request, screen, how, cash=min(cash, screen.total))


def _form(
    request: Request,
    screen: Screen,
    how: str,
    *,
    cash: int = 0,
    typed: str = "",
    error: str = "",
    status: int = 200,
) -> HttpResponse:
    rest = screen.total - cash
    context: dict[str, Any] = {
        "screen": screen,
        "how": how,
        "cash": cash,
        "rest": rest,
        "typed": typed,
        "error": error,
        "quick": quick_amounts(rest, screen.place.currency) if rest else [],
        "order_id": new_id(),
    }
    return render(request, "pay", context, status)


@pages.post("pay", SELL)
def take(request: Request) -> HttpResponse:
    """Take the payment. Sent twice, or from two windows, it is one order; what is refused leaves the sale as it was."""
    at = here(request)
    sale_id, order_id = wanted_id(request, "sale"), check_id(wanted_id(request, "order"), skew=None)
    version, shown = wanted_int(request, "version"), wanted_int(request, "total")
    screen = look(at, actor=request.actor)
    sale = screen.sale
    if sale is None or sale.id != sale_id or sale.state == "paying":
        return _elsewhere(request, at, sale_id)
    if not screen.can_pay or sale.version != version:
        return refuse(request, at, SaleMoved("The sale has changed meanwhile: look at the new total."))
    if screen.total != shown:
        return _form(request, screen, _how(request), error=words.text("price_changed"), status=409)
    try:
        tendered = _tendered(request, screen)
    except Invalid as error:
        return _form(request, screen, _how(request), typed=_typed(request), error=error.detail, status=422)
    if tendered.cash < screen.total and not tendered.card:
        return _form(request, screen, "card", cash=tendered.cash)
    settled = _pay(request, screen, order_id, tendered)
    return _elsewhere(request, at, sale_id) if settled is None else finish(request, at, settled)


def _how(request: Request) -> str:
    return "card" if request.POST.get("with") == "card" else "cash"


def _typed(request: Request) -> str:
    return request.POST.get("received", "").strip()[:20]


def _tendered(request: Request, screen: Screen) -> Tendered:
    """What the form says was given. Nothing typed in cash is the exact amount."""
    if _how(request) == "card":
        card, cash = request.POST.get("card", ""), wanted_int(request, "cash")
        if card not in _CARDS:
            raise Invalid(_("Choose a card."), field="card")
        return Tendered(min(cash, screen.total), min(cash, screen.total), card)
    quick, typed = request.POST.get("quick", ""), _typed(request)
    if quick.isascii() and quick.isdigit() and not typed:
        received = int(quick)
    elif typed:
        try:
            received = parse_amount(typed.replace(",", "."), screen.place.currency, field="received")
        except Invalid:
            raise Invalid(_("Type what was handed over, such as 20 or 20.50."), field="received") from None
    else:
        received = screen.total
    if received <= 0 < screen.total:
        raise Invalid(_("Type what was handed over, such as 20 or 20.50."), field="received")
    return Tendered(min(received, screen.total), received, "")


def _elsewhere(request: Request, at: TillAt, sale_id: UUID) -> HttpResponse:
    """The sale is being paid or was, by this very form or at another window: wait for its end and show that."""
    for _try in range(_TRIES):
        with paying_alone(sale_id) as mine:
            sale = get_sale(sale_id) if mine else None
        if mine and (sale is None or sale.at != at or sale.state not in {"open", "paying", "done"}):
            return refuse(request, at, SaleClosed("That sale was finished or put aside at another window."))
        if sale is not None:
            return finish(request, at, settle(sale))
        time.sleep(_WAIT_S)
    return see(reverse("till:sale"))


def _pay(request: Request, screen: Screen, order_id: UUID, tendered: Tendered) -> Settled | None:
    """Fix the sale, place its order, take over what became of it; None where somebody else is at it."""
    sale = screen.sale
    assert sale is not None  # it can be paid
    with paying_alone(sale.id) as mine:
        if not mine:
            return None
        fixed = commands.begin_payment(sale.id, sale.version, order_id, actor=request.actor)
        if fixed.order_id not in {None, order_id}:
            return settle(fixed)
        body = f"{sale.id}|{sale.version}|{screen.quote and screen.quote.total}|{tendered}"
        draft = replace(
            draft_of(sale, screen.place.currency, screen.used),
            id=order_id,
            payments=tendered.offers(screen.total),
            expected_total=screen.quote.total if screen.quote else None,
            till=str(sale.at.number),
            body_hash=body_hash(body.encode()),
        )
        try:
            verdict = orders.checkout_gathered(draft, actor=request.actor)
        except Error as error:
            verdict = orders.Verdict(order_id, None, error=error)
        if verdict.error is not None and verdict.state is None:
            commands.end_payment(sale.id, order_id, "open")
            return Settled("open", None, _said_of(verdict.error))
        return end(sale.id, order_id, verdict.state)


def _said_of(error: Error) -> str:
    if isinstance(error, BodyMismatch):
        return "repeated"
    return "price_changed" if error.code == "price_changed" else "refused"


def finish(request: Request, at: TillAt, settled: Settled) -> HttpResponse:
    """To the receipt, the wait, or back to the sale with what is to be said."""
    if settled.state == "done" and settled.order_id is not None:
        if is_part(request):
            return _done(request, at, settled.order_id)
        return see(reverse("till:done", args=[settled.order_id]))
    if settled.state == "paying" and is_part(request):
        return render(request, "waiting", {"screen": look(at, actor=request.actor)})
    return answer(request, at, said=settled.said)


@pages.get("done/<uuid:order_id>", SELL, name="done")
def done(request: Request, order_id: UUID) -> HttpResponse:
    """The change, the receipt, and the next sale."""
    return _done(request, here(request), order_id)


def _done(request: Request, at: TillAt, order_id: UUID) -> HttpResponse:
    receipt = receipt_of(order_id, actor=request.actor, base=request.build_absolute_uri("/"))
    return render(request, "done", {"at": at, "receipt": receipt, "place": receipt.place})


@pages.post("pay/call-off", SELL, name="call_off")
def call_off(request: Request) -> HttpResponse:
    """Wait no longer for a card's answer: the order is cancelled, and a late yes of the partner is let go."""
    at = here(request)
    sale = get_sale(wanted_id(request, "sale"))
    if sale is None or sale.at != at or sale.state != "paying" or sale.order_id is None:
        return answer(request, at)
    request.actor.require(SELL, at.place_id)
    settled = settle(sale)
    if settled.state != "paying":
        return finish(request, at, settled)
    try:
        orders.cancel([sale.order_id], reason="till_called_off")
    except Error:
        return finish(request, at, settle(sale))  # it was completed at the last moment
    payments.perform_open([sale.order_id])
    after = settle(sale)
    return finish(request, at, replace(after, said="given_up") if after.state == "open" else after)
