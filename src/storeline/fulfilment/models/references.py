"""How tables of fulfilment name a row of another module."""

from __future__ import annotations

from typing import Any

from django.db import models


def reference(to: str, **options: Any) -> models.ForeignKey[Any, Any]:
    """A key without a trigger: those who write check it, and the audit proves it."""
    return models.ForeignKey(
        to, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False, **options
    )
