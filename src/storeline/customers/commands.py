"""Writes: register, join, contact points, cards, consent, merge and its undoing, erase. Each one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from uuid import UUID

from psycopg.errors import UniqueViolation

from storeline.customers.domain import KINDS, check_purpose, normal_card, normal_contact
from storeline.customers.errors import (
    CannotMerge,
    CardTaken,
    ConsentDiffers,
    ContactTaken,
    CustomerNotFound,
    Erased,
    InvalidContact,
)
from storeline.customers.permissions import CONSENT, ERASE, JOIN, MERGE, WRITE
from storeline.customers.queries import may_touch_own, of_user, persons, records_of
from storeline.identity.api import erase_user
from storeline.kernel.api import (
    SYSTEM,
    Actor,
    BodyMismatch,
    Conflict,
    Event,
    Forbidden,
    Invalid,
    NotFound,
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
class NewContact:
    """An address or number as somebody wrote it; `verified` where they proved that it is theirs."""

    kind: str
    value: str
    verified: bool = False
    preferred: bool = False


@dataclass(frozen=True, slots=True)
class NewConsent:
    """What a person said: granted or withdrawn, when, how (`source`), and with which words."""

    purpose: str
    granted: bool
    at: datetime | None = None
    source: str = ""
    text: str = ""
    text_version: str = ""
    language: str = ""


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
    contacts = _all_normal(customer.contacts, customer.country)
    moment = now()
    with transaction():
        params = [customer.id, *words[:5], moment if customer.kind == "member" else None, customer.user_id]
        if run(_INSERT, params).fetchone() is None:
            return _same(customer.id, words)
        _add_contacts(customer.id, contacts, moment)
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


def _all_normal(contacts: Sequence[NewContact], country: str) -> list[NewContact]:
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


def _add_contacts(customer_id: UUID, contacts: Sequence[NewContact], moment: datetime) -> None:
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


_LOCK = "SELECT id, erased_at, user_id FROM customers_customer WHERE id = ANY(%s::uuid[]) ORDER BY id FOR UPDATE"


def _lock(customer_ids: Sequence[UUID], fields: Sequence[str] = ()) -> dict[UUID, Row]:
    rows = {row[0]: row for row in run(_LOCK, [ids_array(sorted(set(customer_ids)))]).fetchall()}
    for key, field in zip_longest(customer_ids, fields, fillvalue="customer_id"):
        if key not in rows:
            raise CustomerNotFound("There is no such customer.", field=str(field))
    return rows


def _lock_living(customer_id: UUID) -> None:
    if _lock([customer_id])[customer_id][1] is not None:
        raise Erased("This person's data was erased.", field="customer_id")


def add_contacts(customer_id: UUID, contacts: Sequence[NewContact], *, country: str = "", actor: Actor) -> None:
    """Add addresses and numbers, or prove those that are there. Raises InvalidContact, ContactTaken, Erased."""
    actor.require(WRITE)
    normal = _all_normal(contacts, country)
    with transaction():
        _lock_living(customer_id)
        _add_contacts(customer_id, normal, now())
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
        _lock_living(customer_id)
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


_PURPOSE = (
    "INSERT INTO customers_purpose (code, label, data, recipients) VALUES (%s, %s, '{}', '{}') ON CONFLICT DO NOTHING"
)
_CONSENT = """
INSERT INTO customers_consent
  (id, customer_id, purpose, granted, at, source, text, text_version, language, recorded_by)
VALUES (kernel_source_id('customers.consent', %s::text || ':' || %s, %s), %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT DO NOTHING RETURNING id
"""


def record_consent(customer_id: UUID, consent: NewConsent, *, actor: Actor) -> None:
    """Append what a person said on a purpose: by the desk, or by the person themself.

    The same statement of the same moment again changes nothing; raises ConsentDiffers where it says
    otherwise, Erased, Invalid where `at` lies ahead.
    """
    purpose = check_purpose(consent.purpose)
    moment = now()
    at = consent.at or moment
    if at > moment:
        raise Invalid("A consent cannot lie ahead.", field="at")
    may_touch_own(customer_id, actor, CONSENT)
    with transaction():
        _lock_living(customer_id)
        run(_PURPOSE, [purpose, purpose])
        words = [consent.source, consent.text, consent.text_version, consent.language, actor.id]
        params = [str(customer_id), purpose, at, customer_id, purpose, consent.granted, at, *words]
        if run(_CONSENT, params).fetchone() is None:
            return _same_consent(customer_id, purpose, at, granted=consent.granted)
        payload = {"purpose": purpose, "granted": consent.granted}
        publish([Event("customers.consented", customer_id, payload=payload)])
        trail(actor, "customers.consent", customer_id, detail=payload)
    return None


def _same_consent(customer_id: UUID, purpose: str, at: datetime, *, granted: bool) -> None:
    sql = "SELECT granted FROM customers_consent WHERE customer_id = %s AND purpose = %s AND at = %s"
    if run(sql, [customer_id, purpose, at]).fetchall() != [(granted,)]:
        raise ConsentDiffers("At that very moment the person said otherwise.", field="granted")


_UPSERT_PURPOSE = """
INSERT INTO customers_purpose (code, label, basis, data, recipients, valid_days) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (code) DO UPDATE SET label = excluded.label, basis = excluded.basis, data = excluded.data,
  recipients = excluded.recipients, valid_days = excluded.valid_days
"""


def describe_purpose(
    code: str,
    label: str,
    *,
    basis: str = "consent",
    data: Sequence[str] = (),
    recipients: Sequence[str] = (),
    valid_days: int | None = None,
) -> None:
    """Say what consent to a purpose means: the ground, which data, who receives it, for how many days it holds."""
    params = [check_purpose(code), label, basis, list(data), list(recipients), valid_days]
    run(_UPSERT_PURPOSE, params)


_MERGE = "INSERT INTO customers_merge (id, merged_id, survivor_id, at, reason) VALUES (%s, %s, %s, %s, %s)"


def merge(merged_id: UUID, survivor_id: UUID, *, reason: str = "", actor: Actor) -> UUID:
    """Say that two records are one person's, the second to survive: one row, and no other is touched.

    The link goes to the record at the end of the survivor's own merges. Raises CannotMerge, Erased.
    """
    actor.require(MERGE)
    with transaction():
        hold_merges()
        root = _lock_root(merged_id, survivor_id)
        if persons([merged_id])[merged_id] != merged_id:
            raise CannotMerge("This record is merged already: undo that first.", field="merged_id")
        if root == merged_id:
            raise CannotMerge("Both are the same person already.", field="survivor_id")
        key, moment = new_id(), now()
        run(_MERGE, [key, merged_id, root, moment, reason])
        publish([Event("customers.merged", merged_id, payload={"survivor_id": str(root)})])
        trail(actor, "customers.merge", merged_id, detail={"survivor_id": str(root)})
    return key


def hold_merges() -> None:
    """Who belongs to whom stands still until this transaction ends: merges are rare, so one lock serves all."""
    run("SELECT pg_advisory_xact_lock(hashtextextended('customers.merge', 0))")


def _lock_root(merged_id: UUID, survivor_id: UUID) -> UUID:
    """Lock both records and the survivor's root, whose id is given back."""
    root = persons([survivor_id])[survivor_id]
    rows = _lock([merged_id, survivor_id, root], ("merged_id", "survivor_id"))
    if any(rows[key][1] is not None for key in (merged_id, root)):
        raise Erased("One of the two was erased.", field="merged_id")
    return root


_UNDO = "UPDATE customers_merge SET undone_at = %s WHERE id = %s AND undone_at IS NULL RETURNING merged_id, survivor_id"


def undo_merge(merge_id: UUID, *, actor: Actor) -> None:
    """Part two records again; raises NotFound where there is no such link."""
    actor.require(MERGE)
    with transaction():
        hold_merges()
        row = run(_UNDO, [now(), merge_id]).fetchone()
        if row is None:
            raise NotFound("There is no such merge to undo.", field="merge_id")
        publish([Event("customers.unmerged", row[0], payload={"survivor_id": str(row[1])})])
        trail(actor, "customers.undo_merge", row[0], detail={"survivor_id": str(row[1])})


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
        rows = _lock(records)
        run("DELETE FROM customers_contact_point WHERE customer_id = ANY(%s::uuid[])", [ids_array(records)])
        run("DELETE FROM customers_card WHERE customer_id = ANY(%s::uuid[])", [ids_array(records)])
        erased = sorted(row[0] for row in run(_ERASE, [now(), ids_array(records)]).fetchall())
        for user_id in {row[2] for row in rows.values() if row[2] is not None}:
            erase_user(user_id, actor=SYSTEM)
        publish([Event("customers.erased", key) for key in erased])
        for key in erased:
            trail(actor, "customers.erase", key)
    return erased
