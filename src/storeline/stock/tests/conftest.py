"""What most tests of stock begin with."""

from __future__ import annotations

import pytest

from storeline.stock.tests.factories import make_place, make_products


@pytest.fixture
def place(db):
    return make_place()


@pytest.fixture
def product(db):
    return make_products(1)[0]
