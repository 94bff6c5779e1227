"""Orders: online with every kind of answer from the partner, batches from tills, cancellations."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import orjson

from storeline.capacity import api as capacity
from storeline.kernel.api import SYSTEM, Error, new_id, source_id
from storeline.orders import api as orders
from storeline.payments import api as payments
from tests.faults.deeds.world import World, some
from tests.faults.logbook import Answer, Spec
from tests.faults.shop import PRICE

SHARED = 25
"""So many batches and wishes all workers have in common: they bring the same ones, at the same time."""
FEW_SLOTS = 4
"""So many of each shop's slots are chosen ahead, so that several want one."""
_DAY = datetime(2024, 6, 1, tzinfo=UTC)
_TOKENS = {
    "tok_approve": 12,
    "tok_decline": 2,
    "tok_timeout": 2,
    "tok_late": 3,
    "tok_error": 1,
    "tok_capture_decline": 1,
}


def plan_online(world: World, chance: Random) -> Spec:
    """One to six baskets to be collected: new ones, ones that others bring too, ones that came before, twins."""
    wishes = [_wish(world, chance) for _ in range(chance.choice((1, 1, 1, 2, 6)))]
    if chance.random() < 0.4:
        number = chance.randrange(SHARED)
        wishes.append(_wish(world, Random(f"{world.seed}:wish:{number}"), shared=f"{world.seed}:{number}"))
    _price(wishes)
    return {"orders": _again(wishes, world, chance)}


def plan_hold_slot(world: World, chance: Random) -> Spec:
    """Somebody chooses a slot, of few places, before they pay; or another one instead."""
    ref = chance.choice(list(world.slots))
    slot = str(chance.choice(world.slots[ref][:FEW_SLOTS]))
    if world.chosen and chance.random() < 0.3:
        return {"order": chance.choice(list(world.chosen)), "slot": slot}
    order = str(new_id())
    world.chosen[order] = (ref, slot)
    return {"order": order, "slot": slot}


def do_hold_slot(spec: Spec) -> Answer:
    """For some minutes, or refused."""
    try:
        capacity.hold(UUID(spec["order"]), UUID(spec["slot"]), actor=SYSTEM)
    except Error as refusal:
        return {"error": refusal.code}
    return {"held_slot": [spec["order"], spec["slot"]]}


def plan_till_card(world: World, chance: Random) -> Spec:
    """Sales at a till paid by card."""
    place, currency = world.place(chance)
    lines = [[str(product), chance.randint(1, 2) * 1000] for product in world.goods(chance)]
    token = _token(chance)
    sale = _order(str(new_id()), place, currency, lines, [["sandbox_card", None, token]], "till", "carry_out")
    return {"orders": _again([sale], world, chance)}


def plan_till_batch(world: World, chance: Random) -> Spec:
    """What a till sold while it was away from us: agreed amounts, in any order, some of it twice, also by others."""
    number = chance.randrange(SHARED)
    shared = Random(f"{world.seed}:till:{number}")
    sales = [_sold(world, shared, f"{world.seed}:{number}:{n}") for n in range(shared.choice((1, 8, 40)))]
    if chance.random() < 0.5:
        sales += chance.sample(sales, len(sales) // 4)
    if chance.random() < 0.5:
        chance.shuffle(sales)
    return {"orders": sales}


def plan_cancel(_world: World, chance: Random) -> Spec | None:
    """Somebody changes their mind."""
    found = some(
        "SELECT id FROM orders_order WHERE state IN ('pending', 'confirmed') ORDER BY random() LIMIT %s",
        chance.randint(1, 2),
    )
    return {"ids": found} if found else None


def do_checkout(spec: Spec) -> Answer:
    """Place, ask the partner, confirm."""
    return _answer(orders.checkout([_draft(one) for one in spec["orders"]], actor=SYSTEM))


def do_place(spec: Spec) -> Answer:
    """Place what was sold and paid."""
    return _answer(orders.place([_draft(one) for one in spec["orders"]], actor=SYSTEM))


def do_cancel(spec: Spec) -> Answer:
    """All or none."""
    try:
        return {"cancelled": list(orders.cancel([UUID(str(one)) for one in spec["ids"]], reason="changed_mind"))}
    except Error as refusal:
        return {"error": refusal.code}


# --- wishes ---


def _wish(world: World, chance: Random, shared: str = "") -> Spec:
    place, currency = world.place(chance)
    ref = next(ref for ref, known in world.places.items() if known == place)
    chosen = next((order for order, (at, _) in world.chosen.items() if at == ref), None) if not shared else None
    lines: list[list[Any]] = [[str(product), chance.randint(1, 3) * 1000] for product in world.goods(chance)]
    if chance.random() < 0.2:
        lines.append([str(world.products["p5"]), chance.randint(100, 2500)])
    paid: list[list[Any]] = [["sandbox_card", None, _token(chance)]]
    if chance.random() < 0.15:
        paid.insert(0, ["cash", 100, ""])
    wish_id = str(source_id("wish", shared, _DAY) if shared else chosen or new_id())
    wish = _order(wish_id, place, currency, lines, paid, "web", "collect")
    if chosen:
        wish["slot"] = world.chosen.pop(chosen)[1]
    elif chance.random() < 0.5:
        wish["slot"] = str(chance.choice(world.slots[ref]))
    if not shared and chance.random() < 0.4:
        wish["coupons"] = [chance.choice(("FEW", "ONCE", "MAKER"))]
        wish["customer"] = str(chance.choice(world.customers))
    if chance.random() < 0.1:
        wish["served_by"] = str(world.places["south" if ref == "north" else "north"])
    return wish


def _order(
    order_id: str, place: UUID, currency: str, lines: list[list[Any]], paid: list[list[Any]], channel: str, method: str
) -> Spec:
    return {
        "id": order_id,
        "place": str(place),
        "currency": currency,
        "lines": lines,
        "payments": paid,
        "channel": channel,
        "method": method,
    }


def _sold(world: World, chance: Random, key: str) -> Spec:
    place, currency = world.place(chance)
    lines: list[list[Any]] = []
    for product in world.goods(chance):
        quantity = chance.randint(1, 3)
        off = chance.choice((0, 0, 25))
        gross = quantity * PRICE
        net = gross - off
        tax = (net * 8875 + 50_000) // 100_000 if currency == "USD" else (net * 19 + 59) // 119
        lines.append([str(product), quantity * 1000, [gross, off, tax, 88_750 if currency == "USD" else 190_000]])
    at = _DAY + timedelta(minutes=chance.randrange(60 * 24 * 7))
    sale = _order(str(source_id("sale", key, at)), place, currency, lines, [["cash", None, ""]], "store", "carry_out")
    return sale | {"at": at.isoformat(), "till": f"T{chance.randint(1, 2)}"}


def _token(chance: Random) -> str:
    (token,) = chance.choices(list(_TOKENS), list(_TOKENS.values()))
    return token


def _price(wishes: Sequence[Spec]) -> None:
    """Each is shown its total first, as in a shop; one that cannot be quoted goes without, and is refused."""
    quotes = orders.quote_many([_draft(wish) for wish in wishes], actor=SYSTEM)
    for wish, quote in zip(wishes, quotes, strict=True):
        if not isinstance(quote, Error):
            wish["expected_total"] = quote.total


def _again(wishes: list[Spec], world: World, chance: Random) -> list[Spec]:
    """With some that came before, some twice, in any order."""
    brought = list(wishes)
    if world.past and chance.random() < 0.3:
        brought += chance.sample(world.past, min(2, len(world.past)))
    if chance.random() < 0.2:
        brought.append(wishes[0])
    chance.shuffle(brought)
    world.past += wishes
    return brought


def _draft(spec: Spec) -> orders.Draft:
    return orders.Draft(
        id=UUID(spec["id"]),
        place_id=UUID(spec["place"]),
        channel=spec["channel"],
        lines=tuple([_line(line) for line in spec["lines"]]),
        currency=spec["currency"],
        method=spec["method"],
        payments=tuple([payments.Offer(tender, amount, token) for tender, amount, token in spec["payments"]]),
        served_by=UUID(spec["served_by"]) if "served_by" in spec else None,
        customer_id=UUID(spec["customer"]) if "customer" in spec else None,
        slot_id=UUID(spec["slot"]) if "slot" in spec else None,
        coupons=tuple(spec.get("coupons", ())),
        expected_total=spec.get("expected_total"),
        placed_at=datetime.fromisoformat(spec["at"]) if "at" in spec else None,
        till=spec.get("till"),
        body_hash=hashlib.sha256(orjson.dumps(spec, option=orjson.OPT_SORT_KEYS)).digest(),
    )


def _line(line: list[Any]) -> orders.DraftLine:
    product, quantity, *agreed = line
    if not agreed:
        return orders.DraftLine(UUID(product), quantity)
    gross, off, tax, rate = agreed[0]
    discounts = (orders.LineDiscount("promotion", "retailer", off),) if off else ()
    return orders.DraftLine(UUID(product), quantity, orders.Agreed(gross, discounts, tax, rate))


def _answer(verdicts: Sequence[orders.Verdict]) -> Answer:
    return {
        "orders": [
            [str(one.order_id), one.state, one.total, None if one.error is None else one.error.code] for one in verdicts
        ]
    }
