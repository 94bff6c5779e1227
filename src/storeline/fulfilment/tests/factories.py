"""Orders that wait to be picked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from storeline.fulfilment import api as fulfilment
from storeline.kernel.api import CHECKS, CONSUMERS, SYSTEM, Envelope, new_id, now, run, transaction
from storeline.orders import api as orders
from storeline.orders.tests.factories import CARD, Shop, brought, everything, make
from storeline.payments.api import Offer
from storeline.stock import api as stock

_UNREAD = """
SELECT e.xid::text, e.id, e.type, e.subject_id, e.place_id, e.entity_id, e.at, e.payload FROM kernel_event e
LEFT JOIN kernel_checkpoint c ON c.name = %s
WHERE (e.xid, e.id) > (coalesce(c.xid, '0'::xid8), coalesce(c.event_id, 0)) ORDER BY e.xid, e.id
"""
_READ = """
INSERT INTO kernel_checkpoint (name, xid, event_id) VALUES (%s, %s::text::xid8, %s)
ON CONFLICT (name) DO UPDATE SET xid = excluded.xid, event_id = excluded.event_id
"""


def read_events(*names: str) -> None:
    """Hand our consumers all that they have not read, whatever other test runs on the same server hold back."""
    for name in names or ("fulfilment.tasks", "fulfilment.money"):
        while rows := run(_UNREAD, [name]).fetchall():
            wanted = [Envelope(*row[1:]) for row in rows if row[2] in CONSUMERS[name].types]
            with transaction():
                if wanted:
                    CONSUMERS[name].handle(wanted)
                run(_READ, [name, rows[-1][0], rows[-1][1]])


def to_pick(
    shop: Shop, quantities: Sequence[int] = (2, 1), *, payments: tuple[Offer, ...] = CARD, **changes: Any
) -> UUID:
    """A confirmed order to collect, with its task."""
    draft = shop.draft(quantities, payments=payments, **changes)
    (verdict,) = orders.checkout([draft], actor=SYSTEM)
    assert verdict.state == "confirmed", verdict.error
    read_events("fulfilment.tasks")
    return draft.id


def ready(shop: Shop, quantities: Sequence[int] = (2, 1), **changes: Any) -> tuple[UUID, str]:
    """An order that is ready, and its code."""
    order_id = to_pick(shop, quantities, **changes)
    fulfilment.pick_all([order_id], actor=SYSTEM)
    assert fulfilment.ready([order_id], actor=SYSTEM) == {order_id: "ready"}
    return order_id, fulfilment.codes([order_id])[order_id]


def picks(order_id: UUID, *quantities: int) -> list[fulfilment.Picked]:
    """So many thousandths of the first lines."""
    return [fulfilment.Picked(order_id, line_no, quantity) for line_no, quantity in enumerate(quantities, 1)]


def state_of(order_id: UUID) -> tuple[str, str]:
    """How the task and the order stand."""
    return fulfilment.get_task(order_id).state, orders.get(order_id).head.state


def all_rows() -> dict[str, list[Any]]:
    """Every row that fulfilment can change, to prove that a refusal changed none."""
    own = (
        "fulfilment_task",
        "fulfilment_task_line",
        "fulfilment_offer",
        "fulfilment_run",
        "fulfilment_drop",
        "fulfilment_proof",
        "fulfilment_parcel",
        "fulfilment_shipment",
        "fulfilment_supply",
        "fulfilment_supply_line",
        "fulfilment_rejection",
        "stock_adjustment",
        "stock_transfer",
        "stock_transfer_line",
        "sourcing_plan",
        "orders_substitute",
    )
    return everything() | {table: run(f"SELECT t::text FROM {table} t ORDER BY 1").fetchall() for table in own}


def balances() -> dict[str, int]:
    """What stands on each account."""
    rows = run("SELECT account, sum(amount)::bigint FROM ledger_posting GROUP BY account HAVING sum(amount) <> 0")
    return dict(rows.fetchall())


def differences() -> list[str]:
    """What the audit finds in all that an order touches."""
    modules = {"fulfilment", "aftersales", "orders", "sourcing", "stock", "payments", "ledger", "capacity"}
    return [
        f"{name}: {difference}"
        for name, check in CHECKS.items()
        if name.partition(".")[0] in modules
        for difference in check.run().differences
    ]


def supplying(
    here: Shop,
    units: int,
    ref: str = "other",
    capabilities: Sequence[str] = ("sell", "collect"),
    longitude: float = -83.0,
) -> UUID:
    """Another place of the same retailer with so many units of the shop's first product."""
    place = make(
        "places.Place",
        ref=ref,
        entity_id=here.entity,
        name=ref,
        format="supermarket",
        zone="America/New_York",
        country="US",
        capabilities=list(capabilities),
        latitude=40.0,
        longitude=longitude,
    )
    run("UPDATE places_place SET latitude = 40, longitude = -82.9 WHERE id = %s", [here.place])
    stock.adjust([stock.Goods(new_id(), 1, place, here.products[0], units * 1000, "found")], actor=SYSTEM)
    return place


DRAWN = "M10 90" + "".join(f"L{20 + 10 * step} {40 + step}" for step in range(12))


def signed(name: str = "D. River", drawing: str = DRAWN) -> fulfilment.Proof:
    return fulfilment.Proof(new_id(), "signature", name=name, drawing=drawing)


def ready_to_bring(here: Shop, slot: UUID, **changes: Any) -> UUID:
    """An order to be brought that is picked and paid."""
    draft = brought(here, slot, [1], **changes)
    (verdict,) = orders.checkout([draft], actor=SYSTEM)
    assert verdict.state == "confirmed", verdict.error
    read_events("fulfilment.tasks")
    fulfilment.pick_all([draft.id], actor=SYSTEM)
    assert fulfilment.ready([draft.id], actor=SYSTEM) == {draft.id: "ready"}
    return draft.id


def loading(here: Shop, *order_ids: UUID, name: str = "Van 1") -> UUID:
    van = fulfilment.add_van(new_id(), here.place, name, actor=SYSTEM)
    turn = new_id()
    fulfilment.start_run(turn, van, now().date(), actor=SYSTEM)
    fulfilment.assign(turn, order_ids, actor=SYSTEM)
    return turn


def point(here: Shop, place_format: str = "collection_point", **fields: Any) -> UUID:
    """Where orders are collected that are picked elsewhere."""
    return make(
        "places.Place",
        ref=f"at-{place_format}",
        entity_id=here.entity,
        name="Corner",
        format=place_format,
        zone="UTC",
        country="US",
        **({"capabilities": ["collect"]} | fields),
    )
