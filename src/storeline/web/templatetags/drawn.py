"""`{% drawn key … with name … %}…{% enddrawn %}`: a part of a page that is drawn once for each of its keys and given again.

Pages are mostly the same for everybody: to draw their frame anew takes longer than all else that they need. What differs from
visitor to visitor stays out of what is kept: the token of forms, and the values of the names after `with`, are put in
each time. Such a value may be shown (`{{ q }}`) or be a part of an address (`{{ path|urlencode }}`); no `if` may look at it.
All else that the part shows must be among the keys; the language is one by itself.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from typing import Any
from urllib.parse import quote

from django import template
from django.template.base import FilterExpression, Node, NodeList, Parser, Token
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

register = template.Library()
CSRF = "csrf_token"
_MOST = 1_000
_SECRET = secrets.token_hex(12)
"""Nobody can guess it, so that nothing that is shown can pass for a place of ours."""
_SLOT = re.compile(rf"(:|%3A){_SECRET}-(\w+)(?:\1)")


def slot(name: str) -> str:
    """What stands where a value is put in afterwards."""
    return f":{_SECRET}-{name}:"


class Pattern:
    """A drawn text with places for values, each as it is shown or as part of an address."""

    __slots__ = ("_slots", "_texts")

    def __init__(self, drawn: str) -> None:
        found = _SLOT.split(drawn)
        self._texts = found[::3]
        self._slots = [(name, sign != ":") for sign, name in zip(found[1::3], found[2::3], strict=True)]

    def fill(self, value_of: Callable[[str], Any]) -> SafeString:
        """The text with its values, each escaped."""
        parts = [self._texts[0]]
        for (name, in_address), text in zip(self._slots, self._texts[1:], strict=True):
            parts.append(_put(value_of(name), in_address=in_address))
            parts.append(text)
        return mark_safe("".join(parts))  # noqa: S308  # a template's output, and what was escaped

    def filled(self, values: Mapping[str, Any]) -> Pattern:
        """The same with these values put in, and places for the others."""
        made = Pattern("")
        texts, slots = [self._texts[0]], []
        for (name, in_address), text in zip(self._slots, self._texts[1:], strict=True):
            if name in values:
                texts[-1] += _put(values[name], in_address=in_address) + text
            else:
                slots.append((name, in_address))
                texts.append(text)
        made._texts, made._slots = texts, slots
        return made


def _put(value: Any, *, in_address: bool) -> str:
    if in_address:
        return quote(str(value))
    # Plain text, as nearly all of it is, is escaped without being asked first what it is.
    return escape(value) if type(value) is str else str(conditional_escape(value))


def token_of(context: template.Context) -> str:
    """The token of a page's forms, made once: Django's own is masked anew whenever it is looked at."""
    for layer in reversed(context.dicts):
        if CSRF in layer:
            token = layer[CSRF]
            if type(token) is not str:
                token = layer[CSRF] = str(token)
            return token
    return ""


class DrawnNode(Node):
    """The part between the tags."""

    def __init__(self, nodelist: NodeList, keys: Sequence[FilterExpression], names: Sequence[str]) -> None:
        self.nodelist, self.keys, self.names = nodelist, keys, names
        self.kept: dict[tuple[Any, ...], Pattern] = {}

    def render(self, context: template.Context) -> SafeString:
        """From what is kept, else drawn now."""
        key = (get_language(), *_typed(one.resolve(context) for one in self.keys))
        pattern = self.kept.get(key)
        if pattern is None:
            slots = {name: mark_safe(slot(name)) for name in (CSRF, *self.names)}  # noqa: S308  # our own
            with context.push(**slots):
                pattern = Pattern(self.nodelist.render(context))
            if len(self.kept) >= _MOST:
                self.kept.clear()
            self.kept[key] = pattern
        token = token_of(context)
        return pattern.fill(lambda name: token if name == CSRF else _shown(context.get(name)))


def _typed(values: Iterable[Any]) -> Iterable[Any]:
    """What is safe must not pass for what is not."""
    for value in values:
        yield value
        yield type(value)


def _shown(value: Any) -> Any:
    return "" if value is None else value


@register.tag
def drawn(parser: Parser, token: Token) -> DrawnNode:
    """`{% drawn key … with name … %}…{% enddrawn %}`."""
    bits = token.split_contents()[1:]
    at = bits.index("with") if "with" in bits else len(bits)
    nodelist = parser.parse(("enddrawn",))
    parser.delete_first_token()
    return DrawnNode(nodelist, [parser.compile_filter(bit) for bit in bits[:at]], bits[at + 1 :])
