"""A till that was opened."""

from __future__ import annotations

import pytest

from storeline.till.tests.factories import AtTill, till


@pytest.fixture
def here() -> AtTill:
    return till()
