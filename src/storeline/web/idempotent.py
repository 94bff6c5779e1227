"""Routes that take an `Idempotency-Key`: those whose body names nothing by an id of the caller's."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar, overload

import orjson
from ninja import Status
from ninja.operation import Operation

from storeline.kernel.api import Answer, once
from storeline.web.codec import plain
from storeline.web.openapi import parameter

View = Callable[..., Any]
V = TypeVar("V", bound=View)


@overload
def idempotent(view: V) -> V: ...
@overload
def idempotent(*, again: View) -> Callable[[V], V]: ...
def idempotent(view: View | None = None, *, again: View | None = None) -> View:
    """Do what a POST asks once for each key: ``@router.post(…)`` and below it ``@idempotent``.

    The deed and its kept answer are one transaction. Where an answer must not be kept, since it holds a
    secret, `again` makes it anew from the request and the address.
    """
    if view is None:
        return lambda given: _wrapped(given, again)
    return _wrapped(view, None)


def _wrapped(view: View, again: View | None) -> View:
    @functools.wraps(view)
    def keyed(request: Any, **given: Any) -> Any:
        made: list[Any] = []

        def deed() -> Answer:
            made.append(view(request, **given))
            status, value = _parts(made[0])
            return Answer(status, None if again else orjson.loads(orjson.dumps(value, default=plain)))

        scope = f"{request.path} {request.actor.kind} {request.actor.id}"
        kept = once(scope, request.headers.get("Idempotency-Key"), request.body, deed)
        if again is None:
            return Status(kept.status, kept.body)
        return made[0] if made else Status(kept.status, again(request, **given))

    keyed.__signature__ = inspect.signature(view, eval_str=True)  # type: ignore[attr-defined]  # ninja would look for our names
    keyed._ninja_contribute_to_operation = [_describe]  # type: ignore[attr-defined]  # noqa: SLF001  # ninja's own door
    return keyed


def _parts(result: Any) -> tuple[int, Any]:
    return (result.status_code, result.value) if isinstance(result, Status) else (200, result)


def _describe(operation: Operation) -> None:
    operation.openapi_extra = {"parameters": [parameter("IdempotencyKey")]} | (operation.openapi_extra or {})
