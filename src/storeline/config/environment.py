"""What the environment must say, read in one place.

In development everything has a safe default. In production (`STORELINE_ENV=production`) the
secrets and addresses have none: starting without one is refused, with all that is missing named.
"""

from __future__ import annotations

import os
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

from storeline.config import database
from storeline.config.paths import VAR

if TYPE_CHECKING:
    from collections.abc import Mapping

_REQUIRED = ("DATABASE_URL", "SECRET_KEY", "ALLOWED_HOSTS")
_SHORTEST_KEY = 32
_TRANSPORT = re.compile(r"(?P<channel>[a-z_]+)=(?P<path>\w+(?:\.\w+)+)")
_OTLP_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_OTLP_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")


class ConfigurationError(RuntimeError):
    """The environment does not say what Storeline needs; the text names the variables."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long the database may take, in seconds; 0 is without end."""

    statement: float
    """One statement of the server or the worker."""
    migrate_lock: float
    """A migration's wait for a lock, while everybody else waits behind it."""
    migrate_statement: float


@dataclass(frozen=True, slots=True)
class Environment:
    """The settings that differ between installations."""

    production: bool
    debug: bool
    secret_key: str
    allowed_hosts: list[str]
    database_url: str
    limits: Limits
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...]
    message_transports: dict[str, str]
    traces: str
    """Where traces go: `otlp`, `console`, or nowhere."""
    staff_mfa: bool
    """Whether staff must have a second factor before they see anything of theirs."""
    first_shop: str
    """The ref of the shop that visitors see before they choose one; empty: a large one."""


def read(variables: Mapping[str, str]) -> Environment:
    """Read and check `variables`. Raises ConfigurationError."""
    name = variables.get("STORELINE_ENV", "development")
    if name not in ("development", "production"):
        raise ConfigurationError(f"STORELINE_ENV is {name!r}: it is either development or production.")
    production = name == "production"
    debug = variables.get("STORELINE_DEBUG", "0") == "1"
    if production:
        _check_production(variables, debug=debug)
    return Environment(
        production=production,
        debug=debug,
        secret_key=variables.get("SECRET_KEY") or _development_key(),
        allowed_hosts=_listed(variables, "ALLOWED_HOSTS") or ["127.0.0.1", "localhost", "[::1]"],
        database_url=variables.get("DATABASE_URL") or database.Server().url,
        limits=Limits(
            statement=seconds(variables, "STORELINE_STATEMENT_TIMEOUT_S", 30),
            migrate_lock=seconds(variables, "STORELINE_MIGRATE_LOCK_TIMEOUT_S", 5),
            migrate_statement=seconds(variables, "STORELINE_MIGRATE_STATEMENT_TIMEOUT_S", 60),
        ),
        trusted_proxies=_networks(variables, "STORELINE_TRUSTED_PROXIES"),
        message_transports=_transports(variables, "STORELINE_MESSAGE_TRANSPORTS"),
        traces=_traces(variables),
        staff_mfa=_staff_mfa(variables, production=production),
        first_shop=variables.get("STORELINE_FIRST_SHOP", ""),
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


def _listed(variables: Mapping[str, str], name: str) -> list[str]:
    return [each.strip() for each in variables.get(name, "").split(",") if each.strip()]


def seconds(variables: Mapping[str, str], name: str, default: float) -> float:
    """A number of seconds, 0 or more. Raises ConfigurationError."""
    text = variables.get(name) or str(default)
    if not re.fullmatch(r"\d{1,6}(\.\d{1,3})?", text):
        raise ConfigurationError(f"{name} is {text!r}: it is a number of seconds.")
    return float(text)


def _networks(variables: Mapping[str, str], name: str) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        networks = tuple(ip_network(each) for each in _listed(variables, name))
    except ValueError as error:
        raise ConfigurationError(f"{name}: {error}. It lists addresses or networks, such as 10.0.0.0/8.") from None
    if any(network.prefixlen == 0 for network in networks):
        raise ConfigurationError(f"{name} trusts every address: whoever asks could then name any other as its own.")
    return networks


def _transports(variables: Mapping[str, str], name: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in _listed(variables, name):
        match = _TRANSPORT.fullmatch(each)
        if match is None:
            raise ConfigurationError(f"{name}: {each!r} is not written as channel=package.module.Class.")
        found[match["channel"]] = match["path"]
    return found


def _traces(variables: Mapping[str, str]) -> str:
    """Which exporter OpenTelemetry's own variables ask for. Unlike its specification we trace only when told to."""
    told = "otlp" if any(variables.get(name) for name in _OTLP_ENDPOINTS) else "none"
    exporter = variables.get("OTEL_TRACES_EXPORTER") or told
    if exporter == "none" or variables.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return ""
    if exporter not in {"otlp", "console"}:
        raise ConfigurationError(f"OTEL_TRACES_EXPORTER is {exporter!r}: it is otlp, console or none.")
    protocol = next((variables[name] for name in _OTLP_PROTOCOLS if variables.get(name)), "http/protobuf")
    if exporter == "otlp" and protocol != "http/protobuf":
        raise ConfigurationError(f"OTEL_EXPORTER_OTLP_PROTOCOL is {protocol!r}: traces leave by http/protobuf.")
    return exporter


def _staff_mfa(variables: Mapping[str, str], *, production: bool) -> bool:
    wanted = variables.get("STORELINE_STAFF_MFA") or ("required" if production else "optional")
    if wanted not in {"required", "optional"}:
        raise ConfigurationError(f"STORELINE_STAFF_MFA is {wanted!r}: it is either required or optional.")
    return wanted == "required"


def _development_key() -> str:
    """A key of this checkout's own, made once, so that sign-ins outlive a restart.

    It gets its name once it is whole: of the processes that start together none reads another's half a key.
    """
    path = VAR / "secret-key"
    if not path.exists():
        VAR.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile("w", dir=VAR, prefix="secret-key-") as made:  # for its owner alone
            made.write(secrets.token_urlsafe(48))
            made.flush()
            with suppress(FileExistsError):
                os.link(made.name, path)
    return path.read_text()
