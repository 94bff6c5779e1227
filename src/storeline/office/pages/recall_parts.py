"""What the pages of a lot and of its recall show: shelves, transfers, orders, and who is told how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from storeline.aftersales import api as aftersales
from storeline.catalog import api as catalog
from storeline.identity import api as identity
from storeline.identity.api import Request
from storeline.kernel.api import Ready, pipeline
from storeline.office.pages.figures import Tile
from storeline.office.pages.parts import address, as_id, office_zone
from storeline.orders import api as orders
from storeline.places import api as places
from storeline.stock import api as stock
from storeline.web import formats

_ORDERS = 50
LOOKED_AT = 1_000
"""Of how many orders it is looked up who can be told, before a recall starts."""
_Names = Mapping[UUID, tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class State:
    """How far something is: its words, tone and icon."""

    name: str
    tone: str
    symbol: str


@dataclass(frozen=True, slots=True)
class Shelf:
    """A place that has some of the lot, or took it off."""

    place: str
    href: str
    on_hand: str
    expires_on: Any
    found: str = ""
    missing: str = ""
    who: str = ""
    when: str = ""


@dataclass(frozen=True, slots=True)
class Bought:
    """An order that got some of the lot."""

    number: str
    href: str
    place: str
    day: str
    quantity: str
    back: str
    told: State | None


def state_of(row: stock.RecallRow) -> State:
    """How far a recall is."""
    return {
        stock.RecallState.OPEN: State(_("Under way"), "stop", "triangle-alert"),
        stock.RecallState.CLOSED: State(_("Recall closed"), "good", "circle-check"),
        stock.RecallState.LIFTED: State(_("Lifted"), "info", "undo-2"),
    }[row.state]


def detail(request: Request, product_id: UUID, lot: str, recall: stock.RecallRow | None = None) -> dict[str, Any]:
    """Where a lot is and who got it; of a recall also what was taken off and who was told. Raises NotFound."""
    with pipeline():
        found = catalog.gather([product_id])
        where = stock.whereabouts(product_id, lot)
        sums = aftersales.affected_sums(product_id, lot)
        told = aftersales.told_sums(recall.id) if recall is not None else None
        asked = stock.to_look(recall.id) if recall is not None else Ready([])
    if (product := found.result().get(product_id)) is None:
        raise catalog.ProductNotFound("There is no such product.")
    (shelves, in_transit), looking = where.result(), asked.result()
    after = as_id(request.GET.get("after", ""))
    bought = aftersales.affected_by(product_id, lot, after=after, limit=_ORDERS + 1)
    taken = stock.taken_off(recall.id) if recall is not None else []
    ids = {one.place_id for one in shelves} | {one.place_id for one in taken} | {one.place_id for one in bought}
    ids |= {place for one in in_transit for place in (one.from_place, one.to_place)} | set(looking)
    names = places.gather_names(sorted(ids)).result()
    people = {one for one in (row.actor_id for row in taken) if one is not None}
    people |= {recall.started_by} if recall is not None and recall.started_by is not None else set()
    who = identity.names_of(people) if people else {}
    return {
        "product": product,
        "tiles": _tiles(product, shelves, in_transit, sums.result(), recall),
        "telling": _told(sums.result(), told.result())
        if told is not None
        else _can_be_told(product_id, lot, sums.result()),
        "shelves": _shelves(product, shelves, taken, names, who),
        "looking": sorted(names[place][1] for place in looking),
        "transfers": [
            (names[one.from_place][1], names[one.to_place][1], formats.quantity(one.quantity, product.unit))
            for one in in_transit
        ],
        "bought": _bought(request, product, bought[:_ORDERS], names, recall),
        "next": address(request, after=bought[_ORDERS - 1].order_id) if len(bought) > _ORDERS else "",
        "starter": who.get(recall.started_by) if recall is not None and recall.started_by else "",
        "zone": office_zone(),
        "is_off": not shelves and not in_transit,
        "export": address(request, format="csv") if recall is not None else "",
    }


def _tiles(
    product: catalog.ProductFacts,
    shelves: Sequence[stock.Lot],
    in_transit: Sequence[stock.InTransit],
    sums: aftersales.AffectedSums,
    recall: stock.RecallRow | None,
) -> list[Tile]:
    def units(count: int) -> str:
        return formats.quantity(count, product.unit)

    def at_places(count: int) -> str:
        return _("Places: %(count)s") % {"count": formats.number(count)}

    tiles = [Tile(_("On shelves"), units(sum(one.on_hand for one in shelves)), (), at_places(len(shelves)))]
    if in_transit or recall is None:
        under_way = sum(one.quantity for one in in_transit)
        tiles.append(Tile(_("Between places"), units(under_way), (), _("at most")))
    if recall is not None:
        missing = _("%(count)s not found") % {"count": units(recall.missing)} if recall.missing else ""
        tiles.append(Tile(_("Off the shelves"), units(recall.taken_off), (), missing))
    bought = _("Orders: %(count)s") % {"count": formats.number(sums.orders)}
    return [
        *tiles,
        Tile(_("Sold"), units(sums.quantity), (), bought),
        Tile(_("Came back"), units(sums.back), (), _("of the product, from these orders")),
    ]


def _told(sums: aftersales.AffectedSums, told: aftersales.ToldSums) -> list[tuple[State, str]]:
    waiting = max(sums.orders - told.told - told.cannot, 0)
    lines = [
        (State(_("Told as members"), "good", "circle-check"), told.members),
        (State(_("Told as they asked with the order"), "good", "circle-check"), told.told - told.members),
        (State(_("Being told"), "info", "loader-circle"), waiting),
        (State(_("Cannot be told"), "stop", "x"), told.cannot),
    ]
    return [(state, formats.number(count)) for state, count in lines if count]


def _can_be_told(product_id: UUID, lot: str, sums: aftersales.AffectedSums) -> list[tuple[State, str]]:
    """Who could be told if it were recalled now, of the first orders."""
    if not sums.orders:
        return []
    ids = [one.order_id for one in aftersales.affected_by(product_id, lot, limit=LOOKED_AT)]
    found = [one.how for one in aftersales.reaches(ids)]
    lines = [
        (State(_("By a member's address"), "good", "circle-check"), found.count("member")),
        (State(_("As they asked with the order"), "good", "circle-check"), found.count("order")),
        (State(_("Cannot be told"), "stop", "x"), found.count("")),
        (State(_("Not looked at yet"), "info", "clock"), sums.orders - len(found)),
    ]
    return [(state, formats.number(count)) for state, count in lines if count]


def _shelves(
    product: catalog.ProductFacts,
    there: Sequence[stock.Lot],
    taken: Sequence[stock.TakenOffRow],
    names: _Names,
    who: Mapping[UUID, str],
) -> list[Shelf]:
    """What is there still, the most first; then what was taken off, the latest first."""

    def units(count: int) -> str:
        return formats.quantity(count, product.unit)

    def named(place_id: UUID) -> tuple[str, str]:
        ref, name, _zone = names[place_id]
        return name, reverse("office:place", args=[ref])

    left = [
        Shelf(*named(one.place_id), units(one.on_hand), one.expires_on)
        for one in sorted(there, key=lambda one: (-one.on_hand, names[one.place_id][1]))
    ]
    done = [
        Shelf(
            *named(one.place_id),
            "",
            None,
            units(one.found),
            units(one.missing) if one.missing else "",
            who.get(one.actor_id, "") if one.actor_id else "",
            formats.when(one.at, names[one.place_id][2]),
        )
        for one in reversed(taken)
    ]
    return left + done


def _bought(
    request: Request,
    product: catalog.ProductFacts,
    found: Sequence[aftersales.Affected],
    names: _Names,
    recall: stock.RecallRow | None,
) -> list[Bought]:
    told = aftersales.notices_of(recall.id, [one.order_id for one in found]) if recall is not None and found else {}
    leads = request.actor.may(orders.VIEW)
    rows = []
    for one in found:
        _ref, place, zone = names[one.place_id]
        rows.append(
            Bought(
                orders.order_number(one.order_id),
                reverse("office:order", args=[one.order_id]) if leads else "",
                place,
                formats.day(one.completed_at, zone) if one.completed_at else "",
                formats.quantity(one.quantity, product.unit),
                formats.quantity(one.back, product.unit) if one.back else "",
                _notice(told.get(one.order_id)) if recall is not None else None,
            )
        )
    return rows


def _notice(one: aftersales.Notice | None) -> State:
    if one is None:
        return State(_("Being told"), "info", "loader-circle")
    if one.state == "cannot":
        return State(_("Cannot be told"), "stop", "x")
    return State(_("Told"), "good", "circle-check")
