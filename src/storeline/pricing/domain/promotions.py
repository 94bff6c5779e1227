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

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import attrgetter
from uuid import UUID

from storeline.kernel.api import QUANTITY_ONE, UnitPrice, allocate, round_div, time_zone
from storeline.pricing.domain.terms import (
    MILLION,
    Basket,
    LineAdjustment,
    Offer,
    Price,
    Promotion,
)


@dataclass(slots=True)
class Candidate:
    """A line on its way through the promotions. `free` thousandths and `free_amount` have none yet."""

    product_id: UUID
    quantity: int
    gross: int
    by_weight: bool
    offers: Sequence[Offer]
    member_price: Price | None
    free: int = 0
    free_amount: int = 0
    left: int = 0
    closed: bool = False
    given: list[LineAdjustment] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.free, self.free_amount, self.left = self.quantity, self.gross, self.gross


@dataclass(frozen=True, slots=True)
class _Plain:
    """The best promotion of a line that needs nothing but the line."""

    kind: str
    offer: Offer
    source_id: UUID
    label: str


@dataclass(frozen=True, slots=True)
class _Run:
    """`count` like units of a line: what one costs, and what it would cost with the line's plain promotion."""

    line: int
    amount: int
    net: int
    count: int
    quantity: int


@dataclass(slots=True)
class _Taking:
    """What a group promotion would take: per line quantity and amount, and what it saves beyond plain ones."""

    promotion: Promotion
    price: int | None = None
    advantage: int = 0
    uses: int = 0
    quantities: dict[int, int] = field(default_factory=dict)
    amounts: dict[int, int] = field(default_factory=dict)


_MEMBER_PRICE = Promotion(
    UUID(int=0),
    "member price",
    "fixed_price",
    None,
    datetime.min.replace(tzinfo=UTC),
    None,
)
"""A member's price of its own works as a fixed price of priority 0 for the retailer's account."""


def is_live(promotion: Promotion, basket: Basket) -> bool:
    """Whether the promotion holds for this channel, member, moment and local hour."""
    at = basket.at
    if (
        at < promotion.starts_at
        or (promotion.ends_at is not None and at >= promotion.ends_at)
        or (promotion.member_only and not basket.member)
        or (promotion.channels is not None and basket.channel not in promotion.channels)
        or (promotion.currency is not None and promotion.currency != basket.place.currency)
    ):
        return False
    if promotion.weekdays is None and promotion.from_minute is None:
        return True
    local = at.astimezone(time_zone(basket.place.zone))
    if promotion.weekdays is not None and local.isoweekday() not in promotion.weekdays:
        return False
    minute = local.hour * 60 + local.minute
    start, end = promotion.from_minute or 0, promotion.to_minute or 1440
    return start <= minute < end if start < end else minute >= start or minute < end


def saving(offer: Offer, quantity: int, amount: int) -> int:
    """What a plain offer takes off `quantity` thousandths that cost `amount`: rounded once, 0 to `amount`."""
    kind = offer.promotion.kind
    if kind == "percentage":
        return min(amount, round_div(amount * offer.rate_ppm, MILLION))
    worth = round_div(offer.amount * quantity, offer.base)
    if kind == "amount":
        return min(amount, worth)
    return max(0, amount - worth)


def member_discount(price: Price, quantity: int, gross: int) -> LineAdjustment | None:
    """What a member's price of its own takes off a line that has no promotions; None where it is not lower."""
    worth = gross - price.unit_price.times(quantity)
    if worth <= 0:
        return None
    return LineAdjustment("member_price", "retailer", price.id, worth, _MEMBER_PRICE.label)


def apply_promotions(lines: Sequence[Candidate]) -> None:
    """Give each line its promotions (`Candidate.given`), by the rule at the top of this file.

    The lines' offers are those of promotions that run (`is_live`).
    """
    running = {offer.promotion.id: offer.promotion for line in lines for offer in line.offers}
    levels = {promotion.priority for promotion in running.values() if not promotion.stackable}
    if any(line.member_price for line in lines):
        levels.add(0)
    grouped = any(_is_group(promotion) for promotion in running.values())
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
        (offer.promotion.id, _group_price(offer)): offer.promotion
        for line in lines
        if not line.closed
        for offer in line.offers
        if _is_group(offer.promotion) and offer.promotion.priority == level
    }
    while groups:
        takings = [_try_group(lines, plains, groups[key], key[1]) for key in sorted(groups, key=str)]
        best = max(takings, key=attrgetter("advantage"))
        if best.advantage <= 0:
            break
        _take_group(lines, best)
        del groups[best.promotion.id, best.price]
    for line, plain in zip(lines, plains, strict=True):
        if plain is not None and not line.closed:
            _take_plain(line, plain)


def _is_group(promotion: Promotion) -> bool:
    return not promotion.stackable and (promotion.kind == "n_for_price" or promotion.max_uses is not None)


def _group_price(offer: Offer) -> int | None:
    """Items that state a group price of their own group among themselves only."""
    return offer.amount if offer.promotion.kind == "n_for_price" else None


def _best_plain(line: Candidate, level: int) -> _Plain | None:
    """The plain promotion or member price that saves most on the free part; ties go to the lower id."""
    if line.closed or not line.free_amount:
        return None
    choices = [
        _Plain("promotion", offer, offer.promotion.id, offer.promotion.label)
        for offer in line.offers
        if offer.promotion.priority == level
        and not offer.promotion.stackable
        and not _is_group(offer.promotion)
        and not _shut(line, offer.promotion)
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


def _member_plain(price: Price) -> _Plain:
    unit = price.unit_price
    offer = Offer(_MEMBER_PRICE, unit.amount, unit.base)
    return _Plain("member_price", offer, price.id, _MEMBER_PRICE.label)


def _take_plain(line: Candidate, plain: _Plain) -> None:
    promotion = plain.offer.promotion
    worth = 0 if _shut(line, promotion) else saving(plain.offer, line.free, line.free_amount)
    if worth > 0:
        line.free = line.free_amount = 0
        line.left -= worth
        line.closed = promotion.exclusive
        line.given.append(LineAdjustment(plain.kind, promotion.funder, plain.source_id, worth, plain.label))


def _shut(line: Candidate, promotion: Promotion) -> bool:
    """Whether an exclusive promotion keeps this one off the line, or is it and comes too late."""
    return line.closed or (promotion.exclusive and bool(line.given))


def _give(line: Candidate, promotion: Promotion, amount: int) -> None:
    amount = min(amount, line.left)
    if amount > 0:
        line.left -= amount
        line.closed = line.closed or promotion.exclusive
        line.given.append(LineAdjustment("promotion", promotion.funder, promotion.id, amount, promotion.label))


def _offer_of(line: Candidate, promotion: Promotion, price: int | None = None) -> Offer | None:
    """The line's offer under this promotion; where it has several items, the one that saves most."""
    if _shut(line, promotion):
        return None
    found = [
        offer
        for offer in line.offers
        if offer.promotion.id == promotion.id and (price is None or offer.amount == price)
    ]
    if price is not None:
        return found[0] if found else None
    return max(found, key=lambda offer: saving(offer, line.quantity, line.gross), default=None)


def _try_group(
    lines: Sequence[Candidate],
    plains: Sequence[_Plain | None],
    promotion: Promotion,
    price: int | None,
) -> _Taking:
    runs = _runs(lines, plains, promotion, price)
    if price is not None:
        return _try_n_for_price(runs, promotion, price)
    return _try_capped(lines, runs, promotion)


def _runs(
    lines: Sequence[Candidate],
    plains: Sequence[_Plain | None],
    promotion: Promotion,
    price: int | None,
) -> list[_Run]:
    """The free units of the promotion's lines, those that cost most (net of plain promotions) first.

    A line's amount is spread over its units by largest remainder. Weighed goods are one unit, and none of a group.
    """
    runs = []
    for index, line in enumerate(lines):
        if line.free <= 0 or _offer_of(line, promotion, price) is None:
            continue
        plain = plains[index]
        if line.by_weight or line.free % QUANTITY_ONE:
            if price is None:
                runs.append(_run(index, line.free_amount, 1, line.free, plain))
            continue
        count = line.free // QUANTITY_ONE
        low, higher = divmod(line.free_amount, count)
        if higher:
            runs.append(_run(index, low + 1, higher, QUANTITY_ONE, plain))
        runs.append(_run(index, low, count - higher, QUANTITY_ONE, plain))
    runs.sort(key=lambda run: (-run.net, -run.amount, lines[run.line].product_id, run.count))
    return runs


def _run(line: int, amount: int, count: int, quantity: int, plain: _Plain | None) -> _Run:
    net = amount if plain is None else amount - saving(plain.offer, quantity, amount)
    return _Run(line, amount, net, count, quantity)


def _try_n_for_price(runs: list[_Run], promotion: Promotion, price: int) -> _Taking:
    """Groups of the dearest units, as long as a further group is worth its price.

    Only the sum of the units taken matters, so taking the dearest n at a time is the best grouping.
    """
    taking = _Taking(promotion, price)
    size = promotion.group_size or 1
    most = promotion.max_uses
    counts = [run.count for run in runs]
    at = 0
    while at < len(runs) and (most is None or taking.uses < most):
        picked, net, need, cursor = [], 0, size, at
        while need and cursor < len(runs):
            units = min(need, counts[cursor])
            picked.append((cursor, units))
            net += units * runs[cursor].net
            need -= units
            cursor += 1
        if need or net <= price:
            break
        whole = counts[at] // size if picked[0][1] == size else 1
        groups = whole if most is None else min(whole, most - taking.uses)
        for position, units in picked:
            counts[position] -= units * groups
            _add(taking, runs[position], units * groups)
        taking.advantage += (net - price) * groups
        taking.uses += groups
        while at < len(runs) and not counts[at]:
            at += 1
    return taking


def _try_capped(lines: Sequence[Candidate], runs: list[_Run], promotion: Promotion) -> _Taking:
    """A plain promotion that only `max_uses` units may have: those where it gains most over the others."""
    gains = []
    for run in runs:
        offer = _offer_of(lines[run.line], promotion)
        if offer is not None:
            gain = run.net - run.amount + saving(offer, run.quantity, run.amount)
            gains.append((gain, run))
    taking = _Taking(promotion)
    for gain, run in sorted(gains, key=lambda each: -each[0]):
        units = min(run.count, (promotion.max_uses or 0) - taking.uses)
        if gain <= 0 or units <= 0:
            break
        _add(taking, run, units)
        taking.uses += units
        taking.advantage += gain * units
    return taking


def _add(taking: _Taking, run: _Run, units: int) -> None:
    line = run.line
    taking.quantities[line] = taking.quantities.get(line, 0) + units * run.quantity
    taking.amounts[line] = taking.amounts.get(line, 0) + units * run.amount


def _take_group(lines: Sequence[Candidate], taking: _Taking) -> None:
    promotion = taking.promotion
    chosen = list(taking.amounts)
    if taking.price is not None:
        amounts = [taking.amounts[index] for index in chosen]
        parts = allocate(sum(amounts) - taking.price * taking.uses, amounts)
    else:
        parts = [_capped_saving(lines[index], taking, index) for index in chosen]
    for index, part in zip(chosen, parts, strict=True):
        line = lines[index]
        line.free -= taking.quantities[index]
        line.free_amount -= taking.amounts[index]
        _give(line, promotion, part)


def _capped_saving(line: Candidate, taking: _Taking, index: int) -> int:
    offer = _offer_of(line, taking.promotion)
    return 0 if offer is None else saving(offer, taking.quantities[index], taking.amounts[index])


def _stack(lines: Sequence[Candidate], promotion: Promotion) -> None:
    """A stackable promotion: on what is left of each line that no exclusive promotion has closed."""
    for line in lines:
        offer = _offer_of(line, promotion)
        if offer is not None and line.left:
            _give(line, promotion, saving(offer, line.quantity, line.left))


def selling_price(shelf: UnitPrice, offers: Iterable[Offer]) -> tuple[UnitPrice, Offer | None]:
    """The price of one unit under the best plain offer, for shelf labels: groups and caps do not change it.

    Per `QUANTITY_ONE` thousandths unless the offer states its own base.
    """
    best, chosen = shelf, None
    unit = shelf.times(QUANTITY_ONE)
    lowest = unit
    for offer in offers:
        promotion = offer.promotion
        if promotion.kind == "n_for_price" or promotion.max_uses is not None:
            continue
        price = unit - saving(offer, QUANTITY_ONE, unit)
        if price < lowest:
            lowest, chosen = price, offer
            own = promotion.kind == "fixed_price"
            best = (
                UnitPrice(offer.amount, offer.base, shelf.currency)
                if own
                else UnitPrice(price, QUANTITY_ONE, shelf.currency)
            )
    return best, chosen
