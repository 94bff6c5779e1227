"""Single orders become sets: whoever gets the turn does all that arrived while the last set was done.

Nothing waits for a timer, and nobody is answered before the set is durable. Each item keeps its own
answer, so it is as if it had come alone, at a fraction of the statements.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")
LARGEST_SET = 64
"""Orders that are done together; up to so many are a small set to PostgreSQL's planner too."""
log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class _Waiting(Generic[T, R]):
    item: T
    answer: R | None = None


class Gathering(Generic[T, R]):
    """The queue of one process before a deed that takes many items and answers each, in order."""

    def __init__(self, deed: Callable[[Sequence[T]], Sequence[R]]) -> None:
        self._deed = deed
        self._queue: deque[_Waiting[T, R]] = deque()
        self._turn = Lock()

    def submit(self, item: T) -> R:
        """Have the item done, with whatever else waits; called by many threads at once."""
        mine: _Waiting[T, R] = _Waiting(item)
        self._queue.append(mine)
        with self._turn:
            while mine.answer is None and mine in self._queue:
                self._do_next()
        if mine.answer is None:  # its set broke on something: alone it says on what
            return self._deed([item])[0]
        return mine.answer

    def _do_next(self) -> None:
        chosen = [self._queue.popleft() for _ in range(min(len(self._queue), LARGEST_SET))]
        try:
            answers = self._deed([one.item for one in chosen])
        except Exception:  # each of them tries alone, and the one that is to blame hears why
            log.exception("a set of %s broke", len(chosen))
            return
        for one, answer in zip(chosen, answers, strict=True):
            one.answer = answer
