"""A quote: what a basket costs here and now, every step of it; nothing is written or held."""

from __future__ import annotations

from storeline.kernel.api import Actor, pipeline
from storeline.orders.commands.gather import gather_facts, gather_tariff
from storeline.orders.domain import quote as rules
from storeline.orders.domain.decide import check_sold
from storeline.orders.domain.drafts import Draft, check_lines
from storeline.orders.permissions import QUOTE
from storeline.pricing import api as pricing


def quote(draft: Draft, *, actor: Actor) -> pricing.Quote:
    """Price a basket as `place` would. Two waits. Raises what `place` refuses, but for stock."""
    actor.require(QUOTE)
    check_lines(draft.lines, agreed=False)
    facts = gather_facts([draft])
    check_sold(draft, facts.places, facts.products, facts.listed)
    with pipeline():
        pending = gather_tariff([draft], facts)
    tariff = pending.result()
    return rules.quote(draft, tariff, tariff.coupons.left)[0]
