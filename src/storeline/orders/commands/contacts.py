"""How whoever ordered wants to be told about their order, where no account says it."""

from __future__ import annotations

from collections.abc import Sequence

from storeline.customers import api as customers
from storeline.kernel.api import Invalid, ids_array, run, texts_array
from storeline.orders.domain.drafts import Accepted, Contact

_CONTACTS = """
INSERT INTO orders_contact (order_id, email, phone, language)
SELECT * FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[])
"""


def contact_of(email: str, phone: str, language: str, *, country: str | None = None) -> Contact | None:
    """A contact as it is kept; a national number is one of `country`. None where it says no more than that we write English.

    Raises Invalid, naming the field.
    """
    found = Contact(_normal("email", email, country), _normal("phone", phone, country), language or "en")
    return None if found == Contact() else found


def _normal(kind: str, typed: str, country: str | None) -> str:
    if not typed.strip():
        return ""
    try:
        return customers.normal_contact(kind, typed, country=country)
    except customers.InvalidContact as error:
        raise Invalid(error.detail, field=f"contact.{kind}") from None


def insert_contacts(orders: Sequence[Accepted]) -> None:
    """Queue how to reach those who gave it, and who reads another language than English."""
    rows = [(order.draft.id, order.draft.contact) for order in orders if order.draft.contact is not None]
    if rows:
        run(
            _CONTACTS,
            [
                ids_array(order_id for order_id, _ in rows),
                texts_array([contact.email for _, contact in rows]),
                texts_array([contact.phone for _, contact in rows]),
                texts_array([contact.language for _, contact in rows]),
            ],
        )
