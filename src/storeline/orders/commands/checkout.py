"""From the wish to buy to a sure order: place, ask the partners, confirm or cancel.

The partners are asked between two transactions, never inside one. Whatever breaks in between is taken
up by a repeat of the request, by `handlers` (late answers) or by `expire` (no answer).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from storeline.kernel.api import SYSTEM, Actor, now, pipeline, transaction
from storeline.orders.commands.complete import complete
from storeline.orders.commands.confirm import Confirmation, cancel, confirm_many
from storeline.orders.commands.gathering import Gathering
from storeline.orders.commands.place import Placed, place_with_payments
from storeline.orders.domain.drafts import Draft, Verdict
from storeline.orders.errors import PaymentDeclined
from storeline.orders.locks import lock
from storeline.payments import api as payments

Confirm = Callable[[Confirmation], dict[UUID, str]]


def checkout(drafts: Sequence[Draft], *, actor: Actor) -> list[Verdict]:
    """Place orders and settle their payments; each verdict says how the order stands then.

    A declined payment cancels its order. One without an answer leaves the order pending: `payments`
    keeps asking, and the order is confirmed or expires.
    """
    return checkout_many([(draft, actor) for draft in drafts])


def checkout_many(wishes: Sequence[tuple[Draft, Actor]]) -> list[Verdict]:
    """The same, each by its own actor."""
    return _settle([draft for draft, _ in wishes], place_with_payments(wishes), lambda one: confirm_many([one])[0])


def checkout_gathered(draft: Draft, *, actor: Actor) -> Verdict:
    """The same for one order, written in one set with whatever other threads of this process bring."""
    placed = _PLACING.submit((draft, actor))
    return _settle([draft], [placed], _CONFIRMING.submit)[0]


def _settle(drafts: Sequence[Draft], placed: Sequence[Placed], confirm_one: Confirm) -> list[Verdict]:
    verdicts = [verdict for verdict, _ in placed]
    asked = [row for _, rows in placed for row in rows if not row.settles_now]
    if not asked:
        return verdicts
    answers = payments.authorise(asked)
    source_of = {row.id: row.source_id for row in asked}
    declined = {source_of[answer.intent_id] for answer in answers if answer.status == "declined"}
    states = confirm_one((set(source_of.values()), answers))
    if declined:
        states |= give_up(declined)
    carried = [draft.id for draft in drafts if draft.method == "carry_out" and states.get(draft.id) == "confirmed"]
    if carried:
        finished = finish(carried)
        declined |= {order_id for order_id, state in finished.items() if state == "cancelled"}
        states |= finished
    return [_settled(verdict, states, declined) for verdict in verdicts]


_PLACING: Gathering[tuple[Draft, Actor], Placed] = Gathering(place_with_payments)
_CONFIRMING: Gathering[Confirmation, dict[UUID, str]] = Gathering(confirm_many)


def _settled(verdict: Verdict, states: dict[UUID, str], declined: set[UUID]) -> Verdict:
    if verdict.order_id in declined:
        error = PaymentDeclined("The payment was declined: nothing was charged. Pay another way.", field="payments")
        return replace(verdict, state="cancelled", error=error)
    state = states.get(verdict.order_id)
    return verdict if state is None else replace(verdict, state=state)  # type: ignore[arg-type]


def give_up(order_ids: set[UUID]) -> dict[UUID, str]:
    """Cancel orders whose payment was declined; what their other payments hold is let go."""
    states = cancel(order_ids, reason="payment_declined")
    payments.perform_open(sorted(order_ids))
    return states


def finish(order_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Capture and complete confirmed orders whose goods are in the shopper's hands already.

    Where a partner will not pay after all the sale is cancelled: the goods stay, or are paid another way.
    """
    with transaction():
        held = payments.payments_of(order_ids)
        payments.request(
            [
                payments.OperationRequest(payment.id, "capture", "carry_out", payment.amount)
                for of_order in held.values()
                for payment in of_order
                if payment.state == "authorised"
            ],
            at=now(),
        )
    payments.perform_open(order_ids)
    states = _complete_paid(held)
    open_still = [order_id for order_id, state in states.items() if state == "confirmed"]
    refused = {order_id for order_id, of_order in payments.payments_of(open_still).items() if _refused(of_order)}
    return states | (give_up(refused) if refused else {})


def _complete_paid(held: Mapping[UUID, Sequence[payments.Payment]]) -> dict[UUID, str]:
    """Complete those of these orders that are paid and that nobody completed or cancelled meanwhile; the state of each."""
    with transaction():
        with pipeline():
            locked, captured = lock(list(held)), payments.captured(list(held))
        states, paid = {order.id: order.state for order in locked.result().values()}, captured.result()
        done = [
            order_id
            for order_id, of_order in held.items()
            if states[order_id] == "confirmed" and paid.get(order_id) == sum(payment.amount for payment in of_order)
        ]
        complete(done, actor=SYSTEM)
    return states | dict.fromkeys(done, "completed")


def _refused(of_order: Sequence[payments.Payment]) -> bool:
    """Whether a partner declined to pay, and no other has still to answer."""
    asked = [one for payment in of_order for one in payment.operations if one.kind == "capture"]
    return any(one.state == "failed" for one in asked) and all(one.state in {"failed", "succeeded"} for one in asked)
