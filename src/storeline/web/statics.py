"""Static files as browsers get them: under names with the hash of their content, which are kept for ever, and compressed
beforehand. Collected when the server starts, and only where something has changed since.
"""

from __future__ import annotations

import fcntl
import gzip
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import brotli
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.core.management import call_command

_TEXT = frozenset({".css", ".js", ".svg", ".json", ".html", ".txt", ".webmanifest", ".geojson"})
_SMALLEST, _LARGE = 500, 2**17
_WORTH = 0.95
_STATE, _LOCK = ".collected", ".collecting"


class HashedStorage(ManifestStaticFilesStorage):
    """Names with a hash; the modules that a script imports by name as well, or a browser would run them twice."""

    support_js_module_import_aggregation = True

    def stored_name(self, name: str) -> str:
        """A file that was not collected goes by its own name."""
        return str(self.hashed_files.get(self.hash_key(self.clean_name(name)), name))

    def post_process(
        self,
        paths: dict[str, Any],
        dry_run: bool = False,  # noqa: FBT001, FBT002  # Django's signature
        **options: Any,
    ) -> Iterator[tuple[str, str, bool] | tuple[str, None, RuntimeError]]:
        """Hash, then compress what is text."""
        for done in super().post_process(paths, dry_run, **options):
            if done[1] and done[2] is True:
                _compress(Path(self.path(done[1])))
            yield done


def _compress(path: Path) -> None:
    """Lay the compressed forms beside a file, where they are worth it."""
    if path.suffix not in _TEXT or path.stat().st_size < _SMALLEST:
        return
    content = path.read_bytes()
    effort = 11 if len(content) < _LARGE else 9  # the last percent of a megabyte takes seconds
    forms = {".br": brotli.compress(content, quality=effort), ".gz": gzip.compress(content, 9, mtime=0)}
    for suffix, form in forms.items():
        if len(form) < len(content) * _WORTH:
            path.with_name(path.name + suffix).write_bytes(form)


def collect() -> None:
    """Bring STATIC_ROOT up to date, if any file is another than last time.

    Of the servers of one checkout that start together one does it, and the others wait for it.
    """
    root = Path(settings.STATIC_ROOT)
    root.mkdir(parents=True, exist_ok=True)
    with (root / _LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        state, now = root / _STATE, _sources()
        if state.exists() and state.read_text() == now:
            return
        call_command("collectstatic", interactive=False, verbosity=0)
        state.write_text(now)


def _sources() -> str:
    """What there is to collect, as one hash over names, sizes and times."""
    known = hashlib.blake2b(digest_size=16)
    for finder in get_finders():
        for name, storage in finder.list([]):
            facts = Path(storage.path(name)).stat()
            known.update(f"{name} {facts.st_size} {facts.st_mtime_ns}\n".encode())
    return known.hexdigest()
