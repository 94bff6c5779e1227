"""A query parameter that a route does not have is refused: of a misspelt filter the answer would be everything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from ninja import NinjaAPI

_IN = "query"


@dataclass(frozen=True, slots=True)
class Others:
    """Stands among the models of what a route reads, so that what it refuses is told beside all else that is wrong."""

    known: frozenset[str]
    __ninja_param_source__: ClassVar[str] = _IN
    __ninja_flatten_map_reverse__: ClassVar[dict[str, str]] = {}

    def resolve(self, request: HttpRequest, _api: NinjaAPI, _path_values: dict[str, Any]) -> dict[str, Any]:
        """Nothing; raises where the address has a parameter beyond the route's own."""
        if not self.known.issuperset(request.GET):
            raise self._refusal(request.GET.keys() - self.known)
        return {}

    def _refusal(self, unknown: set[str]) -> ValidationError:
        told = ", ".join(sorted(self.known)) or "none"
        error = PydanticCustomError("unknown_parameter", "Not a parameter here; known: {known}", {"known": told})
        lines = [InitErrorDetails(type=error, loc=(name,), input=None) for name in sorted(unknown)]
        return ValidationError.from_exception_data("parameters", lines)

    def model_json_schema(self, **_options: object) -> dict[str, Any]:
        """For the description: it adds no parameter."""
        return {"properties": {}}


def install(api: NinjaAPI) -> None:
    """Have every route of `api` refuse parameters that it does not declare; who may not ask at all is told that first."""
    api.add_decorator(_closed, mode="view")


def _closed(run: Callable[..., Any]) -> Callable[..., Any]:
    """Ninja hands over each route's `run` once it is bound to its address."""
    operation = run.__self__  # type: ignore[attr-defined]  # a method
    queries = (model for model in operation.models if model.__ninja_param_source__ == _IN)
    known = frozenset(name for model in queries for name in model.__ninja_flatten_map__)
    operation.models = [Others(known), *operation.models]
    return run
