"""A shop, and who plans for it."""

from __future__ import annotations

import pytest
from django.test import Client

from storeline.office.tests.factories import person, store
from storeline.orders.tests.factories import Shop


@pytest.fixture
def here() -> Shop:
    return store()


@pytest.fixture
def marketer(here: Shop) -> Client:
    return person("marketer")
