"""Sales that goods may come back from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from storeline.aftersales import api as aftersales
from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.tests.factories import all_rows, balances, differences, read_events, ready
from storeline.kernel.api import SYSTEM, new_id, run
from storeline.orders import api as orders
from storeline.orders.tests.factories import Shop, make

__all__ = [
    "another_place",
    "balances",
    "by_entity",
    "collected",
    "differences",
    "every_row",
    "read_events",
    "sold",
    "taken",
]


def sold(shop: Shop, lines: Sequence[tuple[int, int]] = ((2, 500),), **changes: Any) -> UUID:
    """A till's cash sale of (units, cents) lines."""
    draft = shop.sale(lines, **changes)
    (verdict,) = orders.checkout([draft], actor=SYSTEM)
    assert verdict.state == "completed", verdict.error
    return draft.id


def collected(shop: Shop, quantities: Sequence[int] = (2, 1), **changes: Any) -> UUID:
    """An online order that was collected."""
    order_id, code = ready(shop, quantities, **changes)
    fulfilment.hand_over([(order_id, code)], actor=SYSTEM)
    return order_id


def taken(shop: Shop, order_id: UUID | None, *lines: aftersales.ReturnLine, **changes: Any) -> aftersales.Return:
    """A return at this shop."""
    return replace(aftersales.Return(new_id(), shop.place, lines, order_id=order_id), **changes)


def another_place(shop: Shop, *, entity: UUID | None = None, ref: str = "p2") -> Shop:
    """A second place, of the same entity or of another."""
    place = make(
        "places.Place",
        ref=ref,
        entity_id=entity or shop.entity,
        name="Other shop",
        format="supermarket",
        zone="America/New_York",
        country="US",
        capabilities=["sell", "collect"],
    )
    return replace(shop, entity=entity or shop.entity, place=place)


def another_entity(currency: str = "USD") -> UUID:
    """A second legal entity of the group."""
    return make(
        "places.Entity",
        ref="e2",
        name="Sisters",
        country="US",
        currency=currency,
        tax_regime="t",
        inclusive=False,
        zone="UTC",
    )


def by_entity() -> dict[tuple[UUID, str], int]:
    """What stands on each account of each entity."""
    rows = run(
        "SELECT entity_id, account, sum(amount)::bigint FROM ledger_posting GROUP BY 1, 2 HAVING sum(amount) <> 0"
    )
    return {(entity, account): amount for entity, account, amount in rows.fetchall()}


def every_row() -> dict[str, list[Any]]:
    """Every row that a return can change, to prove that a refusal changed none."""
    own = ("aftersales_return", "aftersales_line", "aftersales_refund", "stock_exception", "kernel_trail")
    return all_rows() | {table: run(f"SELECT t::text FROM {table} t ORDER BY 1").fetchall() for table in own}
