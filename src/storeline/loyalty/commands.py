"""Redeeming coupons and giving uses back: set statements, queued in the order's own pipeline."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from storeline.kernel.api import (
    Actor,
    Pending,
    Ready,
    Verdict,
    bulk,
    ids_array,
    ints_array,
    new_id,
    now,
    rowcounts,
    run,
)
from storeline.loyalty.loading import COUPONS_IN, merge_coupons
from storeline.loyalty.permissions import WRITE


@dataclass(frozen=True, slots=True)
class Redemption:
    """One use of a coupon by an order: `amount` minor units that it took off."""

    order_id: UUID
    seq: int
    coupon_id: UUID
    member_id: UUID | None
    amount: int
    at: datetime


_COUNT = """
UPDATE loyalty_coupon_count c SET redeemed = c.redeemed + n.uses
FROM (
  SELECT k.id, count(*) AS uses
  FROM unnest(%s::uuid[], %s::uuid[]) r (coupon_id, member_id)
  JOIN loyalty_coupon_count k ON k.coupon_id = r.coupon_id AND (k.member_id IS NULL OR k.member_id = r.member_id)
  GROUP BY k.id
) n WHERE c.id = n.id
"""
_INSERT = """
INSERT INTO loyalty_redemption (id, order_id, seq, coupon_id, member_id, amount, at)
SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::smallint[], %s::uuid[], %s::uuid[], %s::bigint[], %s::timestamptz[])
"""


def redeem(rows: Sequence[Redemption]) -> Pending[int]:
    """Write uses that `decide` granted under `gather`'s locks; the number written.

    The count rows' CHECK is the guard: a use too many fails the whole transaction.
    """
    if not rows:
        return Ready(0)
    coupons = ids_array([row.coupon_id for row in rows])
    members = ids_array([row.member_id for row in rows])
    run(_COUNT, [coupons, members])
    return rowcounts(
        run(
            _INSERT,
            [
                ids_array([new_id() for _ in rows]),
                ids_array([row.order_id for row in rows]),
                ints_array([row.seq for row in rows]),
                coupons,
                members,
                ints_array([row.amount for row in rows]),
                [row.at for row in rows],
            ],
        )
    )


_LOCK = """
SELECT FROM loyalty_coupon_count c WHERE EXISTS (
  SELECT FROM loyalty_redemption r WHERE r.order_id = ANY (%s::uuid[]) AND r.coupon_id = c.coupon_id
  AND (c.member_id IS NULL OR c.member_id = r.member_id))
ORDER BY c.coupon_id, c.member_id NULLS FIRST FOR UPDATE OF c
"""
_RELEASE = """
WITH gone AS (
  UPDATE loyalty_redemption SET released_at = %s WHERE order_id = ANY (%s::uuid[]) AND released_at IS NULL
  RETURNING coupon_id, member_id
)
UPDATE loyalty_coupon_count c SET redeemed = c.redeemed - n.uses,
  overrun = greatest(0, least(c.overrun, c.redeemed - n.uses - c.at_most))
FROM (
  SELECT k.id, count(*) AS uses FROM gone g
  JOIN loyalty_coupon_count k ON k.coupon_id = g.coupon_id AND (k.member_id IS NULL OR k.member_id = g.member_id)
  GROUP BY k.id
) n WHERE c.id = n.id
"""


def release(order_ids: Collection[UUID]) -> None:
    """Give back every use by these orders, once; queued in the caller's pipeline."""
    if not order_ids:
        return
    ids = ids_array(order_ids)
    run(_LOCK, [ids])
    run(_RELEASE, [now(), ids])


def put_coupons(items: Sequence[Mapping[str, Any]], *, actor: Actor) -> tuple[Verdict, ...]:
    """Make or change up to 1,000 coupons by `ref`; fields as in COUPONS_IN. Each has its own verdict."""
    actor.require(WRITE)
    return bulk("coupons", COUPONS_IN, items, merge_coupons)
