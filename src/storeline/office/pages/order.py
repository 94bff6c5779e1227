"""One order: its lines with every step of their prices, its money, its way, and what the staff may do about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext as _

from storeline.aftersales import api as aftersales
from storeline.catalog import api as catalog
from storeline.customers import api as customers
from storeline.fiscal import api as fiscal
from storeline.fulfilment import api as fulfilment
from storeline.identity import api as identity
from storeline.identity.api import Request
from storeline.kernel.api import Deed, Error, NotFound, WantedDeeds, check_id, list_deeds, new_id, pipeline
from storeline.office.pages import order_words as words
from storeline.office.pages import promotion_words
from storeline.office.pages.deeds import who_of, words_of
from storeline.office.pages.parts import as_id, back_to
from storeline.office.pages.shared import pages, render
from storeline.orders import api as orders
from storeline.payments import api as payments
from storeline.places import api as places
from storeline.web.templatetags.ui import local_name

_ZONE = "UTC"


@dataclass(frozen=True, slots=True)
class Step:
    """One reduction of a line: what, who pays for it, how much, and the promotion or coupon that gave it."""

    name: str
    label: str
    funder: str
    amount: int
    page: str
    source_id: UUID | None


@dataclass(frozen=True, slots=True)
class Line:
    """A line with its product and the steps of its price; `moved` of it comes from elsewhere, as a line of its own."""

    line: orders.OrderLine
    product: catalog.ProductFacts | None
    unit: int | None
    per: int | None
    steps: list[Step]
    moved: int = 0

    @property
    def is_short(self) -> bool:
        """Whether something of it was found nowhere."""
        return self.line.kept_quantity + self.moved < self.line.quantity


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment, and everything that was asked for it."""

    payment: payments.Payment
    tender: str
    state: words.State
    asked: list[tuple[payments.Operation, str, words.State]]
    owed: list[payments.Operation]


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened to the order."""

    at: datetime
    text: str
    when: str
    who: str


def _seen_by(request: Request, order_id: UUID) -> tuple[orders.OrderView, Mapping[int, orders.LineDetail]]:
    """The order, for staff of the places that sell or serve it; raises NotFound."""
    view, details = orders.whole(order_id)
    may = request.actor.may
    if not (may(orders.VIEW, view.head.place_id) or may(orders.VIEW, view.head.served_by)):
        raise NotFound("There is no such order.")
    return view, details


@pages.get("orders/<uuid:order_id>", orders.VIEW, name="order")
def show(request: Request, order_id: UUID) -> HttpResponse:
    """The order whole."""
    return _page(request, order_id)


def _page(request: Request, order_id: UUID, *, problem: str = "", status: int = 200) -> HttpResponse:
    actor = request.actor
    view, details = _seen_by(request, order_id)
    head = view.head
    task = None if head.method == "carry_out" else fulfilment.tasks_of([order_id]).get(order_id)
    is_done = head.state == "completed"
    receipt = fiscal.receipts_of([order_id]).get(order_id) if is_done else None
    returns = aftersales.list_returns(order_id=order_id) if is_done and actor.may(aftersales.VIEW) else []
    paid = payments.payments_of([order_id]).get(order_id, ()) if actor.may(payments.VIEW) else ()
    with pipeline():
        goods = catalog.gather([line.product_id for line in view.lines])
        known = places.gather_names([head.place_id, head.served_by])
        shopper = customers.gather([head.customer_id] if head.customer_id else [])
    deeds = list_deeds(WantedDeeds(subject_ids=[order_id]), limit=100)
    names = identity.names_of({deed.actor_id for deed in deeds if deed.actor_id is not None}) if deeds else {}
    place_names = known.result()
    zone = place_names[head.place_id][2] if head.place_id in place_names else _ZONE
    code = task.state if task is not None and head.state == "confirmed" else head.state
    context: dict[str, Any] = {
        "tab": "orders",
        "head": head,
        "kept": _kept(view),
        "number": orders.order_number(order_id),
        "state": words.state(code),
        "method": words.method(head.method),
        "channel": promotion_words.channel(head.channel),
        "reason": words.reason(head.reason),
        "place": place_names.get(head.place_id),
        "served_by": place_names.get(head.served_by) if head.served_by != head.place_id else None,
        "lines": _lines(view, details, goods.result()),
        "task": task,
        "task_state": words.state(task.state) if task else None,
        "paid": [_paid(one) for one in paid],
        "may_see_payments": actor.may(payments.VIEW),
        "receipt": receipt,
        "returns": returns,
        "shopper": shopper.result().get(head.customer_id) if head.customer_id else None,
        "zone": zone,
        "way": _way(view.head, task, receipt, returns, deeds, names, zone),
        "said": words.said(request.GET.get("said", "")),
        "problem": problem,
        "reasons": words.cancel_reasons(),
        "repay_id": new_id(),
    } | _may(request, head, task)
    return render(request, "office/order.html", context, status)


def _kept(view: orders.OrderView) -> dict[str, int]:
    """What stands of it, as its lines say."""
    funded = sum(line.kept_funded for line in view.lines)
    return {
        "amount": sum(line.kept_amount for line in view.lines),
        "tax": view.kept_tax,
        "funded": funded,
        "payable": view.kept_total - funded,
    }


def _may(request: Request, head: orders.OrderHead, task: fulfilment.TaskView | None) -> dict[str, bool]:
    may = request.actor.may
    is_open = head.state in ("pending", "confirmed")
    place = head.place_id if task is None else task.place_id
    cancels = orders.CANCEL if task is None else fulfilment.MAY_CANCEL
    return {
        "may_cancel": is_open and may(cancels, place),
        "may_renew": task is not None and task.state == "ready" and may(fulfilment.RENEW, place),
        "may_repay": may(payments.REFUND, head.place_id),
    }


def _lines(
    view: orders.OrderView,
    details: Mapping[int, orders.LineDetail],
    products: Mapping[UUID, catalog.ProductFacts],
) -> list[Line]:
    shown = []
    for line in view.lines:
        detail = details[line.line_no]
        steps = [
            Step(
                words.step(one.kind),
                local_name(one),
                promotion_words.funder(one.funder),
                one.amount,
                _page_of(one.kind),
                one.source_id,
            )
            for one in detail.discounts
        ]
        moved = view.moved.get(line.line_no, 0)
        shown.append(Line(line, products.get(line.product_id), detail.unit_amount, detail.unit_base, steps, moved))
    return shown


def _page_of(kind: str) -> str:
    return {"promotion": "office:promotion", "coupon": "office:coupon"}.get(kind, "")


def _paid(one: payments.Payment) -> Paid:
    asked = [(op, words.operation(op.kind), words.operation_state(op.state)) for op in one.operations]
    owed = [op for op in one.operations if op.kind == "refund" and op.state == "failed" and op.paid_by is None]
    return Paid(one, words.tender(one.tender), words.payment_state(one.state), asked, owed)


def _way(
    head: orders.OrderHead,
    task: fulfilment.TaskView | None,
    receipt: fiscal.Receipt | None,
    returns: list[aftersales.ReturnHead],
    deeds: list[Deed],
    names: Mapping[UUID, str],
    zone: str,
) -> list[Moment]:
    """Everything that happened, the first first: what the rows say, but where a deed says it with its doer."""
    told = {deed.action for deed in deeds}
    found: list[tuple[datetime | None, str, str]] = [(head.placed_at, _("Placed"), "")]
    if task is not None:
        found.append((task.created_at, _("Confirmed, to be picked"), ""))
        if "fulfilment.ready" not in told:
            found.append((task.ready_at, words.state("ready").name, ""))
        if not told & {"fulfilment.hand_over", "fulfilment.cancel"}:
            found.append((task.closed_at, words.state(task.state).name, ""))
    found += [(deed.at, words_of(deed), who_of(deed, names)) for deed in reversed(deeds)]
    if head.method == "carry_out":
        found.append((head.completed_at, words.state("completed").name, ""))
    if receipt is not None:
        found.append((receipt.at, _("Receipt %(number)s issued") % {"number": receipt.number}, ""))
    found += [(one.returned_at, _("Goods were brought back"), "") for one in returns]
    known = sorted(((at, text, who) for at, text, who in found if at is not None), key=lambda one: one[0])
    return [Moment(at, text, promotion_words.moment(at, zone), who) for at, text, who in known]


@pages.post("orders/<uuid:order_id>/cancel", orders.CANCEL, name="order_cancel")
def cancel(request: Request, order_id: UUID) -> HttpResponse:
    """Cancel it with a reason, and free what it holds. Again is no change."""
    reason = request.POST.get("reason", "")
    if reason not in dict(words.cancel_reasons()):
        return _page(request, order_id, problem=_("Choose why it is cancelled. Nothing was changed."), status=422)

    def deed() -> None:
        if fulfilment.tasks_of([order_id]):
            fulfilment.cancel([order_id], reason=reason, actor=request.actor)
        else:
            orders.cancel([order_id], reason=reason, actor=request.actor, tell=True)

    return _deed(request, order_id, "cancelled", deed)


@pages.post("orders/<uuid:order_id>/code", fulfilment.RENEW, name="order_code")
def renew(request: Request, order_id: UUID) -> HttpResponse:
    """Another collection code, for a shopper who lost theirs."""
    return _deed(request, order_id, "renewed", lambda: fulfilment.renew_code(order_id, actor=request.actor))


@pages.post("orders/<uuid:order_id>/repay", payments.REFUND, name="order_repay")
def repay(request: Request, order_id: UUID) -> HttpResponse:
    """Pay in cash what a partner would not give back: under the form's own id, so that twice is once."""
    form_id, intent_id = (as_id(request.POST.get(name, "")) for name in ("id", "payment"))
    view, _details = _seen_by(request, order_id)
    if form_id is None or intent_id is None:
        return _page(request, order_id, problem=_("The form was not whole. Nothing was paid."), status=422)
    asked = payments.Repayment(
        check_id(form_id), intent_id, request.POST.get("key", "")[:255], payments.CASH, view.head.place_id
    )

    def deed() -> None:
        payments.repay(asked, actor=request.actor)

    return _deed(request, order_id, "repaid", deed)


def _deed(request: Request, order_id: UUID, told: str, deed: Callable[[], None]) -> HttpResponse:
    """Do it, and back to the order; a refusal is shown there, and nothing was changed."""
    _seen_by(request, order_id)
    try:
        deed()
    except Error as error:
        return _page(request, order_id, problem=words.refusal(error), status=error.status)
    return back_to("office:order", order_id, said=told)
