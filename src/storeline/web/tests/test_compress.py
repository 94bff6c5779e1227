"""Answers are compressed where whoever asks can read it."""

from __future__ import annotations

import gzip
import os

import pytest
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.test import RequestFactory

from storeline.web.middleware import CompressMiddleware

LONG = b"<li>Apples</li>" * 100


def answer(response: HttpResponseBase, accepts: str = "br, gzip") -> HttpResponseBase:
    request = RequestFactory().get("/", headers={"Accept-Encoding": accepts})
    return CompressMiddleware(lambda _: response)(request)  # type: ignore[return-value]  # Django's stub says less


def test_a_page_is_compressed_and_read_again() -> None:
    made = answer(HttpResponse(LONG, headers={"ETag": '"one"'}))
    assert isinstance(made, HttpResponse)
    assert gzip.decompress(made.content) == LONG
    assert (made["Content-Encoding"], made["Vary"], made["ETag"]) == ("gzip", "Accept-Encoding", 'W/"one"')
    assert int(made["Content-Length"]) == len(made.content)


def test_its_length_does_not_tell_what_it_holds() -> None:
    lengths = {int(answer(HttpResponse(LONG))["Content-Length"]) for _ in range(50)}
    assert len(lengths) > 1
    assert max(lengths) - min(lengths) < CompressMiddleware.max_random_bytes


@pytest.mark.parametrize(
    ("content", "accepts", "vary"),
    [(LONG[:199], "gzip", False), (LONG, "br", True), (os.urandom(500), "gzip", True)],
    ids=["short", "cannot be read", "would be longer"],
)
def test_what_is_sent_as_it_is(content: bytes, accepts: str, vary: bool) -> None:  # noqa: FBT001  # a parameter
    made = answer(HttpResponse(content), accepts)
    assert isinstance(made, HttpResponse)
    assert made.content == content
    assert not made.has_header("Content-Encoding")
    assert made.has_header("Vary") is vary


def test_what_was_compressed_before_or_is_streamed_is_as_django_has_it() -> None:
    made = answer(HttpResponse(LONG, headers={"Content-Encoding": "br"}))
    assert isinstance(made, HttpResponse)
    assert made.content == LONG
    streamed = answer(StreamingHttpResponse([LONG, LONG]))
    assert isinstance(streamed, StreamingHttpResponse)
    assert gzip.decompress(b"".join(streamed)) == LONG + LONG
