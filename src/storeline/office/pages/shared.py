"""What every page of the office needs: its frame, and which of its parts this person may open."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse

from storeline.consignment import api as consignment
from storeline.identity.api import MANAGE_USERS, Pages, Request
from storeline.insight import api as insight
from storeline.kernel.api import VIEW_TRAIL
from storeline.orders import api as orders
from storeline.partners import api as partners
from storeline.pricing import api as pricing
from storeline.sourcing import api as sourcing
from storeline.stock import api as stock
from storeline.web import pages as web
from storeline.web.kept import Store

pages = Pages("office")
drawn: Store[str] = Store(300)
"""Figures as they were drawn, by all that they depend on: their version, whose they are, the address, the language."""


def render(request: Request, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """A page with the office's frame. `tab` in the context says which part is open: today, orders, promotions,
    places, sourcing, partners, recalls or activity.
    """
    may = request.actor.may
    frame = {
        "may_see_figures": may(insight.VIEW),
        "may_see_orders": may(orders.VIEW),
        "may_see_promotions": may(pricing.VIEW),
        "may_see_sourcing": may(sourcing.CONFIGURE) and request.actor.places_for(sourcing.CONFIGURE) is None,
        "may_see_partners": may(consignment.READ) and may(partners.READ),
        "may_see_recalls": may(stock.RECALL),
        "may_see_activity": may(VIEW_TRAIL),
        "may_see_admin": may(MANAGE_USERS) and request.actor.places_for(MANAGE_USERS) is None,
    }
    return web.render(request, template, frame | context, status)
