"""Another collection code: for a shopper who gave theirs away, or at whose code somebody tried too often."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from storeline.fulfilment.commands.parcels import contact_at, locked_parcel
from storeline.fulfilment.commands.tell_parcel import reached_at, tell_arrived
from storeline.fulfilment.domain.parcels import Parcel, ParcelState, check_step
from storeline.fulfilment.domain.picking import COLLECT_WITHIN, State, Task
from storeline.fulfilment.errors import TaskClosed
from storeline.fulfilment.locks import lock
from storeline.fulfilment.permissions import FOLLOW, RENEW
from storeline.fulfilment.queries import parcels_of
from storeline.kernel.api import Actor, now, run, trail, transaction
from storeline.messages import api as messages
from storeline.orders import api as orders

CODES_A_DAY = 5
"""The first one counts. With the tries that each code allows it bounds how often anybody can guess."""
_MADE = """
SELECT count(*), extract(epoch FROM min(created_at) + interval '1 day' - clock_timestamp())::int FROM messages_code
WHERE purpose = %s AND subject_id = %s AND created_at > clock_timestamp() - interval '1 day'
"""
_READY_AT = "SELECT ready_at FROM fulfilment_task WHERE order_id = %s"


def renew_code(order_id: UUID, *, actor: Actor, token: str = "") -> None:
    """End the collection code of one's own order that is ready, and make another, good for as long.

    Staff of its place may, for a shopper who lost theirs. Raises as `orders.api.get_own`, NoTask, TaskClosed where nothing waits to be collected, TooManyCodes; nothing is
    changed then.
    """
    is_staff = actor.may(RENEW)
    if not is_staff:
        actor.require(FOLLOW)
        orders.get_own(order_id, actor=actor, token=token)
    with transaction():
        task = lock([order_id]).tasks[order_id]
        if is_staff and not actor.may(RENEW, task.place_id):
            orders.get_own(order_id, actor=actor, token=token)
        _another(order_id, _good_until(task, parcels_of([order_id]).get(order_id)))
        trail(actor, "fulfilment.renew_code", order_id, place_id=task.place_id)


def _good_until(task: Task, parcel: Parcel | None) -> datetime:
    """Until when a code of this order is good, wherever it waits; raises TaskClosed where it does not wait for anybody."""
    if task.state != State.READY or task.method == "ship":
        raise TaskClosed(f"The order is {task.state.replace('_', ' ')}: it has no code now.", field="id")
    if parcel is not None:
        if parcel.state != ParcelState.ARRIVED or parcel.keep_until is None:
            raise TaskClosed("It is not where it is collected: it has no code now.", field="id")
        return parcel.keep_until
    until: datetime = run(_READY_AT, [task.order_id]).fetchall()[0][0] + COLLECT_WITHIN
    if until <= now():
        raise TaskClosed(f"It waited for {COLLECT_WITHIN // timedelta(days=1)} days: ask the shop.", field="id")
    return until


def renew_parcel_code(parcel_id: UUID, *, actor: Actor) -> Parcel:
    """The same for what waits at a point, by staff of that point: whoever it is for is told the new code.

    Raises NoParcel, ParcelClosed where it does not wait there, TooManyCodes; nothing is changed then.
    """
    with transaction():
        parcel = locked_parcel(parcel_id)
        actor.require(RENEW, parcel.place_id)
        check_step(parcel, ParcelState.ARRIVED)
        assert parcel.keep_until is not None  # it has arrived
        _another(parcel_id, parcel.keep_until)
        tell_arrived(parcel, contact_at(parcel))
        trail(actor, "fulfilment.renew_code", parcel_id, place_id=parcel.place_id)
    return parcel


def told_at(parcel: Parcel, *, actor: Actor) -> tuple[str, str] | None:
    """Where whoever a parcel is for would be told another code: ``email`` or ``sms``, and the address; None where nobody is."""
    actor.require(RENEW, parcel.place_id)
    return reached_at(contact_at(parcel))


def _another(subject_id: UUID, until: datetime) -> None:
    made, wait = run(_MADE, [messages.COLLECTION, subject_id]).fetchall()[0]
    if made >= CODES_A_DAY:
        raise messages.TooManyCodes("There were many codes today already: try again later.", retry_after=wait)
    messages.new_codes(messages.COLLECTION, {subject_id: until}, replace=True)
