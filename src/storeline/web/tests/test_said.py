"""`{% translate %}` looked up once a language says what Django's says."""

from __future__ import annotations

from typing import Any

import pytest
from django.template import Context, Engine, Template
from django.utils.translation import override

LANGUAGES = ("en", "fr", "es", "zh-hans", "en")
PARTS = (
    '{% translate "Basket" %}',
    '{% trans "Sign in" %}',
    '{% translate "Basket" as word %}<{{ word }}>{{ word|upper }}',
    "{% translate name %}",
    '{% translate "Basket"|upper %}',
    '{% translate "Basket" noop %}',
    '{% translate "May" context "month" %}',
    '{% translate "50%% <b>" %}',
    '{% autoescape off %}{% translate "50% <b>" %}{% endautoescape %}',
)


@pytest.mark.parametrize("part", PARTS)
def test_it_says_what_django_says(part: str) -> None:
    ours = Template("{% load i18n %}" + part)
    plain = Engine(libraries={"i18n": "django.templatetags.i18n"}).from_string("{% load i18n %}" + part)
    context: dict[str, Any] = {"name": "Basket"}
    for language in LANGUAGES:
        with override(language):
            assert [ours.render(Context(context)) for _ in range(2)] == [plain.render(Context(context))] * 2


def test_each_language_has_its_own() -> None:
    page = Template('{% load i18n %}{% translate "Basket" %}')
    said = {}
    for language in LANGUAGES:
        with override(language):
            said[language] = page.render(Context())
    assert said["en"] == "Basket"
    assert len(set(said.values())) == 4
