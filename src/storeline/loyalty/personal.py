"""What loyalty holds of a person: part of what they are handed, and no longer linked to them once they are erased."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from storeline.customers.api import register_export
from storeline.kernel.api import Envelope, consumer, ids_array, run

_OF_PERSON = """
SELECT r.id, c.ref, c.name, r.order_id, r.at, r.released_at
FROM loyalty_redemption r JOIN loyalty_coupon c ON c.id = r.coupon_id
WHERE r.member_id = ANY(%s::uuid[]) ORDER BY r.at, r.id
"""
# Uses still count against the coupon's own limit; the limit of a member who is nobody now has gone with them.
_UNLINK = "UPDATE loyalty_redemption SET member_id = NULL WHERE member_id = ANY(%s::uuid[])"
_FORGET_COUNTS = """
WITH locked AS (
  SELECT id FROM loyalty_coupon_count WHERE member_id = ANY(%s::uuid[]) ORDER BY coupon_id, member_id FOR UPDATE
)
DELETE FROM loyalty_coupon_count c USING locked WHERE c.id = locked.id
"""


def redemptions_of(customer_ids: Collection[UUID]) -> list[dict[str, Any]]:
    """Every use of a coupon by these members, oldest first; one that was given back has `released_at`."""
    names = ("id", "coupon", "name", "order", "at", "released_at")
    rows = run(_OF_PERSON, [ids_array(customer_ids)]).fetchall()
    return [dict(zip(names, row, strict=True)) for row in rows]


@consumer("loyalty.erasures", types=("customers.erased",))
def unlink(events: Sequence[Envelope]) -> None:
    """Take the member off their uses of coupons."""
    ids = ids_array(event.subject_id for event in events)
    run(_FORGET_COUNTS, [ids])
    run(_UNLINK, [ids])


register_export("redemptions", redemptions_of)
