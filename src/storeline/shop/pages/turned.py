"""The chosen shop takes no online order just now: it is closed to them, or has as many as it can pick in this hour. Who near does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from storeline.capacity import api as capacity
from storeline.kernel.api import Pending, now
from storeline.orders import api as orders
from storeline.places import api as places
from storeline.shop import shelf
from storeline.shop.where import Here
from storeline.sourcing import api as sourcing
from storeline.web import formats

_TOLD = 3


@dataclass(frozen=True, slots=True)
class Other:
    """A shop near that takes the basket now, from when on it is there."""

    ref: str
    name: str
    km: float | None
    ready: datetime
    zone: str
    country: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Why not here and what to do, with the nearest shops that have room."""

    words: str
    others: tuple[Other, ...]


def gather(at: Here) -> Pending[sourcing.Turned | None]:
    """Queue whether the chosen shop takes online orders just now."""
    return sourcing.gather_turned(at.place.id, shelf.CHANNEL, now())


def notice(
    turned: sourcing.Turned | None, at: Here, lines: Mapping[UUID, int], by: str, to: orders.Address | None
) -> Notice | None:
    """What the page says of it; None where the shop takes orders. Three waits more, of those alone who are told so."""
    if turned is None:
        return None
    return Notice(_words(turned, at.place.zone), tuple(_others(at, lines, by, to)))


def _words(turned: sourcing.Turned, zone: str) -> str:
    if turned.again_at is None:
        return _("This shop cannot hand over orders now. Choose another shop; your basket is kept.")
    words = _(
        "This shop has as many online orders as it can pick in this hour. It takes more from %(when)s on. Come back then, or choose"
        " another shop; your basket is kept."
    )
    return words % {"when": formats.when(turned.again_at, zone)}


def _others(at: Here, lines: Mapping[UUID, int], by: str, to: orders.Address | None) -> list[Other]:
    """Shops near that are promised the same way, the nearest first."""
    asked = [sourcing.WantedLine(*line) for line in lines.items()]
    where: capacity.Destination | UUID = at.place.id
    if to is not None and to.position is not None:
        where = capacity.Destination(to.country, to.postal_code, to.position)
    ways = sourcing.promise(asked, where, channel=shelf.CHANNEL).ways
    offers = [one for answer in ways if answer.way.value == by for one in answer.offers if one.place_id != at.place.id]
    known = places.gather([one.place_id for one in offers]).result()
    return [
        Other(one.ref, one.name, one.km, one.at, known[one.place_id].zone, known[one.place_id].country)
        for one in offers[:_TOLD]
    ]
