"""An order whose places sourcing chooses: planned, the plan kept, then placed as any other."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from storeline.capacity import api as capacity
from storeline.kernel.api import SYSTEM, Actor, Error, pipeline, run
from storeline.orders.commands.checkout import checkout_gathered
from storeline.orders.commands.quote import quote_many
from storeline.orders.domain.drafts import Draft, Verdict
from storeline.orders.domain.sources import divided, lacking, served
from storeline.orders.errors import OutOfStock, SlotTooEarly
from storeline.orders.permissions import PLACE
from storeline.sourcing import api as sourcing
from storeline.stock import api as stock

_TRIES = 3
_IS_KNOWN = "SELECT EXISTS (SELECT FROM orders_order WHERE id = %s)"


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What an order that several places give to would be: it is all where it is put together at `arrives`, and not before."""

    draft: Draft
    arrives: datetime


def foresee(draft: Draft, levels: Mapping[UUID, stock.Level], *, actor: Actor) -> Foreseen | None:
    """What `checkout_sourced` would choose just now for what the serving place lacks; nothing is kept.

    `levels` are the serving place's, by product. None where it lacks nothing, or nobody else can give it.
    """
    lacks = lacking(draft, _promisable(draft, levels))
    found = _give(draft, lacks, actor) if lacks else None
    return None if found is None else Foreseen(found[0], found[1].arrives)


def checkout_sourced(draft: Draft, *, actor: Actor, in_time: bool = False) -> Verdict:
    """Place an order, from the places that the cheapest plan chooses: which one ships it where none is named, and who gives
    what the serving one cannot promise. The plan is kept under the order's id.

    Where nobody can give what is lacking the order is refused as any other, `out_of_stock`; with `in_time` also where its
    slot begins before the goods are there, `slot_too_early`. A repeat is answered as it was.
    """
    actor.require(PLACE, draft.place_id)
    if run(_IS_KNOWN, [draft.id]).fetchall()[0][0]:
        return checkout_gathered(draft, actor=actor)
    for _ in range(_TRIES):
        chosen, planned = _choose(draft, actor)
        early = _too_early(draft) if planned and in_time else None
        verdict = early or checkout_gathered(chosen, actor=actor)
        if verdict.error is None:
            return verdict
        if planned:
            sourcing.drop_plan(draft.id, actor=SYSTEM)
        if not _others_may(draft, verdict.error):
            return verdict
    return checkout_gathered(draft, actor=actor)  # others were faster each time: it says what is not there


def _others_may(draft: Draft, error: Error) -> bool:
    """Whether other places may do what these could not: what they had was promised to somebody else, or their hour is full."""
    if isinstance(error, sourcing.PlaceFull):
        return _chooses_server(draft) or error.field != "served_by"
    return isinstance(error, OutOfStock)


def _too_early(draft: Draft) -> Verdict | None:
    """The refusal of a slot that begins before everything can be there; at a point after one more way."""
    if draft.slot_id is None:
        return None
    ways = sourcing.ways_of([draft.id])[draft.id]
    slot = capacity.get_slot(draft.slot_id)
    if slot.starts_at >= ways.arrives + (ways.takes if draft.point else ways.takes * 0):
        return None
    return Verdict(
        draft.id, None, error=SlotTooEarly("Not everything is there by then: choose a later time.", field="slot")
    )


def _choose(draft: Draft, actor: Actor) -> tuple[Draft, bool]:
    """The draft with the places that give it, and whether a plan says so, which is kept then."""
    with suppress(sourcing.PlanNotFound):  # whoever asked before was cut off between the plan and the order
        return _by(draft, sourcing.kept_plan(draft.id).plan), True
    if _chooses_server(draft):
        found = _anywhere(draft)
    else:
        with pipeline():
            levels = stock.gather_levels(draft.serving, {line.product_id for line in draft.lines})
        lacks = lacking(draft, _promisable(draft, levels.result()))
        found = _give(draft, lacks, actor) if lacks else None
    if found is None:
        return draft, False
    sourcing.keep_plan(draft.id, found[1], actor=SYSTEM, counts=False)
    return found[0], True


def _promisable(draft: Draft, levels: Mapping[UUID, stock.Level]) -> dict[UUID, int]:
    return {product: level.promisable_on(draft.channel) for product, level in levels.items()}


def _anywhere(draft: Draft) -> tuple[Draft, sourcing.Sourced] | None:
    """A parcel, from the cheapest places."""
    wanted = [sourcing.WantedLine(line.product_id, line.quantity) for line in draft.lines]
    where = draft.address.position if draft.address is not None else None
    found = sourcing.plan(wanted, where or draft.serving, channel=draft.channel, method=draft.method)
    return None if found.plan is None else (_by(draft, found.plan), found)


def _give(draft: Draft, lacks: Mapping[UUID, int], actor: Actor) -> tuple[Draft, sourcing.Sourced] | None:
    """What others give to the serving place, at the price of the order as it was asked for.

    A line that is divided may be rounded otherwise: where that changes the price, all of the line comes from elsewhere.
    """
    for wanted in (lacks, {product: _all_of(draft, product) for product in lacks}):
        found = sourcing.plan(
            [sourcing.WantedLine(*one) for one in wanted.items()],
            draft.serving,
            channel=draft.channel,
            method=draft.method,
            without={draft.serving},
            supplies=True,
        )
        if found.plan is None:
            return None
        chosen = _by(draft, found.plan)
        if not divided(draft, chosen) or _costs_the_same(draft, chosen, actor):
            return chosen, found
    return None


def _all_of(draft: Draft, product: UUID) -> int:
    return sum(line.quantity for line in draft.lines if line.product_id == product)


def _costs_the_same(draft: Draft, chosen: Draft, actor: Actor) -> bool:
    asked, found = quote_many([draft, chosen], actor=actor)
    return isinstance(asked, Error) or isinstance(found, Error) or asked.total == found.total


def _chooses_server(draft: Draft) -> bool:
    """Only a parcel may leave from anywhere: what is collected or delivered is put together where its slot is."""
    return draft.method == "ship" and draft.served_by is None


def _by(draft: Draft, plan: sourcing.Plan) -> Draft:
    """The draft as a plan serves it; of several places the one that gives most is where it is put together."""
    serving = draft.serving
    if _chooses_server(draft):
        serving = max(plan.parts, key=lambda part: (part.grams, len(part.picks), -part.km)).place_id
    gives: dict[UUID, list[tuple[UUID, int]]] = {}
    for part in plan.parts:
        for pick in part.picks:
            gives.setdefault(pick.product_id, []).append((part.place_id, pick.quantity))
    return served(draft, serving, gives)
