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

from tests.e2e.conftest import WIDTHS, chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FOLDER = Path(__file__).parents[2] / "docs" / "screens"
MOST_BYTES = 150_000
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
    """A page: who looks at it, and how they come there from the site's front."""

    name: str
    sign_in: str
    way: Callable[[Page], object]
    dark: bool = False


def at(path: str) -> Callable[[Page], object]:
    """Just its address."""
    return lambda page: page.goto(path, wait_until="networkidle")


def product(page: Page) -> None:
    """A product that is on offer."""
    page.goto("/search?q=orange juice", wait_until="networkidle")
    page.locator(".product-name a").first.click()


def basket(page: Page) -> None:
    """A basket with some breakfast in it."""
    for wanted in ("milk", "bread", "bananas", "orange juice"):
        page.goto(f"/search?q={wanted}", wait_until="networkidle")
        page.locator(".product-add button").first.click()
        page.wait_for_load_state("networkidle")
    page.goto("/basket", wait_until="networkidle")


def checkout(page: Page) -> None:
    """Where a time is chosen and paid."""
    basket(page)
    page.goto("/checkout", wait_until="networkidle")


def order(page: Page) -> None:
    """The order's own page, just after it was placed."""
    checkout(page)
    page.get_by_role("button", name=re.compile("Order and pay")).click()
    page.wait_for_url(re.compile("/order/"))


def till(page: Page) -> None:
    """A sale at the till of the shop that everybody sees first."""
    page.goto("/", wait_until="networkidle")
    codes = []
    for wanted in ("milk", "bread", "bananas", "orange juice", "eggs"):
        page.goto(f"/search?q={wanted}", wait_until="networkidle")
        codes.append(page.locator(".product-name a").first.get_attribute("href").split("/")[2])  # type: ignore[union-attr]
    page.goto(f"/till/open?q={_shop(page)}", wait_until="networkidle")
    if page.locator("a.row").count():
        page.locator("a.row").first.click()
    page.locator("button[name=number]").first.click()
    page.wait_for_load_state("networkidle")
    for code in codes:
        page.locator("input[name=code]").fill(code)
        page.keyboard.press("Enter")
        page.wait_for_timeout(600)  # the line is drawn


def yesterday(page: Page) -> None:
    """The last whole day of trade."""
    page.goto("/office", wait_until="networkidle")
    page.locator(".office-step a").first.click()


def desk(page: Page) -> None:
    """What is to be picked in the shop that the online orders went to."""
    page.goto(f"/desk/places?q={_shop(page)}", wait_until="networkidle")
    there = page.locator("button[name=place]")
    if there.count():
        there.first.click()
        page.wait_for_load_state("networkidle")
    page.goto("/desk", wait_until="networkidle")


def _shop(page: Page) -> str:
    """What the shop is called that visitors see first."""
    page.goto("/", wait_until="networkidle")
    named = re.search(r"buying from (.+?)\.", page.locator(".shop-where").inner_text())
    return named[1] if named else ""


SHOTS = (
    Shot("shop-home", "", at("/")),
    Shot("shop-search", "", at("/search?q=orange juce")),
    Shot("shop-product", "", product),
    Shot("shop-basket", "", basket),
    Shot("shop-checkout", "", checkout),
    Shot("shop-order", "", order),
    Shot("till-sale", "associate", till),
    Shot("desk-pick-list", "associate", desk),
    Shot("office-today", "finance", yesterday),
    Shot("office-places", "finance", at("/office/places")),
    Shot("office-promotions", "marketer", at("/office/promotions")),
    Shot("shop-home-dark", "", at("/"), dark=True),
    Shot("office-today-dark", "finance", yesterday, dark=True),
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
        for device, (width, height) in WIDTHS.items():
            name = f"{shot.name}-{width}"
            if not name.startswith(only) or (shot.dark and device == "phone"):
                continue
            context = browser.new_context(
                base_url=address,
                viewport={"width": width, "height": height},
                color_scheme="dark" if shot.dark else "light",
                locale="en-US",
                reduced_motion="reduce",
            )
            page = context.new_page()
            try:
                _sign_in(page, shot.sign_in)
                shot.way(page)
                page.wait_for_load_state("networkidle")
                size = _keep(browser, page.screenshot(), folder / f"{name}.webp")
                sys.stdout.write(f"{name}.webp {size // 1000} kB\n")
            except Exception as error:  # noqa: BLE001  # the others are wanted all the same
                sys.stderr.write(f"{name}: {type(error).__name__} at {page.url}: {str(error)[:300]}\n")
                yield name
            finally:
                context.close()


def _sign_in(page: Page, login: str) -> None:
    """By the demo's front door."""
    if login:
        page.goto("/start", wait_until="networkidle")
        page.locator(f"form:has(input[name=login][value={login}]) button").first.click()
        page.wait_for_load_state("networkidle")


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
    with serving(1, "--stored-clock", address=os.environ.get("DATABASE_URL", "")) as port:
        yield f"http://127.0.0.1:{port}"


if __name__ == "__main__":
    main()
