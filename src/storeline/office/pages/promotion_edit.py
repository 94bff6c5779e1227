"""Make a promotion, change one that is a draft, copy one; and see what it would do before it is saved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpResponse, QueryDict
from django.utils.translation import gettext as _

from storeline.catalog import api as catalog
from storeline.identity.api import Request
from storeline.kernel.api import QUANTITY_ONE, Error, NotFound, check_id, new_id, transaction
from storeline.office.pages import promotion_words as words
from storeline.office.pages.parts import as_id, back_to, office_zone
from storeline.office.pages.promotion_filled import blank, filled, sample
from storeline.office.pages.promotion_form import PromotionForm, Reading, read
from storeline.office.pages.promotions import seen_by
from storeline.office.pages.shared import pages, render
from storeline.office.pages.targets import CATEGORY
from storeline.places import api as places
from storeline.pricing import api as pricing

_PLACES = 40
_HITS = 8
_BASKET = 2


@dataclass(frozen=True, slots=True)
class Preview:
    """What a draft would do at one place: prices, an example basket with and without it, and what it meets."""

    trial: pricing.Trial
    place: places.PlaceFacts
    basket: pricing.Quote | None
    plain: pricing.Quote | None
    bought: list[tuple[catalog.ProductFacts, pricing.QuotedLine]]
    others: tuple[pricing.Promotion, ...]
    at: str
    problem: str = ""


@pages.get("promotions/new", pricing.PROMOTE, name="promotion_new")
def new(request: Request) -> HttpResponse:
    """An empty form, or a copy of another promotion under a reference of its own."""
    copied = as_id(request.GET.get("copy", ""))
    zone = office_zone()
    if copied is None:
        return _form(request, PromotionForm(blank(zone), places.list_groups()))
    values = _of_saved(request, copied, zone)
    del values["phase"]
    values |= {"id": str(new_id()), "seen": "", "ref": "", "name": _("Copy of %(name)s") % {"name": values["name"]}}
    return _form(request, PromotionForm(values, places.list_groups(), values["channels"]))


@pages.get("promotions/<uuid:promotion_id>/edit", pricing.PROMOTE, name="promotion_edit")
def edit(request: Request, promotion_id: UUID) -> HttpResponse:
    """A draft's form; one that runs is not edited, but copied."""
    zone = office_zone()
    values = _of_saved(request, promotion_id, zone)
    if values.pop("phase") != "draft":
        return back_to("office:promotion", promotion_id)
    return _form(request, PromotionForm(values, places.list_groups(), values["channels"]), saved=promotion_id)


def _of_saved(request: Request, promotion_id: UUID, zone: str) -> dict[str, Any]:
    view = seen_by(request, promotion_id)
    about = pricing.targets_of(promotion_id)
    named = places.names_of([*(view.place_ids or ()), *(one.place_id for one in about if one.place_id)])
    return filled(view, about, zone, {key: ref for key, (ref, _name) in named.items()}) | {"phase": view.phase}


@pages.post("promotions/new", pricing.PROMOTE)
def make(request: Request) -> HttpResponse:
    """Save a draft under the form's own id: sent twice, it is one."""
    return _take(request, None)


@pages.post("promotions/<uuid:promotion_id>/edit", pricing.PROMOTE)
def change(request: Request, promotion_id: UUID) -> HttpResponse:
    """Save a changed draft, if nobody else has changed it meanwhile."""
    seen_by(request, promotion_id)
    return _take(request, promotion_id)


def _take(request: Request, saved: UUID | None) -> HttpResponse:
    given: QueryDict = request.POST
    if given.get("add"):
        given = _with_line(given, str(given["add"]))
    form = PromotionForm(given, places.list_groups(), given.getlist("channels"))
    deed = given.get("do", "add" if given.get("add") else "save")
    if deed in ("add", "find"):
        return _form(request, form, saved=saved)
    reading = read(form)
    if reading.draft is None:
        return _form(request, form, reading, saved=saved, status=422)
    if deed == "preview":
        return _form(request, form, reading, saved=saved)
    try:
        return _save(request, reading, saved, schedule=deed == "schedule")
    except Error as error:
        reading.refuse(_field_of(error), words.refusal(error))
        return _form(request, form, reading, saved=saved, status=error.status)


def _field_of(error: Error) -> str:
    return {"ref_taken": "ref", "forbidden": "where"}.get(error.code, "")


def _save(request: Request, reading: Reading, saved: UUID | None, *, schedule: bool) -> HttpResponse:
    form, draft = reading.form, reading.draft
    assert draft is not None
    key = saved or as_id(form.text("id"))
    if key is None:
        raise NotFound("The form is not whole. Open it again.")
    if saved is None and (there := _there(request, key)) is not None:
        # The same form came again, by a double click or the back button.
        if pricing.draft_of(there, pricing.targets_of(key)) == draft or there.phase != "draft":
            return back_to("office:promotion", key)
        raise pricing.PromotionChanged("It was saved already. Open it to change it.")
    check_id(key, skew=None)
    with transaction():
        pricing.write_promotion(draft, promotion_id=key, seen=form.text("seen") if saved else None, actor=request.actor)
        if schedule:
            pricing.schedule_promotion(draft.ref, actor=request.actor)
    return back_to("office:promotion", key, said="scheduled" if schedule else "saved")


def _there(request: Request, key: UUID) -> pricing.PromotionView | None:
    try:
        return seen_by(request, key)
    except NotFound:
        return None


def _with_line(given: QueryDict, line: str) -> QueryDict:
    """The form with one more line among its targets."""
    changed = given.copy()
    text = str(given.get("targets", "")).rstrip()
    changed["targets"] = f"{text}\n{line[:200]}" if text else line[:200]
    return changed


def _form(
    request: Request,
    form: PromotionForm,
    reading: Reading | None = None,
    *,
    saved: UUID | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "tab": "promotions",
        "form": form,
        "reading": reading,
        "saved": saved,
        "kinds": words.kinds(),
        "preview": preview_of(form, reading) if reading is not None and reading.draft is not None else None,
        "several_zones": len(form.zones) > 1,
        "several_currencies": len(form.currencies) > 1,
        "currency": form.text("currency") or form.currencies[0],
        "wants_seen": request.POST.get("do") == "preview",
        "q": request.POST.get("find", ""),
        "hits": _hits(request.POST.get("find", "")) if request.POST.get("do") == "find" else None,
    }
    return render(request, "office/promotion_form.html", context, status)


@pages.post("promotions/preview", pricing.PROMOTE, name="promotion_preview")
def live(request: Request) -> HttpResponse:
    """The preview alone, for a form that is being filled in. Writes nothing."""
    form = PromotionForm(request.POST, places.list_groups(), request.POST.getlist("channels"))
    reading = read(form)
    context = {"form": form, "reading": reading, "preview": preview_of(form, reading) if reading.draft else None}
    return render(request, "office/promotion_preview.html", context)


def preview_of(form: PromotionForm, reading: Reading) -> Preview | None:
    """What the draft would do at the place that is looked at; None where there is no place or no product."""
    draft = reading.draft
    assert draft is not None
    form.preview_places = offered = _places(reading)
    wanted = as_id(form.text("preview_place"))
    ids = [key for key, _ref, _name in offered]
    place_id = wanted if wanted in ids else ids[0] if ids else None
    if place_id is None:
        return None
    place = places.gather([place_id]).result().get(place_id)
    products = sample(reading)
    if place is None or not products:
        return None
    channels = draft.channels or ("web",)
    channel = form.text("preview_channel") if form.text("preview_channel") in channels else channels[0]
    trial = pricing.try_promotion(draft, products, place, channel, promotion_id=as_id(form.text("id")))
    return _previewed(trial, draft, place)


def _places(reading: Reading) -> list[tuple[UUID, str, str]]:
    """The first places where the draft runs."""
    if reading.places is not None:
        return list(reading.places[:_PLACES])
    return [(one.id, one.ref, one.name) for one in places.list_places(capability="sell", limit=_PLACES).items]


def _previewed(trial: pricing.Trial, draft: pricing.PromotionDraft, place: places.PlaceFacts) -> Preview:
    others = tuple({one.id: one for line in trial.lines for one in line.others}.values())
    basket = plain = None
    bought: list[tuple[catalog.ProductFacts, pricing.QuotedLine]] = []
    problem = ""
    offered = [line.product for line in trial.lines if line.offered][:_BASKET]
    if trial.at is None:
        problem = _("In its window it never holds at this place: look at its days, hours, channels and currency.")
    elif not offered:
        problem = _("None of these products has a price at this place, so nothing changes here.")
    else:
        units = [max(draft.group_size or 1, 2), 1]
        wanted: list[tuple[catalog.ProductFacts, int]] = [
            (product, units[number] * QUANTITY_ONE) for number, product in enumerate(offered)
        ]
        try:
            basket, plain = trial.quote(wanted)
            bought = [(product, line) for (product, _q), line in zip(wanted, basket.lines, strict=False)]
        except Error as error:
            problem = error.detail
    at = "" if trial.at is None else words.moment(trial.at, place.zone)
    return Preview(trial, place, basket, plain, bought, others, at, problem)


def _hits(q: str) -> list[tuple[str, str, catalog.ProductFacts | None]]:
    """What a search offers to add: departments first, then products, each with its line and its name."""
    text = q.strip()[:100]
    if not text:
        return []
    plain = text.casefold()
    departments = [one for one in catalog.list_categories() if plain in one.name.casefold()][:3]
    found: list[tuple[str, str, catalog.ProductFacts | None]] = [
        (f"{CATEGORY}{one.ref}", one.name, None) for one in departments
    ]
    hits = catalog.search(text, limit=_HITS).hits
    return found + [(hit.product.ref, hit.product.name, hit.product) for hit in hits]


@pages.get("promotions/find", pricing.PROMOTE, name="promotion_find")
def find(request: Request) -> HttpResponse:
    """Departments and products to add to the list, as one types."""
    q = request.GET.get("find", "")
    return render(request, "office/promotion_hits.html", {"hits": _hits(q), "q": q})


@pages.get("promotions/places", pricing.PROMOTE, name="promotion_places")
def find_places(request: Request) -> HttpResponse:
    """Places to add to the list, by town or name, as one types."""
    q = request.GET.get("find_place", "").strip()[:100]
    found = places.list_places(named=q, limit=_HITS).items if q else ()
    return render(request, "office/place_hits.html", {"places": found, "q": q})
