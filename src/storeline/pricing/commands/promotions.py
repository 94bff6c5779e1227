"""The life of a promotion: written down, previewed, scheduled, ended."""

from __future__ import annotations

from dataclasses import fields
from typing import Any
from uuid import UUID

from storeline.kernel.api import Actor, NotFound, ids_array, new_id, now, run, trail, transaction
from storeline.pricing.domain.draft import PromotionDraft, check_draft
from storeline.pricing.errors import PromotionState
from storeline.pricing.models import Promotion, PromotionPlace, PromotionTarget
from storeline.pricing.permissions import PROMOTE


def write_promotion(draft: PromotionDraft, *, actor: Actor) -> UUID:
    """Write a promotion down by its ref, or change one that is still a draft; its id.

    Raises Invalid naming the field, PromotionState where it was scheduled before.
    """
    actor.require(PROMOTE)
    check_draft(draft)
    with transaction():
        known = Promotion.objects.select_for_update().filter(ref=draft.ref).first()
        if known is not None and known.state != "draft":
            raise PromotionState(f"{draft.ref} is scheduled: end it and write a new one.", field="ref")
        _check_known(draft)
        row = known or Promotion(id=new_id())
        for name, value in _columns(draft).items():
            setattr(row, name, value)
        row.save()
        _list(row, draft)
        trail(actor, "pricing.write_promotion", row.pk, detail={"ref": draft.ref})
        return row.pk


def _columns(draft: PromotionDraft) -> dict[str, Any]:
    values = {field.name: getattr(draft, field.name) for field in fields(draft)}
    targets, places = values.pop("targets"), values.pop("place_ids")
    for name in ("channels", "weekdays"):
        values[name] = None if values[name] is None else list(values[name])
    return values | {"everything": targets is None, "everywhere": places is None}


def _list(row: Promotion, draft: PromotionDraft) -> None:
    PromotionTarget.objects.filter(promotion=row).delete()
    PromotionPlace.objects.filter(promotion=row).delete()
    PromotionTarget.objects.bulk_create(
        PromotionTarget(
            promotion=row,
            product_id=target.product_id,
            category_id=target.category_id,
            place_id=target.place_id,
            amount=target.amount,
            base=None if target.amount is None else target.base,
            rate_ppm=target.rate_ppm,
        )
        for target in dict.fromkeys(draft.targets or ())
    )
    PromotionPlace.objects.bulk_create(
        PromotionPlace(promotion=row, place_id=place_id) for place_id in dict.fromkeys(draft.place_ids or ())
    )


_UNKNOWN = """
SELECT 'product', k.id FROM unnest(%s::uuid[]) k (id) WHERE NOT EXISTS (SELECT FROM catalog_product p WHERE p.id = k.id)
UNION ALL
SELECT 'category', k.id FROM unnest(%s::uuid[]) k (id) WHERE NOT EXISTS (SELECT FROM catalog_category c WHERE c.id = k.id)
UNION ALL
SELECT 'place', k.id FROM unnest(%s::uuid[]) k (id) WHERE NOT EXISTS (SELECT FROM places_place p WHERE p.id = k.id)
LIMIT 1
"""


def _check_known(draft: PromotionDraft) -> None:
    targets = draft.targets or ()
    places = {*(draft.place_ids or ()), *(each.place_id for each in targets if each.place_id)}
    rows = run(
        _UNKNOWN,
        [
            ids_array({each.product_id for each in targets if each.product_id}),
            ids_array({each.category_id for each in targets if each.category_id}),
            ids_array(places),
        ],
    ).fetchall()
    if rows:
        what, key = rows[0]
        raise NotFound(f"There is no {what} {key}.", field="place_ids" if what == "place" else "targets")


def schedule_promotion(ref: str, *, actor: Actor) -> None:
    """Let a draft run in its window. Again is no change; raises PromotionState where it is over."""
    actor.require(PROMOTE)
    with transaction():
        row = _locked(ref)
        if row.state == "scheduled":
            return
        if row.state == "cancelled":
            raise PromotionState(f"{ref} was ended before it began.", field="ref")
        if row.ends_at is not None and row.ends_at <= now():
            raise PromotionState(f"{ref} would be over before it starts.", field="ends_at")
        if not row.everything and not PromotionTarget.objects.filter(promotion=row).exists():
            raise PromotionState(f"{ref} is about nothing.", field="targets")
        row.state = "scheduled"
        row.save(update_fields=["state"])
        trail(actor, "pricing.schedule_promotion", row.pk, detail={"ref": ref})


def end_promotion(ref: str, *, actor: Actor) -> None:
    """End a promotion now; one that has not begun never will. Again is no change."""
    actor.require(PROMOTE)
    with transaction():
        row = _locked(ref)
        moment = now()
        if row.state == "cancelled" or (row.ends_at is not None and row.ends_at <= moment):
            return
        if row.state == "draft" or row.starts_at >= moment:
            row.state = "cancelled"
        else:
            row.ends_at = moment
        row.save(update_fields=["state", "ends_at"])
        trail(actor, "pricing.end_promotion", row.pk, detail={"ref": ref})


def _locked(ref: str) -> Promotion:
    row = Promotion.objects.select_for_update().filter(ref=ref).first()
    if row is None:
        raise NotFound(f"There is no promotion {ref[:40]!r}.", field="ref")
    return row
