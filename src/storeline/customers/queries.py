"""Reads: who a customer is, by id, ref, card, number or address; what holds now; all that is known of a person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from storeline.customers.domain import Statement, in_force, normal_card, normal_contact
from storeline.customers.errors import CustomerNotFound
from storeline.customers.permissions import EXPORT, OWN
from storeline.kernel.api import Actor, Forbidden, Invalid, Pending, Row, ids_array, later, now, run


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """What selling needs to know; nothing personal. `person_id` is the surviving record of a merge."""

    id: UUID
    ref: str
    person_id: UUID
    member: bool
    language: str
    erased: bool


@dataclass(frozen=True, slots=True)
class ContactView:
    """An address or number."""

    kind: str
    value: str
    verified_at: datetime | None
    preferred: bool


@dataclass(frozen=True, slots=True)
class CustomerView:
    """A customer as the service desk sees one; `person_id` differs from `id` where the record was merged."""

    id: UUID
    ref: str
    kind: str
    name: str
    language: str
    country: str
    joined_at: datetime | None
    erased_at: datetime | None
    user_id: UUID | None
    person_id: UUID
    contacts: tuple[ContactView, ...]
    cards: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConsentView:
    """What a person said last on a purpose, and whether it holds now."""

    purpose: str
    granted: bool
    at: datetime
    source: str
    in_force: bool


_PERSON = """
WITH RECURSIVE up (id, person_id, step) AS (
  SELECT c, c, 0 FROM unnest(%s::uuid[]) AS c
  UNION ALL
  SELECT up.id, m.survivor_id, up.step + 1 FROM up
  JOIN customers_merge m ON m.merged_id = up.person_id AND m.undone_at IS NULL WHERE up.step < 100
), person AS (SELECT DISTINCT ON (id) id, person_id FROM up ORDER BY id, step DESC)
"""


def persons(customer_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Each record's person: the surviving record at the end of its merges, itself where there are none."""
    return dict(run(_PERSON + "SELECT id, person_id FROM person", [ids_array(customer_ids)]).fetchall())


_FAMILY = """
WITH RECURSIVE down (id, step) AS (
  SELECT %s::uuid, 0
  UNION ALL
  SELECT m.merged_id, down.step + 1 FROM down
  JOIN customers_merge m ON m.survivor_id = down.id AND m.undone_at IS NULL WHERE down.step < 100
)
SELECT DISTINCT id FROM down ORDER BY id
"""


def records_of(customer_id: UUID) -> list[UUID]:
    """Every record of the person that this one belongs to, in the order of ids."""
    person = persons([customer_id])[customer_id]
    return [row[0] for row in run(_FAMILY, [person]).fetchall()]


_FACTS = """
SELECT c.id, c.ref, p.person_id, c.kind = 'member' AND c.erased_at IS NULL, c.language, c.erased_at IS NOT NULL
FROM person p JOIN customers_customer c USING (id)
"""


def gather(customer_ids: Sequence[UUID]) -> Pending[dict[UUID, CustomerFacts]]:
    """Facts of many customers in one statement, queued in the caller's pipeline; unknown ids are absent."""
    return later(
        _PERSON + _FACTS, [ids_array(customer_ids)], lambda rows: {row[0]: CustomerFacts(*row) for row in rows}
    )


_VIEW = """
SELECT c.id, c.ref, c.kind, c.name, c.language, c.country, c.joined_at, c.erased_at, c.user_id, p.person_id,
  (SELECT array_agg(k.kind ORDER BY k.kind, k.preferred DESC, k.id) FROM customers_contact_point k WHERE k.customer_id = c.id),
  (SELECT array_agg(k.value ORDER BY k.kind, k.preferred DESC, k.id) FROM customers_contact_point k WHERE k.customer_id = c.id),
  (SELECT array_agg(k.verified_at ORDER BY k.kind, k.preferred DESC, k.id) FROM customers_contact_point k WHERE k.customer_id = c.id),
  (SELECT array_agg(k.preferred ORDER BY k.kind, k.preferred DESC, k.id) FROM customers_contact_point k WHERE k.customer_id = c.id),
  (SELECT array_agg(a.number ORDER BY a.number) FROM customers_card a WHERE a.customer_id = c.id AND a.blocked_at IS NULL)
FROM person p JOIN customers_customer c USING (id) ORDER BY c.id
"""


_Words = tuple[UUID, str, str, str, str, str, datetime | None, datetime | None, UUID | None, UUID]


def _view(row: Row) -> CustomerView:
    contacts = tuple(ContactView(*each) for each in zip(*(column or () for column in row[10:14]), strict=True))
    return CustomerView(*cast("_Words", row[:10]), contacts, tuple(row[14] or ()))


def get_many(customer_ids: Sequence[UUID]) -> list[CustomerView]:
    """Customers in the order of their ids; unknown ones are absent."""
    return [_view(row) for row in run(_PERSON + _VIEW, [ids_array(customer_ids)]).fetchall()]


def get(customer_id: UUID) -> CustomerView:
    """One customer; raises CustomerNotFound."""
    found = get_many([customer_id])
    if not found:
        raise CustomerNotFound("There is no such customer.", field="customer_id")
    return found[0]


def find_by_ref(ref: str) -> UUID | None:
    """The id behind the retailer's own code."""
    row = run("SELECT id FROM customers_customer WHERE ref = %s", [ref]).fetchone()
    return row[0] if row else None


def of_user(user_id: UUID) -> UUID | None:
    """The customer whom a signed-in user is."""
    return gather_of_user(user_id).result()


def gather_of_user(user_id: UUID) -> Pending[UUID | None]:
    """The same, queued in the caller's pipeline."""
    sql = "SELECT id FROM customers_customer WHERE user_id = %s"
    return later(sql, [user_id], lambda rows: rows[0][0] if rows else None)


_RECORDS_OF_USER = """
WITH RECURSIVE up (id, step) AS (
  SELECT id, 0 FROM customers_customer WHERE user_id = %s
  UNION ALL
  SELECT m.survivor_id, up.step + 1 FROM up
  JOIN customers_merge m ON m.merged_id = up.id AND m.undone_at IS NULL WHERE up.step < 100
), down (id, step) AS (
  (SELECT id, 0 FROM up ORDER BY step DESC LIMIT 1)
  UNION ALL
  SELECT m.merged_id, down.step + 1 FROM down
  JOIN customers_merge m ON m.survivor_id = down.id AND m.undone_at IS NULL WHERE down.step < 100
)
SELECT DISTINCT id FROM down ORDER BY id
"""


def records_of_user(user_id: UUID) -> list[UUID]:
    """Every record of the person who signed in, in the order of ids; none where they are no customer. One wait."""
    return gather_records_of_user(user_id).result()


def gather_records_of_user(user_id: UUID) -> Pending[list[UUID]]:
    """The same, queued in the caller's pipeline."""
    return later(_RECORDS_OF_USER, [user_id], lambda rows: [row[0] for row in rows])


def list_customers(*, after: UUID | None = None, limit: int = 50) -> list[CustomerView]:
    """Customers in the order of their ids, after one of them."""
    sql = "SELECT id FROM customers_customer WHERE %s::uuid IS NULL OR id > %s ORDER BY id LIMIT %s"
    return get_many([row[0] for row in run(sql, [after, after, limit]).fetchall()])


_BY_CARD = "SELECT customer_id FROM customers_card WHERE number = %s AND blocked_at IS NULL"
_BY_CONTACT = "SELECT customer_id FROM customers_contact_point WHERE kind = %s AND value = %s ORDER BY verified_at NULLS LAST, id LIMIT 50"


def look_up(
    *, card: str | None = None, phone: str | None = None, email: str | None = None, country: str | None = None
) -> list[CustomerView]:
    """Whoever has the card, number or address, as persons: who proved it first. Name exactly one of the three.

    A number without its country code is one of `country` (ISO 3166), where that is given.
    """
    if sum(value is not None for value in (card, phone, email)) != 1:
        raise Invalid("Look up by a card, a phone or an email address: one of them.", field="card")
    if card is not None:
        rows = run(_BY_CARD, [normal_card(card)]).fetchall()
    elif phone is not None:
        rows = run(_BY_CONTACT, ["phone", normal_contact("phone", phone, country=country)]).fetchall()
    else:
        rows = run(_BY_CONTACT, ["email", normal_contact("email", email or "")]).fetchall()
    found = [row[0] for row in rows]
    people = persons(found)
    views = {view.id: view for view in get_many(list(set(people.values())))}
    return [views[key] for key in dict.fromkeys(people[each] for each in found)]


_CURRENT = """
SELECT DISTINCT ON (s.purpose) s.purpose, s.granted, s.at, s.source, p.valid_days
FROM customers_consent s JOIN customers_purpose p ON p.code = s.purpose
WHERE s.customer_id = ANY(%s::uuid[]) AND s.at <= %s
ORDER BY s.purpose, s.at DESC, s.granted, s.id
"""


def consents(customer_id: UUID) -> list[ConsentView]:
    """What the person said last on each purpose, over all records that are theirs, and whether it holds now.

    Of two statements of one moment the withdrawal counts.
    """
    moment = now()
    rows = run(_CURRENT, [ids_array(records_of(customer_id)), moment]).fetchall()
    return [
        ConsentView(
            purpose, granted, at, source, in_force(Statement(granted, at), days and timedelta(days=days), moment)
        )
        for purpose, granted, at, source, days in rows
    ]


_FAMILIES = """
WITH RECURSIVE down (person_id, id, step) AS (
  SELECT DISTINCT p, p, 0 FROM unnest(%s::uuid[]) AS p
  UNION ALL
  SELECT down.person_id, m.merged_id, down.step + 1 FROM down
  JOIN customers_merge m ON m.survivor_id = down.id AND m.undone_at IS NULL WHERE down.step < 100
), last AS (
  SELECT DISTINCT ON (d.person_id) d.person_id, s.granted, s.at
  FROM down d JOIN customers_consent s ON s.customer_id = d.id
  WHERE s.purpose = %s AND s.at <= %s
  ORDER BY d.person_id, s.at DESC, s.granted, s.id
)
SELECT last.person_id FROM last JOIN customers_purpose q ON q.code = %s
WHERE last.granted AND (q.valid_days IS NULL OR last.at + make_interval(days => q.valid_days) > %s)
"""


def who_consents(customer_ids: Sequence[UUID], purpose: str) -> set[UUID]:
    """Those of many customers whose person agrees to `purpose`, now: two statements."""
    people = persons(customer_ids)
    moment = now()
    params = [ids_array(people.values()), purpose, moment, purpose, moment]
    agreed = {row[0] for row in run(_FAMILIES, params).fetchall()}
    return {key for key, person in people.items() if person in agreed}


Exporter = Callable[[Sequence[UUID]], Any]
_EXPORTERS: dict[str, Exporter] = {}


def register_export(section: str, exporter: Exporter) -> None:
    """Let a higher module add what it knows of a person: `exporter` gets all ids of the person's records."""
    if section in _EXPORTERS:
        raise ValueError(f"two modules export {section}")
    _EXPORTERS[section] = exporter


def may_touch_own(customer_id: UUID, actor: Actor, permission: str) -> None:
    """Let the desk in by `permission`, and the person themself by OWN; else raise Forbidden."""
    if actor.may(permission):
        return
    actor.require(OWN)
    mine = of_user(actor.id) if actor.kind == "user" and actor.id else None
    if mine is None or persons([mine])[mine] != persons([customer_id])[customer_id]:
        raise Forbidden("That is another person's data.", permission=permission)


_CONSENT = (
    *("s.id", "s.customer_id", "s.purpose", "p.label", "p.basis", "p.data", "p.recipients", "s.granted"),
    *("s.at", "s.source", "s.text", "s.text_version", "s.language"),
)
_OF_CONSENT = """
FROM customers_consent s JOIN customers_purpose p ON p.code = s.purpose
WHERE s.customer_id = ANY(%s::uuid[]) ORDER BY s.at, s.id"""


def export_person(customer_id: UUID, *, actor: Actor) -> dict[str, Any]:
    """Everything known of a person, over all their records, from this module and those above it."""
    may_touch_own(customer_id, actor, EXPORT)
    get(customer_id)
    records = records_of(customer_id)
    consents = run(f"SELECT {', '.join(_CONSENT)} {_OF_CONSENT}", [ids_array(records)]).fetchall()  # our own names
    names = [column.partition(".")[2] for column in _CONSENT]
    return {
        "records": get_many(records),
        "consents": [dict(zip(names, row, strict=True)) for row in consents],
        **{section: exporter(records) for section, exporter in sorted(_EXPORTERS.items())},
    }
