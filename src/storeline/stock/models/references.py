"""The tables are hot, so references are checked when rows are gathered, and by the audit, not by constraints."""

from __future__ import annotations

from typing import Any

from django.db import models


def reference(to: str) -> models.ForeignKey[Any, Any]:
    """A key without a constraint and without an index of its own."""
    return models.ForeignKey(to, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)
