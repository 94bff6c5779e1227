"""A shop with goods and bar codes, and people who work in the office."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from storeline.identity.tests.factories import browser_of, make_user
from storeline.kernel.api import waits
from storeline.orders.tests.factories import Shop, make, shop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

GTINS = ("04006381333931", "05901234123457")
MOST_QUERIES = 10


def store() -> Shop:
    """A shop whose first two products have bar codes."""
    made = shop()
    for gtin, product in zip(GTINS, made.products, strict=False):
        make("catalog.Gtin", gtin=gtin, product_id=product)
    return made


def person(role: str, *, place_id: UUID | None = None, username: str = "") -> Client:
    """A browser in which somebody of this role has signed in."""
    return browser_of(make_user(username or role.replace("_", "-"), role, place_id=place_id))


def text_of(answer: Any) -> str:
    """A page without its line breaks, and with real letters for the entities of quotes."""
    return re.sub(r"\s+", " ", answer.content.decode()).replace("&#x27;", "'")


def get(browser: Client, address: str, status: int = 200) -> str:
    """A page's text."""
    answer = browser.get(address)
    assert answer.status_code == status, text_of(answer)[:3000]
    return text_of(answer)


def send(browser: Client, address: str, **form: Any) -> str:
    """Post a form; where it sends the browser."""
    answer = browser.post(address, form)
    assert answer.status_code == 303, text_of(answer)[:4000]
    return str(answer["Location"])


def refused(browser: Client, address: str, status: int = 422, **form: Any) -> str:
    """Post a form that is refused; the page that says why."""
    answer = browser.post(address, form)
    assert answer.status_code == status, text_of(answer)[:4000]
    return text_of(answer)


@contextmanager
def counted() -> Iterator[list[int]]:
    """How often the database was asked inside the block: Django's own statements, and waits for ours."""
    found: list[int] = []
    with CaptureQueriesContext(connection) as seen, waits() as count:
        yield found
    found.append(len(seen) + count.waits)


def is_clean(page: str) -> bool:
    """Whether nothing in the page would be stopped by the content security policy."""
    inline = re.findall(r"<script(?![^>]*src=)|<style|\sstyle=|\son[a-z]+=", page)
    return not inline
