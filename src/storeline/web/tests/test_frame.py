"""Headers, health and metrics around every request."""

import pytest
from django.test import Client
from pytest_django import Settings

pytestmark = pytest.mark.urls("storeline.web.tests.urls")


def test_browsers_are_told_what_a_page_may_do(client: Client) -> None:
    headers = client.get("/health/live").headers
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert headers["Permissions-Policy"].startswith("camera=(self)")
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


@pytest.mark.parametrize(("given", "kept"), [("abc-123_XYZ", True), ("short", False), ("line\nbreak-here", False)])
def test_a_request_keeps_a_sound_id_and_is_given_one_otherwise(client: Client, given: str, *, kept: bool) -> None:
    shown = client.get("/health/live", headers={"X-Request-Id": given})["X-Request-Id"]
    assert (shown == given) is kept
    assert kept or len(shown) == 32


def test_alive_asks_nothing_of_the_database(client: Client) -> None:
    answer = client.get("/health/live")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_ready_when_the_database_is(client: Client) -> None:
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_metrics_count_routes_and_not_paths(client: Client) -> None:
    client.get("/api/v1/fail/conflict")
    text = client.get("/metrics").content.decode()
    assert 'storeline_requests_total{method="GET",route="api/v1/fail/<kind>",status="409"}' in text
    assert "fail/conflict" not in text


def test_metrics_are_closed_in_production(client: Client, settings: Settings) -> None:
    settings.PRODUCTION = True
    assert client.get("/metrics").status_code == 404
    settings.METRICS_TOKEN = "a-long-token"
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer a-long-token"}).status_code == 200
