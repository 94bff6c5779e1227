"""Recalls: a lot is found, looked at with its shelves and its shoppers, recalled with a reason, followed and ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from storeline.catalog import api as catalog
from storeline.identity.api import Request
from storeline.kernel.api import BodyMismatch, Invalid, check_id, new_id
from storeline.office.pages.parts import address, as_id, back_to, office_zone
from storeline.office.pages.recall_file import told_file
from storeline.office.pages.recall_parts import State, detail, state_of
from storeline.office.pages.shared import pages, render
from storeline.stock import api as stock
from storeline.web import formats
from storeline.web.pages import see

_HITS, _SHOWN, _LOTS = 12, 50, 50


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of the list."""

    row: stock.RecallRow
    product: catalog.ProductFacts
    when: str
    state: State
    left: str


@pages.get("recalls", stock.RECALL, name="recalls")
def list_recalls(request: Request) -> HttpResponse:
    """Which product and lot; and the recalls that there are, the latest first."""
    request.actor.require_everywhere(stock.RECALL)
    q, chosen = request.GET.get("q", "").strip()[:100], as_id(request.GET.get("product", ""))
    rows = stock.list_recalls(before=as_id(request.GET.get("after", "")), limit=_SHOWN + 1)
    wanted = {row.product_id for row in rows} | ({chosen} if chosen else set())
    products = catalog.gather(sorted(wanted)).result()
    zone = office_zone()
    context: dict[str, Any] = {
        "tab": "recalls",
        "q": q,
        "hits": [hit.product for hit in catalog.search(q, limit=_HITS).hits] if q and chosen is None else None,
        "product": products.get(chosen) if chosen else None,
        "lots": stock.known_lots(chosen, limit=_LOTS) if chosen in products else [],
        "items": [_listed(row, products[row.product_id], zone) for row in rows[:_SHOWN] if row.product_id in products],
        "next": address(request, after=rows[_SHOWN - 1].id) if len(rows) > _SHOWN else "",
    }
    return render(request, "office/recalls.html", context)


@pages.get("recalls/lot", stock.RECALL, name="recall_lot")
def show_lot(request: Request) -> HttpResponse:
    """Where a lot is and who got it, before it is recalled; one that is recalled has its own page."""
    request.actor.require_everywhere(stock.RECALL)
    product, lot = as_id(request.GET.get("product", "")), request.GET.get("lot", "").strip()[:60]
    if product is None:
        raise Http404
    if not lot:
        return see(f"{reverse('office:recalls')}?product={product}")
    known = next((one for one in stock.recalls_of(product, lot) if one.state is not stock.RecallState.LIFTED), None)
    if known is not None:
        return back_to("office:recall", known.id)
    return _lot_page(request, product, lot)


@pages.post("recalls/lot", stock.START_RECALL)
def start(request: Request) -> HttpResponse:
    """Recall it, once however often it is pressed."""
    request.actor.require_everywhere(stock.START_RECALL)
    sent = request.POST
    recall_id, product, lot = as_id(sent.get("id", "")), as_id(sent.get("product", "")), sent.get("lot", "").strip()
    if recall_id is None or product is None:
        raise Http404
    check_id(recall_id)
    if not sent.get("sure"):
        return _lot_page(request, product, lot, {"sure": _("Tick that you mean it.")})
    draft = stock.RecallDraft(recall_id, product, lot, sent.get("reason", ""))
    try:
        made = stock.start_recall(draft, actor=request.actor)
    except stock.AlreadyRecalled as error:
        return back_to("office:recall", error.extra["recall"], said="already")
    except BodyMismatch:
        return back_to("office:recall", recall_id, said="already")
    except Invalid as error:
        return _lot_page(request, product, lot, {error.field or "reason": _refusal(error)})
    return back_to("office:recall", made.id, said="started")


@pages.get("recalls/<uuid:recall_id>", stock.RECALL, name="recall")
def show(request: Request, recall_id: UUID) -> HttpResponse:
    """How far a recall is: shelves, transfers, who was told, what came back. As a file: of each order, whether it was told."""
    found = stock.get_recall(recall_id)
    return told_file(request, found) if request.GET.get("format") == "csv" else _recall_page(request, found)


@pages.post("recalls/<uuid:recall_id>/end", stock.START_RECALL, name="recall_end")
def end(request: Request, recall_id: UUID) -> HttpResponse:
    """Close it once all of it is off the shelves, or lift it where it was a mistake."""
    lifted = request.POST.get("state") == "lifted"
    if lifted and not request.POST.get("sure"):
        return _recall_page(request, stock.get_recall(recall_id), _("Tick that you mean it."))
    try:
        stock.end_recall(recall_id, lifted=lifted, anyway=bool(request.POST.get("anyway")), actor=request.actor)
    except stock.RecallNotDone as error:
        there = error.extra["shelves"] or error.extra["in_transit"]
        return back_to("office:recall", recall_id, said="not_done" if there else "not_looked")
    except stock.RecallEnded:
        return back_to("office:recall", recall_id, said="ended")
    return back_to("office:recall", recall_id, said="lifted" if lifted else "closed")


def _lot_page(request: Request, product_id: UUID, lot: str, wrong: dict[str, str] | None = None) -> HttpResponse:
    context = detail(request, product_id, lot) | {
        "tab": "recalls",
        "lot": lot,
        "has_deed": _may_recall(request),
        "key": request.POST.get("id") or new_id(),
        "reason": request.POST.get("reason", ""),
        "longest": stock.LONGEST_WHY,
        "wrong": wrong or {},
    }
    return render(request, "office/recall.html", context, 422 if wrong else 200)


def _recall_page(request: Request, found: stock.RecallRow, wrong: str = "") -> HttpResponse:
    request.actor.require_everywhere(stock.RECALL)
    context = detail(request, found.product_id, found.lot, found) | {
        "tab": "recalls",
        "lot": found.lot,
        "recall": found,
        "state": state_of(found),
        "has_deed": found.state is stock.RecallState.OPEN and _may_recall(request),
        "wrong": {"sure": wrong} if wrong else {},
        "said": _said(request.GET.get("said", "")),
    }
    return render(request, "office/recall.html", context, 422 if wrong else 200)


def _may_recall(request: Request) -> bool:
    return request.actor.may(stock.START_RECALL) and request.actor.places_for(stock.START_RECALL) is None


def _listed(row: stock.RecallRow, product: catalog.ProductFacts, zone: str) -> Listed:
    left = formats.quantity(row.on_shelves, product.unit) if row.on_shelves else ""
    return Listed(row, product, formats.when(row.started_at, zone), state_of(row), left)


def _refusal(error: Invalid) -> str:
    return {
        "reason": _("Say in a few words why: shoppers read it."),
        "lot": _("Type the lot as the label shows it: at most 20 letters, digits and signs, without spaces."),
    }.get(error.field or "", error.detail)


def _said(code: str) -> tuple[str, str] | None:
    return {
        "started": (
            "good",
            _("It is recalled. No place promises it any more, shops take it off, and shoppers are told."),
        ),
        "already": ("info", _("This lot is recalled already. This is how far it is.")),
        "closed": ("good", _("The recall is closed. The lot stays blocked.")),
        "lifted": ("info", _("The recall is lifted. What is not past its date may be sold again.")),
        "not_done": ("warn", _("Some of it is on a shelf still, or under way. Close it when that is off.")),
        "not_looked": (
            "warn",
            _(
                "Places that had some of it have not said that they looked. Close it when they have, or tick that you mean it."
            ),
        ),
        "ended": ("info", _("Somebody ended it meanwhile. This is how it stands.")),
    }.get(code)
