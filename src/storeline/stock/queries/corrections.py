"""Reads of corrections: what was corrected, why, by whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from storeline.kernel.api import run

_LAST = UUID(int=(1 << 128) - 1)
_CORRECTIONS = """
SELECT a.source_id, a.line_no, a.kind, a.place_id, a.product_id, a.quantity, a.reason, a.note, a.lot, a.at, a.actor_id
FROM stock_adjustment a
WHERE a.place_id = %s AND (%s::uuid IS NULL OR a.product_id = %s) AND (a.at, a.source_id, a.line_no) < (%s, %s, %s)
ORDER BY a.at DESC, a.source_id DESC, a.line_no DESC LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class CorrectionRow:
    """A correction or waste: `reason` is one of `REASONS`; `actor_id` null where a program did it."""

    source_id: UUID
    line_no: int
    kind: str
    place_id: UUID
    product_id: UUID
    quantity: int
    reason: str
    note: str
    lot: str | None
    at: datetime
    actor_id: UUID | None


def corrections(
    place_id: UUID,
    *,
    product_id: UUID | None = None,
    before: tuple[datetime, UUID, int] | None = None,
    limit: int = 100,
) -> list[CorrectionRow]:
    """Corrections at a place, the latest first, older than the one `before` (its moment, source and line)."""
    older = before or (datetime.max.replace(tzinfo=UTC), _LAST, 0)
    return [CorrectionRow(*row) for row in run(_CORRECTIONS, [place_id, product_id, product_id, *older, limit])]
