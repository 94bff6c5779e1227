"""An order whose places sourcing chooses: planned, the plan kept, then placed as any other."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from storeline.kernel.api import SYSTEM, Actor, pipeline, run
from storeline.orders.commands.checkout import checkout_gathered
from storeline.orders.domain.drafts import Draft, Verdict
from storeline.orders.domain.sources import lacking, served
from storeline.orders.errors import OutOfStock
from storeline.orders.permissions import PLACE
from storeline.sourcing import api as sourcing
from storeline.stock import api as stock

_TRIES = 3
_IS_KNOWN = "SELECT EXISTS (SELECT FROM orders_order WHERE id = %s)"


def checkout_sourced(draft: Draft, *, actor: Actor) -> Verdict:
    """Place an order, from the places that the cheapest plan chooses: which one ships it where none is named, and who gives
    what the serving one cannot promise. The plan is kept under the order's id.

    Where nobody can give what is lacking the order is refused as any other, `out_of_stock`. A repeat is answered as it was.
    """
    actor.require(PLACE, draft.place_id)
    if run(_IS_KNOWN, [draft.id]).fetchall()[0][0]:
        return checkout_gathered(draft, actor=actor)
    for _ in range(_TRIES):
        try:
            chosen, planned = _choose(draft)
        except sourcing.PlaceFull:
            continue
        verdict = checkout_gathered(chosen, actor=actor)
        if verdict.error is None:
            return verdict
        if planned:
            sourcing.drop_plan(draft.id, actor=SYSTEM)
        if not isinstance(verdict.error, OutOfStock):
            return verdict
    return checkout_gathered(draft, actor=actor)  # others were faster each time: it says what is not there


def _choose(draft: Draft) -> tuple[Draft, bool]:
    """The draft with the places that give it, and whether a plan says so, which is kept then."""
    with suppress(sourcing.PlanNotFound):  # whoever asked before was cut off between the plan and the order
        return _by(draft, sourcing.kept_plan(draft.id).plan), True
    wanted = [sourcing.WantedLine(line.product_id, line.quantity) for line in draft.lines]
    without: set[UUID] = set()
    if not _chooses_server(draft):
        with pipeline():
            levels = stock.gather_levels(draft.serving, {line.product_id for line in draft.lines})
        there = {product: level.promisable_on(draft.channel) for product, level in levels.result().items()}
        wanted = [sourcing.WantedLine(*one) for one in lacking(draft, there).items()]
        without = {draft.serving}
    if not wanted:
        return draft, False
    where = draft.address.position if draft.address is not None else None
    found = sourcing.plan(wanted, where or draft.serving, channel=draft.channel, method=draft.method, without=without)
    if found.plan is None:
        return draft, False
    sourcing.keep_plan(draft.id, found, actor=SYSTEM)
    return _by(draft, found.plan), True


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
