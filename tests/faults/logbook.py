"""What a worker set out to do and what it was told: written before and after, so that a kill cannot hide either.

A line is one write to a file opened for appending. The machine does not crash, so the operating
system keeps it whatever becomes of the worker. A line cut short by the kill is no line: the deed
had not begun, or nobody had heard its answer.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

ANSWER = b',"answer":'
"""Each answered deed has one such line in its log."""
Spec = dict[str, Any]
Answer = dict[str, Any]


@dataclass(slots=True)
class Entry:
    """One deed: how it was asked for, and the answer, if one was heard."""

    spec: Spec
    answer: Answer | None = None


class Logbook:
    """One worker's own file."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self._number = 0

    def intend(self, spec: Spec) -> int:
        """Write down what is about to be done; its number."""
        self._number += 1
        self._write({"number": self._number, "spec": spec})
        return self._number

    def answered(self, number: int, answer: Answer) -> None:
        """Write down what was answered."""
        self._write({"number": number, "answer": answer})

    def note(self, what: str, text: str) -> None:
        """Write down something that happened beside the deeds."""
        self._write({"note": what, "text": text})

    def _write(self, line: dict[str, Any]) -> None:
        os.write(self._file, orjson.dumps(line, default=str) + b"\n")


def read(path: Path) -> tuple[list[Entry], list[tuple[str, str]]]:
    """The deeds in their order, and the notes."""
    entries: dict[int, Entry] = {}
    notes: list[tuple[str, str]] = []
    for line in _lines(path):
        if "spec" in line:
            entries[line["number"]] = Entry(line["spec"])
        elif "answer" in line:
            entries[line["number"]].answer = line["answer"]
        else:
            notes.append((line["note"], line["text"]))
    return list(entries.values()), notes


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    if not path.exists():
        return
    for line in path.read_bytes().split(b"\n"):
        try:
            yield orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
