"""Traces: spans of requests, transactions, partners and jobs, without personal data; nothing at all where nobody asked."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from storeline.config import tracing
from storeline.config.logs import JsonFormatter
from storeline.kernel import events, timers
from storeline.kernel.api import SYSTEM, new_id, run, span, trail
from storeline.kernel.api import transaction as our_transaction

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    tracing.trace_to(exporter, at_once=True)
    yield exporter
    tracing.stop()


def names(exporter: InMemorySpanExporter) -> list[str]:
    return [span.name for span in exporter.get_finished_spans()]


def test_nothing_of_it_is_imported_where_nobody_asked() -> None:
    code = (
        "import sys, django; django.setup(); import storeline.config.wsgi; "
        "from storeline.kernel.api import span; assert span('a') is span('b'); "
        "from django.conf import settings; assert not [each for each in settings.MIDDLEWARE if 'tracing' in each]; "
        "sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.django_db
def test_a_request_is_a_span_of_its_callers_trace(spans: InMemorySpanExporter, settings: Any) -> None:
    settings.MIDDLEWARE = ["storeline.config.tracing.TraceMiddleware", *settings.MIDDLEWARE]
    path = f"/api/v1/products/{new_id()}?email=someone@example.org"
    answer = Client().get(path, headers={"traceparent": PARENT}, REMOTE_ADDR="203.0.113.7")
    assert answer.status_code == 422  # it takes no such parameter
    (request,) = [each for each in spans.get_finished_spans() if each.name.startswith("GET")]
    assert request.name == "GET api/v1/products/<uuidstr:product_id>"
    assert dict(request.attributes or {}) == {
        "http.request.method": "GET",
        "http.route": "api/v1/products/<uuidstr:product_id>",
        "http.response.status_code": 422,
    }
    assert f"{request.context.trace_id:032x}" == TRACE
    assert request.parent is not None
    assert f"{request.parent.span_id:016x}" == "00f067aa0ba902b7"
    assert request.status.status_code is StatusCode.UNSET


def test_a_fault_marks_its_span_and_what_is_logged_names_the_trace(spans: InMemorySpanExporter) -> None:
    lines: list[str] = []

    def answer(_request: HttpRequest) -> HttpResponse:
        lines.append(JsonFormatter().format(logging.makeLogRecord({"msg": "slow"})))
        return HttpResponse(status=500)

    tracing.TraceMiddleware(answer)(RequestFactory().get("/x", headers={"traceparent": PARENT}))
    (request,) = spans.get_finished_spans()
    assert (request.name, request.status.status_code) == ("GET none", StatusCode.ERROR)
    line = orjson.loads(lines[0])
    assert (line["trace_id"], line["span_id"]) == (TRACE, f"{request.context.span_id:016x}")
    assert "trace_id" not in orjson.loads(JsonFormatter().format(logging.makeLogRecord({"msg": "outside"})))


@pytest.mark.django_db(transaction=True)
def test_a_transaction_is_a_span_by_who_opened_it(spans: InMemorySpanExporter) -> None:
    with span("partner card", {"storeline.requests": 2}):
        keep()
    inner, outer = spans.get_finished_spans()
    assert (inner.name, outer.name) == ("config.tests.test_tracing.keep", "partner card")
    assert inner.parent is not None
    assert inner.parent.span_id == outer.context.span_id
    assert dict(outer.attributes or {}) == {"storeline.requests": 2}
    assert not inner.attributes


def keep() -> None:
    with our_transaction(), transaction.atomic(), our_transaction():
        trail(SYSTEM, "test.kept", new_id())


@pytest.mark.django_db(transaction=True)
def test_an_errors_words_stay_out(spans: InMemorySpanExporter) -> None:
    with span("job a.job"):
        with pytest.raises(IntegrityError, match="someone"):
            store("someone@example.org")
        store_nothing()
    failed, after, job = spans.get_finished_spans()
    assert dict(failed.attributes or {}) == {"error.type": "django.db.utils.IntegrityError"}
    assert (failed.status.status_code, failed.status.description, failed.events) == (StatusCode.ERROR, None, ())
    assert after.name == "config.tests.test_tracing.store_nothing"
    assert after.parent is not None
    assert after.parent.span_id == job.context.span_id, "the next one is not inside the failed one"
    assert job.status.status_code is StatusCode.UNSET


def store(address: str) -> None:
    with transaction.atomic():
        raise IntegrityError(address)


def store_nothing() -> None:
    with transaction.atomic():
        pass


@pytest.mark.django_db
def test_a_job_is_a_span(spans: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timers, "JOBS", {"a.job": timers.Job("a.job", 5, lambda: None)})
    timers.enrol(["a.job"])
    assert timers.run_job("a.job")
    assert names(spans) == ["job a.job"]


@pytest.mark.django_db(transaction=True)
def test_consumers_are_seen_when_they_read_something(
    spans: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = events.Consumer("a.reader", ("test.*",), lambda _batch: None)
    monkeypatch.setattr(events, "CONSUMERS", {"a.reader": reader})
    events.pump()
    assert names(spans) == []
    events.publish([events.Event("test.happened", new_id())])
    events.pump()
    assert [(each.name, dict(each.attributes or {})) for each in spans.get_finished_spans()] == [
        ("consumer a.reader", {"storeline.events": 1})
    ]


def test_probes_are_not_traced(spans: InMemorySpanExporter) -> None:
    for path in ("/health/live", "/metrics"):
        tracing.TraceMiddleware(lambda _request: HttpResponse())(RequestFactory().get(path))
    assert names(spans) == []


@pytest.mark.django_db(transaction=True)
def test_when_it_stops_nothing_is_left(spans: InMemorySpanExporter) -> None:
    tracing.stop()
    with span("partner card"):
        keep()
    assert run("SELECT count(*) FROM kernel_trail").fetchall() == [(1,)]
    assert names(spans) == []
