"""Each module has the same files, so that a reader guesses right; what else it holds is listed here with its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import apps

from storeline.config.modules import MODULES
from tests.architecture.source import SOURCE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

EVERYWHERE = frozenset(
    {
        "__init__",
        "api",
        "domain",
        "models",
        "commands",
        "queries",
        "locks",
        "events",
        "handlers",
        "audit",
        "http",
        "pages",
        "templates",
        "static",
        "locale",
        "admin",
        "jobs",
        "permissions",
        "errors",
        "tests",
        "migrations",
        "management",
        "apps",
        "loading",  # what the module does with a set of rows from a file
        "personal",  # what it holds of a person: handed to them, unlinked from them
    }
)

OWN: dict[str, dict[str, str]] = {
    "kernel": {
        "actors": "who acts; permissions",
        "bulk": "items of one request, each with its verdict",
        "checks": "the audit's checks",
        "clock": "business time",
        "currencies": "ISO 4217",
        "db": "set-based SQL",
        "idempotency": "Idempotency-Key",
        "ids": "UUIDv7 and UUIDv8",
        "pipe": "statements that travel together",
        "news": "that something happened, for who only wants to know",
        "staged": "master data as sets",
        "stored_clock": "the demo's clock",
        "timers": "when a job is due, and who runs it",
        "tracing": "spans, where somebody traces",
        "trail": "the audit trail",
    },
    "identity": {
        "access": "what a route requires",
        "again": "forms that were sent without a sign-in",
        "adapter": "allauth's view of our accounts",
        "demo": "one sign-in a role",
        "hashers": "clients' secrets",
        "keys": "keyed hashes",
        "oauth": "scopes",
        "oauth_urls": "the token's addresses",
        "sessions": "signing in",
        "session_store": "where sessions are kept",
    },
    "catalog": {"beside": "what modules above add to lists", "search": "words, scripts and typos"},
    "messages": {
        "codes": "one-time codes",
        "outbox": "what is to be sent",
        "recovery": "a forgotten password",
        "transports": "who carries it",
    },
    "partners": {
        "deliveries": "which event goes to whom",
        "endpoints": "where webhooks go, and their secrets",
        "safe_http": "a request that reaches public addresses only",
        "sender": "signs, sends, tries again",
    },
    "payments": {"providers": "the interface of payment partners", "sandbox": "a card partner for tests"},
    "shop": {
        "basket": "a member's in a row, a guest's in a cookie",
        "departments": "the tree of categories",
        "hot": "the line for what many want at once",
        "mine": "a visitor's own orders",
        "offers": "what is on offer, what is bought again, what stands in for another",
        "shelf": "a list of products with price and stock",
        "templatetags": "a product's card, drawn once for all",
        "where": "the shop that the visitor buys from",
    },
    "insight": {
        "availability": "what places have of their range, looked at in turns",
        "sums": "the statements that make figures",
    },
    "consignment": {"facts": "the statements that read what happened to partners' goods"},
    "exchange": {
        "documents": "files in and out as documents",
        "format": "the import format, column by column",
        "exporting": "everything back in that format",
        "importing": "one folder's way in",
        "journey": "the demo retailer in that format",
        "reading": "CSV and Parquet into staged rows",
        "progress": "what people see of long work",
        "replaying": "real baskets through the order path",
        "replay_choice": "which of its last baskets are received otherwise",
        "replay_end": "its last baskets, left at every step of every way",
        "totals": "the second reader",
        "workers": "the replay's processes",
    },
}


def violations(module: str, names: Iterable[str]) -> Iterator[str]:
    """Names in a module's folder that neither every module nor this one has."""
    for name in sorted(names):
        if name not in EVERYWHERE and name not in OWN.get(module, {}):
            yield f"{module}/{name}"


def _names(module: str) -> set[str]:
    return {path.stem for path in (SOURCE / module).iterdir() if path.name != "__pycache__"}


def test_the_project_keeps_the_rule() -> None:
    assert [violation for module in MODULES for violation in violations(module, _names(module))] == []


def test_a_planted_name_is_found() -> None:
    assert list(violations("stock", ["api", "utils"])) == ["stock/utils"]


def test_no_listed_name_has_gone() -> None:
    assert [f"{module}/{name}" for module, own in OWN.items() for name in own if name not in _names(module)] == []


def test_each_module_is_an_app_of_its_own_name() -> None:
    assert {config.name: config.label for config in apps.get_app_configs() if config.name.startswith("storeline.")} == {
        f"storeline.{module}": module for module in (*MODULES, "web")
    }
