"""What a browser loads for a page when it has nothing yet: compressed bytes, by following what the page names."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Mapping

_STYLE = re.compile(rb'<link rel="stylesheet" href="([^"]+)"')
_SCRIPT = re.compile(rb'<script\b[^>]*\bsrc="([^"]+)"')
_SPRITE = re.compile(rb'<use href="([^"#]+)')
_IMPORT = re.compile(rb'(?:\bfrom|\bimport)\s*\(?\s*"((?:/|\./|\.\./)[^"]+)"')
_IMPORTED_CSS = re.compile(rb'@import\s+(?:url\()?"([^"]+)"')
BROWSER = {"Accept-Encoding": "gzip, deflate, br", "Accept-Language": "en-US,en;q=0.9", "Accept": "text/html,*/*"}


def cold_bytes(port: int, path: str, headers: Mapping[str, str]) -> int:
    """The page, its style sheets, its scripts with what they import, and its icons; no pictures, no headers."""
    size, page = _fetch(port, path, headers)
    todo = [*_STYLE.findall(page), *_SCRIPT.findall(page), *_SPRITE.findall(page)]
    seen: set[bytes] = set()
    while todo:
        address = todo.pop()
        if address in seen:
            continue
        seen.add(address)
        length, content = _fetch(port, address.decode(), headers)
        size += length
        if b".js" in address or b".css" in address:
            found = _IMPORT.findall(content) if b".js" in address else _IMPORTED_CSS.findall(content)
            folder = address.rpartition(b"/")[0]
            todo += [one if one.startswith(b"/") else folder + b"/" + one.removeprefix(b"./") for one in found]
    return size


def _fetch(port: int, path: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
    """How many bytes came over the wire, and the content."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={**BROWSER, **headers})
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  # our own server
        raw: bytes = answer.read()
        encoding = answer.headers.get("Content-Encoding", "")
    return len(raw), _plain(raw, encoding)


def _plain(raw: bytes, encoding: str) -> bytes:
    if encoding == "br":
        import brotli

        return bytes(brotli.decompress(raw))
    if encoding == "gzip":
        import gzip

        return gzip.decompress(raw)
    return raw
