"""The exact plan against every plan there is."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from itertools import combinations, product
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from storeline.sourcing import api as sourcing
from storeline.sourcing.domain import solve as solving
from storeline.sourcing.domain.seen import _site
from storeline.sourcing.domain.solve import solve
from storeline.sourcing.domain.values import MILLION, chance_there, reached, waste_row

POLICY = sourcing.Policy(
    visit=100, line=10, parcel=50, parcel_km=2, kg=1_000, parcel_grams=1_000, split=30, most_places=3
)


def place(number: int) -> UUID:
    return UUID(int=number + 1)


def everything(needs: Sequence[sourcing.Need], sites: Sequence[sourcing.Site], policy: sourcing.Policy) -> int | None:
    """The least cost of all ways to divide every line over all places and nowhere."""
    costs = [
        cost(needs, sites, policy, ways)
        for ways in product(*[list(divisions(one, index, sites)) for index, one in enumerate(needs)])
    ]
    allowed = [one for one in costs if one is not None]
    return min(allowed, default=None)


def divisions(one: sourcing.Need, index: int, sites: Sequence[sourcing.Site]) -> Iterator[tuple[int, ...]]:
    most = [one.portions if one.refusal is not None else 0, *[site.has[index] for site in sites]]
    for way in product(*[range(min(many, one.portions) + 1) for many in most]):
        if sum(way) == one.portions:
            yield way


def cost(needs: Any, sites: Any, policy: sourcing.Policy, ways: Any) -> int | None:
    total: int = 0
    used = 0
    for at, site in enumerate(sites, 1):
        taken = [way[at] for way in ways]
        if not any(taken):
            continue
        used += 1
        total += policy.visit if site.visit is None else site.visit
        total += (policy.line if site.line is None else site.line) * sum(many > 0 for many in taken)
        total += policy.parcel + round(policy.parcel_km * site.km)
        total += sum(many * (one.grams * policy.kg // 1_000) for one, many in zip(needs, taken, strict=True))
        total += sum(sum(row[:many]) for row, many in zip(site.keep, taken, strict=True))
        total -= sum(sum(row[:many]) for row, many in zip(site.waste, taken, strict=True))
    if used > policy.most_places:
        return None
    refused: int = sum((one.refusal or 0) * way[0] for one, way in zip(needs, ways, strict=True))
    return total + policy.split * max(used - 1, 0) + refused


@st.composite
def orders(draw, most_lines=3, most_portions=2, most_sites=4):
    lines = draw(st.integers(1, most_lines))
    refusable = draw(st.booleans())
    needs = [
        sourcing.Need(
            UUID(int=900 + index),
            draw(st.integers(1, most_portions)),
            1_000,
            draw(st.sampled_from([0, 100, 400, 900])),
            draw(st.integers(0, 600)) if refusable else None,
        )
        for index in range(lines)
    ]
    sites = [site(draw, number, needs) for number in range(draw(st.integers(1, most_sites)))]
    return needs, sites, replace(POLICY, most_places=draw(st.integers(1, 4)))


def site(draw, number, needs) -> sourcing.Site:
    has = tuple(draw(st.integers(0, 3)) for _ in needs)
    keep, waste = [], []
    for many, one in zip(has, needs, strict=True):
        least = min(many, one.portions)
        keep.append(tuple(sorted(draw(st.lists(st.integers(0, 300), min_size=least, max_size=least)))))
        saved = draw(st.lists(st.integers(0, 200), min_size=least, max_size=least))
        waste.append(tuple(sorted(saved, reverse=True)))
    visit = draw(st.sampled_from([None, None, 0, 40, 250]))
    line = draw(st.sampled_from([None, None, 0, 60]))
    return sourcing.Site(place(number), draw(st.integers(0, 200)) / 4, has, tuple(keep), tuple(waste), 0, visit, line)


def check(needs, sites, policy) -> None:
    found = solve(needs, sites, policy)
    least = everything(needs, sites, policy)
    assert (None if found is None else found.cost) == least
    if found is None:
        return
    assert found.cost == sum(part.costs.total for part in found.parts) + found.costs.split + found.costs.refused
    assert found.cost == sum(getattr(found.costs, field.name) for field in fields(found.costs))
    assert len(found.parts) <= policy.most_places
    for index, one in enumerate(needs):
        given_by = {
            part.place_id: pick.quantity
            for part in found.parts
            for pick in part.picks
            if pick.product_id == one.product_id
        }
        refused = sum(pick.quantity for pick in found.refused if pick.product_id == one.product_id)
        assert sum(given_by.values()) + refused == one.quantity
        for each in sites:
            assert given_by.get(each.place_id, 0) <= each.has[index] * one.portion
    without = [everything(needs, [one for one in sites if one.place_id != gone], policy) for gone in found.places]
    assert found.next_cost == min([one for one in without if one is not None], default=None)


@settings(max_examples=120, deadline=None)
@given(orders())
def test_no_plan_is_cheaper(given_order):
    check(*given_order)


@settings(max_examples=60, deadline=None)
@given(orders(most_lines=2, most_portions=4))
def test_no_division_of_larger_lines_is_cheaper(given_order):
    check(*given_order)


@settings(max_examples=60, deadline=None)
@given(orders(most_portions=1, most_sites=7))
def test_of_many_places_none_that_matters_is_left_out(given_order):
    check(*given_order)


def exactly(needs: Sequence[sourcing.Need], sites: Sequence[sourcing.Site], policy: sourcing.Policy) -> int | None:
    """The least cost: every set of places, and for each of its lines, place after place, every share."""
    best = None
    for size in range(policy.most_places + 1):
        for some in combinations(sites, size):
            total = policy.split * max(size - 1, 0)
            total += sum(policy.visit + policy.parcel + round(policy.parcel_km * site.km) for site in some)
            for index, one in enumerate(needs):
                costs = {0: 0}
                if one.refusal is not None:
                    costs = {many: one.refusal * many for many in range(one.portions + 1)}
                for site in some:
                    costs = _with(costs, site, index, one, policy)
                total += costs.get(one.portions, 1 << 40)
            best = total if best is None else min(best, total)
    return best if best is not None and best < 1 << 40 else None


def _with(
    costs: dict[int, int], site: sourcing.Site, index: int, one: sourcing.Need, policy: sourcing.Policy
) -> dict[int, int]:
    found = dict(costs)
    for taken in range(1, min(site.has[index], one.portions) + 1):
        own = policy.line + taken * (one.grams * policy.kg // 1_000) + sum(site.keep[index][:taken])
        own -= sum(site.waste[index][:taken])
        for many, cost in costs.items():
            if many + taken <= one.portions:
                found[many + taken] = min(found.get(many + taken, cost + own), cost + own)
    return found


def test_no_plan_of_a_long_order_is_cheaper(monkeypatch):
    """A dozen lines of several units over ten places, nearly alike, so that hundreds of sets must be told apart."""
    split = refused = impossible = 0
    for seed in range(16):
        chance = random.Random(seed)
        monkeypatch.setattr(solving, "_CELLS", chance.choice((1, 2_000, 2**16)))  # all lines at once, some, or each
        refusal = chance.choice((None, 60))
        needs = [
            sourcing.Need(UUID(int=900 + line), chance.choice((1, 1, 2, 3, 6)), 1_000, 100, refusal)
            for line in range(chance.randint(9, 13))
        ]
        sites = []
        for number in range(10):
            has = tuple(chance.choice((0, 1, 2, 6, 6)) if chance.random() < 0.7 else 6 for _ in needs)
            least = [min(many, one.portions) for many, one in zip(has, needs, strict=True)]
            keep = tuple(tuple(sorted(chance.choices((0, 0, 9, 40, 120), k=many))) for many in least)
            waste = tuple(tuple(sorted(chance.choices((0, 0, 0, 30), k=many), reverse=True)) for many in least)
            sites.append(sourcing.Site(place(number), chance.randrange(40), has, keep, waste))
        policy = replace(POLICY, most_places=chance.choice((2, 3, 3)))
        found, least_cost = solve(needs, sites, policy), exactly(needs, sites, policy)
        assert (None if found is None else found.cost) == least_cost, seed
        if found is None:
            impossible += 1
            continue
        without = [exactly(needs, [one for one in sites if one.place_id != gone], policy) for gone in found.places]
        assert found.next_cost == min([one for one in without if one is not None], default=None), seed
        split, refused = split + (found.splits > 0), refused + bool(found.refused)
    assert min(split, refused) > 4, (split, refused, impossible)


def test_who_is_left_unread_is_in_no_best_plan_and_in_no_next_best():
    """Facts leave places out by a bound; every place looked at gives the same plan and the same next best."""
    left_out = 0
    for seed in range(150):
        chance = random.Random(seed)
        needs = tuple(
            sourcing.Need(UUID(int=900 + line), chance.randint(1, 3), 1_000, 100)
            for line in range(chance.randint(1, 3))
        )
        seen = tuple(
            sourcing.Seen(
                place(number),
                chance.randrange(200_000),
                tuple(1_000 * chance.choice((0, 1, 2, 5, 9)) for _ in needs),
                tuple(sourcing.Value(chance.choice((0.0, 0.3)), 7.0, chance.choice((0, 40, 400))) for _ in needs),
                0,
                chance.choice((None, None, 60)),
                chance.choice((None, None, 0, 30)),
            )
            for number in range(8)
        )
        policy = replace(POLICY, most_places=chance.randint(1, 3), reach_km=chance.choice((0, 0, 120)))
        facts = sourcing.Facts(needs, seen)
        every = [_site(one, needs, policy) for one in seen if any(one.has)]
        told, least = facts.choose(policy), solve(needs, every, policy)
        costs = [None if one is None else (one.cost, one.next_cost) for one in (told, least)]
        assert costs[0] == costs[1], seed
        left_out += len(every) - len(facts._sites([one for one in seen if any(one.has)], policy))
    assert left_out > 80


def one_line(*sites: tuple[float, int, int], portions: int = 1) -> tuple[list[sourcing.Need], list[sourcing.Site]]:
    """Sites as (km, has, keep of each unit)."""
    made = [
        sourcing.Site(place(number), km, (has,), ((keep,) * min(has, portions),))
        for number, (km, has, keep) in enumerate(sites)
    ]
    return [sourcing.Need(UUID(int=900), portions, 1_000, 100)], made


def test_a_unit_that_is_worth_more_where_it_stands_is_sent_from_farther_away():
    needs, sites = one_line((5, 1, 90), (30, 1, 0))
    found = solve(needs, sites, POLICY)
    assert found is not None
    assert found.places == (place(1),)
    assert (found.cost, found.next_cost, found.next_places) == (
        100 + 10 + 110 + 100,
        100 + 10 + 60 + 100 + 90,
        (place(0),),
    )
    near = solve(needs, [replace(site, keep=((0,),)) for site in sites], POLICY)
    assert near is not None
    assert near.places == (place(0),)


def test_a_lower_priority_number_goes_first_whatever_it_costs():
    needs, sites = one_line((200, 1, 500), (1, 5, 0))
    first, second = sites[0], replace(sites[1], priority=1)
    found = solve(needs, [first, second], POLICY)
    assert found is not None
    assert found.places == (first.place_id,)
    instead = solve(needs, [replace(first, has=(0,), keep=((),)), second], POLICY)
    assert instead is not None
    assert instead.places == (second.place_id,)


def test_refusing_is_weighed_only_where_every_priority_may_help():
    needs, sites = one_line((5, 1, 0), (1, 1, 0), portions=2)
    needs = [replace(needs[0], refusal=1)]
    found = solve(needs, [sites[0], replace(sites[1], priority=1)], POLICY)
    assert found is not None
    assert [pick.quantity for pick in found.refused] == [2_000]  # cheaper than any place, and no tier has it whole


def test_places_beyond_reach_are_left_out():
    needs, sites = one_line((5, 1, 0))
    assert solve(needs, sites, replace(POLICY, reach_km=4)) is None
    assert solve(needs, sites, replace(POLICY, reach_km=5)) is not None


def test_what_would_spoil_is_taken_first():
    needs, sites = one_line((5, 1, 0), (20, 1, 0))
    spoiling = replace(sites[1], waste=((40,),))
    found = solve(needs, [replace(sites[0], waste=((0,),)), spoiling], POLICY)
    assert found is not None
    assert (found.places, found.costs.waste) == ((spoiling.place_id,), -40)


def test_a_line_of_very_many_units_or_of_no_whole_number_comes_in_one_piece():
    told = [sourcing.need(UUID(int=900), quantity, 300) for quantity in (24_000, 25_000, 1_500)]
    assert [(one.portions, one.portion, one.grams) for one in told] == [
        (24, 1_000, 300),
        (1, 25_000, 7_500),
        (1, 1_500, 450),
    ]


def test_a_unit_that_is_worth_all_the_money_there_is_stays_where_it_is():
    """A thousand times the most that may be set, counted a hundredfold, for the most units that are divided, of a hundred products."""
    worth = 10**15 * 100
    needs = [sourcing.Need(UUID(int=900 + line), 24, 1_000, 10_000, 60) for line in range(100)]
    here = sourcing.Site(place(1), 3, (24,) * 100, ((worth,) * 24,) * 100)
    found = solve(needs, [here, replace(here, place_id=place(2))], POLICY)
    assert found is not None
    assert (found.parts, found.cost) == ((), 100 * 24 * 60)
    assert solve([replace(one, refusal=None) for one in needs], [here], POLICY) is None


def test_an_order_that_nobody_has_has_no_plan():
    needs, sites = one_line((5, 0, 0))
    assert solve(needs, sites, POLICY) is None
    assert solve(needs, [], POLICY) is None


def test_the_last_unit_is_worth_a_lost_sale_times_its_chance():
    # Poisson with mean 2: P(D >= 1) = 0.864665, P(D >= 2) = 0.593994, P(D >= 3) = 0.323324
    assert [reached(2.0, units) for units in (0, 1, 2, 3)] == [MILLION, 864_665, 593_994, 323_324]
    assert reached(0.0, 1) == 0
    assert (
        abs(reached(1_000.0, 1_000) - 508_410) < 3_000
    )  # the exact share is 0.508409; the normal distribution stands in
    value = sourcing.Value(rate=0.5, days=4, loss=1_000_000)
    assert sourcing.keep_row(value, 3, 2) == (323_324, 593_994)
    assert sourcing.keep_row(value, 3, 2, share=500) == (161_662, 296_997)
    assert sourcing.keep_row(value, 1, 5) == (864_665,)
    assert sourcing.keep_row(replace(value, fixed=7), 3, 2) == (7, 7)


def test_old_units_are_worth_taking_by_the_chance_that_they_spoil():
    value = sourcing.Value(rate=1, old=2, old_days=2, old_loss=1_000_000)
    assert waste_row(value, 5, 3) == (MILLION - 593_994, MILLION - 864_665, 0)


def test_a_record_of_few_is_less_sure_than_one_of_many():
    assert [chance_there(have, 1_000, 200) for have in (0, 1_000, 2_000, 20_000)] == [0, 800, 900, 990]
