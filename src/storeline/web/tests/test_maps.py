"""Maps: where things are drawn, how close a map looks, and that it stays small."""

from __future__ import annotations

import re

import pytest
from django.template.loader import render_to_string

from storeline.web import outlines
from storeline.web.maps import HEIGHT, WIDTH, Point, View, draw, paths, view_of
from storeline.web.outlines import PLANE, plane

BOSTON, SEATTLE = (42.36, -71.06), (47.61, -122.33)


def test_the_projection_is_mercators() -> None:
    assert plane(0, 0) == (PLANE / 2, PLANE / 2)
    assert plane(0, -180) == (0, PLANE / 2)
    assert tuple(round(one) for one in plane(40.7128, -74.0060)) == (308730, 394244)
    assert plane(90, 0) == plane(85, 0)


def test_a_map_is_zoomed_to_its_points() -> None:
    view = view_of([plane(*BOSTON), plane(*SEATTLE)])
    for place in (plane(*BOSTON), plane(*SEATTLE)):
        x, y = view.xy(place)
        assert 0 < x < WIDTH
        assert 0 < y < HEIGHT
    assert 51 < view.span * 360 / PLANE < 51.27 * 1.3 * 1.2


def test_neighbours_share_a_drawing() -> None:
    views = {view_of([plane(42.36 + step / 10_000, -71.06)]) for step in range(10)}
    assert len(views) <= 2


def test_the_land_is_drawn_where_it_is() -> None:
    """Kansas is all land, the Atlantic none; counties are drawn near, states from afar."""
    near, sea = view_of([plane(38.5, -98.5)]), View(*plane(40, -50), PLANE / 360)
    land, thin, strong = paths(near)
    assert land.count("M") == 1
    assert thin.count("M") > 3
    assert strong == ""
    assert paths(sea) == ("", "", "")
    assert paths(view_of([plane(*BOSTON), plane(*SEATTLE)]))[1] == ""


def test_what_crosses_the_antimeridian_draws_no_line_across_the_world() -> None:
    land, _, strong = paths(view_of([]))
    steps = [int(step) for path in (land, strong) for step in re.findall(r"l(-?\d+)", path)]
    assert max(abs(step) for step in steps) < WIDTH / 4


def test_points_are_links_with_names_and_nothing_is_styled_inline() -> None:
    points = [
        Point("Boston", *BOSTON, href="/shops/1", note="in stock", main=True),
        Point("Seattle & <Tacoma>", *SEATTLE, tone="stop", size=12),
    ]
    page = render_to_string("web/parts/map.html", {"map": draw(points, here=(41.9, -87.6)), "label": "Shops"})
    assert '<a class="map-mark map-main" href="/shops/1" aria-current="true"><title>Boston, in stock</title>' in page
    assert "Seattle &amp; &lt;Tacoma&gt;" in page
    assert 'class="map-here"' in page
    assert "style=" not in page
    assert len(page) < 100_000


@pytest.mark.parametrize("tall", [1, 40])
def test_names_are_written_over_nothing_else(tall: int) -> None:
    """Forty shops in one street: each is there, few have room for a name."""
    points = [Point(f"Shop number {number}", 42.36 + number / 10_000, -71.06) for number in range(tall)]
    drawn = draw(points)
    assert len(drawn.marks) == tall
    assert sum(bool(mark.names) for mark in drawn.marks) in ({1} if tall == 1 else range(1, 5))


def test_no_points_are_the_world() -> None:
    assert view_of([]).span > PLANE * 0.8
    assert draw([]).marks == ()


def test_a_simple_line_keeps_its_ends_and_its_corners() -> None:
    assert outlines._simple([(0, 0), (5, 1), (10, 0), (10, 10)], 2) == [(0, 0), (10, 0), (10, 10)]
    island = [(0, 0), (10, 0), (10, 10), (0, 10), (0, 0)]
    assert outlines._simple(island, 2) == island
