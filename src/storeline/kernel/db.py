"""Set-based SQL on Django's own connection, without the ORM's cost.

A wait is one moment in which we stand still until the server answers; hot paths count theirs
with `waits`. Inside `pipeline()` statements are only queued: all of them cost one wait together,
when the block ends, and the results of `later` may be read after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final, Generic, TypeVar, cast
from uuid import UUID

import psycopg
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db import transaction as django_transaction

from storeline.kernel.pipe import Answer, Compiled, Params, Pipe, Row

T = TypeVar("T")
U = TypeVar("U")


@dataclass(slots=True)
class _Count:
    waits: int = 0


_count: ContextVar[_Count | None] = ContextVar("_count", default=None)
_piped: ContextVar[Pipe | None] = ContextVar("_piped", default=None)
_ROW_BY_ROW: Final = (
    "SELECT set_config('plan_cache_mode', 'force_generic_plan', true), set_config('enable_seqscan', 'off', true), "
    "set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)"
)
"""One plan for all, by indexes alone: one that was made while a table was nearly empty would read the whole of it for ever."""
_keep_plans: ContextVar[bool] = ContextVar("_keep_plans", default=False)


def raw() -> psycopg.Connection[Row]:
    """The psycopg connection beneath Django's, opened if need be, and anew where the server went away."""
    if (pipe := _piped.get()) is not None:
        pipe.flush()
    held = connections[DEFAULT_DB_ALIAS]
    if not held.in_atomic_block:
        # Django asks whether a kept connection still lives, once a request, but only before its own statements.
        held.close_if_health_check_failed()
        if held.connection is not None and held.connection.closed:
            held.close()
    if held.connection is None:
        held.ensure_connection()
    return cast("psycopg.Connection[Row]", held.connection)


def _waited() -> None:
    if (count := _count.get()) is not None:
        count.waits += 1


@contextmanager
def waits() -> Iterator[_Count]:
    """Count the waits for the server inside the block: ``with waits() as count: …; count.waits``."""
    count = _Count()
    token = _count.set(count)
    try:
        yield count
    finally:
        _count.reset(token)


def run(sql: str | Compiled, params: Params = ()) -> Answer:
    """Execute one statement; parameters are bound by the server, results come in binary."""
    if (pipe := _piped.get()) is not None:
        return pipe.add(sql, params)
    pipe = Pipe(raw(), _waited)
    answer = pipe.add(sql, params)
    pipe.flush()
    return answer


class Pending(Generic[T]):
    """An answer that is on its way: read `result()` after the pipeline has ended."""

    __slots__ = ("_cursor", "_parse")

    def __init__(self, cursor: Answer, parse: Callable[[list[Row]], T]) -> None:
        self._cursor = cursor
        self._parse = parse

    def result(self) -> T:
        """The parsed rows. Call it once, after the pipeline's end."""
        return self._parse(self._cursor.fetchall())

    def map(self, change: Callable[[T], U]) -> Pending[U]:
        """The same answer, changed when it is read."""
        return _Mapped(self, change)


class _Mapped(Pending[U], Generic[T, U]):
    __slots__ = ("_change", "_first")

    def __init__(self, first: Pending[T], change: Callable[[T], U]) -> None:
        self._first = first
        self._change = change

    def result(self) -> U:
        return self._change(self._first.result())


class Ready(Pending[T]):
    """An answer that needs no statement."""

    __slots__ = ("_value",)

    def __init__(self, value: T) -> None:
        self._value = value

    def result(self) -> T:
        return self._value


def later(sql: str | Compiled, params: Params, parse: Callable[[list[Row]], T]) -> Pending[T]:
    """Queue a statement whose rows are read when the pipeline has ended (or at once outside one)."""
    return Pending(run(sql, params), parse)


@contextmanager
def pipeline() -> Iterator[None]:
    """Queue every statement inside; send them and wait once, at the end. Blocks nest into the outermost.

    What is sent by other ways meanwhile, Django's or psycopg's own, finds what was queued before it done.
    """
    if _piped.get() is not None:
        yield
        return
    pipe = Pipe(raw(), _waited)
    token = _piped.set(pipe)
    try:
        with connections[DEFAULT_DB_ALIAS].execute_wrapper(_after_the_queue):
            if _keep_plans.get():
                _keep_plans.set(False)
                run(_ROW_BY_ROW)
            yield
            pipe.flush()
    finally:
        pipe.drop()
        _piped.reset(token)


def _after_the_queue(execute: Callable[..., Any], *asked: Any) -> Any:  # Django's own shape
    if (pipe := _piped.get()) is not None:
        pipe.flush()
    return execute(*asked)


@contextmanager
def reading() -> Iterator[None]:
    """A pipeline of reads in one wait, nothing begun before it and nothing ended after: each statement sees its own moment.

    Each keeps one plan, as in `transaction(keep_plans=True)`, until the pipeline ends (or the transaction that is open).
    """
    with pipeline():
        run("SELECT set_config('plan_cache_mode', 'force_generic_plan', true)")
        yield


@contextmanager
def transaction(*, keep_plans: bool = False) -> Iterator[None]:
    """All or nothing. Nested blocks become savepoints, so a refusal inside leaves nothing changed.

    `keep_plans` is for hot paths with small sets: from the first pipeline on each prepared statement keeps one plan.
    PostgreSQL otherwise plans a statement over arrays anew each time, which costs more than running it. Such a plan
    looks its rows up one by one, whatever the tables were when it was made. Not for large sets: it takes every array
    for ten elements long.
    """
    outermost = not connection.in_atomic_block
    pipe = _piped.get()
    if pipe is not None:  # what was queued before is not of this block
        pipe.flush()
    with django_transaction.atomic():
        token = _keep_plans.set(keep_plans)
        try:
            yield
            if pipe is not None:
                pipe.flush()
        except BaseException:
            if pipe is not None:
                pipe.drop()
            raise
        finally:
            _keep_plans.reset(token)
    if outermost:
        _waited()


def in_transaction() -> bool:
    """Whether a transaction is open; partner calls refuse to run then."""
    return connection.in_atomic_block


def rowcounts(cursor: Answer) -> Pending[int]:
    """How many rows a queued statement changed, known after the pipeline."""
    return _Rows(cursor)


class _Rows(Pending[int]):
    __slots__ = ()

    def __init__(self, cursor: Answer) -> None:
        self._cursor = cursor

    def result(self) -> int:
        return self._cursor.rowcount


def ids_array(ids: Iterable[UUID | None]) -> str:
    """UUIDs as one array literal for ``%s::uuid[]``: far cheaper to bind than a list of objects."""
    return "{" + ",".join(["NULL" if value is None else value.hex for value in ids]) + "}"


def ints_array(values: Iterable[int | None]) -> str:
    """Integers as one array literal for ``%s::bigint[]``."""
    return "{" + ",".join(["NULL" if value is None else str(value) for value in values]) + "}"


def times_array(values: Iterable[datetime | None]) -> str:
    """Moments with their zones as one array literal for ``%s::timestamptz[]``: a list of objects costs far more to bind."""
    return "{" + ",".join(["NULL" if value is None else _moment(value) for value in values]) + "}"


@lru_cache(maxsize=4096)
def _moment(value: datetime) -> str:
    return f'"{value.isoformat()}"'


def dates_array(values: Iterable[date | None]) -> str:
    """Days as one array literal for ``%s::date[]``."""
    return "{" + ",".join(["NULL" if value is None else _day(value) for value in values]) + "}"


@lru_cache(maxsize=4096)
def _day(value: date) -> str:
    return value.isoformat()


def texts_array(values: Iterable[str | None]) -> str:
    """Texts as one array literal for ``%s::text[]``, quoted."""
    return "{" + ",".join(["NULL" if value is None else _quoted(value) for value in values]) + "}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
