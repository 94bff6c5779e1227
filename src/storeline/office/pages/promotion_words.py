"""Promotions and coupons in plain words: what one gives, to whom, where, when, and how it goes with others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from babel import Locale
from babel.dates import format_date, format_interval, format_time
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from storeline.kernel.api import QUANTITY_ONE, Actor, Error, time_zone
from storeline.loyalty import api as loyalty
from storeline.office.pages.parts import by_language, joined
from storeline.office.pages.reading import name_label
from storeline.pricing import api as pricing
from storeline.web import formats

_MIDNIGHT = time()
_MONDAY = date(2024, 1, 1)


@dataclass(frozen=True, slots=True)
class Phase:
    """Where a promotion stands in its life: its name, its tone, its icon."""

    name: str
    tone: str
    symbol: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that a promotion says: a label and a sentence."""

    label: str
    text: str


def names_rules(names: Mapping[str, str]) -> list[Rule]:
    """What it is called in each language that it has a name in."""
    return [Rule(name_label(tag), name) for tag, name in sorted(names.items())]


def phase(code: str) -> Phase:
    """A phase in words."""
    return _phases()[code]


@by_language
def _phases() -> dict[str, Phase]:
    return {
        "running": Phase(_("Running"), "good", "circle-check"),
        "scheduled": Phase(_("Scheduled"), "info", "calendar"),
        "draft": Phase(_("Draft"), "plain", "pencil"),
        "ended": Phase(_("Ended"), "plain", "check"),
        "valid": Phase(_("Valid"), "good", "circle-check"),
        "upcoming": Phase(_("Not yet valid"), "info", "calendar"),
    }


def kinds() -> list[tuple[str, str, str]]:
    """What a promotion may give: its code, its name, and an example."""
    return [
        ("percentage", _("Percentage off"), _("20% off every unit")),
        ("amount", _("Amount off"), _("1.00 off every unit")),
        ("fixed_price", _("A lower price"), _("2.49 instead of the shelf price")),
        ("n_for_price", _("Several for one price"), _("3 for 5.00, also mixed")),
        ("member_price", _("Price for members"), _("1.99 for members, the shelf price for all others")),
    ]


def channel(code: str) -> str:
    """A channel as people call it; the retailer's own words stay as they are."""
    return _channels().get(code, code)


@by_language
def _channels() -> dict[str, str]:
    return {
        "web": _("Online shop"),
        "till": _("Till"),
        "store": _("In the shop"),
        "online": _("Online"),
    }


def funder(code: str) -> str:
    """Who bears the reduction."""
    return {
        "retailer": _("Us, the retailer"),
        "manufacturer": _("The manufacturer"),
        "partner": _("A partner"),
    }.get(code, code)


def weekdays() -> list[tuple[int, str]]:
    """Monday to Sunday in the reader's language."""
    return [
        (day + 1, str(format_date(_MONDAY + timedelta(days=day), "EEEE", locale=formats.locale()))) for day in range(7)
    ]


def value(
    kind: str,
    currency: str | None,
    amount: int | None,
    base: int | None,
    rate_ppm: int | None,
    group: int | None = None,
) -> str:
    """What is given, as a shelf label says it; empty where each product has its own."""
    if rate_ppm is not None and kind == "percentage":
        share = formats.percent(rate_ppm, pricing.MILLION, 0 if rate_ppm % 10_000 == 0 else 2)
        return _("%(share)s off") % {"share": share}
    if amount is None or currency is None:
        return ""
    money = formats.money(amount, currency)
    per = "" if base in (None, QUANTITY_ONE) else formats.quantity(base or QUANTITY_ONE)
    if kind == "n_for_price":
        return _("%(count)s for %(money)s") % {"count": group, "money": money}
    if kind == "amount":
        return (
            _("%(money)s off for %(per)s") % {"money": money, "per": per}
            if per
            else _("%(money)s off") % {"money": money}
        )
    return _("%(per)s for %(money)s") % {"per": per, "money": money} if per else money


def value_of(row: pricing.PromotionRow) -> str:
    """What a promotion gives, or that its products have values of their own."""
    terms = row.terms
    text = value(terms.kind, terms.currency, row.amount, row.base, row.rate_ppm, terms.group_size)
    return text or {
        "percentage": _("A percentage for each product"),
        "amount": _("An amount for each product"),
        "n_for_price": _("%(count)s for a price of each product's own") % {"count": terms.group_size},
    }.get(terms.kind, _("A price for each product"))


def moment(at: datetime, zone: str) -> str:
    """A day with its year and a time."""
    local = at.astimezone(time_zone(zone))
    return f"{day(local.date())}, {_clock(local.hour, local.minute, formats.locale())}"


def day(on: date) -> str:
    """A day with its year, as short as it goes."""
    return _day(on, formats.locale())


@lru_cache(maxsize=4096)
def _day(on: date, locale: Locale) -> str:
    return str(format_date(on, "medium", locale=locale))


@lru_cache(maxsize=8192)
def _clock(hour: int, minute: int, locale: Locale) -> str:
    """Lists have hundreds of times on them: each minute of a day is written once for each language."""
    return str(format_time(time(hour, minute), "short", locale=locale))


def window(starts: datetime, ends: datetime | None, zone: str) -> str:
    """From when to when."""
    at = time_zone(zone)
    first, last = starts.astimezone(at), None if ends is None else ends.astimezone(at)
    if first.time() == _MIDNIGHT and (last is None or last.time() == _MIDNIGHT):
        return _days(first.date(), None if last is None else last.date() - timedelta(days=1))
    if ends is None:
        return _("From %(start)s on") % {"start": moment(starts, zone)}
    return _("%(start)s to %(end)s") % {"start": moment(starts, zone), "end": moment(ends, zone)}


def _days(first: date, last: date | None) -> str:
    """Whole days: the last one included."""
    if last is None:
        return _("From %(start)s on") % {"start": day(first)}
    return day(first) if last <= first else _interval(first, last, formats.locale())


@lru_cache(maxsize=4096)
def _interval(first: date, last: date, locale: Locale) -> str:
    return str(format_interval(first, last, skeleton="yMMMd", locale=locale))


def _minutes(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def when(terms: pricing.Promotion, zone: str) -> str:
    """The window, and the days and hours in it."""
    parts = [window(terms.starts_at, terms.ends_at, zone)]
    if terms.weekdays is not None:
        names = dict(weekdays())
        parts.append(_("only on %(days)s") % {"days": joined(names[day] for day in sorted(terms.weekdays))})
    if terms.from_minute is not None and terms.to_minute is not None:
        hours = {"start": _minutes(terms.from_minute), "end": _minutes(terms.to_minute)}
        parts.append(_("only from %(start)s to %(end)s") % hours)
    return joined(parts)


def rules(row: pricing.PromotionRow, zone: str) -> list[Rule]:
    """Everything that a promotion says, in the order in which people ask."""
    terms = row.terms
    everyone = _("Members only") if terms.member_only else _("Everybody")
    found = [
        Rule(_("What"), value_of(row)),
        Rule(_("On"), goods(row)),
        Rule(_("For"), everyone),
        Rule(_("Where"), where(row)),
        Rule(_("Channels"), _("All") if terms.channels is None else joined(map(channel, sorted(terms.channels)))),
        Rule(_("When"), when(terms, zone)),
        Rule(_("With others"), _together(terms)),
    ]
    if terms.max_uses is not None:
        times = ngettext("%(count)s time in a basket", "%(count)s times in a basket", terms.max_uses)
        found.append(Rule(_("At most"), times % {"count": terms.max_uses}))
    return [*found, Rule(_("Paid by"), funder(terms.funder))]


def goods(row: pricing.PromotionRow) -> str:
    """On how many things it is."""
    return _("Everything") if row.targets is None else _listed(row.targets)


def where(row: pricing.PromotionRow) -> str:
    """At how many places it runs."""
    return _("Everywhere") if row.places is None else _places(row.places)


def uses(count: int, limit: int | None) -> str:
    """How often a coupon was used."""
    text = ngettext("%(count)s use", "%(count)s uses", count) % {"count": formats.number(count)}
    return text if limit is None else f"{text} / {formats.number(limit)}"


def _listed(count: int) -> str:
    text = ngettext("%(count)s product or department", "%(count)s products or departments", count)
    return text % {"count": formats.number(count)}


def _places(count: int) -> str:
    return ngettext("%(count)s place", "%(count)s places", count) % {"count": formats.number(count)}


def _together(terms: pricing.Promotion) -> str:
    if terms.exclusive:
        text = _("No other promotion on the same goods")
    elif terms.stackable:
        text = _("Comes on top of others, on what is left of the price")
    else:
        text = _("The shopper gets the best one for each unit")
    if terms.priority > 0:
        return joined([text, _("before those of lower priority than %(number)s") % {"number": terms.priority}])
    if terms.priority < 0:
        return joined([text, _("after those of higher priority than %(number)s") % {"number": terms.priority}])
    return text


def said(code: str) -> tuple[str, str] | None:
    """What became of the last form: a tone and a sentence."""
    return {
        "saved": ("good", _("Saved as a draft. Nobody gets it until you schedule it.")),
        "scheduled": ("good", _("Scheduled. Tills and the shop follow it by themselves.")),
        "withdrawn": ("good", _("It is a draft again. Change it, then schedule it anew.")),
        "ended": ("good", _("Ended. From now on nobody gets it.")),
        "end_moved": ("good", _("Its end was changed.")),
        "no_moment": ("stop", _("That is not a day and a time. Nothing was changed.")),
        "coupon_saved": ("good", _("Saved. It can be used from its first day on.")),
    }.get(code)


def refusal(error: Error) -> str:
    """A refusal of a promotion or coupon command in the reader's language."""
    return {
        "promotion_changed": _(
            "Somebody else has changed it since you opened this page. Your entries are kept below. Open it in another "
            "tab to see what changed, then save again."
        ),
        "promotion_state": {
            "ends_at": _("It would be over before it starts. Give it a later end."),
            "targets": _("It is about nothing yet. Name its products first."),
        }.get(error.field or "", _("That can no longer be done: it has begun, was ended, or somebody was faster.")),
        "ref_taken": _("Another promotion has this reference. Choose another one."),
        "coupon_changed": _(
            "Somebody else has changed it since you opened this page. Your entries are kept below. Open it in another "
            "tab to see what changed, then save again."
        ),
        "coupon_code_taken": _("Another coupon has this code. Choose another one."),
        "coupon_used": _(
            "It was used already, so what it gives stays as it is. Its name, limits and end can change; for other terms make a new one."
        ),
        "forbidden": _("It reaches beyond the places that are yours. Choose places of your own."),
    }.get(error.code, error.detail)


def may_make(actor: Actor) -> bool:
    """Whether this person makes promotions."""
    return actor.may(pricing.PROMOTE)


def labelled(pairs: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """Pairs as a mapping, for templates."""
    return dict(pairs)


def unknown_value() -> str:
    """Of a coupon that is known from imported history only."""
    return _("Value not known")


def coupon_rules(one: loyalty.CouponView, given: str, zone: str) -> list[Rule]:
    """Everything that a coupon says."""
    spend = formats.money(one.min_spend, one.currency) if one.min_spend and one.currency else ""
    in_all = _("without a limit") if one.total_limit is None else formats.number(one.total_limit)
    each = _("without a limit") if one.per_member_limit is None else formats.number(one.per_member_limit)
    return [
        Rule(_("Code"), one.ref),
        Rule(_("What"), given),
        Rule(_("For"), _("The whole basket") if one.targets is None else _listed(one.targets)),
        *([Rule(_("For baskets from"), spend)] if spend else []),
        Rule(_("When"), window(one.valid_from, one.valid_to, zone)),
        Rule(_("Uses in all"), in_all),
        Rule(_("Uses by each member"), each),
        Rule(_("With others"), _("Together with other coupons") if one.stackable else _("Only without other coupons")),
        Rule(_("Paid by"), funder(one.funder)),
    ]
