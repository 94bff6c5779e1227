"""What the second reader found each order and return of a folder to be worth, kept for the audit."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from storeline.exchange.totals import Document, documents
from storeline.kernel.api import raw, run, transaction

_MAKE = """
CREATE TEMP TABLE read_document (kind text, ref text, place text, week text, currency text, amount numeric) ON COMMIT DROP
"""
_COPY = "COPY pg_temp.read_document FROM STDIN"
_KEEP = """
INSERT INTO exchange_document (kind, ref, place, week, currency, amount)
SELECT kind, ref, place, week, currency, amount FROM pg_temp.read_document
ON CONFLICT (kind, ref) DO NOTHING
"""


def remember(folder: Path, *, orders: Collection[str], returns: Collection[str]) -> int:
    """Read `folder` a second time and keep its documents, without the refused `orders` and `returns`; how many were new."""
    return keep(documents(folder, zones=known_zones()), orders=orders, returns=returns)


def known_zones() -> dict[str, str]:
    """The zone of each place, for folders that do not list their places."""
    return dict(run("SELECT ref, zone FROM places_place").fetchall())


def keep(found: Iterable[Document], *, orders: Collection[str], returns: Collection[str]) -> int:
    """Keep what the second reader found, without the refused `orders` and `returns`; how many were new."""
    refused = {"order": frozenset(orders), "return": frozenset(returns)}
    with transaction():
        run(_MAKE)
        with raw().cursor().copy(_COPY) as copy:
            for document in found:
                if document.ref not in refused[document.kind]:
                    copy.write_row(document)
        return run(_KEEP).rowcount
