"""Pictures of the main pages for the README: `make screenshots`, or `python -m tests.e2e.screens [ADDRESS]`.

Drives Chromium over a demo, served at ADDRESS or else by this command itself, and writes `docs/screens/*.webp`.
"""

from __future__ import annotations

import argparse
import base64
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from tests.e2e.conftest import WIDTHS, Visit, chromium, open_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FOLDER = Path(__file__).parents[2] / "docs" / "screens"
MOST_BYTES = 150_000
FIRST_SHOP = "335"
"""Where the demo's visitors meet, as `make demo` serves it."""
_WEBP = """async ([png, quality]) => {
  const picture = new Image();
  picture.src = "data:image/png;base64," + png;
  await picture.decode();
  const canvas = document.createElement("canvas");
  canvas.width = picture.width;
  canvas.height = picture.height;
  canvas.getContext("2d").drawImage(picture, 0, 0);
  return canvas.toDataURL("image/webp", quality).split(",")[1];
}"""


@dataclass(frozen=True, slots=True)
class Shot:
    """A page: who looks at it, and how they come there from the site's front. `dark` is taken at one width only."""

    name: str
    sign_in: str
    way: Callable[[Visit], object]
    dark: str = ""


def at(path: str) -> Callable[[Visit], object]:
    """Just its address."""
    return lambda visit: visit.go(path)


def product(visit: Visit) -> None:
    """A product that is on offer."""
    visit.go("/search?q=orange juice")
    visit.page.locator(".product-name a").first.click()
    visit.page.locator("a.map-mark").first.wait_for()


def basket(visit: Visit) -> None:
    """A basket with some breakfast in it."""
    for wanted in ("milk", "bread", "bananas", "orange juice"):
        visit.go(f"/search?q={wanted}")
        visit.page.locator(".product-add button").first.click()
        visit.settle()
    visit.go("/basket")


def checkout(visit: Visit) -> None:
    """Where a time is chosen and paid."""
    basket(visit)
    visit.go("/checkout")


def order(visit: Visit) -> None:
    """The order's own page, just after it was placed."""
    checkout(visit)
    visit.page.locator(".pay:visible").click()
    visit.page.wait_for_url(re.compile("/order/"))


def till(visit: Visit) -> None:
    """A sale at the till of the shop that everybody sees first."""
    page = visit.page
    codes = []
    for wanted in ("milk", "bread", "bananas", "orange juice", "eggs", "cheddar cheese"):
        visit.go(f"/search?q={wanted}")
        hit = page.locator(".product-name a:not([href*='/demo-'])").first  # those go on the scale
        codes.append(hit.get_attribute("href").split("/")[2])  # type: ignore[union-attr]
    _place(visit, "/till/open", "a.row")
    page.locator("button[name=number]").first.click()
    visit.settle()
    if page.locator("[data-line]").count():  # of the picture before
        for key in ("F10", "F2"):
            page.keyboard.press(key)
            visit.page.wait_for_timeout(500)
    for number, code in enumerate(codes):
        page.locator("input[name=code]").fill(f"2*{code}" if number == 2 else code)  # two of one
        page.keyboard.press("Enter")
        page.locator("[data-line]").nth(number).wait_for()
    visit.settle()


def paid(visit: Visit) -> None:
    """The change and the receipt."""
    till(visit)
    visit.page.keyboard.press("F2")
    visit.page.locator("[data-pad-field]").wait_for()
    visit.page.keyboard.type("50")
    visit.page.keyboard.press("Enter")
    visit.page.locator(".till-outcome").wait_for()


def yesterday(visit: Visit) -> None:
    """The last whole day of trade."""
    visit.go("/office")
    visit.page.locator(".office-step a").first.click()
    visit.page.locator(".office-plot canvas").wait_for()


def places(visit: Visit) -> None:
    """All places, with their map."""
    visit.go("/office/places?range=week")
    visit.page.locator(".office-map .map-drawing").wait_for()


def desk(visit: Visit) -> None:
    """What is to be picked in the shop that the online orders went to."""
    _place(visit, "/desk/places", "button[name=place]")
    visit.go("/desk")


def picking(visit: Visit) -> None:
    """An order that is being picked."""
    desk(visit)
    visit.page.locator("a.desk-row").first.click()
    visit.page.locator("#picking").wait_for()
    more = visit.page.locator("#picking .desk-plus")
    if more.count():
        more.first.click()
        visit.settle()


def _place(visit: Visit, path: str, choice: str) -> None:
    """Choose the first shop where people choose; whoever has one place alone is there already."""
    visit.go("/")
    named = re.search(r"buying from (.+?)\.", visit.page.locator(".shop-where").inner_text())
    visit.go(f"{path}?q={named[1] if named else ''}")
    if visit.page.locator(choice).count():
        visit.page.locator(choice).first.click()
        visit.settle()


SHOTS = (
    Shot("shop-home", "", at("/")),
    Shot("shop-search", "", at("/search?q=orange juce")),
    Shot("shop-product", "", product),
    Shot("shop-basket", "", basket),
    Shot("shop-checkout", "", checkout),
    Shot("shop-order", "", order),
    Shot("shop-home-dark", "", at("/"), dark="desk"),
    Shot("till-sale", "associate", till),
    Shot("till-paid", "associate", paid),
    Shot("till-sale-dark", "associate", till, dark="desk"),
    Shot("desk-pick-list", "associate", desk),
    Shot("desk-picking", "associate", picking),
    Shot("desk-picking-dark", "associate", picking, dark="phone"),
    Shot("office-today", "finance", yesterday),
    Shot("office-places", "finance", places),
    Shot("office-orders", "finance", at("/office/orders")),
    Shot("office-promotions", "marketer", at("/office/promotions")),
    Shot("office-recalls", "planner", at("/office/recalls")),
    Shot("office-today-dark", "finance", yesterday, dark="desk"),
)


def main() -> None:
    """Take those that were asked for, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.screens", description=__doc__)
    parser.add_argument("address", nargs="?", default="", help="of a served demo; without one it is served here")
    parser.add_argument("--only", default="", help="names that begin so")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    with _served(chosen.address) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        failed = list(_take(browser, address, chosen.only, chosen.folder))
        browser.close()
    sys.exit(1 if failed else 0)


def _take(browser: Browser, address: str, only: str, folder: Path) -> Iterator[str]:
    """Take each at both widths; the names of those that went wrong."""
    for shot in SHOTS:
        for device, size in WIDTHS.items():
            name = f"{shot.name}-{size[0]}"
            if not name.startswith(only) or (shot.dark and device != shot.dark):
                continue
            visit = open_page(browser, address, size, color_scheme="dark" if shot.dark else "light")
            try:
                _sign_in(visit, shot.sign_in)
                shot.way(visit)
                visit.settle()
                visit.page.mouse.move(0, 0)
                written = _keep(browser, visit.page.screenshot(), folder / f"{name}.webp")
                sys.stdout.write(f"{name}.webp {written // 1000} kB\n")
            except Exception as error:  # noqa: BLE001  # the others are wanted all the same
                sys.stderr.write(f"{name}: {type(error).__name__} at {visit.page.url}: {str(error)[:300]}\n")
                yield name
            finally:
                visit.page.context.close()


def _sign_in(visit: Visit, login: str) -> None:
    """By the demo's front door."""
    if login:
        visit.go("/start")
        with visit.page.expect_navigation():
            visit.page.locator(f"form:has(input[name=login][value={login}]) button").first.click()


def _keep(browser: Browser, png: bytes, path: Path) -> int:
    """As WebP, at the best quality that fits; its size."""
    page = browser.new_page()
    content = b""
    for quality in (0.9, 0.8, 0.65, 0.5):
        content = base64.b64decode(page.evaluate(_WEBP, [base64.b64encode(png).decode(), quality]))
        if len(content) <= MOST_BYTES:
            break
    page.close()
    path.write_bytes(content)
    return len(content)


@contextmanager
def _served(address: str) -> Iterator[str]:
    if address:
        yield address
        return
    from bench.tools.server import serving  # noqa: PLC0415  # only where nobody serves

    subprocess.run([sys.executable, "-m", "storeline", "demo", "--no-serve"], check=True)
    os.environ.setdefault("STORELINE_FIRST_SHOP", FIRST_SHOP)
    with serving(1, "--stored-clock", address=os.environ.get("DATABASE_URL", "")) as port:
        yield f"http://127.0.0.1:{port}"


if __name__ == "__main__":
    main()
