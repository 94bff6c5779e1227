"""Partners' goods: whose they are and where, what happened to them, what is owed and was settled, and its statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from storeline.consignment import api as consignment
from storeline.identity.api import Request
from storeline.kernel.api import Error, business_date, exponent, new_id, now
from storeline.office.pages.figures import Tile, percent
from storeline.office.pages.lines import Chart, Dot
from storeline.office.pages.naming import short_day
from storeline.office.pages.parts import (
    address,
    as_day,
    as_id,
    back_to,
    cursor_of,
    cursor_parts,
    office_zone,
)
from storeline.office.pages.shared import pages, render
from storeline.office.pages.sourcing import Bar, Choice
from storeline.partners import api as partners
from storeline.places import api as places
from storeline.web import formats
from storeline.web.templatetags.ui import local_name, points

DAYS = (7, 28, 90)
PAGE = 25
MOST_BARS = 12
SETTLEMENTS = 20
_TENTHS = 10


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of the list: a partner with an entity."""

    name: str
    href: str
    where: str
    sales: str
    share: str
    owed: str
    is_owed: bool
    settled: str


@pages.get("partners", consignment.READ, name="partners")
def list_partners(request: Request) -> HttpResponse:
    """Every partner whose goods are sold for it: where, what they earned in the last days, what is owed."""
    _all_of(request)
    days, first, last = _span(request)
    found = consignment.accounts(first, last)
    many = len({one.entity_id for one in found}) > 1
    return render(
        request,
        "office/partners.html",
        {"tab": "partners", "rows": [_listed(one, many=many) for one in found], "ranges": _ranges(request, days)},
    )


@pages.get("partners/<uuid:partner_id>", consignment.READ, name="partner")
def show_partner(request: Request, partner_id: UUID) -> HttpResponse:
    """One partner's goods: figures, a line by day, by place and product, what is there, settlements."""
    return _page(request, partner_id)


@pages.post("partners/<uuid:partner_id>/settle", consignment.SETTLE, name="partner_settle")
def settle(request: Request, partner_id: UUID) -> HttpResponse:
    """Settle what one entity owes until a day: one statement, one payment."""
    _all_of(request)
    entity, until, key = (
        as_id(request.POST.get("entity", "")),
        as_day(request.POST.get("until", "")),
        as_id(request.POST.get("id", "")),
    )
    if entity is None or key is None:
        raise Http404
    if until is None:
        return _page(request, partner_id, _("Choose the day until which to settle."), status=422)
    try:
        made = consignment.settle(consignment.Statement(key, partner_id, entity, until), actor=request.actor)
    except Error as error:
        words = {"nothing_owed": _("Nothing is owed until that day. What came back is set off against later sales.")}
        if error.field == "until":
            words |= {"invalid": _("Choose the day until which to settle.")}
        return _page(request, partner_id, words.get(error.code, error.detail), status=error.status)
    return back_to("office:partner_statement", partner_id, made.id, said="settled")


@pages.get("partners/<uuid:partner_id>/statements/<uuid:settlement_id>", consignment.READ, name="partner_statement")
def show_statement(request: Request, partner_id: UUID, settlement_id: UUID) -> HttpResponse:
    """A settlement to print: what it is made of, product by product."""
    _all_of(request)
    partner = partners.get_organisation(partner_id)
    found = consignment.get_settlement(partner_id, settlement_id)
    entity = next((one for one in places.list_entities(limit=200) if one.id == found.entity_id), None)
    made_of = consignment.statement(settlement_id)
    context = {
        "tab": "partners",
        "partner": partner,
        "entity": entity,
        "one": found,
        "number": settlement_id.hex[-8:].upper(),
        "rows": [(local_name(part), formats.quantity(part.sums.units, part.unit), part.sums) for part in made_of],
        "said": ("good", _("It is settled and paid from the bank.")) if request.GET.get("said") == "settled" else None,
    }
    return render(request, "office/partner_statement.html", context)


def _all_of(request: Request) -> None:
    """These pages are about every partner, everywhere."""
    request.actor.require(partners.READ)
    request.actor.require_everywhere(consignment.READ)


def _page(request: Request, partner_id: UUID, problem: str = "", status: int = 200) -> HttpResponse:
    _all_of(request)
    partner = partners.get_organisation(partner_id)
    days, first, last = _span(request)
    found = consignment.accounts(first, last, organisation_id=partner_id)
    wanted = as_id(request.POST.get("entity", "") or request.GET.get("entity", ""))
    account = next((one for one in found if one.entity_id == wanted), found[0] if found else None)
    context: dict[str, Any] = {
        "tab": "partners",
        "partner": partner,
        "account": account,
        "days": days,
        "ranges": _ranges(request, days, partner_id),
        "problem": problem,
    }
    if account is not None:
        context |= _goods(request, account, first, last) | _settling(request, account, last)
        context["entities"] = _entities(request, found, account)
    return render(request, "office/partner.html", context, status)


def _goods(request: Request, account: consignment.Account, first: date, last: date) -> dict[str, Any]:
    found = consignment.parts(account.organisation_id, account.entity_id, first, last)
    held, following = _held(request, account)
    by_day = {part.day: part.sums for part in found if part.day is not None}
    return {
        "tiles": _tiles(account),
        "chart": _chart(account, by_day, first, last),
        "by_place": _bars([part for part in found if part.is_place], account.currency),
        "by_product": _bars([part for part in found if part.id and not part.is_place], account.currency),
        "held": held,
        "next": following,
    }


def _settling(request: Request, account: consignment.Account, last: date) -> dict[str, Any]:
    made = consignment.settlements_of(account.organisation_id, entity_id=account.entity_id, limit=SETTLEMENTS)
    may = request.actor.may(consignment.SETTLE) and request.actor.places_for(consignment.SETTLE) is None
    return {
        "settlements": made,
        "may_settle": may and account.owed > 0,
        "until": request.POST.get("until") or (last - timedelta(days=1)).isoformat(),
        "latest": last.isoformat(),
        "key": new_id(),
    }


def _span(request: Request) -> tuple[int, date, date]:
    days = next((each for each in DAYS if str(each) == request.GET.get("days")), DAYS[1])
    last = business_date(now(), office_zone())
    return days, last - timedelta(days=days - 1), last


def _at(request: Request, partner_id: UUID | None, **changes: object) -> str:
    """Where the page is with other filters, also when it answers its form."""
    if partner_id is None:
        return address(request, **changes)
    changes = {"entity": request.POST.get("entity", "")} | changes if request.method == "POST" else changes
    return reverse("office:partner", args=[partner_id]) + address(request, **changes).removeprefix(request.path)


def _ranges(request: Request, chosen: int, partner_id: UUID | None = None) -> list[Choice]:
    def name(days: int) -> str:
        return ngettext("%(count)s day", "%(count)s days", days) % {"count": formats.number(days)}

    return [Choice(name(each), _at(request, partner_id, days=each), each == chosen) for each in DAYS]


def _entities(request: Request, found: Sequence[consignment.Account], chosen: consignment.Account) -> list[Choice]:
    if len(found) < 2:  # noqa: PLR2004  # one is no choice
        return []
    return [Choice(one.entity, _at(request, one.organisation_id, entity=one.entity_id), one == chosen) for one in found]


def _where(account: consignment.Account) -> str:
    products = ngettext("%(count)s product", "%(count)s products", account.products) % {
        "count": formats.number(account.products)
    }
    there = ngettext("at %(count)s place", "at %(count)s places", account.places) % {
        "count": formats.number(account.places)
    }
    return f"{products} {there}"


def _listed(account: consignment.Account, *, many: bool) -> Listed:
    href = reverse("office:partner", args=[account.organisation_id])
    sums = account.sums
    return Listed(
        account.name,
        f"{href}?entity={account.entity_id}" if many else href,
        f"{account.entity} · {_where(account)}" if many else _where(account),
        formats.money(sums.sales - sums.returns, account.currency),
        formats.money(sums.commission, account.currency),
        formats.money(account.owed, account.currency),
        account.owed > 0,
        short_day(account.settled_until) if account.settled_until else "",
    )


def _tiles(account: consignment.Account) -> list[Tile]:
    sums, currency = account.sums, account.currency

    def units(count: int) -> str:
        whole = count // 1000
        return ngettext("%(count)s unit", "%(count)s units", whole) % {"count": formats.number(whole)}

    return [
        Tile(_("To be settled"), formats.money(account.owed, currency), (), _("of all days until today")),
        Tile(_("Sold"), formats.money(sums.sales, currency), (), _("without tax")),
        Tile(
            _("Returned"),
            formats.money(sums.returns, currency),
            (),
            percent(sums.returns, sums.sales) if sums.sales else "",
        ),
        Tile(_("Lost"), formats.money(sums.losses, currency), (), units(sums.missing)),
        Tile(
            _("Our share"),
            formats.money(sums.commission, currency),
            (),
            percent(sums.commission, sums.sales - sums.returns) if sums.sales > sums.returns else "",
        ),
    ]


def _chart(account: consignment.Account, by_day: Mapping[date, consignment.Sums], first: date, last: date) -> Chart:
    """What their goods earned day by day, less what came back."""
    dots = []
    for each in range((last - first).days + 1):
        day = first + timedelta(days=each)
        sums = by_day.get(day, consignment.Sums())
        net = sums.sales - sums.returns
        dots.append(Dot(formats.weekday(day), short_day(day), "", net, formats.money(net, account.currency)))
    few = len(dots) <= DAYS[1]
    drawing = points([dot.now for dot in dots], 1000, 240)
    return Chart(
        _("Sales by day"),
        account.currency,
        tuple(dots),
        _("These days"),
        "",
        "",
        few,
        exponent(account.currency),
        drawing,
        "",
    )


def _bars(found: Sequence[consignment.Part], currency: str) -> list[Bar]:
    sold = [part for part in found if part.sums.sales][:MOST_BARS]
    longest = max((part.sums.sales for part in sold), default=1)
    return [
        Bar(
            local_name(part),
            formats.money(part.sums.sales, currency),
            f"{100 * _TENTHS * part.sums.sales // longest / _TENTHS:.1f}",
            "" if part.is_place else formats.quantity(part.sums.units, part.unit),
        )
        for part in sold
    ]


def _held(request: Request, account: consignment.Account) -> tuple[list[dict[str, Any]], str]:
    """A page of what is there, and where the next one is."""
    told = cursor_parts(request.GET.get("after", ""), 4)
    after = consignment.FIRST_HELD
    if told is not None:
        place, product = as_id(told[1]), as_id(told[3])
        if place is not None and product is not None:
            after = (told[0], place, told[2], product)
    rows = consignment.held(account.organisation_id, account.entity_id, after=after, limit=PAGE + 1)
    shown = [
        {
            "place": row.place,
            "name": local_name(row),
            "on_hand": formats.quantity(row.on_hand, row.unit),
            "reserved": formats.quantity(row.reserved, row.unit) if row.reserved else "",
            "commission": formats.percent(row.commission, 1000, 1 if row.commission % 10 else 0),
            "losses": _("we bear losses") if row.losses == "retailer" else _("bears its losses"),
            "value": ""
            if row.value is None or row.losses != "retailer"
            else formats.money(row.value, account.currency),
        }
        for row in rows[:PAGE]
    ]
    if len(rows) <= PAGE:
        return shown, ""
    last = rows[PAGE - 1]
    following = cursor_of(last.place, last.place_id, last.name, last.product_id)
    return shown, _at(request, account.organisation_id, after=following)
