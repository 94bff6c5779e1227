"""Prometheus metrics. With several workers, each writes to a folder that is read as one."""

from __future__ import annotations

import hmac
import os

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from storeline.web.problems import problem

REQUESTS = Counter("storeline_requests", "HTTP requests", ["method", "route", "status"])
SECONDS = Histogram(
    "storeline_request_seconds",
    "Time to answer a request",
    ["route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
LIVE_STREAMS = Gauge("storeline_live_streams", "Pages that listen for changes", multiprocess_mode="livesum")
LIVE_READS = Counter("storeline_live_reads", "Times the event log was read for pages that listen")
SHARED = Counter("storeline_shared_answers", "Requests answered with what was made for another")
HELPED = Counter(
    "storeline_helped_answers", "Requests answered by another process of the server than the one they came to"
)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def observe(method: str, route: str, status: int, seconds: float) -> None:
    """Count one answered request under its route's pattern, never its path."""
    REQUESTS.labels(method if method in _METHODS else "other", route, str(status)).inc()
    SECONDS.labels(route).observe(seconds)


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """`/metrics`: open in development; in production only to whom shows STORELINE_METRICS_TOKEN as a bearer token."""
    expected = f"Bearer {settings.METRICS_TOKEN}"
    shown = request.headers.get("Authorization", "")
    if settings.METRICS_TOKEN and not hmac.compare_digest(shown.encode(), expected.encode()):
        return problem(401)
    if settings.PRODUCTION and not settings.METRICS_TOKEN:
        return problem(404)
    registry = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library has no annotation there
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
