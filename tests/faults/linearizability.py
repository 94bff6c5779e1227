"""Whether a concurrent history could have happened one call at a time: linearizability, decided by search.

A call takes effect at one moment between its beginning and its end [1]. The search places calls one after the other, each
time one that began before any other unplaced one had ended, asks a sequential specification what the answer must be, and
goes back where it is not the recorded one [2]. It remembers which sets of placed calls led to which state, and enters none
twice [3]; it walks a linked list of beginnings and ends, so that going back costs nothing [4]. Objects are searched one by
one, since a history is linearizable exactly if each object's part of it is [1, 4].

A call whose answer nobody heard, because its client or the server was killed, may take effect at any time after it began,
or never; whatever the answer would have been is right. That is the weakest reading of a crash [5]: what was answered
must still be there after it.

[1] M. Herlihy, J. Wing: Linearizability: a correctness condition for concurrent objects. TOPLAS 12(3), 1990.
[2] J. Wing, C. Gong: Testing and verifying concurrent objects. J. Parallel and Distributed Computing 17, 1993.
[3] G. Lowe: Testing for linearizability. Concurrency and Computation: Practice and Experience 29(4), 2017.
[4] A. Horn, D. Kroening: Faster linearizability checking via P-compositionality. FORTE 2015.
[5] J. Izraelevitz, H. Mendes, M. Scott: Linearizability of persistent memory objects under a full-system-crash failure
    model. DISC 2016.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

S = TypeVar("S", bound=Hashable)
Asked = tuple[Any, ...]
"""A verb and its arguments."""
Apply = Callable[[S, Asked], tuple[S, Hashable]]
"""The sequential specification: a state and what is asked give the next state and the answer."""
MOST_STEPS = 500_000


class UndecidedError(Exception):
    """The search was given up: there are too many orders to try."""


@dataclass(frozen=True, slots=True)
class Call:
    """What was asked of an object and answered, between two moments of one clock; `ended` None: nobody heard the answer."""

    subject: Hashable
    asked: Asked
    answer: Hashable
    begun: int
    ended: int | None


@dataclass(frozen=True, slots=True)
class Violation:
    """No order explains this object's history. Of the orders that came furthest: how many calls it could place, the state
    that they led to, and the call that had ended by then and could not have been answered as it was.
    """

    subject: Hashable
    placed: int
    state: object
    call: Call

    def __str__(self) -> str:
        call = self.call
        return f"{self.subject}: after {self.placed} calls, at {self.state}, {call.asked} was answered {call.answer}"


@dataclass(frozen=True, slots=True)
class Report:
    """What was searched, and what was found."""

    calls: int
    unknown: int
    subjects: int
    steps: int
    violations: tuple[Violation, ...]

    @property
    def ok(self) -> bool:
        """Whether the history is linearizable."""
        return not self.violations


def check(history: Iterable[Call], start: Callable[[Hashable], S], apply: Apply[S], most: int = MOST_STEPS) -> Report:
    """Search each object's part of `history`; `start` gives its state before. Raises UndecidedError after `most` steps."""
    parts: defaultdict[Hashable, list[Call]] = defaultdict(list)
    for call in history:
        parts[call.subject].append(call)
    searches = [_Search(subject, calls, start(subject), apply, most) for subject, calls in parts.items()]
    found = [search.violation() for search in searches]
    everything = [call for calls in parts.values() for call in calls]
    return Report(
        len(everything),
        sum(call.ended is None for call in everything),
        len(parts),
        sum(search.steps for search in searches),
        tuple([one for one in found if one is not None]),
    )


class _Moment:
    """The beginning or the end of a call, in a doubly linked list by time."""

    __slots__ = ("after", "before", "bit", "call", "end")

    def __init__(self, call: Call | None = None, bit: int = 0, end: _Moment | None = None) -> None:
        self.call = call
        self.bit = bit  # of a beginning: the call's place in a set of calls; 0 at an end
        self.end = end  # of a beginning: the end, if there was one
        self.before: _Moment = self
        self.after: _Moment | None = None

    def lift(self) -> None:
        """Take the call out of the list, both its moments."""
        for moment in (self, self.end):
            if moment is not None:
                moment.before.after = moment.after
                if moment.after is not None:
                    moment.after.before = moment.before

    def put_back(self) -> None:
        """The opposite of the last `lift`."""
        for moment in (self.end, self):
            if moment is not None:
                moment.before.after = moment
                if moment.after is not None:
                    moment.after.before = moment


class _Search(Generic[S]):
    """The search of one object."""

    def __init__(self, subject: Hashable, calls: list[Call], start: S, apply: Apply[S], most: int) -> None:
        self.subject = subject
        self.apply = apply
        self.start = start
        self.most = most
        self.steps = 0
        self.heard = sum(call.ended is not None for call in calls)
        self.head = _Moment()
        self._link(calls)

    def _link(self, calls: list[Call]) -> None:
        moments: list[tuple[int, int, _Moment]] = []
        for number, call in enumerate(calls):
            end = None
            if call.ended is not None:
                end = _Moment(call)
                moments.append((call.ended, 1, end))
            moments.append((call.begun, 0, _Moment(call, 1 << number, end)))  # at one moment, beginnings come first
        last = self.head
        for _, _, moment in sorted(moments, key=lambda one: one[:2]):
            last.after, moment.before = moment, last
            last = moment

    def violation(self) -> Violation | None:
        """None where some order explains every answer that was heard."""
        state, placed, heard = self.start, 0, 0
        seen: set[tuple[int, S]] = set()
        path: list[tuple[_Moment, S]] = []
        furthest: Violation | None = None
        at = self.head.after
        while heard < self.heard:
            assert at is not None  # an answer that was heard has its end in the list
            call = at.call
            assert call is not None
            if not at.bit:  # its call must have been placed by now
                if furthest is None or len(path) > furthest.placed:
                    furthest = Violation(self.subject, len(path), state, call)
                if not path:
                    return furthest
                undone, state = path.pop()
                placed ^= undone.bit
                heard -= undone.end is not None
                undone.put_back()
                at = undone.after
                continue
            following = self._step(state, call)
            if following is not None and (key := (placed | at.bit, following)) not in seen:
                seen.add(key)
                path.append((at, state))
                placed, state = placed | at.bit, following
                heard += at.end is not None
                at.lift()
                at = self.head.after
            else:
                at = at.after
        return None

    def _step(self, state: S, call: Call) -> S | None:
        """The state after the call; None where it cannot have been answered so, or need not have happened."""
        self.steps += 1
        if self.steps > self.most:
            raise UndecidedError(f"{self.subject}: no order was found in {self.most} steps")
        following, answer = self.apply(state, call.asked)
        if call.ended is None:
            return None if following == state else following
        return following if answer == call.answer else None
