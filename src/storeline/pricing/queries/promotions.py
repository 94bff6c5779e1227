"""Promotions for those who make them: by phase, whole, and the version that an editor has seen."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from storeline.kernel.api import NotFound, Row, ids_array, now, run
from storeline.pricing.domain.draft import PromotionDraft, TargetDraft
from storeline.pricing.queries.gather import read_offer
from storeline.pricing.queries.listing import PROMOTION, PromotionRow, page_size

PHASES = ("running", "scheduled", "draft", "ended")
_RUNNING = "p.state = 'scheduled' AND p.starts_at <= %(now)s AND coalesce(p.ends_at > %(now)s, true)"
_PHASE = {
    "running": _RUNNING,
    "scheduled": "p.state = 'scheduled' AND p.starts_at > %(now)s AND coalesce(p.ends_at > %(now)s, true)",
    "draft": "p.state = 'draft'",
    "ended": "(p.state = 'cancelled' OR p.state = 'scheduled' AND p.ends_at <= %(now)s)",
}
_AT_PLACES = """(p.everywhere OR EXISTS (
  SELECT FROM pricing_promotion_place x WHERE x.promotion_id = p.id AND x.place_id = ANY (%(places)s::uuid[])))"""
_AFTER = """p.starts_at <= (SELECT b.starts_at FROM pricing_promotion b WHERE b.id = %(after)s)
  AND (p.starts_at < (SELECT b.starts_at FROM pricing_promotion b WHERE b.id = %(after)s) OR p.id > %(after)s)"""
_NAMED = """(p.name ILIKE %(text)s OR p.ref ILIKE %(text)s
  OR EXISTS (SELECT FROM jsonb_each_text(p.names) n WHERE n.value ILIKE %(text)s))"""
_ABOUT_PRODUCT = """EXISTS (
  SELECT FROM pricing_promotion_target t WHERE t.promotion_id = p.id AND t.product_id = %(product)s)"""


@dataclass(frozen=True, slots=True)
class TargetView:
    """What a promotion is about, by name: a product or a category, maybe at one place, maybe with its own value."""

    kind: str
    id: UUID
    ref: str
    name: str
    place_id: UUID | None
    amount: int | None
    base: int | None
    rate_ppm: int | None


@dataclass(frozen=True, slots=True)
class PromotionView:
    """One promotion whole, but for its targets; `version` changes with anything in it, `place_ids` None: everywhere."""

    row: PromotionRow
    names: dict[str, str]
    place_ids: tuple[UUID, ...] | None
    version: str

    @property
    def phase(self) -> str:
        """Draft, scheduled, running or ended, now."""
        return phase_of(self.row, now())


def phase_of(row: PromotionRow, at: datetime) -> str:
    """Where a promotion stands in its life at a moment: one of PHASES."""
    terms = row.terms
    if row.state == "draft":
        return "draft"
    if row.state == "cancelled" or (terms.ends_at is not None and terms.ends_at <= at):
        return "ended"
    return "scheduled" if terms.starts_at > at else "running"


def _conditions(phase: str | None, text: str, places: Collection[UUID] | None, product: UUID | None) -> list[str]:
    found = [] if phase is None else [_PHASE[phase]]
    if text:
        found.append(_NAMED)
    if places is not None:
        found.append(_AT_PLACES)
    if product is not None:
        found.append(_ABOUT_PRODUCT)
    return found


def find_promotions(
    *,
    phase: str | None = None,
    text: str = "",
    product: UUID | None = None,
    places: Collection[UUID] | None = None,
    after: UUID | None = None,
    limit: int = 50,
) -> tuple[tuple[PromotionRow, ...], UUID | None]:
    """Promotions by start, the latest first, and the cursor of the next page.

    Of one phase, whose ref or name in any language holds `text`, that name a `product`, that run at any of `places` (None: anywhere).
    """
    size = page_size(limit)
    conditions = _conditions(phase, text, places, product)
    if after is not None:
        conditions.append(_AFTER)
    asked: dict[str, Any] = {
        "now": now(),
        "text": f"%{_plain(text)}%",
        "places": None if places is None else ids_array(places),
        "product": product,
        "after": after,
        "size": size + 1,
    }
    where = " AND ".join(conditions) or "true"
    rows = run(
        f"{PROMOTION} WHERE {where} ORDER BY p.starts_at DESC, p.id LIMIT %(size)s", _used(asked, where)
    ).fetchall()
    items = tuple(_row(row) for row in rows[:size])
    return items, items[-1].terms.id if len(rows) > size else None


def _used(asked: dict[str, Any], where: str) -> dict[str, Any]:
    """Only what the statement names: the server would not know the type of the rest."""
    return {name: value for name, value in asked.items() if name == "size" or f"%({name})s" in where}


def _plain(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def count_promotions(*, places: Collection[UUID] | None = None) -> dict[str, int]:
    """How many there are of each phase, at any of `places`."""
    columns = ", ".join(f"count(*) FILTER (WHERE {condition})" for condition in _PHASE.values())
    where = "true" if places is None else _AT_PLACES
    asked = {"now": now()} | ({} if places is None else {"places": ids_array(places)})
    (row,) = run(f"SELECT {columns} FROM pricing_promotion p WHERE {where}", asked).fetchall()
    return dict(zip(_PHASE, row, strict=True))


def _row(row: Row) -> PromotionRow:
    offer = read_offer(row[7:], {})
    return PromotionRow(row[0], row[1], offer.promotion, row[2], row[3], row[4], row[5], row[6])


_TAG = """
encode(sha256(convert_to(p::text || coalesce((
    SELECT string_agg(concat_ws(',', t.product_id, t.category_id, t.place_id, t.amount, t.base, t.rate_ppm), ';'
      ORDER BY t.product_id, t.category_id, t.place_id)
    FROM pricing_promotion_target t WHERE t.promotion_id = p.id), '') || coalesce((
    SELECT string_agg(x.place_id::text, ';' ORDER BY x.place_id)
    FROM pricing_promotion_place x WHERE x.promotion_id = p.id), ''), 'UTF8')), 'hex')
"""
_VERSION = f"SELECT {_TAG} FROM pricing_promotion p WHERE p.id = %s"


def version_of(promotion_id: UUID) -> str:
    """What tells one state of a promotion from another, its targets and places included. Raises NotFound."""
    rows = run(_VERSION, [promotion_id]).fetchall()
    if not rows:
        raise NotFound("There is no such promotion.")
    return str(rows[0][0])


_MORE = f"""
SELECT p.names, ARRAY(SELECT x.place_id FROM pricing_promotion_place x WHERE x.promotion_id = p.id ORDER BY x.place_id),
       {_TAG}
FROM pricing_promotion p WHERE p.id = %s
"""
_TARGETS = """
SELECT CASE WHEN t.product_id IS NULL THEN 'category' ELSE 'product' END, coalesce(t.product_id, t.category_id),
       coalesce(q.ref, c.ref, ''), coalesce(q.name, c.name, ''), t.place_id, t.amount, t.base, t.rate_ppm
FROM pricing_promotion_target t LEFT JOIN catalog_product q ON q.id = t.product_id
LEFT JOIN catalog_category c ON c.id = t.category_id
WHERE t.promotion_id = %s ORDER BY t.category_id IS NULL, coalesce(q.ref, c.ref), t.id LIMIT %s
"""


def view_promotion(promotion_id: UUID) -> PromotionView:
    """One promotion by its id. Raises NotFound."""
    rows = run(f"{PROMOTION} WHERE p.id = %s", [promotion_id]).fetchall()
    if not rows:
        raise NotFound("There is no such promotion.")
    row = _row(rows[0])
    ((names, places, version),) = run(_MORE, [promotion_id]).fetchall()
    return PromotionView(row, names, None if row.places is None else tuple(places), version)


def targets_of(promotion_id: UUID, *, limit: int | None = None) -> tuple[TargetView, ...]:
    """What a promotion is about, categories first, then products by ref: the first `limit` of them, or all."""
    return tuple(TargetView(*row) for row in run(_TARGETS, [promotion_id, limit]).fetchall())


def draft_of(view: PromotionView, targets: Collection[TargetView]) -> PromotionDraft:
    """A promotion as it could be written down again."""
    terms = view.row.terms
    return PromotionDraft(
        ref=view.row.ref,
        name=terms.label,
        names=view.names,
        kind=terms.kind,
        starts_at=terms.starts_at,
        ends_at=terms.ends_at,
        currency=terms.currency,
        amount=view.row.amount,
        base=view.row.base,
        rate_ppm=view.row.rate_ppm,
        group_size=terms.group_size,
        funder=terms.funder,
        channels=None if terms.channels is None else tuple(sorted(terms.channels)),
        member_only=terms.member_only,
        priority=terms.priority,
        stackable=terms.stackable,
        exclusive=terms.exclusive,
        max_uses=terms.max_uses,
        weekdays=None if terms.weekdays is None else tuple(sorted(terms.weekdays)),
        from_minute=terms.from_minute,
        to_minute=terms.to_minute,
        targets=None if view.row.targets is None else tuple(_target(one) for one in targets),
        place_ids=view.place_ids,
    )


def _target(one: TargetView) -> TargetDraft:
    product, category = (one.id, None) if one.kind == "product" else (None, one.id)
    return TargetDraft(product, category, one.place_id, one.amount, one.base or 1000, one.rate_ppm)
