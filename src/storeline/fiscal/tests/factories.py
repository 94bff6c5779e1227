"""Documents for tests."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from storeline.fiscal import api as fiscal
from storeline.kernel import api as kernel

ENTITY = UUID(int=1)
PLACE = UUID(int=3)
DAY = date(2026, 3, 4)
AT = datetime(2026, 3, 4, 12, 30, 0, 123456, tzinfo=UTC)


def document(
    series: str = "till-1",
    *,
    minutes: int = 0,
    total: int = 1080,
    source_id: UUID | None = None,
    place_id: UUID = PLACE,
    kind: str = "sale",
) -> fiscal.Document:
    return fiscal.Document(
        "return" if kind == "return" else "sale",
        source_id or kernel.new_id(),
        ENTITY,
        place_id,
        series,
        DAY,
        AT + timedelta(minutes=minutes),
        "USD",
        total,
        ((0, 500, 0), (80000, 500, 40)),
    )


def numbers(*documents: fiscal.Document) -> list[str | None]:
    found = fiscal.receipts_of([one.source_id for one in documents])
    return [found[one.source_id].number if one.source_id in found else None for one in documents]


def everything() -> list[list[kernel.Row]]:
    return [
        kernel.run(f"SELECT t::text FROM {table} t ORDER BY 1").fetchall()
        for table in ("fiscal_series", "fiscal_receipt")
    ]
