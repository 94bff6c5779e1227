"""Every lock of fiscal: number series, in the order of their ids. No order ever holds one."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from storeline.fiscal.domain import Document, Series
from storeline.kernel import api as kernel

_OPEN = """
INSERT INTO fiscal_series (id, entity_id, place_id, name, last_number, last_hash)
SELECT id, entity_id, place_id, name, 0, ''
FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::text[]) AS s(id, entity_id, place_id, name)
ORDER BY id ON CONFLICT DO NOTHING
"""
_LOCK = """
SELECT id, last_number, last_hash FROM fiscal_series WHERE id = ANY(%s::uuid[]) ORDER BY id FOR UPDATE
"""


def lock_series(documents: Sequence[Document]) -> kernel.Pending[dict[UUID, Series]]:
    """Open the series of these documents where they are new, and lock them until the transaction ends."""
    by_id = {document.series_id: document for document in documents}
    kernel.run(
        _OPEN,
        [
            kernel.ids_array(by_id),
            kernel.ids_array(one.entity_id for one in by_id.values()),
            kernel.ids_array(one.place_id for one in by_id.values()),
            kernel.texts_array(one.series for one in by_id.values()),
        ],
    )
    return kernel.later(_LOCK, [kernel.ids_array(by_id)], lambda rows: {row[0]: Series(*row) for row in rows})
