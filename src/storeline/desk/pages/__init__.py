"""The desk's pages: pick, hand over, receive, count, and what has gone wrong. Phone first."""

from storeline.desk.pages import (
    availability,
    counting,
    exceptions,
    goods,
    hand_over,
    lots,
    parcels,
    picking,
    rejecting,
    returns,
    substitutes,
    supplies,
    task,
    tasks,
    transfers,
    vans,
    where,
)
from storeline.desk.pages.shared import pages

__all__ = [
    "availability",
    "counting",
    "exceptions",
    "goods",
    "hand_over",
    "lots",
    "pages",
    "parcels",
    "picking",
    "rejecting",
    "returns",
    "substitutes",
    "supplies",
    "task",
    "tasks",
    "transfers",
    "vans",
    "where",
]
