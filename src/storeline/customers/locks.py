"""Every lock of customers: merges as a whole, then records by id."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from uuid import UUID

from storeline.customers.errors import CustomerNotFound, Erased
from storeline.kernel.api import Row, ids_array, run


def hold_merges() -> None:
    """Who belongs to whom stands still until this transaction ends: merges are rare, so one lock serves all."""
    run("SELECT pg_advisory_xact_lock(hashtextextended('customers.merge', 0))")


_LOCK = "SELECT id, erased_at, user_id FROM customers_customer WHERE id = ANY(%s::uuid[]) ORDER BY id FOR UPDATE"


def lock(customer_ids: Sequence[UUID], fields: Sequence[str] = ()) -> dict[UUID, Row]:
    """Lock these records, by id: id, when erased, user. Raises CustomerNotFound, naming the field, where one is not there."""
    rows = {row[0]: row for row in run(_LOCK, [ids_array(sorted(set(customer_ids)))]).fetchall()}
    for key, field in zip_longest(customer_ids, fields, fillvalue="customer_id"):
        if key not in rows:
            raise CustomerNotFound("There is no such customer.", field=str(field))
    return rows


def lock_living(customer_id: UUID) -> None:
    """Lock a record; raises Erased."""
    if lock([customer_id])[customer_id][1] is not None:
        raise Erased("This person's data was erased.", field="customer_id")
