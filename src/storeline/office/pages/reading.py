"""What forms of the office have in common: texts as they were typed, and errors by field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _

_TAGGED = re.compile("name_([A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*)")
_TAGS = {"zh-hans": "zh-Hans"}
MAX_NAME = 200
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


def language_names() -> dict[str, str]:
    """The languages of the pages but the retailer's own, by BCP 47 tag, each as it calls itself."""
    return {_TAGS.get(code, code): name for code, name in settings.LANGUAGES if code != settings.LANGUAGE_CODE}


def add_names(form: forms.Form) -> None:
    """A field for the name in each language of the pages, and in every other that the data has; none is needed."""
    languages = language_names()
    known = (_TAGGED.fullmatch(str(key)) for key in form.data)
    for tag in dict.fromkeys([*languages, *(found[1] for found in known if found)]):
        named = forms.CharField(
            required=False, max_length=MAX_NAME, widget=forms.TextInput(attrs={"lang": tag}), label=name_label(tag)
        )
        form.fields[f"name_{tag}"] = named


def name_label(tag: str) -> str:
    """What the field of the name in a language is called."""
    return _("Name (%(language)s)") % {"language": language_names().get(tag, tag)}


def names_of(form: forms.Form) -> dict[str, str]:
    """The names that were typed, by BCP 47 tag."""
    typed = {name.removeprefix("name_"): str(form.data.get(name, "")).strip() for name in _fields_of(form)}
    return {tag: name for tag, name in typed.items() if name}


def names_filled(names: Mapping[str, str]) -> dict[str, Any]:
    """Saved names as the form's fields."""
    return {f"name_{tag}": name for tag, name in names.items()}


def _fields_of(form: forms.Form) -> list[str]:
    return [name for name in form.fields if name.startswith("name_")]


def name_fields(form: forms.Form) -> list[forms.BoundField]:
    """The fields of `add_names`, to be shown."""
    return [form[name] for name in _fields_of(form)]
