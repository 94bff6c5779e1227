"""A parcel's way: announced, received by scanning, handed over against its code, or back unclaimed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from storeline.customers import api as customers
from storeline.fulfilment.commands.cancel import NOT_COLLECTED, cancel
from storeline.fulfilment.commands.proofs import keep_proof
from storeline.fulfilment.commands.tell import contact_of
from storeline.fulfilment.commands.tell_parcel import tell_arrived
from storeline.fulfilment.domain.parcels import KEPT_FOR, Announced, Contact, Parcel, check_announced, check_step
from storeline.fulfilment.domain.runs import Proof
from storeline.fulfilment.errors import NoParcel, ParcelMismatch
from storeline.fulfilment.events import (
    HANDED_OVER,
    PARCEL_ANNOUNCED,
    PARCEL_ARRIVED,
    PARCEL_HANDED_OVER,
    PARCEL_RETURNED,
    PARCEL_RETURNING,
    event,
    parcel_event,
)
from storeline.fulfilment.locks import lock
from storeline.fulfilment.permissions import ANNOUNCE, HAND_OVER
from storeline.fulfilment.queries import PARCEL, get_parcel
from storeline.kernel.api import (
    SYSTEM,
    Actor,
    Invalid,
    check_id,
    ids_array,
    in_transaction,
    new_id,
    now,
    publish,
    run,
    trail,
    transaction,
)
from storeline.messages import api as messages
from storeline.orders import api as orders
from storeline.payments import api as payments
from storeline.places import api as places

_ANNOUNCE = """
INSERT INTO fulfilment_parcel (id, place_id, client_id, reference, label, temperature, state, announced_at, email, phone,
    language)
VALUES (%s, %s, %s, %s, %s, %s, 'announced', %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""
_ARRIVE = """
UPDATE fulfilment_parcel SET state = 'arrived', arrived_at = %s, keep_until = %s, compartment = %s WHERE id = %s
"""
_CLOSE = """
UPDATE fulfilment_parcel SET state = %s, closed_at = %s, email = '', phone = '' WHERE id = %s
"""
_GIVEN = "UPDATE fulfilment_task SET state = 'handed_over', closed_at = %s WHERE order_id = %s AND state = 'ready'"
_DUE = """
SELECT id FROM fulfilment_parcel WHERE state = 'arrived' AND keep_until <= %s ORDER BY keep_until LIMIT 500
"""
_RETURNING = """
UPDATE fulfilment_parcel SET state = 'returning' WHERE id = ANY(%s::uuid[]) AND state = 'arrived' AND keep_until <= %s
RETURNING id
"""


def announce(parcel: Announced, *, actor: Actor) -> Parcel:
    """A partner's parcel will come to a place; it is known by the partner's own reference too.

    A repeat of the same id changes nothing; another id or place under the same reference, or the same id for something
    else, raises ParcelMismatch. Raises NotTaken where the place cannot keep it.
    """
    actor.require(ANNOUNCE, parcel.place_id)
    check_id(parcel.id)
    facts = places.gather([parcel.place_id]).result().get(parcel.place_id)
    if facts is None:
        raise places.PlaceNotFound(f"There is no place {parcel.place_id}.")
    check_announced(parcel, facts.keeps, collects="collect" in facts.capabilities)
    contact = _normal(parcel.contact)
    row = [parcel.id, parcel.place_id, actor.id, parcel.reference, parcel.label, parcel.temperature, now()]
    with transaction():
        fresh = run(_ANNOUNCE, [*row, contact.email, contact.phone, contact.language]).rowcount
        found = _find(parcel.id)
        if found is None or not _is_same(parcel, contact, found, actor):
            raise ParcelMismatch("Another parcel has this id, or this reference.", field="reference")
        if fresh:
            publish([parcel_event(PARCEL_ANNOUNCED, found)])
    return found


def _normal(contact: Contact) -> Contact:
    """As it is kept. Raises Invalid, naming the field."""
    given = {"email": contact.email, "phone": contact.phone}
    for kind, typed in given.items():
        if typed.strip():
            try:
                given[kind] = customers.normal_contact(kind, typed)
            except customers.InvalidContact as error:
                raise Invalid(error.detail, field=f"contact.{kind}") from None
    return Contact(given["email"].strip(), given["phone"].strip(), contact.language)


def _is_same(parcel: Announced, contact: Contact, found: Parcel, actor: Actor) -> bool:
    """Whether this is the parcel that is there; whom a closed one was for is not known any more."""
    told = (parcel.place_id, actor.id, parcel.reference, parcel.label, parcel.temperature)
    same = told == (found.place_id, found.client_id, found.reference, found.label, found.temperature)
    return same and (found.closed_at is not None or contact == contact_at(found))


def _find(parcel_id: UUID) -> Parcel | None:
    try:
        return get_parcel(parcel_id)
    except NoParcel:
        return None


def locked_parcel(parcel_id: UUID) -> Parcel:
    """The parcel, after its order and task, so that nobody else can change them."""
    found = get_parcel(parcel_id)
    if found.order_id is not None:
        lock([found.order_id])
    return Parcel(*run(f"{PARCEL} WHERE id = %s FOR UPDATE", [parcel_id]).fetchall()[0])


def arrive(parcel_id: UUID, *, actor: Actor, compartment: str = "") -> Parcel:
    """It was scanned at its point: whoever it is for is told, and gets a code. Twice is nothing.

    `compartment` is the box of a locker that it was put into. Raises NoParcel or ParcelClosed.
    """
    with transaction():
        parcel = locked_parcel(parcel_id)
        actor.require(HAND_OVER, parcel.place_id)
        if parcel.state == "arrived":
            return parcel
        check_step(parcel, "announced")
        moment = now()
        until = moment + KEPT_FOR
        run(_ARRIVE, [moment, until, compartment[:20], parcel_id])
        messages.new_codes(messages.COLLECTION, {parcel_id: until})
        found = get_parcel(parcel_id)
        tell_arrived(found, contact_at(found))
        publish([parcel_event(PARCEL_ARRIVED, found)])
        trail(actor, "fulfilment.parcel_arrived", parcel_id, place_id=parcel.place_id)
    return found


def contact_at(parcel: Parcel) -> Contact | None:
    """How to tell whoever it is for, if anybody carries messages there."""
    if parcel.order_id is None:
        row = run("SELECT email, phone, language FROM fulfilment_parcel WHERE id = %s", [parcel.id]).fetchone()
        return Contact(*row) if row else None
    return contact_of(parcel.order_id)


def give(parcel_id: UUID, code: str, *, actor: Actor) -> Parcel:
    """Hand a parcel over against its code, which is used up by it: at a desk, or by a machine that opens its box.

    The tried code stays counted; so this cannot run inside a transaction. Raises NoParcel, ParcelClosed, WrongCode, or
    NoCode where it was used already.
    """
    seen = get_parcel(parcel_id)
    actor.require(HAND_OVER, seen.place_id)
    if seen.state == "handed_over":
        raise messages.NoCode("The code was used already.", field="code")
    check_step(seen, "arrived")
    code_id = messages.try_code(messages.COLLECTION, parcel_id, code)
    moment = now()
    with transaction():
        parcel = locked_parcel(parcel_id)
        if not messages.use_codes([code_id]):
            raise messages.NoCode("The code was used already.", field="code")
        check_step(parcel, "arrived")
        run(_CLOSE, ["handed_over", moment, parcel_id])
        keep_proof(Proof(new_id(), "code"), parcel_id, "shopper", parcel.place_id, moment, actor)
        if parcel.order_id is not None:
            orders.complete([parcel.order_id], actor=SYSTEM, at=moment)
            task = lock([parcel.order_id]).tasks[parcel.order_id]
            run(_GIVEN, [moment, parcel.order_id])
            publish([event(HANDED_OVER, task)])
        publish([parcel_event(PARCEL_HANDED_OVER, parcel)])
        trail(actor, "fulfilment.parcel_given", parcel_id, place_id=parcel.place_id)
    return get_parcel(parcel_id)


def send_back_unclaimed(moment: datetime) -> int:
    """What waited too long goes back: its code ends, and who sent it is told; how many. Repeat until it gives 0."""
    with transaction():
        due = [row[0] for row in run(_DUE, [moment]).fetchall()]
        if not due:
            return 0
        went = [row[0] for row in run(_RETURNING, [ids_array(due), moment]).fetchall()]
        publish([parcel_event(PARCEL_RETURNING, get_parcel(one)) for one in went])
    return len(went)


def came_back(parcel_id: UUID, *, actor: Actor) -> Parcel:
    """An unclaimed parcel is back with who sent it: of our own the order ends, its goods are free, its money goes back.

    For staff of the point, or of the place that picked it. Twice is nothing. Raises NoParcel or ParcelClosed.
    """
    with transaction():
        parcel = locked_parcel(parcel_id)
        picked_at = None if parcel.order_id is None else orders.get(parcel.order_id).head.served_by
        if picked_at is None or not actor.may(HAND_OVER, picked_at):
            actor.require(HAND_OVER, parcel.place_id)
        if parcel.state == "returned":
            return parcel
        check_step(parcel, "returning")
        run(_CLOSE, ["returned", now(), parcel_id])
        if parcel.order_id is not None:
            cancel([parcel.order_id], reason=NOT_COLLECTED, actor=SYSTEM)
        publish([parcel_event(PARCEL_RETURNED, parcel)])
        trail(actor, "fulfilment.parcel_returned", parcel_id, place_id=parcel.place_id)
    if parcel.order_id is not None and not in_transaction():
        payments.perform_open([parcel.order_id])
    return get_parcel(parcel_id)
