"""Histories on disk: what a process asked of an object and was answered, with the moments of the machine's monotonic clock,
which all its processes share. One write before each call, one after it: what has no answer is unknown, since the
process or the server was killed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Hashable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

import orjson

from tests.faults.linearizability import Call

Part = tuple[str, tuple[Any, ...]]
"""What is asked of one object. A call that asks several at once is a call of each."""


class History:
    """One process's file; its threads may share it."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self._lock = Lock()
        self._number = 0

    def begin(self, parts: Sequence[Part]) -> int:
        """Write down what is about to be asked; its number."""
        with self._lock:
            self._number += 1
            number = self._number
        self._write({"number": number, "begun": time.monotonic_ns(), "parts": parts})
        return number

    def end(self, number: int, answers: Sequence[Hashable]) -> None:
        """Write down what was answered, just now, to each part."""
        self._write({"number": number, "ended": time.monotonic_ns(), "answers": answers})

    def note(self, what: str, text: str) -> None:
        """Write down something that should not have happened."""
        self._write({"note": what, "text": text})

    def _write(self, line: dict[str, Any]) -> None:
        os.write(self._file, orjson.dumps(line) + b"\n")


def read_calls(path: Path) -> tuple[list[Call], list[tuple[str, str]]]:
    """The calls of one process, and its notes."""
    begun: dict[int, dict[str, Any]] = {}
    calls: list[Call] = []
    notes: list[tuple[str, str]] = []
    for line in _lines(path):
        if "note" in line:
            notes.append((line["note"], line["text"]))
        elif "parts" in line:
            begun[line["number"]] = line
        else:
            asked = begun.pop(line["number"])
            for (subject, what), answer in zip(asked["parts"], line["answers"], strict=True):
                calls.append(Call(subject, frozen(what), frozen(answer), asked["begun"], line["ended"]))
    unheard = [(one["begun"], part) for one in begun.values() for part in one["parts"]]
    return calls + [Call(subject, frozen(what), None, at, None) for at, (subject, what) in unheard], notes


def frozen(value: Any) -> Any:
    """JSON with tuples for lists."""
    return tuple(map(frozen, value)) if isinstance(value, list) else value


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_bytes().split(b"\n"):
        with suppress(orjson.JSONDecodeError):  # the end, or cut short by the kill
            yield orjson.loads(line)
