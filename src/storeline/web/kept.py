"""Pages, and parts of pages, that show what they showed before are not drawn again.

A page is kept by all that it shows: its template and every value that is handed to it, the address, the language, the
theme, who looks (guest or user), and the quarter of an hour, since some words are today's. So it need not be told when
something changed: with other facts it is another page. What is its visitor's alone, the token of forms and what the view
calls its own, is put in each time; so are lists of products, whose cards are kept by themselves.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from threading import Lock
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from uuid import UUID

from django.contrib.messages import get_messages
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from storeline.kernel.api import now
from storeline.web.templatetags.drawn import CSRF, Pattern, slot

if TYPE_CHECKING:
    from django.http import HttpRequest

MOST, MOST_PARTS = 500, 5_000
"""About 20 MB of a process each."""
_TURN_S = 900
"""No clock in the world begins a day within a quarter of an hour."""
_PLAIN = frozenset({str, int, type(None), UUID, date})
T = TypeVar("T")


class Store(Generic[T]):
    """The latest that were drawn, by all that they show."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.drawn: OrderedDict[Hashable, T] = OrderedDict()
        self.lock = Lock()

    def get(self, key: Hashable, draw: Callable[[], T]) -> T:
        """What is kept for this key, else what `draw` gives: two who ask at once may both draw."""
        with self.lock:
            if key in self.drawn:
                self.drawn.move_to_end(key)
                return self.drawn[key]
        drawn = draw()
        with self.lock:
            self.drawn[key] = drawn
            while len(self.drawn) > self.most:
                self.drawn.popitem(last=False)
        return drawn

    def clear(self) -> None:
        """Draw everything anew."""
        with self.lock:
            self.drawn.clear()


_pages: Store[Pattern] = Store(MOST)
_parts: Store[SafeString] = Store(MOST_PARTS)


class _NotKnownError(Exception):
    """Whether this shows the same cannot be said."""


class _Key:
    """What a page is kept by. It is long: its hash is reckoned once."""

    __slots__ = ("_hash", "_parts")

    def __init__(self, *parts: Hashable) -> None:
        self._parts = parts
        self._hash = hash(parts)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self._parts == other._parts


Own = Mapping[str, str | Callable[[str], SafeString]]
"""What is put in each time: a text, or what is made with the token of the visitor's forms."""


def page(request: HttpRequest, template: str, context: Mapping[str, Any], own: Own, frame: object) -> str:
    """The page, from what is kept where the same was shown before. `own` values are new each time and may only be shown, not
    be asked about (but whether there is one: there is); `frame` is what else the template reads of the request.
    """
    token = get_token(request)
    values = {name: value if isinstance(value, str) else value(token) for name, value in own.items()}
    if get_messages(request):  # shown once
        return render_to_string(template, {**context, **values}, request)
    try:
        key = _Key(template, get_language(), request.get_host(), request.scheme, frame, _turn(), frozen(context))
    except _NotKnownError:
        return render_to_string(template, {**context, **values}, request)

    def draw() -> Pattern:
        slots = {name: mark_safe(slot(name)) for name in (CSRF, *own)}  # noqa: S308  # our own
        return Pattern(render_to_string(template, {**context, **slots}, request))

    pattern = _pages.get(key, draw)
    values[CSRF] = token
    return pattern.fill(values.__getitem__)


def part(template: str, values: Mapping[str, Any]) -> SafeString:
    """A part of a page that shows these values and nothing of whoever asks: no token, no address."""
    try:
        key = _Key(template, get_language(), _turn(), frozen(values))
    except _NotKnownError:
        return render_to_string(template, values)
    return _parts.get(key, lambda: render_to_string(template, values))


def _turn() -> int:
    return int(now().timestamp()) // _TURN_S


def frozen(value: Any) -> Hashable:
    """A value as part of a key: equal only where it shows the same."""
    kind = type(value)
    if kind in _PLAIN:
        return value  # type: ignore[no-any-return]  # plain and hashable
    if kind is list or kind is tuple:
        return tuple([frozen(one) for one in value])
    if kind is dict:
        return (dict, tuple([(key, frozen(one)) for key, one in value.items()]))
    if is_dataclass(kind) or isinstance(value, tuple):
        return _of_parts(kind, value)
    if kind is datetime:
        return (value, value.tzinfo)
    if kind is bool or kind is float or isinstance(value, (str, Enum)):
        return (kind, value)
    raise _NotKnownError


def _of_parts(kind: type[Any], value: Any) -> Hashable:
    """A dataclass or a named tuple: as it is where all of it can be compared, which is quicker."""
    try:
        hash(value)
    except TypeError:
        parts = value if isinstance(value, tuple) else [getattr(value, one.name) for one in fields(value)]
        return (kind, *[frozen(part) for part in parts])
    return (kind, value)


def forget() -> None:
    """Draw everything anew."""
    _pages.clear()
    _parts.clear()
