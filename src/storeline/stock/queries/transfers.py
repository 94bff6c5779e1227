"""Reads of transfers."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from storeline.kernel.api import Row, ids_array, run
from storeline.stock.domain.transfers import Transfer, TransferLine, TransferState
from storeline.stock.errors import NoTransfer

_LAST = UUID(int=(1 << 128) - 1)
_HEAD = """
SELECT t.id, t.from_place_id, t.to_place_id, t.state, t.due_at, t.note, t.created_at, t.shipped_at, t.ended_at
FROM stock_transfer t
"""
_LINES = """
SELECT transfer_id, line_no, product_id, quantity, shipped, received, lost, damaged, found
FROM stock_transfer_line WHERE transfer_id = ANY(%s::uuid[]) ORDER BY transfer_id, line_no
"""
# One statement for each side, so that each is a walk along one index.
_LIST = f"""{_HEAD}
WHERE t.{{side}} = %s AND t.id < %s AND (%s::text[] IS NULL OR t.state = ANY(%s::text[]))
ORDER BY t.id DESC LIMIT %s
"""
_OUT, _IN = (_LIST.format(side=side) for side in ("from_place_id", "to_place_id"))
_ALL = f"""{_HEAD}
WHERE t.id < %s AND (%s::text[] IS NULL OR t.state = ANY(%s::text[])) ORDER BY t.id DESC LIMIT %s
"""
Side = Literal["out", "in"]


def get_transfer(transfer_id: UUID) -> Transfer:
    """The transfer with this id. Raises NoTransfer."""
    rows = run(f"{_HEAD} WHERE t.id = %s", [transfer_id]).fetchall()
    if not rows:
        raise NoTransfer("There is no such transfer.")
    return _with_lines(rows)[0]


def knows_arrival(arrival_id: UUID) -> bool:
    """Whether this arrival was taken in before."""
    sql = "SELECT 1 FROM stock_transfer_arrival WHERE arrival_id = %s LIMIT 1"
    return run(sql, [arrival_id]).fetchone() is not None


def list_transfers(
    place_id: UUID | None,
    side: Side = "in",
    *,
    states: tuple[TransferState, ...] = (),
    before: UUID | None = None,
    limit: int = 100,
) -> list[Transfer]:
    """Transfers that come to a place (or go `out` of it; of all places without one), the latest first, older than `before`."""
    wanted = [state.value for state in states] or None
    params = [before or _LAST, wanted, wanted, limit]
    if place_id is None:
        return _with_lines(run(_ALL, params).fetchall())
    return _with_lines(run(_OUT if side == "out" else _IN, [place_id, *params]).fetchall())


def _with_lines(rows: list[Row]) -> list[Transfer]:
    lines: dict[UUID, list[TransferLine]] = {}
    if rows:
        for transfer, *line in run(_LINES, [ids_array(row[0] for row in rows)]):
            lines.setdefault(transfer, []).append(TransferLine(*line))
    return [_transfer(row, tuple(lines.get(row[0], ()))) for row in rows]


def _transfer(row: Row, lines: tuple[TransferLine, ...]) -> Transfer:
    state = TransferState(row[3])
    return Transfer(row[0], row[1], row[2], state, row[4], row[5], row[6], row[7], row[8], lines)
