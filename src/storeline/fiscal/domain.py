"""Receipts in pure code: numbers without gaps, and a chain of hashes that shows any later change.

Every receipt's hash is SHA-256 over the hash before it in its series and its own facts as one line of text
(`content`); the first one follows nothing. Whoever holds the last hash can prove that nothing before it
was altered, left out or put in. The audit computes the same in SQL, from the columns.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Literal
from uuid import UUID

from storeline.kernel import api as kernel

Kind = Literal["sale", "return"]
Tax = tuple[int, int, int]
"""Rate in millionths, taxable amount, tax; amounts in minor units."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Document:
    """What a receipt is issued for. A return's amounts are negative. `series` is the till, or the channel."""

    kind: Kind
    source_id: UUID
    entity_id: UUID
    place_id: UUID
    series: str
    business_date: date
    at: datetime
    currency: str
    total: int
    taxes: tuple[Tax, ...] = ()

    @property
    def series_id(self) -> UUID:
        """The id of the number series that this document belongs to."""
        return series_id(self.entity_id, self.place_id, self.series)


def series_id(entity_id: UUID, place_id: UUID, name: str) -> UUID:
    """The id of a till's or a channel's number series."""
    return _series(entity_id, place_id, name)[0]


@lru_cache(maxsize=65536)
def _series(entity_id: UUID, place_id: UUID, name: str) -> tuple[UUID, str]:
    """A series' id, and how the content of each of its receipts begins."""
    identity = kernel.source_id("fiscal_series", f"{entity_id}:{place_id}:{name}")
    return identity, f"{identity}|{entity_id}|{place_id}"


@dataclass(frozen=True, slots=True)
class Series:
    """A locked number series: the last number it gave, and that receipt's hash."""

    id: UUID
    last_number: int
    last_hash: bytes


@dataclass(frozen=True, slots=True)
class Numbered:
    """A document with its series, its number in it and its hash."""

    document: Document
    series_id: UUID
    number: int
    hash: bytes


def content(document: Document, number: int) -> str:
    """The facts of a receipt as one line of text; times in microseconds since 1970."""
    head = _series(document.entity_id, document.place_id, document.series)[1]
    micros = (document.at - _EPOCH) // _MICROSECOND
    taxes = "|".join([",".join([str(tax[part]) for tax in document.taxes]) for part in range(3)])
    return (
        f"{head}|{number}|{document.kind}|{document.source_id}|{document.business_date}|{micros}"
        f"|{document.currency}|{document.total}|{taxes}"
    )


def chain(before: bytes, line: str) -> bytes:
    """The hash of a receipt that follows the one with hash `before`."""
    return hashlib.sha256(before + line.encode()).digest()


def number_all(
    documents: Sequence[Document], series: Mapping[UUID, Series], issued: AbstractSet[tuple[UUID, Kind]]
) -> tuple[list[Numbered], list[Series]]:
    """Number the documents that have no receipt yet, oldest first; the receipts, and their series as they stand then."""
    moved: dict[UUID, Series] = {}
    numbered: list[Numbered] = []
    done = set(issued)
    for document in sorted(documents, key=lambda one: (one.at, one.source_id)):
        if (document.source_id, document.kind) in done:
            continue
        done.add((document.source_id, document.kind))
        series_id = document.series_id
        last = moved.get(series_id) or series[series_id]
        number = last.last_number + 1
        digest = chain(last.last_hash, content(document, number))
        numbered.append(Numbered(document, series_id, number, digest))
        moved[series_id] = Series(series_id, number, digest)
    return numbered, list(moved.values())
