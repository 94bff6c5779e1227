"""Promotions that need several units, or that only so many units may have: which units they take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from storeline.kernel.api import QUANTITY_ONE, allocate
from storeline.pricing.domain.candidate import Candidate, Plain, give, offer_of
from storeline.pricing.domain.offers import saving
from storeline.pricing.domain.terms import Offer, Promotion


def is_group(promotion: Promotion) -> bool:
    return not promotion.stackable and (promotion.kind == "n_for_price" or promotion.max_uses is not None)


def group_price(offer: Offer) -> int | None:
    """Items that state a group price of their own group among themselves only."""
    return offer.amount if offer.promotion.kind == "n_for_price" else None


@dataclass(frozen=True, slots=True)
class Run:
    """`count` like units of a line: what one costs, and what it would cost with the line's plain promotion."""

    line: int
    amount: int
    net: int
    count: int
    quantity: int


@dataclass(slots=True)
class Taking:
    """What a group promotion would take: per line quantity and amount, and what it saves beyond plain ones."""

    promotion: Promotion
    price: int | None = None
    advantage: int = 0
    uses: int = 0
    quantities: dict[int, int] = field(default_factory=dict)
    amounts: dict[int, int] = field(default_factory=dict)


def try_group(
    lines: Sequence[Candidate],
    plains: Sequence[Plain | None],
    promotion: Promotion,
    price: int | None,
) -> Taking:
    runs = _runs(lines, plains, promotion, price)
    if price is not None:
        return _try_n_for_price(runs, promotion, price)
    return _try_capped(lines, runs, promotion)


def _runs(
    lines: Sequence[Candidate],
    plains: Sequence[Plain | None],
    promotion: Promotion,
    price: int | None,
) -> list[Run]:
    """The free units of the promotion's lines, those that cost most (net of plain promotions) first.

    A line's amount is spread over its units by largest remainder. Weighed goods are one unit, and none of a group.
    """
    runs = []
    for index, line in enumerate(lines):
        if line.free <= 0 or offer_of(line, promotion, price) is None:
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


def _run(line: int, amount: int, count: int, quantity: int, plain: Plain | None) -> Run:
    net = amount if plain is None else amount - saving(plain.offer, quantity, amount)
    return Run(line, amount, net, count, quantity)


def _try_n_for_price(runs: list[Run], promotion: Promotion, price: int) -> Taking:
    """Groups of the dearest units, as long as a further group is worth its price.

    Only the sum of the units taken matters, so taking the dearest n at a time is the best grouping.
    """
    taking = Taking(promotion, price)
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


def _try_capped(lines: Sequence[Candidate], runs: list[Run], promotion: Promotion) -> Taking:
    """A plain promotion that only `max_uses` units may have: those where it gains most over the others."""
    gains = []
    for run in runs:
        offer = offer_of(lines[run.line], promotion)
        if offer is not None:
            gain = run.net - run.amount + saving(offer, run.quantity, run.amount)
            gains.append((gain, run))
    taking = Taking(promotion)
    for gain, run in sorted(gains, key=lambda each: -each[0]):
        units = min(run.count, (promotion.max_uses or 0) - taking.uses)
        if gain <= 0 or units <= 0:
            break
        _add(taking, run, units)
        taking.uses += units
        taking.advantage += gain * units
    return taking


def _add(taking: Taking, run: Run, units: int) -> None:
    line = run.line
    taking.quantities[line] = taking.quantities.get(line, 0) + units * run.quantity
    taking.amounts[line] = taking.amounts.get(line, 0) + units * run.amount


def take_group(lines: Sequence[Candidate], taking: Taking) -> None:
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
        give(line, promotion, part)


def _capped_saving(line: Candidate, taking: Taking, index: int) -> int:
    offer = offer_of(line, taking.promotion)
    return 0 if offer is None else saving(offer, taking.quantities[index], taking.amounts[index])
