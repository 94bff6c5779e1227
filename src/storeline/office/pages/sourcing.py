"""From where online orders are served: what plans came to, the policy in words, and the same orders under another one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.http import HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from storeline.identity.api import Request
from storeline.insight import api as insight
from storeline.kernel.api import Error, now, round_div
from storeline.office.pages.figures import Tile, percent
from storeline.office.pages.parts import address, back_to
from storeline.office.pages.promotion_words import channel as channel_name
from storeline.office.pages.shared import pages, render
from storeline.office.pages.sourcing_form import PolicyForm, Reading, filled, read
from storeline.places import api as places
from storeline.sourcing import api as sourcing
from storeline.web import formats
from storeline.web.formats import fine_money as money

DAYS = (7, 28, 90)
WEIGHED = 300
"""Recorded orders that a page weighs anew: a second's work. The command line weighs more."""
_SCALE = 1_000


@dataclass(frozen=True, slots=True)
class Bar:
    """A row with a bar, in tenths of a percent of the longest: `other` is what it is compared with."""

    name: str
    value: str
    width: str
    note: str = ""
    href: str = ""
    other: str = ""
    other_width: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """A span of days, or a live policy, to look at."""

    name: str
    href: str
    chosen: bool


@pages.get("sourcing", sourcing.CONFIGURE, name="sourcing")
def show(request: Request) -> HttpResponse:
    """What the plans of the last days came to; with a policy to try, the same orders under it."""
    form = PolicyForm(request.GET) if "try" in request.GET else None
    return _page(request, request.GET, form)


@pages.post("sourcing/live", sourcing.CONFIGURE, name="sourcing_live")
def let_live(request: Request) -> HttpResponse:
    """Weigh orders by the tried policy from now on."""
    request.actor.require_everywhere(sourcing.CONFIGURE)
    form = PolicyForm(request.POST)
    currency, live = _currency(), _live(request.POST)
    reading = read(form, live, currency, named=True)
    if reading.row is None:
        return _page(request, request.POST, form, reading, status=422)
    try:
        sourcing.let_live(reading.row, instead_of=_seen(request.POST, live), actor=request.actor)
    except Error as error:
        reading.refuse("ref" if error.field == "ref" else "", _refusal(error))
        return _page(request, request.POST, form, reading, status=error.status)
    return back_to("office:sourcing", channel=live.channel, said="policy_live")


def _seen(data: QueryDict, live: sourcing.PolicyRow) -> sourcing.PolicyRow:
    """What was live when the form was opened: what is live now, unless the form says that it was another."""
    return live if data.get("seen") == version(live) else sourcing.PolicyRow(sourcing.Policy(ref=""), live.terms)


def version(row: sourcing.PolicyRow) -> str:
    """A policy's values in a word."""
    return "-".join(map(str, row.values))


def _refusal(error: Error) -> str:
    return {
        "policy_changed": _(
            "Another policy went live since you opened this page. Compare with that one, then try again."
        ),
        "policy_taken": _("Another policy has this name. Choose another one."),
    }.get(error.code, error.detail)


def _currency() -> str:
    found = places.list_entities(limit=1)
    return found[0].currency if found else "USD"


def _live(data: QueryDict) -> sourcing.PolicyRow:
    rows, wanted = sourcing.live_policies(), data.get("channel", "")
    return next((one for one in rows if (one.channel or "") == wanted), rows[0])


def _page(
    request: Request, data: QueryDict, form: PolicyForm | None, reading: Reading | None = None, status: int = 200
) -> HttpResponse:
    request.actor.require_everywhere(sourcing.CONFIGURE)
    days = next((each for each in DAYS if str(each) == data.get("days")), DAYS[1])
    until = now() + timedelta(seconds=1)
    since, currency = until - timedelta(days=days), _currency()
    rows, wanted = sourcing.live_policies(), data.get("channel", "")
    live = next((one for one in rows if (one.channel or "") == wanted), rows[0])
    found = sourcing.figures(since, until, channel=live.channel)
    if form is not None and reading is None:
        reading = read(form, live, currency)
    told = None
    if reading is not None and reading.tried is not None and found.orders:
        told = sourcing.what_if([live.policy, reading.tried], since, until, channel=live.channel, limit=WEIGHED)
    context: dict[str, Any] = {
        "tab": "sourcing",
        "days": days,
        "ranges": [_range(request, each, days) for each in DAYS],
        "policies": [_policy(one, live) for one in rows] if len(rows) > 1 else [],
        "found": found,
        "tiles": _tiles(found, currency),
        "costs": _costs(found.costs, currency),
        "origins": _origins(request, sourcing.origins(since, until, channel=live.channel)) if found.orders else [],
        "rules": _rules(live, currency),
        "live": live,
        "seen": data.get("seen") if status == 422 else version(live),  # noqa: PLR2004  # what was typed is wrong, nothing else
        "form": form or PolicyForm(filled(live, currency)),
        "reading": reading,
        "compared": _compared(told, currency) if told and told.orders else None,
        "currency": currency,
        "said": ("good", _("It is live: orders are weighed by it from now on."))
        if data.get("said") == "policy_live"
        else None,
    }
    return render(request, "office/sourcing.html", context, status)


def _range(request: Request, each: int, days: int) -> Choice:
    name = ngettext("%(count)s day", "%(count)s days", each) % {"count": formats.number(each)}
    return Choice(name, address(request, days=each), each == days)


def _policy(one: sourcing.PolicyRow, live: sourcing.PolicyRow) -> Choice:
    name = _("Every other channel") if one.channel is None else channel_name(one.channel)
    href = f"{reverse('office:sourcing')}?channel={one.channel or ''}"
    return Choice(name, href, one == live)


def _tiles(found: sourcing.Figures, currency: str) -> list[Tile]:
    if not found.orders:
        return []
    each = round_div(found.costs.total, found.orders)
    tiles = [
        Tile(_("Orders planned"), formats.number(found.orders)),
        Tile(_("From one place"), percent(found.alone, found.orders), (), _("of these orders")),
        Tile(
            _("From several"),
            percent(found.split, found.orders),
            (),
            ngettext("%(count)s order", "%(count)s orders", found.split) % {"count": formats.number(found.split)},
        ),
        Tile(_("Partly refused"), formats.number(found.refused), (), _("something that nobody had")),
        Tile(_("Cost of an order"), money(each, currency), (), _("weighed, charged to nobody")),
    ]
    if found.compared:
        more = money(round_div(found.dearer, found.compared), currency)
        tiles.append(Tile(_("The next best plan"), f"+{more}", (), _("dearer on average")))
    return tiles


def names() -> dict[str, str]:
    """The components of a cost."""
    return {
        "visit": _("Asking places to pick"),
        "lines": _("Lines picked"),
        "shipping": _("Parcels and distance"),
        "weight": _("Weight"),
        "split": _("Further places"),
        "keep": _("What units were worth where they stood"),
        "waste": _("Saved from spoiling"),
        "refused": _("What nobody served"),
    }


def _costs(costs: sourcing.Costs, currency: str) -> list[Bar]:
    sums = {name: getattr(costs, name) for name in names()}
    longest = max((abs(one) for one in sums.values()), default=0)
    whole = sum(one for one in sums.values() if one > 0)
    return [
        Bar(name, money(sums[code], currency), _width(sums[code], longest), percent(max(sums[code], 0), whole))
        for code, name in names().items()
        if sums[code]
    ]


def _origins(request: Request, found: sourcing.Origins) -> list[Bar]:
    """Each place with how much comes from it, leading to the place."""
    longest = max((one.quantity for one in found.first), default=0)
    leads = request.actor.may(insight.VIEW)
    return [
        Bar(
            one.name,
            formats.number(round_div(one.quantity, _SCALE)),
            _width(one.quantity, longest),
            ngettext("%(count)s order", "%(count)s orders", one.orders) % {"count": formats.number(one.orders)},
            reverse("office:place", args=[one.ref]) if leads else "",
        )
        for one in found.first
    ]


def _width(value: int, longest: int) -> str:
    tenths = round_div(abs(value) * _SCALE, longest) if longest else 0
    return f"{tenths // 10}.{tenths % 10}"


@dataclass(frozen=True, slots=True)
class Rule:
    """A line of the policy in words."""

    label: str
    text: str


def _rules(row: sourcing.PolicyRow, currency: str) -> list[Rule]:
    """The live policy, as people would say it."""
    one = row.policy
    reach = (
        _("However far they are")
        if not one.reach_km
        else _("At most %(km)s km away") % {"km": formats.number(one.reach_km)}
    )
    return [
        Rule(
            _("Places for an order"),
            ngettext("At most %(count)s", "At most %(count)s", one.most_places)
            % {"count": formats.number(one.most_places)},
        ),
        Rule(_("Which places"), reach),
        Rule(_("Asking a place to pick"), money(one.visit, currency)),
        Rule(_("Each line"), money(one.line, currency)),
        Rule(_("Each parcel"), money(one.parcel, currency)),
        Rule(_("Each kilometre"), money(one.parcel_km, currency)),
        Rule(_("Each kilogram"), money(one.kg, currency)),
        Rule(_("Each further place"), money(one.split, currency)),
        Rule(_("Worth of a unit where it stands"), _counts(one.keep_share)),
        Rule(_("What would spoil"), _counts(one.waste_share)),
    ]


def _counts(share: int) -> str:
    return _("Counts at %(share)s") % {"share": formats.percent(share, _SCALE)}


@dataclass(frozen=True, slots=True)
class Compared:
    """The same orders under the live policy and the tried one."""

    orders: int
    facts: list[tuple[str, str, str]]
    bars: list[Bar]
    saved: str
    is_dearer: bool


def _compared(told: sourcing.Comparison, currency: str) -> Compared:
    mine, other = told.outcomes
    number = formats.number
    facts = [
        (_("Orders served"), number(mine.served), number(other.served)),
        (_("Refused"), number(mine.refused), number(other.refused)),
        (_("Further places"), number(mine.splits), number(other.splits)),
        (_("Parcels"), number(mine.parcels), number(other.parcels)),
        (_("Kilometres"), number(round_div(mine.metres, _SCALE)), number(round_div(other.metres, _SCALE))),
    ]
    pairs = [(name, getattr(mine.costs, code), getattr(other.costs, code)) for code, name in names().items()]
    pairs.append((_("Together"), mine.costs.total, other.costs.total))
    longest = max(abs(value) for _name, *both in pairs for value in both)
    bars = [
        Bar(name, money(a, currency), _width(a, longest), "", "", money(b, currency), _width(b, longest))
        for name, a, b in pairs
        if a or b
    ]
    each = [round_div(one.costs.total, one.served) if one.served else 0 for one in told.outcomes]
    facts.append((_("Cost of an order served"), money(each[0], currency), money(each[1], currency)))
    return Compared(told.orders, facts, bars, money(abs(each[1] - each[0]), currency), each[1] > each[0])
