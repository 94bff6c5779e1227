"""Transfers: packed at one place, shipped, received at another, with every difference named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from storeline.catalog import api as catalog
from storeline.kernel.api import (
    Actor,
    BodyMismatch,
    Event,
    Invalid,
    business_date,
    format_quantity,
    ids_array,
    ints_array,
    later,
    now,
    pipeline,
    publish,
    run,
    trail,
    transaction,
)
from storeline.places import api as places
from storeline.stock.commands.arrivals import has_come, is_coming
from storeline.stock.commands.lots import write_lots
from storeline.stock.commands.moves import post_named, post_sales
from storeline.stock.domain.goods import LONGEST_NOTE, Kind, Level, MoveRow, Pair, expected_levels
from storeline.stock.domain.lots import LotBook, LotChange, share
from storeline.stock.domain.transfers import (
    Arrival,
    ArrivedLine,
    Transfer,
    TransferDraft,
    TransferLine,
    TransferState,
    check_arrived,
)
from storeline.stock.errors import NoTransfer, OtherOwner, Reserved, WrongTransferState
from storeline.stock.locks import lock, lock_transfer
from storeline.stock.permissions import ADJUST, RECEIVE, TRANSFER
from storeline.stock.queries.lots import lots_of
from storeline.stock.queries.owners import owners_of
from storeline.stock.queries.transfers import get_transfer

MOST_LINES = 1_000
_CREATE = """
INSERT INTO stock_transfer (id, from_place_id, to_place_id, due_at, note, created_at) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (id) DO NOTHING
"""
_LINES = """
INSERT INTO stock_transfer_line (transfer_id, product_id, line_no, quantity)
SELECT %s, product_id, n, quantity
FROM unnest(%s::uuid[], %s::bigint[]) WITH ORDINALITY AS line(product_id, quantity, n)
"""
_PUT = """
INSERT INTO stock_transfer_line (transfer_id, product_id, line_no, quantity)
SELECT %s, %s, coalesce(max(line_no), 0) + 1, %s FROM stock_transfer_line WHERE transfer_id = %s
ON CONFLICT (transfer_id, product_id) DO UPDATE SET quantity = excluded.quantity
"""
_TAKE_OFF = "DELETE FROM stock_transfer_line WHERE transfer_id = %s AND product_id = %s"
_SHIP = """
UPDATE stock_transfer SET state = 'shipped', shipped_at = %s, due_at = coalesce(%s, due_at), forced = %s
WHERE id = %s AND state = 'open'
"""
_SHIPPED = "UPDATE stock_transfer_line SET shipped = quantity WHERE transfer_id = %s"
_CANCEL = "UPDATE stock_transfer SET state = 'cancelled', ended_at = %s WHERE id = %s AND state = 'open'"
_ARRIVALS = """
SELECT product_id, received, lost, damaged, found, note, transfer_id FROM stock_transfer_arrival WHERE arrival_id = %s
"""
_ARRIVED = """
INSERT INTO stock_transfer_arrival
    (arrival_id, transfer_id, product_id, received, lost, damaged, found, note, at, actor_id)
SELECT %s, %s, product_id, received, lost, damaged, found, note, %s, %s::uuid
FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[])
    AS line(product_id, received, lost, damaged, found, note)
"""
# The CHECK on what is in transit is the guard.
_ADD_UP = """
UPDATE stock_transfer_line t SET received = t.received + a.received, lost = t.lost + a.lost,
    damaged = t.damaged + a.damaged, found = t.found + a.found
FROM stock_transfer_arrival a
WHERE a.arrival_id = %s AND t.transfer_id = a.transfer_id AND t.product_id = a.product_id
"""
_END = """
UPDATE stock_transfer SET state = 'received', ended_at = %s WHERE id = %s AND state = 'shipped' AND NOT EXISTS (
    SELECT FROM stock_transfer_line WHERE transfer_id = %s AND shipped + found - received - lost - damaged <> 0
)
"""
# What left in which lot, less what has arrived of it, first out first.
_LOTS_UNDER_WAY = """
SELECT t.product_id, m.lot, l.expires_on, -m.quantity - coalesce((
    SELECT sum(i.quantity)::bigint FROM stock_lot_move i
    WHERE i.kind = 'transfer_in' AND i.lot = m.lot AND i.product_id = m.product_id AND i.source_id IN (
        SELECT a.arrival_id FROM stock_transfer_arrival a WHERE a.transfer_id = t.transfer_id
    )
), 0) AS quantity
FROM stock_transfer_line t
JOIN stock_lot_move m ON m.source_id = t.transfer_id AND m.line_no = t.line_no AND m.kind = 'transfer_out'
LEFT JOIN stock_lot l ON l.place_id = m.place_id AND l.product_id = m.product_id AND l.lot = m.lot
WHERE t.transfer_id = %s AND t.product_id = ANY(%s::uuid[]) ORDER BY l.expires_on, m.lot
"""


def create_transfer(draft: TransferDraft, *, actor: Actor) -> Transfer:
    """Begin a transfer; nothing moves yet. The same draft again is the same transfer, another under its id is refused.

    It is due in the future; who repeats a draft does so at any time.
    """
    _check_draft(draft)
    actor.require(TRANSFER, draft.from_place)
    with transaction():
        _check_known(draft)
        made = run(
            _CREATE, [draft.id, draft.from_place, draft.to_place, draft.due_at, draft.note.strip(), now()]
        ).rowcount
        if made:
            _check_due(draft.due_at)
            run(
                _LINES,
                [
                    draft.id,
                    ids_array(product for product, _ in draft.lines),
                    ints_array(quantity for _, quantity in draft.lines),
                ],
            )
            trail(actor, "stock.transfer", draft.id, place_id=draft.from_place, detail={"lines": len(draft.lines)})
        found = get_transfer(draft.id)
    if not made and not _is_same(draft, found):
        raise BodyMismatch("This id was used for something else.", field="id")
    return found


def put_transfer_line(transfer_id: UUID, product_id: UUID, quantity: int, *, actor: Actor) -> Transfer:
    """Set how much of a product an open transfer has; 0 takes it off. The same again changes nothing."""
    if quantity < 0:
        raise Invalid("A quantity is 0 or more.", field="quantity")
    with transaction():
        found = _locked(transfer_id)
        actor.require(TRANSFER, found.from_place)
        if found.state is not TransferState.OPEN:
            raise WrongTransferState("It has left, or was called off: nothing can be added.", field="id")
        if product_id not in catalog.gather([product_id]).result():
            raise Invalid("There is no such product.", field="product")
        if not quantity:
            run(_TAKE_OFF, [transfer_id, product_id])
        elif len(found.lines) >= MOST_LINES:
            raise Invalid(f"A transfer has at most {MOST_LINES} products.", field="product")
        else:
            run(_PUT, [transfer_id, product_id, quantity, transfer_id])
        return get_transfer(transfer_id)


def ship_transfer(transfer_id: UUID, *, actor: Actor, due_at: datetime | None = None, force: str = "") -> Transfer:
    """The goods leave: movements out of the place, first from the lots that expire first. Shipped twice is once.

    Raises Reserved, and changes nothing, where promises hold some of it; with `force`, the reason, whoever may correct
    stock ships it all the same, and the exceptions that open name the promises at risk.
    """
    with transaction():
        found = _locked(transfer_id)
        actor.require(TRANSFER, found.from_place)
        if found.state in {TransferState.SHIPPED, TransferState.RECEIVED}:
            return found
        _check_shippable(found, due_at, force, actor)
        pairs = [(found.from_place, line.product_id) for line in found.lines]
        levels = lock(pairs).result()
        _check_owners(found)
        if not force.strip():
            _check_free(found.lines, found.from_place, levels)
        moment, zone = now(), places.gather([found.from_place]).result()[found.from_place].zone
        with pipeline():
            post_sales(
                [
                    _move(found.id, line, Kind.TRANSFER_OUT, found.from_place, -line.quantity, moment, zone)
                    for line in found.lines
                ]
            )
            run(_SHIP, [moment, due_at, force.strip(), found.id])
            run(_SHIPPED, [found.id])
            _tell(actor, "transfer_out", found, found.from_place)
        return get_transfer(transfer_id)


def receive_transfer(arrival: Arrival, *, actor: Actor) -> Transfer:
    """Goods arrived, whole or in parts: what came goes on the books here, what is lost or damaged is named and ends.

    The same arrival again changes nothing, another under its id is refused. The last line ends the transfer.
    """
    if not arrival.lines:
        raise Invalid("There are no lines.", field="lines")
    with transaction():
        is_coming(arrival.transfer_id)
        found = _locked(arrival.transfer_id)
        actor.require(RECEIVE, found.to_place)
        known = run(_ARRIVALS, [arrival.id]).fetchall()
        if known:
            if {tuple(row) for row in known} != _body(arrival):
                raise BodyMismatch("This id was used for something else.", field="id")
            return found
        if found.state is not TransferState.SHIPPED:
            raise WrongTransferState("Nothing of it is under way.", field="id")
        lines = {line.product_id: line for line in found.lines}
        check_arrived(lines, arrival.lines)
        _take_in(arrival, found, lines)
        moment = now()
        with pipeline():
            run(_ARRIVED, [arrival.id, found.id, moment, actor.id, *_columns(arrival.lines)])
            run(_ADD_UP, [arrival.id])
            run(_END, [moment, found.id, found.id])
            _tell(actor, "transfer_in", found, found.to_place)
        after = get_transfer(found.id)
        has_come(after)
        return after


def cancel_transfer(transfer_id: UUID, *, actor: Actor) -> Transfer:
    """Call a transfer off before it leaves; nothing had moved. Twice is once."""
    with transaction():
        found = _locked(transfer_id)
        actor.require(TRANSFER, found.from_place)
        if found.state is TransferState.CANCELLED:
            return found
        if found.state is not TransferState.OPEN:
            raise WrongTransferState("It has left already: receive it, and send it back.", field="id")
        run(_CANCEL, [now(), transfer_id])
        trail(actor, "stock.transfer_cancel", transfer_id, place_id=found.from_place)
        return get_transfer(transfer_id)


def _locked(transfer_id: UUID) -> Transfer:
    if not lock_transfer(transfer_id):
        raise NoTransfer("There is no such transfer.")
    return get_transfer(transfer_id)


def _check_draft(draft: TransferDraft) -> None:
    if draft.from_place == draft.to_place:
        raise Invalid("Goods go to another place.", field="to_place")
    if len(draft.note) > LONGEST_NOTE:
        raise Invalid(f"A note has at most {LONGEST_NOTE} characters.", field="note")
    if len(draft.lines) > MOST_LINES:
        raise Invalid(f"A transfer has at most {MOST_LINES} products.", field="lines")
    seen: set[UUID] = set()
    for index, (product, quantity) in enumerate(draft.lines):
        if quantity <= 0:
            raise Invalid("A transfer has quantities above 0.", field=f"lines[{index}].quantity")
        if product in seen:
            raise Invalid("This product is named twice.", field=f"lines[{index}].product")
        seen.add(product)


def _check_known(draft: TransferDraft) -> None:
    with pipeline():
        found_places = places.gather([draft.from_place, draft.to_place])
        found_products = catalog.gather([product for product, _ in draft.lines])
    known, products = found_places.result(), found_products.result()
    for field, place in (("from_place", draft.from_place), ("to_place", draft.to_place)):
        if place not in known:
            raise Invalid("There is no such place.", field=field)
    for index, (product, _) in enumerate(draft.lines):
        if product not in products:
            raise Invalid("There is no such product.", field=f"lines[{index}].product")


def _is_same(draft: TransferDraft, found: Transfer) -> bool:
    lines = {line.product_id: line.quantity for line in found.lines}
    return (
        (draft.from_place, draft.to_place, draft.note.strip()) == (found.from_place, found.to_place, found.note)
        and (not draft.lines or dict(draft.lines) == lines)
        and draft.due_at in (None, found.due_at)
    )


def _check_shippable(found: Transfer, due_at: datetime | None, force: str, actor: Actor) -> None:
    if found.state is TransferState.CANCELLED:
        raise WrongTransferState("It was called off.", field="id")
    if not found.lines:
        raise Invalid("There is nothing in it yet.", field="lines")
    _check_due(due_at)
    if len(force) > LONGEST_NOTE:
        raise Invalid(f"A reason has at most {LONGEST_NOTE} characters.", field="force")
    if force.strip():
        actor.require(ADJUST, found.from_place)


def _check_due(due_at: datetime | None) -> None:
    """Promises count on it. People type it to the minute."""
    if due_at is not None and due_at < now() - timedelta(minutes=1):
        raise Invalid("It arrives in the future.", field="due_at")


def _check_free(lines: Sequence[TransferLine], place: UUID, levels: Mapping[Pair, Level]) -> None:
    for index, line in enumerate(lines):
        available = max(levels.get((place, line.product_id), Level(0, 0)).available, 0)
        if line.quantity > available:
            raise Reserved(
                f"Only {format_quantity(available)} of it is free: the rest is promised, or not there.",
                field=f"lines[{index}].quantity",
                product=str(line.product_id),
                available=format_quantity(available),
            )


def _check_owners(found: Transfer) -> None:
    """Goods stay their owner's: a partner's goods go only to where they are its too. What came back elsewhere may go home."""
    pairs = [(place, line.product_id) for line in found.lines for place in (found.from_place, found.to_place)]
    owners = owners_of(pairs).result()
    for index, line in enumerate(found.lines):
        here, there = (owners.get((place, line.product_id)) for place in (found.from_place, found.to_place))
        if here is not None and (there is None or there.organisation_id != here.organisation_id):
            raise OtherOwner("It is a partner's here, and not there.", field=f"lines[{index}].product")


def _take_in(arrival: Arrival, found: Transfer, lines: Mapping[UUID, TransferLine]) -> None:
    """Post what came, each line with the lots that it left in."""
    came = [line for line in arrival.lines if line.received]
    pairs = [(found.to_place, line.product_id) for line in came]
    with pipeline():
        locked = lock(pairs)
        there = lots_of(pairs)
        under_way = later(_LOTS_UNDER_WAY, [found.id, ids_array(line.product_id for line in came)], list)
        facts = places.gather([found.to_place])
    levels, lots, zone, moment = locked.result(), there.result(), facts.result()[found.to_place].zone, now()
    moves = [
        _move(arrival.id, lines[line.product_id], Kind.TRANSFER_IN, found.to_place, line.received, moment, zone)
        for line in came
    ]
    left: dict[UUID, list[tuple[str, int]]] = {}
    days = {}
    for product, lot, expires_on, quantity in under_way.result():
        left.setdefault(product, []).append((lot, quantity))
        days[product, lot] = expires_on
    known = {(lot.product_id, lot.lot) for lot in lots if lot.expires_on is not None}
    changes = [
        LotChange(
            *(arrival.id, lines[line.product_id].line_no, Kind.TRANSFER_IN.value, found.to_place, line.product_id),
            *(lot, quantity, None if (line.product_id, lot) in known else days[line.product_id, lot]),
        )
        for line in came
        for lot, quantity in share(line.received - line.found, left.get(line.product_id, []))
    ]
    with pipeline():
        post_named(moves)
        if changes:
            after = {pair: level.on_hand for pair, level in expected_levels(levels, moves).items()}
            book = LotBook(lots, after, {found.to_place: business_date(moment, zone)})
            for one in changes:
                book.change(one)
            book.fit(changes)
            write_lots(book)


def _move(
    source: UUID, line: TransferLine, kind: Kind, place: UUID, quantity: int, moment: datetime, zone: str
) -> MoveRow:
    return MoveRow(
        source, line.line_no, kind.value, place, line.product_id, quantity, moment, business_date(moment, zone)
    )


def _body(arrival: Arrival) -> set[tuple[object, ...]]:
    return {
        (*_parts(line), arrival.transfer_id) for line in (replace(one, note=one.note.strip()) for one in arrival.lines)
    }


def _parts(line: ArrivedLine) -> tuple[object, ...]:
    return line.product_id, line.received, line.lost, line.damaged, line.found, line.note


def _columns(lines: Sequence[ArrivedLine]) -> list[object]:
    return [
        ids_array(line.product_id for line in lines),
        ints_array(line.received for line in lines),
        ints_array(line.lost for line in lines),
        ints_array(line.damaged for line in lines),
        ints_array(line.found for line in lines),
        [line.note.strip() for line in lines],
    ]


def _tell(actor: Actor, what: str, found: Transfer, place: UUID) -> None:
    detail = {"lines": len(found.lines)}
    trail(actor, f"stock.{what}", found.id, place_id=place, detail=detail)
    payload = {"from": str(found.from_place), "to": str(found.to_place), **detail}
    publish([Event(f"stock.{what}", found.id, place, payload=payload)])
