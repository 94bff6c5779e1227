"""The HTTP API: each module's router under `/api/v1`, described by OpenAPI 3.1."""

from __future__ import annotations

from importlib import import_module, util
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI, Swagger
from ninja.openapi.schema import OpenAPISchema

from storeline import __version__
from storeline.web import parameters, problems
from storeline.web.codec import JSONRenderer, StrictParser
from storeline.web.openapi import describe

_DOCS_POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; frame-ancestors 'none'"
)


class Docs(Swagger):
    """The documentation page, from our own static files; Swagger UI writes style attributes."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: object) -> HttpResponse:
        response = super().render_page(request, api, **kwargs)
        response.headers["Content-Security-Policy"] = _DOCS_POLICY
        return response


class Api(NinjaAPI):
    """Reckons its description once: it takes a second, and a process's routes do not change."""

    _schema: OpenAPISchema | None = None

    def get_openapi_schema(self, **_: Any) -> OpenAPISchema:
        if self._schema is None:
            self._schema = describe(self)
        return self._schema


api = Api(
    title="Storeline",
    version=__version__,
    urls_namespace="api",
    description="One customer, one catalogue, one stock, one order, one wallet, over shops and online channels.",
    docs=Docs(),
    parser=StrictParser(),
    renderer=JSONRenderer(),
)
problems.install(api)
parameters.install(api)

for module in settings.MODULES:
    if util.find_spec(f"storeline.{module}.http"):
        api.add_router("", import_module(f"storeline.{module}.http").router, tags=[module])
