"""Promotions: what runs, what will, what ran; one of them with its rules and its history; and its life."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, dataclass
from uuid import UUID

from django.http import HttpResponse

from storeline.catalog import api as catalog
from storeline.identity import api as identity
from storeline.identity.api import Request
from storeline.kernel.api import Deed, Error, NotFound, WantedDeeds, list_deeds, now
from storeline.loyalty import api as loyalty
from storeline.office.pages import promotion_words as words
from storeline.office.pages.deeds import who_of, words_of
from storeline.office.pages.parts import (
    address,
    as_id,
    back_to,
    cursor_of,
    cursor_parts,
    end_of,
    moment_of,
    office_zone,
    pill,
)
from storeline.office.pages.shared import pages, render
from storeline.places import api as places
from storeline.pricing import api as pricing

_SHOWN = 40
_TARGETS = 60


@dataclass(frozen=True, slots=True)
class Item:
    """A promotion in a list."""

    id: UUID
    row: pricing.PromotionRow
    pill: str
    value: str
    about: str
    window: str


@dataclass(frozen=True, slots=True)
class About:
    """A target of a promotion: what, and the value of its own."""

    view: pricing.TargetView
    value: str
    place: str


@dataclass(frozen=True, slots=True)
class Tab:
    """A phase to filter by."""

    code: str
    name: str
    count: int
    href: str
    is_open: bool


@pages.get("promotions", pricing.VIEW, name="promotions")
def index(request: Request) -> HttpResponse:
    """Promotions by phase, found by name, reference or product, the latest first."""
    asked = request.GET
    q, product_ref = asked.get("q", "").strip()[:100], asked.get("product", "").strip()[:100]
    phase = asked.get("phase", "")
    phase = phase if phase in (*pricing.PHASES, "all") else "running"
    after = cursor_parts(asked.get("after", ""), 1)
    own = request.actor.places_for(pricing.VIEW)
    found, following = pricing.find_promotions(
        phase=None if phase == "all" else phase,
        text=q,
        product=_product(product_ref),
        places=own,
        after=as_id(after[0]) if after else None,
        limit=_SHOWN,
    )
    zone = office_zone()
    context = {
        "tab": "promotions",
        "part": "promotions",
        "tabs": _tabs(request, phase, pricing.count_promotions(places=own)),
        "items": [_item(row, zone) for row in found],
        "q": q,
        "product_ref": product_ref,
        "phase": phase,
        "next": address(request, after=cursor_of(following)) if following else None,
        "is_first": after is None,
        "may_make": words.may_make(request.actor),
        "may_see_coupons": request.actor.may(loyalty.READ),
    }
    return render(request, "office/promotions.html", context)


def _product(ref: str) -> UUID | None:
    """The product to filter by; an unknown one finds nothing."""
    if not ref:
        return None
    facts = catalog.find_by_ref([ref]).get(ref)
    return facts.id if facts is not None else UUID(int=0)


def _tabs(request: Request, phase: str, counts: dict[str, int]) -> list[Tab]:
    return [
        Tab(code, words.phase(code).name, counts[code], address(request, phase=code), phase == code)
        for code in pricing.PHASES
    ]


def _item(row: pricing.PromotionRow, zone: str) -> Item:
    terms = row.terms
    return Item(
        terms.id,
        row,
        pill(*astuple(words.phase(pricing.phase_of(row, now())))),
        words.value_of(row),
        f"{words.goods(row)} · {words.where(row)}",
        words.window(terms.starts_at, terms.ends_at, zone),
    )


def seen_by(request: Request, promotion_id: UUID) -> pricing.PromotionView:
    """A promotion that this person may see: it runs everywhere, or at a place of theirs. Raises NotFound."""
    view = pricing.view_promotion(promotion_id)
    own = request.actor.places_for(pricing.VIEW)
    if own is not None and view.place_ids is not None and own.isdisjoint(view.place_ids):
        raise NotFound("There is no such promotion.")
    return view


@pages.get("promotions/<uuid:promotion_id>", pricing.VIEW, name="promotion")
def show(request: Request, promotion_id: UUID) -> HttpResponse:
    """One promotion: its rules in words, what it is about, where it runs, who did what with it."""
    view = seen_by(request, promotion_id)
    return _page(request, view)


def _page(request: Request, view: pricing.PromotionView, *, problem: str = "", status: int = 200) -> HttpResponse:
    zone, terms = office_zone(), view.row.terms
    targets = pricing.targets_of(terms.id, limit=_TARGETS) if view.row.targets else ()
    ids = [*(view.place_ids or ()), *(one.place_id for one in targets if one.place_id)]
    named = places.names_of(ids) if ids else {}
    code = view.phase
    context = {
        "tab": "promotions",
        "view": view,
        "row": view.row,
        "phase": code,
        "pill": words.phase(code),
        "rules": [*words.names_rules(view.names), *words.rules(view.row, zone)],
        "targets": [_about(one, view, named) for one in targets],
        "more_targets": (view.row.targets or 0) - len(targets),
        "places": sorted(named[key] for key in view.place_ids or () if key in named),
        "history": history([terms.id], zone),
        "said": words.said(request.GET.get("said", "")),
        "problem": problem,
        "may_make": words.may_make(request.actor),
        "end": end_of(terms.ends_at, zone),
        "zone": zone,
    }
    return render(request, "office/promotion.html", context, status)


def _about(one: pricing.TargetView, view: pricing.PromotionView, named: dict[UUID, tuple[str, str]]) -> About:
    terms = view.row.terms
    value = words.value(terms.kind, terms.currency, one.amount, one.base, one.rate_ppm, terms.group_size)
    return About(one, value, named.get(one.place_id, ("", ""))[1] if one.place_id else "")


@dataclass(frozen=True, slots=True)
class Done:
    """A deed with its doer's name, in words."""

    deed: Deed
    who: str
    what: str
    at: str


def history(subjects: list[UUID], zone: str) -> list[Done]:
    """Who did what with something, the latest first. Two queries."""
    deeds = list_deeds(WantedDeeds(subject_ids=subjects), limit=_SHOWN)
    people = {deed.actor_id for deed in deeds if deed.actor_id is not None}
    names = identity.names_of(people) if people else {}
    return [Done(deed, who_of(deed, names), words_of(deed), words.moment(deed.at, zone)) for deed in deeds]


@pages.post("promotions/<uuid:promotion_id>/schedule", pricing.PROMOTE, name="promotion_schedule")
def schedule(request: Request, promotion_id: UUID) -> HttpResponse:
    """Let a draft run in its window."""
    seen = request.POST.get("seen") or None
    return _deed(
        request, promotion_id, "scheduled", lambda ref: pricing.schedule_promotion(ref, seen=seen, actor=request.actor)
    )


@pages.post("promotions/<uuid:promotion_id>/withdraw", pricing.PROMOTE, name="promotion_withdraw")
def withdraw(request: Request, promotion_id: UUID) -> HttpResponse:
    """Make a draft again of one that has not begun."""
    return _deed(request, promotion_id, "withdrawn", lambda ref: pricing.withdraw_promotion(ref, actor=request.actor))


@pages.post("promotions/<uuid:promotion_id>/end", pricing.PROMOTE, name="promotion_end")
def end(request: Request, promotion_id: UUID) -> HttpResponse:
    """End it now; one that has not begun never will."""
    return _deed(request, promotion_id, "ended", lambda ref: pricing.end_promotion(ref, actor=request.actor))


@pages.post("promotions/<uuid:promotion_id>/until", pricing.PROMOTE, name="promotion_until")
def until(request: Request, promotion_id: UUID) -> HttpResponse:
    """Have it end at another time: what may change while it runs."""
    seen, text = request.POST.get("seen") or None, request.POST.get("ends", "")[:20]
    ends = moment_of(text, office_zone())
    if text and ends is None:
        return back_to("office:promotion", promotion_id, said="no_moment")
    return _deed(
        request,
        promotion_id,
        "end_moved",
        lambda ref: pricing.set_promotion_end(ref, ends, seen=seen, actor=request.actor),
    )


def _deed(request: Request, promotion_id: UUID, told: str, deed: Callable[[str], None]) -> HttpResponse:
    """Do it, and back to the page; a refusal is shown there, and nothing was changed."""
    view = seen_by(request, promotion_id)
    try:
        deed(view.row.ref)
    except Error as error:
        return _page(request, pricing.view_promotion(promotion_id), problem=words.refusal(error), status=error.status)
    return back_to("office:promotion", promotion_id, said=told)
