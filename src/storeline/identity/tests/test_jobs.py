"""What has ended is dropped, what has not stays, once an hour."""

import pytest

from storeline.identity import jobs
from storeline.identity.tests.factories import make_token
from storeline.kernel.api import run


@pytest.mark.django_db
def test_ended_tokens_go_once_an_hour(monkeypatch):
    monkeypatch.setattr(jobs, "_next", [0.0])
    make_token()
    jobs.tidy()
    count = "SELECT count(*) FROM oauth2_provider_accesstoken"
    assert run(count).fetchall() == [(1,)]
    run("UPDATE oauth2_provider_accesstoken SET expires = clock_timestamp()")
    jobs.tidy()
    assert run(count).fetchall() == [(1,)], "the hour is not over"
    monkeypatch.setattr(jobs, "_next", [0.0])
    jobs.tidy()
    assert run(count).fetchall() == [(0,)]
