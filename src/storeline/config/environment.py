"""What the environment must say, read in one place.

In development everything has a safe default. In production (`STORELINE_ENV=production`) the
secrets and addresses have none: starting without one is refused, with all that is missing named.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from storeline.config import database
from storeline.config.paths import VAR

if TYPE_CHECKING:
    from collections.abc import Mapping

_REQUIRED = ("DATABASE_URL", "SECRET_KEY", "ALLOWED_HOSTS")
_SHORTEST_KEY = 32


class ConfigurationError(RuntimeError):
    """The environment does not say what Storeline needs; the text names the variables."""


@dataclass(frozen=True, slots=True)
class Environment:
    """The settings that differ between installations."""

    production: bool
    debug: bool
    secret_key: str
    allowed_hosts: list[str]
    database_url: str


def read(variables: Mapping[str, str]) -> Environment:
    """Read and check `variables`. Raises ConfigurationError."""
    name = variables.get("STORELINE_ENV", "development")
    if name not in ("development", "production"):
        raise ConfigurationError(f"STORELINE_ENV is {name!r}: it is either development or production.")
    production = name == "production"
    debug = variables.get("STORELINE_DEBUG", "0") == "1"
    if production:
        _check_production(variables, debug=debug)
    hosts = [host.strip() for host in variables.get("ALLOWED_HOSTS", "").split(",") if host.strip()]
    return Environment(
        production=production,
        debug=debug,
        secret_key=variables.get("SECRET_KEY") or _development_key(),
        allowed_hosts=hosts or ["127.0.0.1", "localhost", "[::1]"],
        database_url=variables.get("DATABASE_URL") or database.Server().url,
    )


def _check_production(variables: Mapping[str, str], *, debug: bool) -> None:
    if missing := [name for name in _REQUIRED if not variables.get(name, "").strip(" ,")]:
        raise ConfigurationError(f"Production needs {', '.join(missing)} in the environment.")
    if debug:
        raise ConfigurationError("Production refuses STORELINE_DEBUG=1: error pages would show secrets.")
    if len(variables["SECRET_KEY"]) < _SHORTEST_KEY:
        raise ConfigurationError(f"SECRET_KEY is shorter than {_SHORTEST_KEY} characters.")
    if "*" in variables["ALLOWED_HOSTS"].replace(" ", "").split(","):
        raise ConfigurationError("ALLOWED_HOSTS is open to every name (*): name the hosts.")


def _development_key() -> str:
    """A key of this checkout's own, made once, so that sign-ins outlive a restart."""
    path = VAR / "secret-key"
    VAR.mkdir(parents=True, exist_ok=True)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    return path.read_text()
