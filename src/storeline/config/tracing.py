"""Traces by OpenTelemetry, where its own standard variables ask for them; otherwise nothing of it is imported.

Spans: a request (by route), a call of a partner, a job, a consumer's batch, and within these each outermost
transaction (by the function that opened it). Attributes hold no path, query, address, body or SQL, and of an error its kind alone. Why so: docs/adr/0011-traces.md.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections, transaction

from storeline.config import logs
from storeline.kernel.tracing import trace_with

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Tracer

    from storeline.kernel.tracing import Attributes

_FAULT = 500
_PROBES = ("/health/", "/metrics")
_KEPT = "storeline_span"


def start() -> None:
    """Trace this process if the environment says so. Call it once, in the process that works: it starts a thread."""
    if settings.ENVIRONMENT.traces:
        trace_to(_exporter(settings.ENVIRONMENT.traces))


def _exporter(name: str) -> SpanExporter:
    if name == "console":
        from opentelemetry.sdk.trace.export import ConsoleSpanExporter  # noqa: PLC0415  # only when traced

        return ConsoleSpanExporter(out=sys.stderr)
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415

    return OTLPSpanExporter()


def trace_to(exporter: SpanExporter, *, at_once: bool = False) -> None:
    """Let every span of this process go to `exporter`, in batches unless `at_once`."""
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415  # only when traced
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor  # noqa: PLC0415

    if "service.name=" not in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", ""):
        os.environ.setdefault("OTEL_SERVICE_NAME", "storeline")
    provider = TracerProvider(resource=Resource.create())
    provider.add_span_processor((SimpleSpanProcessor if at_once else BatchSpanProcessor)(exporter))
    tracer = provider.get_tracer("storeline")
    trace_with(lambda name, attributes: _span(tracer, name, attributes))
    TraceMiddleware.tracer = tracer
    logs.more = _ids
    _trace_transactions(tracer)


def stop() -> None:
    """Trace no more: for tests."""
    trace_with(None)
    TraceMiddleware.tracer = None
    logs.more = dict
    for name, whole in _django.items():
        setattr(transaction.Atomic, name, whole)


@contextmanager
def _span(tracer: Tracer, name: str, attributes: Attributes) -> Iterator[None]:
    """A span that says of an error its kind alone: a database's message quotes rows, and rows hold people."""
    from opentelemetry.trace import StatusCode  # noqa: PLC0415  # only when traced

    with tracer.start_as_current_span(
        name, attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as span:
        try:
            yield
        except BaseException as error:
            span.set_attribute("error.type", f"{type(error).__module__}.{type(error).__qualname__}")
            span.set_status(StatusCode.ERROR)
            raise


def _ids() -> dict[str, str]:
    """What a log line adds, so that it is found from its trace."""
    from opentelemetry.trace import format_span_id, format_trace_id, get_current_span  # noqa: PLC0415

    context = get_current_span().get_span_context()
    if not context.is_valid:
        return {}
    return {"trace_id": format_trace_id(context.trace_id), "span_id": format_span_id(context.span_id)}


class TraceMiddleware:
    """A span around each request, in the caller's trace where it sends a W3C `traceparent`. Outermost, so that logs know it."""

    tracer: Tracer | None = None

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if self.tracer is None or request.path.startswith(_PROBES):
            return self.get_response(request)
        from opentelemetry.propagate import extract  # noqa: PLC0415  # only when traced
        from opentelemetry.trace import SpanKind, StatusCode  # noqa: PLC0415

        caller = extract({name: request.headers.get(name, "") for name in ("traceparent", "tracestate")})
        method = request.method or ""
        with self.tracer.start_as_current_span(method, context=caller, kind=SpanKind.SERVER) as span:
            response = self.get_response(request)
            route = request.resolver_match.route if request.resolver_match else "none"
            span.update_name(f"{method} {route}")
            span.set_attributes(
                {"http.request.method": method, "http.route": route, "http.response.status_code": response.status_code}
            )
            if response.status_code >= _FAULT:
                span.set_status(StatusCode.ERROR)
        return response


_django: dict[str, Any] = {name: getattr(transaction.Atomic, name) for name in ("__enter__", "__exit__")}


def _trace_transactions(tracer: Tracer) -> None:
    """Put a span around outermost transactions, commit and all, but not where a consumer looks whether there is anything to read.

    Django's own methods are replaced, and only here, so that it costs nothing when off.
    """
    from opentelemetry.trace import get_current_span  # noqa: PLC0415  # only when traced

    def enter(self: transaction.Atomic) -> None:
        connection = connections[self.using or DEFAULT_DB_ALIAS]
        if connection.in_atomic_block or not get_current_span().get_span_context().is_valid:
            _django["__enter__"](self)
            return
        span = _span(tracer, _opener(), {})
        span.__enter__()
        try:
            _django["__enter__"](self)
        except BaseException:
            span.__exit__(*sys.exc_info())
            raise
        vars(connection)[_KEPT] = span

    def leave(self: transaction.Atomic, *error: Any) -> None:
        connection = connections[self.using or DEFAULT_DB_ALIAS]
        try:
            _django["__exit__"](self, *error)
        finally:
            if not connection.in_atomic_block and (span := vars(connection).pop(_KEPT, None)):
                span.__exit__(*error)

    transaction.Atomic.__enter__, transaction.Atomic.__exit__ = enter, leave  # type: ignore[method-assign]


def _opener() -> str:
    """The function of ours that opens the transaction: ``orders.commands.place.place``."""
    frame: FrameType | None = sys._getframe(2)  # noqa: SLF001  # there is no other way to ask who calls
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module.startswith("storeline.") and module != "storeline.kernel.db":
            return f"{module.removeprefix('storeline.')}.{frame.f_code.co_qualname}"
        frame = frame.f_back
    return "transaction"
