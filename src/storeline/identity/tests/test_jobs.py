"""What has ended is dropped, what has not stays."""

import pytest

from storeline.identity import jobs
from storeline.identity.tests.factories import make_token
from storeline.kernel.api import run


@pytest.mark.django_db
def test_ended_tokens_go():
    make_token()
    jobs.tidy()
    count = "SELECT count(*) FROM oauth2_provider_accesstoken"
    assert run(count).fetchall() == [(1,)]
    run("UPDATE oauth2_provider_accesstoken SET expires = clock_timestamp()")
    jobs.tidy()
    assert run(count).fetchall() == [(0,)]
