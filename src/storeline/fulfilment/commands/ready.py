"""Picking is over: take off what was not found, take the money, tell the shopper.

Two transactions with the partner between them: the first makes the wish durable (state ``capturing`` and the
payments' operations, each under a key of its own), the second takes note of the answers. Whatever breaks in between
is taken up by a repeat, by the partner's late answer (`handlers`) or by `resume`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from storeline.catalog import api as catalog
from storeline.fulfilment.commands.answer import close_open
from storeline.fulfilment.commands.cancel import abandon, deposits_back
from storeline.fulfilment.commands.finish import finish
from storeline.fulfilment.domain.picking import ASKABLE, Ask, Pay, Plan, Task, check_ready, deposits_kept, plan_money
from storeline.fulfilment.locks import Locked, lock, read_lines
from storeline.fulfilment.permissions import PICK
from storeline.kernel.api import (
    SYSTEM,
    Actor,
    ids_array,
    ints_array,
    now,
    pipeline,
    run,
    trail_many,
    transaction,
)
from storeline.ledger import api as ledger
from storeline.orders import api as orders
from storeline.payments import api as payments

NOTHING_FOUND = "nothing_found"
_FOUND = "SELECT DISTINCT order_id FROM fulfilment_task_line WHERE order_id = ANY(%s::uuid[]) AND picked > 0"
_TAKEN = """
SELECT order_id, sum(amount)::bigint, sum(tax)::bigint, sum(funded)::bigint FROM orders_amendment
WHERE order_id = ANY(%s::uuid[]) GROUP BY order_id
"""
_ASKED = """
UPDATE fulfilment_task t SET state = 'capturing', asked_at = %s, owed = a.owed, attempt = t.attempt + 1
FROM unnest(%s::uuid[], %s::bigint[]) AS a(order_id, owed) WHERE t.order_id = a.order_id
"""


@dataclass(frozen=True, slots=True)
class Begun:
    """What is to be done after the first transaction: partners to ask, and orders of which nothing was found."""

    order_ids: tuple[UUID, ...]
    operations: tuple[tuple[UUID, str], ...]
    empty: tuple[UUID, ...]


def ready(order_ids: Collection[UUID], *, actor: Actor) -> dict[UUID, str]:
    """Say that these orders are picked; the state of each after it: ready, capturing, unpaid or cancelled.

    What was not found is taken off the order, the rest is captured; an order of which nothing was found is
    cancelled. A repeat goes on where the last one stopped. Raises NoTask, NotPicked or TaskClosed, and changes nothing.
    """
    return conclude(begin(order_ids, actor=actor))


def begin(order_ids: Collection[UUID], *, actor: Actor) -> Begun:
    """The first transaction; may run inside a caller's."""
    ids = tuple(dict.fromkeys(order_ids))
    if not ids:
        return Begun((), (), ())
    with transaction():
        locked = lock(ids, lines="odd")
        for index, order_id in enumerate(ids):
            actor.require(PICK, locked.tasks[order_id].place_id)
            check_ready(index, locked.tasks[order_id], locked.lines.get(order_id, ()))
        fresh = [task for task in locked.tasks.values() if task.state in ASKABLE]
        close_open(fresh)
        empty = _nothing_found(fresh, locked)
        picked = [task for task in fresh if task.order_id not in empty]
        _take_off(picked, locked)
        operations = _ask(picked, locked, actor) if picked else ()
    return Begun(ids, operations, empty)


def conclude(begun: Begun) -> dict[UUID, str]:
    """Ask the partners and take note of what they say; never inside a transaction."""
    if not begun.order_ids:
        return {}
    if begun.empty:
        abandon(begun.empty, reason=NOTHING_FOUND)
    payments.perform(begun.operations)
    return finish(begun.order_ids)


def _nothing_found(tasks: Sequence[Task], locked: Locked) -> tuple[UUID, ...]:
    """Those of which no line was found."""
    short = [task.order_id for task in tasks if task.order_id in locked.lines]
    if not short:
        return ()
    found = {row[0] for row in run(_FOUND, [ids_array(short)]).fetchall()}
    return tuple(order_id for order_id in short if order_id not in found)


def _take_off(tasks: Sequence[Task], locked: Locked) -> None:
    shorts = [
        orders.Short(line.order_id, line.line_no, line.picked or 0)
        for task in tasks
        for line in locked.lines.get(task.order_id, ())
    ]
    if shorts:
        orders.amend([*shorts, *_deposits(shorts)], actor=SYSTEM)


def _deposits(shorts: Sequence[orders.Short]) -> list[orders.Short]:
    """The deposits that go with what was not found."""
    ids = {short.order_id for short in shorts}
    others = {
        order_id: {line.line_no: (line.product_id, line.kept_quantity) for line in lines if not line.goods}
        for order_id, lines in orders.lines(ids).result().items()
    }
    if not any(others.values()):
        return []
    picked = read_lines(ids)
    products = catalog.gather(sorted({line.product_id for lines in picked.values() for line in lines})).result()
    deposit_of = {product_id: facts.deposit_product_id for product_id, facts in products.items()}
    return [
        orders.Short(order_id, line_no, kept)
        for order_id, lines in others.items()
        for line_no, kept in deposits_kept(lines, picked[order_id], deposit_of).items()
        if kept < lines[line_no][1]
    ]


def _ask(tasks: Sequence[Task], locked: Locked, actor: Actor) -> tuple[tuple[UUID, str], ...]:
    """Write the wish to take what the picked goods come to; the operations to ask partners for."""
    ids = [task.order_id for task in tasks]
    owed = _owed(ids, locked)
    paid = payments.payments_of(ids)
    moment = now()
    plans = {order_id: plan_money(owed[order_id], _pays(paid.get(order_id, ()))) for order_id in ids}
    requests = [_request(task, ask) for task in tasks for ask in plans[task.order_id].asks]
    entries = _given_back(plans, locked, moment)
    verdicts = payments.request(requests, at=moment)
    with pipeline():
        run(_ASKED, [moment, ids_array(owed), ints_array(owed.values())])
        ledger.post(entries)
        trail_many(
            actor,
            "fulfilment.ready",
            [(task.order_id, task.place_id) for task in tasks],
            [{"owed": owed[task.order_id]} for task in tasks],
        )
    done = [verdict.result() for verdict in verdicts]
    return tuple((one.intent_id, one.key) for one in done if one.state != "succeeded")


def _owed(order_ids: Collection[UUID], locked: Locked) -> dict[UUID, int]:
    """What the shopper owes for what is kept of each order."""
    taken = {row[0]: row[1:] for row in run(_TAKEN, [ids_array(order_ids)]).fetchall()}
    owed = {}
    for order_id in order_ids:
        order = locked.orders[order_id]
        amount, tax, funded = taken.get(order_id, (0, 0, 0))
        owed[order_id] = order.payable - amount - (0 if order.tax_included else tax) + funded
    return owed


def _pays(found: Sequence[payments.Payment]) -> list[Pay]:
    """Payments as the plan sees them; what is still open counts as done."""
    return [
        Pay(
            one.id,
            one.refundable + one.held("capture"),
            one.authorised - one.captured - one.voided - one.held("capture") - one.held("void"),
        )
        for one in found
    ]


def _request(task: Task, ask: Ask) -> payments.OperationRequest:
    return payments.OperationRequest(ask.payment_id, ask.kind, f"{ask.kind}:{task.attempt + 1}", ask.amount)


def _given_back(plans: Mapping[UUID, Plan], locked: Locked, moment: datetime) -> list[ledger.Entry]:
    """What was paid before and is more than is owed becomes a refund; `payments` posts its paying out."""
    return deposits_back(
        {
            order_id: (amount, f"{order_id}:{locked.tasks[order_id].attempt + 1}")
            for order_id, plan in plans.items()
            if (amount := plan.given_back())
        },
        locked.orders,
        moment,
    )
