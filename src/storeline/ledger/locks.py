"""Every lock of the ledger: holdings, in the order of their ids. Postings need none, they are only added."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from storeline.kernel import api as kernel
from storeline.ledger.domain import Holding

_LOCK = """
SELECT id, entity_id, account, currency, balance FROM ledger_holding
WHERE id = ANY(%s::uuid[]) ORDER BY id FOR UPDATE
"""


def lock_holdings(ids: Iterable[UUID]) -> kernel.Pending[dict[UUID, Holding]]:
    """Lock these holdings until the transaction ends; an id that is absent from the answer is unknown."""
    return kernel.later(_LOCK, [kernel.ids_array(set(ids))], lambda rows: {row[0]: Holding(*row) for row in rows})
