"""`storeline demo`: from nothing to a real retailer trading here, in steps that can be cut off anywhere.

A finished step is noted under `var/`, for the database that it was done in; the next run goes on
with the first that is not. A step that was cut off repeats itself without doubling anything.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import django
from django.core.management import call_command
from rich.console import Console
from rich.table import Table

from storeline.config.paths import VAR

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from storeline.identity.api import DemoSignIn

_console = Console(highlight=False)
_NOTES = VAR / "demo.json"
_SHOP, _HOUSEHOLD = "335", "h1142"
"""Where visitors meet: the shop to which most online orders of the last day are still open, so that its desk has work,
and a household that buys there three times a week, whose last order is ready, and the one before to be taken back in part:
the demo's shopper."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what it is called in the notes, what people read, what it does."""

    name: str
    words: str
    do: Callable[[], object]


def demo(arguments: Sequence[str]) -> None:
    """Run the steps that are still to do, print the sign-ins, serve."""
    parser = argparse.ArgumentParser(prog="storeline demo", description="A real retailer's trade, from nothing.")
    parser.add_argument("--days", type=int, default=7, help="days of trade to replay through the live order path")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--no-serve", action="store_true", help="stop when the books are audited")
    chosen = parser.parse_args(arguments)
    django.setup()
    _prepare(chosen.days)
    run(steps(chosen.days), key=f"{_database()} days={chosen.days}")
    _sign_ins(chosen.port)
    if not chosen.no_serve:
        from storeline.config.serve import serve  # noqa: PLC0415  # reads the settings

        os.environ.setdefault("STORELINE_FIRST_SHOP", _SHOP)  # for the server's own processes
        serve(["--port", str(chosen.port), "--stored-clock"])


def _prepare(days: int) -> None:
    """Make the tables, and beside it write the retailer's year as files."""
    from storeline.exchange import journey  # noqa: PLC0415  # reads the settings

    with ThreadPoolExecutor(1) as beside:
        written = beside.submit(journey.prepare, VAR / "journey", days=days)
        call_command("migrate", interactive=False, verbosity=0)
        written.result()


def steps(days: int) -> list[Step]:
    """Everything between an empty database and an open shop."""
    return [
        Step("load", "Master data and history", lambda: call_command("load", "journey", days=days)),
        Step("replay", f"The last {days} days through the live order path", lambda: _replay(days)),
        Step("audit", "Audit of the books", lambda: call_command("audit")),
    ]


def _replay(days: int) -> None:
    """The people first: some of the last orders are left open in their names."""
    _people()
    call_command("replay", days=days, open=_SHOP)


def run(todo: Sequence[Step], *, key: str) -> None:
    """Do the steps that the notes do not name yet; `key` says which database and which wish they are about."""
    done = _read_notes().get(key, [])
    for step in todo:
        if step.name in done:
            _console.print(f"[green]✓[/] {step.words} [dim](done before)[/]")
            continue
        _console.print(f"[cyan]…[/] {step.words}")
        started = time.monotonic()
        step.do()
        done = [*done, step.name]
        _write_notes({key: done})
        _console.print(f"[green]✓[/] {step.words} [dim]{time.monotonic() - started:.1f} s[/]")


def _read_notes() -> dict[str, list[str]]:
    try:
        notes: dict[str, list[str]] = json.loads(_NOTES.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return notes


def _write_notes(notes: dict[str, list[str]]) -> None:
    partial = _NOTES.with_suffix(".partial")
    partial.write_text(json.dumps(notes))
    partial.replace(_NOTES)


def _database() -> str:
    """What tells this database from any other, a dropped and remade one included."""
    from django.db import connection  # noqa: PLC0415  # needs the settings

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT system_identifier || '/' || oid FROM pg_control_system(), pg_database "
            "WHERE datname = current_database()"
        )
        (identity,) = cursor.fetchone() or ("",)
    return str(identity)


def _give_history(login: str) -> None:
    """Let the demo's shopper be one household of the data, with a year of trade behind them."""
    from storeline.customers import api as customers  # noqa: PLC0415  # needs the settings
    from storeline.identity.api import actor_of_user, find_user  # noqa: PLC0415  # likewise
    from storeline.kernel.api import SYSTEM  # noqa: PLC0415  # likewise

    user, household = find_user(login), customers.find_by_ref(_HOUSEHOLD)
    actor = None if user is None else actor_of_user(user)
    if actor is None or household is None:
        return
    mine = customers.join(actor=actor)
    if customers.persons([household])[household] == household:
        customers.merge(household, mine, reason="the demo's shopper", actor=SYSTEM)


@cache
def _people() -> list[DemoSignIn]:
    """Make sure of one sign-in for each role, once: to compare eight passwords with their hashes takes two seconds."""
    from storeline.identity.api import ensure_demo_sign_ins  # noqa: PLC0415  # needs the settings
    from storeline.places.api import find_by_ref  # noqa: PLC0415  # likewise

    shop = find_by_ref(_SHOP)
    return ensure_demo_sign_ins(None if shop is None else shop.id)


def _sign_ins(port: int) -> None:
    """One for each role."""
    table = Table("role", "sign-in", "secret", "where", box=None, pad_edge=False)
    for found in _people():
        if found.role == "shopper":
            _give_history(found.login)
        table.add_row(found.role, found.login, found.secret, "/oauth/token" if found.is_client else "/accounts/login/")
    _console.print(table)
    _console.print(f"[bold]Open http://127.0.0.1:{port}/start[/]: shop, till, desk and office, and what is real here")
    _console.print(f"API and its documentation: http://127.0.0.1:{port}/api/v1/docs")
