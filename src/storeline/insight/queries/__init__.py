"""Reads of daily figures. Each is one statement over a few hundred rows, however long the span: sums over all places
and whole months are kept. They may be queued together in a pipeline.
"""

from storeline.insight.queries.hours import Hour, SoFar, hours, so_far
from storeline.insight.queries.ranked import CategorySums, PlaceSums, Ranked, by_category, by_place
from storeline.insight.queries.scope import Entity, Ground, Held, Scope, ground, reach
from storeline.insight.queries.series import Series, series
from storeline.insight.queries.shelves import Shelves, shelves

__all__ = [
    "CategorySums",
    "Entity",
    "Ground",
    "Held",
    "Hour",
    "PlaceSums",
    "Ranked",
    "Scope",
    "Series",
    "Shelves",
    "SoFar",
    "by_category",
    "by_place",
    "ground",
    "hours",
    "reach",
    "series",
    "shelves",
    "so_far",
]
