"""Single orders become sets: whoever came first does all that arrived while the last set was done.

Nothing waits for a timer, and nobody is answered before the set is durable. Each item keeps its own
answer, so it is as if it had come alone, at a fraction of the statements.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from _thread import LockType

T = TypeVar("T")
R = TypeVar("R")
LARGEST_SET = 64
"""Orders that are done together; up to so many are a small set to PostgreSQL's planner too."""
log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class _Waiting(Generic[T, R]):
    """One item. Its thread waits at the gate until the item is done, or until it is its turn to do the next set."""

    item: T
    answer: R | None = None
    leads: bool = False
    gate: LockType = field(default_factory=Lock)


class Gathering(Generic[T, R]):
    """The queue of one process before a deed that takes many items and answers each, in order."""

    def __init__(self, deed: Callable[[Sequence[T]], Sequence[R]]) -> None:
        self._deed = deed
        self._queue: deque[_Waiting[T, R]] = deque()
        self._guard = Lock()
        self._busy = False

    def submit(self, item: T) -> R:
        """Have the item done, with whatever else waits; called by many threads at once."""
        mine: _Waiting[T, R] = _Waiting(item)
        mine.gate.acquire()
        with self._guard:
            self._queue.append(mine)
            mine.leads, self._busy = not self._busy, True
        if not mine.leads:
            mine.gate.acquire()
        if mine.leads:
            self._do_set(mine)
        if mine.answer is None:  # its set broke on something: alone it says on what
            return self._deed([item])[0]
        return mine.answer

    def _do_set(self, leader: _Waiting[T, R]) -> None:
        """Do the set of which `leader` is the first; then the first of those who came meanwhile does the next one."""
        with self._guard:
            chosen = [self._queue.popleft() for _ in range(min(len(self._queue), LARGEST_SET))]
        try:
            answers = self._deed([one.item for one in chosen])
            for one, answer in zip(chosen, answers, strict=True):
                one.answer = answer
        except Exception:  # each of them tries alone, and the one that is to blame hears why
            log.exception("a set of %s broke", len(chosen))
        finally:
            self._hand_over()
            for one in chosen:
                if one is not leader:
                    one.gate.release()

    def _hand_over(self) -> None:
        with self._guard:
            if not self._queue:
                self._busy = False
                return
            following = self._queue[0]
            following.leads = True
        following.gate.release()
