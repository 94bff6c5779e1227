"""A real Chromium over a server of this test's own. A missing browser is a failure, never a skip."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection
from playwright.sync_api import sync_playwright
from psycopg.conninfo import make_conninfo

from bench.tools.server import serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text()
WIDTHS = {"phone": (390, 844), "desk": (1440, 900)}


def chromium() -> str:
    """Where the browser is: CHROMIUM, else Debian's."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        pytest.fail("No Chromium: `make test` installs Debian's as root; elsewhere let CHROMIUM name one.")
    return found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright's loop stands in this thread; nothing is awaited
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield opened
        opened.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@dataclass
class Visit:
    """A page being visited, and everything that went wrong on the way."""

    page: Page
    base: str
    wrong: list[str] = field(default_factory=list)

    def watch(self) -> None:
        self.page.on("console", lambda said: self.wrong.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("request", lambda asked: self._check(asked.url))

    def _check(self, url: str) -> None:
        if urlsplit(url).scheme != "data" and not url.startswith(self.base):
            self.wrong.append(f"a request left the machine: {url}")

    def go(self, path: str) -> None:
        self.page.goto(self.base + path, wait_until="networkidle")

    def check(self) -> None:
        """Axe finds nothing on this page, nothing went wrong, and it is no wider than the window."""
        self.page.wait_for_load_state("networkidle")
        found: dict[str, Any] = self.page.evaluate(f"{AXE}; axe.run(document, {{resultTypes: ['violations']}})")
        named = [
            f"{one['id']}: {node['html'][:160]} {json.dumps(node['any'][:1])[:200]}"
            for one in found["violations"]
            for node in one["nodes"]
        ]
        assert named == [], self.page.url
        assert self.wrong == [], self.page.url
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide == 0, f"{self.page.url} is {wide} px wider than its window"


@pytest.fixture(scope="session")
def served(django_db_setup: None) -> Iterator[str]:  # the tests' database is there
    """The address of the product's own server, over the tests' database: pages arrive as they do to people."""
    address = make_conninfo(settings.ENVIRONMENT.database_url, dbname=connection.settings_dict["NAME"])
    with serving(1, "--no-work", address=address) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(params=WIDTHS)
def visit(request: pytest.FixtureRequest, browser: Browser, served: str) -> Iterator[Visit]:
    """Once on a phone, once on a desk."""
    width, height = WIDTHS[request.param]
    context = browser.new_context(viewport={"width": width, "height": height}, locale="en-US")
    opened = Visit(context.new_page(), served)
    opened.watch()
    yield opened
    context.close()
