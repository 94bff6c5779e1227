"""The shop's first page: my order under way, what I buy again, what is on offer, departments."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse

from storeline.catalog import api as catalog
from storeline.identity.api import Request
from storeline.kernel.api import pipeline
from storeline.orders import api as orders
from storeline.shop import basket, departments, mine, offers, shelf
from storeline.shop.pages.router import pages, show
from storeline.shop.pages.words import headline
from storeline.shop.where import Here, here

_OFFERS = 12
_AGAIN = 12
_PAGE = 48


@pages.get("", catalog.READ, guest=True, name="home")
def home(request: Request) -> HttpResponse:
    """What a shopper comes for first."""
    at, lines = here(request), basket.read(request)
    again, waiting = _own(request)
    best = offers.best(at, member=shelf.is_member(request))[: _OFFERS + _AGAIN]
    found = _cards(request, [*again, *best], at, lines)
    mine_again = offers.shelf_of(again, found, _AGAIN)
    shown = {card.id for card in mine_again}
    return show(
        request,
        "home",
        at,
        lines,
        waiting=[
            {"order": one, "words": headline(one.state), "key": "" if known else orders.token_of(one.id)}
            for one, known in waiting
        ],
        again=mine_again,
        offers=offers.shelf_of([key for key in best if key not in shown], found, _OFFERS),
        departments=departments.main(),
    )


def _own(request: Request) -> tuple[list[UUID], list[tuple[mine.UnderWay, bool]]]:
    """What this visitor buys again, and their orders under way, with whether these are a member's."""
    records, device = orders.records_of_actor(request.actor), mine.of_device(request)
    if not records and not device:
        return [], []
    with pipeline():
        bought = offers.bought(records)
        waiting = mine.under_way(records, device)
    return bought.result(), [(one, one.id not in device) for one in waiting.result()]


def _cards(request: Request, ids: list[UUID], at: Here, lines: basket.Lines) -> dict[UUID, shelf.Card]:
    products = catalog.gather(ids).result()
    wanted = [product for product in products.values() if product.online and product.sellable and not product.service]
    found = shelf.cards(wanted, at, lines, member=shelf.is_member(request))
    return {card.id: card for card in found}


@pages.get("offers", catalog.READ, guest=True, name="offers")
def all_offers(request: Request) -> HttpResponse:
    """What is on offer at the shop, the best first."""
    at, lines = here(request), basket.read(request)
    best = offers.best(at, member=shelf.is_member(request))
    found = _cards(request, best[:_PAGE], at, lines)
    context: dict[str, Any] = {"cards": offers.shelf_of(best, found, _PAGE)}
    return show(request, "offers", at, lines, **context)


@pages.get("departments", catalog.READ, guest=True, name="departments")
def all_departments(request: Request) -> HttpResponse:
    """Every department."""
    return show(request, "departments", departments=departments.roots())
