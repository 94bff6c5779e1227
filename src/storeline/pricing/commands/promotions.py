"""The life of a promotion: written down, previewed, scheduled, taken back, ended."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from storeline.kernel.api import Actor, Forbidden, NotFound, ids_array, new_id, now, run, trail, transaction
from storeline.pricing.domain.draft import PromotionDraft, check_draft
from storeline.pricing.errors import PromotionChanged, PromotionState, RefTaken
from storeline.pricing.models import Promotion, PromotionPlace, PromotionTarget
from storeline.pricing.permissions import PROMOTE
from storeline.pricing.queries.promotions import version_of


def write_promotion(
    draft: PromotionDraft, *, promotion_id: UUID | None = None, seen: str | None = None, actor: Actor
) -> UUID:
    """Write a promotion down by its ref, or change one that is still a draft; its id.

    `promotion_id` names the one that is meant: the same again is no second one, and another's ref raises RefTaken.
    `seen` is the version that the writer read: PromotionChanged where it is another now. Raises Invalid naming the
    field, PromotionState where it was scheduled before.
    """
    actor.require(PROMOTE)
    check_draft(draft)
    with transaction():
        known = _known(draft.ref, promotion_id)
        if known is not None:
            _check_seen(known, seen)
            if known.state != "draft":
                raise PromotionState(f"{draft.ref} is scheduled: end it and write a new one.", field="ref")
            _require_over(actor, _places_of(known))
        _require_over(actor, draft.place_ids)
        _check_known(draft)
        row = known or Promotion(id=promotion_id or new_id())
        columns = _columns(draft)
        changed = [name for name, value in columns.items() if known is None or getattr(row, name) != value]
        for name, value in columns.items():
            setattr(row, name, value)
        row.save()
        _list(row, draft)
        trail(actor, "pricing.write_promotion", row.pk, detail={"ref": draft.ref, "changed": changed if known else []})
        return row.pk


def _known(ref: str, promotion_id: UUID | None) -> Promotion | None:
    """The promotion that is meant, locked; one named by its id may get another ref, but nobody else's."""
    of_ref = Promotion.objects.select_for_update().filter(ref=ref).first()
    if promotion_id is None:
        return of_ref
    if of_ref is not None and of_ref.pk != promotion_id:
        raise RefTaken(f"Another promotion has the reference {ref[:40]!r}.", field="ref")
    return of_ref or Promotion.objects.select_for_update().filter(id=promotion_id).first()


def _check_seen(row: Promotion, seen: str | None) -> None:
    if seen is not None and version_of(row.pk) != seen:
        raise PromotionChanged("Somebody else has changed it since you opened it. Look at it again.", field="seen")


def _places_of(row: Promotion) -> tuple[UUID, ...] | None:
    if row.everywhere:
        return None
    return tuple(PromotionPlace.objects.filter(promotion=row).values_list("place_id", flat=True))


def _require_over(actor: Actor, places: Collection[UUID] | None) -> None:
    """Whoever makes promotions for some places makes none that reach beyond them."""
    own = actor.places_for(PROMOTE)
    if own is not None and (places is None or not own.issuperset(places)):
        raise Forbidden("The promotion reaches beyond the places that are yours.", field="place_ids")


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


def schedule_promotion(ref: str, *, seen: str | None = None, actor: Actor) -> None:
    """Let a draft run in its window. Again is no change; raises PromotionState where it is over, PromotionChanged."""
    with transaction():
        row = _locked(ref, actor)
        if row.state == "scheduled":
            return
        _check_seen(row, seen)
        if row.state == "cancelled":
            raise PromotionState(f"{ref} was ended before it began.", field="ref")
        if row.ends_at is not None and row.ends_at <= now():
            raise PromotionState(f"{ref} would be over before it starts.", field="ends_at")
        if not row.everything and not PromotionTarget.objects.filter(promotion=row).exists():
            raise PromotionState(f"{ref} is about nothing.", field="targets")
        row.state = "scheduled"
        row.save(update_fields=["state"])
        trail(actor, "pricing.schedule_promotion", row.pk, detail={"ref": ref})


def withdraw_promotion(ref: str, *, actor: Actor) -> None:
    """Make a draft again of one that has not begun, so that it can be changed. Again is no change."""
    with transaction():
        row = _locked(ref, actor)
        if row.state == "draft":
            return
        if row.state == "cancelled" or row.starts_at <= now():
            raise PromotionState(f"{ref} has begun or is over: copy it instead.", field="ref")
        row.state = "draft"
        row.save(update_fields=["state"])
        trail(actor, "pricing.withdraw_promotion", row.pk, detail={"ref": ref})


def set_promotion_end(ref: str, ends_at: datetime | None, *, seen: str | None = None, actor: Actor) -> None:
    """Have a scheduled or running promotion end sooner or later, None: when somebody ends it. Again is no change.

    The one term that may change once it runs: what was promised until then was given. Raises PromotionState where
    it is over, or the end would lie behind us or before its start.
    """
    with transaction():
        row = _locked(ref, actor)
        if row.ends_at == ends_at:
            return
        _check_seen(row, seen)
        moment = now()
        if row.state != "scheduled" or (row.ends_at is not None and row.ends_at <= moment):
            raise PromotionState(f"{ref} does not run.", field="ref")
        if ends_at is not None and ends_at <= max(moment, row.starts_at):
            raise PromotionState("The end lies after the start and after now.", field="ends_at")
        row.ends_at = ends_at
        row.save(update_fields=["ends_at"])
        detail = {"ref": ref, "ends_at": None if ends_at is None else ends_at.isoformat()}
        trail(actor, "pricing.set_promotion_end", row.pk, detail=detail)


def end_promotion(ref: str, *, actor: Actor) -> None:
    """End a promotion now; one that has not begun never will. Again is no change."""
    with transaction():
        row = _locked(ref, actor)
        moment = now()
        if row.state == "cancelled" or (row.ends_at is not None and row.ends_at <= moment):
            return
        if row.state == "draft" or row.starts_at >= moment:
            row.state = "cancelled"
        else:
            row.ends_at = moment
        row.save(update_fields=["state", "ends_at"])
        trail(actor, "pricing.end_promotion", row.pk, detail={"ref": ref})


def _locked(ref: str, actor: Actor) -> Promotion:
    actor.require(PROMOTE)
    row = Promotion.objects.select_for_update().filter(ref=ref).first()
    if row is None:
        raise NotFound(f"There is no promotion {ref[:40]!r}.", field="ref")
    _require_over(actor, _places_of(row))
    return row
