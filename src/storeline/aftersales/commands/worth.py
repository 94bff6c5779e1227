"""Without its sale nobody knows what was paid: then a product brings no more than it costs here today."""

from __future__ import annotations

from uuid import UUID

from storeline.aftersales.domain.terms import Return
from storeline.aftersales.errors import RefundRefused
from storeline.aftersales.permissions import OTHER_TENDER
from storeline.kernel.api import SYSTEM, Actor, Error
from storeline.orders import api as orders
from storeline.places import api as places


def check_worth(asked: Return, actor: Actor) -> None:
    """Refuse more than today's price before any promotion, but by those who decide about money; raises RefundRefused."""
    if actor.may(OTHER_TENDER, asked.place_id):
        return
    facts = places.gather([asked.place_id]).result().get(asked.place_id)
    if facts is None:
        return  # it is refused for that
    drafts = [
        orders.Draft(
            UUID(int=0),
            asked.place_id,
            asked.channel,
            (orders.DraftLine(line.product_id or UUID(int=0), line.quantity),),
            facts.currency,
        )
        for line in asked.lines
    ]
    quotes = orders.quote_many(drafts, actor=SYSTEM) if drafts else []
    for index, (line, quote) in enumerate(zip(asked.lines, quotes, strict=True)):
        if isinstance(quote, Error):
            told = "It has no price here: a manager says what it brings."
            raise RefundRefused(told, field=f"lines[{index}].product") from quote
        if (line.amount or 0) > quote.lines[0].gross:
            told = "It costs less here: a manager says that it brings more."
            raise RefundRefused(told, field=f"lines[{index}].amount")
