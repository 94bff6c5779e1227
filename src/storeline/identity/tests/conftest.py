"""People's passwords cost time on purpose; most tests need not pay it."""

import pytest


@pytest.fixture(autouse=True)
def quick_passwords(settings, request):
    if "slow_passwords" not in request.fixturenames:
        settings.PASSWORD_HASHERS = [
            "django.contrib.auth.hashers.MD5PasswordHasher",
            *settings.PASSWORD_HASHERS,
        ]


@pytest.fixture
def slow_passwords() -> None:
    """Ask for this to keep the product's own hashes."""
