"""A shop, and who picks there."""

from __future__ import annotations

import pytest
from django.test import Client

from storeline.identity.tests.factories import browser_of, make_user
from storeline.orders.tests.factories import Shop, shop


@pytest.fixture
def here() -> Shop:
    return shop()


@pytest.fixture
def associate(here: Shop) -> Client:
    return browser_of(make_user("picker", "associate", place_id=here.place))
