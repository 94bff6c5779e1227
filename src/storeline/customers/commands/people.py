"""Register, join, erase."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from storeline.customers.commands.contacts import NewContact, add_rows, all_normal
from storeline.customers.domain import KINDS
from storeline.customers.errors import Erased
from storeline.customers.locks import hold_merges, lock
from storeline.customers.permissions import ERASE, JOIN, WRITE
from storeline.customers.queries import may_touch_own, of_user, records_of
from storeline.identity.api import erase_user
from storeline.kernel.api import (
    SYSTEM,
    Actor,
    BodyMismatch,
    Conflict,
    Event,
    Forbidden,
    Invalid,
    Row,
    ids_array,
    new_id,
    now,
    publish,
    run,
    trail,
    transaction,
)


@dataclass(frozen=True, slots=True)
class NewCustomer:
    """Who is registered under an id that the caller made; without a `ref` the id serves as one."""

    id: UUID
    kind: str = "member"
    ref: str = ""
    name: str = ""
    language: str = ""
    country: str = ""
    contacts: Sequence[NewContact] = ()
    user_id: UUID | None = None


_INSERT = """
INSERT INTO customers_customer (id, ref, kind, name, language, country, joined_at, user_id)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING RETURNING id
"""
_THERE = "SELECT ref, kind, name, language, country, user_id FROM customers_customer WHERE id = %s"


def register(customer: NewCustomer, *, actor: Actor) -> UUID:
    """Make a customer. The same id with the same words again changes nothing; other words raise BodyMismatch.

    Raises Invalid, InvalidContact, ContactTaken, Conflict where the ref is another's.
    """
    actor.require(WRITE)
    if customer.kind not in KINDS:
        raise Invalid(f"A customer is one of {', '.join(KINDS)}.", field="kind")
    ref = customer.ref.strip() or str(customer.id)
    words = (ref, customer.kind, customer.name.strip(), customer.language, customer.country, customer.user_id)
    contacts = all_normal(customer.contacts, customer.country)
    moment = now()
    with transaction():
        params = [customer.id, *words[:5], moment if customer.kind == "member" else None, customer.user_id]
        if run(_INSERT, params).fetchone() is None:
            return _same(customer.id, words)
        add_rows(customer.id, contacts, moment)
        publish([Event("customers.registered", customer.id, payload={"kind": customer.kind})])
        trail(actor, "customers.register", customer.id)
    return customer.id


def _same(customer_id: UUID, words: Row) -> UUID:
    there = run(_THERE, [customer_id]).fetchone()
    if there is None:
        raise Conflict("Another customer has this ref, or this user.", field="ref")
    if tuple(there) != words:
        raise BodyMismatch("A customer with this id is there already, and differs.", field="id")
    return customer_id


_JOIN = """
INSERT INTO customers_customer (id, ref, name, language, joined_at, user_id)
SELECT %s, %s, name, language, %s, id FROM identity_user WHERE id = %s AND is_active FOR SHARE
ON CONFLICT DO NOTHING RETURNING id
"""


def join(*, actor: Actor) -> UUID:
    """The customer whom a signed-in user is: made a member at the first need, the same one ever after.

    Of two requests at once one makes the record and both get it. A record that the shops know the person by already is
    joined to it by `merge`. Raises Forbidden for guests and programs, Erased where the sign-in was closed meanwhile.
    """
    actor.require(JOIN)
    if actor.kind != "user" or actor.id is None:
        raise Forbidden("Only a person who signed in becomes a member.", permission=JOIN)
    mine = of_user(actor.id)
    return _become_member(actor.id, actor) if mine is None else mine


def _become_member(user_id: UUID, actor: Actor) -> UUID:
    fresh = new_id()
    with transaction():
        if run(_JOIN, [fresh, str(fresh), now(), user_id]).fetchone() is not None:
            publish([Event("customers.registered", fresh, payload={"kind": "member"})])
            trail(actor, "customers.join", fresh)
            return fresh
    mine = of_user(user_id)
    if mine is None:
        raise Erased("This sign-in was closed.")
    return mine


_ERASE = """
UPDATE customers_customer SET name = '', language = '', country = '', user_id = NULL, erased_at = %s
WHERE id = ANY(%s::uuid[]) AND erased_at IS NULL RETURNING id
"""


def erase(customer_id: UUID, *, actor: Actor) -> list[UUID]:
    """Take a person's data away for good, over all their records; trade stays, linked to nameless rows.

    What they said on consent stays as proof. Modules above hear ``customers.erased`` and do the same.
    The ids of the records erased now; none where that was done before.
    """
    may_touch_own(customer_id, actor, ERASE)
    with transaction():
        hold_merges()
        records = records_of(customer_id)
        rows = lock(records)
        run("DELETE FROM customers_contact_point WHERE customer_id = ANY(%s::uuid[])", [ids_array(records)])
        run("DELETE FROM customers_card WHERE customer_id = ANY(%s::uuid[])", [ids_array(records)])
        erased = sorted(row[0] for row in run(_ERASE, [now(), ids_array(records)]).fetchall())
        for user_id in {row[2] for row in rows.values() if row[2] is not None}:
            erase_user(user_id, actor=SYSTEM)
        publish([Event("customers.erased", key) for key in erased])
        for key in erased:
            trail(actor, "customers.erase", key)
    return erased
