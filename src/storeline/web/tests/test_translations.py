"""Every text in every language, compiled as it is written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
from django.utils import translation
from django.utils.translation import gettext, ngettext

from storeline.web.translating import FOLDERS, LOCALE, Text, _in_template, compiled, missing, read, texts


@pytest.fixture(autouse=True, scope="module")
def _sources_are_read_once() -> Iterator[None]:
    found = list(texts())
    with mock.patch("storeline.web.translating.texts", return_value=found):
        yield


_BLANK = re.compile(r"%\(\w+\)s")


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_text_has_its_translation(folder: str) -> None:
    assert missing(folder) == [], "add them, then run `storeline translations`"


@pytest.mark.parametrize("folder", FOLDERS)
def test_what_is_compiled_is_what_is_written(folder: str) -> None:
    assert (LOCALE / folder / "LC_MESSAGES" / "django.mo").read_bytes() == compiled(read(folder))


@pytest.mark.parametrize("folder", FOLDERS)
def test_each_translation_fills_the_same_blanks(folder: str) -> None:
    wrong = []
    for message in read(folder):
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        strings = [message.string] if isinstance(message.string, str) else list(message.string or ())
        if message.id and any(set(_BLANK.findall(one)) != set(_BLANK.findall(ids[-1])) for one in strings):
            wrong.append(ids[0])
    assert wrong == []


def test_texts_are_found_in_templates(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(
        '{% load i18n %}{% translate "It\'s here" %}{% blocktranslate with a=b %}Hi {{ a }}{% endblocktranslate %}'
        "{% blocktranslate count n=c %}{{ n }} shop{% plural %}{{ n }} shops{% endblocktranslate %}"
        "{% translate 'each' context 'unit' %}"
    )
    assert list(_in_template(page)) == [
        Text("It's here", None, "page.html"),
        Text("Hi %(a)s", None, "page.html"),
        Text(("%(n)s shop", "%(n)s shops"), None, "page.html"),
        Text("each", "unit", "page.html"),
    ]


def test_texts_are_found_in_code() -> None:
    assert ("We cannot find that page", None) in {(text.id, text.context) for text in texts()}


def test_django_reads_the_catalogues() -> None:
    with translation.override("fr"):
        assert gettext("Basket") == "Panier"
        assert (
            ngettext("%(n)s item in your basket", "%(n)s items in your basket", 2) == "%(n)s articles dans votre panier"
        )
    with translation.override("zh-hans"):
        assert gettext("Basket") == "购物篮"
