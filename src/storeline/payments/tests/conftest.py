"""Partners may be asked inside the one transaction that most of these tests run in."""

import pytest


@pytest.fixture(autouse=True)
def _inside_the_tests_transaction(request, settings):
    marker = request.node.get_closest_marker("django_db")
    settings.STORELINE_PARTNERS_IN_TRANSACTION = marker is not None and not marker.kwargs.get("transaction")
