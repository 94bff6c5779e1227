"""How to reach a customer, and cards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.errors import UniqueViolation

from storeline.customers.domain import normal_card, normal_contact
from storeline.customers.errors import CardTaken, ContactTaken, InvalidContact
from storeline.customers.locks import lock_living
from storeline.customers.permissions import WRITE
from storeline.kernel.api import Actor, NotFound, ids_array, new_id, now, run, trail, transaction


@dataclass(frozen=True, slots=True)
class NewContact:
    """An address or number as somebody wrote it; `verified` where they proved that it is theirs."""

    kind: str
    value: str
    verified: bool = False
    preferred: bool = False


def all_normal(contacts: Sequence[NewContact], country: str) -> list[NewContact]:
    """Each as it is kept. Raises InvalidContact, naming which."""
    found = []
    for index, each in enumerate(contacts):
        try:
            found.append(_normal(each, country))
        except InvalidContact as error:
            error.field = f"contacts[{index}].{error.field}"
            raise
    return found


def _normal(contact: NewContact, country: str) -> NewContact:
    value = normal_contact(contact.kind, contact.value, country=country or None)
    return NewContact(contact.kind, value, contact.verified, contact.preferred)


_CONTACTS = """
INSERT INTO customers_contact_point AS c (id, customer_id, kind, value, verified_at, preferred)
SELECT r.id, %s, r.kind, r.value, CASE WHEN r.verified THEN %s::timestamptz END, r.preferred
FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::bool[], %s::bool[]) AS r (id, kind, value, verified, preferred)
ON CONFLICT (customer_id, kind, value) DO UPDATE
SET verified_at = coalesce(c.verified_at, excluded.verified_at), preferred = excluded.preferred
"""


def add_rows(customer_id: UUID, contacts: Sequence[NewContact], moment: datetime) -> None:
    """Write them, under the lock of their customer. Raises ContactTaken."""
    unique = {(each.kind, each.value): each for each in contacts}.values()
    if not unique:
        return
    try:
        with transaction():
            run(
                _CONTACTS,
                [
                    customer_id,
                    moment,
                    ids_array(new_id() for _ in unique),
                    [each.kind for each in unique],
                    [each.value for each in unique],
                    [each.verified for each in unique],
                    [each.preferred for each in unique],
                ],
            )
    except UniqueViolation as error:
        raise ContactTaken("Another customer proved that this is theirs.", field="contacts") from error


def add_contacts(customer_id: UUID, contacts: Sequence[NewContact], *, country: str = "", actor: Actor) -> None:
    """Add addresses and numbers, or prove those that are there. Raises InvalidContact, ContactTaken, Erased."""
    actor.require(WRITE)
    normal = all_normal(contacts, country)
    with transaction():
        lock_living(customer_id)
        add_rows(customer_id, normal, now())
        trail(actor, "customers.add_contacts", customer_id)


def remove_contact(customer_id: UUID, kind: str, value: str, *, actor: Actor) -> None:
    """Take an address or number away; raises NotFound where it is not there."""
    actor.require(WRITE)
    normal = normal_contact(kind, value)
    sql = "DELETE FROM customers_contact_point WHERE customer_id = %s AND kind = %s AND value = %s"
    with transaction():
        if run(sql, [customer_id, kind, normal]).rowcount != 1:
            raise NotFound("The customer has no such contact point.", field="value")
        trail(actor, "customers.remove_contact", customer_id)


_CARD = """
INSERT INTO customers_card AS c (number, customer_id, issued_at) VALUES (%s, %s, %s)
ON CONFLICT (number) DO UPDATE SET blocked_at = NULL WHERE c.customer_id = excluded.customer_id RETURNING number
"""


def give_card(customer_id: UUID, number: str, *, actor: Actor) -> str:
    """Give a card to a customer; the number as it is kept. Raises InvalidContact, CardTaken, Erased."""
    actor.require(WRITE)
    card = normal_card(number)
    with transaction():
        lock_living(customer_id)
        if run(_CARD, [card, customer_id, now()]).fetchone() is None:
            raise CardTaken("Another customer has this card.", field="card")
        trail(actor, "customers.give_card", customer_id)
    return card


def block_card(number: str, *, actor: Actor) -> None:
    """A lost card finds nobody any more; its number stays this customer's."""
    actor.require(WRITE)
    sql = "UPDATE customers_card SET blocked_at = %s WHERE number = %s AND blocked_at IS NULL RETURNING customer_id"
    with transaction():
        row = run(sql, [now(), normal_card(number)]).fetchone()
        if row is None:
            raise NotFound("There is no such card in use.", field="card")
        trail(actor, "customers.block_card", row[0])
