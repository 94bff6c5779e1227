"""Somebody at a page who has a keyboard, perhaps a scanner, and no mouse."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from django.utils.translation import gettext, ngettext, override

from tests.e2e.conftest import WITHIN_MS, Visit

if TYPE_CHECKING:
    from datetime import datetime

    from playwright.sync_api import Locator

FURTHEST = 120
_FOCUS = "one => one !== document.activeElement ? '' : one.matches(':focus-visible') ? 'seen' : 'hidden'"


class Person:
    """Reaches everything by the Tab key, and knows what the page says in their own language."""

    def __init__(self, visit: Visit, language: str) -> None:
        self.visit, self.page, self.language = visit, visit.page, language
        visit.speak(language)

    def words(self, text: str, **values: object) -> str:
        with override(self.language):
            return gettext(text) % values if values else gettext(text)

    def counted(self, one: str, many: str, count: int) -> str:
        with override(self.language):
            return ngettext(one, many, count) % {"count": count}

    def named(self, role: str, text: str, **values: object) -> Locator:
        return self.page.get_by_role(role, name=re.compile(re.escape(self.words(text, **values))))  # type: ignore[arg-type]

    def reads(self, text: str, **values: object) -> None:
        self.page.get_by_text(self.words(text, **values)).first.wait_for(timeout=WITHIN_MS)

    def to(self, target: Locator | str) -> None:
        """Tab on until the target has the focus; it must show that it has."""
        found = (self.page.locator(target) if isinstance(target, str) else target).first
        for _ in range(FURTHEST):
            # In one look: between two, the page may have put another in its place.
            if shows := found.evaluate(_FOCUS, timeout=WITHIN_MS):
                assert shows == "seen", f"{target} hides its focus"
                return
            self.page.keyboard.press("Tab")
        pytest.fail(f"the keyboard does not reach {target} on {self.page.url}")

    def press(self, target: Locator | str, key: str = "Enter", *, stays: bool = False) -> None:
        """Go there and press a key. Enter leads to another page, or the same one anew, unless it `stays`."""
        self.to(target)
        self.strike(key, stays=stays)

    def strike(self, key: str, *, stays: bool = False) -> None:
        if key != "Enter" or stays:
            self.page.keyboard.press(key)
            return
        with self.page.expect_navigation(timeout=WITHIN_MS):
            self.page.keyboard.press(key)

    def type(self, target: Locator | str, text: str) -> None:
        """Go to a field, and type over what it holds."""
        self.to(target)
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.type(text)

    def moment(self, target: Locator | str, day: datetime) -> None:
        """Go to a field of day and time, and type midnight of a day, part by part."""
        self.to(target)
        self.page.keyboard.type(day.strftime("%m%d%Y"))
        self.page.keyboard.press("Tab")
        self.page.keyboard.type("1200AM")

    def scan(self, code: str) -> None:
        """As a wedge scanner does: keys and Enter, wherever the focus is."""
        self.page.keyboard.type(code)
        self.strike("Enter")
