"""Parts of pages that need not be drawn again while no figure changed: this process keeps the latest few hundred."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock

MOST = 300
_parts: OrderedDict[Hashable, str] = OrderedDict()
_lock = Lock()


def kept(key: Hashable, draw: Callable[[], str]) -> str:
    """What was drawn for this key, else what `draw` gives. The key must name all that the part depends on: the figures'
    version, whose they are, the address, the language.
    """
    with _lock:
        if (found := _parts.get(key)) is not None:
            _parts.move_to_end(key)
            return found
    drawn = draw()
    with _lock:
        _parts[key] = drawn
        while len(_parts) > MOST:
            _parts.popitem(last=False)
    return drawn
