"""`storeline COMMAND`: Django's management commands and a few of our own, the database started first.

    storeline db start|stop|status|url|remove    the embedded PostgreSQL
    storeline serve [--port N]                   the HTTP server, with a worker beside it
    storeline work                               the worker alone: events and what is due
    storeline demo [--days N]                    a real retailer's trade, from nothing
    storeline help [COMMAND]                     everything else, such as migrate, import, audit

A module adds a command by a file in its `management/commands/`.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from storeline import __version__
from storeline.config import database

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_NO_DATABASE = frozenset(
    {
        "help",
        "version",
        "makemessages",
        "compilemessages",
        "collectstatic",
        "diffsettings",
        "findstatic",
        "vendor",
        "translations",
    }
)
_DB_ACTIONS = ("start", "stop", "status", "url", "remove")


def _serve(arguments: Sequence[str]) -> None:
    from storeline.config.serve import serve  # noqa: PLC0415  # reads the settings

    serve(arguments)


def _work(_arguments: Sequence[str]) -> None:
    from storeline.config.work import work  # noqa: PLC0415  # reads the settings

    work()


def _demo(arguments: Sequence[str]) -> None:
    from storeline.config.demo import demo  # noqa: PLC0415  # reads the settings

    demo(arguments)


_OWN: dict[str, Callable[[Sequence[str]], None]] = {"serve": _serve, "work": _work, "demo": _demo}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command; exits with its status."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "storeline.config.settings")
    command = arguments[0] if arguments else "help"
    try:
        if command in ("--version", "version"):
            sys.stdout.write(f"storeline {__version__}\n")
        elif command == "db":
            _db(arguments[1:])
        elif command in _OWN:
            database.ensure()
            _OWN[command](arguments[1:])
        else:
            _manage(command, arguments)
    except database.DatabaseError as error:
        sys.exit(f"storeline: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


def _manage(command: str, arguments: Sequence[str]) -> None:
    """Hand over to Django, with the database running unless the command needs none."""
    if list(arguments) in ([], ["help"], ["--help"], ["-h"]):
        sys.stdout.write(f"{__doc__}\n")
    elif command not in _NO_DATABASE and not {"-h", "--help"} & set(arguments):
        database.ensure()
    from django.core.management import execute_from_command_line  # noqa: PLC0415  # reads the settings

    execute_from_command_line(["storeline", *arguments])


def _db(arguments: Sequence[str]) -> None:
    """The embedded server by hand."""
    action = arguments[0] if arguments else "status"
    if action not in _DB_ACTIONS or len(arguments) > 1:
        sys.exit(f"usage: storeline db {'|'.join(_DB_ACTIONS)}")
    if action == "url":
        sys.stdout.write(f"{database.url()}\n")
        return
    if os.environ.get("DATABASE_URL"):
        sys.exit("storeline: DATABASE_URL names a server of yours; `storeline db` looks after the embedded one only.")
    server = database.Server()
    if action == "start":
        server.start()
    elif action == "stop":
        server.stop()
    elif action == "remove":
        server.remove()
        database.forget_binaries()
    sys.stdout.write(f"{server.status()}\n")
