"""`{% product_cards cards %}`: products in a list. A list shows dozens, so each kind of card is drawn once and filled."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any
from urllib.parse import quote

from django import template
from django.template import Context
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator
from django.utils.translation import get_language

from storeline.shop.shelf import Card
from storeline.web.templatetags.drawn import CSRF, Pattern, slot, token_of
from storeline.web.templatetags.ui import local_name, picture, price_texts

register = template.Library()
_LONGEST_OFFER = 22
_MOST_KEPT = 10_000
"""About 20 MB of a process."""
_PLAIN = "!$&'()*+,;=~:@"
"""What stands as it is in a path (RFC 3986, 3.3)."""
_VISITORS = (CSRF, "path")
"""What is put in from the page."""


@register.filter
def breakable(name: str) -> SafeString:
    """A name that may go on in another line after a slash, where a narrow tile would cut a word."""
    return mark_safe(escape(name).replace("/", "/<wbr>"))  # noqa: S308  # an escaped name


@register.simple_tag(takes_context=True)
def product_cards(context: Context, cards: Iterable[Card] | SafeString) -> SafeString:
    """The cards with this visitor's forms; what is drawn already as it is."""
    if isinstance(cards, SafeString):
        return cards
    return draw(cards, token_of(context), str(context.get("path") or ""))


def draw(cards: Iterable[Card], token: str, path: str) -> SafeString:
    """The cards with forms that lead back to `path`."""
    visitor = {CSRF: token, "path": path}
    language = get_language() or "en"
    return mark_safe("".join([_filled(language, card).fill(visitor.__getitem__) for card in cards]))  # noqa: S308  # each is


@lru_cache(maxsize=_MOST_KEPT)
def _filled(language: str, card: Card) -> Pattern:
    """A card, kept by all that it shows, its price among it; with places for what is its visitor's."""
    shown = _shown(card)
    there = frozenset(name for name, value in shown.items() if value)
    return _pattern(language, card.stock, there).filled(shown)


def _shown(card: Card) -> dict[str, Any]:
    """All that differs from card to card; empty where a card has no such thing."""
    offers = card.shelf.offers
    return {
        "id": card.id,
        "name": card.name,
        "href": address_of(card.ref, card.slug),
        "picture": picture(card.kind, card.name, url=card.picture, size="fill"),
        "label": card.shelf.regular and card.shelf.label,
        "offer": Truncator(local_name(offers[0])).chars(_LONGEST_OFFER) if offers else "",
        "units": card.in_basket,
        "more": card.in_basket + 1,
        **price_texts(card.shelf, card.unit),
    }


@lru_cache(maxsize=512)
def _pattern(_language: str, stock: str, there: frozenset[str]) -> Pattern:
    """A card of this kind, with places for what it shows."""
    slots = {name: mark_safe(slot(name)) for name in (*there, *_VISITORS)}  # noqa: S308  # our own
    return Pattern(render_to_string("shop/card.html", {"stock": stock, **slots}))


def address_of(ref: str, slug: str) -> str:
    """Where a product's page is: as `reverse` says it, which is slow for the thousands that lists name."""
    before, after = _around()
    return f"{before}{quote(ref, safe=_PLAIN)}{after}{slug}"


@cache
def _around() -> tuple[str, str]:
    before, after = reverse("shop:product", args=["REF", "SLUG"]).split("REF")
    return before, after.removesuffix("SLUG")
