"""What the form of a promotion begins with: nothing, a saved one, and products to show its effect on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from storeline.catalog import api as catalog
from storeline.kernel.api import QUANTITY_ONE, format_amount, format_quantity, new_id, now, time_zone
from storeline.office.pages import targets
from storeline.office.pages.parts import LOCAL, end_of
from storeline.office.pages.promotion_form import Reading
from storeline.office.pages.reading import names_filled
from storeline.pricing import api as pricing

SHOWN = 12
_DEPARTMENTS = 2
_WEEK = timedelta(days=7)


def blank(zone: str) -> dict[str, Any]:
    """What a new form begins with: a percentage for a week from tomorrow."""
    tomorrow = now().astimezone(time_zone(zone)).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return {
        "id": str(new_id()),
        "kind": "percentage",
        "about": "some",
        "where": "all",
        "every_channel": "all",
        "combine": "best",
        "funder": "retailer",
        "starts": tomorrow.strftime(LOCAL),
        "ends": (tomorrow + _WEEK).strftime(LOCAL),
        "zone": zone,
    }


def filled(
    view: pricing.PromotionView, about: Sequence[pricing.TargetView], zone: str, refs: Mapping[UUID, str]
) -> dict[str, Any]:
    """A saved promotion as its form; `refs` of the places that it names."""
    row, terms = view.row, view.row.terms
    kind = "member_price" if terms.kind == "fixed_price" and terms.member_only else terms.kind
    amount = row.amount is not None and terms.currency is not None
    return {
        "id": str(terms.id),
        "seen": view.version,
        "name": terms.label,
        "ref": row.ref,
        "kind": kind,
        "percent": "" if row.rate_ppm is None else targets.percent_text(row.rate_ppm),
        "amount": format_amount(row.amount or 0, terms.currency or "USD") if amount else "",
        "per": "" if row.base == QUANTITY_ONE else format_quantity(row.base),
        "group_size": str(terms.group_size or ""),
        "currency": terms.currency or "",
        "about": "all" if row.targets is None else "some",
        "targets": targets.text_of(about, terms.currency, refs),
        "where": "all" if view.place_ids is None else "some",
        "places": "\n".join(sorted(refs[key] for key in view.place_ids or () if key in refs)),
        "every_channel": "all" if terms.channels is None else "some",
        "channels": sorted(terms.channels or ()),
        "member_only": "on" if terms.member_only else "",
        "starts": end_of(terms.starts_at, zone),
        "ends": end_of(terms.ends_at, zone),
        "zone": zone,
        "weekdays": [str(day) for day in sorted(terms.weekdays or ())],
        "from_time": _clock(terms.from_minute),
        "to_time": _clock(terms.to_minute),
        "priority": str(terms.priority or ""),
        "combine": "alone" if terms.exclusive else "stack" if terms.stackable else "best",
        "max_uses": str(terms.max_uses or ""),
        "funder": terms.funder,
    } | names_filled(view.names)


def _clock(minute: int | None) -> str:
    return "" if minute is None else f"{minute // 60 % 24:02}:{minute % 60:02}"


def sample(reading: Reading) -> list[catalog.ProductFacts]:
    """Products to show the effect on: those named, else the first ones of the departments, or of all."""
    chosen = list({product.id: product for product in reading.targets.products}.values())[:SHOWN]
    if reading.draft is None:
        return chosen
    if reading.draft.targets is None:
        return list(catalog.list_products(catalog.Filter(), limit=SHOWN).items)
    categories = [one.category for one in reading.targets.found if one.category is not None][:_DEPARTMENTS]
    share = (SHOWN - len(chosen)) // max(len(categories), 1)
    for category in categories if share else ():
        chosen += catalog.list_products(catalog.Filter(category_id=category.id), limit=share).items
    return chosen
