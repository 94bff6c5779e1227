"""`storeline COMMAND`: Django's management commands and a few of our own, the database started first.

    storeline db start|stop|status|url|remove    the embedded PostgreSQL
    storeline serve                              the HTTP server
    storeline demo                               a real retailer's trade, from nothing
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
    from collections.abc import Sequence

_NO_DATABASE = frozenset(
    {"help", "version", "makemessages", "compilemessages", "collectstatic", "diffsettings", "findstatic"}
)
_DB_ACTIONS = ("start", "stop", "status", "url", "remove")


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
    sys.stdout.write(f"{server.status()}\n")
