"""A real Chromium over a server of this test's own. A missing browser is a failure, never a skip."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from zlib import crc32

import pytest
from django.conf import settings
from django.db import connection
from playwright.sync_api import sync_playwright
from psycopg.conninfo import make_conninfo

from bench.tools.server import serving

if TYPE_CHECKING:
    from uuid import UUID

    from playwright.sync_api import Browser, Page, Request

AXE = f"""(() => {{
  let made;
  Object.defineProperty(window, "axe", {{
    configurable: true,
    get: () => {{
      if (!made) {{
        delete window.axe;
        (() => {{ {(Path(__file__).parent / "axe" / "axe.min.js").read_text()} }})();
        made = window.axe;
      }}
      return made;
    }},
  }});
}})()"""
"""Known to every page from its beginning and made when it is first asked for: bringing half a megabyte cost as much as a look."""
_LOOK = """async () => {
  const found = await axe.run(document, { resultTypes: ["violations"], selectors: false });
  return found.violations.flatMap((one) => one.nodes.map((node) =>
    `${one.id}: ${node.html.slice(0, 160)} ${JSON.stringify(node.any.slice(0, 1)).slice(0, 200)}`));
}"""
WIDTHS = {"phone": (390, 844), "desk": (1440, 900)}
PLAINLY = "--js-flags=--no-opt --no-maglev"
"""A page lives for a second: its scripts are not worth optimising."""
WITHIN_MS = 10_000
_STILL = "() => document.readyState === 'complete' && !document.querySelector('.htmx-request')"
_STATE = """() => {
  const all = [...document.querySelectorAll("*")];
  const set = all.flatMap((each, at) => (each.checked || each.selected || each === document.activeElement ? [at] : []));
  const theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  return [theme, innerWidth, innerHeight, set.join(" "), document.documentElement.outerHTML].join("\\n");
}"""
_OWN = re.compile(
    r"[0-9a-f]{8}-[0-9a-f-]{27}"  # ids, also inside of addresses
    r'|(?<=key=)[^"&]+|(?<=csrfmiddlewaretoken" value=")[^"]+|(?<=X-CSRFToken&quot;:&quot;)[^&]+|(?<=data-live=")[^"]+'
    r'|(?<=data-live-at=")[^"]+'
)
_found_in_order: set[bytes] = set()
"""What axe found nothing in: the same page in the same state at the same size in the same theme needs no second look."""


def chromium() -> str:
    """Where the browser is: CHROMIUM, else Debian's; the one without windows costs half."""
    known = ("chromium-headless-shell", "chromium", "chromium-browser")
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, known)), None)
    if not found:
        pytest.fail("No Chromium: `make test` installs Debian's as root; elsewhere let CHROMIUM name one.")
    return found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright's loop stands in this thread; nothing is awaited
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", PLAINLY])
        yield opened
        opened.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@dataclass
class Visit:
    """A page being visited, and everything that went wrong on the way."""

    page: Page
    base: str
    wrong: list[str] = field(default_factory=list)
    under_way: set[Request] = field(default_factory=set)

    def watch(self) -> None:
        self.page.on("console", lambda said: self.wrong.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("request", self._asked)
        self.page.on("requestfinished", self._answered)
        self.page.on("requestfailed", self._answered)

    def _asked(self, asked: Request) -> None:
        if asked.resource_type != "eventsource":  # which stays open
            self.under_way.add(asked)
        if urlsplit(asked.url).scheme != "data" and not asked.url.startswith(self.base):
            self.wrong.append(f"a request left the machine: {asked.url}")

    def _answered(self, asked: Request) -> None:
        self.under_way.discard(asked)

    @property
    def is_phone(self) -> bool:
        return (self.page.viewport_size or {"width": 0})["width"] == WIDTHS["phone"][0]

    def speak(self, language: str) -> None:
        self.keep({settings.LANGUAGE_COOKIE_NAME: language})

    def sign_in(self, user: UUID) -> None:
        """As who signed in before, where signing in is not the point."""
        from storeline.identity.tests.factories import browser_of  # noqa: PLC0415  # pictures are taken without Django

        self.keep({name: morsel.value for name, morsel in browser_of(user).cookies.items()})

    def keep(self, cookies: dict[str, str]) -> None:
        self.page.context.add_cookies(
            [{"name": name, "value": value, "url": self.base} for name, value in cookies.items()]
        )

    def go(self, path: str) -> None:
        self.page.goto(self.base + path)
        self.settle()

    def settle(self) -> None:
        """Wait until the page has all that it asked for."""
        self.page.wait_for_function(_STILL, timeout=WITHIN_MS)
        for _ in range(WITHIN_MS // 10):
            if not self.under_way:
                return
            self.page.wait_for_timeout(10)
        pytest.fail(f"{self.page.url} still waits for {[one.url for one in self.under_way]}")

    def expect(self, status: int) -> None:
        """The browser itself says that it got this status, at times only a moment after the page stands."""
        for _ in range(WITHIN_MS // 10):
            said = [one for one in self.wrong if f"the server responded with a status of {status} " in one]
            if said:
                self.wrong.remove(said[0])
                return
            self.page.wait_for_timeout(10)
        pytest.fail(f"the browser does not say that {self.page.url} has status {status}")

    def check(self) -> None:
        """Axe finds nothing on this page, nothing went wrong, and it is no wider than the window."""
        self.settle()
        self.fits()
        assert self.wrong == [], self.page.url
        state = hashlib.sha256(_OWN.sub("", self.page.evaluate(_STATE)).encode()).digest()
        if state not in _found_in_order:
            assert self._violations() == [], self.page.url
            _found_in_order.add(state)

    def fits(self) -> None:
        """The page is no wider than its window."""
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide == 0, f"{self.page.url} is {wide} px wider than its window"

    def _violations(self) -> list[str]:
        found: list[str] = self.page.evaluate(_LOOK)
        return found

    def another(self, **options: Any) -> Visit:
        """Somebody else, in a browser of their own of the same size."""
        browser = self.page.context.browser
        assert browser is not None
        size = self.page.viewport_size
        assert size is not None
        return open_page(browser, self.base, (size["width"], size["height"]), **options)


def open_page(browser: Browser, base: str, size: tuple[int, int], **options: Any) -> Visit:
    """A browser that knows nothing yet. Nothing moves in it: what fades in has no contrast meanwhile."""
    wanted: dict[str, Any] = {"locale": "en-US", "reduced_motion": "reduce"}
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, **(wanted | options))
    context.add_init_script(AXE)
    opened = Visit(context.new_page(), base)
    opened.watch()
    return opened


@pytest.fixture(scope="session")
def served(django_db_setup: None) -> Iterator[str]:  # the tests' database is there
    """The address of the product's own server, over the tests' database: pages arrive as they do to people."""
    address = make_conninfo(settings.ENVIRONMENT.database_url, dbname=connection.settings_dict["NAME"])
    with serving(1, "--no-work", address=address) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(params=WIDTHS)
def visit(request: pytest.FixtureRequest, browser: Browser, served: str) -> Iterator[Visit]:
    """Once on a phone, once on a desk."""
    opened = open_page(browser, served, WIDTHS[request.param])
    yield opened
    for context in browser.contexts:
        context.close()


@pytest.fixture
def language(request: pytest.FixtureRequest, visit: Visit) -> str:
    """One at each width; which of them changes from journey to journey."""
    return ("en", "zh-hans")[visit.is_phone ^ crc32(request.function.__name__.encode()) % 2]
