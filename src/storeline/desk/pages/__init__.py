"""The desk's pages: pick, hand over, receive, count, and what has gone wrong. Phone first."""

from storeline.desk.pages import exceptions, goods, hand_over, picking, substitutes, task, tasks, where
from storeline.desk.pages.shared import pages

__all__ = ["exceptions", "goods", "hand_over", "pages", "picking", "substitutes", "task", "tasks", "where"]
