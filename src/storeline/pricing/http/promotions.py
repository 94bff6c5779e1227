"""Routes of promotions."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from ninja import Router

from storeline.identity.api import Request, requires
from storeline.kernel.api import Invalid, format_amount, parse_amount, parse_quantity
from storeline.pricing.commands.promotions import end_promotion, schedule_promotion, write_promotion
from storeline.pricing.domain.draft import PromotionDraft, TargetDraft
from storeline.pricing.http.schemas import (
    PPM_OF_PERCENT,
    Code,
    Limit,
    PreviewLineOut,
    PreviewOut,
    PromotionIn,
    PromotionOut,
    PromotionsOut,
    TargetIn,
    find_place,
    percent_out,
    unit_price_out,
)
from storeline.pricing.permissions import PROMOTE, READ
from storeline.pricing.queries import listing
from storeline.web.fields import Cursor
from storeline.web.idempotent import idempotent
from storeline.web.problems import told_as

router = Router()


@router.get("/promotions", auth=requires(READ, guest=True), response=PromotionsOut)
def get_promotions(request: Request, cursor: Cursor | None = None, limit: Limit = 50) -> PromotionsOut:
    """Promotions by ref: all of them for those who make them, those that run now for everybody else."""
    running = not request.actor.may(PROMOTE)
    rows, after = listing.list_promotions(running=running, cursor=cursor, limit=limit)
    return PromotionsOut(items=[_promotion(row) for row in rows], next=after)


@router.get("/promotions/{ref}", auth=requires(PROMOTE), response=PromotionOut)
def get_promotion(request: Request, ref: Code) -> PromotionOut:
    """One promotion by its ref."""
    return _promotion(listing.get_promotion(ref))


@router.put("/promotions/{ref}", auth=requires(PROMOTE), response=PromotionOut)
def put_promotion(request: Request, ref: Code, body: PromotionIn) -> PromotionOut:
    """Write a promotion down, or change it while it is a draft. Nobody gets it until it is scheduled."""
    with told_as({"rate_ppm": "percent", "place_ids": "places", "base": "per"}):
        write_promotion(_draft(ref, body), actor=request.actor)
    return _promotion(listing.get_promotion(ref))


@router.post("/promotions/{ref}/schedule", auth=requires(PROMOTE), response=PromotionOut)
@idempotent
def post_schedule(request: Request, ref: Code) -> PromotionOut:
    """Let a draft run in its window. Again is no change."""
    schedule_promotion(ref, actor=request.actor)
    return _promotion(listing.get_promotion(ref))


@router.post("/promotions/{ref}/end", auth=requires(PROMOTE), response=PromotionOut)
@idempotent
def post_end(request: Request, ref: Code) -> PromotionOut:
    """End a promotion now. Again is no change."""
    end_promotion(ref, actor=request.actor)
    return _promotion(listing.get_promotion(ref))


@router.get("/promotions/{ref}/preview", auth=requires(PROMOTE), response=PreviewOut)
def get_preview(request: Request, ref: Code, place: UUID, channel: Code = "store", limit: Limit = 50) -> PreviewOut:
    """What the promotion does to the prices of single units at a place."""
    lines = listing.preview_promotion(ref, find_place(place), channel, limit=limit)
    items = [
        PreviewLineOut(product=line.product_id, regular=unit_price_out(line.regular), price=unit_price_out(line.price))
        for line in lines
    ]
    return PreviewOut(items=items)


def _promotion(row: listing.PromotionRow) -> PromotionOut:
    terms = row.terms
    return PromotionOut(
        id=terms.id,
        ref=row.ref,
        name=terms.label,
        names=dict(terms.title.names),
        state=row.state,
        kind=terms.kind,
        funder=terms.funder,
        currency=terms.currency,
        amount=None if row.amount is None or terms.currency is None else format_amount(row.amount, terms.currency),
        percent=None if row.rate_ppm is None else percent_out(row.rate_ppm),
        group_size=terms.group_size,
        member_only=terms.member_only,
        priority=terms.priority,
        stackable=terms.stackable,
        exclusive=terms.exclusive,
        max_uses=terms.max_uses,
        starts_at=terms.starts_at,
        ends_at=terms.ends_at,
        targets=row.targets,
        places=row.places,
    )


def _draft(ref: str, body: PromotionIn) -> PromotionDraft:
    given: dict[str, Any] = body.dict(exclude={"amount", "percent", "targets", "places", "channels", "weekdays"})
    targets = (
        None
        if body.targets is None
        else tuple(_target(target, body.currency, f"targets[{index}]") for index, target in enumerate(body.targets))
    )
    return PromotionDraft(
        ref=ref,
        **given,
        amount=_minor(body.amount, body.currency, "amount"),
        rate_ppm=_ppm(body.percent),
        channels=None if body.channels is None else tuple(body.channels),
        weekdays=None if body.weekdays is None else tuple(body.weekdays),
        targets=targets,
        place_ids=None if body.places is None else tuple(body.places),
    )


def _target(target: TargetIn, currency: str | None, where: str) -> TargetDraft:
    return TargetDraft(
        target.product,
        target.category,
        target.place,
        _minor(target.amount, currency, f"{where}.amount"),
        parse_quantity(target.per, field=f"{where}.per"),
        _ppm(target.percent),
    )


def _minor(amount: str | None, currency: str | None, field: str) -> int | None:
    if amount is None:
        return None
    if currency is None:
        raise Invalid("An amount needs its currency.", field="currency")
    return parse_amount(amount, currency, field=field)


def _ppm(percent: str | None) -> int | None:
    return None if percent is None else int(Decimal(percent) * PPM_OF_PERCENT)
