"""Reads of coupons and their uses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from storeline.kernel.api import Actor, Invalid, NotFound, now, run
from storeline.loyalty.permissions import READ

MAX_PAGE = 200


@dataclass(frozen=True, slots=True)
class CouponView:
    """A coupon as people see it; `redeemed` uses stand, `targets` None: it is for everything."""

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
    base: int = 1000
    targets: int | None = None
    names: Mapping[str, str] = field(default_factory=dict)


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
       (SELECT count(*) FROM loyalty_redemption r WHERE r.coupon_id = c.id AND r.released_at IS NULL),
       c.base,
       CASE WHEN NOT c.everything THEN (SELECT count(*) FROM loyalty_coupon_target t WHERE t.coupon_id = c.id) END,
       c.names
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


_NAMED = """(c.ref ILIKE %(text)s OR c.name ILIKE %(text)s
  OR EXISTS (SELECT FROM jsonb_each_text(c.names) n WHERE n.value ILIKE %(text)s))"""
COUPON_PHASES = ("valid", "upcoming", "ended")
_PHASE = {
    "valid": "c.valid_from <= %(now)s AND coalesce(c.valid_to > %(now)s, true)",
    "upcoming": "c.valid_from > %(now)s",
    "ended": "c.valid_to <= %(now)s",
}


def coupon_phase(coupon: CouponView, at: datetime) -> str:
    """Where a coupon stands at a moment: one of COUPON_PHASES."""
    if coupon.valid_to is not None and coupon.valid_to <= at:
        return "ended"
    return "upcoming" if coupon.valid_from > at else "valid"


def find_coupons(
    *, phase: str | None = None, text: str = "", after: str | None = None, limit: int = 50, actor: Actor
) -> tuple[tuple[CouponView, ...], str | None]:
    """Coupons by code, of one phase, whose code or name in any language holds `text`; and the cursor of the next page."""
    actor.require(READ)
    size = _limit(limit)
    conditions = ["c.ref > %(after)s"] + ([] if phase is None else [_PHASE[phase]])
    asked: dict[str, Any] = {"after": after or "", "size": size + 1}
    if phase is not None:
        asked["now"] = now()
    if text:
        conditions.append(_NAMED)
        plain = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        asked["text"] = f"%{plain}%"
    rows = run(f"{_VIEW} WHERE {' AND '.join(conditions)} ORDER BY c.ref LIMIT %(size)s", asked).fetchall()
    items = tuple(CouponView(*row) for row in rows[:size])
    return items, items[-1].ref if len(rows) > size else None


def count_coupons(*, actor: Actor) -> dict[str, int]:
    """How many coupons there are of each phase."""
    actor.require(READ)
    columns = ", ".join(f"count(*) FILTER (WHERE {condition})" for condition in _PHASE.values())
    (row,) = run(f"SELECT {columns} FROM loyalty_coupon c", {"now": now()}).fetchall()
    return dict(zip(_PHASE, row, strict=True))


@dataclass(frozen=True, slots=True)
class CouponTargetView:
    """A product or a category that a coupon is for."""

    kind: str
    id: UUID
    ref: str
    name: str


@dataclass(frozen=True, slots=True)
class CouponUses:
    """How a coupon was used: uses that stand, by how many members, what they took off in minor units where it is
    known, and how many uses say no amount; `given_back` are those of orders that were cancelled.
    """

    standing: int
    members: int
    cost: int
    unknown: int
    given_back: int
    first_at: datetime | None
    last_at: datetime | None


_TARGETS = """
SELECT CASE WHEN t.product_id IS NULL THEN 'category' ELSE 'product' END, coalesce(t.product_id, t.category_id),
       coalesce(q.ref, g.ref, ''), coalesce(q.name, g.name, '')
FROM loyalty_coupon_target t LEFT JOIN catalog_product q ON q.id = t.product_id
LEFT JOIN catalog_category g ON g.id = t.category_id
WHERE t.coupon_id = %s ORDER BY t.category_id IS NULL, coalesce(q.ref, g.ref), t.id LIMIT %s
"""
_USES = """
SELECT count(*) FILTER (WHERE r.released_at IS NULL), count(DISTINCT r.member_id) FILTER (WHERE r.released_at IS NULL),
       coalesce(sum(r.amount) FILTER (WHERE r.released_at IS NULL), 0)::bigint,
       count(*) FILTER (WHERE r.released_at IS NULL AND r.amount IS NULL),
       count(*) FILTER (WHERE r.released_at IS NOT NULL), min(r.at), max(r.at)
FROM loyalty_redemption r WHERE r.coupon_id = %s
"""


def coupon_targets(coupon_id: UUID, *, limit: int | None = None, actor: Actor) -> tuple[CouponTargetView, ...]:
    """What a coupon is for, categories first, then products by ref."""
    actor.require(READ)
    return tuple(CouponTargetView(*row) for row in run(_TARGETS, [coupon_id, limit]).fetchall())


def coupon_uses(coupon_id: UUID, *, actor: Actor) -> CouponUses:
    """How often a coupon was used and what that took off."""
    actor.require(READ)
    (row,) = run(_USES, [coupon_id]).fetchall()
    return CouponUses(*row)


_VERSION = """
SELECT encode(sha256(convert_to(c::text || coalesce((
    SELECT string_agg(concat_ws(',', t.product_id, t.category_id), ';' ORDER BY t.product_id, t.category_id)
    FROM loyalty_coupon_target t WHERE t.coupon_id = c.id), ''), 'UTF8')), 'hex')
FROM loyalty_coupon c WHERE c.id = %s
"""


def coupon_version(coupon_id: UUID) -> str:
    """What tells one state of a coupon from another; empty where there is none."""
    rows = run(_VERSION, [coupon_id]).fetchall()
    return str(rows[0][0]) if rows else ""
