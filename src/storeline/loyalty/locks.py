"""Coupons' spendable rows, locked by coupon, then member (everybody's own row first)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from storeline.kernel.api import Pending, Ready, Row, ids_array, later, run
from storeline.loyalty.domain import UNLIMITED, Coupon, Coupons, member_row

_COUPONS = """
SELECT c.id, c.ref, c.name, c.kind, c.funder, c.currency, c.amount, c.base, c.rate_ppm, c.min_spend, c.valid_from,
       c.valid_to, c.total_limit, c.per_member_limit, c.stackable, c.everything,
       ARRAY(SELECT t.product_id FROM loyalty_coupon_target t WHERE t.coupon_id = c.id AND t.product_id IS NOT NULL
             AND (%(products)s::uuid[] IS NULL OR t.product_id = ANY (%(products)s::uuid[]))),
       ARRAY(SELECT g.path::text FROM loyalty_coupon_target t JOIN catalog_category g ON g.id = t.category_id
             WHERE t.coupon_id = c.id),
       CASE WHEN c.names <> '{}' THEN c.names::text ELSE '' END
FROM loyalty_coupon c WHERE c.ref = ANY (%(codes)s::text[])
"""
_MEMBER_ROWS = """
INSERT INTO loyalty_coupon_count (id, coupon_id, member_id, redeemed, at_most, overrun)
SELECT kernel_source_id('loyalty.coupon_count', c.id || ':' || m.id, NULL), c.id, m.id, 0, c.per_member_limit, 0
FROM loyalty_coupon c CROSS JOIN unnest(%s::uuid[]) m (id)
WHERE c.ref = ANY (%s::text[]) AND c.per_member_limit IS NOT NULL
  AND NOT EXISTS (SELECT FROM loyalty_coupon_count n WHERE n.coupon_id = c.id AND n.member_id = m.id)
ORDER BY c.id, m.id
ON CONFLICT DO NOTHING
"""
_COUNTS = """
SELECT n.id, n.at_most - n.redeemed FROM loyalty_coupon_count n JOIN loyalty_coupon c ON c.id = n.coupon_id
WHERE c.ref = ANY (%s::text[]) AND (n.member_id IS NULL OR n.member_id = ANY (%s::uuid[]))
ORDER BY n.coupon_id, n.member_id NULLS FIRST
"""


class _Coupons(Pending[Coupons]):
    """Coupons from two answers."""

    __slots__ = ("_counts", "_found", "_members")

    def __init__(self, found: Pending[list[Coupon]], counts: Pending[dict[UUID, int]], members: list[UUID]) -> None:
        self._found = found
        self._counts = counts
        self._members = members

    def result(self) -> Coupons:
        found = self._found.result()
        left: dict[UUID, int] = {}
        for coupon in found:
            if coupon.total_limit is None:
                left[coupon.id] = UNLIMITED
            if coupon.per_member_limit is not None:
                for member_id in self._members:
                    left[member_row(coupon.id, member_id)] = coupon.per_member_limit
        left.update(self._counts.result())
        return Coupons({coupon.ref: coupon for coupon in found}, left)


def gather(
    codes: Collection[str],
    members: Collection[UUID],
    products: Iterable[UUID] | None = None,
    *,
    lock: bool = True,
) -> Pending[Coupons]:
    """Coupons by code, with what each has left: locked, in order, until the transaction ends.

    Three statements, queued in the caller's pipeline; none without codes. `products` bounds the lists of goods
    that come along. Without `lock` (a quote) nothing is held or written.
    """
    if not codes:
        return Ready(Coupons())
    wanted, people = sorted(codes), sorted(members)
    params: dict[str, Any] = {
        "codes": wanted,
        "products": None if products is None else ids_array(products),
    }
    found = later(_COUPONS, params, lambda rows: [_coupon(row) for row in rows])
    if lock and people:
        run(_MEMBER_ROWS, [ids_array(people), wanted])
    counts = later(_COUNTS + ("FOR UPDATE OF n" if lock else ""), [wanted, ids_array(people)], _left)
    return _Coupons(found, counts, people)


def _left(rows: list[Row]) -> dict[UUID, int]:
    return {row[0]: row[1] for row in rows}


def _coupon(row: Row) -> Coupon:
    terms: list[Any] = [*row[:16], frozenset(row[16]), tuple(row[17]), row[18]]
    return Coupon(*terms)


def lock_counts(coupon_ids: Iterable[UUID]) -> None:
    """Lock every count row of these coupons, in order."""
    run(
        """
SELECT FROM loyalty_coupon_count WHERE coupon_id = ANY (%s::uuid[]) ORDER BY coupon_id, member_id NULLS FIRST FOR UPDATE
""",
        [ids_array(coupon_ids)],
    )


def lock_coupon(ref: str) -> None:
    """Lock a coupon against other editors. Uses under way, which hold count rows and point at it, are not held up."""
    run("SELECT FROM loyalty_coupon WHERE ref = %s FOR NO KEY UPDATE", [ref])
