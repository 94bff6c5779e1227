"""The retailer's real baskets once more, in time order, on the data's own clock, through the order path.

Most are till sales at the agreed price. A deterministic share are online orders: reserved, authorised,
confirmed, picked, captured and collected like anybody's, the last of them left for whoever comes after the replay.
A repeat is a no-op: ids come from the source.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connections

from storeline.exchange.documents import remember
from storeline.exchange.journey import Basket, Line
from storeline.exchange.workers import replay_shares
from storeline.fulfilment import api as fulfilment
from storeline.kernel.api import SYSTEM, Actor, Error, clock_at, now, pump, run, source_id
from storeline.orders import api as orders
from storeline.payments import api as payments

BATCH = 400
ONLINE_IN = 20
"""One basket in this many comes as an online order, where all its goods may be sold online."""
READY_AFTER, COLLECTED_AFTER = timedelta(hours=12), timedelta(hours=24)
"""How long after it was placed an online order is picked, and collected."""
_WHOLE = 1000


@dataclass(slots=True)
class Replayed:
    """What became of the baskets."""

    baskets: int = 0
    lines: int = 0
    online: int = 0
    again: int = 0
    quoted: int = 0
    reproduced: int = 0
    left_out: int = 0
    """Baskets of places that are not loaded."""
    refused: list[str] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """All that can be added up; `reproduced` is of the `quoted` lines, whose price was asked for."""
        return {
            "baskets": self.baskets,
            "lines": self.lines,
            "online": self.online,
            "again": self.again,
            "quoted": self.quoted,
            "reproduced": self.reproduced,
            "left_out": self.left_out,
        }


@dataclass(frozen=True, slots=True)
class Refs:
    """The ids behind the refs of a folder."""

    places: dict[str, UUID]
    products: dict[str, UUID]
    online: frozenset[UUID]
    customers: dict[str, UUID]


def load_refs() -> Refs:
    """Every ref once: a replay asks for each thousands of times."""
    products = run("SELECT ref, id, online AND NOT service FROM catalog_product").fetchall()
    return Refs(
        places=dict(run("SELECT ref, id FROM places_place").fetchall()),
        products={ref: product_id for ref, product_id, _ in products},
        online=frozenset(product_id for _, product_id, online in products if online),
        customers=dict(run("SELECT ref, id FROM customers_customer").fetchall()),
    )


def replay_folder(
    folder: Path,
    *,
    processes: int = 2,
    quote: bool = False,
    end: datetime | None = None,
    without: frozenset[str] = frozenset(),
    progress: Callable[[int], None] = lambda _: None,
) -> dict[str, Any]:
    """Replay a written folder with several processes, each place in time order; the counts.

    Baskets whose refs are in `without` are left to somebody else. Meanwhile this process lets the consumers read. What the second reader finds the folder to be worth is kept
    for the audit.
    """

    def hear(baskets: int) -> None:
        progress(baskets)
        pump(patience=0)

    connections.close_all()
    parts: list[Replayed] = replay_shares(folder, processes, quote=quote, end=end, without=without, progress=hear)
    pump()
    refused = [text for part in parts for text in part.refused]
    remember(folder, orders=[text.partition(":")[0] for text in refused], returns=())
    counted: Counter[str] = Counter()
    for part in parts:
        counted.update(part.counts())
    return {
        **counted,
        "refused": len(refused),
        "examples": refused[:10],
        "reproduced_share": round(counted["reproduced"] / counted["quoted"], 4) if counted["quoted"] else 0.0,
    }


def replay(
    baskets: Iterable[Basket],
    refs: Refs,
    *,
    quote: bool = False,
    end: datetime | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Replayed:
    """Send baskets through `orders`, in batches; what is online is picked and collected right after.

    Baskets of places that are not loaded are left out and counted. What would be picked or collected after `end`
    is left to pick or to hand over. With `quote`, our own prices are asked first what
    each line would cost, and compared to the cent.
    """
    done = Replayed()
    for batch in _batches(_loaded(baskets, refs, done)):
        drafts = [draft_of(basket, refs, online=is_online(basket, refs)) for basket in batch]
        with clock_at(batch[-1].at):
            if quote:
                _compare(drafts, done)
            verdicts = orders.checkout(drafts, actor=SYSTEM)
            _serve({draft.id: draft.placed_at for draft in drafts if draft.placed_at}, verdicts, end)
        _count(done, batch, drafts, verdicts)
        progress(len(batch))
    return done


def _compare(drafts: Sequence[orders.Draft], done: Replayed) -> None:
    """Quote the same goods without the agreed amounts. Lines of quantity 0 have no price to compare."""
    asked = []
    for draft in drafts:
        lines = [line for line in draft.lines if line.quantity]
        wish = replace(
            draft,
            channel="store",
            method="carry_out",
            lines=tuple([line._replace(agreed=None) for line in lines]),
        )
        asked.append((wish, [_received(line) for line in lines]))
    quotes = orders.quote_many([wish for wish, _ in asked], actor=SYSTEM)
    for (_, received), quote in zip(asked, quotes, strict=True):
        done.quoted += len(received)
        if not isinstance(quote, Error):
            ours = [line.amount for line in quote.lines]
            done.reproduced += sum(map(int.__eq__, ours, received))


def _received(line: orders.DraftLine) -> int:
    """What the retailer received for a line agreed at a till."""
    if line.agreed is None:
        return 0
    return line.agreed.gross - sum(one.amount for one in line.agreed.discounts if one.funder == "retailer")


def _loaded(baskets: Iterable[Basket], refs: Refs, done: Replayed) -> Iterator[Basket]:
    for basket in baskets:
        if basket.place in refs.places:
            yield basket
        else:
            done.left_out += 1


def _batches(baskets: Iterable[Basket]) -> Iterator[list[Basket]]:
    rest = iter(baskets)
    while batch := list(islice(rest, BATCH)):
        yield batch


def draft_of(basket: Basket, refs: Refs, *, online: bool) -> orders.Draft:
    """The basket at its agreed amounts: sold at a till, or ordered online to be collected."""
    return orders.Draft(
        id=source_id("order", basket.ref, basket.at),
        place_id=refs.places[basket.place],
        channel="online" if online else "store",
        lines=tuple([_line(line, refs) for line in basket.lines]),
        currency=basket.currency,
        method="collect" if online else "carry_out",
        payments=(payments.Offer(payments.SANDBOX_CARD, token="tok_approve"),)  # noqa: S106  # the sandbox's own word
        if online
        else (payments.Offer(payments.CASH),),
        customer_id=refs.customers.get(basket.customer),
        placed_at=basket.at,
        ref=basket.ref,
        source="replay",
    )


def _line(line: Line, refs: Refs) -> orders.DraftLine:
    discounts = tuple([orders.LineDiscount(one.kind, one.funder, one.amount) for one in line.discounts])
    return orders.DraftLine(refs.products[line.product], line.quantity, orders.Agreed(line.gross, discounts))


def is_online(basket: Basket, refs: Refs) -> bool:
    """Chosen by the ref alone, so that every replay chooses the same."""
    lot = int.from_bytes(blake2b(basket.ref.encode(), digest_size=4).digest())
    return lot % ONLINE_IN == 0 and may_be_online(basket, refs)


def may_be_online(basket: Basket, refs: Refs) -> bool:
    """Whether all of it may be sold online, and costs something: never fuel, gift cards or empty lines."""
    return all(line.quantity >= _WHOLE and refs.products[line.product] in refs.online for line in basket.lines) and sum(
        line.amount for line in basket.lines
    ) > sum(_funded(line) for line in basket.lines)


def _funded(line: Line) -> int:
    return sum(one.amount for one in line.discounts if one.funder != "retailer")


def _serve(placed: dict[UUID, datetime], verdicts: Sequence[orders.Verdict], end: datetime | None) -> None:
    """Pick all that was ordered, make ready, hand over against the code; goes on where a killed replay stopped."""
    order_ids = [one.order_id for one in verdicts if one.state == "confirmed"]
    if not order_ids:
        return
    fulfilment.open_tasks(order_ids, now())
    picked = _until(order_ids, placed, READY_AFTER, end)
    make_ready(picked, SYSTEM)
    collected = _until(picked, placed, COLLECTED_AFTER, end)
    fulfilment.hand_over(list(fulfilment.codes(collected).items()), actor=SYSTEM)


def make_ready(order_ids: Collection[UUID], actor: Actor) -> None:
    """Pick all of these orders and say so, from wherever they stand."""
    states = {task.order_id: task.state for task in fulfilment.tasks_of(order_ids).values()}
    fulfilment.pick_all(_in(states, "to_pick", "picking"), actor=actor)
    fulfilment.ready(_in(states, "to_pick", "picking", "capturing", "unpaid"), actor=actor)


def _until(order_ids: list[UUID], placed: dict[UUID, datetime], after: timedelta, end: datetime | None) -> list[UUID]:
    return [one for one in order_ids if end is None or placed[one] + after <= end]


def _in(states: dict[UUID, str], *wanted: str) -> list[UUID]:
    return [order_id for order_id, state in states.items() if state in wanted]


def _count(
    done: Replayed, batch: Sequence[Basket], drafts: Sequence[orders.Draft], verdicts: Sequence[orders.Verdict]
) -> None:
    for basket, draft, verdict in zip(batch, drafts, verdicts, strict=True):
        done.baskets += 1
        done.lines += len(basket.lines)
        done.online += draft.method == "collect"
        done.again += verdict.again
        if verdict.error is not None:
            done.refused.append(f"{basket.ref}: {verdict.error.code}: {verdict.error.detail}")
