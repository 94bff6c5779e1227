"""The shop's first page: my order under way, what I buy again, what is on offer, departments."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

from django.http import HttpResponse

from storeline.catalog import api as catalog
from storeline.identity.api import Request
from storeline.kernel.api import Ready, reading
from storeline.orders import api as orders
from storeline.shop import basket, departments, mine, offers, shelf
from storeline.shop.pages.router import pages, show
from storeline.shop.pages.words import headline
from storeline.shop.where import Here, here

_OFFERS = 12
_AGAIN = 12
_SPARE = 4
"""So many more are looked at: some are not there, or no offer any more."""
_PAGE = 48


@pages.get("", catalog.READ, guest=True, name="home")
def home(request: Request) -> HttpResponse:
    """What a shopper comes for first."""
    at, lines = here(request), basket.read(request)
    again, waiting, best, found = _found(request, at, lines, own=True, most=_OFFERS + _SPARE)
    mine_again = offers.shelf_of(again, found, _AGAIN)
    shown = {card.id for card in mine_again}
    return show(
        request,
        "home",
        at,
        lines,
        waiting=[
            {"order": one, "words": headline(one.state, one.method), "key": "" if known else orders.token_of(one.id)}
            for one, known in waiting
        ],
        again=mine_again,
        offers=offers.shelf_of([key for key in best if key not in shown], found, _OFFERS),
        departments=departments.main(),
    )


class _Found(NamedTuple):
    """What somebody buys again, their orders under way with whether these are a member's, what is on offer, and its cards."""

    again: list[UUID]
    waiting: list[tuple[mine.UnderWay, bool]]
    best: list[UUID]
    cards: dict[UUID, shelf.Card]


def _found(request: Request, at: Here, lines: basket.Lines, *, own: bool, most: int) -> _Found:
    """All that the page lists, the `most` best offers among it: four waits; two more where nobody looked at this shop lately."""
    member = shelf.is_member(request)
    records, device = (orders.records_of_actor(request.actor), mine.of_device(request)) if own else ([], [])
    with reading():
        bought = offers.bought(records) if records else Ready([])
        under_way = mine.under_way(records, device) if records or device else Ready([])
        kept = offers.best(at, member=member, most=most + offers.AGAIN)
    again, waiting, ranking = bought.result(), under_way.result(), kept.result()
    if not ranking.wanted:
        offers.want(at, member=member)
    best = (
        [key for key in ranking.products if key not in again][:most] if ranking.ranked else offers.plainly(at).result()
    )
    ids = list(dict.fromkeys([*again, *best]))
    products = catalog.gather(ids).result()
    sold = [products[key] for key in ids if key in products and _for_sale(products[key])]
    prices, levels = shelf.prices_and_levels(sold, at, member=member)
    if not ranking.ranked:
        best = offers.best_of([one for one in sold if one.id in best], prices)[:most]
    # An offer that ended since it was ranked is none any more.
    best = [key for key in best if key in prices and offers.saved(prices[key])]
    shown = [products[key] for key in dict.fromkeys([*again, *best]) if key in prices]
    cards = shelf.cards_of(shown, prices, levels, at, lines)
    return _Found(again, [(one, one.id not in device) for one in waiting], best, {card.id: card for card in cards})


def _for_sale(product: catalog.ProductFacts) -> bool:
    return product.online and product.sellable and not product.service


@pages.get("offers", catalog.READ, guest=True, name="offers")
def all_offers(request: Request) -> HttpResponse:
    """What is on offer at the shop, the best first."""
    at, lines = here(request), basket.read(request)
    found = _found(request, at, lines, own=False, most=_PAGE)
    context: dict[str, Any] = {"cards": offers.shelf_of(found.best, found.cards, _PAGE)}
    return show(request, "offers", at, lines, **context)


@pages.get("departments", catalog.READ, guest=True, name="departments")
def all_departments(request: Request) -> HttpResponse:
    """Every department."""
    return show(request, "departments", departments=departments.roots())
