"""A quote: what a basket costs here and now, every step of it; nothing is written or held."""

from __future__ import annotations

from collections.abc import Sequence

from storeline.kernel.api import Actor, Error, Invalid, pipeline
from storeline.orders.commands.gather import Facts, gather_facts, gather_tariff
from storeline.orders.domain import quote as rules
from storeline.orders.domain.decide import check_sold
from storeline.orders.domain.drafts import Draft, check_lines
from storeline.orders.permissions import QUOTE
from storeline.pricing import api as pricing


def quote(draft: Draft, *, actor: Actor) -> pricing.Quote:
    """Price a basket as `place` would. Two waits. Raises what `place` refuses, but for stock."""
    (answer,) = quote_many([draft], actor=actor)
    if isinstance(answer, Error):
        raise answer
    return answer


def quote_many(drafts: Sequence[Draft], *, actor: Actor) -> list[pricing.Quote | Error]:
    """Price many baskets in the same two waits, each with its quote or why there is none."""
    actor.require(QUOTE)
    facts = gather_facts(drafts)
    with pipeline():
        pending = gather_tariff(drafts, facts, lock=False)
    tariff = pending.result()
    return [_quote_one(draft, facts, tariff) for draft in drafts]


def _quote_one(draft: Draft, facts: Facts, tariff: rules.Tariff) -> pricing.Quote | Error:
    try:
        check_lines(draft.lines, agreed=False)
        if draft.brought and draft.address is None:
            raise Invalid("Say where to bring it: the country and the postal code are enough.", field="address")
        check_sold(draft, facts.places, facts.products, facts.listed)
        return rules.quote(draft, tariff, tariff.coupons.left)[0]
    except Error as refusal:
        return refusal
