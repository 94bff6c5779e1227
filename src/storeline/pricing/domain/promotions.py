"""Which promotions a basket gets, and what they take off each line.

The rule, level by level of `priority`, highest first: every unit takes the one promotion that is
best for the shopper. First the groups (`n_for_price`) and the promotions with `max_uses` are tried in
the order of what they save beyond the plain ones; the units they leave take the best plain one.
Stackable promotions come last, each on what is left of the line. Nothing goes below zero.

For one group promotion beside any number of plain ones this is the best for the shopper to the
minor unit of rounding; several groups over the same goods are tried greedily (the exact optimum is
a set packing problem).
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

from storeline.pricing.domain.candidate import Candidate, Plain, give, offer_of, shut
from storeline.pricing.domain.groups import group_price, is_group, take_group, try_group
from storeline.pricing.domain.offers import MEMBER_PRICE, saving
from storeline.pricing.domain.terms import LineAdjustment, Offer, Price, Promotion


def apply_promotions(lines: Sequence[Candidate]) -> None:
    """Give each line its promotions (`Candidate.given`), by the rule at the top of this file.

    The lines' offers are those of promotions that run (`is_live`).
    """
    running = {offer.promotion.id: offer.promotion for line in lines for offer in line.offers}
    levels = {promotion.priority for promotion in running.values() if not promotion.stackable}
    if any(line.member_price for line in lines):
        levels.add(0)
    grouped = any(is_group(promotion) for promotion in running.values())
    for level in sorted(levels, reverse=True):
        if grouped:
            _apply_level(lines, level)
        else:
            for line in lines:
                if (plain := _best_plain(line, level)) is not None:
                    _take_plain(line, plain)
    stackable = [promotion for promotion in running.values() if promotion.stackable]
    for promotion in sorted(stackable, key=lambda each: (-each.priority, each.id)):
        _stack(lines, promotion)


def _apply_level(lines: Sequence[Candidate], level: int) -> None:
    plains = [_best_plain(line, level) for line in lines]
    groups = {
        (offer.promotion.id, group_price(offer)): offer.promotion
        for line in lines
        if not line.closed
        for offer in line.offers
        if is_group(offer.promotion) and offer.promotion.priority == level
    }
    while groups:
        takings = [try_group(lines, plains, groups[key], key[1]) for key in sorted(groups, key=str)]
        best = max(takings, key=attrgetter("advantage"))
        if best.advantage <= 0:
            break
        take_group(lines, best)
        del groups[best.promotion.id, best.price]
    for line, plain in zip(lines, plains, strict=True):
        if plain is not None and not line.closed:
            _take_plain(line, plain)


def _best_plain(line: Candidate, level: int) -> Plain | None:
    """The plain promotion or member price that saves most on the free part; ties go to the lower id."""
    if line.closed or not line.free_amount:
        return None
    choices = [
        Plain("promotion", offer, offer.promotion.id)
        for offer in line.offers
        if offer.promotion.priority == level
        and not offer.promotion.stackable
        and not is_group(offer.promotion)
        and not shut(line, offer.promotion)
    ]
    if line.member_price is not None and level == 0:
        price = line.member_price
        choices.append(_member_plain(price))
    if len(choices) > 1:
        choices.sort(key=lambda each: each.source_id)
    best, most = None, 0
    for choice in choices:
        worth = saving(choice.offer, line.free, line.free_amount)
        if worth > most:
            best, most = choice, worth
    return best


def _member_plain(price: Price) -> Plain:
    unit = price.unit_price
    offer = Offer(MEMBER_PRICE, unit.amount, unit.base)
    return Plain("member_price", offer, price.id)


def _take_plain(line: Candidate, plain: Plain) -> None:
    promotion = plain.offer.promotion
    worth = 0 if shut(line, promotion) else saving(plain.offer, line.free, line.free_amount)
    if worth > 0:
        line.free = line.free_amount = 0
        line.left -= worth
        line.closed = promotion.exclusive
        line.given.append(LineAdjustment(plain.kind, promotion.funder, plain.source_id, worth, *promotion.title))


def _stack(lines: Sequence[Candidate], promotion: Promotion) -> None:
    """A stackable promotion: on what is left of each line that no exclusive promotion has closed."""
    for line in lines:
        offer = offer_of(line, promotion)
        if offer is not None and line.left:
            give(line, promotion, saving(offer, line.quantity, line.left))
