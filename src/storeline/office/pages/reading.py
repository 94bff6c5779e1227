"""What forms of the office have in common: texts as they were typed, and errors by field."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from django import forms

F = TypeVar("F", bound=forms.Form)


@dataclass(slots=True)
class FormReading(Generic[F]):
    """What a form says: its errors by field. Each kind of form adds what it makes."""

    form: F
    errors: dict[str, str] = field(default_factory=dict, kw_only=True)

    def refuse(self, name: str, text: str) -> None:
        """Note what is wrong with a field: the first thing counts."""
        if name not in self.errors:
            self.errors[name] = text
            self.form.add_error(name if name in self.form.fields else None, text)

    @property
    def summary(self) -> list[tuple[str, str]]:
        """The errors as a list of links to their fields, in the order of the form."""
        order = list(self.form.fields)
        names = sorted(self.errors, key=lambda name: order.index(name) if name in order else -1)
        return [(f"f_{name}", self.errors[name]) for name in names]
