"""Texts are set as each language's readers expect: one apostrophe in French, ¿ and ¡ in Spanish, full-width marks in Chinese."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from storeline.messages.domain import _TEMPLATES
from storeline.web.translating import FOLDERS, read

if TYPE_CHECKING:
    from collections.abc import Iterator

TAGS = {"zh_Hans": "zh-Hans"}
CODE = re.compile(r"\bcategory:|%\(\w+\)s|\{\w+\}|<[^>]*>|https?://\S+")
"""What is no text: blanks to fill, tags, addresses."""
HAN = "[\u3000-\u303f\u4e00-\u9fff]"
WRONG = {
    "fr": re.compile(r"['\"]|\.\.\.|[^\s ][!?](?!\w)"),
    "es": re.compile(r"['\"]|\.\.\."),
    "zh_Hans": re.compile(rf"['\"]|\.\.\.|{HAN}\s?[,;:?!.]|[,;:?!]\s?{HAN}"),
}


def texts(folder: str) -> Iterator[str]:
    """Every text in a language: those of pages, and those of messages that are sent."""
    for message in read(folder):
        if message.id:
            yield from [message.string] if isinstance(message.string, str) else message.string or ()
    for letter in _TEMPLATES.values():
        yield from letter.get(TAGS.get(folder, folder), ())  # other tests declare letters of their own


def is_wrong(folder: str, text: str) -> bool:
    bare = CODE.sub("", text)
    if folder == "es" and (bare.count("?") != bare.count("¿") or bare.count("!") != bare.count("¡")):
        return True
    return WRONG[folder].search(bare) is not None


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_text_is_set_wrongly(folder: str) -> None:
    assert [text for text in texts(folder) if is_wrong(folder, text)] == []


@pytest.mark.parametrize(
    ("folder", "text"),
    [
        ("fr", "l'heure"),
        ("fr", "Vraiment?"),
        ("fr", "Encore..."),
        ("es", "Seguro?"),
        ("es", "Hola!"),
        ("zh_Hans", "好,的"),
        ("zh_Hans", "真的?"),
        ("zh_Hans", '"订单"'),
    ],
)
def test_what_is_wrong_is_found(folder: str, text: str) -> None:
    assert is_wrong(folder, text)
