"""What the shop holds of a person, their basket: part of what they are handed, gone once they are erased."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from storeline.customers.api import register_export
from storeline.kernel.api import Envelope, consumer, format_quantity, ids_array, run
from storeline.shop import hot

_OF_PERSON = """
SELECT b.lines, b.place, b.card FROM shop_basket b JOIN customers_customer c ON c.user_id = b.user_id
WHERE c.id = ANY(%s::uuid[]) ORDER BY c.id
"""
_FORGET = "DELETE FROM shop_basket WHERE user_id = ANY(%s::uuid[])"


def basket_of(customer_ids: Collection[UUID]) -> list[dict[str, Any]]:
    """What these customers have in their baskets, and their last shop and card. Quantities are text."""
    rows = run(_OF_PERSON, [ids_array(customer_ids)]).fetchall()
    return [
        {
            "lines": [{"product": product, "quantity": format_quantity(quantity)} for product, quantity in lines],
            "place": place,
            "card": card,
        }
        for lines, place, card in rows
    ]


@consumer("shop.erasures", types=("identity.user_erased",))
def forget(events: Sequence[Envelope]) -> None:
    """Drop the baskets of users who were erased, and their tickets."""
    users = [event.subject_id for event in events]
    run(_FORGET, [ids_array(users)])
    hot.forget_of(users)


register_export("basket", basket_of)
