"""Is the process alive, and can it serve?"""

from __future__ import annotations

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from storeline.web.problems import problem

_migrated = False


@require_safe
def live(_request: HttpRequest) -> HttpResponseBase:
    """200 while the process answers at all; it asks nothing of the database."""
    return JsonResponse({"status": "ok"})


@require_safe
def ready(_request: HttpRequest) -> HttpResponseBase:
    """200 when the database answers and every migration has run; otherwise 503, and a balancer sends no one here."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        migrated = _is_migrated()
    except DatabaseError:
        return problem(503, "The database does not answer.", retry_after=2)
    if not migrated:
        return problem(503, "Migrations have yet to run.", retry_after=5)
    return JsonResponse({"status": "ok"})


def _is_migrated() -> bool:
    """Asked until it is so; migrations do not go back while a process serves."""
    global _migrated  # noqa: PLW0603  # one fact for the whole process
    if not _migrated:
        executor = MigrationExecutor(connection)
        _migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return _migrated
