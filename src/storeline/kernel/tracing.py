"""Spans: how long a request, a transaction, a partner's answer or a job took, for whoever traces.

Nobody does unless `config/tracing.py` was told to: then a span is one object that does nothing, and nothing of
OpenTelemetry is imported.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext

Attributes = Mapping[str, str | int | bool]
Begin = Callable[[str, Attributes], AbstractContextManager[object]]
_NOTHING: AbstractContextManager[object] = nullcontext()
_NONE: Attributes = {}


class _Tracer:
    begin: Begin | None = None


def span(name: str, attributes: Attributes = _NONE) -> AbstractContextManager[object]:
    """``with span("partner card", {"storeline.operation": "capture"}): …``. Names and attributes hold nothing personal."""
    return _NOTHING if _Tracer.begin is None else _Tracer.begin(name, attributes)


def trace_with(begin: Begin | None) -> None:
    """Let `begin` make the spans of this process; None: nobody traces."""
    _Tracer.begin = begin
