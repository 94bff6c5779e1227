"""The desk's pages: pick, hand over, receive, count, and what has gone wrong. Phone first."""

from storeline.desk.pages import (
    counting,
    exceptions,
    goods,
    hand_over,
    picking,
    returns,
    substitutes,
    task,
    tasks,
    where,
)
from storeline.desk.pages.shared import pages

__all__ = [
    "counting",
    "exceptions",
    "goods",
    "hand_over",
    "pages",
    "picking",
    "returns",
    "substitutes",
    "task",
    "tasks",
    "where",
]
