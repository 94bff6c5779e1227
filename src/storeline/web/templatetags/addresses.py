"""Django's `{% url %}`, which looks each address up once: they do not change while a process runs, and a page names dozens."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django import template
from django.template.base import Node, Parser, Token
from django.template.defaulttags import URLNode, url
from django.urls import NoReverseMatch, reverse
from django.utils.html import conditional_escape

register = template.Library()


@lru_cache(maxsize=20_000)
def _address(name: str, args: tuple[Any, ...], named: tuple[tuple[str, Any], ...]) -> str:
    return reverse(name, args=args, kwargs=dict(named))


class AddressNode(Node):
    """As `URLNode` renders, for one set of addresses in a process: no instance of an application has others."""

    def __init__(self, node: URLNode) -> None:
        self.node = node

    def render(self, context: template.Context) -> str:
        """The address, or where it is kept under a name nothing."""
        node = self.node
        args = tuple(arg.resolve(context) for arg in node.args)
        named = tuple((name, value.resolve(context)) for name, value in node.kwargs.items())
        found = ""
        try:
            found = _address(str(node.view_name.resolve(context)), args, named)
        except NoReverseMatch:
            if node.asvar is None:
                raise
        if node.asvar:
            context[node.asvar] = found
            return ""
        return str(conditional_escape(found)) if context.autoescape else found


@register.tag("url")
def address(parser: Parser, token: Token) -> AddressNode:
    """`{% url name arguments as variable %}`."""
    return AddressNode(url(parser, token))
