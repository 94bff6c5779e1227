"""Pages as a test reads them: fetched, sent, counted."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from storeline.kernel.api import waits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MOST_QUERIES = 10


def text_of(answer: Any) -> str:
    """A page without its line breaks, and with real letters for the entities of quotes."""
    return re.sub(r"\s+", " ", answer.content.decode()).replace("&#x27;", "'")


def get(browser: Client, address: str, status: int = 200) -> str:
    """A page's text."""
    answer = browser.get(address)
    assert answer.status_code == status, text_of(answer)[:3000]
    return text_of(answer)


def send(browser: Client, address: str, /, **form: Any) -> str:
    """Post a form; where it sends the browser."""
    answer = browser.post(address, form)
    assert answer.status_code == 303, text_of(answer)[:4000]
    return str(answer["Location"])


def refused(browser: Client, address: str, status: int = 422, /, **form: Any) -> str:
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


def heavy(browser: Client, addresses: Iterable[str], most: int = MOST_QUERIES) -> dict[str, int]:
    """Those of the pages that ask the database more than so often. Each is light and free of inline script, too."""
    asked = {}
    for address in addresses:
        with counted() as found:
            page = get(browser, address)
        asked[address] = found[0]
        assert len(page) < 60_000, address
        assert is_clean(page), address
    return {address: number for address, number in asked.items() if number > most}
