"""How a module answers a set that was handed down to it in ``pg_temp`` tables."""

from __future__ import annotations

from dataclasses import dataclass

ERRORS_IN = "file text, row bigint, col text, reason text"
"""Columns of ``pg_temp.in_error``: rows that a module would not take, and why."""


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What became of the rows of one set."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0

    def __add__(self, other: LoadResult) -> LoadResult:
        return LoadResult(
            self.inserted + other.inserted,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            self.refused + other.refused,
        )
