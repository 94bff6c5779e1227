"""Reads of coupons and their uses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from storeline.kernel.api import Actor, Invalid, NotFound, run
from storeline.loyalty.permissions import READ

MAX_PAGE = 200


@dataclass(frozen=True, slots=True)
class CouponView:
    """A coupon as people see it; `redeemed` uses stand."""

    id: UUID
    ref: str
    name: str
    kind: str
    funder: str
    currency: str | None
    amount: int | None
    rate_ppm: int | None
    min_spend: int
    valid_from: datetime
    valid_to: datetime | None
    total_limit: int | None
    per_member_limit: int | None
    stackable: bool
    redeemed: int


@dataclass(frozen=True, slots=True)
class RedemptionView:
    """One use; `amount` minor units of the order's currency."""

    id: UUID
    order_id: UUID | None
    member_id: UUID | None
    amount: int | None
    at: datetime
    released_at: datetime | None


_VIEW = """
SELECT c.id, c.ref, c.name, c.kind, c.funder, c.currency, c.amount, c.rate_ppm, c.min_spend, c.valid_from, c.valid_to,
       c.total_limit, c.per_member_limit, c.stackable,
       (SELECT count(*) FROM loyalty_redemption r WHERE r.coupon_id = c.id AND r.released_at IS NULL)
FROM loyalty_coupon c
"""


def _limit(limit: int) -> int:
    if not 1 <= limit <= MAX_PAGE:
        raise Invalid(f"A page has from 1 to {MAX_PAGE} items.", field="limit")
    return limit


def get_coupon(coupon_id: UUID, *, actor: Actor) -> CouponView:
    """The coupon with this id. Raises NotFound."""
    actor.require(READ)
    rows = run(f"{_VIEW} WHERE c.id = %s", [coupon_id]).fetchall()
    if not rows:
        raise NotFound(f"There is no coupon {coupon_id}.")
    return CouponView(*rows[0])


def list_coupons(
    *, cursor: str | None = None, limit: int = 50, actor: Actor
) -> tuple[tuple[CouponView, ...], str | None]:
    """Coupons by ref, and the cursor of the next page."""
    actor.require(READ)
    size = _limit(limit)
    rows = run(f"{_VIEW} WHERE c.ref > %s ORDER BY c.ref LIMIT %s", [cursor or "", size + 1]).fetchall()
    items = tuple(CouponView(*row) for row in rows[:size])
    return items, items[-1].ref if len(rows) > size else None


def list_redemptions(
    coupon_id: UUID, *, cursor: UUID | None = None, limit: int = 50, actor: Actor
) -> tuple[tuple[RedemptionView, ...], UUID | None]:
    """A coupon's uses, newest first; the cursor is the last id of the page before."""
    actor.require(READ)
    size = _limit(limit)
    rows = run(
        """
SELECT r.id, r.order_id, r.member_id, r.amount, r.at, r.released_at FROM loyalty_redemption r
WHERE r.coupon_id = %s AND (%s::uuid IS NULL
  OR (r.at, r.id) < (SELECT b.at, b.id FROM loyalty_redemption b WHERE b.id = %s::uuid))
ORDER BY r.at DESC, r.id DESC LIMIT %s
""",
        [coupon_id, cursor, cursor, size + 1],
    ).fetchall()
    items = tuple(RedemptionView(*row) for row in rows[:size])
    return items, items[-1].id if len(rows) > size else None
