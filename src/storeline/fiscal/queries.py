"""Reads of receipts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from storeline.fiscal.domain import Kind, Tax, series_id
from storeline.kernel import api as kernel


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt as it was issued; amounts in minor units, a return's negative.

    `series` and `number` of an imported receipt are the texts that it brought along, and it has no hash.
    """

    source_id: UUID
    kind: Kind
    series: str | None
    number: str
    entity_id: UUID
    place_id: UUID
    business_date: date
    at: datetime
    issued_at: datetime
    currency: str
    total: int
    taxes: tuple[Tax, ...]
    hash: bytes | None


_RECEIPTS = """
SELECT r.source_id, r.kind, coalesce(s.name, r.imported_series), coalesce(r.number::text, r.imported_number),
 r.entity_id, r.place_id, r.business_date, r.at, r.issued_at, r.currency, r.total,
 r.tax_rates, r.taxable, r.taxes, r.hash
FROM fiscal_receipt r LEFT JOIN fiscal_series s ON s.id = r.series_id
WHERE r.source_id = ANY(%s::uuid[]) AND r.kind = %s
"""


def receipts_of(source_ids: Sequence[UUID], kind: Kind = "sale") -> dict[UUID, Receipt]:
    """The receipts of these orders (or returns); one that has none yet is absent."""
    if not source_ids:
        return {}
    rows = kernel.run(_RECEIPTS, [kernel.ids_array(source_ids), kind]).fetchall()
    return {row[0]: Receipt(*(*row[:11], tuple(zip(*row[11:14], strict=True)), row[14])) for row in rows}


_FIND = "SELECT source_id, kind FROM fiscal_receipt WHERE series_id = %s AND number = %s"


def find_receipt(entity_id: UUID, place_id: UUID, series: str, number: int) -> tuple[UUID, Kind] | None:
    """The order or return whose receipt has this number in a series of ours; None where there is none."""
    row = kernel.run(_FIND, [series_id(entity_id, place_id, series), number]).fetchone()
    return None if row is None else (row[0], row[1])


_BY_NUMBER = """
SELECT r.source_id, r.kind FROM fiscal_series s JOIN fiscal_receipt r ON r.series_id = s.id AND r.number = %s
WHERE %s = '' OR s.name = %s
UNION ALL
SELECT r.source_id, r.kind FROM fiscal_receipt r WHERE r.imported_number = %s
LIMIT %s
"""
_LARGEST = 18


def find_receipts(number: str, *, limit: int = 50) -> list[tuple[UUID, Kind]]:
    """Orders and returns whose receipts have this number in any series (``series/number`` names one), or brought it."""
    series, _slash, rest = number.rpartition("/")
    own = int(rest) if rest.isascii() and rest.isdecimal() and len(rest) <= _LARGEST else -1
    rows = kernel.run(_BY_NUMBER, [own, series, series, number, limit]).fetchall()
    return [(row[0], row[1]) for row in rows]
