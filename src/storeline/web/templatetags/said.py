"""Django's `{% load i18n %}`, whose `{% translate %}` looks each text up once a language: pages have dozens, and they do not change."""

from __future__ import annotations

from django import template
from django.template.base import Node, Parser, Token, Variable
from django.templatetags import i18n
from django.utils.translation import get_language

register = template.Library()
register.tags.update(i18n.register.tags)
register.filters.update(i18n.register.filters)


class SaidNode(Node):
    """A text that stands in the template, with nothing but its language to depend on."""

    def __init__(self, node: i18n.TranslateNode, asvar: str | None) -> None:
        self.node, self.asvar = node, asvar
        self.said: dict[tuple[str | None, bool], str] = {}

    def render(self, context: template.Context) -> str:
        """The text in the reader's language, as Django says it."""
        key = (get_language(), context.autoescape)
        said = self.said.get(key)
        if said is None:
            said = self.said[key] = self.node.render(context)
        if self.asvar is None:
            return said
        context[self.asvar] = said
        return ""


@register.tag("translate")
@register.tag("trans")
def translate(parser: Parser, token: Token) -> Node:
    """`{% translate "text" %}`; one that depends on more than its language is Django's own."""
    node = i18n.do_translate(parser, token)
    asked = node.filter_expression
    if node.message_context or asked.filters or not isinstance(asked.var, Variable) or asked.var.literal is None:
        return node
    asvar, node.asvar = node.asvar, None
    return SaidNode(node, asvar)
