"""Sourcing in the office: what plans came to, the same orders under another policy, and that policy going live."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from html import unescape
from re import findall

import pytest
from django.db import connection
from django.test import Client

from storeline.kernel.api import SYSTEM, new_id, run
from storeline.office.pages.sourcing import version
from storeline.office.tests.factories import person
from storeline.places import api as places
from storeline.sourcing import api as sourcing
from storeline.stock.tests.factories import make_place, make_products, put
from storeline.web.tests.browsing import get, heavy, refused, send

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/office/sourcing"
LIVE = sourcing.PolicyRow(sourcing.Policy(), sourcing.Terms())
TRIED = {"most_places": "1", "split": "2.50", "visit": "1,75", "keep_share": "50", "reach_km": "900"}


@pytest.fixture
def planned() -> None:
    """Three orders of one product: two from the near place, one from both."""
    [one] = make_products(1)
    for ref, latitude in (("near", 50.1), ("far", 50.4)):
        place = make_place(ref, latitude=latitude, longitude=5.0, capabilities=["sell", "ship"])
        put(place, one, 2_000)
    for units in (1, 2, 3):
        wanted = [sourcing.WantedLine(one, units * 1_000)]
        found = sourcing.plan(wanted, places.Position(50.0, 5.0), channel="web")
        sourcing.keep_plan(new_id(), found, actor=SYSTEM)


@pytest.fixture
def planner(planned: None) -> Client:
    return person("planner")


def numbers(page: str) -> list[str]:
    return [unescape(one) for one in findall(r'class="number">([^<]*)<', page)]


def test_figures_and_what_if(planner: Client) -> None:
    assert heavy(planner, [PAGE, f"{PAGE}?try=1&most_places=1", f"{PAGE}?days=90"]) == {}
    page = get(planner, PAGE)
    for told in ("Orders planned", "66.7%", "33.3%", "near", "far", "At most 3", "$0.005"):
        assert told in page, told
    assert " USD" not in page.replace("Amounts are in USD", "")
    tried = get(planner, f"{PAGE}?try=1&most_places=1&visit=2.50")
    assert "3 orders, side by side" in tried
    assert numbers(tried[tried.index("side by side") :])[:8] == ["Live", "Tried", "3", "2", "0", "1", "1", "0"]
    wrong = get(planner, f"{PAGE}?try=1&visit=x&split=0.0000001&reach_km=-1")
    for told in ("Write a number", "too many decimals", "below 0", 'value="x"'):
        assert told in wrong, told
    assert "side by side" not in wrong


def test_nothing_planned_and_who_may_look(planner: Client) -> None:
    run("TRUNCATE sourcing_plan, sourcing_part, sourcing_pick, sourcing_load")
    assert "No plans on these days" in get(planner, PAGE)
    place = run("SELECT id FROM places_place LIMIT 1").fetchall()[0][0]
    get(person("planner", place_id=place, username="of-one-place"), PAGE, 403)
    marketer = person("marketer")
    get(marketer, PAGE, 403)
    assert PAGE not in get(marketer, "/office")
    assert PAGE in get(planner, "/office")


def test_a_tried_policy_goes_live_in_place_of_the_one_that_was_seen(planner: Client) -> None:
    form = TRIED | {"seen": version(LIVE), "ref": ""}
    assert "Give it a name" in refused(planner, f"{PAGE}/live", 422, **form)
    assert sourcing.live_policies() == [LIVE]
    for _ in range(2):  # a double click changes nothing more
        assert "said=policy_live" in send(planner, f"{PAGE}/live", **form | {"ref": "calm"})
    costs = sourcing.Policy("calm", visit=175_000, split=250_000, most_places=1, keep_share=500, reach_km=900)
    now_live = replace(LIVE, policy=costs, live=True)
    assert sourcing.live_policies() == [now_live]
    late = form | {"ref": "late", "visit": "9"}
    assert "went live since" in refused(planner, f"{PAGE}/live", 409, **late)
    taken = form | {"ref": "calm", "visit": "9", "seen": version(now_live)}
    assert "has this name" in refused(planner, f"{PAGE}/live", 409, **taken)
    assert [one.policy.ref for one in sourcing.list_policies()] == ["calm"]


def test_of_several_at_once_one_goes_live() -> None:
    def let(number: int) -> bool:
        row = replace(LIVE, policy=replace(LIVE.policy, ref=f"p{number}"), live=True)
        try:
            sourcing.let_live(row, instead_of=LIVE, actor=SYSTEM)
        except sourcing.PolicyChanged:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(let, range(6)))[-2:] == [False, True]
    assert len(sourcing.list_policies()) == 1
