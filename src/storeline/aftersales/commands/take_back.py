"""Take goods back: gather under the order's lock, decide, write; the money goes back after the commit."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from storeline.aftersales.commands.gather import counter_of, paid_of, pay_out, sale_of, sold_of
from storeline.aftersales.commands.receipt import issue
from storeline.aftersales.commands.request import accept_request
from storeline.aftersales.commands.rows import insert_head, insert_lines, insert_refunds
from storeline.aftersales.commands.settle import settle
from storeline.aftersales.commands.worth import check_worth
from storeline.aftersales.domain.decide import check_return, decide
from storeline.aftersales.domain.postings import entries
from storeline.aftersales.domain.terms import (
    Counter,
    Decided,
    Gathered,
    PlannedRefund,
    Return,
    TakenLine,
)
from storeline.aftersales.errors import ReturnMismatch
from storeline.aftersales.events import returned
from storeline.aftersales.permissions import OTHER_TENDER, RETURN, WITHOUT_RECEIPT
from storeline.aftersales.queries import ReturnView, back_of, digest_of, get_return
from storeline.catalog import api as catalog
from storeline.kernel.api import (
    Actor,
    Conflict,
    check_id,
    in_transaction,
    now,
    pipeline,
    publish,
    source_id,
    trail,
    transaction,
)
from storeline.ledger import api as ledger
from storeline.orders import api as orders
from storeline.payments import api as payments
from storeline.places import api as places
from storeline.stock import api as stock

_TRIES = 3
OperationKey = tuple[UUID, str]


class _RacedError(Exception):
    """The same return was written by somebody else meanwhile: look again."""


def refund_key(return_id: UUID) -> str:
    """What a payment knows this return's refund by; there is one for each payment."""
    return f"return:{return_id}"


def return_goods(asked: Return, *, actor: Actor, request_id: UUID | None = None) -> ReturnView:
    """Take goods back and give the money back; the return as it stands after it.

    `request_id` names the shopper's request that this answers: it is accepted with the return, once, whatever part of
    it came; raises RequestNotFound or RequestClosed.
    A repeat of the same id and contents gives the same answer, another under that id raises ReturnMismatch. Raises
    BadReturn, NotReturnable, TooMuchReturned or RefundRefused, and changes nothing then. Partners are asked, and the
    receipt is issued, after the commit; inside a caller's transaction that is left to jobs and handlers, as is whatever
    has no answer.
    """
    actor.require(RETURN if asked.order_id else WITHOUT_RECEIPT, asked.place_id)
    check_id(asked.id, skew=None)
    check_return(asked)
    if asked.order_id is None and digest_of(asked.id).result() is None:
        check_worth(asked, actor)
    for _ in range(_TRIES):
        try:
            with transaction():
                open_refunds = _take_back(asked, actor)
                if request_id is not None:
                    accept_request(request_id, asked)
            break
        except _RacedError:
            continue
    else:
        raise Conflict("The same return is being written elsewhere: try again.")
    if not in_transaction():
        issue(get_return(asked.id))
        payments.perform(open_refunds)
        settle([asked.id] if open_refunds else [])
    return get_return(asked.id)


def _take_back(asked: Return, actor: Actor) -> list[OperationKey]:
    """Decide and write; the refunds that partners have to be asked for."""
    with pipeline():
        locked = orders.lock([asked.order_id] if asked.order_id else [])
        # Read after the lock: what a twin wrote while we waited counts.
        digest = digest_of(asked.id)
        sold = orders.lines([asked.order_id] if asked.order_id else [])
        brought = orders.destinations([asked.order_id] if asked.order_id else [])
        back = back_of(asked.order_id) if asked.order_id else None
        found_places = places.gather([asked.place_id])
        products = catalog.gather([line.product_id for line in asked.lines if line.product_id])
    if (known := digest.result()) is not None:
        return _again(asked, known)
    seen = Gathered(
        now=now(),
        counter=counter_of(found_places.result().get(asked.place_id)),
        sale=sale_of(locked.result().get(asked.order_id) if asked.order_id else None),
        sold=sold_of(*_sold(asked, sold.result(), brought.result())),
        back=back.result() if back else {},
        payments=paid_of(asked.order_id),
        products={product: not facts.service for product, facts in products.result().items()},
    )
    decided = decide(asked, seen, pay_out)
    if any(refund.paid is None for refund in decided.refunds) and asked.order_id:
        actor.require(OTHER_TENDER, asked.place_id)
    return _write(decided, seen, actor)


def _sold(
    asked: Return,
    lines: Mapping[UUID, tuple[orders.OrderLine, ...]],
    brought: Mapping[UUID, orders.Destination],
) -> tuple[tuple[orders.OrderLine, ...], orders.Destination | None]:
    """The lines of the sale, and where it was brought."""
    return (lines.get(asked.order_id, ()), brought.get(asked.order_id)) if asked.order_id else ((), None)


def _again(asked: Return, digest: bytes) -> list[OperationKey]:
    if digest != asked.digest:
        raise ReturnMismatch("A return with this id and other contents is already there.", field="id")
    found = get_return(asked.id)
    return [(one.payment_id, refund_key(asked.id)) for one in found.refunds if one.state == "pending"]


def _write(decided: Decided, seen: Gathered, actor: Actor) -> list[OperationKey]:
    asked, counter = decided.asked, seen.counter
    assert counter is not None  # it was decided on
    if insert_head(decided).result() != 1:
        raise _RacedError
    returning = stock.lock_returns(_returned(decided, seen))
    at = decided.returned_at
    from_payments = [refund for refund in decided.refunds if refund.paid is not None]
    verdicts = payments.request([_request(decided, refund) for refund in from_payments], at=at)
    states = {one.intent_id: one.state for one in (verdict.result() for verdict in verdicts)}
    with pipeline():
        insert_lines(decided)
        insert_refunds(decided, [_refund_row(decided, refund, states) for refund in decided.refunds])
        stock.post_returns(returning)
        payments.open_intents([_pay_out_intent(decided, counter, one) for one in decided.refunds if one.paid is None])
        ledger.post(entries(decided, counter, seen.sale.place_id if seen.sale else None))
        publish([returned(decided)])
        trail(actor, "aftersales.return", asked.id, place_id=asked.place_id, detail=_detail(decided))
    return [(intent_id, refund_key(asked.id)) for intent_id, state in states.items() if state != "succeeded"]


def _detail(decided: Decided) -> dict[str, object]:
    order = decided.asked.order_id
    return {"order": order and str(order), "refunded": decided.refunded, "currency": decided.currency}


def _returned(decided: Decided, seen: Gathered) -> list[stock.Returned]:
    """What goes back into stock, each with the line of the sale and how much of that came back before."""
    before = {line: back.quantity for line, back in seen.back.items()}
    found = []
    for line in decided.lines:
        came = before.get(line.order_line or 0, 0)
        before[line.order_line or 0] = came + line.quantity
        if line.restock and line.goods and line.quantity:
            order = decided.asked.order_id if line.order_line else None
            found.append(stock.Returned(_move(decided, line), order, line.order_line, came))
    return found


def _move(decided: Decided, line: TakenLine) -> stock.MoveRow:
    return stock.MoveRow(
        decided.asked.id,
        line.line_no,
        stock.Kind.RETURN,
        decided.asked.place_id,
        line.product_id,
        line.quantity,
        decided.returned_at,
        decided.business_date,
        line.reason or None,
    )


def _request(decided: Decided, refund: PlannedRefund) -> payments.OperationRequest:
    assert refund.paid is not None  # only those are asked for
    return payments.OperationRequest(refund.paid, "refund", refund_key(decided.asked.id), refund.amount)


def _payment_of(decided: Decided, refund: PlannedRefund) -> UUID:
    return refund.paid or source_id("payment", f"{decided.asked.id}:{refund.seq}", decided.returned_at)


def _refund_row(decided: Decided, refund: PlannedRefund, states: Mapping[UUID, str]) -> tuple[PlannedRefund, UUID, str]:
    state = "succeeded" if refund.paid is None else states[refund.paid]
    return refund, _payment_of(decided, refund), "settled" if state == "succeeded" else "pending"


def _pay_out_intent(decided: Decided, counter: Counter, refund: PlannedRefund) -> payments.IntentRow:
    return payments.IntentRow(
        id=_payment_of(decided, refund),
        source_id=decided.asked.id,
        entity_id=counter.entity_id,
        place_id=counter.id,
        tender=refund.tender,
        currency=decided.currency,
        amount=-refund.amount,
        authorise=-refund.amount,
        at=decided.returned_at,
    )
