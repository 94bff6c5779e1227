"""Who listens in this process, and what they were told. Everything here runs in the server's one event loop, but for
`position`, which pages read.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final
from uuid import UUID

from storeline.kernel.api import News, Position
from storeline.web.live.topics import Topic

_REMEMBERED = 5_000
"""News kept, so that who comes back after a while hears only of what they missed."""


class Full(Exception):
    """As many listen as may."""


class Listener:
    """One stream: its topics, and which of them changed since it was last told."""

    __slots__ = ("address", "changed", "topics", "woken")

    def __init__(self, topics: Sequence[Topic], address: str) -> None:
        self.topics = topics
        self.address = address
        self.changed: set[int] = set()
        self.woken = asyncio.Event()

    def hear(self, index: int) -> None:
        """Note that a topic changed; many changes before it is told are one."""
        self.changed.add(index)
        self.woken.set()

    def hear_all(self) -> None:
        """Whatever it listens to may have changed."""
        self.changed.update(range(len(self.topics)))
        self.woken.set()

    def hear_of(self, news: Iterable[News]) -> None:
        """Note which topics these are of."""
        for one in news:
            for index, topic in enumerate(self.topics):
                if topic.matches(one.type, one.subject_id, one.place_id):
                    self.hear(index)


class Hub:
    """All streams of this process, found by what they listen to: news cost what they concern, not how many listen."""

    def __init__(self) -> None:
        self.listeners: set[Listener] = set()
        self.by_thing: dict[UUID | None, set[tuple[Listener, int]]] = {}
        self.by_address: Counter[str] = Counter()
        self.past: deque[News] = deque()
        self.since: Position | None = None
        """Where what we remember begins; None while nobody reads."""
        self.position: Position | None = None
        """How far was read; None while nobody reads. A page takes it before it reads anything itself."""
        self.closing = False

    @contextmanager
    def join(self, listener: Listener, seen: Position | None, *, most: int, most_here: int) -> Iterator[None]:
        """Listen inside the block, from what was `seen` on. Raises Full."""
        if self.closing or len(self.listeners) >= most or self.by_address[listener.address] >= most_here:
            raise Full
        if self.since is not None:  # else whoever begins to read tells it
            if seen is None or seen < self.since:
                listener.hear_all()
            else:
                listener.hear_of(one for one in self.past if one.position > seen)
        self.listeners.add(listener)
        self.by_address[listener.address] += 1
        for index, topic in enumerate(listener.topics):
            self.by_thing.setdefault(topic.id, set()).add((listener, index))
        try:
            yield
        finally:
            self._leave(listener)

    def _leave(self, listener: Listener) -> None:
        self.listeners.discard(listener)
        self.by_address[listener.address] -= 1
        self.by_address += Counter()  # drops who is at nought
        for index, topic in enumerate(listener.topics):
            there = self.by_thing[topic.id]
            there.discard((listener, index))
            if not there:
                del self.by_thing[topic.id]

    def begin(self, position: Position) -> None:
        """The reader begins here; what was before it is not known."""
        self.past.clear()
        self.since = self.position = position
        for listener in self.listeners:
            listener.hear_all()

    def tell(self, news: Sequence[News]) -> None:
        """The reader read on."""
        for one in news:
            for thing in (one.subject_id, one.place_id, None):
                for listener, index in self.by_thing.get(thing, ()):
                    if listener.topics[index].matches(one.type, one.subject_id, one.place_id):
                        listener.hear(index)
        self.past.extend(news)
        while len(self.past) > _REMEMBERED:
            self.since = self.past.popleft().position
        self.position = news[-1].position

    def forget(self) -> None:
        """Nobody reads any more."""
        self.past.clear()
        self.since = self.position = None

    def close(self) -> None:
        """End every stream; their pages come back to whoever serves then."""
        self.closing = True
        for listener in self.listeners:
            listener.woken.set()


HUB: Final = Hub()
