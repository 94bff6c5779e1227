"""Statements that travel together: libpq's pipeline mode, driven below psycopg's cursors.

psycopg's own pipeline costs a cursor, a query object and several generators for each statement, more than PostgreSQL needs
to answer most of them. Here parameters are turned into bytes and rows into values by the same adapters.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple
from weakref import WeakKeyDictionary

import psycopg
from psycopg import errors
from psycopg.abc import PQGen
from psycopg.adapt import PyFormat, Transformer
from psycopg.generators import fetch_many
from psycopg.pq import ExecStatus, Format, TransactionStatus
from psycopg.pq.abc import PGresult
from psycopg.waiting import Ready, Wait

Row = tuple[Any, ...]
Params = Sequence[Any] | Mapping[str, Any]
MOST_PREPARED: Final = 400
"""Statements kept prepared on a connection; the one that was not used for longest makes room."""


class Compiled:
    """A statement whose parameters, ``%(name)s`` or ``%s``, were found once; ``%%`` is a percent sign."""

    __slots__ = ("names", "text")

    def __init__(self, sql: str) -> None:
        found: dict[str, int] = {}

        def number(match: re.Match[str]) -> str:
            if match[0] == "%%":
                return "%"
            return f"${found.setdefault(match[1] or str(len(found)), len(found) + 1)}"

        self.text = _PARAMETER.sub(number, sql).encode()
        self.names = tuple(found)

    def values(self, params: Params) -> list[Any]:
        """The parameters in the order of the statement's numbers."""
        if isinstance(params, Mapping):
            return [params[name] for name in self.names]
        if len(params) != len(self.names):
            msg = f"{len(self.names)} parameters are asked for, {len(params)} given"
            raise psycopg.ProgrammingError(msg)
        return list(params)


_PARAMETER = re.compile(r"%(?:%|\((\w+)\)s|s)")
compiled = lru_cache(maxsize=2_000)(Compiled)


class Answer:
    """What a queued statement answers. Asked before its pipe was emptied, it empties it."""

    __slots__ = ("_count", "_pipe", "_rows")

    def __init__(self, pipe: Pipe) -> None:
        self._pipe: Pipe | None = pipe
        self._rows: list[Row] = []
        self._count = -1

    def set(self, result: PGresult, held: _Held) -> None:
        """Read what the server sent."""
        self._pipe = None
        if result.status == ExecStatus.TUPLES_OK:
            self._count = result.ntuples
            if result.ntuples:
                held.transformer.set_pgresult(result)
                self._rows = held.transformer.load_rows(0, result.ntuples, tuple)
        elif result.command_tuples is not None:
            self._count = result.command_tuples

    def _arrived(self) -> None:
        if self._pipe is not None:
            self._pipe.flush()
        if self._pipe is not None:  # nothing came of its pipe: no answer is not an empty one
            raise psycopg.InterfaceError("This statement was not executed.")

    def fetchall(self) -> list[Row]:
        """All rows."""
        self._arrived()
        return self._rows

    def fetchone(self) -> Row | None:
        """The next row."""
        self._arrived()
        return self._rows.pop(0) if self._rows else None

    def __iter__(self) -> Iterator[Row]:
        return iter(self.fetchall())

    @property
    def rowcount(self) -> int:
        """How many rows were answered, or changed."""
        self._arrived()
        return self._count


class _Queued(NamedTuple):
    statement: Compiled
    values: list[Any]
    answer: Answer


class _Held:
    """What one connection keeps between pipes: its adapters, and the names of what it has prepared."""

    def __init__(self, conn: psycopg.Connection[Row]) -> None:
        self.transformer = Transformer(conn)
        self.prepared: OrderedDict[_Key, bytes] = OrderedDict()
        self.named = 0

    def name(self) -> bytes:
        """A name that no statement of this connection has had."""
        self.named += 1
        return b"storeline_%d" % self.named


_Key = tuple[bytes, tuple[int, ...]]
"""A statement's text and the types of its parameters: with others it is another plan."""
_held: WeakKeyDictionary[psycopg.Connection[Row], _Held] = WeakKeyDictionary()


class Pipe:
    """A queue of statements over one connection, sent and answered together by `flush`."""

    def __init__(self, conn: psycopg.Connection[Row], waited: Callable[[], None]) -> None:
        self._conn = conn
        self._waited = waited
        self._queue: list[_Queued] = []

    def add(self, sql: str | Compiled, params: Params) -> Answer:
        """Queue one statement."""
        statement = sql if isinstance(sql, Compiled) else compiled(sql)
        answer = Answer(self)
        self._queue.append(_Queued(statement, statement.values(params), answer))
        return answer

    def drop(self) -> None:
        """Forget what is queued: it is never sent."""
        self._queue.clear()

    def flush(self) -> None:
        """Send what is queued and read every answer, in one wait. The first error is raised."""
        if not self._queue:
            return
        queue, self._queue = self._queue, []
        held = _held.get(self._conn) or _held.setdefault(self._conn, _Held(self._conn))
        try:
            sent = _Sent(self._conn, held, queue)
            results = self._conn.wait(sent.results())
            self._conn.pgconn.exit_pipeline_mode()
        except BaseException:  # half of the answers are still on their way: nobody may use this connection again
            self._conn.close()
            raise
        self._waited()
        sent.keep(results)
        for result in results:
            if result.status == ExecStatus.FATAL_ERROR:
                raise errors.error_from_result(result, encoding=self._conn.info.encoding)
        for queued, place in zip(queue, sent.places, strict=True):
            queued.answer.set(results[place], held)


class _Sent:
    """A queue as messages of the protocol: how many, which answers whom, and what they prepare."""

    def __init__(self, conn: psycopg.Connection[Row], held: _Held, queue: Sequence[_Queued]) -> None:
        self.places: list[int] = []
        self._pg = conn.pgconn
        self._held = held
        self._fresh: dict[_Key, tuple[bytes, int]] = {}
        self._count = 0
        begins = not conn.autocommit and self._pg.transaction_status == TransactionStatus.IDLE
        self._pg.enter_pipeline_mode()
        if begins:
            self._say(b"BEGIN")
        for queued in queue:
            self._send(queued)
        while len(held.prepared) > MOST_PREPARED:
            self._say(b"DEALLOCATE " + held.prepared.popitem(last=False)[1])
        self._pg.pipeline_sync()

    def _say(self, command: bytes) -> None:
        self._pg.send_query_params(command, None)
        self._count += 1

    def _send(self, queued: _Queued) -> None:
        transformer = self._held.transformer
        values = transformer.dump_sequence(queued.values, [PyFormat.AUTO] * len(queued.values))
        key = (queued.statement.text, transformer.types or ())
        self._pg.send_query_prepared(self._name(key), values, transformer.formats, Format.BINARY)
        self.places.append(self._count)
        self._count += 1

    def _name(self, key: _Key) -> bytes:
        held = self._held
        if key in held.prepared:
            held.prepared.move_to_end(key)
            return held.prepared[key]
        if key not in self._fresh:
            self._fresh[key] = (held.name(), self._count)
            self._pg.send_prepare(self._fresh[key][0], *key)
            self._count += 1
        return self._fresh[key][0]

    def results(self) -> PQGen[list[PGresult]]:
        """One result for each message."""
        unsent = self._pg.flush()
        while unsent:  # a server whose answers nobody reads takes no more
            if (yield Wait.RW) & Ready.R:
                self._pg.consume_input()
            unsent = self._pg.flush()
        found: list[PGresult] = []
        while len(found) < self._count:
            answered = yield from fetch_many(self._pg)
            if not answered:  # the server has gone: nothing more will come
                raise psycopg.OperationalError(self._pg.get_error_message())
            found.append(answered[0])
        yield from fetch_many(self._pg)  # the sync's own
        return found

    def keep(self, results: Sequence[PGresult]) -> None:
        """Remember what was prepared: not what stood behind an error."""
        for key, (name, place) in self._fresh.items():
            if results[place].status == ExecStatus.COMMAND_OK:
                self._held.prepared[key] = name
