"""Trade on chosen days, and figures made of it at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from storeline.insight import commands
from storeline.insight.handlers import trade_happened
from storeline.kernel.api import SYSTEM, Envelope, clock_at, run, time_zone
from storeline.orders import api as orders
from storeline.orders.tests.factories import Shop, make, shop

__all__ = ["DAY", "Shop", "at", "figures", "folded", "heard", "make", "online", "second_shop", "shop", "sold", "trade"]
DAY = date(2026, 3, 3)
"""A Tuesday."""
_EVENTS = "SELECT id, type, subject_id, place_id, entity_id, at, payload FROM kernel_event ORDER BY id"


def at(day: date = DAY, hour: int = 10, minute: int = 0) -> datetime:
    """A moment at the shops, which are in New York."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=time_zone("America/New_York"))


def sold(
    shop: Shop,
    lines: Sequence[tuple[int, int]] = ((2, 500),),
    day: date = DAY,
    hour: int = 10,
    *,
    drafted: tuple[orders.DraftLine, ...] = (),
    **changes: Any,
) -> UUID:
    """A till's cash sale of (units, cents) lines on a day; or of lines as they are."""
    with clock_at(at(day, hour)):
        draft = shop.sale(lines, **changes)
        draft = replace(draft, lines=drafted or draft.lines)
        (verdict,) = orders.checkout([draft], actor=SYSTEM)
    assert verdict.state == "completed", verdict.error
    return draft.id


def online(shop: Shop, quantities: Sequence[int] = (2, 1), day: date = DAY, hour: int = 10, **changes: Any) -> UUID:
    """An online order to collect, confirmed."""
    with clock_at(at(day, hour)):
        draft = shop.draft(quantities, **changes)
        (verdict,) = orders.checkout([draft], actor=SYSTEM)
    assert verdict.state == "confirmed", verdict.error
    return draft.id


def heard() -> None:
    """Let insight hear of everything that happened, again too."""
    trade_happened([Envelope(*row) for row in run(_EVENTS).fetchall()])


def folded() -> int:
    """Hear of everything and make the figures; how many places' days."""
    heard()
    return commands.fold_all()


def trade(day: date = DAY, place: UUID | None = None) -> list[dict[str, Any]]:
    """A place's day (None: all places') by channel, without what is nothing."""
    rows = run(
        "SELECT to_jsonb(d) FROM insight_trade_day d WHERE day = %s AND place_id = coalesce(%s, %s) ORDER BY currency, channel",
        [day, place, UUID(int=0)],
    ).fetchall()
    keys = ("place_id", "day", "entity_id")
    return [{name: value for name, value in row.items() if value and name not in keys} for (row,) in rows]


def figures() -> dict[str, list[Any]]:
    """Every row of every table of figures."""
    tables = ("trade_day", "trade_month", "trade_hour", "category_day", "category_month")
    return {
        name: run(f"SELECT to_jsonb(t) FROM insight_{name} t ORDER BY to_jsonb(t)::text").fetchall() for name in tables
    }


def second_shop(first: Shop, *, ref: str = "p2", currency: str = "", **values: Any) -> Shop:
    """Another place of the same entity, or of one with another currency, with the same products."""
    entity = first.entity
    if currency:
        entity = make(
            "places.Entity",
            ref=f"e-{currency}",
            name=f"Shops {currency}",
            country="DE",
            currency=currency,
            tax_regime="t",
            inclusive=False,
            zone="Europe/Berlin",
        )
    wanted: dict[str, Any] = {
        "ref": ref,
        "entity_id": entity,
        "name": "Other shop",
        "format": "convenience",
        "zone": "America/New_York",
        "country": "US",
        "region": "OH",
        "capabilities": ["sell", "collect"],
    }
    place = make("places.Place", **(wanted | values))
    return Shop(entity, place, list(first.products), currency or first.currency)
