"""What stands against ordering as the checkout's form is now, said before anybody presses a button, and which ways would do."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from storeline.catalog import api as catalog
from storeline.orders import api as orders
from storeline.places import api as places
from storeline.shop import shelf
from storeline.shop.pages.delivery import POINT
from storeline.shop.pages.points import Choice
from storeline.web.templatetags.ui import local_name

_NAMED = 3


@dataclass(frozen=True, slots=True)
class Against:
    """Why not so, and the ways that would do, each with the words of its button."""

    words: str
    ways: tuple[tuple[str, str], ...] = ()


def way(
    by: str,
    place: places.Place,
    offered: Collection[str],
    products: Mapping[UUID, catalog.ProductFacts],
    choice: Choice | None,
) -> Against | None:
    """What stands against the way itself: goods that must stay cold, or that no point can have the basket."""
    cold = [
        shelf.name_of(one)
        for one in products.values()
        if not one.service and one.temperature not in orders.KEPT_BY_CARRIERS
    ]
    if by == POINT and choice is not None and choice.chosen is None:
        if not choice.in_shop:
            return Against(_("Your shop has too little of something. Change the basket or choose another shop."))
        why = _(
            "%(names)s must stay cold, and nothing keeps it cold on the way to a point. Choose another way, or take it out of the"
            " basket."
        )
        words = (
            why % {"names": _few(cold)}
            if cold
            else _("This basket cannot be sent to a collection point now. Choose another way.")
        )
    elif by == "ship" and cold:
        words = _(
            "%(names)s must stay cold and cannot go in a parcel. Choose another way, or take it out of the basket."
        ) % {"names": _few(cold)}
    else:
        return None
    others = {"collect": _("Collect it at %(name)s") % {"name": local_name(place)}}
    others |= {"deliver": _("Have it delivered")} if "deliver" in offered else {}
    others |= {"ship": _("Have it sent as a parcel")} if "ship" in offered and not cold else {}
    return Against(words, tuple(others.items()))


def _few(names: list[str]) -> str:
    """The first of them, and how many more."""
    more = len(names) - _NAMED
    return " · ".join([*names[:_NAMED], *([f"+{more}"] if more > 0 else [])])
