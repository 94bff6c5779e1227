"""`{% product_card card %}`: a product in a list. Drawn once for all who see the same of it; a list shows dozens."""

from __future__ import annotations

import secrets
from functools import lru_cache

from django import template
from django.template import Context
from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from storeline.shop.shelf import Card

register = template.Library()
# What differs from visitor to visitor is put in afterwards, where these stand. Nobody can guess them.
_TOKEN, _PATH = secrets.token_hex(12), secrets.token_hex(12)


@register.simple_tag(takes_context=True)
def product_card(context: Context, card: Card) -> SafeString:
    """The card with this visitor's form."""
    drawn = _drawn(card, get_language() or "en")
    token, path = str(context.get("csrf_token", "")), escape(context.get("path", ""))
    return mark_safe(drawn.replace(_TOKEN, token).replace(_PATH, path))  # noqa: S308  # a template's output, and what is escaped


@lru_cache(maxsize=4096)
def _drawn(card: Card, _language: str) -> str:
    return render_to_string("shop/card.html", {"card": card, "csrf_token": _TOKEN, "path": _PATH})
