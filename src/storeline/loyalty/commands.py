"""Redeeming coupons and giving uses back: set statements, queued in the order's own pipeline."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from storeline.kernel.api import (
    Actor,
    Invalid,
    NotFound,
    Pending,
    Ready,
    Row,
    Verdict,
    bulk,
    ids_array,
    ints_array,
    new_id,
    now,
    rowcounts,
    run,
    trail,
    transaction,
)
from storeline.loyalty.errors import CouponChanged, CouponCodeTaken, CouponUsed
from storeline.loyalty.loading import COUPONS_IN, merge_coupons
from storeline.loyalty.locks import lock_coupon
from storeline.loyalty.permissions import WRITE
from storeline.loyalty.queries import coupon_version


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
    actor.require_everywhere(WRITE)
    return bulk("coupons", COUPONS_IN, items, merge_coupons)


_SETTLED = ("kind", "funder", "currency", "amount", "base", "rate_ppm", "min_spend", "stackable")
"""What stays once a coupon was used: those who have used it got that."""
_COUPON = f"""
SELECT c.id, c.valid_to, EXISTS (SELECT FROM loyalty_redemption r WHERE r.coupon_id = c.id),
       jsonb_build_array({", ".join(f"c.{name}" for name in _SETTLED)})::text,
       coalesce((SELECT string_agg(concat_ws(',', t.product_id, t.category_id), ';' ORDER BY t.product_id, t.category_id)
                 FROM loyalty_coupon_target t WHERE t.coupon_id = c.id), '') || c.everything
FROM loyalty_coupon c WHERE c.ref = %s
"""
_WRITE_TARGETS = """
INSERT INTO loyalty_coupon_target (coupon_id, product_id, category_id)
SELECT %s, p.id, NULL FROM unnest(%s::uuid[]) p (id) UNION SELECT %s, NULL, c.id FROM unnest(%s::uuid[]) c (id)
"""


def write_coupon(
    terms: Mapping[str, Any],
    products: Collection[UUID] | None,
    categories: Collection[UUID] = (),
    *,
    seen: str,
    actor: Actor,
) -> UUID:
    """Make a coupon (`seen` empty), or change the one of which `seen` is the version; `terms` as in COUPONS_IN.

    `products` None: it is for everything. Raises Invalid naming the field, CouponCodeTaken, CouponChanged, and
    CouponUsed where what it gives would change after somebody used it; nothing is changed then.
    """
    actor.require_everywhere(WRITE)
    ref = str(terms.get("ref") or "")
    with transaction():
        before = _coupon(ref)
        if before is not None and coupon_version(before[0]) != seen:
            if not seen:
                raise CouponCodeTaken(f"Another coupon has the code {ref[:40]!r}.", field="ref")
            raise CouponChanged("Somebody else has changed it since you opened it. Look at it again.", field="seen")
        (verdict,) = put_coupons([dict(terms) | {"everything": products is None}], actor=actor)
        for field, detail in verdict.errors:
            raise Invalid(detail, field=field)
        after = _coupon(ref)
        assert after is not None
        run("DELETE FROM loyalty_coupon_target WHERE coupon_id = %s", [after[0]])
        run(_WRITE_TARGETS, [after[0], ids_array(products or ()), after[0], ids_array(categories)])
        after = _coupon(ref)
        assert after is not None
        if before is not None and before[2] and before[3:] != after[3:]:
            raise CouponUsed("It was used already: only its name, its limits and its end can change.", field="kind")
        trail(actor, "loyalty.write_coupon", after[0], detail={"ref": ref, "new": before is None})
        coupon_id: UUID = after[0]
    return coupon_id


def _coupon(ref: str) -> Row | None:
    """A coupon as it stands, locked: id, end, whether it was used, and what it gives and for what."""
    lock_coupon(ref)
    rows = run(_COUPON, [ref]).fetchall()
    return rows[0] if rows else None


def end_coupon(ref: str, *, actor: Actor) -> None:
    """Let nobody use a coupon from now on. Again is no change; one that was not valid yet is ended as it begins."""
    actor.require_everywhere(WRITE)
    with transaction():
        found = _coupon(ref)
        if found is None:
            raise NotFound(f"There is no coupon {ref[:40]!r}.", field="ref")
        if found[1] is not None and found[1] <= now():
            return
        run(
            """
UPDATE loyalty_coupon SET valid_to = greatest(%s, valid_from + interval '1 microsecond') WHERE id = %s
""",
            [now(), found[0]],
        )
        trail(actor, "loyalty.end_coupon", found[0], detail={"ref": ref})
