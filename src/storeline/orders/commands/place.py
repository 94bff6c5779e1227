"""The one writer of orders: gather under lock, decide, write. Many orders at once, each with its verdict.

Waits for the server, whatever the number of orders and lines: the facts of places and products,
everything that can be spent (known ids, prices, slots, coupons, stock), the writing, the commit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from psycopg.errors import UniqueViolation

from storeline.kernel.api import Actor, Conflict, Error, Invalid, pipeline, transaction
from storeline.orders.commands.gather import gather, gather_facts
from storeline.orders.commands.gathering import LARGEST_SET
from storeline.orders.commands.write import intents_of, write
from storeline.orders.domain.decide import Gathered, decide
from storeline.orders.domain.drafts import Accepted, Draft, Priced, Use, Verdict
from storeline.orders.domain.quote import priced
from storeline.orders.permissions import PLACE, SELL
from storeline.payments import api as payments
from storeline.stock import api as stock

MAX_ORDERS = 1000
_TRIES = 3

Placed = tuple[Verdict, Sequence[payments.IntentRow]]
"""A verdict, and the payments that a partner may have to be asked for."""


def place(drafts: Sequence[Draft], *, actor: Actor) -> list[Verdict]:
    """Place orders, in their order of arrival; each is taken whole or refused whole. One transaction.

    An order whose tenders all settle now is completed (carried out) or confirmed; one that a partner must
    authorise is pending until `confirm`, and expires. A repeat of the same id and body gives the same
    answer, marked `again`; another body is refused. Refused orders leave nothing behind.
    """
    return [verdict for verdict, _ in place_with_payments([(draft, actor) for draft in drafts])]


def place_with_payments(wishes: Sequence[tuple[Draft, Actor]]) -> list[Placed]:
    """The same, each by its own actor, with the payments of orders that are pending, for whoever asks the partners."""
    if len(wishes) > MAX_ORDERS:
        raise Invalid(f"At most {MAX_ORDERS} orders at once.", field="orders")
    drafts = [draft for draft, _ in wishes]
    placed: dict[int, Placed] = {}
    allowed: list[int] = []
    for index, (draft, actor) in enumerate(wishes):
        try:
            actor.require(SELL if draft.lines and draft.agreed else PLACE, draft.place_id)
            if draft.channel in stock.IN_SHOPS and draft.method != "carry_out":
                _require_shelf(draft, actor)
            allowed.append(index)
        except Error as error:
            placed[index] = (Verdict(draft.id, None, error=error), ())
    if allowed:
        placed |= zip(allowed, _place_raced([drafts[index] for index in allowed]), strict=True)
    return [placed[index] for index in range(len(drafts))]


def _require_shelf(draft: Draft, actor: Actor) -> None:
    """Of what is kept back online only they may promise something who stand at the shelf, or speak for those who do."""
    for place_id in draft.asked:
        actor.require(stock.SHELF, place_id)


def _place_raced(drafts: Sequence[Draft]) -> list[Placed]:
    for _ in range(_TRIES):
        try:
            with transaction(keep_plans=len(drafts) <= LARGEST_SET):
                return _place(drafts)
        except UniqueViolation:  # somebody else wrote an order of this set meanwhile: it is known now
            continue
    raise Conflict("The same orders are being placed elsewhere: try again.")


def _place(drafts: Sequence[Draft]) -> list[Placed]:
    seen, tariff = gather(drafts, gather_facts(drafts))

    def price(draft: Draft, left: Mapping[UUID, int]) -> tuple[Priced, tuple[Use, ...]]:
        return priced(draft, tariff, left)

    decided = decide(drafts, seen, price)
    accepted = [one for one in decided if isinstance(one, Accepted)]
    intents = {one.draft.id: intents_of(one) for one in accepted}
    if accepted:
        with pipeline():
            missing = write(accepted, [row for rows in intents.values() for row in rows], seen.levels)
        if missing.result():
            raise RuntimeError("a reservation failed its guard under the lock: nothing was written")
    return [_placed(draft, one, seen, intents.get(draft.id, ())) for draft, one in zip(drafts, decided, strict=True)]


def _placed(draft: Draft, one: Accepted | Verdict, seen: Gathered, intents: Sequence[payments.IntentRow]) -> Placed:
    if isinstance(one, Accepted):
        priced = one.priced
        verdict = Verdict(draft.id, one.state, draft.currency, priced.total, priced.payable)
        return verdict, intents if one.state == "pending" else ()
    known = seen.known.get(draft.id)
    if known is None or one.state != "pending":
        return one, ()
    # The repeat of an order that is still pending: its partners may not have been asked yet.
    planned = payments.plan(known.payable, 0, draft.payments)
    return one, payments.intents(
        planned,
        source_id=draft.id,
        entity_id=known.entity_id,
        place_id=draft.place_id,
        currency=draft.currency,
        at=known.placed_at,
    )
