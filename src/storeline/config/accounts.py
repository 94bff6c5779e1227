"""The operating system account that PostgreSQL runs as.

PostgreSQL refuses to run as root, so a command started by root runs the server as an account
without privileges. No account is made and no other folder's mode is changed.
"""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_CANDIDATES = ("storeline", "postgres", "nobody")


@dataclass(frozen=True, slots=True)
class Account:
    """Who runs the server. `switch` says that we are root and must become them."""

    name: str
    uid: int
    gid: int
    switch: bool

    def run(
        self, command: Sequence[str | Path], *, env: Mapping[str, str] | None = None, timeout: float | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command as this account, from `/`, and give back what it printed (both streams in stdout)."""
        return subprocess.run(
            [str(part) for part in command],
            cwd="/",
            env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8", "TZ": "UTC"} | dict(env or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
            user=self.uid if self.switch else None,
            group=self.gid if self.switch else None,
            extra_groups=[] if self.switch else None,
        )

    def own(self, folder: Path) -> Path:
        """Make `folder` (its parent exists), private to this account."""
        folder.mkdir(mode=0o700, exist_ok=True)
        if self.switch and folder.stat().st_uid != self.uid:
            os.chown(folder, self.uid, self.gid)
        folder.chmod(0o700)
        return folder

    def reaches(self, folder: Path) -> bool:
        """Whether this account can pass every folder down to `folder`, which need not exist yet."""
        if not self.switch:
            return True
        existing = next(path for path in (folder, *folder.parents) if path.exists())
        return self.run(["/bin/sh", "-c", 'test -x "$1"', "sh", existing]).returncode == 0


@cache
def server_account() -> Account:
    """The account for the server: ourselves, or for root the first unprivileged one that exists."""
    if os.geteuid() != 0:
        own = pwd.getpwuid(os.geteuid())
        return Account(own.pw_name, own.pw_uid, own.pw_gid, switch=False)
    for name in _CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, switch=True)
    raise RuntimeError(
        f"PostgreSQL does not run as root, and none of the accounts {', '.join(_CANDIDATES)} exists: "
        "run as an ordinary user, or set DATABASE_URL."
    )
