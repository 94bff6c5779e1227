"""What a replay leaves open at one shop: its last baskets, received in every way there is, each at another step of it.

The baskets are the data's own, and keep their amounts; how they are received is invented. Everybody acts who would: the
demo's people where they are there, else the system. What was done already is looked at first, so a repeat goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Literal
from uuid import UUID

from storeline.aftersales import api as aftersales
from storeline.capacity import api as capacity
from storeline.consignment import api as consignment
from storeline.exchange.journey import Basket
from storeline.exchange.replay_choice import AT_SHOP, Chosen, neighbours
from storeline.exchange.replaying import (
    COLLECTED_AFTER,
    READY_AFTER,
    Refs,
    draft_of,
    load_refs,
    make_ready,
)
from storeline.fulfilment import api as fulfilment
from storeline.identity import api as identity
from storeline.kernel.api import GUEST, SYSTEM, Actor, clock_at, new_id, now, pump, source_id, time_zone
from storeline.orders import api as orders
from storeline.partners import api as partners
from storeline.places import api as places
from storeline.stock import api as stock

NOTE, VAN = "Weekly exchange", "Van 1"
PARTNER, SETTLED = "parcels", "bakery"
"""Whose parcels come to the shop, and which partner's last month is settled."""
_UNIT = 1000
_SIGNATURE = "M10 60" + "".join(f"L{20 + 15 * step} {40 + (step % 3) * 20}" for step in range(12))
WAYS: Mapping[str, Literal["deliver", "ship"]] = {
    "parcel": "ship",
    "parcel_to_pick": "ship",
    "delivered": "deliver",
    "loaded": "deliver",
    "to_bring": "deliver",
}


@dataclass(frozen=True, slots=True)
class _End:
    """The shop on the morning after, who works there, and the orders by their role."""

    shop: UUID
    entity: UUID
    day: date
    zone: str
    people: Mapping[str, Actor]
    orders: Mapping[str, UUID]
    households: Mapping[str, str]

    def at(self, hour: int, minute: int = 0) -> datetime:
        return datetime.combine(self.day, time(hour, minute), time_zone(self.zone))

    def who(self, role: str) -> Actor:
        return self.people.get(role, SYSTEM)

    def having(self, *roles: str) -> Iterator[UUID]:
        return (self.orders[role] for role in roles if role in self.orders)


def leave_open(chosen: Chosen) -> int:
    """Order the chosen baskets and take each as far as its role says, each deed at its hour; how many orders. May be repeated."""
    shop, refs = chosen.shop, load_refs()
    facts = places.gather([shop.id]).result()[shop.id]
    day = chosen.end.astimezone(time_zone(shop.zone)).date()
    ids = {role: _place(role, basket, refs, shop, day) for role, basket in chosen.baskets.items()}
    named = {role: _household(basket) for role, basket in chosen.baskets.items()}
    end = _End(shop.id, facts.entity_id, day, shop.zone, identity.demo_actors(), ids, named)
    for leave in (_returned, _picked, _parcels, _vans, _supplies, _transfer, _counts, _partners_parcels, _offer):
        leave(end)
    pump()
    _settle(end)
    pump()
    return len(ids)


def _place(role: str, basket: Basket, refs: Refs, shop: places.Place, day: date) -> UUID:
    draft = draft_of(basket, refs, online=True)
    with clock_at(basket.at):
        draft = replace(draft, method=WAYS.get(role, "collect"), slot_id=_slot(role, shop, day))
        if draft.brought:
            draft = replace(draft, address=_address(basket, shop))
        if role == AT_SHOP:
            draft = replace(draft, collect_at=shop.id)
        elif role == "locker" and (locker := places.find_by_ref(f"locker-{shop.ref}")) is not None:
            draft = replace(draft, collect_at=locker.id)
        (verdict,) = orders.checkout([draft], actor=SYSTEM)
        if verdict.error is not None:
            raise verdict.error
        if verdict.state == "confirmed":
            fulfilment.open_tasks([draft.id], now())
    return draft.id


_SLOTS = {"delivered": 6, "loaded": 11, "to_bring": 13, "offered": 12, "supplied": 12, "asked": 15}
"""From which hour of the morning after on they are brought or collected."""


def _slot(role: str, shop: places.Place, day: date) -> UUID | None:
    if role not in _SLOTS:
        return None
    method, since = WAYS.get(role, "collect"), datetime.combine(day, time(_SLOTS[role]), time_zone(shop.zone))
    capacity.generate([shop.id], actor=SYSTEM, first=day)
    free = (
        one for one in capacity.open_slots(shop.id, method, day) if one.starts_at >= since and one.held < one.capacity
    )
    found = next(free, None)
    return None if found is None else found.id


def _address(basket: Basket, shop: places.Place) -> orders.Address:
    return orders.Address(
        country=shop.country,
        postal_code=shop.postal_code or "00000",
        name=_household(basket),
        lines=("1 Example Street",),
        city=shop.city,
        region=shop.region,
        position=shop.position,
    )


def _household(basket: Basket) -> str:
    return f"Household {basket.customer.removeprefix('h')}"


def _returned(end: _End) -> None:
    """One was collected, and its shopper wants to bring a part of it back."""
    for order_id in end.having("returned"):
        placed = orders.get(order_id).head.placed_at
        with clock_at(min(placed + READY_AFTER, end.at(7))):
            make_ready([order_id], end.who("associate"))
        with clock_at(min(placed + COLLECTED_AFTER, end.at(8))):
            if fulfilment.get_task(order_id).state == "ready":
                fulfilment.hand_over(list(fulfilment.codes([order_id]).items()), actor=end.who("associate"))
        with clock_at(end.at(8, 5)):
            if not aftersales.requests_of(order_id):
                line = orders.get(order_id).lines[0]
                wish = aftersales.RequestLine(line.line_no, min(line.quantity, _UNIT), "damaged")
                asked = aftersales.ReturnRequest(new_id(), order_id, (wish,))
                aftersales.ask_return(asked, actor=GUEST, token=orders.token_of(order_id))


def _picked(end: _End) -> None:
    """A parcel waits for its carrier, and what the vans take waits for them."""
    with clock_at(end.at(6, 30)):
        make_ready(list(end.having("parcel", "delivered", "loaded")), end.who("associate"))


def _parcels(end: _End) -> None:
    """One waits in a box of the lockers, one from a neighbour behind the shop's counter, each for its code."""
    for role, box, who in (("locker", "7", SYSTEM), (AT_SHOP, "", end.who("associate"))):
        for order_id in end.having(role):
            with clock_at(end.at(6, 40)):
                make_ready([order_id], SYSTEM)
            parcel = fulfilment.parcels_of([order_id]).get(order_id)
            with clock_at(end.at(8, 10)):
                if parcel is not None:
                    fulfilment.arrive(parcel.id, actor=who, compartment=box)


def _partners_parcels(end: _End) -> None:
    """A marketplace's parcels: one is there, one is on its way."""
    client = end.people.get("partner")
    if client is None:
        return
    with clock_at(end.at(8, 20)):
        for number, comes in (("1", True), ("2", False)):
            label = f"PB{end.day:%y%m%d}{number}"
            parcel = fulfilment.find_parcel(end.shop, label)
            if parcel is None:
                announced = fulfilment.Announced(new_id(), end.shop, f"{PARTNER}-{label}", label)
                parcel = fulfilment.announce(announced, actor=client)
            if comes and parcel.state == "announced":
                fulfilment.arrive(parcel.id, actor=end.who("associate"))


def _vans(end: _End) -> None:
    """A van brought one order and is back; the next one is in it."""
    driver = end.who("associate")
    known = (one.id for one in fulfilment.vans_of(end.shop) if one.name == VAN)
    van = next(known, None) or fulfilment.add_van(new_id(), end.shop, VAN, actor=driver)
    for order_id in end.having("delivered"):
        turn = _turn(end, van, order_id, end.at(6, 50))
        proof = fulfilment.Proof(new_id(), "signature", name="Driver of van 1", drawing=_SIGNATURE)
        with clock_at(end.at(7)):
            if turn.state == "loading":
                fulfilment.leave(turn.id, proof, actor=driver)
        with clock_at(end.at(7, 25)):
            if fulfilment.get_task(order_id).state == "ready":
                signed = replace(proof, id=new_id(), name=end.households["delivered"])
                fulfilment.deliver(order_id, signed, actor=driver)
        with clock_at(end.at(7, 50)):
            fulfilment.come_back(turn.id, actor=driver)
    for order_id in end.having("loaded"):
        _turn(end, van, order_id, end.at(8, 45))


def _turn(end: _End, van: UUID, order_id: UUID, at: datetime) -> fulfilment.Run:
    """The van's turn with this order in it."""
    with clock_at(at):
        known = fulfilment.runs_of(end.shop, end.day)
        turn = next((one for one in known if any(drop.order_id == order_id for drop in one.drops)), None)
        if turn is None:
            empty = next((one for one in known if one.state == "loading" and not one.drops), None)
            turn = empty or fulfilment.start_run(new_id(), van, end.day, actor=end.who("associate"))
            fulfilment.assign(turn.id, [order_id], actor=end.who("associate"))
        return turn


def _supplies(end: _End) -> None:
    """Of two orders the shop lacks something, which comes from another place: one is on its way, one is asked for."""
    for role, is_sent in (("supplied", True), ("asked", False)):
        for order_id in end.having(role):
            with clock_at(end.at(8, 15)):
                if not fulfilment.rejections_of([order_id]).get(order_id):
                    line = _had_elsewhere(end, fulfilment.get_task(order_id).lines)
                    missing = fulfilment.Rejected(
                        new_id(), order_id, line.line_no, line.ordered, fulfilment.Why.NOT_FOUND
                    )
                    fulfilment.reject(missing, actor=end.who("associate"))
            with clock_at(end.at(8, 30)):
                for supply in fulfilment.supplies_of([order_id]).get(order_id, ()) if is_sent else ():
                    if supply.state == "to_pick":
                        for wanted in supply.lines:
                            fulfilment.pick_supply(supply.id, wanted.line_no, wanted.ordered, actor=SYSTEM)
                        fulfilment.send(supply.id, actor=SYSTEM)


def _had_elsewhere(end: _End, lines: Sequence[fulfilment.TaskLine]) -> fulfilment.TaskLine:
    """The line whose product the most other places have."""

    def have(line: fulfilment.TaskLine) -> int:
        found, _ = stock.list_levels(product_id=line.product_id, limit=50)
        return sum(one.level.promisable >= line.ordered and one.place_id != end.shop for one in found)

    return max(lines, key=have)


def _offer(end: _End) -> None:
    """Of one order a unit is missing, and its shopper is asked whether something else will do."""
    for order_id in end.having("offered"):
        if fulfilment.offers_of([order_id]).get(order_id):
            continue
        with clock_at(end.at(9)):
            lines = fulfilment.get_task(order_id).lines
            for short in lines:
                found = {line.line_no: line.ordered - (_UNIT if line is short else 0) for line in lines}
                picks = [fulfilment.Picked(order_id, *one) for one in found.items()]
                fulfilment.pick(picks, actor=end.who("associate"))
                _, ranked = fulfilment.candidates(fulfilment.short_line(order_id, short.line_no), limit=1)
                if ranked:
                    other = ranked[0]
                    asked = fulfilment.Asked(new_id(), order_id, short.line_no, other.product.id, _UNIT, other.quantity)
                    fulfilment.offer(asked, actor=end.who("associate"))
                    break


def _transfer(end: _End) -> None:
    """Goods come from a neighbour, and should be here at two."""
    known = stock.list_transfers(end.shop, "in")
    transfer = next((one for one in known if one.note == NOTE), None)
    with clock_at(end.at(7, 15)):
        if transfer is None:
            place = places.get_place(end.shop)
            for neighbour in neighbours(place):
                goods = _own(neighbour.id, lambda level: level.available >= 24 * _UNIT)[:4]
                here = stock.owners_of([(end.shop, one.product_id) for one in goods]).result()
                lines = [(one.product_id, 6 * _UNIT) for one in goods if (end.shop, one.product_id) not in here]
                if lines:
                    draft = stock.TransferDraft(new_id(), neighbour.id, end.shop, lines, end.at(14), NOTE)
                    transfer = stock.create_transfer(draft, actor=SYSTEM)
                    break
        if transfer is not None and transfer.state == "open":
            stock.ship_transfer(transfer.id, actor=SYSTEM)


def _own(place: UUID, fits: Callable[[stock.Level], bool]) -> list[stock.StockLevel]:
    """Some of what is the retailer's own at a place, in no lot and promised to nobody."""
    found, _ = stock.list_levels(place_id=place, limit=200)
    free = [one for one in found if not one.level.reserved and not one.level.lotted and fits(one.level)]
    theirs = stock.owners_of([(place, one.product_id) for one in free]).result()
    return [one for one in free if (place, one.product_id) not in theirs]


def _counts(end: _End) -> None:
    """A count found less than the books said; another less than is promised, which is a problem to look at."""
    with clock_at(end.at(8, 35)):
        whole = _own(end.shop, lambda level: level.on_hand >= 12 * _UNIT)[:1]
        _count(end, "shelf", [(one.product_id, one.level.on_hand - 9 * _UNIT) for one in whole])
    with clock_at(end.at(8, 40)):
        waiting = fulfilment.list_tasks(places=[end.shop], states=["to_pick"])
        task = next(
            (one for one in waiting if one.method == "collect" and one.order_id not in end.orders.values()), None
        )
        if task is not None:
            product = task.lines[0].product_id
            promised = stock.levels(end.shop, [product])[product].reserved
            _count(end, "promised", [(product, promised - _UNIT)])


def _count(end: _End, what: str, found: Iterable[tuple[UUID, int]]) -> None:
    deed = source_id("count", f"{what} {end.shop}", end.at(0))
    rows = [stock.Counted(deed, line, end.shop, *one, reason="missing") for line, one in enumerate(found, 1)]
    if rows and not stock.count_rows(deed):
        stock.count(rows, actor=end.who("shop_manager"))


def _settle(end: _End) -> None:
    """One partner's last month is settled; what others are owed still waits."""
    month = end.day.replace(day=1) - timedelta(days=1)
    for partner in partners.list_organisations():
        if partner.ref == SETTLED:
            wish = consignment.Statement(
                source_id("settlement", f"{partner.ref} {month}", end.at(0)), partner.id, end.entity, month
            )
            with clock_at(end.at(8, 50)), suppress(consignment.NothingOwed):
                consignment.settle(wish, actor=end.who("finance"))
