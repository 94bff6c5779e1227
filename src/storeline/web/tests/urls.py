"""A small API that fails in every way."""

import psycopg
from django.core.exceptions import SuspiciousOperation
from django.db import OperationalError
from django.http import Http404, HttpRequest
from django.urls import path
from ninja import NinjaAPI, Schema
from ninja.errors import Throttled

from storeline.kernel.api import Conflict, Invalid, TooMany, Unauthenticated
from storeline.web import health, metrics, parameters, problems
from storeline.web.codec import JSONRenderer, StrictParser


class Line(Schema):
    quantity: int


class Order(Schema):
    lines: list[Line]


api = NinjaAPI(urls_namespace="tests", parser=StrictParser(), renderer=JSONRenderer())
problems.install(api)
parameters.install(api)

ERRORS: dict[str, Exception] = {
    "conflict": Conflict("Taken.", field="id", other="x"),
    "invalid": Invalid("No such unit.", field="lines[1].unit"),
    "busy": TooMany("Slow down.", retry_after=7),
    "anonymous": Unauthenticated(),
    "missing": Http404("secret words"),
    "suspicious": SuspiciousOperation("secret words"),
    "away": OperationalError("secret words"),
    "dropped": psycopg.OperationalError("secret words"),
    "bug": ValueError("secret words"),
    "throttled": Throttled(wait=9),
}


@api.get("/fail/{kind}")
def fail(request: HttpRequest, kind: str) -> None:
    raise ERRORS[kind]


@api.post("/orders")
def take(request: HttpRequest, order: Order, dry: bool = False) -> Order:  # noqa: FBT001, FBT002
    return order


WORDS = {"text": "first"}


class Words(Schema):
    text: str


@api.get("/words")
def read_words(request: HttpRequest) -> dict[str, str]:
    if not WORDS["text"]:
        raise Http404
    return WORDS


@api.put("/words")
def write_words(request: HttpRequest, body: Words) -> dict[str, str]:
    WORDS["text"] = body.text
    return WORDS


@api.put("/unseen")
def write_unseen(request: HttpRequest, body: Words) -> dict[str, str]:
    return body.dict()


urlpatterns = [
    path("api/v1/", api.urls),
    path("health/live", health.live),
    path("health/ready", health.ready),
    path("metrics", metrics.page),
]
handler400 = problems.bad_request
handler403 = problems.permission_denied
handler404 = problems.page_not_found
handler500 = problems.server_error
